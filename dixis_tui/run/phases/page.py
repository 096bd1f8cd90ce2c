"""The maintenance page of a run: put in place, moved when its estimate moves, taken away, and looked at as a visitor.

Journaled before the file changes and after it. In any thread: one after the other, under one lock.
"""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, ToolError
from dixis_tui.model import Finding, failed, passed, warned
from dixis_tui.notices import page, page_file
from dixis_tui.run import estimate, runs
from dixis_tui.run.context import Context
from dixis_tui.run.views import PageView

_LOOK_SECONDS = 0.2
_KEEP_SECONDS = 5.0
"""How often the estimate is compared with the clock."""
_LOCK = threading.Lock()
"""A runner has one page."""


def put(context: Context) -> None:
    """Have the page there, with the estimate of now; from then on it moves by itself.

    Raises:
        DixisError: a template that can't be used, another's file in its place, or no right to write there.
    """
    with _LOCK:
        path = context.settings.page_file
        if path is None:
            raise ToolError("maintenance.file is not set any more", "Set it in dixis.toml, or answer DX400 yourself.")
        _no_other_run(context, page_file.owner_of(path))
        _write(context, path, moved=False)
    keep(context)


def move(context: Context) -> None:
    """Have the page promise another end, where the estimate has moved or the clock has passed it. Never raises.

    A page that somebody took away stays away; that is said, and what can't be done is said once.
    """
    with _LOCK:
        up, now = _up(context), datetime.now(UTC)
        if up is None or not estimate.moves(up.ends_at, estimate.ends_at(context.state, now), now):
            return
        try:
            if page_file.owner_of(Path(up.file)) != context.folder.name:
                context.note(f"The maintenance page {up.file} is not there any more: somebody took it away.", "warning")
                context.emit(ev.PageTaken(file=up.file))
            else:
                _write(context, Path(up.file), moved=True)
        except DixisError as error:
            problem = context.log.redactor.line(str(error))
            if problem != up.problem:
                context.note(f"{error}. {error.remedy}", "warning")
                context.emit(ev.PageTaken(file=up.file, problem=problem))


def take(context: Context) -> str:
    """Have the page gone; "" or why it is still there. Does nothing where this run has put none."""
    with _LOCK:
        up = _up(context)
        if up is None:
            return ""
        path, problem = Path(up.file), ""
        try:
            if page_file.owner_of(path) == context.folder.name:
                page_file.take(path)
        except DixisError as error:
            problem = context.log.redactor.line(f"{error}. {error.remedy}")
        context.emit(ev.PageTaken(file=up.file, problem=problem))
        return problem


def owner_at(path: Path) -> str | None:
    """The run whose page is there; None: nothing is. Raises ToolError: something else is."""
    return page_file.owner_of(path)


def visitors(context: Context, *, up: bool) -> Finding:
    """Whether visitors really get the page, or really no longer do, within the settings' time. Journals the last look.

    Raises:
        StoppedError: the operator stopped the phase.
    """
    settings = context.settings.maintenance
    if not settings.url:
        return warned("nobody looked: maintenance.url is not set", "Set it to an address that every visitor gets.")
    from dixis_tui.web import page as web  # httpx takes a tenth of a second

    deadline = time.monotonic() + settings.seen_within_seconds
    run = context.folder.name
    with web.visitor() as visitor:
        while True:
            # The last look may take as long as all of them: an answer on its way is waited for.
            answer = web.look(settings.url, settings.seen_within_seconds, visitor)
            whose = page.owner(answer.body) if answer.status else None
            problem = answer.problem or (_shown if up else _gone)(answer.status, answer.body, answer.retry_after, run)
            if not problem or time.monotonic() > deadline or context.stopping.wait(_LOOK_SECONDS):
                break
    words = context.log.redactor.line
    seen = ev.PageSeen(
        url=words(settings.url),
        up=whose is not None,
        status=answer.status,
        milliseconds=answer.milliseconds,
        problem=words(problem),
    )
    context.emit(seen)
    if problem:
        return failed(f"{seen.url} {problem}", "Look at the web server: `dixis-tui page nginx` prints what it needs.")
    what = "503, the maintenance page, Retry-After" if up else f"{answer.status}, the application"
    return passed(f"{seen.url} answers {what}, in {answer.milliseconds:.0f} ms")


def keep(context: Context) -> None:
    """Compare the estimate with the clock from now on, in a thread of its own, until the page is down."""
    if context.page_keeper is None or not context.page_keeper.is_alive():
        context.page_keeper = threading.Thread(target=_keep, args=(context,), name="maintenance page", daemon=True)
        context.page_keeper.start()


def _keep(context: Context) -> None:
    pause = threading.Event()
    try:
        while _up(context) is not None:
            pause.wait(_KEEP_SECONDS)
            move(context)
    except OSError:
        return  # the journal can't be written: the worker finds that out as well, and says it


def _up(context: Context) -> PageView | None:
    """The page as this run has put it; None: none is there, or the run does nothing any more."""
    state = context.settled()
    over = state.ended or state.left
    return state.page if state.page and state.page.put and not over else None


def _write(context: Context, path: Path, *, moved: bool) -> None:
    now, run = datetime.now(UTC), context.folder.name
    notices, window = context.settings.notices, context.settings.window
    ends = estimate.ends_at(context.settled(), now)
    facts = page.PageFacts(run=run, now=now, ends_at=ends, timezone=window.timezone, languages=list(notices.languages))
    html = page.render(facts, context.settings.notices_directory)
    digest = hashlib.sha256(html.encode()).hexdigest()
    context.emit(ev.PagePut(file=str(path), sha256=digest, ends_at=ends, moved=moved))
    try:
        page_file.put(path, html)
    except ToolError:
        if page_file.owner_of(path) != run:
            context.emit(ev.PageTaken(file=str(path)))  # it never came there
        raise
    context.log.line("runner", f"Maintenance page at {path}, promising {ends:%H:%M}Z, SHA-256 {digest}")


def _no_other_run(context: Context, whose: str | None) -> None:
    """Two targets may share a site: the page of a run that is under way is its own."""
    if whose in (None, page.BY_HAND, context.folder.name):
        return
    other = context.folder.parent / Path(whose or "").name
    if other.is_dir() and runs.live(other):
        raise ToolError(
            f"The maintenance page of run {other.name}, which is under way, is there",
            "Wait for that run, or give each target a file of its own.",
        )


def _shown(status: int, body: str, retry_after: str, run: str) -> str:
    """What is wrong with an answer that should be our page; empty: nothing."""
    whose = page.owner(body)
    if whose is None:
        return f"answers {status} without the maintenance page"
    if whose != run:
        return f"answers with the maintenance page of {whose}"
    if not page.whole(body):
        return "answers with half of the maintenance page"
    if status != 503:
        return f"answers the maintenance page with {status} instead of 503: caches and search engines would keep it"
    return "" if retry_after else "answers the maintenance page without Retry-After"


def _gone(status: int, body: str, _: str, __: str) -> str:
    if page.owner(body) is not None:
        return "still answers with the maintenance page"
    return "" if status < 500 else f"answers {status}"
