"""What GitHub does to those who rely on it: each is one line in a test, and they go together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from tests.github.fake import faults
from tests.github.fake.answers import Answer, Request, bad_gateway, secondary_limit
from tests.github.fake.faults import Fault
from tests.github.fake.repo import Environment
from tests.github.fake.script import Context, Step, StepFailedError, cancelled, queued, waiting
from tests.github.fake.server import TOKEN, FakeGithub
from tests.github.fake.shop import DEPLOY, before_the_job, changed, without_queue


def queued_for_long(github: FakeGithub, polls: int = 20) -> None:
    """No runner is free for so many looks."""
    github.script = before_the_job(without_queue(github.script), queued(polls))


def approval(github: FakeGithub, *reviewers: str, environment: str = "production") -> Environment:
    """The run waits until one of `reviewers` (`maria`, whose the token is) has answered."""
    found = github.repo.environment(environment)
    if found is None:
        found = Environment(environment)
        github.repo.environments.append(found)
    found.reviewers = reviewers or ("maria",)
    github.script = before_the_job(github.script, waiting(environment))
    return found


def step_fails(github: FakeGithub, name: str = DEPLOY, words: str = "Process completed with exit code 1.") -> None:
    """A step fails, before it did anything."""

    def does(context: Context) -> None:
        raise StepFailedError(words)

    github.script = changed(github.script, name, does=does)


def held_step(github: FakeGithub, name: str = DEPLOY) -> threading.Event:
    """The step stands until the event is set."""
    hold = threading.Event()
    github.script = changed(github.script, name, hold=hold)
    return hold


def cancelled_by_other(github: FakeGithub, by: str = "nikos", before: str = DEPLOY) -> None:
    """Somebody else cancels the run before the step `before` begins."""
    acts = list(github.script)
    at = next(at for at, act in enumerate(acts) if isinstance(act, Step) and act.name == before)
    github.script = (*acts[:at], cancelled(by), *acts[at:])


def logs_gone(github: FakeGithub) -> None:
    """Logs have expired or were deleted: 410."""
    github.logs_gone = True


def token_expires(github: FakeGithub, at: str = DEPLOY, token: str = TOKEN) -> None:
    """From the step `at` on every request is answered 401. What the step does, it still does."""
    step = next(act for act in github.script if isinstance(act, Step) and act.name == at)

    def does(context: Context) -> None:
        github.tokens[token].expired = True
        if step.does is not None:
            step.does(context)

    github.script = changed(github.script, at, does=does)


def too_much_at_once(
    github: FakeGithub, times: int = 1, retry_after: int | None = 1, matches: Callable[[Request], bool] = faults.reads
) -> Fault:
    """403 of the secondary limit, `times` in a row; None: without `Retry-After`, as GitHub sometimes answers."""
    return _add(github, Fault(faults.instead(lambda: secondary_limit(retry_after)), matches, times))


def hour_used_up(github: FakeGithub) -> None:
    """No request is left in this hour: 403 with `x-ratelimit-remaining: 0`."""
    github.remaining = 0


def storm(
    github: FakeGithub, times: int = 3, matches: Callable[[Request], bool] = faults.reads, skip: int = 0
) -> Fault:
    """502 with a page in HTML, `times` in a row, after `skip` good answers."""
    return _add(github, Fault(faults.instead(bad_gateway), matches, times, skip))


def cut_off(
    github: FakeGithub, times: int = 1, matches: Callable[[Request], bool] = faults.reads, where: str = "before"
) -> Fault:
    """The connection ends before the answer, or `within` it, `times` in a row."""
    return _add(github, Fault(faults.broken(where), matches, times))


def skewed(github: FakeGithub, hours: float = 5) -> None:
    """GitHub's clock (or ours) is hours off: `Date` and every time of a run are by GitHub's."""
    github.skew = timedelta(hours=hours)


def redirected(github: FakeGithub, end: str, status: int = 307, times: int = 0, method: str = "GET") -> Fault:
    """Requests whose path ends with `end` are sent to another host; a token that arrives there fails the test."""
    answer = Answer(status, headers={"Location": f"{github.elsewhere.url}/trap"})
    return _add(github, Fault(faults.instead(lambda: answer), faults.to(end, method), times))


def answer_lost(github: FakeGithub, how: str = "before") -> Fault | None:
    """The next dispatch is carried out and its answer does not tell which run: the connection ends `before` or `within`
    it, `502`, `204`; or it is not carried out: `refused` (502, nothing was taken), `unheard` (the connection ends)."""
    if how == "204":
        github.without_details = True
        return None
    spoils = {
        "before": faults.broken("before"), "within": faults.broken("within"), "502": faults.taken_but(bad_gateway),
        "refused": faults.instead(bad_gateway), "unheard": faults.broken("before", taken=False),
    }  # fmt: skip
    return _add(github, Fault(spoils[how], faults.dispatches))


def answer_held(github: FakeGithub, *, taken_first: bool = True) -> threading.Event:
    """The next dispatch is carried out (or, `taken_first` false, is not yet) and its answer waits for the event."""
    until = threading.Event()
    _add(github, Fault(faults.held(until, taken_first=taken_first), faults.dispatches))
    return until


def seen_late(github: FakeGithub, lists: int = 2, direct: int = 0) -> None:
    """A new run is missing from so many lists, and asking for it by its number answers 404 so many times."""
    github.lag, github.direct_lag = lists, direct


def _add(github: FakeGithub, fault: Fault) -> Fault:
    github.faults.append(fault)
    return fault
