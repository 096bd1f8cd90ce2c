"""People, notices, the maintenance page, health and after-watch, the way back: what a journal tells of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from dixis_tui import events as ev
from dixis_tui.model import HealthResult, Place
from dixis_tui.report.values import (
    After,
    At,
    FlowSeen,
    Found,
    Health,
    Notice,
    Page,
    Restored,
    Rollback,
    Runner,
    StepTaken,
)
from dixis_tui.run.state import Entry, RunState


def of_kind(entries: Iterable[Entry], *kinds: type) -> tuple[At, ...]:
    """The events of these kinds with their times, in order."""
    return tuple(At(entry.at, entry.event) for entry in entries if isinstance(entry.event, kinds))


def runners(entries: Sequence[Entry]) -> tuple[Runner, ...]:
    """Everybody who ran it, the first one first."""
    found: list[Runner] = []
    before: datetime | None = None
    for entry in entries:
        event = entry.event
        if isinstance(event, ev.RunStarted | ev.RunnerResumed):
            resumed = isinstance(event, ev.RunnerResumed)
            found.append(
                Runner(
                    at=entry.at,
                    operator=event.operator,
                    host=event.host,
                    ssh=event.ssh,
                    pid=event.pid,
                    version=event.version,
                    gap=(entry.at - before).total_seconds() if resumed and before else 0.0,
                    cut_bytes=event.cut_bytes if isinstance(event, ev.RunnerResumed) else 0,
                )
            )
        before = entry.at
    return tuple(found)


def restores(entries: Iterable[Entry], state: RunState) -> tuple[Restored, ...]:
    """Every restore that was compared; an adopted backup's earlier one first."""
    seen: list[tuple[datetime, ev.BackupRestored]] = []
    if state.adopted and state.adopted.restored and state.started:
        seen.append((state.started, state.adopted.restored))
    seen += [(entry.at, entry.event) for entry in entries if isinstance(entry.event, ev.BackupRestored)]
    return tuple(
        Restored(
            at=at,
            place=one.place,
            where=one.where,
            seconds=one.seconds,
            compare_seconds=one.compare_seconds,
            tables=one.tables,
            rows=one.rows,
        )
        for at, one in seen
    )


def notices(entries: Iterable[Entry]) -> tuple[Notice, ...]:
    """Every notice by its key, with who sent it and what came of it last."""
    found: dict[str, Notice] = {}
    for entry in entries:
        match entry.event:
            case ev.NoticeSending(receipt=receipt, operator=operator):
                found[receipt.key] = Notice(at=entry.at, operator=operator, receipt=receipt)
            case ev.NoticeSent(receipt=receipt):
                before = found.get(receipt.key)
                found[receipt.key] = Notice(at=entry.at, operator=before.operator if before else "", receipt=receipt)
    return tuple(found.values())


def page(entries: Sequence[Entry]) -> Page | None:
    """The maintenance page's way; None where there was none."""
    steps = of_kind(entries, ev.PagePut, ev.PageTaken, ev.PageSeen)
    up: datetime | None = None
    first: datetime | None = None
    down: datetime | None = None
    seconds = 0.0
    for step in steps:
        match step.event:
            case ev.PagePut():
                up, first, down = up or step.at, first or step.at, None
            case ev.PageTaken(problem="") if up:
                seconds += (step.at - up).total_seconds()
                up, down = None, step.at
    return Page(steps=steps, up=first, down=down, seconds=None if up else seconds) if steps else None


def health(entries: Sequence[Entry], state: RunState) -> tuple[Health, ...]:
    """Each endpoint and flow that was looked at: in the baseline, last before the go, last after it, and watched."""
    baseline = {one.name: one.milliseconds for one in state.baseline.latencies} if state.baseline else {}
    before: dict[str, HealthResult] = {}
    after: dict[str, HealthResult] = {}
    gone = False
    samples: dict[str, list[tuple[float, str]]] = {}
    for entry in entries:
        match entry.event:
            case ev.Confirmed() | ev.RollbackConfirmed():
                gone = True
            case ev.HealthSeen(result=result):
                (after if gone else before)[result.name] = result
            case ev.AfterSeen(sample=sample):
                for one in sample.latencies:
                    samples.setdefault(one.name, []).append((one.milliseconds, one.problem))
    found = []
    for name in dict.fromkeys([*baseline, *before, *after, *samples]):
        looks = samples.get(name, [])
        known = after.get(name) or before.get(name)
        found.append(
            Health(
                name=name,
                url=known.url if known else "",
                baseline=baseline.get(name),
                before=before.get(name),
                after=after.get(name),
                looks=len(looks),
                worst=max((one for one, _ in looks), default=0.0),
                problems=sum(bool(problem) for _, problem in looks),
            )
        )
    return tuple(found)


def flows(entries: Iterable[Entry]) -> tuple[FlowSeen, ...]:
    """Each flow as it was gone through last."""
    found: dict[str, FlowSeen] = {}
    for entry in entries:
        if isinstance(entry.event, ev.FlowSeen):
            result = entry.event.result
            times = found[result.name].times if result.name in found else 0
            found[result.name] = FlowSeen(at=entry.at, result=result, times=times + 1)
    return tuple(found.values())


def after(entries: Iterable[Entry], state: RunState) -> After | None:
    """The after-watch; None where there was none."""
    view = state.after
    if view is None:
        return None
    found = [Found(entry.at, entry.event.finding) for entry in entries if isinstance(entry.event, ev.AfterFound)]
    return After(started=view.started, until=view.until, looks=view.looks, ended=view.ended, found=tuple(found))


def rollback(entries: Sequence[Entry], state: RunState) -> Rollback | None:
    """The way back with every step that was begun; None where none was."""
    confirmed = of_kind(entries, ev.RollbackConfirmed)
    if not confirmed:
        return None
    steps: list[StepTaken] = []
    for entry in entries:
        match entry.event:
            case ev.StepStarted(step=step, detail=detail):
                steps.append(StepTaken(step=step, started=entry.at, seconds=None, detail=detail))
            case ev.StepEnded(step=step, seconds=seconds, detail=detail):
                at = next((at for at in reversed(range(len(steps))) if steps[at].step is step), None)
                done = StepTaken(
                    step=step,
                    started=entry.at if at is None else steps[at].started,
                    seconds=seconds,
                    detail=detail or ("" if at is None else steps[at].detail),
                )
                if at is None:
                    steps.append(done)
                else:
                    steps[at] = done
    return Rollback(confirmed=confirmed, steps=tuple(steps), swapped=state.swapped)


def on_production(entries: Iterable[Entry], *kinds: type) -> tuple[At, ...]:
    """The same as `of_kind`, where it happened on production."""
    return tuple(one for one in of_kind(entries, *kinds) if getattr(one.event, "place", None) is Place.PRODUCTION)
