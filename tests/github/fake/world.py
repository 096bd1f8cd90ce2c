"""What a GitHub remembers, whoever asks and however: a repository, who may use it, and its runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.github.fake.answers import Request
from tests.github.fake.expressions import expand
from tests.github.fake.repo import Repo, Token, User
from tests.github.fake.runs import Run
from tests.github.fake.script import PLAIN, Act, step
from tests.github.fake.shapes_runs import workflow_id

TOKEN = "github_pat_11TESTS0000000000000_maria"
"""A token of the user `maria` that may do everything."""


class World:
    """Tests change its attributes as they like; `lock` guards what requests touch.

    `script` is what the next run does; `scripts` by workflow file, or `script_for` by its inputs, where they differ.
    """

    def __init__(self, repo: Repo, *, by_clock: bool = False) -> None:
        self.repo = repo
        self.users: dict[str, User] = {"maria": User("maria")}
        self.tokens: dict[str, Token] = {TOKEN: Token(self.users["maria"])}
        self.script: Iterable[Act] = PLAIN
        self.scripts: dict[str, Iterable[Act]] = {}
        self.script_for: Callable[[Mapping[str, str]], Iterable[Act]] | None = None
        self.skew = timedelta(0)
        """How far GitHub's clock is ahead of this machine's."""
        self.lag = self.direct_lag = 0
        """How many lists a new run is missing from, and how many times asking for it by number answers 404."""
        self.limit = self.remaining = 5000
        self.runs: dict[int, Run] = {}
        self.lock = threading.RLock()
        self._by_clock = by_clock
        self._next_id = 17_000_000_001

    def now(self) -> datetime:
        """GitHub's clock."""
        return datetime.now(UTC) + self.skew

    def user_of(self, login: str) -> User:
        """A user by name, made where there is none yet."""
        return self.users.setdefault(login, User(login))

    def asker(self, request: Request) -> User:
        """Whose request it is."""
        return self.tokens[request.token].user

    def token(self, text: str, login: str = "maria", **more: Any) -> Token:
        """Another token, of a user that is made where there is none yet."""
        self.tokens[text] = Token(self.user_of(login), **more)
        return self.tokens[text]

    def workflow_file(self, word: str) -> str:
        """The file name of a workflow that is asked for by file or number."""
        if not word.isdigit():
            return word
        names = (path.rsplit("/", 1)[-1] for path in self.repo.tree(self.repo.default_branch))
        return next((name for name in names if workflow_id(name) == int(word)), word)

    def start(
        self,
        workflow: str,
        *,
        branch: str = "main",
        inputs: Mapping[str, str] | None = None,
        actor: str = "maria",
        event: str = "workflow_dispatch",
        script: Iterable[Act] | None = None,
        sha: str = "",
    ) -> Run:
        """A new run, as a dispatch or a push makes one."""
        text = self.repo.workflow_text(workflow, branch) or {}
        told = {
            "inputs": dict(inputs or {}),
            "github": {"ref_name": branch, "actor": actor, "workflow": text.get("name", "")},
        }
        concurrency = text.get("concurrency") or ""
        group = concurrency.get("group", "") if isinstance(concurrency, dict) else concurrency
        with self.lock:
            run = Run(
                self._next_id,
                len(self.runs) + 1,
                workflow,
                sha=sha or self.repo.heads[branch],
                branch=branch,
                actor=actor,
                event=event,
                inputs=inputs,
                title=expand(str(text.get("run-name") or text.get("name") or workflow), told),
                group=expand(str(group), told),
                script=tuple(script if script is not None else self._acts(workflow, inputs or {})),
                now=self.now,
                environment_of=self.repo.environment,
            )
            self._next_id += 1000
            run.lag, run.direct_lag, run.by_clock = self.lag, self.direct_lag, self._by_clock
            self._line_up(run)
            self.runs[run.id] = run
        return run

    def past(self, workflow: str, conclusion: str = "success", *, sha: str = "", branch: str = "main") -> Run:
        """A run of a push that is over already."""
        acts = (step("Set up job"), step("Check", conclusion="success" if conclusion == "success" else "failure"))
        run = self.start(workflow, branch=branch, sha=sha, event="push", script=acts)
        run.lag = run.direct_lag = 0
        run.settle()
        run.conclusion = conclusion
        return run

    def unblock(self) -> None:
        """The next of a concurrency group may begin where the one before it is over."""
        for run in self.runs.values():
            if run.held and not run.over and not self._ahead(run):
                run.held = False
                run.begin()

    def deployments(self) -> list[dict[str, Any]]:
        """Those of others and those of the runs, newest first; `run` is the run's number."""
        found: list[dict[str, Any]] = []
        for at, other in enumerate(self.repo.deployments):
            head = self.repo.heads[self.repo.default_branch]
            base: dict[str, Any] = {
                "state": "in_progress",
                "sha": head,
                "ref": self.repo.default_branch,
                "creator": "nikos",
            }
            found.append({"id": 900 + 2 * at, "created": self.now(), **base, **other})
        for run in self.runs.values():
            ended = "success" if run.conclusion == "success" else "failure"
            state = ended if run.over else "pending" if run.waits_for else "in_progress"
            base = {"state": state, "sha": run.sha, "ref": run.branch, "creator": run.actor, "created": run.created}
            for at, name in enumerate(run.deployed):
                found.append({"id": run.id + 500 + 2 * at, "run": run.id, "environment": name, **base})
        return sorted(found, key=lambda one: -one["id"])

    def rate(self) -> dict[str, int]:
        """What is left of the hour."""
        full = self.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        left = max(0, self.remaining)
        return {"limit": self.limit, "remaining": left, "used": self.limit - left, "reset": int(full.timestamp())}

    def _acts(self, workflow: str, inputs: Mapping[str, str]) -> Iterable[Act]:
        if workflow in self.scripts:
            return self.scripts[workflow]
        return self.script_for(inputs) if self.script_for is not None else self.script

    def _line_up(self, run: Run) -> None:
        """One of a concurrency group runs, one waits; a third takes the waiting one's place."""
        if not self._ahead(run):
            run.begin()
            return
        for other in self.runs.values():
            if other.held and other.group == run.group and not other.over:
                other.cancel()
        run.held, run.status = True, "pending"

    def _ahead(self, run: Run) -> bool:
        same = (one for one in self.runs.values() if run.group and one.group == run.group and one is not run)
        return any(not one.over and not one.held for one in same)
