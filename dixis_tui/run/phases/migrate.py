"""Phase 6: the sealed plan's files, on production. What came of it is read from the database, not from an exit code."""

from __future__ import annotations

from dixis_tui.model import Finding, MigrationState, Phase, PhaseState, Place, failed, passed
from dixis_tui.postgres.session import connect
from dixis_tui.prisma.files import OnDisk, same_checksum
from dixis_tui.prisma.history import History
from dixis_tui.run import policy_github
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, forecast, soundness, verify
from dixis_tui.run.phases.apply import apply


def run(context: Context, seen: facts.Facts) -> None:
    """Apply, read the history again, and go on to verify where all went well."""
    with context.phase(Phase.MIGRATE, facts.phase_checks(Phase.MIGRATE)):
        url = facts.production(context)
        try:
            apply(context, url, seen.project, seen.history.pending, Place.PRODUCTION)
        finally:
            context.check("DX601", lambda: _history(context, seen))
            context.found("DX600", applied(context))
            context.check("DX602", lambda: forecast.compare(context))
    if (
        context.state.phase(Phase.MIGRATE).state is PhaseState.PASSED
        and context.state.check("DX600").open
        and context.state.check("DX601").open
    ):
        verify.run(context)


def applied(context: Context) -> Finding:
    """How many of the run's migrations are in, and what became of the others."""
    views = list(context.state.migrations.values())
    done = [view for view in views if view.state is MigrationState.APPLIED]
    bad = next((view for view in views if view.state in (MigrationState.FAILED, MigrationState.UNKNOWN)), None)
    untouched = [view.name for view in views if view.state is MigrationState.PENDING]
    tally = f"{len(done)} of {len(views)} applied"
    if policy_github.may_change(context.state):
        return failed(f"{tally} so far; the workflow run may be at work", "Look again (r) before anything else.")
    if bad:
        rest = f"; not touched: {', '.join(untouched)}" if untouched else ""
        what = "failed" if bad.state is MigrationState.FAILED else "ended in a way that is not known"
        return failed(f"{tally}; {bad.name} {what}{rest}", "Roll back (x), or mend it and resolve the failed row.")
    if untouched or len(done) != len(views):
        untouched = untouched or [view.name for view in views if view not in done]
        return failed(f"{tally}; not touched: {', '.join(untouched)}", "Roll back (x), or run the rest anew.")
    return passed(tally)


def _unplanned(seen: facts.Facts, history: History) -> str:
    """Names that were applied without being sealed, or with another content than was sealed."""
    sealed = {file.name: file for file in seen.history.pending}
    before = {row.id for row in seen.history.applied}
    return ", ".join(
        row.migration_name
        for row in history.applied
        if row.id not in before
        and not (row.migration_name in sealed and same_checksum(sealed[row.migration_name], row.checksum))
    )


def _history(context: Context, seen: facts.Facts) -> Finding:
    url = facts.production(context)
    planned = {file.name for file in seen.history.pending}
    with connect(url, purpose="look", read_only=True) as session:
        now = facts.truth_at(session, seen.project, OnDisk(seen.files), url.schema)
    history, unfinished = now.history, soundness.unfinished(now.truth)
    context.emit(facts.truth_seen(context, now.truth))
    applied = planned & {row.migration_name for row in history.applied}
    told = {view.name for view in context.state.migrations.values() if view.state is MigrationState.APPLIED} & planned
    if applied != told:
        differ = f"the history does not agree about {', '.join(sorted(applied ^ told))}"
        if unfinished:
            return failed(f"{differ}; {unfinished.evidence}", unfinished.remedy)
        return failed(differ, "Look at the history table before anything else.")
    if stranger := _unplanned(seen, history):
        return failed(f"not of the sealed plan: {stranger}", "Look at what these files did before anything else.")
    if unfinished:
        return unfinished
    return passed(f"{len(applied)} rows of this run are finished, none failed")
