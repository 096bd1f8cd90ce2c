"""From a command to the phase that does it."""

from __future__ import annotations

import hmac
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.model import CheckState, Phase, Snapshot, Verdict, Way, warned
from dixis_tui.run import commands as cmd
from dixis_tui.run import drills, history, policy, policy_fleet, policy_records
from dixis_tui.run.accounts import Asker
from dixis_tui.run.context import Context
from dixis_tui.run.state import RunState

_LAST_NOTICE_SECONDS = 5.0
_GOING_SECONDS = 5.0
"""How long a look of the after-watch is waited for, before its sessions are in the way."""


def wrong_phrase(context: Context, command: cmd.Phrased) -> str:
    """A sentence where the phrase is not the one that is asked; empty where it is. The runner alone decides this."""
    confirm = context.settings.confirm
    wanted = confirm.phrase if isinstance(command, cmd.Confirm) else confirm.rollback_phrase
    same = hmac.compare_digest(command.phrase.encode(), wanted.encode())
    return "" if same else "Wrong phrase. Nothing was done."


def perform(context: Context, command: cmd.Command, asker: Asker) -> None:
    """Do what the command says; it was allowed by the policy. Never raises for what the world does."""
    try:
        match command:
            case cmd.StartPhase() | cmd.Seal() | cmd.Confirm() | cmd.Recover() if context.state.many:
                _fleet(context, command, asker)
            case cmd.Rollback() | cmd.LookBack() | cmd.Resolve() | cmd.Recover() | cmd.Drill():
                _look_or_go_back(context, command)
            case cmd.NameSnapshot():
                _name_snapshot(context, command)
            case cmd.Leave(reason=reason):
                _stop_watching(context, "the runner left: it goes on where the run is taken up", final=False)
                context.log.line("runner", f"The runner leaves, and the run stays open: {reason}", "warning")
                if context.access:
                    context.access.close()
                context.emit(ev.RunnerLeft(reason=context.log.redactor.line(reason)))
            case cmd.End(closed_by=codes):
                _end(context, codes)
            case _:
                _go_on(context, command, asker)
        if isinstance(command, cmd.StartPhase | cmd.Confirm | cmd.Rollback | cmd.Recover):
            _show_checklist(context)
    except DixisError as error:
        context.note(f"{error}. {error.remedy}".strip(), "error")


# Phases are imported when they are first needed: psycopg alone takes a tenth of a second.


def _go_on(context: Context, command: cmd.Command, asker: Asker) -> None:
    from dixis_tui.run.phases import backup, banner, go, preflight, rehearsal, rollback, signoff, verify

    starts = {
        Phase.PREFLIGHT: preflight.run,
        Phase.BACKUP: backup.run,
        Phase.REHEARSAL: rehearsal.run,
        Phase.BANNER: banner.run,
        Phase.VERIFY: verify.run,
        Phase.ROLLBACK: rollback.look_again,
    }
    match command:
        case cmd.StartPhase(phase=phase):
            starts[phase](context)
            if context.settings.notices.any:
                from dixis_tui.run.phases import notices

                notices.show(context)
        case cmd.Seal():
            go.seal(context)
        case cmd.Confirm():
            go.confirm(context, command, asker)
        case cmd.LookAtGithub() | cmd.DispatchClinic():
            _ask_github(context, command)
        case cmd.Reopen(operator=operator):
            banner.reopen(context, operator)
        case cmd.SignOff():
            if policy_records.shut(context.state):
                banner.reopen(context, command.operator)
            _stop_watching(context, f"{command.operator} signed off")
            signoff.run(context, command.operator)
            _end(context)


def _show_checklist(context: Context) -> None:
    """Where sign-off is what comes next: with what evidence, before anybody signs."""
    if context.state.ended is None and policy.current_phase(context.state) is Phase.SIGNOFF:
        from dixis_tui.run.phases import signoff

        signoff.prepare(context)


def _fleet(context: Context, command: cmd.Command, asker: Asker) -> None:
    from dixis_tui.run.phases import fleet_go

    match command:
        case cmd.StartPhase(phase=Phase.VERIFY):
            fleet_go.look_again(context)
        case cmd.StartPhase():
            fleet_go.look(context)
        case cmd.Seal():
            fleet_go.seal(context)
        case cmd.Confirm():
            fleet_go.confirm(context, command, asker)
        case cmd.Recover():
            fleet_go.recover(context)


