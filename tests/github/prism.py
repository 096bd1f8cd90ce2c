"""Prism: a server made from the description alone. It holds every request to it, and keeps nothing in mind."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dixis_tui.process import child_environment
from dixis_tui.web.github.client import Client
from dixis_tui.web.github.exchange import Answer
from dixis_tui.web.github.requests import Request
from tests.waiting import until

_LISTENS = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
_SECONDS = 60.0


def join(folder: Path, program: Path, described: dict[str, Any]) -> None:
    """One more uses the server in `folder`; the first one starts it. To be called under a lock."""
    folder.mkdir(exist_ok=True)
    users = folder / "users"
    count = int(users.read_text()) if users.exists() else 0
    if count == 0:
        _start(folder, program, described)
    users.write_text(str(count + 1))


def leave(folder: Path) -> None:
    """One less; the last one stops it. To be called under a lock."""
    left = int((folder / "users").read_text()) - 1
    (folder / "users").write_text(str(left))
    if left == 0:
        with suppress(ProcessLookupError):
            os.killpg(int((folder / "pid").read_text()), signal.SIGTERM)
        shutil.rmtree(folder)


def _start(folder: Path, program: Path, described: dict[str, Any]) -> None:
    (folder / "served.json").write_text(json.dumps(served(described)))
    command = [str(program), "mock", "--errors", "--host", "127.0.0.1", "--port", "0", str(folder / "served.json")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=child_environment() | {"NO_COLOR": "1"}, start_new_session=True
        )
    (folder / "pid").write_text(str(process.pid))

    def url() -> str:
        told = (folder / "log").read_text()
        assert process.poll() is None, told
        found = _LISTENS.search(told)
        return found[1] if found else ""

    (folder / "url").write_text(until(url, _SECONDS, "Prism to listen"))


def served(described: dict[str, Any]) -> dict[str, Any]:
    """The description as Prism can serve it. Schemas of bodies are as they are.

    `created` is described as a time, and as a range in its own words (`>=2026-11-24`): the words are what GitHub takes.
    Link headers' examples lead to the real GitHub. Some bodies' examples break the schema beside them, which Prism
    calls a fault of the answer: instead of those it makes an answer from the schema.
    """
    found = copy.deepcopy(described)
    found["components"]["parameters"]["created"]["schema"].pop("format")
    for operation in _operations(found):
        for answer in operation["responses"].values():
            answer.get("headers", {}).pop("Link", None)
            if operation["operationId"] in WRONG_EXAMPLES:
                for body in answer.get("content", {}).values():
                    body.pop("examples", None)
    return found


WRONG_EXAMPLES = (
    "actions/list-jobs-for-workflow-run",
    "actions/get-pending-deployments-for-run",
    "actions/cancel-workflow-run",
    "repos/get-branch-protection",
)


def _operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for methods in described["paths"].values()
        for method, operation in methods.items()
        if method in ("get", "post")
    ]


def prefer(client: Client, what: str, only: Request | None = None) -> None:
    """From now on Prism is told which of the described answers to give (to `only` that request)."""
    headers, address = client._headers, client._address
    asked: list[Request] = []

    def noted(request: Request, parts: Mapping[str, str], query: Mapping[str, str] | None = None) -> str:
        asked.append(request)
        return address(request, parts, query)

    def with_preference(kept: Answer | None = None) -> dict[str, str]:
        return headers(kept) | ({"Prefer": what} if only is None or asked[-1] is only else {})

    client._address, client._headers = noted, with_preference  # type: ignore[method-assign]
