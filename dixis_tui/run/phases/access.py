"""DX813 and DX815: who was connected to production during the run, and whether they were expected."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui.access import NAMED, SessionSeen
from dixis_tui.model import CheckState, Finding, passed, unknown, warned
from dixis_tui.postgres.access import connected
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.access_log import AccessLog
from dixis_tui.run.context import Context
from dixis_tui.run.state import RunState

_NAME_THEM = "Name those that belong here in access.known of dixis.toml."


def begin(context: Context, url: DatabaseUrl) -> AccessLog:
    """Look from now on, through the session that holds the run's lock where there is one."""
    log = context.access = AccessLog(context)

    def through_the_lock() -> None:
        if context.run_lock:
            context.run_lock.look(lambda session: look(context, session, url))

    log.watch(through_the_lock)
    return log


def look(context: Context, session: Session, url: DatabaseUrl, *, now: bool = False) -> None:
    """Look who is connected through a session of production that is open anyway. Never raises for what it sees."""
    if context.access:
        context.access.look(lambda: connected(session, url.database, context.log.redactor.line), now=now)


def review(state: RunState, known: Sequence[str]) -> Finding:
    """DX815: those that nobody expected, by name."""
    others = [one for one in state.access if not one.ours]
    if state.many:
        return warned("not looked at in a run over many databases", "Look at each server's log of connections.")
    if not state.access:
        return unknown("nobody could look who was connected", "Look at the server's log of connections.")
    strange = [one for one in others if one.unknown]
    if not strange:
        more = _hidden(others) if others else ""
        if state.access_more:
            listed = f"{_kinds(len(others))}, all of them known, and others that were not listed{more}"
            return warned(listed, "Look at the server's log of connections.")
        kinds = f"{_kinds(len(others))}, all of them known" if others else "nobody but this run was connected"
        return passed(f"{kinds}{more}")
    if not known:
        return warned(f"{_kinds(len(strange))}, none of them named yet: {named(state, strange)}", _NAME_THEM)
    count = f"{len(strange)} of {_kinds(len(others))} unknown"
    return warned(f"{count}: {named(state, strange)}", f"Ask who that was. {_NAME_THEM}")


def person(state: RunState, known: Sequence[str]) -> Finding | None:
    """DX813: answered where every one was expected by name, else the list for the person who answers it; None: theirs
    already."""
    before = state.check("DX813")
    if before.who or (before.open and not before.evidence.startswith(_BY_PROGRAM)):
        return None
    found = review(state, known)
    if known and found.state is CheckState.PASSED:
        return passed(f"{_BY_PROGRAM}: {found.evidence}")
    return Finding(CheckState.WAITING, found.evidence)


_BY_PROGRAM = "looked at by the program"


def named(state: RunState, sessions: Sequence[SessionSeen]) -> str:
    """The first few in words, and how many more."""
    rest = len(sessions) - NAMED
    more = f" and {rest} more" if rest > 0 else ""
    others = ", and others that were not listed" if state.access_more else ""
    return "; ".join(map(str, sessions[:NAMED])) + more + others + _hidden(sessions)


def _kinds(number: int) -> str:
    return f"{number} kind{'' if number == 1 else 's'} of connection"


def _hidden(sessions: Sequence[SessionSeen]) -> str:
    if not any(one.hidden for one in sessions):
        return ""
    return " (this role may not see addresses: grant it pg_monitor)"
