"""The part of the fold that tells of GitHub: the last look, and what was dispatched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import CheckState
from dixis_tui.plan import checks
from dixis_tui.run.views import CheckView, RunState, WorkflowView


def _github_seen(state: RunState, event: ev.GithubSeen, at: datetime) -> dict[str, Any]:
    """What GitHub answers is not asked of a person; where it can't be asked, it is theirs again."""
    asked = dict(state.checks)
    seen = {"github": event, "github_at": at, "github_waits": None}
    if state.past_go:
        return seen  # preflight is over: what it found stands
    if event.look.problem:
        # Only that it does not answer is known of it; what a person waived stays waived, and what was found closed is.
        for code in checks.GITHUB_CODES[1:]:
            if state.check(code).state not in (CheckState.WAIVED, CheckState.FAILED):
                asked.pop((code, ""), None)
    for code, instead in checks.ANSWERED_BY_GITHUB.items():
        if event.look.problem and (instead, "") not in asked:
            asked.setdefault((code, ""), CheckView(code))
        elif event.look.problem:
            continue
        else:
            asked.pop((code, ""), None)
    return seen | {"checks": asked}


def _dispatch_started(state: RunState, event: ev.DispatchStarted, at: datetime) -> dict[str, Any]:
    return {"workflows": state.workflows | {event.request: WorkflowView(started=event, at=at)}, "github_waits": None}


def _changed(state: RunState, request: str, **changes: Any) -> dict[str, Any]:
    view = state.workflows.get(request)
    return {"workflows": state.workflows | {request: replace(view, **changes)}} if view else {}


def _dispatched(state: RunState, event: ev.Dispatched, _: datetime) -> dict[str, Any]:
    return _changed(state, event.request, run_id=event.run_id, url=event.url, failed=None)


def _dispatch_failed(state: RunState, event: ev.DispatchFailed, _: datetime) -> dict[str, Any]:
    return _changed(state, event.request, failed=event)


def _workflow_seen(state: RunState, event: ev.WorkflowSeen, at: datetime) -> dict[str, Any]:
    seen = _changed(state, event.request, run=event.run, jobs=event.jobs, approvals=event.approvals, seen_at=at)
    return seen | {"github_waits": None}


def _reviewed(state: RunState, event: ev.DeploymentReviewed, _: datetime) -> dict[str, Any]:
    return _changed(state, event.request, reviewed=event)


def _cancelled(state: RunState, event: ev.WorkflowCancelled, _: datetime) -> dict[str, Any]:
    return _changed(state, event.request, cancelled=event)


CHANGES: dict[type, Any] = {
    ev.GithubSeen: _github_seen,
    ev.GithubWaits: lambda _, event, __: {"github_waits": event},
    ev.DispatchStarted: _dispatch_started,
    ev.Dispatched: _dispatched,
    ev.DispatchFailed: _dispatch_failed,
    ev.WorkflowSeen: _workflow_seen,
    ev.DeploymentReviewed: _reviewed,
    ev.WorkflowCancelled: _cancelled,
}
"""One function an event; each gives the fields that it changes."""
