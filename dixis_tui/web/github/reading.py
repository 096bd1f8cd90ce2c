"""GitHub's answers as values of :mod:`dixis_tui.github`: every text cleaned and cut, every time in UTC. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from dixis_tui.github import (
    Approval,
    Deployment,
    EnvironmentSeen,
    JobView,
    SecretSeen,
    StepView,
    WorkflowFile,
    WorkflowRun,
)
from dixis_tui.secrets import clean
from dixis_tui.web.github import wire

_TEXT_LIMIT = 1000
_FILE_BYTES = 512 * 1024
_DISPATCH = "workflow_dispatch"


def text(value: str | None) -> str:
    """A text of GitHub's, fit to be shown; an empty one for none."""
    return clean(value)[:_TEXT_LIMIT] if value else ""


def address(value: str | None) -> str:
    """An address for a browser; empty where it is another thing."""
    words = text(value)
    return words if words.startswith(("https://", "http://")) else ""


def moment(value: datetime | None) -> datetime | None:
    """The time in UTC; GitHub's are."""
    if value is None or value.tzinfo is None:
        return None if value is None else value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the year 1 in the east
        return None


def run(told: wire.Run) -> WorkflowRun:
    """A workflow run."""
    return WorkflowRun(
        id=told.id,
        url=address(told.html_url),
        workflow=text(told.name) or text(told.path),
        title=text(told.display_title),
        status=text(told.status),
        conclusion=text(told.conclusion),
        branch=text(told.head_branch),
        sha=text(told.head_sha),
        event=text(told.event),
        actor=text(told.actor.login) if told.actor else "",
        attempt=told.run_attempt,
        created=moment(told.created_at),
        started=moment(told.run_started_at),
        updated=moment(told.updated_at),
    )


def job(told: wire.Job) -> JobView:
    """A job with its steps in order."""
    steps = sorted((_step(step) for step in told.steps or ()), key=lambda step: step.number)
    return JobView(
        id=told.id,
        name=text(told.name),
        status=text(told.status),
        conclusion=text(told.conclusion),
        started=moment(told.started_at),
        ended=moment(told.completed_at),
        runner=text(told.runner_name),
        url=address(told.html_url),
        steps=tuple(steps),
    )


def _step(told: wire.Step) -> StepView:
    return StepView(
        number=told.number,
        name=text(told.name),
        status=text(told.status),
        conclusion=text(told.conclusion),
        started=moment(told.started_at),
        ended=moment(told.completed_at),
    )


def approval(told: wire.Pending) -> Approval:
    """What a run waits for."""
    began = moment(told.wait_timer_started_at)
    return Approval(
        environment=text(told.environment.name),
        environment_id=told.environment.id,
        mine=told.current_user_can_approve,
        reviewers=reviewers(told.reviewers),
        wait_until=began + timedelta(minutes=told.wait_timer) if began and told.wait_timer else None,
    )


def reviewers(told: Iterable[wire.Reviewer]) -> tuple[str, ...]:
    """Users by their login, teams as `team NAME`."""
    found = (_reviewer(one.type, one.reviewer) for one in told if one.reviewer is not None)
    return tuple(name for name in found if name)


def _reviewer(kind: str, account: wire.Account) -> str:
    if kind == "Team" or account.slug:
        return f"team {text(account.slug or account.name)}"
    return text(account.login)


def secret(told: wire.Secret, where: str) -> SecretSeen:
    """A secret's name and its last change."""
    return SecretSeen(name=text(told.name), where=where, updated=moment(told.updated_at))


def environment(told: wire.Environment, branches: str, login: str) -> EnvironmentSeen:
    """An environment and what protects it; `branches` in words."""
    rules = told.protection_rules or ()
    names = reviewers(one for rule in rules for one in rule.reviewers)
    return EnvironmentSeen(
        name=text(told.name),
        reviewers=names,
        wait_minutes=max((rule.wait_timer for rule in rules), default=0),
        branches=branches,
        no_self_review=any(rule.prevent_self_review for rule in rules),
        can_approve=_can_approve(names, login),
    )


def _can_approve(names: tuple[str, ...], login: str) -> bool | None:
    """None as well where nobody has to."""
    if not login or not names:
        return None
    if login.lower() in (name.lower() for name in names):
        return True
    return None if any(name.startswith("team ") for name in names) else False


def deployment(told: wire.Deployment, state: str) -> Deployment:
    """A deployment and how far it is."""
    return Deployment(
        id=told.id,
        environment=text(told.environment),
        state=text(state),
        ref=text(told.ref),
        creator=text(told.creator.login) if told.creator else "",
        created=moment(told.created_at),
    )


def workflow(told: wire.Workflow, file: wire.File | None) -> WorkflowFile:
    """A workflow, and what its file says of how it is dispatched."""
    triggers = _triggers(file) if file is not None else None
    if triggers is None:
        dispatchable, inputs = True, None
    else:
        dispatchable = _DISPATCH in triggers
        inputs = tuple(text(name) for name in triggers.get(_DISPATCH) or ())
    return WorkflowFile(
        id=told.id,
        name=text(told.name),
        path=text(told.path),
        state=text(told.state),
        inputs=inputs,
        dispatchable=dispatchable,
    )


def _triggers(file: wire.File) -> dict[str, tuple[str, ...]] | None:
    """What starts the workflow, each with the names of its inputs; None where the file can't be read."""
    import yaml  # 15 ms: a workflow's file is read once a look

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = base64.b64decode(file.content) if file.encoding == "base64" else b""
        # The loader makes no objects but plain ones, and a name that is repeated stays one object.
        read: Any = yaml.load(data, Loader=loader) if 0 < len(data) <= _FILE_BYTES else None  # noqa: S506
    except (binascii.Error, yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None
    # To YAML 1.1 the key `on` is the truth.
    on = read.get("on", read.get(True)) if isinstance(read, dict) else None
    if isinstance(on, str):
        return {on: ()}
    if isinstance(on, list):
        return {name: () for name in on if isinstance(name, str)}
    if isinstance(on, dict):
        return {name: _inputs(how) for name, how in on.items() if isinstance(name, str)}
    return None


def _inputs(how: object) -> tuple[str, ...]:
    inputs = how.get("inputs") if isinstance(how, dict) else None
    return tuple(str(name) for name in inputs) if isinstance(inputs, dict) else ()
