"""GitHub as a run's journal tells it: the look before the go, the dispatch, the workflow run, and what can go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from dixis_tui import events as ev
from dixis_tui.github import (
    Approval,
    BranchHead,
    Deployment,
    EnvironmentSeen,
    JobView,
    Look,
    Purpose,
    Rate,
    SecretSeen,
    StepView,
    WorkflowFile,
    WorkflowRun,
)
from dixis_tui.model import CheckState, Executor, MigrationState, Phase, PhaseState, Place, Recovery
from dixis_tui.plan.checks import GITHUB_CODES
from dixis_tui.run.state import fold
from tests.screens.story import ERROR, START, Story

REPOSITORY = "dixis/shop"
COMMIT = "4f2a91c0d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0"
RUN_ID = 4096017321
URL = f"https://github.com/{REPOSITORY}/actions/runs/{RUN_ID}"
CLINIC_URL = f"https://github.com/{REPOSITORY}/actions/runs/4095"
REQUEST = "20261125-223000-dixis_prod-7f3ac2e1-1-9b"
STEPS = (
    "Set up job",
    "Check out the commit",
    "The commit is the plan's",
    "Install the project's packages",
    "The files are the plan's",
    "prisma migrate deploy",
    "prisma migrate status",
    "Complete job",
)
LOST = (
    "whether prod-migration.yml was dispatched is not known: the answer was lost, and no run of the last minutes has "
    "its name"
)
FIND_OUT = f"Look at https://github.com/{REPOSITORY}/actions/workflows/prod-migration.yml for {REQUEST}."
EVIDENCE = {
    "DX141": "maria on github.com, token from GITHUB_TOKEN, 4,990 of 5,000 requests left",
    "DX142": "run 4095 of 4f2a91c0 is green",
    "DX143": "main is at 4f2a91c0, and nobody can push to it",
    "DX144": "clean, and 4f2a91c0 is on GitHub",
    "DX145": "12 files, all equal",
    "DX146": "DATABASE_URL_PROD in environment production",
    "DX147": "active, takes confirm",
    "DX148": "maria and team dba approve",
    "DX149": "nothing is open",
}


class GithubStory(Story):
    """An evening on which GitHub executes."""

    def __init__(self, *, executor: Executor = Executor.GITHUB, repository: str = REPOSITORY) -> None:
        super().__init__()
        self._executor, self._repository = executor, repository
        self._shown: tuple[JobView, ...] = ()

    def begin(self, *, window: bool = True, name: str = "Dixis", host: str = "db.dixis.example") -> GithubStory:
        """The first entry, with a repository."""
        super().begin(window=window, name=name, host=host)
        first = self.entries[0]
        assert isinstance(first.event, ev.RunStarted)
        begun = msgspec.structs.replace(
            first.event,
            executor=self._executor,
            github=self._repository,
            github_secrets=["DATABASE_URL_PROD", "SHADOW_DATABASE_URL_PROD"],
            secrets=first.event.secrets | {"GITHUB_TOKEN": True},
        )
        self.entries[0] = msgspec.structs.replace(first, event=begun)
        return self

    # -- before the go

    def look(self, **changes: object) -> GithubStory:
        """The repository is looked at; by field what it saw differently."""
        ago = self.now - timedelta(hours=2)
        seen = Look(
            repository=REPOSITORY,
            login="maria",
            token_from="GITHUB_TOKEN",
            branch=BranchHead(name="main", sha=COMMIT, protected=True, locked=True),
            clinic=WorkflowRun(
                id=4095,
                url=CLINIC_URL,
                workflow="Migration Clinic",
                status="completed",
                conclusion="success",
                sha=COMMIT,
                actor="nikos",
                created=ago,
            ),
            migrate=WorkflowFile(
                id=3,
                name="Production Migration",
                path=".github/workflows/prod-migration.yml",
                state="active",
                inputs=("confirm", "plan", "request", "commit", "migrations", "target", "environment"),
            ),
            secrets=(
                SecretSeen(
                    name="DATABASE_URL_PROD", where="environment production", updated=START - timedelta(days=22)
                ),
                SecretSeen(name="SHADOW_DATABASE_URL_PROD", where="repository", updated=START - timedelta(days=700)),
            ),
            environment=EnvironmentSeen(name="production", reviewers=("maria", "team dba"), can_approve=True),
            rate=Rate(limit=5000, remaining=4990, resets=START + timedelta(minutes=40)),
        )
        if "problem" in changes:
            seen = Look(repository=REPOSITORY)
        self.write(ev.GithubSeen(look=msgspec.structs.replace(seen, **changes)))
        return self

    def judged(self, **broken: str) -> GithubStory:
        """Preflight's checks of it; by code the evidence of those that are closed."""
        for code in GITHUB_CODES:
            bad = code in broken
            remedy = "Start it (d in GITHUB), or waive it." if bad else ""
            state = CheckState.FAILED if bad else CheckState.PASSED
            self.found(code, state, broken.get(code, EVIDENCE[code]), remedy)
        return self

    def gates(self, **broken: str) -> GithubStory:
        """Preflight with GitHub in it."""
        self.preflight()
        self.entries.pop()  # it is not over yet
        self.look().judged(**broken)
        self.over(Phase.PREFLIGHT, PhaseState.FAILED if broken else PhaseState.PASSED)
        return self

    def ready(self) -> GithubStory:
        """Everything before the go."""
        self.begin().gates().tick("DX132", "DX133")
        self.backup().rehearsal().banner().into_window()
        return self

    def go(self) -> GithubStory:
        """From the first entry to the phrase."""
        self.ready().seal().confirm().start(Phase.MIGRATE)
        return self

    # -- the run

    def sent(self, *, purpose: Purpose = Purpose.MIGRATE, request: str = REQUEST) -> GithubStory:
        """It is written down, and goes out."""
        clinic = purpose is Purpose.CLINIC
        self.write(
            ev.DispatchStarted(
                request=request,
                purpose=purpose,
                workflow="migration-clinic.yml" if clinic else "prod-migration.yml",
                ref="main",
                sha=COMMIT,
                inputs=(("plan", "7f3a·c2e1"), ("request", request)),
                operator="maria",
            )
        )
        return self

    def taken(self, request: str = REQUEST, *, found: bool = False) -> GithubStory:
        """GitHub says which run it is."""
        self.write(ev.Dispatched(request=request, run_id=RUN_ID, url=URL, found=found))
        return self

    def seen(
        self,
        status: str,
        conclusion: str = "",
        *,
        jobs: tuple[JobView, ...] | None = None,
        approvals: tuple[Approval, ...] = (),
        request: str = REQUEST,
        attempt: int = 1,
    ) -> GithubStory:
        """The run as it stands."""
        self._shown = self._shown if jobs is None else jobs
        run = WorkflowRun(
            id=RUN_ID,
            url=URL,
            workflow="Production Migration",
            title=f"Production Migration · 7f3a·c2e1 · {request}",
            status=status,
            conclusion=conclusion,
            branch="main",
            sha=COMMIT,
            event="workflow_dispatch",
            actor="maria",
            attempt=attempt,
            created=self.now - timedelta(seconds=4),
        )
        self.write(ev.WorkflowSeen(request=request, run=run, jobs=self._shown, approvals=approvals))
        return self

    def queued(self) -> GithubStory:
        """No machine has taken it."""
        return self.sent().taken().seen("queued")

    def waiting(self, *, mine: bool = True, minutes: int = 0, blind: bool = False) -> GithubStory:
        """The environment's reviewers are asked, or its timer runs."""
        until = self.now + timedelta(minutes=minutes) if minutes else None
        approval = Approval(
            environment="production",
            environment_id=5,
            mine=mine and not minutes,
            reviewers=("maria", "team dba") if mine else ("nikos", "team dba"),
            wait_until=until,
        )
        return self.sent().taken().seen("waiting", approvals=() if blind else (approval,))

    def approved(self, *, done: bool | None = True, problem: str = "") -> GithubStory:
        """Maria approves it from here."""
        self.write(
            ev.DeploymentReviewed(
                request=REQUEST,
                environment="production",
                approved=True,
                comment="agreed on the call",
                operator="maria",
                done=done,
                problem=problem,
            )
        )
        return self

    def job(self, at: int, *, fails: bool = False, steps: Sequence[str] = STEPS, name: str = "migrate") -> JobView:
        """A job at its step `at` (from 1), five seconds each; beyond the last it is over."""
        begun = self.now - timedelta(seconds=5 * (at - 1) + 3)
        shown = []
        for number, text in enumerate(steps, 1):
            started = begun + timedelta(seconds=5 * (number - 1))
            over = number < at or (fails and number == at)
            status = "completed" if over else "in_progress" if number == at else "queued"
            skipped = fails and number > at
            shown.append(
                StepView(
                    number=number,
                    name=text,
                    status="completed" if skipped else status,
                    conclusion="skipped" if skipped else "failure" if fails and over and number == at else "success",
                    started=started if number <= at else None,
                    ended=started + timedelta(seconds=5) if over else None,
                )
            )
        ended = at > len(steps) or fails
        return JobView(
            id=77,
            name=name,
            status="completed" if ended else "in_progress",
            conclusion=("failure" if fails else "success") if ended else "",
            started=begun,
            ended=self.now if ended else None,
            runner="GitHub Actions 12",
            steps=tuple(shown),
        )

    def runs(self, at: int = 6) -> GithubStory:
        """The job is at its step `at`."""
        return self.wait(30).seen("in_progress", jobs=(self.job(at),))

    def wait(self, seconds: float) -> GithubStory:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self

    def silent(self, reason: str = "GitHub answered 502", minutes: int = 0) -> GithubStory:
        """It does not answer any more."""
        until = self.now + timedelta(minutes=minutes) if minutes else None
        self.write(ev.GithubWaits(reason=f"{reason}; the run goes on all the same", until=until))
        return self

    def lost(self) -> GithubStory:
        """Nobody knows whether it was taken."""
        self.write(
            ev.DispatchFailed(
                request=REQUEST,
                problem=LOST,
                remedy=FIND_OUT,
                unknown=True,
            )
        )
        return self

    def refused(self) -> GithubStory:
        """It was not taken."""
        self.write(
            ev.DispatchFailed(
                request=REQUEST,
                problem="GitHub refused the token (403)",
                remedy="Give it Actions: write, then begin a new run.",
            )
        )
        return self

    def green(self) -> GithubStory:
        """It ended well."""
        return self.seen("completed", "success", jobs=(self.job(len(STEPS) + 1),))

    def red(self) -> GithubStory:
        """Its step of Prisma's failed."""
        return self.seen("completed", "failure", jobs=(self.job(6, fails=True),))

    def clinic(self, at: int) -> GithubStory:
        """The clinic was started from here, and is at its step `at`."""
        self.sent(purpose=Purpose.CLINIC, request="c1").taken("c1").wait(20)
        steps = ("Set up job", "Check out the commit", "dixis-tui lint", "Migrate a scratch database", "Complete job")
        return self.seen("in_progress", jobs=(self.job(at, steps=steps, name="clinic"),), request="c1")

    def cancelled(self, *, done: bool | None = True, problem: str = "") -> GithubStory:
        """Maria asks it to end."""
        self.write(ev.WorkflowCancelled(request=REQUEST, operator="maria", done=done, problem=problem))
        return self

    def dies(self) -> GithubStory:
        """The runner dies, and another takes the run up."""
        self.wait(40)
        self.write(ev.RunnerResumed(operator="maria", host="ops1", pid=4812, version="0.1.0"))
        return self

    def taken_up(self) -> GithubStory:
        """It follows the same run."""
        self.dies().start(Phase.MIGRATE)
        return self.runs()

    def looked(self, outcome: Recovery, evidence: str, remedy: str = "") -> GithubStory:
        """What the look after that found."""
        self.write(ev.RecoverySeen(outcome=outcome, evidence=evidence, remedy=remedy))
        return self


