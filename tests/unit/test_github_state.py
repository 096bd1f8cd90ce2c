"""What a journal adds up to about GitHub, and what may be asked of it then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.cli.script import Script, next_step
from dixis_tui.github import Purpose
from dixis_tui.model import CheckState, Finding, Phase, PhaseState
from dixis_tui.plan.checks import GITHUB_CODES
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState, fold
from tests.unit.examples import APPROVAL, BACKUP, FILE, JOB, LOOK, STARTED, WORKFLOW_RUN, entries

RUN = replace(STARTED, github="dixis/shop")
SEEN = ev.GithubSeen(look=LOOK)
MUTE = ev.GithubSeen(look=replace(LOOK, problem="there is no token"))
SENT = ev.DispatchStarted(request="r1", purpose=Purpose.MIGRATE, workflow="prod-migration.yml", ref="main", sha="4f2a")
TAKEN = ev.Dispatched(request="r1", run_id=901, url="https://github.com/dixis/shop/actions/runs/901")
WAITS = ev.WorkflowSeen(request="r1", run=WORKFLOW_RUN, jobs=(JOB,), approvals=(APPROVAL,))
OVER = ev.WorkflowSeen(request="r1", run=replace(WORKFLOW_RUN, status="completed", conclusion="success"))
CLINIC = replace(SENT, request="c1", purpose=Purpose.CLINIC, workflow="migration-clinic.yml")
LOOK_AGAIN = cmd.LookAtGithub()
DISPATCH = cmd.DispatchClinic(operator="Μαρία")
APPROVE = cmd.ReviewDeployment(environment="production", approve=True, comment="", operator="Μαρία")
REJECT = replace(APPROVE, approve=False)
CANCEL = cmd.CancelWorkflow(operator="Μαρία")


def after(*events: ev.Event) -> RunState:
    return fold(entries(RUN, *events))


def found(code: str, finding: Finding) -> ev.CheckChanged:
    return ev.CheckChanged(code=code, state=finding.state, evidence=finding.evidence)


def test_what_github_answers_is_no_question_to_a_person() -> None:
    asked = after().checks
    assert {("DX131", ""), ("DX134", "")} <= asked.keys()
    answered = after(SEEN).checks
    assert not {("DX131", ""), ("DX134", "")} & answered.keys()
    assert ("DX132", "") in answered


def test_where_github_is_mute_the_questions_are_a_persons_again() -> None:
    green = found("DX142", Finding(CheckState.PASSED, "green", ""))
    state = after(SEEN, green, MUTE)
    assert {("DX131", ""), ("DX134", "")} <= state.checks.keys()
    assert ("DX142", "") not in state.checks
    ticked = after(MUTE, ev.Ticked(code="DX131", operator="Μαρία"), MUTE)
    assert ticked.check("DX131").open  # an answer outlives a second look


def test_a_github_that_falls_mute_leaves_what_was_waived_and_what_was_closed() -> None:
    known = [found(code, Finding(CheckState.PASSED, "well", "")) for code in GITHUB_CODES]
    waived = ev.Waived(code="DX143", operator="Μαρία", reason="agreed")
    red = found("DX142", Finding(CheckState.FAILED, "red", ""))
    state = after(SEEN, *known, red, waived, MUTE, found("DX141", Finding(CheckState.FAILED, "mute", "")))
    assert [code for code in GITHUB_CODES if (code, "") in state.checks] == ["DX141", "DX142", "DX143"]
    assert state.check("DX143").state is CheckState.WAIVED
    # A line that breaks off makes no red clinic a person's to tick.
    assert state.check("DX142").state is CheckState.FAILED
    assert ("DX131", "") not in state.checks
    assert ("DX134", "") in state.checks


def test_once_the_phrase_was_taken_a_look_closes_nothing() -> None:
    green = found("DX142", Finding(CheckState.PASSED, "green", ""))
    confirmed = ev.Confirmed(operator="Μαρία", digest="x")
    state = after(SEEN, green, confirmed, MUTE)
    assert state.check("DX142").state is CheckState.PASSED
    assert ("DX131", "") not in state.checks
    assert state.github == MUTE


@pytest.mark.parametrize(("reason", "stands"), [("", PhaseState.WAITING), ("The server is gone.", PhaseState.FAILED)])
def test_a_phase_that_its_checks_alone_closed_opens_with_them(reason: str, stands: PhaseState) -> None:
    begun = ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX142", "")])
    ended = ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.FAILED, seconds=1.0, reason=reason)
    shut = (SEEN, begun, found("DX142", Finding(CheckState.FAILED, "red", "")), ended)
    assert policy.phase_state(after(*shut), Phase.PREFLIGHT) is PhaseState.FAILED
    state = after(*shut, found("DX142", Finding(CheckState.PASSED, "green", "")))
    assert policy.phase_state(state, Phase.PREFLIGHT) is stands  # the people have not answered yet
    people = [ev.Ticked(code=code, operator="Μαρία") for code in ("DX132", "DX133")]
    opened = after(*shut, found("DX142", Finding(CheckState.PASSED, "green", "")), *people)
    passed = PhaseState.PASSED if not reason else PhaseState.FAILED
    assert policy.phase_state(opened, Phase.PREFLIGHT) is passed


def test_without_a_person_nobody_waits_for_what_github_answers() -> None:
    script = Script(operator="maria", ticks=frozenset({"DX131", "DX132", "DX133"}))
    begun = ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX142", "")])
    ended = ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.PASSED, seconds=1.0, reason="")
    green = (begun, SEEN, found("DX142", Finding(CheckState.PASSED, "green", "")), ended)
    assert next_step(after(*green), script) == cmd.Tick(code="DX132", operator="maria")
    people = [ev.Ticked(code=code, operator="maria") for code in ("DX132", "DX133")]
    without = replace(script, ticks=script.ticks | {"DX400"})
    assert next_step(after(*green, *people), without) == cmd.StartPhase(phase=Phase.BACKUP)
    assert next_step(after(begun, MUTE, ended), script) == cmd.Tick(code="DX131", operator="maria")


def test_a_dispatch_from_its_beginning_to_its_end() -> None:
    sent = after(SENT)
    assert sent.workflow
    assert sent.workflow.open
    assert sent.workflow.run_id == 0
    taken = after(SENT, TAKEN)
    assert taken.workflow
    assert taken.workflow.run_id == 901
    waits = after(SENT, TAKEN, ev.GithubWaits(reason="502"), WAITS)
    assert waits.workflow
    assert waits.workflow.approvals == (APPROVAL,)
    assert waits.github_waits is None
    over = after(SENT, TAKEN, WAITS, OVER)
    assert over.workflow
    assert not over.workflow.open
    assert not over.workflow.approvals


def test_a_dispatch_that_was_not_taken_is_over_until_it_is_found_after_all() -> None:
    lost = ev.DispatchFailed(request="r1", problem="the answer was lost", unknown=True)
    refused = after(SENT, lost)
    assert refused.workflow
    assert not refused.workflow.open
    again = after(SENT, lost, replace(TAKEN, found=True))
    assert again.workflow
    assert again.workflow.open


def test_the_clinic_is_not_the_migration() -> None:
    state = after(SENT, CLINIC)
    assert state.workflow
    assert state.workflow.started.request == "r1"
    assert state.clinic
    assert state.clinic.started.request == "c1"


def test_what_is_heard_of_an_unknown_dispatch_changes_nothing() -> None:
    assert after(TAKEN, WAITS).workflows == {}


@pytest.mark.parametrize(
    ("events", "command", "refused"),
    [
        ((), LOOK_AGAIN, ""),
        ((), DISPATCH, "could not be asked"),
        ((MUTE,), DISPATCH, "could not be asked"),
        ((SEEN,), DISPATCH, "runs already"),
        ((ev.GithubSeen(look=replace(LOOK, clinic=None)),), DISPATCH, ""),
        ((ev.GithubSeen(look=replace(LOOK, clinic=None)), CLINIC), DISPATCH, "runs already"),
        ((ev.GithubSeen(look=replace(LOOK, clinic=None)), ev.Confirmed(operator="x", digest="x")), DISPATCH, "before"),
        ((), CANCEL, "No workflow run"),
        ((SENT,), CANCEL, "No workflow run"),
        ((SENT, TAKEN), CANCEL, ""),
        ((SENT, TAKEN, OVER), CANCEL, "No workflow run"),
        ((SENT, TAKEN), APPROVE, "does not wait"),
        ((SENT, TAKEN, WAITS), APPROVE, ""),
        ((SENT, TAKEN, WAITS), REJECT, "needs a comment"),
        ((SENT, TAKEN, WAITS), replace(REJECT, comment="not tonight"), ""),
        ((SENT, TAKEN, WAITS), replace(APPROVE, environment="staging"), "does not wait"),
        (
            (SENT, TAKEN, replace(WAITS, approvals=(replace(APPROVAL, mine=False),))),
            APPROVE,
            "approved by maria, team dba",
        ),
    ],
)
def test_what_may_be_asked(events: tuple[ev.Event, ...], command: cmd.Command, refused: str) -> None:
    reason = policy.refusal(after(*events), command)
    assert refused in reason if refused else not reason


def test_without_a_repository_nothing_is_asked() -> None:
    state = fold(entries(STARTED))
    assert "github.repository" in policy.refusal(state, LOOK_AGAIN)
    assert "github.repository" in policy.refusal(state, DISPATCH)


def test_a_run_that_has_come_up_elsewhere_is_seen_later() -> None:
    late = entries(RUN, SENT)[-1].at + timedelta(seconds=1)
    state = after(SENT, TAKEN, WAITS)
    assert state.workflow
    assert state.workflow.seen_at
    assert state.workflow.seen_at > late


@pytest.mark.parametrize(
    ("events", "refused"),
    [
        ((), ""),
        ((SENT, TAKEN, WAITS), "may be at work"),
        ((SENT, ev.DispatchFailed(request="r1", problem="lost", unknown=True)), "is not known"),
        ((SENT, ev.DispatchFailed(request="r1", problem="refused")), ""),
        ((SENT, TAKEN, OVER), ""),
    ],
)
def test_production_is_not_put_back_under_a_workflow_run(events: tuple[ev.Event, ...], refused: str) -> None:
    files = ev.PendingSeen(applied=8, pending=[FILE])
    state = after(ev.BackupMade(backup=BACKUP), files, ev.Confirmed(operator="x", digest="x"), *events)
    reason = policy.refusal(state, cmd.Rollback(phrase="x", operator="x"))
    assert refused in reason if refused else not reason
