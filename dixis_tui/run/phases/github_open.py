"""The repository of the settings, to be asked with this run's token."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import msgspec

from dixis_tui import events as ev
from dixis_tui.run.context import Context
from dixis_tui.settings import token_in
from dixis_tui.settings_github import GithubSettings
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client, ignore

T = TypeVar("T")


@contextmanager
def opened(
    context: Context,
    *,
    told: bool = True,
    stopping: threading.Event | None = None,
) -> Iterator[tuple[Repository, Client]]:
    """The repository and the client that asks it; `told`: what it waits for is journaled.

    `stopping` ends its waits instead of a stop of the run. Raises GithubError, and UsageError for its address.
    """

    def waits(reason: str, until: datetime | None) -> None:
        if told:
            say_waits(context, reason, until)

    token, _ = token_in(context.secrets)
    github, halt = context.settings.github, stopping or context.stopping
    with client_for(github, token, stopping=halt, on_wait=waits) as client:
        yield Repository(client, github.repository), client


def client_for(
    settings: GithubSettings,
    token: str,
    *,
    stopping: threading.Event,
    on_wait: Callable[[str, datetime | None], None] = ignore,
    timeout_seconds: float = 30.0,
) -> Client:
    """What asks the settings' GitHub with that token. Raises GithubError, and UsageError for its address."""
    return Client(
        token,
        settings.address,
        stopping=stopping,
        pause_seconds=min(settings.poll_seconds, 1.0),
        on_wait=on_wait,
        timeout_seconds=timeout_seconds,
    )


def say_waits(context: Context, reason: str, until: datetime | None) -> None:
    """Journal that GitHub is not heard of, or asks to wait: once, however often it is tried."""
    reason, before = context.log.redactor.line(reason), context.settled().github_waits
    if before is None or (before.reason, before.until) != (reason, until):
        context.emit(ev.GithubWaits(reason=reason, until=until), flush=False)


def workflow_page(settings: GithubSettings, workflow: str) -> str:
    """The workflow's page in a browser."""
    return f"https://{settings.host}/{settings.repository}/actions/workflows/{workflow}"


def worded(context: Context, thing: T) -> T:
    """The same value (a struct) with each text in it cleaned and redacted."""
    words = context.log.redactor.line

    def told(part: object) -> object:
        match part:
            case str():
                return words(part)
            case list() | tuple():
                return [told(one) for one in part]
            case dict():
                return {name: told(one) for name, one in part.items()}
        return part

    plain = told(msgspec.to_builtins(thing, builtin_types=(datetime,)))
    config = getattr(type(thing), "__struct_config__", None)
    if isinstance(plain, dict) and config is not None and config.tag is not None:
        plain[config.tag_field] = config.tag  # our own word, whatever a secret is called
    return msgspec.convert(plain, type=type(thing), builtin_types=(datetime,))
