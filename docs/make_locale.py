"""Takes up what there is to translate into each catalogue, and compiles them: ``python -m docs.make_locale``.

`--check` changes nothing and fails where a catalogue is not as this would make it. A message that is gone leaves its
catalogue; a new one stands there with an empty translation, which `tests/unit/test_locale.py` finds.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from docs import sentences

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "dixis_tui" / "locale"
DOMAINS = ("screens", "engine", "cli")
_MARKS = {"_": 0, "N_": 0, "ngettext": 0, "count": 1}
"""What marks a message, and at which argument it begins. `count` is `words.count`: a number, and the noun for one and
for many."""
_CLI = ROOT / "dixis_tui" / "cli"
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)
"""babel would write the minute in which it was made."""

Message = str | tuple[str, str]
"""A msgid, or one with its plural."""


def po(domain: str) -> Path:
    """The catalogue that people write."""
    return LOCALE / "el" / "LC_MESSAGES" / f"{domain}.po"


def messages(domain: str) -> dict[Message, tuple[str, int]]:
    """Every message of a domain in the order of the sources, each with the file and line where it stands first."""
    found: dict[Message, tuple[str, int]] = {}
    for path in _files(domain):
        name = path.relative_to(ROOT).as_posix()
        for said, line in _marked(path):
            found.setdefault(said, (name, line))
    told = {"engine": sentences.of_engine, "cli": sentences.of_cli}.get(domain)
    if told:
        for text, place in told().items():
            found.setdefault(text, place)
    return found


def _marked(path: Path) -> Iterator[tuple[Message, int]]:
    """By the syntax tree: babel's own extractor does not look into an f-string of Python 3.11."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in _MARKS:
            continue
        said = [one.value for one in node.args[_MARKS[name] :] if isinstance(one, ast.Constant)]
        texts = [one for one in said if isinstance(one, str) and one]
        if name in ("_", "N_") and texts:
            yield texts[0], node.lineno
        elif name in ("ngettext", "count") and len(texts) == 2:
            yield (texts[0], texts[1]), node.lineno


def _files(domain: str) -> Iterator[Path]:
    folder = {"screens": ROOT / "screens", "cli": _CLI}.get(domain, ROOT / "dixis_tui")
    for path in sorted(folder.rglob("*.py")):
        if domain != "engine" or _CLI not in path.parents:
            yield path


def read(domain: str) -> Catalog:
    """The catalogue as it was written last; empty where there is none."""
    if not po(domain).exists():
        return Catalog(locale="el", domain=domain)
    return read_po(BytesIO(po(domain).read_bytes()), locale="el", domain=domain)


def made(domain: str, before: Catalog) -> Catalog:
    """`before` with the messages that there are now: no others, and none of them guessed."""
    catalogue = Catalog(locale="el", domain=domain, project="dixis-tui", fuzzy=False, charset="utf-8")
    for said, (name, _line) in messages(domain).items():
        known = before.get(said if isinstance(said, str) else said[0])
        kept = known if known is not None and isinstance(known.id, str) == isinstance(said, str) else None
        string = kept.string if kept else "" if isinstance(said, str) else ("", "")
        catalogue.add(said, string, locations=[(name, 0)], flags=kept.flags if kept else ())
    return catalogue


def text(catalogue: Catalog) -> bytes:
    """As it lies on the disk: no dates and no line numbers, which would differ with every edit elsewhere."""
    written = BytesIO()
    write_po(written, catalogue, width=0, omit_header=True, include_lineno=False)
    head = 'msgid ""\nmsgstr ""\n"Language: el\\n"\n"MIME-Version: 1.0\\n"\n'
    head += '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    head += '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    return head.encode() + written.getvalue()


def compiled(written: bytes) -> bytes:
    """The `.mo` of a `.po`: the same whenever it is made."""
    catalogue = read_po(BytesIO(written), locale="el")
    catalogue.creation_date = catalogue.revision_date = _NEVER
    binary = BytesIO()
    write_mo(binary, catalogue)
    return binary.getvalue()


def main() -> int:
    """Write, or compare; 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    wrong = 0
    for domain in DOMAINS:
        catalogue = made(domain, read(domain))
        written = text(catalogue)
        files = {po(domain): written, po(domain).with_suffix(".mo"): compiled(written)}
        stale = [path for path, wanted in files.items() if not path.exists() or path.read_bytes() != wanted]
        empty = sum(
            not (message.string if isinstance(message.string, str) else all(message.string))
            for message in catalogue
            if message.id
        )
        print(f"{domain}: {len(catalogue)} messages, {empty} not translated{', stale' if stale else ''}")
        wrong += empty + len(stale)
        if not check:
            for path in stale:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files[path])
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
