"""Asks GitHub and git for everything that DX141 to DX149 judge, part by part and in bounded time. Reads only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from dixis_tui.errors import DixisError, GithubError, StoppedError
from dixis_tui.github import Deployment, Look, SecretSeen, WorkflowRun
from dixis_tui.plan import github_gates
from dixis_tui.plan.github_sight import Sight, Unseen
from dixis_tui.prisma import checkout
from dixis_tui.prisma.checkout import Checkout
from dixis_tui.prisma.project import discover
from dixis_tui.run.phases.github_open import client_for
from dixis_tui.settings import Settings, token_in
from dixis_tui.settings_github import GithubSettings
from dixis_tui.web.github.api import Repository

if TYPE_CHECKING:
    from dixis_tui.web.github.client import Client

T = TypeVar("T")
SECONDS = 20.0
"""After that long a look ends with what it has seen."""
_ANSWER_SECONDS = 8.0
_RUNS = 50
_CLINIC_RUNS = 20
_AT_WORK = ("waiting", "in_progress", "queued", "pending")
_FOR = {
    "user": "whose token it is",
    "branch": "where the branch stands",
    "clinic": "the clinic's runs",
    "migrate": "the migrate workflow",
    "runs": "runs under way",
    "secrets": "secrets of the repository",
    "environment": "the environment's protection",
    "environment secrets": "secrets of the environment",
    "deployments": "deployments under way",
    "pushed": "whether the commit is on GitHub",
    "tree": "the files of the commit",
}
_WHOLE = ("branch", "clinic", "migrate", "secrets")
_NOBODY = "there is no GitHub token: GITHUB_TOKEN and GH_TOKEN are not set or too short, and `gh` has none for {host}"
_OVER = ("token", "rate", "unreachable", "server", "unclear")
"""After an error of these kinds nothing more is asked."""
_TOO_LONG = ("tree", "unclear")
"""But for this one: a commit has more files than one answer holds, which says nothing of the rest."""


def gather(
    settings: Settings,
    given: Mapping[str, str],
    own: Iterable[int] = (),
    clinic: WorkflowRun | None = None,
    *,
    seconds: float = SECONDS,
) -> Sight:
    """Everything that one look sees, within `seconds`. Never raises for what GitHub or git says.

    `given`: the secrets, of which it takes the token. `own`: workflow runs that were dispatched from here. `clinic`:
    the last one of them that is the clinic's, as it was seen, since GitHub's lists lag behind.
    """
    github = settings.github
    token, source = token_in(given)
    sight = Sight(
        look=Look(repository=github.repository, host=github.host, token_from=source),
        local=local(settings),
        settings=github,
        executor=settings.migrate.executor,
        own=frozenset(own),
    )
    if not token:
        remedy = "Set GITHUB_TOKEN to a token for the repository, or log in with `gh auth login`."
        return _mute(sight, _NOBODY.format(host=github.host), remedy)
    try:
        with in_time(github, token, seconds) as client:
            seen = _ask(sight, Repository(client, github.repository), client, seconds)
    except DixisError as error:
        return _mute(sight, str(error), error.remedy)
    known, listed = clinic, seen.look.clinic
    if known and known.sha == seen.local.commit and (listed is None or known.id > listed.id):
        return replace(seen, look=replace(seen.look, clinic=known))
    return seen


@contextmanager
def in_time(github: GithubSettings, token: str, seconds: float) -> Iterator[Client]:
    """A client for some reads, which end after `seconds`: then GithubError is raised, as for whatever hinders it."""
    enough = threading.Event()
    timer = threading.Timer(seconds, enough.set)
    timer.daemon = True
    timer.start()
    try:
        with client_for(github, token, stopping=enough, timeout_seconds=min(_ANSWER_SECONDS, seconds)) as client:
            yield client
    except StoppedError:
        raise GithubError("unreachable", *_slow(github, seconds)) from None
    finally:
        timer.cancel()


def cut_off(sight: Sight) -> Unseen | None:
    """Why this look has not come to its end; None where it has."""
    if sight.look.problem:
        return Unseen("unreachable", sight.look.problem, sight.look.remedy)
    ends = (why for part, why in sight.unseen.items() if why.kind in _OVER and (part, why.kind) != _TOO_LONG)
    return next(ends, None)


def local(settings: Settings) -> Checkout:
    """The project's checkout. Never raises."""
    try:
        prisma = settings.prisma
        found = discover(settings.prisma_directory, prisma.schema, prisma.command)
    except DixisError as error:
        return Checkout(problem=str(error), remedy=error.remedy)
    # Where the schema is one file its folder holds nothing else that is read, but for the migrations.
    read: list[Path] = [found.schema, *([found.config] if found.config else [])]
    return checkout.look(found.directory, found.migrations, read)


def _mute(sight: Sight, problem: str, remedy: str) -> Sight:
    return replace(sight, look=replace(sight.look, problem=problem, remedy=remedy))


def _slow(github: GithubSettings, seconds: float) -> tuple[str, str]:
    return f"{github.host} did not answer within {seconds:g} s", "Look at the line, then look again."


