"""The clinic is dispatched from here and followed in a thread of its own: the run goes on with other things meanwhile.

It is only looked at, so nothing is lost when the runner dies: another one looks at the same run again.
"""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError
from dixis_tui.github import Purpose
from dixis_tui.plan.dispatching import KEYED, Order, taken_inputs
from dixis_tui.run.context import Context
from dixis_tui.run.phases import github_dispatch, github_look
from dixis_tui.run.phases.github_ask import SECONDS, in_time, local
from dixis_tui.run.phases.github_follow import Follower
from dixis_tui.run.phases.github_open import opened
from dixis_tui.run.views import WorkflowView
from dixis_tui.settings import token_in
from dixis_tui.web.github.api import Repository

_PAUSES = (1, 2, 4)
"""Between looks for a run whose answer was lost, in polls: whoever asked waits for it."""


def start(context: Context, operator: str) -> None:
    """Dispatch it once, and begin to follow it.

    Raises:
        GithubError: it was refused, or the branch is not at our commit; nothing was begun.
        UnknownOutcomeError: it may have been taken, and no run of it can be told.
    """
    github, (token, _) = context.settings.github, token_in(context.secrets)
    with in_time(github, token, SECONDS) as client:
        order = _order(context, Repository(client, github.repository))
        skew = client.skew_seconds
    # Another client: the end of the time for looking must not fall between the journal and the deed.
    with opened(context, told=False, stopping=threading.Event()) as (repository, _):
        github_dispatch.dispatch(
            context,
            repository,
            order,
            purpose=Purpose.CLINIC,
            operator=operator,
            skew_seconds=skew,
            pauses=_PAUSES,
        )
    follow(context)


def _order(context: Context, repository: Repository) -> Order:
    github = context.settings.github
    commit, head = local(context.settings).commit, repository.branch(github.branch).sha
    if head != commit:
        raise GithubError(
            "refused",
            f"The clinic was not started: {github.branch} is at {head[:8]} on GitHub, this checkout at "
            f"{commit[:8] or 'no commit'}, and it would run for the other one",
            "Push what is here, or check out what is there; then look again.",
        )
    takes = repository.workflow(github.clinic_workflow, github.branch).inputs
    request = f"clinic-{context.folder.name}-{secrets.token_hex(3)}"
    return Order(
        request=request,
        workflow=github.clinic_workflow,
        ref=github.branch,
        sha=commit,
        inputs=taken_inputs([(KEYED, request)], takes),
    )


def follow(context: Context) -> None:
    """Begin to follow the clinic that was dispatched last, where it may be at work."""
    view = context.settled().clinic
    if view is None or not view.open or view.started.request in context.clinics:
        return  # each look after a death asks for it
    context.clinics.add(view.started.request)
    threading.Thread(target=_to_end, args=(context, view), name="clinic", daemon=True).start()


def _to_end(context: Context, view: WorkflowView) -> None:
    request = view.started.request
    try:
        _follow(context, view)
    except DixisError as error:
        words = context.log.redactor.line
        context.log.line("runner", f"The clinic is no longer followed: {error}", "warning")
        known = context.settled().workflows[request]
        if known.failed is None:
            problem, remedy = words(str(error)), words(error.remedy)
            context.emit(ev.DispatchFailed(request=request, problem=problem, remedy=remedy, unknown=True))
    if not (context.settled().ended or context.settled().left):
        github_look.look(context)


def _follow(context: Context, view: WorkflowView) -> None:
    request, never = view.started.request, threading.Event()
    with opened(context, told=False, stopping=never) as (repository, client):
        run_id = view.run_id
        if not run_id:  # the runner before us died before it knew
            repository.login()  # tells how far our clock is off
            sent = view.at - timedelta(seconds=client.skew_seconds)
            order = github_dispatch.order_of(view.started)
            run_id = github_dispatch.find(context, repository, order, sent, pauses=_PAUSES)
        url = context.settled().workflows[request].url
        follower = Follower(context, repository, request, run_id, url, logs=False)
        while not (context.settled().ended or context.settled().left):
            run = follower.look()
            if run and run.over:
                return
            never.wait(context.settings.github.poll_seconds)
