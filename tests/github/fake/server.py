"""A GitHub on loopback: a real HTTP server that remembers, and changes over time as its script says."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Self

from tests.github.fake import access, routes
from tests.github.fake.actions import Dispatch
from tests.github.fake.answers import Answer, Refusal, Request, missing, refused
from tests.github.fake.elsewhere import Elsewhere
from tests.github.fake.faults import Fault
from tests.github.fake.http import handler_of
from tests.github.fake.repo import Repo, Token
from tests.github.fake.validate import described
from tests.github.fake.world import TOKEN, World

__all__ = ["TOKEN", "FakeGithub", "Validate"]
Validate = Callable[[Request, Answer], None]


class FakeGithub(World):
    """The server; a context manager. `dispatches`, `cancels` and `requests` are what was asked of it.

    Every answer is held to GitHub's published description (or to `validate`): what does not fit is kept in `wrong`, and
    fails the test as the server goes, as does a token that reached another host. `pace`, in seconds, is for whoever
    looks by hand: runs move on by the clock, and not by being asked for.
    """

    def __init__(self, repo: Repo, *, validate: Validate | None = None, port: int = 0, pace: float = 0) -> None:
        super().__init__(repo, by_clock=pace > 0)
        self.validate = validate or (None if pace else described())
        self.without_details = False
        """204 whatever was asked for."""
        self.older = False
        """A server from before `return_run_details`: it does not take that key."""
        self.logs_gone = False
        self.page_limit, self.tree_limit = 100, 100_000
        self.faults: list[Fault] = []
        self.dispatches: list[Dispatch] = []
        self.cancels: list[int] = []
        self.requests: list[Request] = []
        self.wrong: list[str] = []
        self.elsewhere = Elsewhere()
        self._pace, self._closing = pace, threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler_of(self.answer, self.now))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if self._pace:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.elsewhere.close()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Fails where an answer did not fit the description, or a token reached another host."""
        assert not self.wrong, "answers that GitHub would not give:\n" + "\n".join(self.wrong)
        assert not self.elsewhere.leaks, f"Authorization reached another host: {self.elsewhere.leaks}"

    def answer(self, request: Request) -> Answer:
        """What GitHub answers: the faults first, then who asks, then what is asked for."""
        self.requests.append(request)
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
        token: Token | None = None
        with self.lock:
            try:
                admitted = access.admit(request, self.tokens, self.repo, self.now())
                access.count(self)
                token = admitted
                if parts and f"{parts['owner']}/{parts['repo']}".lower() != self.repo.name.lower():
                    raise missing()
                answer: Answer = handler(self, request, parts)
                self.unblock()
            except Refusal as refusal:
                answer = refusal.answer
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
            answer.headers = access.token_headers(token, request) | answer.headers
        if kept:
            return Answer(304, headers={name: text for name, text in answer.headers.items() if name != "Content-Type"})
        return answer

    def _tick(self) -> None:
        while not self._closing.wait(self._pace):
            with self.lock:
                for run in list(self.runs.values()):
                    run.advance()
                self.unblock()
