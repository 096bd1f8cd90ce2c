"""DX141 to DX149 over one look: each state of each gate, and what is said where something could not be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dixis_tui.github import (
    BranchHead,
    Deployment,
    EnvironmentSeen,
    Look,
    Rate,
    SecretSeen,
    WorkflowFile,
    WorkflowRun,
)
from dixis_tui.model import CheckState, Executor, Finding
from dixis_tui.plan import github_gates
from dixis_tui.plan.checks import GITHUB_CODES, SPECS
from dixis_tui.plan.github_sight import Sight, Unseen
from dixis_tui.prisma.checkout import Checkout, StoredFile
from dixis_tui.settings_github import GithubSettings

SHA, OTHER = "4f2a9c01" * 5, "77aa00bb" * 5
AT = datetime(2026, 11, 24, 20, 15, tzinfo=UTC)
FOLDER = "prisma/migrations"
FIRST, SECOND, LOCK = f"{FOLDER}/1_a/migration.sql", f"{FOLDER}/2_b/migration.sql", f"{FOLDER}/migration_lock.toml"
URL = "https://github.com/dixis/shop/actions/runs/7"
GREEN = WorkflowRun(id=7, url=URL, status="completed", conclusion="success", sha=SHA, updated=AT, actor="maria")
ALL_INPUTS = ("confirm", "plan", "request", "commit", "migrations", "target", "environment")
OWN = (SecretSeen(name="DATABASE_URL_PROD", where="repository", updated=AT),)
LOOK = Look(
    repository="dixis/shop",
    login="maria",
    token_from="gh",
    branch=BranchHead(name="main", sha=SHA),
    clinic=GREEN,
    migrate=WorkflowFile(
        id=3,
        name="Production Migration",
        path=".github/workflows/prod-migration.yml",
        state="active",
        inputs=ALL_INPUTS,
    ),
    secrets=OWN,
    environment=EnvironmentSeen(name="production", reviewers=("maria", "nikos"), can_approve=True),
    rate=Rate(limit=5000, remaining=4987),
)
LOCAL = Checkout(
    commit=SHA,
    branch="main",
    folder=FOLDER,
    migrations={FIRST: StoredFile("a", "a"), SECOND: StoredFile("b", "b"), LOCK: StoredFile("c", "c")},
)
SIGHT = Sight(
    look=LOOK,
    local=LOCAL,
    settings=GithubSettings(repository="dixis/shop"),
    executor=Executor.GITHUB,
    pushed=True,
    tree={FIRST: "a", SECOND: "b", LOCK: "c", f"{FOLDER}/1_a/README.md": "x", "src/main.ts": "y"},
    tree_of=SHA,
)
RIGHTS = Unseen("rights", "GitHub answered 403", "Give it.", "Actions: read")


def seeing(**changes: object) -> Sight:
    return replace(SIGHT, look=replace(LOOK, **changes))


def here(**changes: object) -> Sight:
    return replace(SIGHT, local=replace(LOCAL, **changes))


def asking(sight: Sight = SIGHT, **changes: object) -> Sight:
    return replace(sight, settings=replace(SIGHT.settings, **changes))


def unseen(part: str, why: Unseen = RIGHTS, **changes: object) -> Sight:
    return replace(seeing(**changes), unseen={part: why})


def found(code: str, sight: Sight) -> Finding:
    return github_gates.findings(sight)[code]


def said(code: str, sight: Sight, state: CheckState, words: str, remedy: str = "") -> None:
    finding = found(code, sight)
    assert finding.state is state, finding
    assert words in finding.evidence
    assert remedy in finding.remedy
    assert finding.remedy or state is CheckState.PASSED


def test_all_is_well() -> None:
    findings = github_gates.findings(SIGHT)
    assert tuple(findings) == GITHUB_CODES
    assert {code: one.state for code, one in findings.items()} == dict.fromkeys(GITHUB_CODES, CheckState.PASSED)
    assert findings["DX141"].evidence == "github.com as maria, token from gh; 4987 of 5000 requests left"
    assert findings["DX145"].evidence == "3 files equal those of 4f2a9c01 on GitHub"
    assert all(SPECS[code].waivable for code in GITHUB_CODES)


@pytest.mark.parametrize(
    ("executor", "state"), [(Executor.GITHUB, CheckState.FAILED), (Executor.DIRECT, CheckState.WARNED)]
)
def test_a_github_that_can_not_be_asked_says_one_thing_only(executor: Executor, state: CheckState) -> None:
    mute = replace(seeing(problem="there is no token", remedy="Set one.", token_from=""), executor=executor)
    assert github_gates.findings(mute) == {"DX141": Finding(state, "there is no token", "Set one.")}
    expired = replace(seeing(problem="401", remedy="Make a new one.", token_from="GH_TOKEN"), executor=executor)
    assert found("DX141", expired) == Finding(state, "with the token from GH_TOKEN: 401", "Make a new one.")


def test_what_the_token_lacks_is_named_with_what_it_is_for() -> None:
    lacking = seeing(missing=("Secrets: read (secrets of the repository)",))
    said("DX141", lacking, CheckState.WARNED, "it lacks Secrets: read (secrets of", "github permissions")
    said("DX141", seeing(rate=Rate(limit=5000, remaining=3, resets=AT)), CheckState.WARNED, "3 of 5000", "20:15 UTC")
    said("DX141", seeing(skew_seconds=-90.0), CheckState.WARNED, "90 s behind GitHub's", "clock")


@pytest.mark.parametrize(
    ("status", "conclusion", "state", "words", "remedy"),
    [
        ("completed", "failure", CheckState.FAILED, f"red for 4f2a9c01, 24 Nov 20:15 UTC: {URL}", "g, then d"),
        ("completed", "cancelled", CheckState.FAILED, "cancelled for 4f2a9c01", "g, then d"),
        ("completed", "skipped", CheckState.FAILED, "skipped for 4f2a9c01", "g, then d"),
        ("completed", "neutral", CheckState.FAILED, "neutral for 4f2a9c01", "g, then d"),
        ("completed", "timed_out", CheckState.FAILED, "timed out for 4f2a9c01", "g, then d"),
        ("in_progress", "", CheckState.FAILED, "running for 4f2a9c01", "Wait, or follow it: g."),
        ("queued", "", CheckState.FAILED, "queued for 4f2a9c01", "Wait, or follow it: g."),
        ("completed", "success", CheckState.PASSED, "green for 4f2a9c01", ""),
    ],
)
def test_the_clinics_latest_run(status: str, conclusion: str, state: CheckState, words: str, remedy: str) -> None:
    run = replace(GREEN, status=status, conclusion=conclusion)
    said("DX142", seeing(clinic=run), state, words, remedy)


def test_which_of_a_commits_runs_speaks_for_it() -> None:
    push = replace(GREEN, id=1, event="push")
    by_hand = replace(GREEN, id=2, event="workflow_dispatch")
    merge = replace(GREEN, id=3, event="pull_request")
    red = replace(push, conclusion="failure")
    assert github_gates.clinic_of([merge]) is None
    assert github_gates.clinic_of([merge, push]) == push
    assert github_gates.clinic_of([by_hand, push]) == by_hand
    assert github_gates.clinic_of([by_hand, red]) == red
    assert github_gates.clinic_of([by_hand, replace(red, status="in_progress", conclusion="")]) == by_hand
    assert github_gates.clinic_of([push, red]) == push
    said("DX142", seeing(clinic=red), CheckState.FAILED, "red", "re-run it on GitHub")


def test_a_clinic_of_another_commit_is_none_of_ours() -> None:
    none = seeing(clinic=None)
    said("DX142", none, CheckState.FAILED, "no run for 4f2a9c01", "g, then d")
    other = replace(none, other_clinic=replace(GREEN, sha=OTHER))
    said("DX142", other, CheckState.FAILED, "no run for 4f2a9c01; the last one was for 77aa00bb: green", "g, then d")
    said("DX142", unseen("clinic", clinic=None), CheckState.UNKNOWN, "not seen: the token lacks Actions: read", "Give")
    gone = Unseen("missing", "There is no workflow named Clinic", "Name it.")
    said("DX142", unseen("clinic", gone, clinic=None), CheckState.FAILED, "no workflow named Clinic")


def test_the_branch_against_the_checkout() -> None:
    moved = seeing(branch=BranchHead(name="main", sha=OTHER))
    said("DX143", moved, CheckState.FAILED, "main is at 77aa00bb on GitHub, this checkout at 4f2a9c01 (main)", "push")
    said("DX143", here(branch=""), CheckState.PASSED, "(detached)")
    said("DX143", seeing(branch=None), CheckState.FAILED, "GitHub has no branch main", "github.branch")
    said("DX143", unseen("branch", branch=None), CheckState.UNKNOWN, "lacks Actions: read")


@pytest.mark.parametrize(
    ("locked", "state", "words"),
    [
        (True, CheckState.PASSED, "locked"),
        (False, CheckState.FAILED, "it is not locked"),
        (None, CheckState.UNKNOWN, "whether it is locked could not be seen"),
    ],
)
def test_a_lock_that_is_asked_for(locked: bool | None, state: CheckState, words: str) -> None:
    head = seeing(branch=BranchHead(name="main", sha=SHA, locked=locked))
    said("DX143", asking(head, branch_locked=True), state, words)
    assert found("DX143", head).state is CheckState.PASSED


def test_the_working_tree() -> None:
    changed = here(changed=("a.sql", "b.sql", "c.sql", "d.sql"))
    said("DX144", changed, CheckState.FAILED, "changed since 4f2a9c01: a.sql, b.sql, c.sql and 1 more", "push")
    said("DX144", here(hidden=("a.sql",)), CheckState.FAILED, "git does not look at a.sql", "update-index")
    away = replace(here(upstream="fork/main"), pushed=False)
    said("DX144", away, CheckState.FAILED, "commit 4f2a9c01 is not on GitHub", "`git push fork main`")
    said("DX144", replace(away, local=replace(LOCAL, branch="")), CheckState.FAILED, "is not on GitHub", "on none")
    inner = replace(away, local=replace(LOCAL, submodule_of="outer"))
    said("DX144", inner, CheckState.FAILED, "in a submodule of outer", "github.repository")
    said("DX144", unseen("pushed"), CheckState.UNKNOWN, "lacks Actions: read")


@pytest.mark.parametrize("code", ["DX142", "DX143", "DX144", "DX145"])
def test_without_a_checkout_the_freeze_can_not_be_told(code: str) -> None:
    nowhere = replace(SIGHT, local=Checkout(problem="/srv is in no git repository", remedy="Run it there."))
    said(code, nowhere, CheckState.FAILED, "/srv is in no git repository", "Run it there.")
    said(code, replace(SIGHT, local=Checkout(folder=FOLDER)), CheckState.FAILED, "no commit yet", "Commit")


def test_migrations_by_checksum() -> None:
    there = {FIRST: "other", f"{FOLDER}/9_z/migration.sql": "z", LOCK: "c"}
    words = "against 4f2a9c01 on GitHub differ: 1_a; not on GitHub: 2_b; only on GitHub: 9_z"
    said("DX145", replace(SIGHT, tree=there), CheckState.FAILED, words, "push")
    said("DX145", replace(SIGHT, tree={}), CheckState.FAILED, "not on GitHub: 1_a, 2_b, migration_lock.toml")
    endings = here(migrations=LOCAL.migrations | {FIRST: StoredFile("a", "a with CRLF")})
    said("DX145", endings, CheckState.FAILED, "on this disk other bytes: 1_a", "autocrlf")
    ours = replace(endings, executor=Executor.PRISMA)
    said("DX145", ours, CheckState.WARNED, "on this disk other bytes: 1_a", "autocrlf")
    said("DX145", unseen("tree"), CheckState.UNKNOWN, "lacks Actions: read")


def test_which_secret_counts() -> None:
    own = SecretSeen(name="DATABASE_URL_PROD", where="environment production", updated=AT)
    shadow = SecretSeen(name="SHADOW_DATABASE_URL_PROD", where="organization", updated=None)
    old = replace(OWN[0], updated=AT - timedelta(days=30))
    both = seeing(secrets=(old, own, shadow))
    words = "of the environment production, changed 24 Nov 2026 20:15 UTC, wins over that of the repository (25 Oct"
    said("DX146", both, CheckState.PASSED, words)
    said("DX146", both, CheckState.PASSED, "SHADOW_DATABASE_URL_PROD of the organization, changed at an unknown time")
    newer = seeing(secrets=(replace(own, updated=AT - timedelta(days=60)), old))
    said("DX146", newer, CheckState.WARNED, "the one of the repository was changed later", "environment production's")
    elsewhere = replace(own, where="environment staging")
    said("DX146", seeing(secrets=(elsewhere, *OWN)), CheckState.PASSED, "_PROD of the repository")
    said("DX146", seeing(secrets=()), CheckState.FAILED, "there is no secret DATABASE_URL_PROD; no SHADOW", "Set it")
    hidden = Unseen("rights", "403", "Give.", "Secrets: read")
    said("DX146", unseen("secrets", hidden, secrets=None), CheckState.UNKNOWN, "the token lacks Secrets: read")
    said("DX146", unseen("environment secrets", hidden), CheckState.WARNED, "not all were seen")


def test_a_secret_of_another_environment_alone_is_none() -> None:
    staging = SecretSeen(name="DATABASE_URL_PROD", where="environment staging", updated=AT)
    said("DX146", seeing(secrets=(staging,)), CheckState.FAILED, "there is no secret DATABASE_URL_PROD")


def test_the_workflow() -> None:
    def made(**changes: object) -> Sight:
        assert LOOK.migrate
        return seeing(migrate=replace(LOOK.migrate, **changes))

    said("DX147", made(state="disabled_manually"), CheckState.FAILED, "is disabled manually", "gh workflow enable")
    said("DX147", made(dispatchable=False), CheckState.FAILED, "no workflow_dispatch on main", "github init")
    said("DX147", made(inputs=("plan",)), CheckState.FAILED, "takes no input confirm", "github init")
    said("DX147", made(inputs=None), CheckState.WARNED, "could not be read", "Contents")
    bare = made(inputs=("confirm",))
    said("DX147", bare, CheckState.WARNED, "takes confirm; without request a dispatch whose answer is lost", "init")
    said("DX147", bare, CheckState.WARNED, "without migrations it does not check that its files are the sealed ones")
    gone = Unseen("missing", "GitHub answered 404", "Look at the names.")
    said("DX147", unseen("migrate", gone, migrate=None), CheckState.FAILED, "GitHub answered 404", "github init")
    said("DX147", unseen("migrate", migrate=None), CheckState.UNKNOWN, "lacks Actions: read")


def test_who_approves() -> None:
    def protected(**changes: object) -> Sight:
        assert LOOK.environment
        return seeing(environment=replace(LOOK.environment, **changes))

    said("DX148", SIGHT, CheckState.PASSED, "production: you may approve, branches: any; reviewers: maria, nikos")
    said(
        "DX148", protected(branches="release/*"), CheckState.WARNED, "main is none of these branches", "Let main deploy"
    )
    said("DX148", protected(can_approve=None, branches="main"), CheckState.PASSED, "a team approves, branches: main")
    said("DX148", protected(can_approve=False, wait_minutes=5), CheckState.WARNED, "you may not approve, wait 5 min")
    said("DX148", protected(no_self_review=True), CheckState.WARNED, "who starts the run may not approve it", "hand")
    said("DX148", protected(reviewers=(), can_approve=False), CheckState.WARNED, "nobody has to approve", "reviewers")
    said("DX148", seeing(environment=None), CheckState.WARNED, "GitHub has no environment production", "Make it")
    said("DX148", unseen("environment", environment=None), CheckState.WARNED, "lacks Actions: read")
    said("DX148", asking(environment=""), CheckState.PASSED, "no environment is named")


def test_what_else_is_under_way() -> None:
    running = replace(GREEN, status="in_progress", conclusion="")
    busy = seeing(open_runs=(running, replace(running, id=8)))
    said("DX149", busy, CheckState.FAILED, f"run 7 by maria is running: {URL}, and 1 more", "Let it end")
    said("DX149", replace(busy, own=frozenset({7, 8})), CheckState.PASSED, "no run of prod-migration.yml")
    deploying = seeing(deployments=(Deployment(id=1, environment="production", state="in_progress"),))
    said("DX149", deploying, CheckState.WARNED, "1 deployment under way: production in progress", "Let it end")
    said("DX149", asking(deploying, no_deployments=True), CheckState.FAILED, "1 deployment under way")
    said("DX149", unseen("deployments"), CheckState.WARNED, "lacks Actions: read")
    said("DX149", asking(unseen("deployments"), no_deployments=True), CheckState.UNKNOWN, "lacks Actions: read")
    said("DX149", unseen("runs"), CheckState.UNKNOWN, "lacks Actions: read")


@pytest.mark.parametrize("executor", [Executor.DIRECT, Executor.PRISMA])
def test_with_another_executor_only_clinic_and_freeze_are_gates(executor: Executor) -> None:
    bad = replace(
        seeing(
            clinic=None,
            branch=None,
            migrate=None,
            secrets=(),
            environment=None,
            open_runs=(replace(GREEN, status="queued", conclusion=""),),
        ),
        local=Checkout(problem="no git"),
        executor=executor,
    )
    states = {code: finding.state for code, finding in github_gates.findings(bad).items()}
    shut = {code for code, state in states.items() if state is not CheckState.PASSED and state is not CheckState.WARNED}
    assert shut == {"DX142", "DX143", "DX144", "DX145"}
    assert states["DX146"] is states["DX147"] is states["DX148"] is states["DX149"] is CheckState.WARNED
