"""The look at a repository and what comes of it: gates, the freeze looked at again, the clinic started from here."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError, UnknownOutcomeError
from dixis_tui.model import CheckState, Executor, Phase
from dixis_tui.plan.checks import GITHUB_CODES
from dixis_tui.run.context import Context
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.phases import github_clinic, github_look
from dixis_tui.run.phases.github_ask import gather
from dixis_tui.run.state import RunState
from dixis_tui.secrets import Redactor
from dixis_tui.settings import GITHUB_TOKEN, MigrateSettings, Settings
from dixis_tui.settings_github import GithubSettings
from tests.github.fake import TOKEN, FakeGithub, step
from tests.github.fake.answers import bad_gateway
from tests.github.fake.faults import Fault, broken, held, taken_but, to
from tests.github.fake.shop import CLINIC, MIGRATE, shop
from tests.run.conftest import add_migration, write_project
from tests.unit.examples import STARTED
from tests.waiting import until

EXPIRED, FEW = "github_pat_expired_000", "github_pat_few_rights_000"
KEYED = (
    "name: Clinic\nrun-name: Clinic ${{ inputs.request }}\non: {workflow_dispatch: {inputs: {request: {}}}}\njobs: {}\n"
)


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ελένη", "-c", "user.email=e@dixis.example")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_project(tmp_path_factory.mktemp("shop") / "project")
    git(project, "init", "-qb", "main")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Shop")
    return project


@pytest.fixture
def project(committed: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "project"
    subprocess.run(["cp", "-a", str(committed), str(copy)], check=True)
    return copy


@pytest.fixture
def github(project: Path) -> Iterator[FakeGithub]:
    with FakeGithub(shop(project, reviewers=("maria",))) as server:
        server.token(EXPIRED, expired=True)
        server.token(FEW, permissions={"metadata": "read", "contents": "read"})
        yield server
        server.check()


def settings_of(project: Path, github: FakeGithub, executor: Executor, **changes: object) -> Settings:
    wanted = {"repository": "dixis/shop", "api_url": github.url, "poll_seconds": 0.05} | changes
    told = msgspec.convert(wanted, GithubSettings)
    return Settings(root=str(project), github=told, migrate=MigrateSettings(executor=executor))


def running(
    project: Path, github: FakeGithub, executor: Executor = Executor.GITHUB, token: str = TOKEN, **changes: object
) -> Context:
    """A run before its preflight."""
    folder = project.parent / "run"
    folder.mkdir()
    secrets = {GITHUB_TOKEN: token} if token else {}
    log = Log(folder / LOG, Redactor([token]))
    settings = settings_of(project, github, executor, **changes)
    context = Context(folder, settings, secrets, Journal(folder / JOURNAL), log)
    context.emit(replace(STARTED, github="dixis/shop"))
    return context


def green(github: FakeGithub) -> None:
    github.start(CLINIC, event="push", script=(step("Clinic"),)).settle()


def states(context: Context) -> dict[str, str]:
    return {code: str(context.state.check(code).state) for code in GITHUB_CODES if (code, "") in context.state.checks}


def journaled(context: Context) -> list[ev.Event]:
    return [entry.event for entry in read(context.folder / JOURNAL)]


def test_all_is_seen_and_nobody_is_asked(project: Path, github: FakeGithub) -> None:
    green(github)
    context = running(project, github)
    github_look.look(context)
    assert states(context) == dict.fromkeys(GITHUB_CODES, "passed")
    assert not {("DX131", ""), ("DX134", "")} & context.state.checks.keys()
    assert context.state.github
    look = context.state.github.look
    assert (look.login, look.token_from, look.problem, look.missing) == ("maria", "GITHUB_TOKEN", "", ())
    assert {secret.where for secret in look.secrets or ()} == {"repository", "environment production"}
    assert TOKEN not in (context.folder / JOURNAL).read_text() + (context.folder / LOG).read_text()
    assert all(request.method == "GET" for request in github.requests)


@pytest.mark.parametrize(
    ("token", "evidence", "remedy"),
    [
        ("", "there is no GitHub token: GITHUB_TOKEN and GH_TOKEN are not set or too short", "gh auth login"),
        ("short", "there is no GitHub token", "Set GITHUB_TOKEN"),
        (EXPIRED, "with the token from GITHUB_TOKEN: GitHub at 127.0.0.1 answered 401 (Bad credentials)", "expired"),
    ],
)
@pytest.mark.parametrize("executor", [Executor.GITHUB, Executor.DIRECT])
def test_operators_whose_token_is_none(
    project: Path, github: FakeGithub, *, token: str, evidence: str, remedy: str, executor: Executor
) -> None:
    context = running(project, github, executor, token)
    github_look.look(context)
    assert states(context) == {"DX141": "failed" if executor is Executor.GITHUB else "warned"}
    check = context.state.check("DX141")
    assert evidence in check.evidence
    assert remedy in check.remedy
    assert {("DX131", ""), ("DX134", "")} <= context.state.checks.keys()


def test_an_operator_with_too_few_rights(project: Path, github: FakeGithub) -> None:
    context = running(project, github, token=FEW)
    github_look.look(context)
    seen = states(context)
    assert seen.pop("DX141") == "warned"
    assert {code for code, state in seen.items() if state == "passed"} == {"DX143", "DX144", "DX145"}
    assert {code for code, state in seen.items() if state == "unknown"} == {"DX142", "DX146", "DX147", "DX149"}
    assert "Secrets: read (secrets of the repository)" in context.state.check("DX141").evidence
    assert context.state.check("DX142").evidence == "not seen: the token lacks Actions: read"
    assert "Actions: read" in context.state.check("DX142").remedy
    assert "lacks Secrets: read" in context.state.check("DX146").evidence


def test_a_repository_that_the_token_may_not_see(project: Path, github: FakeGithub) -> None:
    context = running(project, github, repository="dixis/other")
    github_look.look(context)
    assert states(context) == {"DX141": "failed"}
    assert "has no repository dixis/other, or this token may not see it" in context.state.check("DX141").evidence


def test_a_github_that_hangs_does_not_hold_the_run(project: Path, github: FakeGithub) -> None:
    ever = threading.Event()
    github.faults.append(Fault(held(ever), to("/actions/secrets"), times=0))
    sight = gather(settings_of(project, github, Executor.GITHUB), {GITHUB_TOKEN: TOKEN}, seconds=0.4)
    ever.set()
    assert sight.look.branch
    assert sight.unseen["secrets"].sentence.startswith("127.0.0.1")
    assert "tree" in sight.unseen


def test_what_github_says_is_cleaned_and_redacted(project: Path, github: FakeGithub) -> None:
    github.start(MIGRATE, actor=f"\x1b[31mnikos {TOKEN}")
    context = running(project, github)
    github_look.look(context)
    text = (context.folder / JOURNAL).read_text() + (context.folder / LOG).read_text()
    assert "by nikos •••" in context.state.check("DX149").evidence
    assert TOKEN not in text
    assert "\\u001b" not in text


def test_what_is_found_again_opens_the_gate_without_the_phase(project: Path, github: FakeGithub) -> None:
    context = running(project, github)
    with context.phase(Phase.PREFLIGHT, []):
        github_look.look(context)
    assert states(context)["DX142"] == "failed"
    green(github)
    github_look.look(context)
    assert states(context)["DX142"] == "passed"
    assert context.state.phase(Phase.PREFLIGHT).attempts == 1


def sealed(project: Path, github: FakeGithub, executor: Executor) -> Context:
    green(github)
    context = running(project, github, executor)
    github_look.look(context)
    return context


@pytest.mark.parametrize("executor", [Executor.GITHUB, Executor.DIRECT])
def test_what_moved_since_the_seal_is_said(project: Path, github: FakeGithub, executor: Executor) -> None:
    context = sealed(project, github, executor)
    github_look.at_seal(context)
    assert github_look.moved(context) == ""
    add_migration(project, "20260105000000_more", "SELECT 1;")
    assert github_look.moved(context).startswith("Working tree clean: changed since")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "More")
    assert github_look.moved(context).startswith("Clinic green for this commit: no run for")
    context.emit(ev.Waived(code="DX142", operator="Ελένη", reason="seen by eye"))
    assert github_look.moved(context).startswith("Branch is at this commit: main is at")


def test_a_line_that_breaks_off_stops_only_who_needs_github(project: Path, github: FakeGithub) -> None:
    context = sealed(project, github, Executor.DIRECT)
    github.faults.append(Fault(broken(taken=False), to("/actions/secrets"), times=0))
    github_look.at_seal(context)
    assert github_look.moved(context) == ""
    assert context.state.check("DX141").state is CheckState.WARNED
    assert "what is known is of" in context.state.check("DX141").evidence
    assert context.state.check("DX142").state is CheckState.PASSED
    # What it did show before it broke off counts.
    add_migration(project, "20260105000000_more", "SELECT 1;")
    assert github_look.moved(context).startswith("Working tree clean: changed since")


def test_a_line_that_breaks_off_stops_the_executor_github(project: Path, github: FakeGithub) -> None:
    context = sealed(project, github, Executor.GITHUB)
    github.faults.append(Fault(broken(taken=False), to("/user"), times=0))
    with pytest.raises(GithubError, match="GitHub can't be asked: GitHub at"):
        github_look.at_seal(context)
    assert github_look.moved(context).startswith("GitHub can't be asked")
    assert context.state.check("DX141").state is CheckState.FAILED


def test_a_token_that_was_masked_everywhere_is_taken_without_its_line_break(project: Path, github: FakeGithub) -> None:
    settings = settings_of(project, github, Executor.GITHUB)
    assert gather(settings, {GITHUB_TOKEN: f"{TOKEN}\r\n"}).look.login == "maria"


def clinic(context: Context) -> None:
    github_look.look(context)
    github_clinic.start(context, "Ελένη")


def test_the_clinic_is_started_and_followed_to_its_end(project: Path, github: FakeGithub) -> None:
    context = running(project, github)
    clinic(context)
    until(lambda: states(context).get("DX142") == "passed", 20, "a green clinic")
    view = context.state.clinic
    assert view
    assert view.run
    assert view.run.green
    events = journaled(context)
    kinds = [type(event) for event in events if not isinstance(event, ev.CheckChanged | ev.GithubSeen)]
    assert kinds[1:3] == [ev.DispatchStarted, ev.Dispatched]
    assert set(kinds[3:]) == {ev.WorkflowSeen}
    assert [one.workflow for one in github.dispatches] == [CLINIC]


@pytest.mark.parametrize("way", ["broken", "502"])
def test_a_clinic_whose_answer_is_lost_is_found_again_and_never_sent_twice(
    project: Path, github: FakeGithub, way: str
) -> None:
    github.repo.workflow(CLINIC, KEYED)
    spoil = broken() if way == "broken" else taken_but(bad_gateway)
    github.faults.append(Fault(spoil, lambda request: request.path.endswith("/dispatches")))
    context = running(project, github)
    clinic(context)
    until(lambda: states(context).get("DX142") == "passed", 20, "a green clinic")
    assert len(github.dispatches) == 1
    assert any(isinstance(event, ev.Dispatched) and event.found for event in journaled(context))


def test_a_clinic_that_the_lists_do_not_have_yet_is_known_from_its_own_page(project: Path, github: FakeGithub) -> None:
    context = running(project, github)
    github.lag = 100
    clinic(context)
    until(lambda: states(context).get("DX142") == "passed", 20, "a green clinic")


def test_a_commit_of_too_many_files_says_so_and_nothing_else(project: Path, github: FakeGithub) -> None:
    github.tree_limit = 5
    context = running(project, github)
    github_look.at_seal(context)
    assert context.state.check("DX145").state is CheckState.UNKNOWN
    assert "too many" in context.state.check("DX145").evidence
    assert states(context)["DX149"] == "passed"


def test_after_the_phrase_a_look_only_sees(project: Path, github: FakeGithub) -> None:
    context = running(project, github)
    context.emit(ev.Confirmed(operator="Ελένη", digest="x"))
    github_look.look(context)
    assert context.state.github
    assert states(context) == {}


def test_a_clinic_that_can_not_be_told_is_said_to_be_unknown(project: Path, github: FakeGithub) -> None:
    github.faults.append(Fault(broken(), lambda request: request.path.endswith("/dispatches")))
    context = running(project, github)
    with pytest.raises(UnknownOutcomeError, match="was dispatched is not known"):
        clinic(context)
    assert len(github.dispatches) == 1
    assert context.state.clinic
    assert context.state.clinic.failed
    assert context.state.clinic.failed.unknown


def test_a_clinic_for_another_commit_is_not_started(project: Path, github: FakeGithub) -> None:
    git(project, "commit", "-qm", "Ahead", "--allow-empty")
    context = running(project, github)
    with pytest.raises(DixisError, match="it would run for the other one"):
        clinic(context)
    assert not github.dispatches
    assert context.state.clinic is None


@pytest.mark.parametrize("knew", [True, False])
def test_a_runner_that_takes_over_looks_at_the_same_clinic(project: Path, github: FakeGithub, *, knew: bool) -> None:
    github.repo.workflow(CLINIC, KEYED)
    context = running(project, github)
    held_back = threading.Event()
    github.faults.append(Fault(held(held_back), lambda request: "/runs/" in request.path, times=0))
    clinic(context)
    events = [event for event in journaled(context) if not isinstance(event, ev.Dispatched) or knew]
    context.emit(ev.RunnerLeft(reason="asked to end"))
    held_back.set()
    other = Context(context.folder, context.settings, context.secrets, _fresh(context), context.log, state=RunState())
    other.emit(*(event for event in events if not isinstance(event, ev.WorkflowSeen)))
    github_clinic.follow(other)
    until(lambda: states(other).get("DX142") == "passed", 20, "a green clinic")
    assert len(github.dispatches) == 1


def _fresh(context: Context) -> Journal:
    return Journal(context.folder / "second.journal")
