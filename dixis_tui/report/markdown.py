"""A report as Markdown (CommonMark with GitHub's tables). Pure; nothing in a journal's texts ever becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dixis_tui.report import harmless
from dixis_tui.report.document import (
    SIGNS,
    Block,
    Cell,
    Code,
    Document,
    Figure,
    Heading,
    Lines,
    Link,
    Listing,
    Mark,
    Section,
    Table,
    Terms,
    Text,
)

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$@]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
"""With a backslash before it each is itself: none begins a link, emphasis, HTML, a cell or an autolink."""
_FIRST = re.compile(r"^(?:[#+=-](?=[\s#+=-]|$)|\d{1,9}(?=[.)](?:\s|$)))")
"""What may begin a heading, a list or a rule."""
_TICKS = re.compile("`+")


def render(document: Document) -> str:
    """The whole file."""
    verdict = document.verdict
    parts = [f"# {SIGNS[verdict.tone]} {_plain(verdict.text)}", _plain(document.title)]
    parts.extend(_block(block) for block in document.lead)
    for section in document.sections:
        parts.extend(_section(section))
    parts.append("---")
    parts.append(_plain(document.foot))
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> Iterable[str]:
    yield f"## {_plain(section.title)}"
    for block in section.blocks:
        yield _block(block)


def _block(block: Block) -> str:
    match block:
        case Text(text=text, tone=tone):
            words = "\\\n".join(_plain(line) for line in text.split("\n"))
            return f"> {SIGNS[tone]} {words}" if tone else words
        case Heading(text=text):
            return f"### {_plain(text)}"
        case Terms(rows=rows):
            return "\n".join(f"- {_plain(name)}: {_cell(value)}" for name, value in rows)
        case Listing(label=label, lines=lines, first=first):
            return f"{_plain(label)}\n\n{_fenced(lines, first)}"
        case Figure(text=text):
            return _plain(text)
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    rule = ["---:" if at in table.numeric else "---" for at in range(len(table.head))]
    rows = [[_plain(title) for title in table.head], rule, *([_cell(cell) for cell in row] for row in table.rows)]
    lines = "\n".join(f"| {' | '.join(cell or ' ' for cell in row)} |" for row in rows)
    return f"{_plain(table.caption)}\n\n{lines}"


def _cell(cell: Cell) -> str:
    match cell:
        case str():
            return _plain(cell)
        case Code(text=text):
            return _code(text)
        case Mark(text=text, tone=tone):
            return f"{SIGNS[tone]} {_plain(text)}"
        case Link(text=text, url=url):
            address = harmless.address(url)
            return f"[{_plain(text)}](<{address}>)" if address else f"{_plain(text)} {_plain(url)}"
        case Lines(parts=parts):
            # Of HTML nothing is used: a line break in a table is a full stop's worth.
            return " · ".join(_cell(part) for part in parts)


def _plain(text: str) -> str:
    """One line in which nothing is markup, wherever it stands."""
    words = _SPECIAL.sub(lambda found: f"\\{found[0]}", harmless.line(text).strip())
    return _FIRST.sub(lambda found: found[0] + "\\" if found[0].isdigit() else f"\\{found[0]}", words)


def _code(text: str) -> str:
    """In backticks, more of them than the text has in a row; with a bar in it as plain text, or it would part cells."""
    words = harmless.line(text).strip()
    if "|" in words or not words:
        return _plain(words)
    longest = max((len(found) for found in _TICKS.findall(words)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{blank}{words}{blank}{fence}"


def _fenced(lines: Iterable[str], first: int) -> str:
    cleaned = [harmless.line(line) for line in lines]
    longest = max((len(found) for line in cleaned for found in _TICKS.findall(line)), default=0)
    fence = "`" * max(longest + 1, 3)
    width = len(str(first + len(cleaned)))
    told = [f"{first + at:>{width}} {line}" if first else line for at, line in enumerate(cleaned)]
    return "\n".join([f"{fence}text", *told, fence])
