"""Phase 5: the sealed plan, and the phrase. Phase 6 follows from it at once, and phase 7 from that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.model import CheckState, Finding, Phase, Way, failed, passed, warned
from dixis_tui.plan import way_back
from dixis_tui.plan.prediction import needed_seconds, runbook
from dixis_tui.plan.seal import differences
from dixis_tui.plan.seal import seal as seal_plan
from dixis_tui.run import accounts, policy
from dixis_tui.run.accounts import Asker
from dixis_tui.run.commands import Confirm
from dixis_tui.run.context import Context
from dixis_tui.run.phases import after, alone, facts, foresight, judges, migrate
from dixis_tui.run.phases.freshness import READ_AT_SEAL_BYTES, fresh
from dixis_tui.run.state import RunState


def seal(context: Context) -> None:
    """Look at everything anew and seal the plan.

    Files or a history that changed since the rehearsal close its gate again: what was rehearsed is what may be sealed.
    """
    with context.phase(Phase.GO, facts.phase_checks(Phase.GO)):
        seen = facts.gather(context)
        context.emit(ev.PendingSeen(applied=len(seen.history.applied), pending=list(seen.history.pending)))
        context.emit(facts.truth_seen(context, seen.truth))
        context.found("DX124", alone.look(context))
        context.found("DX114", seen.sound)
        context.found("DX115", judges.pending(seen.history))
        # What is sealed is what was judged: these files, on the tables as they are now.
        with facts.reading(context, facts.production(context), "look") as session:
            foresight.look(context, session, seen.project, seen.history.pending)
        if context.settings.github.repository:
            _github_at_seal(context)
        if gates := policy.closed_gates(context.state):
            raise DixisError(f"The gate is closed by {gates[0].code} {gates[0].title}", gates[0].remedy)
        if context.state.prediction is None:
            context.emit(ev.Predicted(prediction=runbook()))
        context.found("DX501", fits(context.state, datetime.now(UTC)))
        context.check("DX502", lambda: fresh(context.state, datetime.now(UTC), context.settings.backup.max_age_hours))
        after.baseline(context, again=True)
        context.emit(seal_plan(facts.plan_of(context, seen)))


def confirm(context: Context, command: Confirm, asker: Asker) -> None:
    """The phrase was right: check the seal once more, then act, or wait for the second person where one is needed."""
    sealed = context.state.plan
    if sealed is None or command.digest != sealed.digest:
        refuse(context, command, "The plan was sealed anew since the phrase was asked. Read it again.")
        return
    try:
        seen = facts.gather(context)
    except DixisError as error:
        refuse(context, command, f"The last look failed: {error}. Nothing was done.")
        return
    changed = differences(sealed, seal_plan(facts.plan_of(context, seen)))
    if changed:
        refuse(context, command, f"The plan changed since it was sealed: {'; '.join(changed)}. Nothing was done.")
        return
    if seen.sound.state is CheckState.FAILED and context.state.check("DX114").state is not CheckState.WAIVED:
        refuse(context, command, f"The history changed: {seen.sound.evidence}. Nothing was done.")
        return
    if lost := alone.lost(context):
        context.found("DX124", lost)
        refuse(context, command, f"{lost.evidence}. Nothing was done.")
        return
    if context.settings.github.repository and (moved := _github_moved(context)):
        refuse(context, command, f"{moved}. Nothing was done.")
        return
    if passed_by := _passed_by(context):
        refuse(context, command, f"{passed_by}. Nothing was done.")
        return
    # A person may have taken an answer, or the first phrase, back while we looked.
    decided = context.decide(lambda state: outcome(state, command, asker))
    match decided:
        case ev.ConfirmationRefused(reason=reason):
            context.log.line("runner", reason, "warning")
        case ev.FirstConfirmed():
            context.log.line("operator", f"{command.operator} ({asker.account}) confirmed plan {sealed.hash}, first")
            how = f"`dixis-tui approve {context.folder}`"
            context.note(f"Plan {sealed.hash} waits for the second person: {how} from another account.")
        case _:
            context.log.line("operator", f"{command.operator} ({asker.account}) confirmed plan {sealed.hash}")
            migrate.run(context, seen)


def _github_at_seal(context: Context) -> None:
    """Raises GithubError where GitHub is to migrate, and does not answer."""
    from dixis_tui.run.phases import github_look  # httpx takes a tenth of a second

    github_look.at_seal(context)


def _github_moved(context: Context) -> str:
    """What has moved on GitHub, or here against it, since the seal; empty: nothing."""
    from dixis_tui.run.phases import github_look

    return github_look.moved(context)


def outcome(state: RunState, command: Confirm, asker: Asker) -> ev.Event:
    """What the right phrase comes to, for the state as it is. Pure but for the clock."""
    now = datetime.now(UTC)
    if closed := accounts.refusal_for(state, command, asker, now):
        return ev.ConfirmationRefused(operator=command.operator, reason=f"{closed} Nothing was done.")
    operator, account = command.operator, str(asker.account)
    if not accounts.needs_second(state):
        return ev.Confirmed(operator=operator, account=account, digest=command.digest)
    first = accounts.standing(state, now)
    if first is None:
        return ev.FirstConfirmed(operator=operator, account=account, digest=command.digest)
    return ev.Confirmed(
        operator=first.operator,
        account=first.account,
        second=operator,
        second_account=account,
        digest=command.digest,
    )


def _passed_by(context: Context) -> str:
    """What the time since the seal has closed, in a sentence; empty: nothing."""
    now, state = datetime.now(UTC), context.state
    hours = context.settings.backup.max_age_hours
    looks = (
        ("DX501", "The time no longer fits", fits(state, now)),
        ("DX502", "The backup is no longer fit", fresh(state, now, hours, digests=False, since=_unread_since(state))),
    )
    for code, words, found in looks:
        if found.state is CheckState.FAILED and state.check(code).state is not CheckState.WAIVED:
            context.found(code, found)
            return f"{words}: {context.log.redactor.line(found.evidence)}"
    return ""


def _unread_since(state: RunState) -> datetime | None:
    """When the backup's bytes were read last: at the seal, or, of one too large for that, when it was made."""
    sealed, made = state.phase(Phase.GO).started, state.phase(Phase.BACKUP)
    if state.backup and state.backup.bytes >= READ_AT_SEAL_BYTES and made.started:
        return made.started + timedelta(seconds=made.seconds)
    return sealed


