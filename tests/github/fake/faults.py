"""What goes wrong on the way. A fault stands before the server and answers in its stead, or spoils its answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.github.fake.answers import Answer, Request

Answering = Callable[[], Answer]


@dataclass
class Fault:
    """For the next `times` requests that `matches` (0: all of them from now on); `skip` so many first.

    `spoil` is called with what would answer: it may call it (the request was taken) or not, and answers itself.
    """

    spoil: Callable[[Answering], Answer]
    matches: Callable[[Request], bool] = lambda _: True
    times: int = 1
    skip: int = 0
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether this request is struck; counts it."""
        if not self.matches(request) or (self.times and self.struck >= self.times):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.struck += 1
        return True


def reads(request: Request) -> bool:
    """Any read."""
    return request.method == "GET"


def dispatches(request: Request) -> bool:
    """A dispatch."""
    return request.path.endswith("/dispatches")


def to(end: str, method: str = "GET") -> Callable[[Request], bool]:
    """Requests whose path ends so."""
    return lambda request: request.method == method and request.path.endswith(end)


def instead(answer: Callable[[], Answer]) -> Callable[[Answering], Answer]:
    """The request never arrives; this is answered."""
    return lambda _: answer()


def taken_but(answer: Callable[[], Answer]) -> Callable[[Answering], Answer]:
    """The request is carried out, and this is answered instead of what came of it."""

    def spoil(really: Answering) -> Answer:
        really()
        return answer()

    return spoil


def broken(where: str = "before", *, taken: bool = True) -> Callable[[Answering], Answer]:
    """The connection ends `before` the answer or `within` it; `taken`: the request was carried out."""

    def spoil(really: Answering) -> Answer:
        answer = really() if taken else Answer(200)
        return Answer(answer.status, answer.body, answer.headers, broken=where)

    return spoil


def held(until: threading.Event, *, taken_first: bool = True, seconds: float = 30) -> Callable[[Answering], Answer]:
    """The answer waits for `until`; the request is carried out before that, or only then."""

    def spoil(really: Answering) -> Answer:
        if taken_first:
            answer = really()
            until.wait(seconds)
            return answer
        until.wait(seconds)
        return really()

    return spoil
