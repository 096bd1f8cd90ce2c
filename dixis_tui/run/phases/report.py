"""The run's own report at its sign-off, made by a process of its own from the journal as it is then.

A process, since the report is made above this room, and so that nothing of it stops a sign-off: no fault, no slow disk.
The run's last entry is still to come: it says of itself that it is provisional.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.process import Answer, ask
from dixis_tui.run.context import Context
from dixis_tui.run.records import beside_runs

_SECONDS = 30.0
_OURS = "dixis-tui: "
"""Before the sentence of an error that the program knows."""


class _Made(Struct, frozen=True):
    """What of the program's answer is used."""

    html: str


def write(context: Context) -> None:
    """Write the report and journal where it is; a warning where it could not be written. Never raises for that."""
    folder = beside_runs(context.folder, "reports")
    arguments: tuple[str | Path, ...] = ("report", context.folder, "--output", folder, "--json")
    language = context.settings.language
    try:
        answer = ask(
            [sys.executable, "-m", "dixis_tui", *arguments],
            environment={"DIXIS_LANG": language} if language else None,
            seconds=_SECONDS,
        )
        file = msgspec.json.decode(answer.stdout.splitlines()[-1], type=_Made).html if not answer.code else ""
    except (ToolError, msgspec.MsgspecError, IndexError) as error:
        answer, file = Answer(1, b"", str(error).encode()), ""
    if file:
        context.emit(ev.ReportMade(file=context.log.redactor.line(str(Path(file)))))
        return
    said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
    why = next((line for line in said if line.startswith(_OURS)), said[-1] if said else f"it ended with {answer.code}")
    told = context.log.redactor.line(why.removeprefix(_OURS)).rstrip(".")
    remedy = f"Make it with `dixis-tui report {context.folder.name}`."
    context.note(f"The report could not be written: {told}. {remedy}", "warning")
