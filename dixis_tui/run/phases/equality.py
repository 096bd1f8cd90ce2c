"""Whether a restored database is what the backup's snapshot was: findings for the rehearsal and for a rollback."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui.model import Backup, Finding, Phase, failed, passed, warned
from dixis_tui.postgres.proof import Difference, compare_contents
from dixis_tui.postgres.restore import JOBS
from dixis_tui.postgres.schema import compare_schema
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.context import Context

_NAMED = 3
_UNTRUE = "Do not trust what was restored: look into the log, then make a new backup."


def jobs_of(context: Context) -> int:
    """How many sessions restore and compare."""
    return context.settings.backup.jobs or JOBS


def look(context: Context, url: DatabaseUrl, backup: Backup, phase: Phase) -> list[Difference]:
    """What differs. Raises QueryError, ConnectError."""
    return compare_contents(
        url,
        backup,
        jobs=jobs_of(context),
        on_progress=lambda what, done, total: context.progress(phase, what, done, total, "tables"),
    )


def contents(context: Context, url: DatabaseUrl, backup: Backup, phase: Phase) -> Finding:
    """Rows, contents and sequences in one finding."""
    found = look(context, url, backup, phase)
    rows = sum(backup.counts.values())
    return told(context, found, f"{len(backup.counts)} tables, {rows:,} rows; {compared_words(backup)}")


def told(context: Context, found: Sequence[Difference], equal: str) -> Finding:
    """A finding; every difference goes to the log."""
    for one in found:
        context.log.line("runner", f"differs from the backup: {one}", "error")
    if not found:
        return passed(equal)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return failed(f"{found[0]}{more}", _UNTRUE)


def compared_words(backup: Backup) -> str:
    """How thoroughly contents can be compared with this backup."""
    if not backup.digests:
        return "their contents can't be compared: the backup has no digests"
    sampled = [f"{name} by one row in {share}" for name, share in sorted(backup.sampled.items())]
    more = f" and {len(sampled) - _NAMED} more tables" if len(sampled) > _NAMED else ""
    by_sample = f"; {', '.join(sampled[:_NAMED])}{more}" if sampled else ""
    return f"contents and {len(backup.sequences)} sequences equal{by_sample}"


def schema(url: DatabaseUrl, tools: Tools, backup: Backup, *, keep_owners: bool, server_major: int = 0) -> Finding:
    """The database's schema against the dump's. Another major may word the same thing otherwise: then it only warns."""
    found = compare_schema(url, tools, backup, keep_owners=keep_owners)
    if not found:
        return passed(
            "every object, owner and grant" if keep_owners else "every object; owners and grants were left out"
        )
    named = ", ".join(str(one) for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    other = server_major not in (0, backup.server_version // 10000)
    if other and not any(one.how == "missing" for one in found):
        return warned(f"{named}{more}; the majors differ ({backup.server_version // 10000}, {server_major})")
    return failed(f"{named}{more}", "Compare that object with the backup's before anybody uses what was restored.")
