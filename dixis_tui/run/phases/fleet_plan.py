"""Every target of a fleet, looked at: which database it is, where its history stands, what is pending. Only reads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.model import CheckState, Executor, Finding, Identity, MigrationFile, failed, passed
from dixis_tui.plan import waves
from dixis_tui.plan.approved import migrations_digest
from dixis_tui.plan.seal import Plan
from dixis_tui.plan.seal import digest as digest_of
from dixis_tui.postgres import catalog
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.files import OnDisk, read_migrations
from dixis_tui.prisma.look import Seen
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, soundness
from dixis_tui.run.views import FleetView
from dixis_tui.settings_github import TargetSettings

_AT_ONCE = 8
"""Databases that are read at the same time."""
_NAMED = 3


@dataclass(frozen=True)
class Source:
    """The project as it lies here: what every target is compared with."""

    project: Project
    on_disk: OnDisk


def source(context: Context) -> Source:
    """Read the project and its migrations. Raises ProjectError."""
    found = facts.project(context)
    return Source(found, OnDisk(read_migrations(found.migrations)))


def url_of(context: Context, target: TargetSettings) -> DatabaseUrl:
    """A target's URL, by its variable. Raises UrlError."""
    return parse(context.secrets.get(target.url_variable), target.url_variable)


def history(context: Context, target: TargetSettings, seen: Source) -> tuple[Identity, Seen]:
    """Which database a target is, and where every migration stands in it. Raises any DixisError."""
    url = url_of(context, target)
    with facts.reading(context, url, "fleet") as session:
        return catalog.identify(session, url), facts.truth_at(session, seen.project, seen.on_disk, url.schema)


def everything(
    context: Context, seen: Source, targets: Sequence[TargetSettings], done: Callable[[int], None] = lambda _: None
) -> tuple[TargetPlan, ...]:
    """A plan for each target, in their order; `done` hears how many were read."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="plan") as pool:
        plans = []
        for plan in pool.map(lambda target: of_target(context, target, seen), targets):
            plans.append(plan)
            done(len(plans))
    return _apart(plans)


def of_target(context: Context, target: TargetSettings, seen: Source) -> TargetPlan:
    """What one target's run would do. What stands in its way is its `problem`; nothing is raised."""
    environment = target.environment or context.settings.github.environment
    plan = TargetPlan(name=target.name, canary=target.canary, environment=environment)
    words = context.log.redactor.line
    try:
        url = url_of(context, target)
        plan = replace(plan, target=words(url.masked))
        with facts.reading(context, url, "fleet") as session:
            identity = catalog.identify(session, url)
            found = facts.truth_at(session, seen.project, seen.on_disk, url.schema)
    except DixisError as error:
        return replace(plan, problem=words(str(error)), remedy=words(error.remedy))
    pending = found.history.pending
    plan = replace(
        plan,
        identity=identity,
        applied=len(found.history.applied),
        pending=tuple(file.name for file in pending),
        migrations=migrations_digest(pending),
        digest=digest_of(_sealed(identity, seen.project, pending)),
    )
    sound = soundness.history(found.truth)
    if sound.state is CheckState.FAILED:
        return replace(plan, problem=words(sound.evidence), remedy=words(sound.remedy))
    if identity.in_recovery:
        return replace(plan, problem="it is a replica", remedy="Name its primary.")
    return plan


def _sealed(identity: Identity, project: Project, pending: Iterable[MigrationFile]) -> Plan:
    return Plan(
        identity=identity,
        executor=Executor.GITHUB,
        prisma_version=project.prisma_version,
        commit=project.commit,
        migrations=list(pending),
        backup_sha256="",
        rehearsed=False,
        waived=[],
    )


def _apart(plans: Sequence[TargetPlan]) -> tuple[TargetPlan, ...]:
    """Two names of one database are a mistake: it would be migrated twice. So are two targets of one environment: both
    runs would take its secret, and GitHub lets one of them wait for the other."""
    found: list[TargetPlan] = []
    for plan in plans:
        why = "" if plan.problem else _clash(plan, found)
        found.append(replace(plan, problem=why, remedy="Give each target its own.") if why else plan)
    return tuple(found)


