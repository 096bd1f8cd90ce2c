"""The executor `github`: dispatched once, followed through everything GitHub may do, verified in the database."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Recovery, Verdict
from dixis_tui.plan.approved import migrations_digest
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import read_migrations
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from tests.faults.evening import MIGRATIONS, ONE, THREE, TWO, ask
from tests.github.fake import faults, scenes
from tests.github.fake.answers import Answer, bad_gateway, refused, secondary_limit
from tests.github.fake.faults import Fault
from tests.github.fake.repo import Environment
from tests.github.fake.script import Context as StepContext
from tests.github.fake.script import StepFailedError, cancelled, queued, waiting
from tests.github.fake.server import TOKEN, FakeGithub
from tests.run.conftest import write_project
from tests.run.github_stage import HAND_MADE, OPERATOR, Stage, acts, deploys, github_for, settings_for


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a commit."""
    folder = write_project(tmp_path_factory.mktemp("github") / "shop", MIGRATIONS)
    git = ("git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t.example")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run([*git, *words], check=True)
    return folder


@pytest.fixture
def github(project: Path) -> Iterator[FakeGithub]:
    """A GitHub of the test's own, held to what GitHub may answer."""
    with github_for(project) as found:
        yield found
        found.check()


@pytest.fixture
def stage(tmp_path: Path, project: Path, database: DatabaseUrl, github: FakeGithub) -> Stage:
    """A run on that GitHub; its job migrates."""
    github.script = acts(deploys(database, project))
    return Stage(tmp_path / "runs" / "20261124-210000-1a2b", project, database, github)


def states(stage: Stage) -> list[MigrationState]:
    return [view.state for view in stage.state.migrations.values()]


ALL = [MigrationState.APPLIED] * 3


def hold(stage: Stage, *, dispatches: int = 1, ran: int = 3) -> None:
    """What the database itself says, and that nothing was sent twice."""
    seen = ask(stage.url.raw.reveal())
    assert seen.ran == dict.fromkeys(list(MIGRATIONS)[:ran], 1)
    assert len(stage.github.dispatches) == dispatches


def test_a_green_run_is_followed_and_verified(stage: Stage) -> None:
    stage.begin()
    state = stage.over()
    assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED, stage.log
    hold(stage)
    assert states(stage) == ALL
    (sent,) = stage.github.dispatches
    assert sent.inputs["confirm"] == "DIXIS-PROD-OK"
    assert sent.inputs["commit"] == stage.github.repo.heads["main"]
    assert sent.inputs["migrations"] == migrations_digest(read_migrations(stage.project / "prisma" / "migrations"))
    kinds = [type(event) for event in stage.events]
    begun = kinds.index(ev.DispatchStarted)
    assert kinds[begun + 1] is ev.Dispatched, "journaled before anything else is done"
    started = next(event for event in stage.events if isinstance(event, ev.DispatchStarted))
    assert "confirm" not in dict(started.inputs)
    assert "DIXIS-PROD-OK" not in stage.log
    ended = [event.name for event in stage.events if isinstance(event, ev.MigrationEnded)]
    assert ended == [ONE, TWO, THREE], "told by the history itself"
    view = state.workflow
    assert view is not None
    assert view.run is not None
    assert view.run.green
    lines = stage.job_lines()
    assert "Current runner version: '2.329.0'" in lines
    assert "Applied" in lines, "without its colours"
    assert "Run npx prisma migrate deploy" in lines
    assert TOKEN not in stage.log + str(stage.events)
    assert ("Workflow", "dixis/shop prod-migration.yml on main, environment production") in (
        state.plan.lines if state.plan else []
    )


def test_a_green_run_is_no_evidence(stage: Stage) -> None:
    stage.github.script = acts(None)
    stage.begin()
    state = stage.over()
    assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED
    assert "not touched" in state.check("DX600").evidence
    assert policy.verdict(state) is Verdict.FAILED


def test_what_was_not_sealed_closes_the_gate(stage: Stage, tmp_path: Path) -> None:
    """The workflow's checkout had one file more."""
    more = write_project(tmp_path / "more", {**MIGRATIONS, "20260104000000_more": "CREATE TABLE more (id int)"})
    stage.github.script = acts(deploys(stage.url, more))
    stage.begin()
    state = stage.over()
    assert state.check("DX601").state is CheckState.FAILED
    assert "20260104000000_more" in state.check("DX601").evidence


