"""DX502: whether the backup is young enough to go back to, and still lies there as it was written."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, Finding, failed, passed, warned
from dixis_tui.postgres.manifest import as_written, touched_since
from dixis_tui.run.state import RunState

READ_AT_SEAL_BYTES = 2_000_000_000
"""Reading more than that would keep the operator waiting inside the window."""


def fresh(
    state: RunState, now: datetime, max_age_hours: float, *, digests: bool = True, since: datetime | None = None
) -> Finding:
    """The backup's age and files. `digests`: every byte is read, where they are not too many.

    Every byte is read in any case where a file was touched after `since`: a changed byte leaves the size as it was.
    """
    backup = state.backup
    if backup is None:
        return warned(_without(state))
    digests = digests and backup.bytes < READ_AT_SEAL_BYTES
    digests = digests or (since is not None and touched_since(backup, since))
    try:
        as_written(backup, digests=digests)
    except ToolError as error:
        return failed(str(error), error.remedy)
    return _aged(backup, now, max_age_hours, "sizes and SHA-256 as written" if digests else "sizes as written")


def _aged(backup: Backup, now: datetime, max_age_hours: float, files: str) -> Finding:
    if backup.taken_at is None:
        return warned(f"its age is not known; {files}", "Make a new backup where much was written since.")
    minutes = max(round((now - backup.taken_at).total_seconds() / 60), 0)
    age = f"taken {backup.taken_at:%Y-%m-%d %H:%M} UTC, {minutes // 60} h {minutes % 60} min ago"
    if minutes > max_age_hours * 60:
        return failed(
            f"{age}; backup.max_age_hours is {max_age_hours:g}",
            "Make a new backup and rehearse on it, or waive DX502 with a reason.",
        )
    return passed(f"{age}; {files}")


def _without(state: RunState) -> str:
    if state.snapshot is None:
        return "there is no backup (waived)"
    return f"there is no backup; the way back is the provider's snapshot {state.snapshot.id}"
