"""What a notice is about: the target, its window, and when it will be over. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from dixis_tui.model import Phase
from dixis_tui.notice import NoticeKind
from dixis_tui.notices.facts import Facts
from dixis_tui.plan.phases import IN_WINDOW, PLANNED_SECONDS
from dixis_tui.plan.prediction import needed_seconds
from dixis_tui.run import estimate
from dixis_tui.run.state import RunState
from dixis_tui.run.under_way import fleet, target
from dixis_tui.settings import DATABASE_URL, Settings

_STEP_MINUTES = 5


def facts_of(state: RunState, settings: Settings, kind: NoticeKind, now: datetime) -> Facts:
    """What its texts are filled from: the window, and what the rehearsal has measured. Pure.

    Without a rehearsal it takes as long as the window. The end is the one that the maintenance page promises.
    """
    minutes, opens = _minutes(state, settings), settings.window.opens()
    ends = opens + timedelta(minutes=minutes) if opens else None
    announced = state.run is None and ends is not None and ends > now  # no run is at work yet: as it was agreed
    if kind in (NoticeKind.DURING, NoticeKind.DELAYED) and not announced:
        page = state.page
        ends = page.ends_at if page and page.put and page.ends_at else estimate.ends_at(state, now)
    return Facts(name=settings.name, zone=settings.window.timezone, opens=opens, ends=ends, minutes=minutes)


def _minutes(state: RunState, settings: Settings) -> int:
    prediction = state.prediction
    if prediction is None or not prediction.rehearsed:
        return settings.window.minutes
    others = sum(PLANNED_SECONDS[phase] for phase in IN_WINDOW if phase is not Phase.MIGRATE)
    minutes = (others + needed_seconds(prediction)) / 60
    return math.ceil(minutes / _STEP_MINUTES) * _STEP_MINUTES


def target_of(settings: Settings, secrets: Mapping[str, str], *, many: bool = False) -> str:
    """What a notice is about: the database of DATABASE_URL, or the fleet.

    Raises:
        UrlError: DATABASE_URL is unset or malformed.
    """
    if many:
        return fleet(settings)
    from dixis_tui.postgres.url import parse

    return target(parse(secrets.get(DATABASE_URL), DATABASE_URL))