def refuse(context: Context, command: Confirm, reason: str) -> None:
    """Journal that the phrase came to nothing, and why."""
    context.log.line("runner", reason, "warning")
    context.emit(ev.ConfirmationRefused(operator=command.operator, reason=context.log.redactor.line(reason)))


def fits(state: RunState, now: datetime) -> Finding:
    """Whether what is predicted, and the way back, fit into what is left of the window. Pure."""
    run = state.run
    if run is None or run.window_opens is None or run.window_closes is None:
        return warned("no window to fit into (waived)")
    back, measured = way_back.seconds(state.restored, Way.SIDE)
    longest = needed_seconds(state.prediction)
    needed = longest + back
    rehearsed = state.prediction is not None and state.prediction.rehearsed
    words = f"migration of at most {_minutes(longest)}{'' if rehearsed else ' (the runbook, not rehearsed)'}"
    words += f" and way back {_minutes(back if measured else None)}"
    if now < run.window_opens and not _window_waived(state):
        wait = (run.window_opens - now).total_seconds()
        return failed(f"the window opens in {_minutes(wait)}", "Wait for it, or waive DX501 with a reason.")
    left = (run.window_closes - now).total_seconds()
    if left < needed:
        return failed(f"{words} do not fit into the {_minutes(max(left, 0))} left", "Agree on a longer window.")
    return passed(f"{words} fit into the {_minutes(left)} left")


def _window_waived(state: RunState) -> bool:
    return state.check("DX121").state == "waived"


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return "(not rehearsed)"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
