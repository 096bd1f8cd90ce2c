"""The executor `github`: the sealed plan as one workflow run, while the history table tells what it does to production.

A green run is no evidence: what came of it is read from the database, whatever GitHub says.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from dixis_tui.errors import DixisError, GithubError, UnknownOutcomeError
from dixis_tui.model import MigrationFile, MigrationState, Place
from dixis_tui.plan.approved import migrations_digest
from dixis_tui.plan.dispatching import Order, request_key, taken_inputs
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import LockHolder, lock_holder
from dixis_tui.prisma.project import Project
from dixis_tui.run import policy_github
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, github_deeds, watching
from dixis_tui.run.phases.github_dispatch import dispatch
from dixis_tui.run.phases.github_follow import ended, follow
from dixis_tui.run.phases.github_open import opened
from dixis_tui.run.phases.history_watch import HistoryWatch
from dixis_tui.secrets import Secret

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

_LOOK_SECONDS = 0.5
_QUICKEST_SECONDS, _SLOWEST_SECONDS = 0.25, 1.0
"""How often the history is looked at while a run is followed: as GitHub is, within these."""
_GONE_SECONDS = 10.0
"""How long a session that holds Prisma's lock, and is at none of our files, is waited for."""


def with_github(context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile]) -> None:
    """Dispatch the migrate workflow for `files`, and follow it to its end.

    Raises:
        DixisError: it was refused, or did not end well.
        UnknownOutcomeError: whether it was taken, or how it ended, is not known.
    """
    confirmed = context.state.confirmed
    with opened(context) as (repository, client):
        order = _order(context, repository, project, files)
        context.safe_point()
        dispatch(
            context,
            repository,
            order,
            operator=confirmed.operator if confirmed else "",
            phrase=Secret(context.settings.confirm.phrase),
            skew_seconds=client.skew_seconds,
        )
        conclude(context, url, repository, files)


def conclude(context: Context, url: DatabaseUrl, repository: Repository, files: Sequence[MigrationFile]) -> None:
    """Follow the run that was dispatched last to its end, with an eye on the database.

    Raises as :func:`with_github`.
    """
    # A run may wait for its approval for hours: not four connections a second.
    seconds = min(max(context.settings.github.poll_seconds, _QUICKEST_SECONDS), _SLOWEST_SECONDS)
    watch = HistoryWatch(context, url, files, Place.PRODUCTION, seconds=seconds)
    states = context.state.migrations
    watch.known(file.name for file in files if states[file.name].state is MigrationState.APPLIED)
    with watching.radar(context, url, Place.PRODUCTION, pids=lambda: watch.worker), watch:
        error = _followed(context, repository)
        if error:
            _until_gone(context, url, watch)
    watch.settle(str(error) if error else "")
    if not isinstance(error, UnknownOutcomeError):
        context.stopping.clear()  # it is over: what was asked to stop has come to its end, and that is what is told
    if error:
        raise error


def _followed(context: Context, repository: Repository) -> DixisError | None:
    view = context.state.workflow
    assert view is not None  # noqa: S101 - it was dispatched
    request = view.started.request
    try:
        with _cancelling(context):
            run = follow(context, repository, request, view.run_id, view.url)
    except UnknownOutcomeError as lost:
        return lost
    if strange := policy_github.another_commit(context.state):
        return DixisError(strange, "Look at what it applied before anything else.")
    return ended(context, request, run)


@contextmanager
def _cancelling(context: Context) -> Iterator[None]:
    """As long as the workflow runs, to stop now is to cancel it; afterwards it is what the radar can do."""
    before = context.cancel

    def cancel(operator: str) -> bool:
        if problem := github_deeds.cancel(context, operator):
            raise DixisError(problem)
        return True

    context.cancel = cancel
    try:
        yield
    finally:
        context.cancel = before


def _until_gone(context: Context, url: DatabaseUrl, watch: HistoryWatch) -> None:
    """Wait for what a run that ended badly left on the server: a killed Prisma's statement goes on there."""
    deadline, told = time.monotonic() + _GONE_SECONDS, False
    while not context.stopping.is_set():
        holder = _holder(context, url)
        if holder is None or (not watch.worker and time.monotonic() > deadline):
            return
        if watch.worker and not told:
            told = True
            context.note(
                f"The workflow run is over, and its session is still at work: {holder}. Waiting until it is gone; "
                "stop ends the waiting, stop now cancels its statement.",
                "warning",
            )
        context.stopping.wait(_LOOK_SECONDS)


def _holder(context: Context, url: DatabaseUrl) -> LockHolder | None:
    with suppress(DixisError), facts.reading(context, url, "history") as session:
        return lock_holder(session)
    return None


def _order(context: Context, repository: Repository, project: Project, files: Sequence[MigrationFile]) -> Order:
    """The dispatch of this confirmation: only inputs that the workflow takes. Raises DixisError where it can't be."""
    state, settings = context.state, context.settings.github
    workflow = repository.workflow(settings.migrate_workflow, settings.branch)
    if not workflow.active or not workflow.dispatchable:
        why = "is disabled" if not workflow.active else "has no workflow_dispatch"
        raise DixisError(f"{settings.migrate_workflow} {why} on GitHub: nothing was begun", "Mend that first.")
    if "environment" in (workflow.inputs or ()) and not settings.environment:
        raise DixisError(
            f"{settings.migrate_workflow} takes an environment, and github.environment names none: its default may be "
            "another database's; nothing was begun",
            "Set github.environment in dixis.toml.",
        )
    plan = state.plan
    request = request_key(
        context.folder.name, plan.digest if plan else "", len(state.workflows) + 1, secrets.token_hex(2)
    )
    wanted = (
        ("plan", plan.hash if plan else ""),
        ("request", request),
        ("commit", project.commit),
        ("migrations", migrations_digest(files)),
        ("target", ""),
        ("environment", settings.environment),
    )
    return Order(
        request=request,
        workflow=settings.migrate_workflow,
        ref=settings.branch,
        sha=project.commit,
        inputs=taken_inputs(wanted, workflow.inputs),
        login=login_of(repository),
    )


def login_of(repository: Repository) -> str:
    """Whose token it is; empty for an app's, which is nobody's."""
    try:
        return repository.login()
    except GithubError as error:
        if error.kind != "rights":
            raise
        return ""
