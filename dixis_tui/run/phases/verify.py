"""Phase 7: history, schema, catalog and the application, looked at after the migration."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Finding, HealthResult, Phase, failed, passed, warned
from dixis_tui.plan.checks import FLOWS
from dixis_tui.postgres import catalog
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.files import scan_migrations
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import after, facts, flows, judges, soundness


def run(context: Context) -> None:
    """Answer every check of verify that can be looked up."""
    looked_up = facts.phase_checks(Phase.VERIFY, "DX706", FLOWS, "DX721")
    checks = [*looked_up, *health_subjects(context, "DX706"), *flows.subjects_of(context)]
    with context.phase(Phase.VERIFY, checks):
        url, found = facts.production(context), facts.project(context)
        with facts.reading(context, url, "verify") as session:
            context.check("DX701", lambda: _history(session, found, url.schema))
            context.check("DX704", lambda: indexes(session))
            context.check("DX705", lambda: constraints(session))
        context.check("DX702", lambda: judges.status(context, url, found))
        context.check("DX703", lambda: judges.validate(context, found, url))
        health(context, "DX706")
        flows.look(context)
    after.start(context)


def _history(session: Session, found: Project, schema: str) -> Finding:
    seen = facts.truth_at(session, found, scan_migrations(found.migrations), schema)
    finding = soundness.history(seen.truth)
    if finding.state is CheckState.FAILED and not seen.history.up_to_date:
        return finding
    if seen.history.pending:
        names = ", ".join(file.name for file in seen.history.pending[:3])
        return failed(f"still pending: {names}", "Find out why it was not applied before the application is let in.")
    if finding.state is CheckState.PASSED:
        return passed(f"{len(seen.history.applied)} applied, none pending, none failed")
    # What is in the database is whole; that the files tell another story is not the migration's doing.
    return warned(finding.evidence, finding.remedy)


def indexes(session: Session) -> Finding:
    """No index that a failed CREATE INDEX CONCURRENTLY left behind."""
    invalid = catalog.invalid_indexes(session)
    if invalid:
        names = ", ".join(row.index for row in invalid)
        return failed(f"invalid: {names}", f'REINDEX INDEX CONCURRENTLY "{invalid[0].index}", or drop and create it.')
    return passed("every index is valid")


def constraints(session: Session) -> Finding:
    """No constraint that old rows were never checked against."""
    open_ones = catalog.unvalidated_constraints(session)
    if open_ones:
        names = ", ".join(row.constraint for row in open_ones)
        return warned(f"not validated: {names}", "ALTER TABLE … VALIDATE CONSTRAINT when the load allows it.")
    return passed("every constraint is validated")


def health_subjects(context: Context, code: str) -> list[tuple[str, str]]:
    """One check for each endpoint in the settings; one without a subject where there is none."""
    if context.state.drill:
        return [(code, "")]
    return [(code, setting.name) for setting in context.settings.health] or [(code, "")]


def health(context: Context, code: str) -> None:
    """Look at every endpoint; in a drill at none, since they are production's."""
    if context.state.drill:
        context.found(code, warned("not asked in a drill: the application's endpoints are not staging's"))
        return
    if not context.settings.health:
        context.found(code, warned("no [[health]] endpoints in dixis.toml", "Add the routes that matter."))
        return
    from dixis_tui.web.health import client, probe  # httpx is slow to import and needed only here

    with client() as web:
        for setting in context.settings.health:
            context.emit(ev.CheckChanged(code=code, subject=setting.name, state=CheckState.RUNNING), flush=False)
            result = probe(setting, web)
            words = context.log.redactor.line
            clean = HealthResult(
                result.name, words(result.url), result.status, result.milliseconds, words(result.problem)
            )
            context.emit(ev.HealthSeen(result=clean))
            context.found(code, _judge(clean), setting.name)


def _judge(result: HealthResult) -> Finding:
    if result.ok:
        return passed(f"{result.status} in {result.milliseconds:.0f} ms, {result.url}")
    return failed(f"{result.url} {result.problem}", "Look at the application's log; roll back if it can't be mended.")