def _ask_github(context: Context, command: cmd.LookAtGithub | cmd.DispatchClinic) -> None:
    from dixis_tui.run.phases import github_clinic, github_look

    match command:
        case cmd.LookAtGithub():
            github_look.look(context)
        case cmd.DispatchClinic(operator=operator):
            github_clinic.start(context, operator)


def _look_or_go_back(context: Context, command: cmd.Command) -> None:
    from dixis_tui.run.phases import after, banner, look_back, recover, resolve, rollback

    match command:
        case cmd.Rollback():
            # A database that is to be renamed may have no session.
            _stop_watching(context, "production is rolled back", seconds=_GOING_SECONDS)
            rollback.run(context, command)
        case cmd.LookBack():
            look_back.run(context)
        case cmd.Resolve():
            resolve.run(context, command)
            if context.state.recovery:
                recover.run(context)  # what was unfinished is so no longer: the rest may go on
        case cmd.Recover():
            _follow_clinic(context)
            recover.run(context)
            after.start(context)
            banner.look_again(context)
        case cmd.Drill():
            _drill(context, command)


def _follow_clinic(context: Context) -> None:
    """A clinic that the runner before us has dispatched is looked at to its end."""
    if context.state.clinic and context.state.clinic.open:
        from dixis_tui.run.phases import github_clinic

        github_clinic.follow(context)


def _name_snapshot(context: Context, command: cmd.NameSnapshot) -> None:
    words = context.log.redactor.line
    snapshot = Snapshot(words(command.id.strip()), command.taken_at, words(command.where.strip()))
    context.emit(ev.SnapshotNamed(snapshot=snapshot, operator=command.operator))
    if context.state.backup is None:
        seen = f"{snapshot.id} at {snapshot.where}, named by {command.operator}; its restore was not proven here"
        context.found("DX200", warned(seen, "Make a backup too: only what was restored is known to come back."))


def beside(context: Context, command: cmd.SignalBackend | cmd.SendNotice | cmd.EndAfter) -> str:
    """What is done at once while the worker is at work; "" or why not. In any thread but the worker's.

    Cancels or ends what blocks us; begins to send a notice; ends the after-watch.
    """
    if isinstance(command, cmd.EndAfter):
        _stop_watching(context, f"{command.operator or 'the operator'} ended it before its time")
        return ""
    from dixis_tui.run.phases import notices, signals

    if isinstance(command, cmd.SendNotice):
        return notices.start(context, command)
    return signals.signal(context, command)


def github(context: Context, command: cmd.Command) -> str:
    """Approve, reject, cancel or stop the workflow run that is followed; "" or why not. In any thread but the worker's.

    One after the other: what two people ask at once is done once.
    """
    if context.settled().many and isinstance(command, cmd.Stop):
        context.emit(
            ev.FleetStopped(reason=f"{command.operator or 'the operator'} stopped it", operator=command.operator)
        )
        return ""
    from dixis_tui.run.phases import github_deeds

    with context.deeds:
        match command:
            case cmd.ReviewDeployment():
                return github_deeds.review(context, command)
            case cmd.CancelWorkflow(operator=operator):
                return github_deeds.cancel(context, operator)
            case cmd.Stop():
                return github_deeds.stop(context, command)
    return ""


def cancel(context: Context, operator: str) -> str:
    """Cancel the statement of ours that runs on the server; "" or why not. In any thread but the worker's."""
    if context.cancel is None:
        return ""  # what else can be stopped is stopped at once
    try:
        done = context.cancel(operator)
    except DixisError as error:
        return f"The statement could not be cancelled: {error}. The run stops at its next safe point."
    return "" if done else "No statement of ours runs on the server now: the run stops at its next safe point."


def _drill(context: Context, command: cmd.Drill) -> None:
    """All of a drill, its record and its end: nobody is there to end it."""
    from dixis_tui.run.phases import drill

    try:
        drill.run(context, command)
    except DixisError as error:
        context.note(f"{error}. {error.remedy}".strip(), "error")
    except Exception as error:  # noqa: BLE001 - a fault of ours ends the drill, and it is a failed one
        context.fault(error)
    operator = context.log.redactor.line(command.operator)
    record = drills.of_state(context.state, operator, datetime.now(UTC))
    if problem := drills.append(drills.path_for(context.folder), record):
        context.note(problem, "error")
    _end(context)


