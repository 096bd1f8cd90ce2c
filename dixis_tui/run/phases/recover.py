"""The first thing that a new runner does with a run whose own is gone: it looks, and says what it found.

Our sessions on the server, Prisma's advisory lock, history and catalog. What to do then is offered, never begun.
"""

from __future__ import annotations

import time
from contextlib import nullcontext

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.locks import Peer
from dixis_tui.model import Finding, MigrationState, Phase, PhaseState, Recovery, failed, passed
from dixis_tui.plan import recovery
from dixis_tui.postgres.left_sessions import left_sessions
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.files import scan_migrations
from dixis_tui.prisma.history import LockHolder, lock_holder
from dixis_tui.run import policy, policy_github
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, forecast, migrate
from dixis_tui.standing import Truth

GUARD = "run"
"""The purpose of the session that holds the run's own lock: it is ours, and alive."""
_GONE_SECONDS = 3.0
"""A server of PostgreSQL 14 or later ends what ran for a dead client within half a second."""
_LOOK_SECONDS = 0.2
_LOOKED_AT = (Recovery.APPLIED, Recovery.REST, Recovery.UNFINISHED)


class _Look(Struct, frozen=True):
    sessions: tuple[Peer, ...]
    holder: str
    truth: Truth


def run(context: Context) -> None:
    """Look, settle every migration of the run, and journal what it has come to. Never raises.

    A workflow run that may be at work is followed to its end before that.
    """
    try:
        followed = not context.state.rollback and policy_github.unsettled(context.state)
        if followed:
            _settle_workflow(context)
        found = _find(context, followed=followed)
    except DixisError as error:
        words = context.log.redactor.line
        found = ev.RecoverySeen(
            outcome=Recovery.UNKNOWN,
            evidence=words(f"production could not be looked at: {error}"),
            remedy=words(f"{error.remedy} Then look again (r).".lstrip()),
        )
    level = "info" if found.outcome in (Recovery.UNTOUCHED, Recovery.APPLIED) else "warning"
    context.log.line("runner", f"After the runner's death: {found.outcome}. {found.evidence}", level)
    context.emit(found)


def _find(context: Context, *, followed: bool) -> ev.RecoverySeen:
    state = context.state
    if state.rollback:
        over = policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED
        told = "it was over: sign off" if over else "roll back again (x): it goes on from where the databases stand"
        return ev.RecoverySeen(
            outcome=Recovery.GOING_BACK, evidence="the rollback phrase was taken", remedy=f"{told}.".capitalize()
        )
    if not policy.production_changed(state):
        return ev.RecoverySeen(
            outcome=Recovery.UNTOUCHED,
            evidence="the phrase was not taken: production is as it was",
            remedy="Go on where it stopped, or end the run (e).",
        )
    seen = _look_until_quiet(context)
    words = context.log.redactor.line
    settled = [] if seen.sessions or seen.holder else recovery.settle(state.migrations, seen.truth)
    context.emit(facts.truth_seen(context, seen.truth))
    for one in settled:
        if one.state is not state.migrations[one.name].state:
            context.emit(ev.MigrationSettled(name=one.name, state=one.state, evidence=words(one.evidence)))
    found = recovery.judge(settled, seen.sessions, seen.holder)
    found = _with_workflow(context, found)
    if found.outcome in _LOOKED_AT:
        _look_at_migrate(context, settled, found, followed=followed)
    return ev.RecoverySeen(
        outcome=found.outcome,
        evidence=words(found.evidence),
        remedy=words(found.remedy),
        sessions=seen.sessions,
        lock_holder=words(seen.holder),
    )


def _settle_workflow(context: Context) -> None:
    from dixis_tui.run.phases import github_resume  # httpx takes a tenth of a second

    github_resume.settle(context)


def _with_workflow(context: Context, found: recovery.Found) -> recovery.Found:
    """As long as a dispatch may be at work, what the database lacks may come at any moment."""
    view = context.state.workflow
    if view is None or found.outcome in (Recovery.APPLIED, Recovery.AT_WORK):
        return found
    if not policy_github.may_change(context.state):
        return found
    reason = context.state.phase(Phase.MIGRATE).reason
    if view.failed:
        return recovery.Found(Recovery.UNKNOWN, f"{found.evidence}; {view.failed.problem}", view.failed.remedy)
    where = view.url or "the workflow"
    how = f"Look at {where} and wait, or cancel it there, before a rollback in any case; then look again (r)."
    return recovery.Found(Recovery.UNKNOWN, f"{found.evidence}; the workflow run is not over: {reason}", how)


def _look_until_quiet(context: Context) -> _Look:
    """What is there once the dead runner's sessions are gone, or after some seconds with them."""
    deadline = time.monotonic() + _GONE_SECONDS
    url, project = facts.production(context), facts.project(context)
    with facts.reading(context, url, "recover") as session:
        while True:
            sessions = left_sessions(session, context.folder.name, GUARD)
            holder = lock_holder(session)
            if not (sessions or holder) or time.monotonic() > deadline:
                break
            context.stopping.wait(_LOOK_SECONDS)
        # After the sessions, so that nothing could have been finished between the looks.
        truth = facts.truth_at(session, project, scan_migrations(project.migrations), url.schema).truth
        sessions, holder = _again(session, context, quiet=not sessions and holder is None)
    return _Look(sessions, str(holder) if holder else "", facts.truth_seen(context, truth).truth)


def _again(session: Session, context: Context, *, quiet: bool) -> tuple[tuple[Peer, ...], LockHolder | None]:
    """Who is at work after the look: a Prisma CLI that outlived its runner may have connected only now."""
    sessions, holder = left_sessions(session, context.folder.name, GUARD), lock_holder(session)
    if quiet and holder is None:
        return (), None
    return sessions, holder


def _look_at_migrate(
    context: Context, settled: list[recovery.Settled], found: recovery.Found, *, followed: bool
) -> None:
    """The checks of the migrate phase answered anew: an evening's record says what is there, not what was begun.

    `followed`: the phase has just run, and where it passed its seconds are those that it took.
    """
    passed_now = followed and context.state.phase(Phase.MIGRATE).state is PhaseState.PASSED
    phase = nullcontext() if passed_now else context.phase(Phase.MIGRATE, facts.phase_checks(Phase.MIGRATE))
    with phase:
        context.found("DX601", _history(context, settled, found))
        context.found("DX600", migrate.applied(context))
        context.check("DX602", lambda: forecast.compare(context))


def _history(context: Context, settled: list[recovery.Settled], found: recovery.Found) -> Finding:
    if found.outcome is Recovery.UNFINISHED:
        return failed(found.evidence, found.remedy)
    if strange := policy_github.another_commit(context.state):
        return failed(strange, "Look at what it applied before anything else; x rolls back.")
    done = sum(one.state is MigrationState.APPLIED for one in settled)
    when = "after the runner's death" if context.state.resumed else "once more"
    return passed(f"{done} rows of this run are finished, none failed; looked at {when}")
