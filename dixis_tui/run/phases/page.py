"""The maintenance page of a run: put in place, moved when its estimate moves, taken away, and looked at as a visitor.

Journaled before the file changes and after it. In any thread: one after the other, under one lock.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, ToolError
from dixis_tui.model import Finding, failed, passed, warned
from dixis_tui.notices import page, page_file
from dixis_tui.run import estimate, folders, runs
from dixis_tui.run.context import Context
from dixis_tui.run.phases import page_sight
from dixis_tui.run.views import PageView

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
        whose = page_file.owner_of(path)
        _no_other_run(context, whose)
        _write(context, path, moved=False, replaced=whose or "")
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
    if not context.settings.maintenance.url:
        return warned("nobody looked: maintenance.url is not set", "Set it to an address that every visitor gets.")
    found = page_sight.see(context.settings.maintenance, context.folder.name, up=up, wait=_pause(context))
    words = context.log.redactor.line
    seen = replace(found, url=words(found.url), problem=words(found.problem))
    context.emit(seen)
    if seen.problem:
        return failed(f"{seen.url} {seen.problem}", page_sight.REMEDY)
    return passed(page_sight.sentence(seen))


def _pause(context: Context) -> Callable[[float], bool]:
    """A stop ends the wait of a phase; one of an earlier phase ends nothing that comes after it."""
    return context.stopping.wait if context.state.running else threading.Event().wait


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


def _write(context: Context, path: Path, *, moved: bool, replaced: str = "") -> None:
    now, run = datetime.now(UTC), context.folder.name
    replaced = "" if replaced == run else context.log.redactor.line(replaced)
    notices, window = context.settings.notices, context.settings.window
    ends = estimate.ends_at(context.settled(), now)
    facts = page.PageFacts(run=run, now=now, ends_at=ends, timezone=window.timezone, languages=list(notices.languages))
    html = page.render(facts, context.settings.notices_directory)
    digest = hashlib.sha256(html.encode()).hexdigest()
    context.emit(ev.PagePut(file=str(path), sha256=digest, ends_at=ends, moved=moved, replaced=replaced))
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
    name = whose or ""
    other = folders.named(name, context.folder.parent)
    if other is None:
        raise ToolError(
            f"The maintenance page of run {name}, which this account does not know, is there",
            "Where it is over, `dixis-tui page down --force` takes that away; or give each target a file of its own.",
        )
    if runs.live(other):
        raise ToolError(
            f"The maintenance page of run {name}, which is under way, is there",
            "Wait for that run, or give each target a file of its own.",
        )
