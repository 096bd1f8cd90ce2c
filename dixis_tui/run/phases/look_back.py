"""What going back would mean now: the ways that are open, their time, and what would be lost. Only reads."""

from __future__ import annotations

from collections.abc import Callable

from dixis_tui import events as ev
from dixis_tui.errors import ConnectError, DixisError, QueryError
from dixis_tui.model import Backup, TableLoss, TableWrites, Way, WayView
from dixis_tui.plan import way_back
from dixis_tui.postgres import swap
from dixis_tui.postgres.contents import rows_of, writes
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.side import no_room, refused
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, rollback

_COUNT_SECONDS = 5.0
_HISTORY = "._prisma_migrations"
_NOTHING = TableWrites(0, 0, 0)

RowsOf = Callable[[str], int]


def run(context: Context) -> None:
    """Say it in the journal. Raises UrlError."""
    url = facts.production(context)
    losses, unknown = _losses(context, url)
    ways = [_view(context, way, _refused(context, url, way)) for way in Way]
    context.emit(ev.WaysSeen(ways=ways, losses=losses, loss_unknown=unknown))


def _view(context: Context, way: Way, reason: str) -> WayView:
    seconds, measured = way_back.seconds(context.state.restored, way)
    return WayView(way, context.log.redactor.line(reason), seconds, measured)


def _refused(context: Context, url: DatabaseUrl, way: Way) -> str:
    state = context.state
    if way is Way.SNAPSHOT:
        return "" if state.snapshot else "no provider's snapshot was named"
    if state.backup is None:
        return "there is no backup"
    try:
        swapped = rollback.swapped_before(context, url)
        if way is Way.IN_PLACE and swapped:
            return swapped
        if way is Way.IN_PLACE:
            with facts.reading(context, url, "look") as session:
                return rollback.no_roles(session, state.backup)
        return "" if swapped else _beside(url, state.backup)
    except DixisError as error:
        return f"the server can't be asked ({error})"


def _beside(url: DatabaseUrl, backup: Backup) -> str:
    if url.pooled:
        return f"the connection is a pooler's: {url.pooled}"
    try:
        with swap.maintenance(url) as session:
            reason = refused(session, url.database) or rollback.no_roles(session, backup)
            return reason or no_room(session, url.database)
    except ConnectError as error:
        return f"no other database of that server can be used to work from ({error})"


def _losses(context: Context, url: DatabaseUrl) -> tuple[list[TableLoss], str]:
    backup = context.state.backup
    if backup is None or backup.taken_at is None:
        return [], "the backup does not say what had been written until then"
    try:
        with facts.reading(context, url, "look", statement_timeout_seconds=_COUNT_SECONDS) as session:
            now = writes(session)
            if _went_back(backup.writes, now):
                return [], "the server's statistics were reset since the backup"
            return lost(backup, now, lambda table: _rows(session, table)), ""
    except DixisError as error:
        return [], context.log.redactor.line(str(error))


def _went_back(before: dict[str, TableWrites], now: dict[str, TableWrites]) -> bool:
    return any(
        now[table].inserted < was.inserted or now[table].updated < was.updated or now[table].deleted < was.deleted
        for table, was in before.items()
        if table in now
    )


def lost(backup: Backup, now: dict[str, TableWrites], rows: RowsOf) -> list[TableLoss]:
    """What was written since, most rows first; `rows` counts a table. Prisma's own history is left out."""
    found = []
    for table in sorted(now.keys() | backup.counts.keys()):
        if table.endswith(_HISTORY):
            continue
        was, is_ = backup.writes.get(table, _NOTHING), now.get(table, _NOTHING)
        inserted, updated = max(is_.inserted - was.inserted, 0), max(is_.updated - was.updated, 0)
        deleted = max(is_.deleted - was.deleted, 0)
        gone = table not in now
        if inserted or updated or deleted or gone or table not in backup.counts:
            then = backup.counts.get(table, -1)
            found.append(TableLoss(table, inserted, updated, deleted, then, -1 if gone else rows(table)))
    return sorted(found, key=lambda one: -(one.inserted + one.updated + one.deleted))


def _rows(session: Session, table: str) -> int:
    try:
        return rows_of(session, table)
    except QueryError:  # too many to count in the time that a look may take
        return -1
