"""Every answer is held to GitHub's published description; the few that it lacks are named here with their source."""

from __future__ import annotations

import os
import shutil
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.github.fake.answers import Answer, Request
from tests.github.packages import published

_DESCRIPTION = "urn:github"
_BASIC = f"{_DESCRIPTION}#/components/schemas/basic-error"
BESIDE = {
    304: "Best practices for using the REST API: conditional requests",
    307: "Best practices for using the REST API: follow redirects",
    401: "Authenticating to the REST API: failed login limit",
    403: "Rate limits for the REST API; Troubleshooting the REST API: resource not accessible; SAML single sign-on",
    404: "Troubleshooting the REST API: 404 for what exists and may not be seen",
    429: "Rate limits for the REST API: exceeding the rate limit",
    502: "Troubleshooting the REST API: timeouts; githubstatus.com",
}
"""Statuses that any request may be answered with, described or not, and the page of docs.github.com that says so."""
BESIDE_ONE = {
    ("/dispatches", 422): "Manually running a workflow; the words are those that the API gives",
    (
        "/pending_deployments",
        422,
    ): "Reviewing deployments: only reviewers approve; the words to others are ours",
    ("/logs", 410): "Removing workflow artifacts: logs are kept 90 days, or as long as is set",
}
"""As `BESIDE`, for paths that end so."""
HEADERS = ("X-GitHub-Media-Type", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@cache
def described() -> Described | None:
    """GitHub's own, where it can be had: without npm the fake is not held to it, except in CI."""
    if shutil.which("npm") is None and not os.environ.get("CI"):
        return None
    return Described(published())


class Described:
    """Holds answers to `description`, an OpenAPI 3.0 document. Calling it raises where one does not fit."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._described = _plain(description)
        self._paths = self._described["paths"]
        resource = Resource.from_contents(self._described, default_specification=DRAFT4)
        self._registry: Registry[Any] = Registry().with_resource(_DESCRIPTION, resource)
        self._validators: dict[str, Any] = {}

    def __call__(self, request: Request, answer: Answer) -> None:
        """Raises AssertionError, with what does not fit and where in the answer."""
        operation = self._paths.get(request.route, {}).get(request.method.lower())
        if operation is None:
            assert answer.status in (*BESIDE, 404), f"{request.method} {request.path} is not described"
            return
        described = operation["responses"].get(str(answer.status))
        if described is None:
            self._beside(request, answer)
            return
        described = self._resolved(described)
        for name, spec in described.get("headers", {}).items():
            required = self._resolved(spec).get("required", name == "Location")
            assert not required or name in answer.headers, f"the header {name} is missing"
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            assert not answer.body, f"{answer.status} has no body, and this is one: {answer.body[:80]!r}"
            return
        self._fits(f"{request.method} {request.route} {answer.status}", schema, answer)
        if answer.status < 300:
            assert all(name in answer.headers for name in HEADERS), "a header that GitHub always sends is missing"

    def _beside(self, request: Request, answer: Answer) -> None:
        one = any(request.route.endswith(end) and answer.status == status for end, status in BESIDE_ONE)
        assert one or answer.status in BESIDE, f"{answer.status} is not among the described answers"
        if answer.status >= 400 and answer.headers.get("Content-Type", "").startswith("application/json"):
            self._fits(_BASIC, {"$ref": _BASIC}, answer)

    def _fits(self, key: str, schema: dict[str, Any], answer: Answer) -> None:
        if key not in self._validators:
            self._validators[key] = Draft4Validator(schema, registry=self._registry, format_checker=FormatChecker())
        errors = list(self._validators[key].iter_errors(answer.json()))
        assert not errors, "; ".join(f"{'/'.join(map(str, one.path))}: {one.message[:200]}" for one in errors[:3])

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            found: Any = self._described
            for step in part["$ref"].removeprefix(f"{_DESCRIPTION}#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            part = found
        return part


def _plain(part: Any) -> Any:
    """The document as JSON Schema has it: null is one of the types and values where OpenAPI says `nullable`.

    Its references begin at the document, so that a piece of it can be used by itself.
    """
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if isinstance(part, str) and part.startswith("#/components/"):
        return _DESCRIPTION + part
    if not isinstance(part, dict):
        return part
    plain = {name: _plain(value) for name, value in part.items()}
    if plain.get("nullable") is True:
        for word in ("oneOf", "anyOf"):
            if word in plain:
                plain[word].append({"type": "null"})
        if isinstance(plain.get("type"), str):
            plain["type"] = [plain["type"], "null"]
        if isinstance(plain.get("enum"), list):
            plain["enum"].append(None)
    return plain
