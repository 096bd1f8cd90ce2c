"""DX814 and DX812: how old a credential is, as far as anybody knows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from dixis_tui.github import SecretSeen
from dixis_tui.model import Finding, passed, warned

_SOON = timedelta(days=14)
_REMEDY = "Change it with `dixis-tui rotate` after sign-off."


class Known(Struct, frozen=True, kw_only=True):
    """What is known of a role's password. Times are UTC; None: not known."""

    role: str
    rotated: datetime | None = None
    """When a rotation of ours gave it."""
    secret: SecretSeen | None = None
    """GitHub's secret that holds it."""
    valid_until: datetime | None = None
    """After that the server refuses it."""


def age(known: Known, days: int, now: datetime) -> Finding:
    """DX814: when it was last changed, against `days`; and whether it is about to run out."""
    until = known.valid_until
    ends = f"; valid until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    seen = _seen(known, now)
    if seen is None:
        return warned(f"nothing here says when the password of {known.role} was last changed{ends}", _REMEDY)
    at, words = seen
    if until and until - now < _SOON:
        return warned(f"{words}{ends}", "Give it a new password, and a later VALID UNTIL, before that.")
    if now - at > timedelta(days=days):
        return warned(f"{words}, more than {days} days ago{ends}", _REMEDY)
    return passed(f"{words}{ends}")


def _seen(known: Known, now: datetime) -> tuple[datetime, str] | None:
    """The latest change that is known of, in words: of the password itself where that is known."""
    if known.rotated:
        when = f"{known.rotated:%Y-%m-%d}"
        return known.rotated, f"password of {known.role} changed {_ago(known.rotated, now)} (rotation of {when})"
    if known.secret and known.secret.updated:
        at, secret = known.secret.updated, known.secret
        return at, f"secret {secret.name} of the {secret.where} changed {_ago(at, now)}; no rotation is recorded here"
    return None


def considered(rotated: datetime | None, role: str, since: datetime | None) -> Finding | None:
    """DX812: answered where the password was rotated since the run began; None: a person answers it."""
    if rotated is None or since is None or rotated < since:
        return None
    return passed(f"password of {role} rotated at {rotated:%H:%M} UTC, since this run began")


def secret_in_use(secrets: Sequence[SecretSeen] | None, name: str, environment: str) -> SecretSeen | None:
    """The secret of that name that a workflow gets: the environment's, else the repository's."""
    order = (f"environment {environment}", "repository", "organization")
    named = {one.where: one for one in secrets or () if one.name.upper() == name.upper()}
    return next((named[where] for where in order if where in named), None)


def _ago(at: datetime, now: datetime) -> str:
    days = max((now.astimezone(UTC).date() - at.astimezone(UTC).date()).days, 0)
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
