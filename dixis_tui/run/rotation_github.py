"""The secrets on GitHub that hold the URL whose password is changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct

from dixis_tui.errors import DixisError, GithubError
from dixis_tui.github import SecretSeen
from dixis_tui.run.phases.github_open import client_for
from dixis_tui.run.rotation import Places
from dixis_tui.secrets import Redactor
from dixis_tui.settings_github import GithubSettings
from dixis_tui.web.github.api import Repository

_ENVIRONMENT = "environment "
_CAN_BE_PUT = ("repository", _ENVIRONMENT)


class Seen(Struct, frozen=True, kw_only=True):
    """The secrets of that name; `problem` is why they could not be looked at, or empty."""

    secrets: tuple[SecretSeen, ...] = ()
    problem: str = ""
    remedy: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        """Those that can be given a new value: the organization's belongs to others as well."""
        return tuple(one.where for one in self.secrets if one.where.startswith(_CAN_BE_PUT))


@contextmanager
def opened(settings: GithubSettings, token: str) -> Iterator[Repository]:
    """The repository. Raises GithubError and UsageError."""
    with client_for(settings, token, stopping=threading.Event()) as client:
        yield Repository(client, settings.repository)


def look(repository: Repository, settings: GithubSettings, token: str) -> Seen:
    """Where a secret of the name is. Never raises for what GitHub says."""
    words = Redactor([token]).line
    try:
        found = [*repository.secrets()]
        if settings.environment:
            found += _of_environment(repository, settings.environment)
    except DixisError as error:
        return Seen(problem=words(str(error)), remedy=words(error.remedy))
    return Seen(secrets=tuple(one for one in found if one.name.upper() == settings.secret.upper()))


def _of_environment(repository: Repository, environment: str) -> tuple[SecretSeen, ...]:
    try:
        return repository.environment_secrets(environment)
    except GithubError as error:
        if error.kind != "missing":  # no such environment: then it has no secret either
            raise
        return ()


def places(repository: Repository, settings: GithubSettings, seen: Seen) -> Places:
    """What a rotation gives the new URL to."""

    def put(place: str, value: str) -> str:
        environment = place.removeprefix(_ENVIRONMENT) if place.startswith(_ENVIRONMENT) else ""
        before = _updated(repository, settings, place)
        repository.put_secret(settings.secret, value, environment)
        try:
            after = _updated(repository, settings, place)
        except DixisError:  # GitHub has it: nobody may think otherwise because of a look
            return f"{settings.secret} of the {place} taken; its time could not be read"
        moved = after is not None and (before is None or after > before)
        when = f"changed at {after:%Y-%m-%d %H:%M:%S} UTC" if moved else "taken, and GitHub shows no new time for it"
        return f"{settings.secret} of the {place} {when}"

    return Places(names=seen.places, put=put)


def _updated(repository: Repository, settings: GithubSettings, place: str) -> datetime | None:
    if place.startswith(_ENVIRONMENT):
        found = repository.environment_secrets(place.removeprefix(_ENVIRONMENT))
    else:
        found = repository.secrets()
    named = (one for one in found if one.where == place and one.name.upper() == settings.secret.upper())
    return next((one.updated for one in named), None)
