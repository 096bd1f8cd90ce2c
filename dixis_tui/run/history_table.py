"""The history as Markdown, the runbook's appendix, put into a file of the project between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from dixis_tui import atomic
from dixis_tui.errors import UsageError
from dixis_tui.i18n import N_, _
from dixis_tui.model import Verdict
from dixis_tui.run.history import History, RunRecord
from dixis_tui.secrets import clean

BEGIN = "<!-- dixis-tui history: what is between these marks is written by the program -->"
END = "<!-- dixis-tui history: end -->"
_BARS = "▁▂▃▄▅▆▇█"
_SIGNS = {Verdict.DONE: "✅", Verdict.ROLLED_BACK: "↩️", Verdict.FAILED: "❌", Verdict.UNKNOWN: "❓"}
WORDS = {
    Verdict.OPEN: N_("open"),
    Verdict.DONE: N_("done"),
    Verdict.CHECKED: N_("checked"),
    Verdict.CLOSED: N_("closed"),
    Verdict.FAILED: N_("failed"),
    Verdict.ROLLED_BACK: N_("rolled back"),
    Verdict.UNKNOWN: N_("unknown"),
    Verdict.INTERRUPTED: N_("interrupted"),
    Verdict.ABANDONED: N_("abandoned"),
}
"""A verdict as people say it."""
_HEAD = (
    N_("Date"),
    N_("Migration"),
    N_("Status"),
    N_("Predicted"),
    N_("Took"),
    N_("Operator"),
    N_("Notes"),
)


def spark(seconds: Sequence[float]) -> str:
    """One letter a value, as high as it is against the largest; empty for nothing."""
    most = max(seconds, default=0.0)
    return "".join(_BARS[round(one / most * (len(_BARS) - 1))] if most else _BARS[0] for one in seconds)


def trend(records: Sequence[RunRecord]) -> list[float]:
    """Seconds of each run that measured some, oldest first."""
    return [record.seconds for record in records if record.seconds is not None]


def told(seconds: float | None) -> str:
    """Seconds as people say them, or a dash."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def migrations(record: RunRecord) -> str:
    """What the run brought: the names, or how many of how many."""
    if not record.migrations:
        return _("none of {planned}").format(planned=record.planned) if record.planned else "–"
    names = ", ".join(record.migrations)
    whole = len(record.migrations) == record.planned
    return names if whole else _("{names} (of {planned})").format(names=names, planned=record.planned)


def notes(record: RunRecord) -> str:
    """The plan, the run, and what was waived."""
    waived = _("waived: {codes}").format(codes=", ".join(record.waived)) if record.waived else ""
    return "; ".join(filter(None, (f"plan {record.plan}" if record.plan else "", record.run, waived)))


def markdown(history: History, zone: str = "UTC") -> str:
    """A heading and a table for each target, newest run first."""
    parts = []
    for found in history.targets().values():
        last = found[-1]
        where = f"{last.database} ({last.target})" if last.database else last.target
        rows = ["| " + " | ".join(_(word) for word in _HEAD) + " |", "|---" * len(_HEAD) + "|"]
        rows += [_row(record, ZoneInfo(zone)) for record in reversed(found)]
        parts.append(f"### {_escaped(where)}\n\n" + "\n".join(rows))
    return "\n\n".join(parts) if parts else _("No run has migrated anything yet.")


def _row(record: RunRecord, zone: ZoneInfo) -> str:
    who = f"{record.operator}, {record.second}" if record.second else record.operator
    cells = (
        f"{record.at.astimezone(zone):%Y-%m-%d %H:%M}",
        migrations(record),
        f"{_SIGNS.get(record.verdict, '')} {_(WORDS[record.verdict])}".strip(),
        told(record.predicted_seconds),
        told(record.seconds),
        who,
        notes(record),
    )
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    """Text of a cell, that ends no cell and is no markup."""
    marked = "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in clean(text))
    return marked.replace("\n", " ")


def inserted(text: str, table: str) -> str:
    """A file's text with the table between the marks; where there are none, at its end.

    Raises:
        UsageError: only one of the marks is there, or they are the wrong way round.
    """
    block = f"{BEGIN}\n\n{table}\n\n{END}"
    first, last = text.find(BEGIN), text.find(END)
    if first < 0 and last < 0:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}{block}\n"
    if first < 0 or last < first or text.count(BEGIN) + text.count(END) != 2:
        raise UsageError(
            "The marks of the history are not one pair in that file", f"Leave one `{BEGIN}` and one `{END}` after it."
        )
    return text[:first] + block + text[last + len(END) :]


def export(path: Path, table: str) -> bool:
    """Put the table into the file, whole or not at all; whether that changed anything.

    Raises:
        UsageError: the file can't be read or written, is no text, or its marks are no pair.
    """
    try:
        before = path.read_bytes().decode() if path.exists() else ""
        after = inserted(before, table)
        if after == before:
            return False
        atomic.write(path.resolve(), after.encode(), None if path.exists() else 0o644)
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text", "Name a Markdown file.") from None
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}", "Name a file that is yours.") from None
    return True