class _Asking:
    """Asks part by part, and remembers why a part is missing."""

    def __init__(self, slow: tuple[str, str]) -> None:
        self.unseen: dict[str, Unseen] = {}
        self.missing: dict[str, list[str]] = {}
        self._slow = Unseen("unreachable", *slow)
        self._over: Unseen | None = None

    def __call__(self, part: str, ask: Callable[..., T], otherwise: T) -> T:
        if self._over:
            self.unseen[part] = self._over
            return otherwise
        try:
            return ask()
        except StoppedError:
            self._over = self.unseen[part] = self._slow
        except GithubError as error:
            self.unseen[part] = Unseen(error.kind, str(error), error.remedy, error.permission)
            if error.kind == "rights":
                self.missing.setdefault(error.permission or "a permission", []).append(_FOR[part])
            elif error.kind in _OVER and (part, error.kind) != _TOO_LONG:
                self._over = self.unseen[part]
        return otherwise

    @property
    def lacks(self) -> tuple[str, ...]:
        """Each permission once, with all that it is needed for."""
        return tuple(f"{permission} ({', '.join(parts)})" for permission, parts in self.missing.items())


def _ask(sight: Sight, repository: Repository, client: Client, seconds: float) -> Sight:
    settings, local_, ask = sight.settings, sight.local, _Asking(_slow(sight.settings, seconds))
    login = ask("user", repository.login, "")
    if why := ask.unseen.get("user"):
        if why.kind != "rights":
            return _mute(sight, why.sentence, why.remedy)
        ask.missing.clear()  # a workflow's own token is nobody's: nothing is missing
    look = replace(
        sight.look,
        login=login,
        branch=ask("branch", lambda: repository.branch(settings.branch), None),
        migrate=ask("migrate", lambda: repository.workflow(settings.migrate_workflow, settings.branch), None),
        secrets=ask("secrets", repository.secrets, None),
    )
    runs, last = _clinic(ask, repository, sight)
    if all(part in ask.unseen and ask.unseen[part].kind == "missing" for part in _WHOLE):
        return _mute(
            sight,
            f"{settings.host} has no repository {settings.repository}, or this token may not see it",
            "Look at github.repository in dixis.toml; let the token see the repository.",
        )
    pushed, tree_of = _pushed(ask, repository, replace(sight, look=look))
    none: list[WorkflowRun] = []
    nothing: tuple[Deployment, ...] = ()
    listed = ask("runs", lambda: _open_runs(repository, settings.migrate_workflow), none)
    look = _environment(ask, repository, replace(look, clinic=runs), settings)
    look = replace(
        look,
        open_runs=tuple(run for run in listed if not run.over),
        deployments=ask("deployments", lambda: repository.deployments(settings.environment), nothing),
    )
    tree = ask("tree", lambda: repository.tree(tree_of, local_.folder), None) if tree_of else None
    return replace(
        sight,
        look=replace(look, missing=ask.lacks, rate=client.rate, skew_seconds=client.skew_seconds),
        pushed=pushed,
        tree=tree,
        tree_of=tree_of,
        other_clinic=last,
        unseen=_without_absent(ask.unseen),
    )


def _open_runs(repository: Repository, workflow: str) -> list[WorkflowRun]:
    """Runs that are not over: among the newest, and, however old, those that wait or are at work."""
    newest = repository.runs(workflow, limit=_RUNS)
    older = [run for status in _AT_WORK for run in repository.runs(workflow, status=status, limit=_RUNS)]
    return list({run.id: run for run in (*newest, *older)}.values())


def _clinic(ask: _Asking, repository: Repository, sight: Sight) -> tuple[WorkflowRun | None, WorkflowRun | None]:
    """The clinic's latest run for the local commit; where there is none, its latest one of any."""
    name, commit = sight.settings.clinic_workflow, sight.local.commit
    found: list[WorkflowRun] = []
    branch = sight.settings.branch
    if commit:
        found = ask("clinic", lambda: repository.runs(name, sha=commit, branch=branch, limit=_CLINIC_RUNS), found)
    if one := github_gates.clinic_of(found):
        return one, None
    if "clinic" in ask.unseen:
        return None, None
    found = ask("clinic", lambda: repository.runs(name, branch=branch, limit=1), found)
    return None, found[0] if found else None


def _pushed(ask: _Asking, repository: Repository, sight: Sight) -> tuple[bool, str]:
    """Whether the local commit is on GitHub, and the commit whose files are compared: the branch's where it is not."""
    commit, head = sight.local.commit, sight.look.branch
    there = head.sha if head else ""
    if not commit or commit == there:
        return bool(commit), there
    pushed = ask("pushed", lambda: repository.pushed(commit), False)
    return pushed, commit if pushed else there


def _environment(ask: _Asking, repository: Repository, look: Look, settings: GithubSettings) -> Look:
    name = settings.environment
    if not name:
        return look
    seen = ask("environment", lambda: repository.environment(name, look.login), None)
    look = replace(look, environment=seen)
    if "environment" in ask.unseen and ask.unseen["environment"].kind == "missing":
        return look  # it has no secrets either
    none: tuple[SecretSeen, ...] = ()
    own = ask("environment secrets", lambda: repository.environment_secrets(name), none)
    return replace(look, secrets=(*(look.secrets or ()), *own) if own or look.secrets is not None else None)


def _without_absent(unseen: dict[str, Unseen]) -> dict[str, Unseen]:
    """What GitHub says it does not have is seen: it is not there. `user` is no part of the sight."""
    absent = ("branch", "environment", "runs")
    return {
        part: why for part, why in unseen.items() if part != "user" and not (part in absent and why.kind == "missing")
    }
