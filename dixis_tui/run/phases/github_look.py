"""DX141 to DX149: the repository is looked at in preflight, on demand, at the seal and when the phrase was typed."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.errors import GithubError
from dixis_tui.model import CheckState, Executor, Finding, failed, warned
from dixis_tui.plan import github_gates
from dixis_tui.plan.checks import SPECS
from dixis_tui.plan.github_sight import Sight
from dixis_tui.run.context import Context
from dixis_tui.run.phases.github_ask import SECONDS, cut_off, gather
from dixis_tui.run.phases.github_open import worded

_LAST_SECONDS = 10.0
"""Where the plan is sealed or the phrase was typed: somebody waits, and the window runs."""
_SHUT = (CheckState.FAILED, CheckState.UNKNOWN)


def look(context: Context) -> Sight:
    """Look, and journal what was found; a repository that can't be asked is a finding too.

    Once the phrase was taken what stands on GitHub closes no gate any more: it is only seen.
    """
    if context.settled().past_go:
        sight = _gather(context)
        context.emit(ev.GithubSeen(look=worded(context, sight.look)))
        return sight
    context.emit(ev.CheckChanged(code="DX141", state=CheckState.RUNNING), flush=False)
    sight = _gather(context)
    if context.settled().past_go:  # the phrase was taken meanwhile
        context.emit(ev.GithubSeen(look=worded(context, sight.look)))
        return sight
    _tell(context, sight)
    return sight


def at_seal(context: Context) -> None:
    """Look again before the plan is sealed: what moved since closes its gate.

    Raises:
        GithubError: GitHub is to migrate, and does not answer.
    """
    sight = _gather(context, _LAST_SECONDS)
    if problem := _silence(context, sight):
        raise problem
    if not cut_off(sight):
        _tell(context, sight)


def moved(context: Context) -> str:
    """What has moved since the plan was sealed, in a sentence; empty: nothing that closes a gate."""
    sight = _gather(context, _LAST_SECONDS)
    if problem := _silence(context, sight):
        return str(problem)
    broken_off = cut_off(sight) is not None
    # Of a look that broke off, what it did see counts.
    found = github_gates.findings(sight) if broken_off else _tell(context, sight)
    shut = (CheckState.FAILED,) if broken_off else _SHUT
    for code in github_gates.FREEZE:
        if code in found and found[code].state in shut and context.state.check(code).state is not CheckState.WAIVED:
            return f"{SPECS[code].title}: {context.log.redactor.line(found[code].evidence)}"
    return ""


def _silence(context: Context, sight: Sight) -> GithubError | None:
    """Why nothing goes on without GitHub; None where it answered, or where it is not who migrates.

    There what was seen before stands, marked as old: a line that breaks off says nothing about the branch.
    """
    why = cut_off(sight)
    if why is None:
        return None
    if context.settings.migrate.executor is Executor.GITHUB:
        context.found("DX141", failed(why.sentence, why.remedy))
        return GithubError(why.kind, f"GitHub can't be asked: {why.sentence}", why.remedy)
    before = context.state.github
    if before and not before.look.problem:
        at = context.state.github_at
        known = f"; what is known is of {at:%H:%M} UTC" if at else ""
        context.found("DX141", warned(f"{why.sentence}{known}", why.remedy))
    return None


def _gather(context: Context, seconds: float = SECONDS) -> Sight:
    state = context.settled()
    own = [view.run_id for view in state.workflows.values()]
    clinic = state.clinic.run if state.clinic else None
    return gather(context.settings, context.secrets, own, clinic, seconds=seconds)


def _tell(context: Context, sight: Sight) -> dict[str, Finding]:
    context.emit(ev.GithubSeen(look=worded(context, sight.look)))
    found = github_gates.findings(sight)
    if context.settled().many:
        # A fleet answers it itself, for every target's environment: a waiver of that must not end with this one.
        found.pop("DX146", None)
    for code, finding in found.items():
        context.found(code, finding)
    return found
