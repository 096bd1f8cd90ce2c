"""Answers that are none of what was asked for, as errors: one sentence, a remedy, the permission that is missing."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dixis_tui.errors import GithubError
from dixis_tui.secrets import Redactor
from dixis_tui.web.github.exchange import Answer
from dixis_tui.web.github.limits import Limit
from dixis_tui.web.github.requests import Request

_MESSAGE_LIMIT = 300
_FINE = "Give the token the permission {permission} for this repository, or use one that has it."
_CLASSIC = "Give the token the scope {scope}, or use one that has it."


class _Message(Struct, frozen=True):
    message: str = ""


def refusal(request: Request, answer: Answer, host: str, redactor: Redactor, limit: Limit | None = None) -> GithubError:
    """Why `answer` is not what was asked for. What it says in its own words is cleaned, redacted and cut."""
    status = answer.status
    own = _said(answer, redactor)
    said = f"{host} answered {status}{own} {'to' if request.changes else 'when asked for'} {request.what}"
    if limit is not None:
        return GithubError("rate", f"{said}: {limit.reason}", "Wait until then.", until=limit.until)
    match status:
        case 401:
            return GithubError(
                "token", f"{said}: it does not take the token", "It has expired or was revoked: make a new one."
            )
        case 403 | 404:
            return _rights(request, answer, said, redactor)
        case 407:
            return GithubError(
                "unreachable", f"The proxy to {host} asks for a password (407)", "Put it in HTTPS_PROXY."
            )
        case 410:
            return GithubError("missing", f"{said}: it is gone", "It was deleted, or kept only for a time.")
        case 408 | 500 | 502 | 503 | 504 | 507 | 599:
            return _server(request, said)
    if status >= 500:
        return _server(request, said)
    if status < 300 or status == 304:
        return unclear(request, host, f"its status is {status}")
    if status < 400:
        kind, remedy = "refused", "Name the repository as GitHub has it now in github.repository."
        return GithubError(kind, f"{said}: it points to another address, which is not followed", remedy)
    remedy = "Nothing was changed." if request.changes else "Look at the names in dixis.toml."
    return GithubError("refused", said, remedy)


def unclear(request: Request, host: str, problem: str) -> GithubError:
    """An answer that is none."""
    return GithubError(
        "unclear",
        f"{host} was asked for {request.what} and answered something else: {problem}",
        "Look whether github.api_url is the API's address, and whether a proxy answers instead.",
        taken=request.changes,
    )


def elsewhere(request: Request, answer: Answer) -> GithubError:
    """Why another host, to which GitHub's answer points, does not give what it keeps for it."""
    said = f"The host that keeps it for GitHub answered {answer.status} when asked for {request.what}"
    if answer.status in (404, 410):
        return GithubError("missing", f"{said}: it is gone", "It was deleted, or kept only for a time.")
    return GithubError("server", said, "Its address holds for a short time only: try again.")


def scopes(answer: Answer, redactor: Redactor) -> tuple[str, ...] | None:
    """What a classic token may do; None: the answer does not say, which is so for every other kind of token."""
    told = answer.headers.get("x-oauth-scopes")
    return None if told is None else _words(redactor.line(told), ",")


def _server(request: Request, said: str) -> GithubError:
    remedy = "Look at githubstatus.com, and try again later."
    return GithubError("server", f"{said}: it has a fault of its own", remedy, taken=request.changes)


def _rights(request: Request, answer: Answer, said: str, redactor: Redactor) -> GithubError:
    sign_on = answer.headers.get("x-github-sso", "")
    if "required" in sign_on:
        return GithubError(
            "rights",
            f"{said}: the organization asks for single sign-on, and the token is not authorized for it",
            "Authorize the token for the organization (GitHub: Settings, Developer settings, Configure SSO).",
            permission="single sign-on",
        )
    lacking = _lacking(request, answer, redactor)
    if answer.status == 403:
        permission, remedy = lacking or _needed(request, answer, redactor)
        return GithubError("rights", f"{said}: the token may not do that", remedy, permission=permission)
    if lacking is not None:
        permission, remedy = lacking
        words = f"{said}: it does not exist, or the token may not see it (it lacks the {permission})"
        return GithubError("rights", words, remedy, permission=permission)
    permission, remedy = _needed(request, answer, redactor)
    wanted = permission or "this repository to be among those that it may see"
    return GithubError(
        "missing",
        f"{said}: it does not exist, or the token may not see it",
        f"Look at the names in dixis.toml; the token needs {wanted}.",
    )


def _lacking(request: Request, answer: Answer, redactor: Redactor) -> tuple[str, str] | None:
    """The scope that a classic token is known to lack; None where that is not known."""
    has = scopes(answer, redactor)
    if has is None:
        return None
    accepted = _words(redactor.line(answer.headers.get("x-accepted-oauth-scopes", "")), ",") or _words(
        request.scope, ","
    )
    if not accepted or set(accepted) & set(has):
        return None
    scope = request.scope if request.scope in accepted else accepted[0]
    return f"scope {scope}", _CLASSIC.format(scope=scope)


def _needed(request: Request, answer: Answer, redactor: Redactor) -> tuple[str, str]:
    """What the request needs: as the answer says it, else as our table does. With the remedy."""
    accepted = _words(redactor.line(answer.headers.get("x-accepted-github-permissions", "")), ";")
    permission = " and ".join(_named(word) for word in _words(accepted[0], ",")) if accepted else request.permission
    return permission, _FINE.format(permission=permission) if permission else "Use a token of a person."


def _named(permission: str) -> str:
    """`pull_requests=write` as GitHub's own page has it: `Pull requests: write`."""
    name, _, level = permission.partition("=")
    return f"{name.replace('_', ' ').strip().capitalize()}: {level.strip()}"


def _words(text: str, between: str) -> tuple[str, ...]:
    return tuple(word for part in text[:_MESSAGE_LIMIT].split(between) if (word := part.strip()))


def _said(answer: Answer, redactor: Redactor) -> str:
    try:
        message = msgspec.json.decode(answer.body, type=_Message).message
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    words = redactor.line(message).strip()
    return f" ({words[:_MESSAGE_LIMIT]}{'…' if len(words) > _MESSAGE_LIMIT else ''})" if words else ""
