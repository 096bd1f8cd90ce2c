"""The after-watch's thread against whoever ends it: nothing of it may fail a rollback or a sign-off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.after import AfterFinding, AfterKind, Baseline, FlowResult, Sample
from dixis_tui.model import CheckState
from dixis_tui.run import folders, work
from dixis_tui.run.after_logs import Logs
from dixis_tui.run.after_server import ServerWatch
from dixis_tui.run.after_watch import ITS_TIME, AfterWatch
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.phases import after, flows
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from dixis_tui.settings_records import AfterSettings
from tests.unit.examples import STARTED
from tests.waiting import until

SLOW = AfterFinding(kind=AfterKind.STATEMENT, subject="SELECT 1", level="warning", evidence="9 ms")


class Server:
    """What a ServerWatch has, of a server that is not there. `looking` is called in each look."""

    def __init__(self, looking: Callable[[], list[AfterFinding]]) -> None:
        self.look = lambda at: looking()
        self.sample = Sample
        self.log_news, self.reset, self.now = None, False, dict[str, str]()
        self.log_problem, self.kinds, self.unwatched = "", (AfterKind.STATEMENT,), ("statements",)


def context_for(folder: Path) -> Context:
    settings = msgspec.structs.replace(Settings(), after=AfterSettings(minutes=5, every_seconds=0.2))
    log = Log(folder / folders.LOG, Redactor([]))
    context = Context(folder, settings, {}, Journal(folder / folders.JOURNAL), log)
    context.emit(STARTED)
    return context


def watch_for(context: Context, looking: Callable[[], list[AfterFinding]], *, minutes: float = 5) -> AfterWatch:
    until_ = datetime.now(UTC) + timedelta(minutes=minutes)
    server = cast(ServerWatch, Server(looking))
    context.after = AfterWatch(context, server, Logs(context.settings, "shop", context.log), Baseline(), until_)
    return context.after


def journaled(folder: Path) -> list[ev.Event]:
    return [entry.event for entry in read(folder / folders.JOURNAL)]


def test_findings_and_the_end_do_not_cross(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a look's findings are taken in, whoever ends the watch waits."""
    context = context_for(tmp_path)
    watch = watch_for(context, lambda: [SLOW])
    told, stopped, in_time = watch._standing, threading.Event(), []

    def stop() -> None:
        watch.stop("production is rolled back")
        stopped.set()

    def news(*args: Any) -> list[AfterFinding]:
        threading.Thread(target=stop).start()
        in_time.append(stopped.wait(0.3))
        return type(told).news(told, *args)

    monkeypatch.setattr(told, "news", news)
    watch.start()
    until(stopped.is_set, 10, "the end")
    assert in_time == [False]
    events = journaled(tmp_path)
    assert isinstance(events[-1], ev.AfterEnded)
    assert sum(isinstance(event, ev.AfterFound) for event in events) == 1


def test_what_goes_wrong_at_the_end_loses_no_key_press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_for(tmp_path)
    watch = watch_for(context, list)

    def broken() -> None:
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(watch, "_verdict", broken)
    work._stop_watching(context, "production is rolled back")
    assert context.settled().after is None or context.settled().after.ended
    assert [event.reason for event in journaled(tmp_path) if isinstance(event, ev.AfterEnded)] == [
        "production is rolled back"
    ]
    assert watch.over


def test_a_full_disk_at_its_end_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_for(tmp_path)
    watch = watch_for(context, list, minutes=-1)
    emit, full = context.emit, [True, True]

    def sometimes(*events: ev.Event, **how: bool) -> None:
        if isinstance(events[0], ev.CheckChanged | ev.AfterEnded) and full:
            full.pop()
            raise OSError(28, "No space left on device")
        emit(*events, **how)

    monkeypatch.setattr(context, "emit", sometimes)
    watch.start()
    until(lambda: watch.over, 10, "the end")
    assert [event.reason for event in journaled(tmp_path) if isinstance(event, ev.AfterEnded)] == [ITS_TIME]
    check = context.settled().check("DX721")
    assert check.state is CheckState.PASSED
    assert check.evidence.endswith("nothing is worse than before; not watched: statements")


def test_nothing_is_told_of_a_flow_after_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_for(tmp_path)
    asked, answered = threading.Event(), threading.Event()

    def go(_: Context) -> tuple[FlowResult, ...]:
        asked.set()
        answered.wait(10)
        return (FlowResult(name="Login", steps=(), planned=1),)

    monkeypatch.setattr(flows, "go", go)
    watch = watch_for(context, list)
    watch.start()
    asked.wait(10)
    watch.stop("production is rolled back")
    answered.set()
    watch.stop("again", seconds=10)
    assert not watch._thread.is_alive()
    assert isinstance(journaled(tmp_path)[-1], ev.AfterEnded)
    assert not any(isinstance(event, ev.FlowSeen) for event in journaled(tmp_path))


def test_two_that_find_nobody_watching_begin_one_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, begun, both = context_for(tmp_path), [], threading.Barrier(2)
    verified = SimpleNamespace(confirmed=True, rollback=None, after=None)
    monkeypatch.setattr(context, "settled", lambda: verified)
    monkeypatch.setattr(after, "watched", lambda _: True)
    monkeypatch.setattr(after.policy, "phase_state", lambda *_: after.PhaseState.PASSED)

    def made(*_: object) -> object:
        begun.append(threading.get_ident())
        threading.Event().wait(0.1)  # long enough for the other one to come by
        return SimpleNamespace(over=False, start=lambda: None)

    def begin() -> None:
        both.wait(10)
        after.start(context)

    monkeypatch.setattr(after, "_watch", made)
    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(begun) == 1