def watch_if_verified(context: Context) -> None:
    """Begin the after-watch where a waiver was all that verify wanted. In any thread."""
    if not context.settled().confirmed or context.after is not None:
        return
    from dixis_tui.run.phases import after

    after.start(context)


def _stop_watching(context: Context, reason: str, *, final: bool = True, seconds: float = 0.0) -> None:
    if context.after is None:
        return
    try:
        context.after.stop(reason, final=final, seconds=seconds)
    except Exception as error:  # noqa: BLE001 - the watch is nothing that a rollback or a sign-off could fail by
        with suppress(OSError):
            context.fault(error)


def _end(context: Context, closed_by: Sequence[str] = ()) -> None:
    _stop_watching(context, "the run ends")
    if context.tellers:
        from dixis_tui.run.phases import notices

        notices.finish(context, _LAST_NOTICE_SECONDS)
    verdict = policy.verdict(context.state)
    if closed_by and verdict in (Verdict.CHECKED, Verdict.ABANDONED):
        verdict = Verdict.CLOSED
    summary = _summary(context, verdict, closed_by)
    if context.state.page or context.state.receipts:
        from dixis_tui.run.phases import banner

        banner.end(context, verdict)
    context.log.line("runner", f"Run ended: {verdict}. {summary}")
    if context.access:
        context.access.close()
    if context.run_lock:
        context.run_lock.release()  # whoever reads that it has ended may begin the next one, or drop the database
    context.emit(ev.RunEnded(verdict=verdict, summary=summary))
    if problem := history.keep(context.folder, context.settled()):
        sys.stderr.write(f"The history {problem}\n")  # the run has ended: its journal takes no more


def _summary(context: Context, verdict: Verdict, closed_by: Sequence[str]) -> str:
    state = context.state
    if state.drill:
        return _drill_summary(verdict)
    if state.many and state.confirmed:
        return policy_fleet.summary(state)
    done = [view for view in state.migrations.values() if view.seconds is not None and not view.error]
    seconds = sum(view.seconds or 0 for view in done)
    match verdict:
        case Verdict.DONE:
            return f"{len(done)} migrations applied in {seconds:.1f} s and verified."
        case Verdict.ROLLED_BACK:
            return _back_summary(state)
        case Verdict.CHECKED:
            return "Preflight passed; nothing was changed."
        case Verdict.ABANDONED if state.adopted:
            return "Ended before the rollback; production was not changed by this run."
        case Verdict.ABANDONED:
            return "Ended before the go; production was not changed."
        case Verdict.CLOSED:
            gates = [gate.code for gate in policy.closed_gates(state) if gate.state in ("failed", "unknown")]
            return f"Closed by {', '.join(gates or closed_by) or 'preflight'}; production was not changed."
        case Verdict.FAILED if state.rollback:
            return "The rollback failed; production is as it was before it."
        case Verdict.FAILED:
            name = policy.failed_migration(state)
            return _failed_summary(state, name) if name else "The migration was not verified."
    return "The state of production is not known: look at the database before anything else."


def _back_summary(state: RunState) -> str:
    way = state.rollback.way if state.rollback else Way.IN_PLACE
    if way is Way.SNAPSHOT:
        name = state.snapshot.id if state.snapshot else "the provider's snapshot"
        return f"Production was put back by hand from {name}, and looked at; its contents were not compared."
    whose = f"run {state.adopted.run}'s" if state.adopted else "this run's"
    shut = [code for code in ("DX902", "DX904") if state.check(code).state is CheckState.WAIVED]
    compared = f"; a person waived {', '.join(shut)}" if shut else " and compared with it"
    kept = f"; the database before is kept as {state.swapped.kept}" if state.swapped else ""
    return f"Production was restored from {whose} backup{compared}{kept}."


def _failed_summary(state: RunState, name: str) -> str:
    mark = state.resolved.get(name)
    if mark is None:
        return f"{name} failed on production."
    how = "applied: what comes after it can be run" if mark.applied else "rolled back: it is safe to run again"
    return f"{name} failed on production; its row is resolved as {how} in a new run."


def _drill_summary(verdict: Verdict) -> str:
    match verdict:
        case Verdict.ROLLED_BACK:
            return "Staging was backed up, restored beside itself, compared and swapped: the way back works there."
        case Verdict.FAILED:
            return "The drill failed; staging is as it was before it."
    return "The drill failed, and the state of staging is not known: look at its databases."
