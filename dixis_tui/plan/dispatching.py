"""What is sent with a dispatch, by which key its run is found again, and what a look for it adds up to. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from dixis_tui.github import WorkflowRun

KEYED = "request"
"""The input that stands in the run's name."""
MARGIN = timedelta(minutes=2)
"""Clocks are compared to the second at best: runs are listed from so much before the dispatch."""
_NEAR = timedelta(seconds=10)
"""Without a key, a run that began longer than that before the dispatch is none of ours."""
SURE = timedelta(minutes=15)
"""A run shows in the list within seconds, in a bad hour of GitHub's within minutes; after that long there is none."""


class Order(Struct, frozen=True, kw_only=True):
    """One dispatch: `inputs` as they are sent, but for the phrase. `login`: whose token sends it; empty: not known."""

    request: str
    workflow: str
    ref: str
    sha: str
    inputs: tuple[tuple[str, str], ...] = ()
    login: str = ""

    @property
    def keyed(self) -> bool:
        """Whether its run can be told by its name."""
        return any(name == KEYED for name, _ in self.inputs)


class Seen(Struct, frozen=True):
    """One look at the list: the run that bears the key, those that might be ours but do not say so, and all that were
    dispatched from then on, whoever by and for which commit.
    """

    ours: WorkflowRun | None = None
    candidates: tuple[WorkflowRun, ...] = ()
    near: tuple[WorkflowRun, ...] = ()


def request_key(run: str, digest: str, attempt: int, salt: str) -> str:
    """A key of this one confirmation: letters, digits and dashes. `salt`: two machines may have runs of one name."""
    return f"{run}-{digest[:4]}-{attempt}-{salt}"


def taken_inputs(wanted: Iterable[tuple[str, str]], takes: Collection[str] | None) -> tuple[tuple[str, str], ...]:
    """Those that the workflow takes, since GitHub refuses any other; where its file was not read (None): none.

    An empty one is left to the workflow's own default: no choice may be empty.
    """
    return tuple((name, text) for name, text in wanted if text and takes is not None and name in takes)


def look_at(runs: Iterable[WorkflowRun], order: Order, sent: datetime) -> Seen:
    """Which of `runs` is that dispatch's. `sent`: when it was about to be sent, by GitHub's clock."""
    listed = sorted(runs, key=lambda run: (run.created or sent, run.id))
    key = re.compile(rf"(?<![\w-]){re.escape(order.request)}(?![\w-])")
    ours = next((run for run in listed if key.search(run.title)), None)
    if ours:
        return Seen(ours)
    since = [run for run in listed if run.created is None or run.created >= sent - _NEAR]
    near = tuple(run for run in since if run.event == "workflow_dispatch")
    return Seen(None, tuple(run for run in near if _might_be(run, order)), near)


def _might_be(run: WorkflowRun, order: Order) -> bool:
    same = not order.sha or run.sha == order.sha
    return same and (not order.login or not run.actor or run.actor == order.login)


def none_left(seen: Seen, sent: datetime, now: datetime) -> bool:
    """Whether nothing of it is at work, nor will be: long after the dispatch what might be it is over, or not there.

    The branch may have moved, and an account may have another name, before GitHub took it: every run counts.
    """
    return seen.ours is None and now - sent >= SURE and all(run.over for run in (*seen.candidates, *seen.near))


def in_words(seen: Seen, order: Order) -> str:
    """What a look found that did not find it, in one sentence part."""
    if not seen.candidates:
        return f"no run of {order.workflow} bears {order.request}" if order.keyed else f"no run of {order.workflow}"
    one = seen.candidates[0]
    if len(seen.candidates) == 1:
        return f"run {one.id} is of that time, commit and account, but does not say that it is this one"
    return f"{len(seen.candidates)} runs are of that time, commit and account, the first {one.id}"


def how_to_find_out(seen: Seen, order: Order, page: str) -> str:
    """What a person does about it; `page` is the workflow's own in a browser."""
    if seen.candidates:
        what = f"Open {seen.candidates[0].url} and see whether it is this one, and what it did"
    else:
        key = f" for {order.request}" if order.keyed else ""
        what = f"Look{key} at {page}, or with `gh run list --workflow {order.workflow}`"
    return f"{what}; then look again (r). It is never sent again by itself."
