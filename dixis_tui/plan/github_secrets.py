"""DX146: which secrets GitHub has, which one a workflow would get, and when each was changed last. Pure."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.github import SecretSeen
from dixis_tui.model import Finding, failed, passed, unknown, warned
from dixis_tui.plan.github_sight import Sight

_PARTS = ("secrets", "environment secrets")


def secrets(sight: Sight) -> Finding:
    """The URL's secret is there; the shadow's may be. Of several of one name the environment's wins."""
    settings = sight.settings
    ranked = [(rank, secret) for secret in sight.look.secrets or () if (rank := _rank(sight, secret)) is not None]
    seen = [secret for _, secret in sorted(ranked, key=lambda pair: pair[0])]
    ours = [secret for secret in seen if secret.name.upper() == settings.secret.upper()]
    unseen = [why for part in _PARTS if (why := sight.unseen.get(part))]
    if not ours and unseen:
        return unknown(f"{settings.secret} could not be seen: {unseen[0].words}", unseen[0].remedy)
    shadow = [secret for secret in seen if secret.name.upper() == settings.shadow_secret.upper()]
    optional = f"; {settings.shadow_secret} {_told(shadow)}" if shadow else f"; no {settings.shadow_secret} (optional)"
    if not ours:
        where = "Settings, Secrets and variables, Actions"
        return failed(f"there is no secret {settings.secret}{optional}", f"Set it: {where}; or in the environment.")
    words = f"{settings.secret} {_told(ours)}{optional}"
    if newer := next((one for one in ours[1:] if _later(one, ours[0])), None):
        return warned(
            f"{words}; the one of the {newer.where} was changed later, and is not the one that counts",
            f"See whether the {ours[0].where}'s one is still the right URL.",
        )
    if unseen:
        return warned(f"{words}; not all were seen: {unseen[0].words}", unseen[0].remedy)
    return passed(words)


def _rank(sight: Sight, secret: SecretSeen) -> int | None:
    """The environment's first, then the repository's, then the organization's, as GitHub has it; None: it is no use."""
    if secret.where == f"environment {sight.settings.environment}":
        return 0
    return {"repository": 1, "organization": 2}.get(secret.where)


def _told(found: list[SecretSeen]) -> str:
    first = f"of the {found[0].where}, changed {_when(found[0].updated)}"
    rest = [f"{one.where} ({_when(one.updated)})" for one in found[1:]]
    return f"{first}, wins over that of the {' and the '.join(rest)}" if rest else first


def _when(at: datetime | None) -> str:
    return f"{at:%d %b %Y %H:%M} UTC" if at else "at an unknown time"


def _later(one: SecretSeen, than: SecretSeen) -> bool:
    return one.updated is not None and than.updated is not None and one.updated > than.updated