def _clash(plan: TargetPlan, others: Sequence[TargetPlan]) -> str:
    for other in others:
        if plan.identity and other.identity and plan.identity.same_database(other.identity):
            return f"it is the same database as {other.name}"
        if plan.environment.casefold() == other.environment.casefold():
            where = f"the environment {plan.environment}" if plan.environment else "no environment"
            return f"it has {where}, as {other.name} has"
    return ""


def placed(plans: Sequence[TargetPlan]) -> tuple[TargetPlan, ...]:
    """For a workflow that takes `environment`: a target without one would get its default, another's secret. Pure."""
    why = "it has no environment, and the workflow takes one: it would run in the workflow's own default"
    remedy = "Give it its environment."
    return tuple(
        plan if plan.environment or plan.problem else replace(plan, problem=why, remedy=remedy) for plan in plans
    )


def planned(context: Context, seen: Source, plans: tuple[TargetPlan, ...]) -> ev.FleetPlanned:
    """The event that shows the plans."""
    github, fleet = context.settings.github, context.settings.fleet
    return ev.FleetPlanned(
        targets=plans,
        parallel=fleet.parallel,
        stop_share=fleet.stop_share,
        commit=seen.project.commit,
        workflow=github.migrate_workflow,
        branch=github.branch,
    )


def finding(plans: Sequence[TargetPlan]) -> Finding:
    """DX151: whether every target can be planned. Pure."""
    bad = [plan for plan in plans if plan.problem]
    going = sum(bool(plan.pending) for plan in plans if not plan.problem)
    if bad:
        named = "; ".join(f"{plan.name}: {plan.problem}" for plan in bad[:_NAMED])
        more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        remedy = f"{bad[0].remedy} Waived, these are left out.".lstrip()
        return failed(f"{len(bad)} of {len(plans)} can't be planned: {named}{more}", remedy)
    if not going:
        return failed(f"nothing is pending in any of {len(plans)} targets", "There is nothing to migrate.")
    return passed(f"{len(plans)} targets: {going} to migrate, {len(plans) - going} up to date")


def seal(fleet: FleetView) -> ev.PlanSealed:
    """One digest over every target's plan, and the lines that are read before the phrase. Pure."""
    plan, views = fleet.planned, fleet.targets.values()
    going = [view.plan for view in views if view.state is TargetState.WAITING]
    told = [f"{view.plan.name} {view.state} {view.plan.environment} {view.plan.digest}" for view in views]
    rules = f"{plan.parallel} {plan.stop_share} {plan.workflow} {plan.branch}"
    whole = hashlib.sha256("\n".join([*told, rules]).encode()).hexdigest()
    left = [view.plan.name for view in views if view.state is TargetState.LEFT_OUT]
    known = [waves.Known(one.name, one.canary, TargetState.WAITING) for one in going]
    sizes = [len(names) for names in waves.split(known, plan.parallel)]
    canaries = [one.name for one in going if one.canary]
    shown = f"{', '.join(map(str, sizes[:8]))}{' and more' if len(sizes) > 8 else ''}"
    counts = sorted({len(one.pending) for one in going}) or [0]
    sets = len({one.migrations for one in going})
    at_rest = len(views) - len(going) - len(left)
    lines = [
        ("Targets", f"{len(going)} to migrate, {at_rest} with nothing to do or done before"),
        *([("Left out", _names(left))] if left else []),
        ("Canaries", _names(canaries) or "none: the first wave is everybody's canary"),
        ("Waves", f"{len(sizes)}, of {shown} at a time"),
        ("Stops", f"when more than {plan.stop_share:.0%} fail" if plan.stop_share else "at the first failure"),
        ("Pending", f"{counts[0]} to {counts[-1]} files a target, {sets} different set{'' if sets == 1 else 's'}"),
        ("Commit", plan.commit[:12] or "not a git checkout"),
        ("Workflow", f"{plan.workflow} on {plan.branch}"),
        ("Backups", "none made here: each target's own, as a person said"),
        ("Rehearsal", "none: the canaries are it"),
    ]
    return ev.PlanSealed(hash=f"{whole[:4]}·{whole[4:8]}", digest=whole, lines=lines)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