def test_a_step_fails(stage: Stage) -> None:
    def fails(context: StepContext) -> None:
        deploys(stage.url, stage.project, 1)(context)
        raise StepFailedError("Process completed with exit code 1.")

    stage.github.script = acts(fails)
    stage.begin()
    state = stage.over()
    hold(stage, ran=1)
    reason = state.phase(Phase.MIGRATE).reason
    assert "job migrate, step 3 (npx prisma migrate deploy)" in reason
    assert states(stage) == [MigrationState.APPLIED, MigrationState.PENDING, MigrationState.PENDING]
    assert policy.verdict(state) is Verdict.FAILED
    assert "Process completed with exit code 1." in stage.job_lines()


@pytest.mark.parametrize("approve", [True, False])
def test_an_approval_is_given_or_refused_from_here(stage: Stage, *, approve: bool) -> None:
    stage.github.repo.environments = [Environment("production", reviewers=("maria", "team:ops"))]
    stage.github.script = acts(
        deploys(stage.url, stage.project), before=(queued(2), waiting("${{ inputs.environment }}"))
    )
    stage.begin()
    state = stage.wait(lambda state: state.workflow and state.workflow.approvals, "the approval")
    assert state.workflow is not None
    assert state.workflow.approvals[0].mine
    assert "maria" in state.workflow.approvals[0].reviewers

    def say(comment: str, environment: str = "production") -> str:
        return stage.ask(
            cmd.ReviewDeployment(environment=environment, approve=approve, comment=comment, operator=OPERATOR)
        )

    assert "does not wait" in say("x", "staging")
    if not approve:
        assert say(" ") == "A rejection needs a comment."
    assert say("όλα καλά") == ""
    state = stage.over()
    reviewed = [event for event in stage.events if isinstance(event, ev.DeploymentReviewed)]
    assert [(event.done, event.approved, event.comment) for event in reviewed] == [
        (None, approve, "όλα καλά"),
        (True, approve, "όλα καλά"),
    ]
    hold(stage, ran=3 if approve else 0)
    assert (state.phase(Phase.MIGRATE).state is PhaseState.PASSED) is approve
    if not approve:
        assert state.phase(Phase.MIGRATE).reason == f"{OPERATOR} rejected production: nothing was begun. όλα καλά"


def test_nobody_approves_who_is_no_reviewer(stage: Stage) -> None:
    stage.github.repo.environments = [Environment("production", reviewers=("nikos",))]
    stage.github.script = acts(deploys(stage.url, stage.project), before=(waiting("production"),))
    stage.begin()
    stage.wait(lambda state: state.workflow and state.workflow.approvals, "the approval")
    review = cmd.ReviewDeployment(environment="production", approve=True, comment="", operator=OPERATOR)
    assert "approved by nikos" in stage.ask(review)
    assert stage.ask(cmd.Stop(operator=OPERATOR)) == "", "nothing has begun: a stop cancels it"
    state = stage.over()
    hold(stage, ran=0)
    assert "cancelled" in state.phase(Phase.MIGRATE).reason
    assert [event.done for event in stage.events if isinstance(event, ev.WorkflowCancelled)] == [None, True]


def test_what_runs_does_not_stop_by_itself_and_is_cancelled_on_demand(stage: Stage) -> None:
    """Prisma is gone, its statement is not: production is looked at until its session is."""
    on, off = threading.Event(), threading.Event()

    def goes_on(context: StepContext) -> None:
        del context
        threading.Thread(target=_migrate_until, args=(stage.url, stage.project, on, off), daemon=True).start()
        assert on.wait(20)
        # The job is killed; what runs on the server is not.

    gate = threading.Event()
    stage.github.script = acts(goes_on, hold=gate)
    stage.begin()
    stage.wait(lambda state: state.migrations[ONE].state is MigrationState.RUNNING, "the first file")
    assert stage.ask(cmd.Stop(operator=OPERATOR)) == ""
    assert stage.ask(cmd.Stop(operator=OPERATOR)) == "", "asked once"
    said = [event.text for event in stage.events if isinstance(event, ev.Noted)]
    assert sum("does not stop at a safe point" in text for text in said) == 1
    assert stage.ask(cmd.Stop(now=True, operator=OPERATOR)) == ""
    stage.wait(lambda state: any("still at work" in note.text for note in state.notes), "word of its session")
    assert stage.state.migrations[ONE].state is MigrationState.RUNNING
    off.set()
    state = stage.over()
    assert len(stage.github.cancels) == 1
    assert state.migrations[ONE].state is MigrationState.APPLIED, "it was committed after the job's end"
    assert "cancelled" in state.phase(Phase.MIGRATE).reason


