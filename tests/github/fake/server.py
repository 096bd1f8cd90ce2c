"""A GitHub on loopback: a real HTTP server that remembers, and changes over time as its script says."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.github.fake import access, routes
from tests.github.fake.actions import Dispatch
from tests.github.fake.answers import Answer, Refusal, Request, missing, refused
from tests.github.fake.elsewhere import Elsewhere
from tests.github.fake.expressions import expand
from tests.github.fake.faults import Fault
from tests.github.fake.repo import Repo, Token, User
from tests.github.fake.runs import Run
from tests.github.fake.script import PLAIN, Act, step
from tests.github.fake.shapes_runs import workflow_id

TOKEN = "github_pat_11TESTS0000000000000_maria"
"""A token of the user `maria` that may do everything."""
Validate = Callable[[Request, Answer], None]


class FakeGithub:
    """The server; a context manager. Tests change its attributes while it stands; `lock` guards what requests touch.

    `script` is what the next run does (`scripts` by workflow file where they differ). `dispatches`, `cancels` and
    `requests` are what was asked. `validate` is called with every answer; what it raises is kept in `wrong`, and
    `check()` tells it, together with every token that reached another host. `pace`, in seconds: runs move on by the
    clock, for whoever looks by hand, and not by being asked for.
    """

    def __init__(self, repo: Repo, *, validate: Validate | None = None, port: int = 0, pace: float = 0) -> None:
        self.repo, self.validate = repo, validate
        self.users: dict[str, User] = {"maria": User("maria")}
        self.tokens: dict[str, Token] = {TOKEN: Token(self.users["maria"])}
        self.script: Iterable[Act] = PLAIN
        self.scripts: dict[str, Iterable[Act]] = {}
        self.skew = timedelta(0)
        """How far GitHub's clock is ahead of this machine's."""
        self.lag = self.direct_lag = 0
        """How many lists a new run is missing from, and how many times asking for it by number answers 404."""
        self.without_details = False
        """204 whatever was asked for."""
        self.older = False
        """A server from before `return_run_details`: it does not take that key."""
        self.logs_gone = False
        self.page_limit, self.tree_limit = 100, 100_000
        self.limit = self.remaining = 5000
        self.faults: list[Fault] = []
        self.runs: dict[int, Run] = {}
        self.dispatches: list[Dispatch] = []
        self.cancels: list[int] = []
        self.requests: list[Request] = []
        self.wrong: list[str] = []
        self.lock = threading.RLock()
        self.elsewhere = Elsewhere()
        self._pace, self._closing = pace, threading.Event()
        self._next_id = 17_000_000_001
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if self._pace:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.elsewhere.close()

    def check(self) -> None:
        """Fails where an answer did not fit the description, or a token reached another host."""
        assert not self.wrong, "answers that GitHub would not give:\n" + "\n".join(self.wrong)
        assert not self.elsewhere.leaks, f"Authorization reached another host: {self.elsewhere.leaks}"

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
        names = (path.rsplit("/", 1)[-1] for path in self.repo.tree(self.repo.default_branch))
        return next((name for name in names if word.isdigit() and workflow_id(name) == int(word)), word)

    def start(
        self, workflow: str, *, branch: str = "main", inputs: Mapping[str, str] | None = None, actor: str = "maria",
        event: str = "workflow_dispatch", script: Iterable[Act] | None = None, sha: str = "", text: dict[str,
        Any] | None = None,
    ) -> Run:  # fmt: skip
        """A new run, as a dispatch or a push makes one."""
        text = text if text is not None else self.repo.workflow_text(workflow, branch) or {}
        told = {
            "inputs": dict(inputs or {}),
            "github": {"ref_name": branch, "actor": actor, "workflow": text.get("name", "")},
        }
        concurrency = text.get("concurrency") or ""
        group = concurrency.get("group", "") if isinstance(concurrency, dict) else concurrency
        with self.lock:
            acts = tuple(script if script is not None else self.scripts.get(workflow, self.script))
            run = Run(
                self._next_id, len(self.runs) + 1, workflow, sha=sha or self.repo.heads[branch], branch=branch,
                actor=actor,
                now=self.now, script=acts, event=event, inputs=inputs, environment_of=self.repo.environment,
                title=expand(str(text.get("run-name") or text.get("name") or workflow), told),
                group=expand(str(group), told),
            )  # fmt: skip
            self._next_id += 1000
            run.lag, run.direct_lag, run.by_clock = self.lag, self.direct_lag, bool(self._pace)
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
        """Those of others and those of the runs, newest first."""
        found = []
        for run in self.runs.values():
            for at, name in enumerate(run.deployed):
                ended = "success" if run.conclusion == "success" else "failure"
                state = ended if run.over else "pending" if run.waits_for else "in_progress"
                found.append({"id": run.id + 500 + 2 * at, "run": run.id, "environment": name, "state": state,
                "sha": run.sha,
                              "ref": run.branch, "creator": run.actor, "created": run.created})  # fmt: skip
        for at, other in enumerate(self.repo.deployments):
            base = {"id": 900 + 2 * at, "state": "in_progress", "sha": self.repo.heads[self.repo.default_branch],
                    "ref": self.repo.default_branch, "creator": "nikos", "created": self.now()}  # fmt: skip
            found.append(base | other)
        return sorted(found, key=lambda one: -one["id"])

    def rate(self) -> dict[str, int]:
        """What is left of the hour."""
        full = self.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        left = max(0, self.remaining)
        return {"limit": self.limit, "remaining": left, "used": self.limit - left, "reset": int(full.timestamp())}

    def answer(self, request: Request) -> Answer:
        """What GitHub answers: the faults first, then who asks, then what is asked for."""
        fault = next((one for one in self.faults if one.strikes(request)), None)
        answer = self._really(request) if fault is None else fault.spoil(lambda: self._really(request))
        if self.validate is not None and not answer.broken:
            try:
                self.validate(request, answer)
            except Exception as error:  # noqa: BLE001 - whatever it says of the answer
                self.wrong.append(f"{request.method} {request.path} {answer.status}: {error}")
        return answer

    def _really(self, request: Request) -> Answer:
        found = routes.find(request.method, request.path)
        if found is None:
            return refused(404, "Not Found")
        _, parts, handler = found
        with self.lock:
            try:
                token = access.admit(request, self.tokens, self.repo, self.now())
                self.remaining -= 1
                if parts and f"{parts['owner']}/{parts['repo']}".lower() != self.repo.name.lower():
                    raise missing()
                answer = access.exhausted(handler(self, request, parts), self.remaining)
                self.unblock()
            except Refusal as refusal:
                return self._dressed(refusal.answer, None, request)
            return self._dressed(answer, token, request)

    def _dressed(self, answer: Answer, token: Token | None, request: Request) -> Answer:
        kept = False
        if request.method == "GET" and answer.status == 200:
            tag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
            answer.headers |= {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
            kept = request.headers.get("if-none-match") == tag
        self.remaining += kept  # what was not changed is not counted
        rate = self.rate()
        limits = ("limit", "remaining", "used", "reset")
        answer.headers |= {f"X-RateLimit-{name.title()}": str(rate[name]) for name in limits}
        answer.headers |= {"X-RateLimit-Resource": "core", "X-GitHub-Media-Type": "github.v3; format=json"}
        if token is not None:
            answer.headers |= access.token_headers(token, request)
        if kept:
            return Answer(304, headers={name: text for name, text in answer.headers.items() if name != "Content-Type"})
        return answer

    def _tick(self) -> None:
        while not self._closing.wait(self._pace):
            with self.lock:
                for run in list(self.runs.values()):
                    run.advance()
                self.unblock()

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

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        github = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with suppress(OSError):  # whoever asked may have gone
                    github._serve(self)

            do_POST = do_GET  # noqa: N815 - the base class looks for it by this name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Keeps the output clean."""

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        url = urlsplit(handler.path)
        path = url.path.removeprefix("/api/v3")
        headers = {name.lower(): text for name, text in handler.headers.items()}
        found = routes.find(handler.command, path)
        request = Request(
            handler.command, path, dict(parse_qsl(url.query, keep_blank_values=True)), headers,
            json.loads(raw) if raw else None, found[0] if found else "",
        )  # fmt: skip
        self.requests.append(request)
        self._send(handler, self.answer(request))

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer.broken == "before":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response_only(answer.status)
        standard = {"Date": format_datetime(self.now(), usegmt=True), "Server": "github.com",
                    "X-GitHub-Request-Id": str(uuid.uuid4()).upper()}  # fmt: skip
        for name, text in (standard | answer.headers).items():
            handler.send_header(name, text)
        if answer.status not in {204, 304}:
            handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        if answer.broken == "within":
            handler.wfile.write(answer.body[: len(answer.body) // 2])
            handler.close_connection = True
            return
        handler.wfile.write(answer.body)
