"""A thin client of GitHub's API: limits, retries of reads, kept answers, and every failure as a GithubError."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from dixis_tui import __version__
from dixis_tui.errors import GithubError, StoppedError
from dixis_tui.github import Rate
from dixis_tui.secrets import Redactor, Secret
from dixis_tui.settings_github import GITHUB_API
from dixis_tui.web.github import addresses
from dixis_tui.web.github.requests import Request

if TYPE_CHECKING:
    from dixis_tui.web.github.exchange import Answer, LineError
    from dixis_tui.web.github.limits import Limit

T = TypeVar("T")
_TOKEN = re.compile(r"[!-~]+")
_TRIES = 4
"""How often a read is sent where no answer comes, or one of 5xx."""
_WAITS = 3
"""How often one request waits for a limit."""
_LONGEST_WAIT_SECONDS = 60.0
_REDIRECTS = 3
_PAGES = 10
_PAGE = 100
_MOVED = (301, 302, 307, 308)
_PLAIN = {"User-Agent": f"dixis-tui/{__version__}", "Accept-Encoding": "gzip"}
_UNSURE = "Look on GitHub whether it was carried out before anything is sent again."


class _Failed(Struct, frozen=True):
    """A read that failed. `passing`: another try may do better."""

    error: GithubError
    passing: bool
    limit: Limit | None = None


def ignore(_reason: str, _until: datetime | None) -> None:
    """Nobody is told of waits."""


class Client:
    """Asks GitHub as the owner of `token`. A context manager; may be used from several threads.

    `on_wait` is told why it waits and until when, before each wait. `pause_seconds` is the first pause between tries;
    each further one is twice as long. Setting `stopping` ends every wait with StoppedError.
    Raises GithubError where the token or the environment's proxy or certificates can't be used, and UsageError where
    `api_url` is no address that a token may be sent to.
    """

    def __init__(
        self,
        token: str,
        api_url: str = GITHUB_API,
        *,
        stopping: threading.Event | None = None,
        pause_seconds: float = 1.0,
        on_wait: Callable[[str, datetime | None], None] = ignore,
        timeout_seconds: float = 30.0,
    ) -> None:
        from dixis_tui.web.github.kept import Kept
        from dixis_tui.web.github.line import Line

        if not _TOKEN.fullmatch(token):
            raise GithubError(
                "token",
                "There is no GitHub token" if not token else "The GitHub token holds characters that no token has",
                "Set GITHUB_TOKEN, or log in with `gh auth login`.",
            )
        self.rate: Rate | None = None
        self.skew_seconds = 0.0
        self.scopes: tuple[str, ...] | None = None
        """Of a classic token; None: not known yet, or a token of another kind."""
        self._base = addresses.base(api_url)
        self._origin = addresses.origin(self._base)
        self.host = "GitHub" if self._base == GITHUB_API else f"GitHub at {(self._origin or ('', ''))[1]}"
        self._token = Secret(token)
        self._redactor = Redactor([token])
        self._stopping = stopping or threading.Event()
        self._pause = pause_seconds
        self._on_wait = on_wait
        self._kept = Kept()
        here = self._may_be_plain((self._origin or ("", ""))[1])
        self._line = Line(timeout_seconds=timeout_seconds, stopping=self._stopping, here=here)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def get(
        self, request: Request, into: type[T], parts: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> T:
        """One read, its answer decoded. Raises GithubError."""
        return self.decoded(request, self._read(request, self._address(request, parts, query)), into)

    def pages(
        self, request: Request, into: type[T], parts: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> Iterator[T]:
        """One read page by page, as far as answers name a next one, and not without end. Raises GithubError."""
        url = self._address(request, parts, {"per_page": str(_PAGE)} | dict(query or {}))
        for _ in range(_PAGES):
            answer = self._read(request, url)
            yield self.decoded(request, answer, into)
            following = addresses.next_page(answer.headers)
            if not following:
                return
            url = addresses.joined(url, following)
            if addresses.origin(url) != self._origin:
                raise self._unclear(request, "its next page is on another host")

    def send(self, request: Request, body: object | None, parts: Mapping[str, str]) -> Answer:
        """A change, sent once and never again. Raises GithubError, whose `taken` says whether it may have been done."""
        from dixis_tui.web.github.exchange import LineError, Question

        self._halt()
        url, headers, content = self._address(request, parts), self._headers(), None
        if body is not None:
            headers["Content-Type"], content = "application/json", msgspec.json.encode(body)
        try:
            answer = self._line.exchange(Question(request.method, url, headers, content))
        except LineError as error:
            failed = self._no_answer(request, error)
        else:
            limit = self._noted(answer)
            if 200 <= answer.status < 300:
                return answer
            failed = self._refusal(request, answer, limit)
        raise failed

    def download(self, request: Request, parts: Mapping[str, str]) -> Answer | None:
        """A body that the answer only points to, on another host: asked for there without the token.

        None: there is none, or none yet. Raises GithubError, of kind `missing` where it is gone.
        """
        url = self._address(request, parts)
        answer = self._read(request, url, pointer=True)
        if answer.status == 404:
            return None
        for _ in range(_REDIRECTS):
            if answer.status not in _MOVED:
                return answer
            url = addresses.joined(url, answer.headers.get("location", ""))
            found = addresses.origin(url)
            if found is None or (found[0] == "http" and not self._may_be_plain(found[1])):
                break
            answer = self._read(request, url, _PLAIN, pointer=True)
        raise self._unclear(request, "it points on and on, or to an address that is not https://")

    def decoded(self, request: Request, answer: Answer, into: type[T]) -> T:
        """The body of an answer. Raises GithubError of kind `unclear`."""
        try:
            return msgspec.json.decode(answer.body, type=into)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            failed = self._unclear(request, "its body is not what GitHub's description says")
        raise failed

    def _read(
        self,
        request: Request,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        pointer: bool = False,
    ) -> Answer:
        """A read with its waits and further tries. `headers`: not GitHub itself is asked, so no token is sent."""
        tries = waits = 0
        while True:
            self._halt()
            found = self._once(request, url, headers, pointer=pointer)
            if not isinstance(found, _Failed):
                return found
            limit = found.limit
            if limit is not None and limit.seconds <= _LONGEST_WAIT_SECONDS and waits < _WAITS:
                waits += 1
                self._wait(limit.reason, limit.seconds + self._pause, limit.until)
            elif found.passing and tries < _TRIES - 1:
                tries += 1
                self._wait(str(found.error), self._pause * 2 ** (tries - 1), None)
            else:
                raise found.error

    def _once(
        self, request: Request, url: str, headers: Mapping[str, str] | None, *, pointer: bool
    ) -> Answer | _Failed:
        """One read, with the redirects that may be followed with a token: those to GitHub itself.

        `pointer`: a redirect is an answer, and that there is none; the body is for a file.
        """
        from dixis_tui.web.github.exchange import LineError, Question
        from dixis_tui.web.github.refusals import elsewhere

        for _ in range(1 + _REDIRECTS):
            kept = self._kept.get(url) if not pointer else None
            try:
                answer = self._line.exchange(Question("GET", url, headers or self._headers(kept)), spool=pointer)
            except LineError as error:
                return _Failed(self._no_answer(request, error, away=headers is not None), passing=error.passing)
            limit = self._noted(answer) if headers is None else None
            if answer.status == 200 and not pointer:
                self._kept.put(url, answer)
            moved = answer.headers.get("location", "") if answer.status in _MOVED else ""
            if answer.status == 200 or (pointer and moved):
                return answer
            if headers is not None:
                failed = elsewhere(request, answer)
                return _Failed(failed, passing=failed.kind == "server")
            if pointer and answer.status == 404:
                return answer
            if answer.status == 304 and kept is not None:
                return kept
            url = addresses.joined(url, moved) if moved else ""
            if addresses.origin(url) != self._origin:
                break
        failed = self._refusal(request, answer, limit)
        return _Failed(failed, passing=failed.kind == "server", limit=limit)

    def _noted(self, answer: Answer) -> Limit | None:
        """Keep what every answer tells of limits, clock and scopes; a limit that this one refuses for."""
        from dixis_tui.web.github import limits, refusals

        now = datetime.now(UTC)
        self.rate = limits.rate(answer) or self.rate
        ahead = limits.skew(answer, now)
        self.skew_seconds = self.skew_seconds if ahead is None else ahead
        scopes = refusals.scopes(answer, self._redactor)
        self.scopes = self.scopes if scopes is None else scopes
        return limits.met(answer, now, self.skew_seconds)

    def _headers(self, kept: Answer | None = None) -> dict[str, str]:
        condition = {"If-None-Match": kept.headers["etag"]} if kept is not None else {}
        return (
            _PLAIN
            | condition
            | {
                "Authorization": f"Bearer {self._token.reveal()}",
                "Accept": "application/vnd.github+json, application/json;q=0.9",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    def _address(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str] | None = None) -> str:
        return self._base + request.address(parts) + (f"?{urlencode(query)}" if query else "")

    def _may_be_plain(self, host: str) -> bool:
        """Whether http:// will do: on this machine, where GitHub's own address is on it as well."""
        return self._origin is not None and self._origin[0] == "http" and addresses.loopback(host)

    def _no_answer(self, request: Request, error: LineError, *, away: bool = False) -> GithubError:
        who = "The host that keeps it for GitHub" if away else self.host
        taken = request.changes and error.sent
        remedy = _UNSURE if taken else "Look at the network, HTTPS_PROXY and SSL_CERT_FILE."
        return GithubError("unreachable", f"{who} {error} ({request.what})", remedy, taken=taken)

    def _refusal(self, request: Request, answer: Answer, limit: Limit | None = None) -> GithubError:
        from dixis_tui.web.github.refusals import refusal

        return refusal(request, answer, self.host, self._redactor, limit)

    def _unclear(self, request: Request, problem: str) -> GithubError:
        from dixis_tui.web.github.refusals import unclear

        return unclear(request, self.host, problem)

    def _halt(self) -> None:
        if self._stopping.is_set():
            raise StoppedError("asked to stop while GitHub was being asked")

    def _wait(self, reason: str, seconds: float, until: datetime | None) -> None:
        self._on_wait(reason, until)
        self._stopping.wait(seconds)
        self._halt()
