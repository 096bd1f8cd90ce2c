"""Notices from their templates: subject, plain text, HTML and banner, in each language.

A template stands in the package, or under the same name in the folder of `notices.directory`, which goes first. It is
run in a sandbox, and what it is filled with is escaped in HTML and never read as a template or as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import UsageError
from dixis_tui.notice import NoticeKind
from dixis_tui.notices.facts import EXAMPLE, Facts, words
from dixis_tui.notices.sandbox import Sandbox, broken
from dixis_tui.secrets import clean
from dixis_tui.settings import Settings

OURS = Path(__file__).parent / "templates"
LANGUAGES = ("el", "en")
_BLOCKS = ("subject", "text", "banner")
_LAYOUT = "mail.html"
NAMES = (
    *(f"{kind}.{language}.{form}" for kind in NoticeKind for language in LANGUAGES for form in ("txt", "html")),
    _LAYOUT,
)
"""Of all templates of notices."""


class Message(Struct, frozen=True):
    """One notice in one language. `html` is a part of a page, everything else is plain text."""

    language: str
    subject: str
    text: str
    html: str
    banner: str


class Rendered(Struct, frozen=True):
    """One notice in all the languages of the settings, in their order. `html` is a whole page with all of them."""

    kind: NoticeKind
    messages: tuple[Message, ...]
    html: str

    @property
    def subject(self) -> str:
        """All the languages' in one line."""
        return subject_of(self.messages)

    @property
    def text(self) -> str:
        """All the languages' one below the other."""
        return "\n\n---\n\n".join(message.text for message in self.messages) + "\n"


def subject_of(messages: Sequence[Message]) -> str:
    """The subject of a mail in several languages."""
    return " / ".join(message.subject for message in messages)


def texts(kind: NoticeKind, facts: Facts, settings: Settings) -> Rendered:
    """The notice, filled with `facts`.

    Raises:
        UsageError: a template can't be used; names its file and line.
    """
    templates = _Templates(settings)
    messages = tuple(templates.message(kind, facts, language) for language in settings.notices.languages)
    return Rendered(kind, messages, templates.page(messages))


def check(settings: Settings) -> int:
    """Render every template with example facts, and with those left out that may be unknown; how many there are.

    Raises:
        UsageError: one of them can't be used; names its file and line.
    """
    templates = _Templates(settings)
    templates.require_known()
    unknown = {kind: replace(EXAMPLE, name="", ends=None) for kind in NoticeKind}
    unknown[NoticeKind.CANCELLED] = Facts()
    for kind in NoticeKind:
        for facts in (EXAMPLE, unknown[kind]):
            templates.page([templates.message(kind, facts, language) for language in LANGUAGES])
    return len(NAMES)


class _Templates:
    """Those of one project."""

    def __init__(self, settings: Settings) -> None:
        named = settings.notices.directory
        self._own = Path(settings.root, named).absolute() if named else None
        if self._own and not self._own.is_dir():
            raise UsageError(
                f"notices.directory: {clean(str(self._own))} is no folder", "Name the folder of templates."
            )
        self._sandbox = Sandbox()

    def require_known(self) -> None:
        """Raises UsageError where a file of the folder would never be used: its name is misspelt."""
        for file in sorted(self._own.iterdir()) if self._own else ():
            meant = file.name.count(".") == 2 and file.suffix in (".txt", ".html")
            if meant and file.name not in NAMES:
                raise UsageError(
                    f"{clean(str(file))} has the name of no template", f"Call it as one of ours, such as {NAMES[0]}."
                )

    def message(self, kind: NoticeKind, facts: Facts, language: str) -> Message:
        """One notice in one language."""
        given = words(facts, language)
        plain, rich = self._path(f"{kind}.{language}.txt"), self._path(f"{kind}.{language}.html")
        made = self._sandbox.blocks(plain, given, _BLOCKS)
        for name in _BLOCKS:
            if not made[name].strip():
                raise broken(plain, 1, f"its block '{name}' comes out empty")
        return Message(
            language,
            " ".join(made["subject"].split()),
            "\n".join(line.rstrip() for line in made["text"].strip().splitlines()),
            self._sandbox.whole(rich, given).strip(),
            " ".join(made["banner"].split()),
        )

    def page(self, messages: Sequence[Message]) -> str:
        """All languages as one page."""
        given = {
            "subject": subject_of(messages),
            "languages": [one.language for one in messages],
            "parts": [self._sandbox.part(one.language, one.html) for one in messages],
        }
        return self._sandbox.whole(self._path(_LAYOUT), given)

    def _path(self, name: str) -> Path:
        own = self._own / name if self._own else None
        return own if own and own.exists() else OURS / name
