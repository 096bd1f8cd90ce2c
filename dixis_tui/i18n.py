"""The interface's language: gettext catalogues in `locale/`, one chosen for the whole process.

A journal is English whatever the language: its sentences are put into words of the language where they are shown.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dixis_tui.sentences import Sentences

LANGUAGES = ("en", "el")
VARIABLE = "DIXIS_LANG"
_LOCALE = Path(__file__).parent / "locale"
_DOMAINS = ("screens", "engine", "cli")
"""One catalogue each, so that none grows without end."""
_translations: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def language() -> str:
    """The language in use: `en` or `el`."""
    return _language


def use(wanted: str) -> None:
    """Show everything in this language from now on; an unknown one is English."""
    global _translations, _language  # noqa: PLW0603 - one language a process, chosen once at its start
    _language = wanted if wanted in LANGUAGES else "en"
    found = gettext.NullTranslations()
    if _language != "en":
        for domain in _DOMAINS:
            found.add_fallback(gettext.translation(domain, str(_LOCALE), [_language], fallback=True))
    _translations = found
    _put.cache_clear()
    _sentences.cache_clear()


def chosen(option: str = "", setting: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """The language that was asked for: by option, the settings, `DIXIS_LANG`, or the locale's variables, in this order.

    What none of them names, or names something else, is English.
    """
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    for asked in (option, setting, environment.get(VARIABLE, ""), locale):
        if asked:
            short = asked[:2].lower()
            return short if short in LANGUAGES else "en"
    return "en"


def _(message: str) -> str:
    """`message` in the language in use."""
    return _translations.gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """`one` or `many` in the language in use, as `number` asks."""
    return _translations.ngettext(one, many, number)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a text that is translated where it is used."""
    return message


def sentence(text: str) -> str:
    """A sentence of the engine, as the journal has it, in the language in use; as it is where nobody translated it.

    It comes filled: `3 applied, none pending` is told by its template (:mod:`dixis_tui.sentences`).
    """
    return text if _language == "en" or not text else _put(text)


@lru_cache(maxsize=4096)
def _put(text: str) -> str:
    return _sentences().put(text)


@lru_cache(maxsize=1)
def _sentences() -> Sentences:
    from dixis_tui.sentences import Sentences, greek_number

    messages: dict[str, str] = {}
    for domain in ("screens", "cli", "engine"):  # a message of the engine goes before one of the same words elsewhere
        found = gettext.translation(domain, str(_LOCALE), [_language], fallback=True)
        catalogue: dict[object, str] = getattr(found, "_catalog", {})
        # A screen fills its own messages: as templates, `{mode} on {table}` and its like would fit almost anything.
        told = (key for key in catalogue if isinstance(key, str) and (domain != "screens" or "{" not in key))
        messages.update((key, catalogue[key]) for key in told)
    return Sentences(messages, greek_number)
