"""What events of words and records change in a state: notices, the maintenance page, the after-watch, who was there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from dixis_tui import events as ev
from dixis_tui.notice import Receipt
from dixis_tui.run.views import AfterView, PageView, RunState

_SAMPLES = 240
"""Looks of the after-watch that a state remembers, for the sparklines."""


def _notice(state: RunState, receipt: Receipt) -> dict[str, Any]:
    return {"receipts": state.receipts | {receipt.key: receipt}}


def _page_put(state: RunState, event: ev.PagePut, at: datetime) -> dict[str, Any]:
    since = state.page.since if state.page and state.page.put and event.moved else at
    inherited = event.replaced or (state.page.inherited if state.page and state.page.put else "")
    view = PageView(file=event.file, put=True, since=since, ends_at=event.ends_at, inherited=inherited)
    if event.moved and state.page:
        view = msgspec.structs.replace(view, seen=state.page.seen, seen_at=state.page.seen_at)
        return {"page": view}
    return {"page": view, "reopened": None, "reopened_at": None}  # put up anew, nobody is let in any more


def _page_taken(state: RunState, event: ev.PageTaken, at: datetime) -> dict[str, Any]:
    before = state.page or PageView(file=event.file)
    if event.problem:
        return {"page": msgspec.structs.replace(before, problem=event.problem)}
    return {"page": msgspec.structs.replace(before, put=False, since=at, problem="")}


def _page_seen(state: RunState, event: ev.PageSeen, at: datetime) -> dict[str, Any]:
    before = state.page or PageView(file="")
    return {"page": msgspec.structs.replace(before, seen=event, seen_at=at)}


def _after_started(state: RunState, event: ev.AfterStarted, at: datetime) -> dict[str, Any]:
    before = state.after or AfterView(started=at, until=event.until)
    return {"after": msgspec.structs.replace(before, until=event.until, every_seconds=event.every_seconds, ended="")}


def _after_seen(state: RunState, event: ev.AfterSeen, at: datetime) -> dict[str, Any]:
    before = state.after or AfterView(started=at, until=at)
    samples = (*before.samples, event.sample)[-_SAMPLES:]
    return {"after": msgspec.structs.replace(before, samples=samples, looks=before.looks + 1, seen_at=at)}


def _after_found(state: RunState, event: ev.AfterFound, at: datetime) -> dict[str, Any]:
    before = state.after or AfterView(started=at, until=at)
    key = (event.finding.kind, event.finding.subject)
    return {"after": msgspec.structs.replace(before, findings=before.findings | {key: event.finding})}


def _after_ended(state: RunState, event: ev.AfterEnded, at: datetime) -> dict[str, Any]:
    before = state.after or AfterView(started=at, until=at)
    return {"after": msgspec.structs.replace(before, ended=event.reason)}


CHANGES: dict[type, Any] = {
    ev.NoticeSending: lambda state, event, _: _notice(state, event.receipt),
    ev.NoticeSent: lambda state, event, _: _notice(state, event.receipt),
    ev.NoticesMade: lambda _, event, __: {"notices": event},
    ev.PagePut: _page_put,
    ev.PageTaken: _page_taken,
    ev.PageSeen: _page_seen,
    ev.Reopened: lambda _, event, at: {"reopened": event, "reopened_at": at},
    ev.BaselineTaken: lambda _, event, at: {"baseline": event.baseline, "baseline_at": at},
    ev.AfterStarted: _after_started,
    ev.AfterSeen: _after_seen,
    ev.AfterFound: _after_found,
    ev.AfterEnded: _after_ended,
    ev.FlowSeen: lambda state, event, _: {"flows": state.flows | {event.result.name: event.result}},
    ev.AccessSeen: lambda _, event, __: {"access": event.sessions, "access_more": event.more},
    ev.ReportMade: lambda _, __, ___: {},
}
"""One function an event; each gives the fields that it changes."""
