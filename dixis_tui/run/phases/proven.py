"""What follows from a backup that was restored and compared: a record beside it, and older ones may go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dixis_tui.model import Backup, CheckState, Finding, Verdict, passed, warned
from dixis_tui.postgres.manifest import ProofRecord, write_proof
from dixis_tui.postgres.retention import retire
from dixis_tui.run.context import Context
from dixis_tui.run.folders import all_runs
from dixis_tui.run.phases.backup import backup_folder
from dixis_tui.run.runs import look

_NAMED = 3
_NEEDED = (Verdict.OPEN, Verdict.UNKNOWN, Verdict.FAILED)
"""A run that stands so may still have to go back."""


def record(context: Context, backup: Backup, where: str) -> None:
    """Write down what restoring the present backup has just shown: what came back, or that it did not."""
    compared, restored = context.state.check("DX303"), context.state.restored
    came_back = _compared(context) and restored is not None
    how = "contents digested when it was made" if backup.digests else "rows alone are known"
    proof = ProofRecord(
        where=where,
        at=datetime.now(UTC),
        seconds=restored.seconds if restored and came_back else 0.0,
        tables=len(backup.counts),
        rows=sum(backup.counts.values()),
        passed=came_back,
        notes=(how,) if came_back else (compared.evidence,),
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
    never = [Path(backup.path)]
    for run in map(look, all_runs()):
        if run.state.backup and (run.live or run.verdict in _NEEDED):
            never.append(Path(run.state.backup.path))
    try:
        gone = retire(folders, keep, source, never)
    except OSError as error:
        return warned(f"older backups could not be removed: {error.strerror}", "Look into that folder.")
    named = ", ".join(path.name for path in gone[:_NAMED])
    more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
    return passed(f"removed: {named}{more}" if gone else f"none beyond backup.keep = {keep}")


def _compared(context: Context) -> bool:
    state = context.state
    return state.check("DX303").state is CheckState.PASSED and state.check("DX309").open and state.check("DX310").open
