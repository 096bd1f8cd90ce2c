"""Whether visitors really get the maintenance page, or really no longer do: asked until it is so, or time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dixis_tui.events import PageSeen
from dixis_tui.notices import page
from dixis_tui.settings_records import MaintenanceSettings

if TYPE_CHECKING:
    from dixis_tui.web.fetch import Answer
REMEDY = "Look at the web server: `dixis-tui page nginx` (or caddy) prints what it needs."
_PAUSE_SECONDS = 0.2


def see(settings: MaintenanceSettings, run: str, *, up: bool, wait: Callable[[float], bool]) -> PageSeen:
    """What a visitor at `maintenance.url` gets. `wait` pauses for so many seconds; true: look no more.

    `problem` is empty where it is the page of `run` (`up`), or none of ours any more.
    """
    from dixis_tui.web import page as web  # httpx takes a tenth of a second

    deadline = time.monotonic() + settings.seen_within_seconds
    with web.visitor() as visitor:
        while True:
            # The last look may take as long as all of them: an answer on its way is waited for.
            answer = web.look(settings.url, settings.seen_within_seconds, visitor)
            whose = page.owner(answer.body) if answer.status else None
            seen = PageSeen(
                url=settings.url,
                up=whose is not None,
                status=answer.status,
                milliseconds=answer.milliseconds,
                problem=answer.problem or (_shown(answer, run) if up else _gone(answer)),
            )
            if not seen.problem or time.monotonic() > deadline or wait(_PAUSE_SECONDS):
                return seen


def sentence(seen: PageSeen) -> str:
    """What was seen, where it is as it should be."""
    what = "503, the maintenance page, Retry-After" if seen.up else f"{seen.status}, the application"
    return f"{seen.url} answers {what}, in {seen.milliseconds:.0f} ms"


def _shown(answer: Answer, run: str) -> str:
    """What is wrong with an answer that should be our page; empty: nothing."""
    whose = page.owner(answer.body)
    if whose is None:
        return f"answers {answer.status} without the maintenance page"
    if whose != run:
        return f"answers with the maintenance page of {whose}"
    if not page.whole(answer.body):
        return "answers with half of the maintenance page"
    if answer.status != 503:
        return f"answers the maintenance page with {answer.status} instead of 503: search engines would take it over"
    return "" if answer.retry_after else "answers the maintenance page without Retry-After"


def _gone(answer: Answer) -> str:
    if page.owner(answer.body) is not None:
        return "still answers with the maintenance page"
    return "" if answer.status < 500 else f"answers {answer.status}"
