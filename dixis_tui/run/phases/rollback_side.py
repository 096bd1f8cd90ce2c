"""Restored beside production, compared, and swapped by name: nothing of production is touched before the swap.

What an earlier attempt left is found by the databases' names and the side's mark, so this can be begun again after any
crash: an unfinished side database is made anew, a compared one is swapped, a finished swap is only looked at.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, Identity, Phase, Place, Step, Way, passed
from dixis_tui.postgres import swap
from dixis_tui.postgres.restore import restore_into
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.side import create_side, dress_side, no_room, refused
from dixis_tui.postgres.swap import Names, Standing
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.context import Context
from dixis_tui.run.phases import alone, equality, facts, rollback
from dixis_tui.run.phases.steps import step

_CHECKS = ("DX900", "DX901", "DX902", "DX904", "DX905")


def run(context: Context, operator: str) -> None:
    """From the backup to a database of production's name, and the one before kept."""
    backup = context.state.backup
    if backup is None:
        raise rollback.nothing_to_go_back_to()
    url = facts.production(context)
    wanted = names_for(context, url, backup)
    rollback.confirmed(context, operator, Way.SIDE, wanted.side, wanted.kept)
    with context.phase(Phase.ROLLBACK, rollback.checks(context, *_CHECKS)), rollback.alone(context, url) as holder:
        identity, tools = rollback.target(context, url)
        found = _standing(context, url, backup, wanted)
        rollback.intact(context, backup, tools)
        if found is Standing.SWAPPED:
            context.note("An earlier attempt has swapped the names already: what is there is looked at.")
            _swapped_before(context, url, wanted)
        else:
            with rollback.opened(context, backup) as plain:
                if found is not Standing.COMPARED:
                    _restore(context, url, tools, plain, wanted)
                _compare(context, url, tools, plain, wanted)
            if found is not Standing.COMPARED:
                _told(context, backup, identity)
            _swap(context, url, wanted, holder)
        rollback.look_after(context, url)


def look_again(context: Context, done: ev.Swapped) -> None:
    """What was compared before the swap is not compared again: the application may have written since."""
    with context.phase(Phase.ROLLBACK, rollback.checks(context, "DX905")):
        context.found("DX905", passed(f"the database before is kept as {done.kept}"))
        rollback.look_after(context, facts.production(context))


def _standing(context: Context, url: DatabaseUrl, backup: Backup, wanted: Names) -> Standing:
    """How far it came. Raises ToolError where it can't go on from there: said before anything is made."""
    with swap.maintenance(url) as session:
        found = swap.standing(session, wanted)
        if found is Standing.SWAPPED:
            return found
        reason = refused(session, url.database) or rollback.no_roles(session, backup)
        if not reason and found is Standing.NOTHING:
            reason = no_room(session, url.database)
    if reason:
        raise ToolError(
            f"a database beside production can't be swapped in: {context.log.redactor.line(reason)}; "
            "nothing was changed",
            "Mend that, or roll back in place.",
        )
    return found


def names_for(context: Context, url: DatabaseUrl, backup: Backup) -> Names:
    """The names of this rollback: those of an unfinished one, which may have come as far as the swap, or new ones."""
    mark = f"dixis-tui restored {backup.sha256[:16]}"
    begun = context.state.beside
    if begun and begun.sha256 == backup.sha256:
        return Names(url.database, begun.side, begun.kept, mark, resumed=True)
    return swap.names(url.database, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}{secrets.token_hex(2)}", mark)


def _side(url: DatabaseUrl, wanted: Names) -> DatabaseUrl:
    return replace(url, database=wanted.side)


