"""The way back. Which way, what every way begins with, and what every way ends with: the database is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from dixis_tui import events as ev
from dixis_tui.errors import ConnectError, ToolError
from dixis_tui.model import Backup, Finding, Identity, Phase, Step, Way, failed, passed
from dixis_tui.postgres import catalog, encryption, swap
from dixis_tui.postgres.manifest import verify_backup
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.snapshot_facts import missing_roles
from dixis_tui.postgres.tools import Tools, find_tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import read_history
from dixis_tui.run.commands import Rollback
from dixis_tui.run.context import Context
from dixis_tui.run.phases import alone as lock
from dixis_tui.run.phases import banner, equality, facts, verify
from dixis_tui.run.phases.backup import sweep_left
from dixis_tui.run.phases.steps import step

_AFTERWARDS = ("DX906", "DX907", "DX908")


def run(context: Context, command: Rollback) -> None:
    """Put production back by the way that the command names."""
    # Each way imports this module for what all share.
    from dixis_tui.run.phases import rollback_in_place, rollback_side, rollback_snapshot

    context.log.line("operator", f"{command.operator} confirmed the rollback ({command.way})", "warning")
    match command.way:
        case Way.SIDE:
            rollback_side.run(context, command.operator)
        case Way.IN_PLACE:
            rollback_in_place.run(context, command.operator)
        case Way.SNAPSHOT:
            rollback_snapshot.run(context, command.operator)


def look_again(context: Context) -> None:
    """Once the provider's snapshot is in place, or the names are swapped: look at production anew."""
    from dixis_tui.run.phases import rollback_side, rollback_snapshot

    if context.state.swapped:
        rollback_side.look_again(context, context.state.swapped)
    else:
        rollback_snapshot.look(context)


def checks(context: Context, *codes: str) -> list[tuple[str, str]]:
    """The checks of a way: its own, and those that every way ends with."""
    return [*((code, "") for code in (*codes, *_AFTERWARDS)), *verify.health_subjects(context, "DX903")]


def confirmed(context: Context, operator: str, way: Way, side: str = "", kept: str = "") -> None:
    """Journal that the phrase was typed, for this way; and have the page up, where that can be done."""
    backup = context.state.backup
    digest = backup.sha256 if backup else ""
    context.emit(ev.RollbackConfirmed(operator=operator, sha256=digest, way=way, side=side, kept=kept))
    banner.shut_out(context)


def target(context: Context, url: DatabaseUrl) -> tuple[Identity, Tools]:
    """Production as it answers now, which has to be what the backup was made from, and tools for it."""
    with facts.reading(context, url, "rollback") as session:
        identity = catalog.identify(session, url)
    facts.require_source(context, identity)
    backup = context.settings.backup
    return identity, find_tools(identity.major, pg_bindir=backup.pg_bindir, tls=bool(identity.tls))


@contextmanager
def alone(context: Context, url: DatabaseUrl) -> Iterator[Session]:
    """Nobody else runs on this database or rolls it back meanwhile, from wherever: the session that holds the lock.

    Raises:
        ToolError: somebody does.
        ConnectError: neither another database of the server nor this one can be connected to.
    """
    if lost := lock.lost(context):
        raise ToolError(f"{lost.evidence}; nothing was changed", lost.remedy)
    with ExitStack() as stack:
        try:
            session = stack.enter_context(swap.maintenance(url))
        except ConnectError as error:
            context.log.line("runner", f"No maintenance database: {error}", "warning")
            session = stack.enter_context(connect(url, purpose="rollback"))
        swap.hold(session, url.database)
        yield session


def intact(context: Context, backup: Backup, tools: Tools) -> None:
    """First step of each way that restores: the files are what was written."""
    with step(context, Step.INTACT) as detail:
        verify_backup(backup, tools)
        detail.text = f"{backup.bytes:,} bytes, SHA-256 {backup.sha256[:12]}… as written"
    context.found("DX900", passed(detail.text))


@contextmanager
def opened(context: Context, backup: Backup) -> Iterator[Backup]:
    """The backup as pg_restore can read it, for as long as the block lasts. Raises ToolError."""
    sweep_left(context)
    with encryption.opened(backup, context.settings.age_identity, context.child) as plain:
        yield plain


def swapped_before(context: Context, url: DatabaseUrl) -> str:
    """Where an earlier attempt has swapped the names: why going back once more would only lose what came after it."""
    before, backup = context.state.beside, context.state.backup
    if before is None or backup is None or before.sha256 != backup.sha256:
        return ""
    try:
        with swap.maintenance(url) as session:
            wanted = swap.Names(url.database, before.side, before.kept, "", resumed=True)
            done = swap.standing(session, wanted) is swap.Standing.SWAPPED
    except ConnectError:
        return ""  # then it could not have been swapped from here either
    return f"an earlier attempt has swapped the names already, and kept {before.kept}: look at that one" if done else ""


def no_roles(session: Session, backup: Backup) -> str:
    """Why the server can't take the backup with its owners and grants: roles that are gone; empty: all are there."""
    missing = missing_roles(session, backup.roles)
    return f"roles of the backup are not there (any more): {', '.join(missing[:3])}" if missing else ""


def compare(context: Context, url: DatabaseUrl, tools: Tools, backup: Backup) -> None:
    """Rows, contents, sequences and schema against the backup: DX902 and DX904."""
    context.check("DX902", lambda: equality.contents(context, url, backup, Phase.ROLLBACK))
    context.check("DX904", lambda: equality.schema(url, tools, backup, keep_owners=True))


def look_after(context: Context, url: DatabaseUrl) -> None:
    """The same look as after a migration: history, catalog, application."""
    with step(context, Step.VERIFY), facts.reading(context, url, "verify", statement_timeout_seconds=0) as session:
        context.check("DX906", lambda: _history(context, url))
        context.check("DX907", lambda: verify.indexes(session))
        context.check("DX908", lambda: verify.constraints(session))
        verify.health(context, "DX903")


def _history(context: Context, url: DatabaseUrl) -> Finding:
    backup = context.state.backup
    with facts.reading(context, url, "verify") as session:
        seen = read_history(session, (), url.schema)  # its rows alone: the project need not be at hand to go back
    if seen.failed:
        return failed(f"failed: {seen.failed[0].migration_name}", "Resolve that row before the next deploy.")
    head = max((row.migration_name for row in seen.applied), default="")
    if backup and backup.head and head != backup.head:
        return failed(f"the last applied is {head or 'none'}, the backup's was {backup.head}", "Look at the history.")
    return passed(f"{len(seen.applied)} applied, the last {head or 'none'}, none failed")


def nothing_to_go_back_to() -> ToolError:
    """There is no backup."""
    return ToolError("There is no backup in this run", "Restore by the provider's means.")