def github_stages() -> dict[str, GithubStory]:
    """Every moment with GitHub that a person may look at, by name."""

    def story() -> GithubStory:
        return GithubStory()

    def under_way() -> GithubStory:
        return story().go().queued().approved().runs()

    bad = {"DX142": "no run of the clinic for 4f2a91c0", "DX146": "DATABASE_URL_PROD is not set"}
    none = "no token: GITHUB_TOKEN and GH_TOKEN are not set, and gh is not logged in"
    lacks = ("Secrets: read (secrets of the repository)", "Environments: read (protection of the environment)")
    return {
        "nameless": GithubStory(executor=Executor.DIRECT, repository="").begin(),
        "never": story().begin(),
        "closed": story().begin().gates(**bad),
        "open": story().begin().gates(),
        "no_token": story().begin().look(problem=none, remedy="Set GITHUB_TOKEN, or log in with gh."),
        "expired": story()
        .begin()
        .look(
            problem="the token is not taken (401): it is expired or was taken back", remedy="Make a new one.", rate=None
        ),
        "lacks": story()
        .begin()
        .look(missing=lacks, secrets=None, environment=None, rate=Rate(limit=60, remaining=2, resets=START)),
        "clinic": story().begin().gates(**bad).clinic(3),
        "busy": story().begin().gates().look(open_runs=(_elsewhere(),), deployments=(_deployment(),)),
        "go": story().ready(),
        "before": story().go(),
        "sending": story().go().sent().wait(2),
        "taken": story().go().sent().taken(),
        "queued": story().go().queued().wait(41),
        "waiting": story().go().waiting(),
        "not_mine": story().go().waiting(mine=False),
        "timer": story().go().waiting(minutes=10),
        "blind": story().go().waiting(blind=True),
        "approving": story().go().waiting().approved(done=None),
        "not_approved": story().go().waiting().approved(done=False, problem="GitHub answered 403"),
        "running": migrates(under_way(), 2),
        "between": under_way().seen("in_progress", jobs=()),
        "silent": migrates(under_way(), 1).silent().wait(50),
        "limited": migrates(under_way(), 1).silent("the hour's requests are used up", 12),
        "cancelling": under_way().cancelled(done=None),
        "resumed": under_way().taken_up(),
        "looking": under_way().dies(),
        "unfound": _unfound(story()),
        "unfollowed": under_way()
        .dies()
        .looked(
            Recovery.UNKNOWN,
            "nothing of it is in; the workflow run is not over: nothing was heard of the run for 30 minutes",
            f"Look at {URL} and cancel it there or wait; then look again (r).",
        ),
        "at_work": migrates(under_way(), 2)
        .dies()
        .seen("completed", "failure")
        .looked(
            Recovery.AT_WORK,
            "a session of Prisma's is still at work on production: process 4711",
            "Wait until it is gone, then look again (r).",
        ),
        "green": migrates(under_way(), 4, begins=False).green(),
        "verified": _verified(story()),
        "ended_whole": _verified(story(), "cancelled"),
        "green_alone": _failed(migrates(under_way(), 2, begins=False).green()),
        "red": migrates(under_way(), 2).red(),
        "dispatch_lost": _failed(story().go().sent().lost()),
        "refused": _failed(story().go().sent().refused()),
        "ended_red": _failed(migrates(under_way(), 2).red()),
        "ended_cancelled": _failed(under_way().cancelled().seen("completed", "cancelled")),
    }


