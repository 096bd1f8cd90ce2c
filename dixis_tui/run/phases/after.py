"""After the migration: a baseline before it, and the watch that holds everything against that. Only reads.

Neither is a phase, and neither ever fails one: what can't be read is said.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.after import Baseline, Latency, Pool, ScanStat, StatementStat
from dixis_tui.errors import DixisError
from dixis_tui.model import MigrationState, Phase, PhaseState
from dixis_tui.plan.after_latency import medians
from dixis_tui.plan.after_why import drops, of_users
from dixis_tui.postgres.after_stats import AfterReader
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import read_migrations
from dixis_tui.run import policy
from dixis_tui.run.after_logs import Logs
from dixis_tui.run.after_server import ServerWatch, cleaned, cleaned_index
from dixis_tui.run.after_watch import AfterWatch, metrics
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, flows
from dixis_tui.run.state import RunState
from dixis_tui.sql.literals import without_literals

LEFT = "the runner left: it goes on where the run is taken up"
_PROBES = 3
"""Looks at an endpoint whose median is its baseline."""
_TEXTS, _TEXT = 50, 400
"""Statements of the baseline whose texts are kept, and how much of each."""
_APART_SECONDS = 2.0
"""Two looks that are nearer to each other tell no rate."""
_starting = threading.Lock()


def watched(context: Context) -> bool:
    """Whether this run is to be watched at all."""
    state = context.state
    return context.settings.after.minutes > 0 and not (state.drill or state.many or state.adopted)


def baseline(context: Context, *, again: bool = False) -> None:
    """Journal how it is before the migration. Never raises.

    `again`: counters alone are read anew; what endpoints and statements looked like is kept. So it is while the
    maintenance page is up: it is what endpoints and flows would meet.
    """
    if not watched(context):
        return
    try:
        shut = context.state.page is not None and context.state.page.put
        found = _baseline(context, outside=not again and not shut)
    except DixisError as error:
        if context.state.baseline:
            return  # an older one is better than none
        found = Baseline(problem=context.log.redactor.line(f"The baseline could not be read: {error}"))
    except Exception as error:  # noqa: BLE001 - a fault of ours must not close a gate
        context.fault(error)
        return
    context.emit(ev.BaselineTaken(baseline=found))


def _baseline(context: Context, *, outside: bool) -> Baseline:
    before = context.state.baseline or Baseline()
    words = context.log.redactor.line
    url = facts.production(context)
    reader = AfterReader(url, big_table_rows=context.settings.after.big_table_rows)
    reader.begin()
    look = cleaned(reader.look(), words)
    hidden = "" if context.settings.after.logs else reader.log.problem  # logs that are named are read instead
    problems = [problem for problem in (reader.problem or reader.missed, hidden) if problem]
    statements = before.statements if look.unread else look.statements  # older ones are better than none
    pool = look.pool
    latencies, texts = before.latencies, {one.query_id: one.query for one in before.statements if one.query}
    if outside:
        latencies, pool = _outside(context, look.pool)
    elif before.pool:
        pool = replace(pool, application=before.pool.application, problem=before.pool.problem)
    if outside or not texts:
        texts = _texts(context, reader, [one.query_id for one in statements[:_TEXTS]])
    return Baseline(
        latencies=latencies,
        statements=tuple(_rounded(one, texts.get(one.query_id, "")) for one in statements),
        scans=look.scans,
        indexes=tuple(cleaned_index(one, words) for one in reader.indexes()),
        database=look.database,
        pool=pool,
        scans_per_minute=_rates(context.state, look.scans),
        problem=words(" ".join(problems)),
    )


def _rates(state: RunState, scans: tuple[ScanStat, ...]) -> dict[str, float]:
    """Sequential scans a minute since the run's first baseline."""
    if state.baseline is None or state.baseline_at is None:
        return {}
    seconds = (datetime.now(UTC) - state.baseline_at).total_seconds()
    if seconds < _APART_SECONDS:
        return state.baseline.scans_per_minute
    before = {one.table: one.scans for one in state.baseline.scans}
    grown = {one.table: one.scans - before[one.table] for one in scans if one.table in before}
    return {table: round(max(count, 0) / seconds * 60, 2) for table, count in grown.items()}


def _texts(context: Context, reader: AfterReader, ids: list[str]) -> dict[str, str]:
    words = context.log.redactor.line
    return {key: words(without_literals(text))[:_TEXT] for key, text in reader.texts(ids).items() if of_users(text)}


def _rounded(one: StatementStat, text: str) -> StatementStat:
    return replace(one, query=text, milliseconds=round(one.milliseconds, 3))


def _outside(context: Context, pool: Pool) -> tuple[tuple[Latency, ...], Pool]:
    """The median of a few looks at each endpoint and flow, and the pool with the application's own numbers."""
    settings, words = context.settings, context.log.redactor.line
    gone = flows.before(context)
    if not settings.health and not settings.after.pool_url:
        return gone, pool
    from dixis_tui.web.prober import Prober  # httpx is slow to import and needed only here

    prober = Prober(words)
    try:
        latencies = medians(prober.look(settings.health, _PROBES))
        if settings.after.pool_url:
            application, problem = metrics(settings.after.pool_url, prober)
            application = {words(name): value for name, value in application.items()}
            pool = replace(pool, application=application, problem=words(problem))
    finally:
        prober.close()
    return (*latencies, *gone), pool


def start(context: Context) -> None:
    """Begin to watch, where the migration was verified and nobody watches. In any thread; never raises."""
    with _starting:  # a waiver's thread and the worker may both find that nobody watches
        _start(context)


def _start(context: Context) -> None:
    state = context.settled()
    verified = state.confirmed and not state.rollback and policy.phase_state(state, Phase.VERIFY) is PhaseState.PASSED
    at_work = context.after is not None and not context.after.over
    if not watched(context) or not verified or at_work or (state.after and state.after.ended not in ("", LEFT)):
        return
    until = state.after.until if state.after else datetime.now(UTC) + timedelta(minutes=context.settings.after.minutes)
    try:
        context.after = _watch(context, until)
        context.after.start()
    except DixisError as error:
        _not_begun(context, f"{error}. {error.remedy}".strip())
    except Exception as error:  # noqa: BLE001 - a fault of ours is none of the migration's
        _not_begun(context, context.fault(error))


def _not_begun(context: Context, reason: str) -> None:
    context.note(f"The after-watch could not begin: {reason}", "warning")
    context.emit(ev.AfterEnded(reason=context.log.redactor.line(f"it could not begin: {reason}")))


def _watch(context: Context, until: datetime) -> AfterWatch:
    url = facts.production(context)
    before = context.state.baseline or Baseline(problem="There is no baseline of this run.")
    reader = AfterReader(url, big_table_rows=context.settings.after.big_table_rows)
    server = ServerWatch(
        reader,
        before,
        context.settings.after,
        schema=url.schema,
        drops=_drops(context, url),
        words=context.log.redactor.line,
    )
    return AfterWatch(context, server, Logs(context.settings, url.database, context.log), before, until)


def _drops(context: Context, url: DatabaseUrl) -> dict[str, str]:
    """What the migrations of this run drop."""
    applied = {name for name, view in context.state.migrations.items() if view.state is MigrationState.APPLIED}
    try:
        files = read_migrations(facts.project(context).migrations)
        return drops(((file.name, facts.content(file)) for file in files if file.name in applied), url.schema)
    except DixisError as error:
        context.log.line("after", f"The migrations can't be read any more: {error}", "warning")
        return {}
