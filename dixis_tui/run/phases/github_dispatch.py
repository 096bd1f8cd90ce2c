"""A workflow is dispatched: one try. Whose answer was lost is found again by its key, or said to be unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError, StoppedError, UnknownOutcomeError
from dixis_tui.github import Purpose
from dixis_tui.plan import dispatching
from dixis_tui.plan.dispatching import MARGIN, Order, Seen
from dixis_tui.run.context import Context
from dixis_tui.run.phases.github_open import say_waits, workflow_page
from dixis_tui.secrets import Secret

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

PAUSES = (1, 1, 2, 2, 4, 4, 8, 8)
"""Between looks, in polls: lists lag by seconds, in bad hours by a minute."""
_LISTED = 100
_OF_A_DAY = 500
_DAY = timedelta(days=1)


def dispatch(
    context: Context,
    repository: Repository,
    order: Order,
    *,
    purpose: Purpose = Purpose.MIGRATE,
    operator: str = "",
    phrase: Secret | None = None,
    skew_seconds: float = 0.0,
    pauses: Sequence[float] = PAUSES,
) -> int:
    """Send it once; returns the run's id. `phrase` goes along as `confirm` and is written nowhere.

    `skew_seconds`: how far our clock is ahead of GitHub's.

    Raises:
        GithubError: it was refused; nothing was begun.
        UnknownOutcomeError: it may have been taken, and no run of it can be told.
    """
    started = ev.DispatchStarted(
        request=order.request,
        purpose=purpose,
        workflow=order.workflow,
        ref=order.ref,
        sha=order.sha,
        inputs=order.inputs,
        operator=operator,
        login=order.login,
    )
    context.log.line("runner", f"Dispatching {order.workflow} on {order.ref} as {order.request}")
    context.emit(started)
    sent = datetime.now(UTC) - timedelta(seconds=skew_seconds)
    secret = {"confirm": phrase.reveal()} if phrase else {}
    try:
        run_id, url = repository.dispatch(order.workflow, order.ref, dict(order.inputs) | secret)
    except StoppedError as error:  # before it was sent: a change that is out is waited for
        refused(context, order.request, error)
        raise
    except GithubError as error:
        if not error.taken:
            refused(context, order.request, error)
            raise
        context.log.line("runner", f"The answer to the dispatch was lost: {error}", "warning")
        run_id, url = 0, ""
    if run_id:
        context.emit(ev.Dispatched(request=order.request, run_id=run_id, url=_words(context, url)))
        return run_id
    return find(context, repository, order, sent, pauses=pauses)


def refused(context: Context, request: str, error: DixisError) -> None:
    """Journal that nothing was begun, and why."""
    problem, remedy = _words(context, str(error)), _words(context, error.remedy)
    context.log.line("runner", f"Not dispatched: {problem}", "error")
    context.emit(ev.DispatchFailed(request=request, problem=problem, remedy=remedy))


def order_of(started: ev.DispatchStarted) -> Order:
    """A dispatch as it was journaled, to look for its run."""
    return Order(
        request=started.request,
        workflow=started.workflow,
        ref=started.ref,
        sha=started.sha,
        inputs=started.inputs,
        login=started.login,
    )


def find(
    context: Context, repository: Repository, order: Order, sent: datetime, *, pauses: Sequence[float] = PAUSES
) -> int:
    """The id of the run of a dispatch whose answer was lost. `sent` is by GitHub's clock.

    Raises:
        UnknownOutcomeError: no run bears its key. One that might be it is named, and not taken for it.
    """
    seen, problem = seek(context, repository, order, sent, pauses=pauses)
    if seen.ours:
        return seen.ours.id
    raise unknown(context, order, problem or dispatching.in_words(seen, order), seen)


def seek(
    context: Context, repository: Repository, order: Order, sent: datetime, *, pauses: Sequence[float] = PAUSES
) -> tuple[Seen, str]:
    """Several looks at the list, since it lags behind; journals the run where it is found.

    The last look, and why there was none.
    """
    poll = context.settings.github.poll_seconds
    seen, problem = Seen(), "nobody has looked for it"
    for pause in (0, *pauses):
        if context.stopping.wait(pause * poll):
            break
        try:
            seen, problem = look(repository, order, sent), ""
        except StoppedError:
            break
        except GithubError as error:
            problem = str(error)
            say_waits(context, problem, error.until)
            continue
        if seen.ours:
            found = ev.Dispatched(
                request=order.request, run_id=seen.ours.id, url=_words(context, seen.ours.url), found=True
            )
            context.log.line("runner", f"Found again: run {seen.ours.id}, by {order.request} in its name", "warning")
            context.emit(found)
            break
        if seen.candidates and not order.keyed:
            break  # no further look makes it ours
    return seen, problem


def look(repository: Repository, order: Order, sent: datetime) -> Seen:
    """One look at the list. Raises GithubError."""
    # A key is nobody else's: where it is looked for, clocks need not agree.
    since, most = (sent - _DAY, _OF_A_DAY) if order.keyed else (sent - MARGIN, _LISTED)
    runs = repository.runs(order.workflow, event="workflow_dispatch", since=since, limit=most)
    return dispatching.look_at(runs, order, sent)


def unknown(context: Context, order: Order, why: str, seen: Seen, more: str = "") -> UnknownOutcomeError:
    """Journal that nobody knows whether it was taken; the error to raise. `more` is one more sentence of what to do."""
    sentence = f"Whether {order.workflow} was dispatched is not known: the answer was lost, and {why}"
    page = workflow_page(context.settings.github, order.workflow)
    remedy = f"{dispatching.how_to_find_out(seen, order, page)} {more}".rstrip()
    error = UnknownOutcomeError(_words(context, sentence), _words(context, remedy))
    context.log.line("runner", str(error), "error")
    context.emit(ev.DispatchFailed(request=order.request, problem=str(error), remedy=error.remedy, unknown=True))
    return error


def _words(context: Context, text: str) -> str:
    return context.log.redactor.line(text)