def migrates(story: GithubStory, count: int, *, begins: bool = True) -> GithubStory:
    """The history table tells of the first `count`, and that the next has begun."""
    story.apply(Place.PRODUCTION, count, begins=begins)
    return story


def _elsewhere() -> WorkflowRun:
    return WorkflowRun(
        id=4090, url=CLINIC_URL, title="Production Migration · by hand", status="waiting", actor="nikos", created=START
    )


def _deployment() -> Deployment:
    return Deployment(id=51, environment="production", state="in_progress", ref="main", creator="nikos", created=START)


def _verified(story: GithubStory, conclusion: str = "success") -> GithubStory:
    story.go().queued().approved().runs()
    migrates(story, 4, begins=False).seen("completed", conclusion).found("DX600").found("DX601").found("DX602")
    story.over(Phase.MIGRATE, seconds=41.0).verify()
    return story


def _unfound(story: GithubStory) -> GithubStory:
    story.go().sent().dies().start(Phase.MIGRATE)
    story.lost().over(Phase.MIGRATE, PhaseState.FAILED)
    return story.looked(Recovery.UNKNOWN, f"nothing of it is in; {LOST}", FIND_OUT)


def _failed(story: GithubStory) -> GithubStory:
    running = fold(story.entries).migrations.values()
    for one in running:
        if one.state is MigrationState.RUNNING:
            story.write(ev.MigrationEnded(name=one.name, place=Place.PRODUCTION, seconds=2.1, error=ERROR))
    story.found("DX600", CheckState.FAILED, "not all are applied", "Look.")
    story.over(Phase.MIGRATE, PhaseState.FAILED, 41.0, "The workflow run did not end well")
    return story