def _migrate_until(url: DatabaseUrl, project: Path, on: threading.Event, off: threading.Event) -> None:
    """The first file as Prisma runs it, held in its middle."""
    lock = "SELECT pg_advisory_lock(72707369)"
    with connect(url, purpose="a job's") as session:
        session.execute(lock)
        file = read_migrations(project / "prisma" / "migrations")[0]
        session.execute(_HISTORY)
        session.execute(
            "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (gen_random_uuid(), %s, %s)",
            (file.checksum, file.name),
        )
        on.set()
        off.wait(20)
        session.execute(Path(file.path).read_text())
        session.execute("UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1")


_HISTORY = """
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)
"""


def test_somebody_else_cancels_it(stage: Stage) -> None:
    stage.github.script = (queued(4), cancelled())
    stage.begin()
    state = stage.over()
    hold(stage, ran=0)
    assert "ended as cancelled" in state.phase(Phase.MIGRATE).reason
    assert not stage.github.cancels


def test_queued_long_and_storms_and_limits_and_another_clock(stage: Stage) -> None:
    """None of it touches the run: followed to its green end."""
    stage.github.skew = timedelta(hours=-3)
    stage.github.lag = stage.github.direct_lag = 2
    stage.github.script = acts(deploys(stage.url, stage.project), before=(queued(20),))
    stage.github.faults = [
        Fault(faults.instead(bad_gateway), faults.reads, times=9, skip=12),
        Fault(faults.instead(lambda: secondary_limit(0)), faults.to("/jobs"), times=2, skip=8),
        Fault(faults.broken("within", taken=False), faults.reads, times=2, skip=40),
        scenes.redirected(stage.github, "/jobs", times=1),
    ]
    stage.begin()
    state = stage.over()
    hold(stage)
    assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED, stage.log
    assert any(isinstance(event, ev.GithubWaits) for event in stage.events)
    assert state.github_waits is None, "it was heard of again"
    assert len(stage.events) < 150, "only what moved is journaled"


def test_the_hours_requests_are_used_up(stage: Stage) -> None:
    """It says until when, goes on looking at the database, and the operator may stop following."""
    gate = threading.Event()
    stage.github.script = acts(deploys(stage.url, stage.project), hold=gate)
    stage.begin()
    stage.wait(lambda state: state.workflow and state.workflow.run and not state.workflow.run.over, "the run")
    with stage.github.lock:
        stage.github.remaining = 0
    state = stage.wait(lambda state: state.github_waits, "word of the limit")
    assert state.github_waits is not None
    assert state.github_waits.until is not None
    assert stage.ask(cmd.Stop(now=True, operator=OPERATOR)) == "", "it can't be cancelled: it is let go"
    state = stage.over()
    assert "no longer followed from here" in state.phase(Phase.MIGRATE).reason
    assert policy.verdict(state) is not Verdict.DONE
    assert len(stage.github.dispatches) == 1


def test_the_logs_are_gone(stage: Stage) -> None:
    gone = Fault(faults.instead(lambda: refused(410, "Gone")), faults.to("/logs"), times=0)
    stage.github.faults = [gone]
    stage.begin()
    state = stage.over()
    hold(stage)
    assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED
    assert "The log of migrate is gone from GitHub" in stage.log


def test_the_token_expires_in_mid_run(stage: Stage) -> None:
    """It says so, looks on at the database, and gives up after a while; with a new token the same run is followed."""
    gate = threading.Event()
    stage.settings = settings_for(stage.project, stage.github, silent_minutes=0.02)
    stage.github.script = acts(deploys(stage.url, stage.project, 1), hold=gate)
    stage.begin()
    stage.wait(lambda state: state.migrations[ONE].state is MigrationState.APPLIED, "the first file")
    stage.github.tokens[TOKEN].expired = True
    state = stage.over()
    view = state.check("DX600")
    assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED
    assert "open dixis-tui again" in state.phase(Phase.MIGRATE).reason
    assert policy.verdict(state) is Verdict.UNKNOWN, view
    stage.github.tokens[TOKEN].expired = False
    gate.set()
    stage.take_up()
    state = stage.over()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.REST, state.recovery
    assert state.workflow is not None
    assert not state.workflow.open
    hold(stage, ran=1)