def _restore(context: Context, url: DatabaseUrl, tools: Tools, backup: Backup, wanted: Names) -> None:
    with step(context, Step.CREATE, wanted.side) as detail, swap.maintenance(url) as session:
        create_side(session, wanted)
        detail.text = wanted.side
    jobs = equality.jobs_of(context)
    with step(context, Step.RESTORE, wanted.side) as detail:
        seconds = restore_into(
            _side(url, wanted),
            tools,
            backup,
            jobs=jobs,
            keep_owners=True,
            on_progress=lambda what, done, total: context.progress(Phase.ROLLBACK, what, done, total, "rows"),
            on_line=context.log.sink("pg_restore"),
            started=context.child,
        )
        detail.text = f"{Path(backup.path).name} into {wanted.side}"
    context.found("DX901", passed(f"beside production, as {wanted.side}, in {seconds:.1f} s by {jobs} jobs"))


def _compare(context: Context, url: DatabaseUrl, tools: Tools, backup: Backup, wanted: Names) -> None:
    if not context.state.check("DX901").open:
        context.found("DX901", passed(f"by an earlier attempt, as {wanted.side}"))
    with step(context, Step.COMPARE, wanted.side):
        rollback.compare(context, _side(url, wanted), tools, backup)
    shut = [code for code in ("DX902", "DX904") if not context.state.check(code).open]
    if shut:
        raise ToolError(
            f"what was restored is not what the backup holds ({', '.join(shut)}); production was not touched",
            f"Look at the database {wanted.side}; waive the check by name, or go another way.",
        )
    with swap.maintenance(url) as session:
        dress_side(session, wanted)
        swap.mark(session, wanted, compared=True)


def _swap(context: Context, url: DatabaseUrl, wanted: Names, holder: Session) -> None:
    swap.hold(holder, url.database)  # a session that was lost in the restore has let others in
    if context.run_lock:
        context.run_lock.release()  # its session is in the rename's way as any other is
    try:
        _rename(context, url, wanted)
    finally:
        alone.again(context)


def _rename(context: Context, url: DatabaseUrl, wanted: Names) -> None:
    seconds = context.settings.rollback.polite_seconds
    with step(context, Step.CLEAR, f"sessions of {url.database} may finish for {seconds:.0f} s") as detail:
        with swap.maintenance(url) as session:
            if reason := swap.immovable(session, url.database):
                raise ToolError(
                    f"{url.database} can't be renamed: {context.log.redactor.line(reason)}; nothing was changed",
                    "End them by other means, then roll back again: the restored database is ready beside it.",
                )
            left = swap.clear(session, url.database, seconds, context.stopping)
        named = ", ".join(str(one) for one in left[:3])
        detail.text = f"still at work: {named}" if left else "nobody is at work there"
    with step(context, Step.SWAP, f"{url.database} becomes {wanted.kept}, {wanted.side} becomes {url.database}"):
        done = swap.swap(url, wanted)
        context.emit(ev.Swapped(database=url.database, kept=wanted.kept, seconds=done.seconds, ended=done.ended))
    seen = f"{url.database} is the restored one; the other is kept as {wanted.kept}; {done.seconds:.2f} s without it"
    context.found("DX905", passed(seen))


def _swapped_before(context: Context, url: DatabaseUrl, wanted: Names) -> None:
    """The earlier attempt died between the swap's commit and its entry in the journal, or later.

    Only what was marked as compared is ever swapped in. It is not compared again: the application may have written
    since, and that is no fault.
    """
    context.emit(ev.Swapped(database=url.database, kept=wanted.kept, seconds=0.0, ended=0, earlier=True))
    for code in ("DX901", "DX902", "DX904"):
        context.found(code, passed("by an earlier attempt, before the swap"))
    context.found("DX905", passed(f"by an earlier attempt; the database before is kept as {wanted.kept}"))


def _told(context: Context, backup: Backup, identity: Identity) -> None:
    spent = {view.step: view.seconds or 0.0 for view in context.state.steps}
    context.emit(
        ev.BackupRestored(
            place=Place.PRODUCTION,
            where=identity.database,
            seconds=spent.get(Step.RESTORE, 0.0),
            tables=len(backup.counts),
            rows=sum(backup.counts.values()),
            compare_seconds=spent.get(Step.COMPARE, 0.0),
            jobs=equality.jobs_of(context),
        )
    )
