"""What a request and an answer are, and GitHub's refusals in its own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Request:
    """One request. `headers` have lower case names; `route` is the path as the description writes it, once known."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    route: str = ""

    @property
    def token(self) -> str:
        """What `Authorization` says."""
        return self.headers.get("authorization", "").partition(" ")[2]


@dataclass
class Answer:
    """One answer. `broken` closes the connection instead: `before` a byte of it, or `within` it."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    broken: str = ""

    def json(self) -> Any:
        """Its body, read; None where it is empty."""
        return json.loads(self.body) if self.body else None


class Refusal(Exception):  # noqa: N818 - an answer, not an error of the fake
    """Raised by what answers, where the answer is a refusal."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def told(value: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(
        status, json.dumps(value).encode(), kind | {name.replace("_", "-"): text for name, text in headers.items()}
    )


def refused(status: int, message: str, **headers: str) -> Answer:
    """GitHub's basic error."""
    return told({"message": message, "documentation_url": DOCS, "status": str(status)}, status, **headers)


def missing() -> Refusal:
    """Not there, or not for this token: GitHub does not say which."""
    return Refusal(refused(404, "Not Found"))


def invalid(message: str, status: int = 422) -> Refusal:
    """Understood, and wrong."""
    return Refusal(refused(status, message))


def bad_gateway() -> Answer:
    """What stands before GitHub answers for it, in HTML."""
    page = (
        "<!DOCTYPE html>\n<html>\n  <head><title>Unicorn! &middot; GitHub</title></head>\n"
        "  <body><p><strong>We couldn't respond to your request in time.</strong></p></body>\n</html>\n"
    )
    return Answer(502, page.encode(), {"Content-Type": "text/html; charset=utf-8"})


def secondary_limit(retry_after: int | None = 60) -> Answer:
    """Too much at once; not counted by `x-ratelimit-*`."""
    words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return refused(403, words, **({} if retry_after is None else {"Retry_After": str(retry_after)}))
