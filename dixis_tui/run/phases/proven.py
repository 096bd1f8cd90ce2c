"""What follows from a backup that was restored and compared: a record beside it, and older ones may go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.model import Backup, CheckState, Finding, Phase, Verdict, passed, warned
from dixis_tui.postgres.manifest import ProofRecord, write_proof
from dixis_tui.postgres.retention import retire
from dixis_tui.run.context import Context
from dixis_tui.run.folders import all_runs
from dixis_tui.run.phases.backup import backup_folder
from dixis_tui.run.runs import Run, look

_NAMED = 3
_PROOF = ("DX303", "DX309", "DX310")
_NEEDED = (Verdict.OPEN, Verdict.UNKNOWN, Verdict.FAILED)
"""A run that stands so may still have to go back."""


def record(context: Context, backup: Backup, where: str) -> None:
    """Write down what restoring the present backup has just shown: what came back, or that it did not."""
    restored, came_back = context.state.restored, _compared(context)
    views = [context.state.check(code) for code in _PROOF]
    unequal = [f"{view.code} {view.state}: {view.evidence}" for view in views if view.state is not CheckState.PASSED]
    how = "contents digested when it was made" if backup.digests else "rows alone are known"
    proof = ProofRecord(
        where=where,
        at=datetime.now(UTC),
        seconds=restored.seconds if restored and came_back else 0.0,
        tables=len(backup.counts),
        rows=sum(backup.counts.values()),
        passed=came_back,
        notes=(how, *unequal),
    )
    try:
        write_proof(Path(backup.path), proof)
    except OSError as error:
        context.note(f"The record of the restore could not be written beside the backup: {error.strerror}.", "warning")


def older(context: Context, backup: Backup) -> Finding:
    """Remove older backups of this database beyond `backup.keep`, and say which."""
    keep, source = context.settings.backup.keep, context.state.backup_source
    if keep == 0:
        return passed("backup.keep is 0: all stay")
    if not _compared(context) or source is None:
        return warned("this backup is not proven: older ones stay")
    here = backup_folder(context)
    folders = [here] if context.settings.backup.directory else sorted(context.folder.parent.glob("*/backup"))
    needed = needed_by(look(run) for run in all_runs() if run != context.folder)
    if needed.unclear and context.settings.backup.directory:
        return warned(
            f"older ones stay: it is not known which are those of {_few(needed.unclear)}",
            "Look at those runs with `dixis-tui runs`; where one is of no use any more, remove its folder.",
        )
    try:
        gone = retire(folders, keep, source, [Path(backup.path), *needed.paths])
    except OSError as error:
        return warned(f"older backups could not be removed: {error.strerror}", "Look into that folder.")
    return passed(f"removed: {_few([path.name for path in gone])}" if gone else f"none beyond backup.keep = {keep}")


class Needed(Struct, frozen=True):
    """Backups (or folders of such) that runs may still go back to, and the runs whose backups are not known."""

    paths: list[Path]
    unclear: list[str]


def needed_by(runs: Iterable[Run]) -> Needed:
    """Pure. What a run that is at work, or left production failed or unknown, has to find where it was."""
    needed = Needed([], [])
    for run in runs:
        if not run.live and run.verdict not in _NEEDED:
            continue
        needed.paths.append(run.folder / "backup")
        if run.state.backup:
            needed.paths.append(Path(run.state.backup.path))
        # The journal does not verify; or what is being made lies there already, and the journal does not say so yet.
        if run.started is None or (run.live and run.state.running is Phase.BACKUP):
            needed.unclear.append(run.id)
    return needed


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _compared(context: Context) -> bool:
    """A waiver lets the evening go on; it proves nothing."""
    equal = (CheckState.PASSED, CheckState.WARNED)
    return all(context.state.check(code).state in equal for code in _PROOF)
