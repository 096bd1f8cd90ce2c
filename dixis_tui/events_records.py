"""Events of words and records: what was told to whom, what visitors got, who was there, how it went on afterwards."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.access import SessionSeen
from dixis_tui.after import AfterFinding, Baseline, FlowResult, Sample
from dixis_tui.event import BaseEvent
from dixis_tui.notice import NoticeText, NoticeWay, Receipt


class NoticeSending(BaseEvent, frozen=True, kw_only=True, tag="notice_sending"):
    """About to go out on one channel. Written and flushed before anything is sent."""

    receipt: Receipt
    operator: str


class NoticeSent(BaseEvent, frozen=True, kw_only=True, tag="notice_sent"):
    """What came of it."""

    receipt: Receipt


class NoticesMade(BaseEvent, frozen=True, kw_only=True, tag="notices_made"):
    """What every notice would say now, and whom it would go to, in this order. `page`: the maintenance page as text.

    `problem`: why one of them can't be made, or empty.
    """

    ways: tuple[NoticeWay, ...]
    texts: tuple[NoticeText, ...]
    page: str
    sender: str = ""
    hours_before: float = 0.0
    dry_run: bool = False
    problem: str = ""


class PagePut(BaseEvent, frozen=True, kw_only=True, tag="page_put"):
    """The maintenance page is about to be put in place, or put there anew with another estimated end."""

    file: str
    sha256: str
    ends_at: datetime | None
    moved: bool = False
    """Whether only the estimated end is another."""
    replaced: str = ""
    """The run whose page was there before, or who put it there by hand; empty: nobody's, or this run's own."""


class PageTaken(BaseEvent, frozen=True, kw_only=True, tag="page_taken"):
    """The maintenance page was taken away; `problem`: why it was not."""

    file: str
    problem: str = ""


class PageSeen(BaseEvent, frozen=True, kw_only=True, tag="page_seen"):
    """What a visitor gets at `url`: our maintenance page or not. `problem` is empty where it is as it should be."""

    url: str
    up: bool
    status: int
    milliseconds: float
    problem: str = ""


class Reopened(BaseEvent, frozen=True, kw_only=True, tag="reopened"):
    """Visitors are let in again: page and banner go down, and the notice of how it ended goes out."""

    operator: str


class BaselineTaken(BaseEvent, frozen=True, kw_only=True, tag="baseline_taken"):
    """How endpoints, statements, tables and connections were before the migration."""

    baseline: Baseline


class AfterStarted(BaseEvent, frozen=True, kw_only=True, tag="after_started"):
    """The after-watch begins, or begins again in another runner."""

    until: datetime
    every_seconds: float


class AfterSeen(BaseEvent, frozen=True, kw_only=True, tag="after_seen"):
    """One look of the after-watch. Not flushed by itself."""

    sample: Sample


class AfterFound(BaseEvent, frozen=True, kw_only=True, tag="after_found"):
    """Something is worse than before, or as before again."""

    finding: AfterFinding


class AfterEnded(BaseEvent, frozen=True, kw_only=True, tag="after_ended"):
    """The after-watch is over: its time has come, or something else has begun."""

    reason: str


class FlowSeen(BaseEvent, frozen=True, kw_only=True, tag="flow_seen"):
    """One flow was gone through."""

    result: FlowResult


class AccessSeen(BaseEvent, frozen=True, kw_only=True, tag="access_seen"):
    """Who has been connected to production since the run began: all of them, in the order of their first look."""

    sessions: tuple[SessionSeen, ...]
    more: int = 0
    """What was left out of the list: looks at kinds of connection that had no room any more."""


class ReportMade(BaseEvent, frozen=True, kw_only=True, tag="report_made"):
    """The run's report, or the history's table, was written to a file."""

    file: str
    what: str = "report"


RecordsEvent = (
    NoticeSending
    | NoticeSent
    | NoticesMade
    | PagePut
    | PageTaken
    | PageSeen
    | Reopened
    | BaselineTaken
    | AfterStarted
    | AfterSeen
    | AfterFound
    | AfterEnded
    | FlowSeen
    | AccessSeen
    | ReportMade
)