def test_the_run_is_deleted(stage: Stage) -> None:
    gate = threading.Event()
    stage.github.script = acts(deploys(stage.url, stage.project), hold=gate)
    stage.begin()
    stage.wait(lambda state: state.migrations[THREE].state is MigrationState.APPLIED, "the last file")
    with stage.github.lock:
        stage.github.runs.clear()
    state = stage.over()
    assert "no run" in state.phase(Phase.MIGRATE).reason
    assert policy.verdict(state) is not Verdict.DONE
    stage.take_up()
    assert stage.over().recovery is not None
    assert stage.state.recovery.outcome is Recovery.APPLIED, "the database knows"  # type: ignore[union-attr]
    hold(stage)


def test_a_workflow_that_is_disabled_is_not_dispatched(stage: Stage) -> None:
    stage.github.repo.disabled = {"prod-migration.yml": "disabled_manually"}
    stage.begin()
    state = stage.over()
    assert "is disabled on GitHub: nothing was begun" in state.phase(Phase.MIGRATE).reason
    assert state.workflow is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: refused(401, "Bad credentials"), "token"),
        (lambda: refused(403, "Resource not accessible by personal access token"), "may not"),
        (lambda: refused(422, "Workflow does not have 'workflow_dispatch' trigger"), "workflow_dispatch"),
        (lambda: secondary_limit(60), "limit"),
    ],
)
def test_a_clean_refusal_begins_nothing(stage: Stage, answer: Callable[[], Answer], words: str) -> None:
    stage.github.faults = [Fault(faults.instead(answer), faults.dispatches)]
    stage.begin()
    state = stage.over()
    hold(stage, dispatches=0, ran=0)
    assert state.workflow is not None
    assert state.workflow.failed is not None
    assert not state.workflow.failed.unknown
    assert words in state.phase(Phase.MIGRATE).reason
    assert policy.verdict(state) is Verdict.FAILED
    assert states(stage) == [MigrationState.PENDING] * 3


LOST = {
    "502, and taken": (faults.taken_but(bad_gateway), 1),
    "502, not taken": (faults.instead(bad_gateway), 0),
    "the line breaks before the answer": (faults.broken("before"), 1),
    "the line breaks within the answer": (faults.broken("within"), 1),
    "the line breaks, not taken": (faults.broken("before", taken=False), 0),
    "an answer without an id": (faults.taken_but(lambda: Answer(204)), 1),
}


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_is_found_again_by_its_key(stage: Stage, how: str) -> None:
    spoil, taken = LOST[how]
    stage.github.lag = 2
    stage.github.start("prod-migration.yml", script=(queued(500),))  # somebody else's, a moment ago
    stage.github.faults = [Fault(spoil, faults.dispatches)]
    stage.begin()
    state = stage.over()
    hold(stage, dispatches=taken, ran=3 if taken else 0)
    found = [event.found for event in stage.events if isinstance(event, ev.Dispatched)]
    assert found == [True] * taken
    if taken:
        assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED
        return
    assert state.workflow is not None
    assert state.workflow.failed is not None
    assert state.workflow.failed.unknown
    assert "look again (r)" in state.workflow.failed.remedy
    assert policy.verdict(state) is Verdict.UNKNOWN
    assert policy.refusal(state, cmd.Seal()) == "The phrase was already taken in this run."


