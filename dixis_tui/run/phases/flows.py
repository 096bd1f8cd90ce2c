"""The flows of `[[flows]]`: gone through before the migration, in verify, and on the after-watch's rhythm."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.after import FlowResult, Latency
from dixis_tui.model import CheckState, Finding, failed, passed
from dixis_tui.plan.after_latency import medians
from dixis_tui.plan.checks import FLOWS
from dixis_tui.run.context import Context
from dixis_tui.run.state import RunState
from dixis_tui.settings import Settings

_AT_ONCE = 8
_NO_BASELINE = "it has no baseline, since it sends more than GETs"
_LOOKS = 3
"""Before the migration: the first one finds nothing ready for it, and is slower than any later one."""


def subjects(settings: Settings) -> list[tuple[str, str]]:
    """One check for each flow; none at all where there are none, or in a drill, whose staging has no application."""
    return [] if settings.environment == "drill" else [(FLOWS, flow.name) for flow in settings.flows]


def look(context: Context) -> None:
    """Go through every flow and answer its check. Never raises for what the application does."""
    from dixis_tui.web.flows import go_through  # httpx is slow to import and needed only here

    for flow in context.settings.flows if subjects_of(context) else ():
        context.emit(ev.CheckChanged(code=FLOWS, subject=flow.name, state=CheckState.RUNNING), flush=False)
        result = cleaned(context, go_through(flow, context.secrets))
        context.emit(ev.FlowSeen(result=result))
        before = _before(context.state, flow.name)
        finding = _judge(result, before)
        if context.state.baseline and before is None and not flow.only_reads:
            finding = replace(finding, evidence=f"{finding.evidence}; {_NO_BASELINE}")
        context.found(FLOWS, finding, flow.name)


def subjects_of(context: Context) -> list[tuple[str, str]]:
    """The same for this run."""
    return [] if context.state.drill else subjects(context.settings)


def before(context: Context) -> tuple[Latency, ...]:
    """How it is before the migration: each flow's median of a few looks; of one look where not all are whole.

    Only of flows that read: what another one sends may write rows, and before the phrase nothing of ours does.
    """
    gone = go(context, only_reading=True)
    tell(context, gone)
    looks = [latency(result) for result in gone]
    if looks and not any(look.problem for look in looks):
        looks += [latency(result) for _ in range(_LOOKS - 1) for result in go(context, only_reading=True)]
    return medians(looks)


def latency(result: FlowResult) -> Latency:
    """What the baseline and the after-watch keep of a flow."""
    return Latency(name=result.name, milliseconds=result.milliseconds, problem=result.problem, flow=True)


def go(context: Context, *, only_reading: bool = False) -> tuple[FlowResult, ...]:
    """Every flow gone through once, at the same time, as customers come: one that hangs keeps no other waiting.

    In any thread. Nothing is journaled: see :func:`tell`.
    """
    chosen = [flow for flow in context.settings.flows if flow.only_reads or not only_reading]
    if not chosen or not subjects_of(context):
        return ()
    from dixis_tui.web.flows import go_through

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(lambda flow: go_through(flow, context.secrets), chosen))
    return tuple(cleaned(context, result) for result in results)


def tell(context: Context, gone: Iterable[FlowResult]) -> None:
    """Journal what is news of them: the first time, and each time that a flow breaks or is whole again."""
    for result in gone:
        before = context.settled().flows.get(result.name)
        if before is None or before.problem != result.problem:
            context.emit(ev.FlowSeen(result=result))


def cleaned(context: Context, result: FlowResult) -> FlowResult:
    """The same as it may be journaled: what the settings and a server say, in our redactor's words."""
    words = context.log.redactor.line
    steps = tuple(replace(step, url=words(step.url), problem=words(step.problem)) for step in result.steps)
    return replace(result, steps=steps)


def _before(state: RunState, name: str) -> Latency | None:
    """How it went before the migration; None where nobody looked."""
    seen = state.baseline.latencies if state.baseline else ()
    return next((one for one in seen if one.flow and one.name == name), None)


def _judge(result: FlowResult, before: Latency | None) -> Finding:
    count = f"{result.planned} steps" if result.planned != 1 else "1 step"
    if result.ok:
        was = f"; before {before.milliseconds:.0f} ms" if before and not before.problem else ""
        return passed(f"{count} in {result.milliseconds:.0f} ms{was}")
    broken = result.steps[-1]
    evidence = f"step {broken.number} of {result.planned}, {broken.method} {broken.url}: {broken.problem}"
    if before and before.problem:
        return failed(
            f"{evidence}; before the migration it was broken too ({before.problem})",
            "It may not be the migration: compare with how it was before, mend it, or waive it by name.",
        )
    return failed(evidence, "Look at the application's log for that request; roll back if it can't be mended.")
