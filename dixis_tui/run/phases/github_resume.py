"""A workflow run that a runner left behind: found again where its number was lost, and followed; never sent again.

Where nobody can say whether it was taken, the operator is told how to find out, and after some minutes what the list of
runs has to say is taken for the whole truth.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dixis_tui.errors import DixisError, GithubError
from dixis_tui.model import MigrationFile, Phase
from dixis_tui.plan import dispatching
from dixis_tui.plan.dispatching import Order
from dixis_tui.prisma.files import scan_migrations
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, github_dispatch
from dixis_tui.run.phases.apply_github import conclude, login_of
from dixis_tui.run.phases.github_open import opened
from dixis_tui.run.views import WorkflowView

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository
    from dixis_tui.web.github.client import Client


def settle(context: Context) -> None:
    """Find and follow what was dispatched, inside the migrate phase. Never raises: the phase says what came of it."""
    view = context.state.workflow
    assert view is not None  # noqa: S101 - the caller has looked
    with context.phase(Phase.MIGRATE, facts.phase_checks(Phase.MIGRATE)), opened(context) as (repository, client):
        if not view.run_id:
            _find(context, repository, view, client)
        conclude(context, facts.production(context), repository, _files(context))


def _find(context: Context, repository: Repository, view: WorkflowView, client: Client) -> None:
    """Raises DixisError where it was not taken, and UnknownOutcomeError where that is not known."""
    try:
        login_of(repository)  # also tells GitHub's time: it is known only once something was answered
        order = github_dispatch.order_of(view.started)
    except GithubError as error:
        order = github_dispatch.order_of(view.started)
        raise github_dispatch.unknown(context, order, str(error), dispatching.Seen(), error.remedy) from None
    skew = timedelta(seconds=client.skew_seconds)
    sent = view.at - skew
    old = datetime.now(UTC) - skew - sent >= dispatching.SURE
    seen, problem = github_dispatch.seek(context, repository, order, sent, pauses=() if old else github_dispatch.PAUSES)
    if seen.ours:
        return
    now = datetime.now(UTC) - skew
    if problem or not dispatching.none_left(seen, sent, now):
        why = problem or dispatching.in_words(seen, order)
        raise github_dispatch.unknown(context, order, why, seen, _when_sure(sent + skew))
    raise _not_taken(context, order, seen, now - sent)


def _when_sure(sent: datetime) -> str:
    sure = f"{sent + dispatching.SURE:%H:%M:%SZ}"
    return f"GitHub shows a run within seconds: what its list says after {sure} is taken for the whole truth."


def _not_taken(context: Context, order: Order, seen: dispatching.Seen, age: timedelta) -> DixisError:
    minutes = f"{age.total_seconds() / 60:.0f} minutes after it was sent"
    if seen.candidates:
        what = f"every run that might have been it is over, {minutes}: {dispatching.in_words(seen, order)}"
    else:
        what = f"{dispatching.in_words(seen, order)}, {minutes}: GitHub did not take it"
    error = DixisError(f"The dispatch came to nothing: {what}", "What production holds is looked at now.")
    github_dispatch.refused(context, order.request, error)
    return error


def _files(context: Context) -> list[MigrationFile]:
    """The run's files, as they are on disk now: only their names matter here."""
    found = scan_migrations(facts.project(context).migrations).files
    return [file for file in found if file.name in context.state.migrations]