def test_without_a_key_a_candidate_is_named_and_not_taken(tmp_path: Path, project: Path, database: DatabaseUrl) -> None:
    with github_for(project, HAND_MADE) as github:
        github.script = acts(deploys(database, project))
        stage = Stage(tmp_path / "runs" / "20261124-210000-1a2b", project, database, github)
        github.faults = [Fault(faults.taken_but(bad_gateway), faults.dispatches)]
        stage.begin()
        state = stage.over()
        (sent,) = github.dispatches
        assert set(sent.inputs) == {"confirm"}, "no input that it does not take"
        assert state.workflow is not None
        assert state.workflow.failed is not None
        assert state.workflow.failed.unknown
        assert f"actions/runs/{sent.run_id}" in state.workflow.failed.remedy
        assert not any(isinstance(event, ev.Dispatched) for event in stage.events)
        # Looked at again it is still only a candidate, and what is not over may still come.
        stage.look_again()
        state = stage.over()
        assert state.recovery is not None
        assert state.recovery.outcome is Recovery.UNKNOWN
        # It comes to its end by itself: what the database has then is what counts.
        with github.lock:
            github.runs[sent.run_id].settle()
        stage.look_again()
        state = stage.over()
        assert state.recovery is not None
        assert state.recovery.outcome is Recovery.APPLIED
        hold(stage)


def test_the_workflow_ran_another_commit(stage: Stage) -> None:
    started = stage.github.start

    def elsewhere(*words: object, **more: object) -> object:
        return started(*words, **more | {"sha": "b" * 40})  # type: ignore[arg-type]

    stage.github.start = elsewhere  # type: ignore[method-assign,assignment]
    stage.begin()
    state = stage.over()
    assert "ran commit bbbbbbbbbbbb" in state.phase(Phase.MIGRATE).reason
    assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED
    stage.look_again()
    state = stage.over()
    assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED, "no look at the database makes it ours"
    assert "ran commit bbbbbbbbbbbb" in state.check("DX601").evidence


def test_a_workflow_is_not_left_to_choose_the_environment(
    tmp_path: Path, project: Path, database: DatabaseUrl, github: FakeGithub
) -> None:
    """Its default may be another target's: with none of our own nothing is sent."""
    stage = Stage(tmp_path / "runs" / "20261124-210000-1a2b", project, database, github, environment="")
    stage.begin()
    state = stage.over()
    assert "github.environment names none" in state.phase(Phase.MIGRATE).reason
    assert not github.dispatches


def test_a_stop_looks_before_it_cancels(stage: Stage) -> None:
    """What was queued when it was last seen is at work on production now, and is not killed by a soft stop."""
    gate = threading.Event()
    stage.github.script = acts(deploys(stage.url, stage.project), before=[queued()], hold=gate)
    stage.begin()
    stage.wait(lambda state: state.workflow and state.workflow.jobs and state.workflow.jobs[0].steps, "a step")
    assert stage.context is not None
    view = stage.context.state.workflow
    assert view is not None
    assert view.run is not None
    stale = replace(view.run, status="queued")
    stage.context.emit(ev.WorkflowSeen(request=view.started.request, run=stale))
    assert stage.ask(cmd.Stop(operator=OPERATOR)) == ""
    assert not stage.github.cancels
    gate.set()
    assert all(one.state is MigrationState.APPLIED for one in stage.over().migrations.values())


def test_a_log_without_end_is_kept_in_part(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dixis_tui.run.phases.github_logs.HEAD_LINES", 50)
    monkeypatch.setattr("dixis_tui.run.phases.github_logs.TAIL_LINES", 20)

    def talks(context: StepContext) -> None:
        for number in range(1000):
            context.log(f"line {number}")
        deploys(stage.url, stage.project)(context)

    stage.github.script = acts(talks)
    stage.begin()
    stage.over()
    lines = stage.job_lines()
    assert "line 10" in lines
    assert "line 500" not in lines
    assert "Applied" in lines
    assert "lines of migrate are left out" in stage.log


def test_a_stop_that_comes_twice_ends_nothing_but_the_wait_for_logs(stage: Stage) -> None:
    """Headless, a stop is sent again with each entry: what was cancelled is told as that."""
    gate = threading.Event()
    stage.github.faults = [Fault(faults.instead(lambda: refused(404, "Not Found")), faults.to("/logs"), times=0)]
    stage.github.script = acts(None, hold=gate)
    stage.begin()
    stage.wait(lambda state: state.workflow and state.workflow.jobs and state.workflow.jobs[0].steps, "a step")
    assert stage.ask(cmd.CancelWorkflow(operator=OPERATOR)) == ""
    stage.wait(lambda state: state.workflow and not state.workflow.open, "its end")
    assert stage.context is not None
    stage.context.stop()
    state = stage.over()
    assert "ended as cancelled" in state.phase(Phase.MIGRATE).reason
    assert policy.verdict(state) is Verdict.FAILED
