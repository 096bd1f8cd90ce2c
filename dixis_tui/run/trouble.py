"""What went wrong, by what is known already, and which ways out there are: pure, over the state.

The runbook knows three cases (RUNBOOK: Troubleshooting). Each is told by facts, by checks, and by the ways out of it;
exactly one of them is advised where something is wrong.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState
from dixis_tui.plan import sqlstates
from dixis_tui.run import policy
from dixis_tui.run.views import CheckView, MigrationView, RunState
from dixis_tui.standing import MigrationStanding, Reconciled, Standing


class Case(StrEnum):
    """The runbook's three."""

    MIGRATION = "The migration fails in mid-execution"
    SCHEMA = "Schema validation fails afterwards"
    APPLICATION = "The application fails to start"


class WayOut(StrEnum):
    """A way out. `repair` is a migration that mends what this one left, by the same rehearsed path."""

    ROLL_BACK = "roll back"
    MARK_APPLIED = "mark it as applied"
    MARK_UNDONE = "mark it as rolled back"
    REPAIR = "write a repair migration"
    RUN_AGAIN = "safe to re-run"
    GO_ON = "go on with the rest"
    LOOK_AGAIN = "verify again"
    LOOK_FIRST = "look at the database first"


class Fact(Struct, frozen=True):
    """Something that is known. `state` is how it is marked; None: neither good nor bad."""

    text: str
    state: CheckState | None = None


class Exit(Struct, frozen=True):
    """One way out, and why it is, or is not, the one to take. `migration`: the one that would be marked."""

    way: WayOut
    why: str
    advised: bool = False
    migration: str = ""


class Trouble(Struct, frozen=True):
    """One case as it stands. `wrong` is false where this case is only something to read about."""

    case: Case
    wrong: bool
    facts: tuple[Fact, ...] = ()
    checks: tuple[CheckView, ...] = ()
    exits: tuple[Exit, ...] = ()


STEPS: dict[Case, tuple[str, ...]] = {
    Case.MIGRATION: (
        "Do not panic: a file that runs in one transaction is applied whole or not at all.",
        "Read the error: which file, which statement, which SQLSTATE.",
        "Where nothing of the file stayed and its cause has passed, it is safe to re-run.",
        "Where the error blocks: go back to the backup, and look for the cause in peace.",
    ),
    Case.SCHEMA: (
        "Are all migrations applied? The history says so, whatever Prisma's status says.",
        "Compare schema.prisma with the database: prisma migrate diff shows what differs.",
        "Where they differ, a repair migration mends it, rehearsed like every other.",
        "Where the application can't live with it: go back to the backup.",
    ),
    Case.APPLICATION: (
        "Is the connection string right: host, database, credentials?",
        "Was Prisma Client generated for this schema, and deployed?",
        "Is an index missing or invalid? It makes things slow; it does not block.",
        "Is data corrupted? Then go back to the backup at once.",
    ),
}
"""What the runbook says of each case, for reading."""

_BROKEN = (CheckState.FAILED, CheckState.UNKNOWN)
_NOT_LOOKED = (CheckState.WAITING, CheckState.RUNNING, CheckState.UNKNOWN)
_LOST = (MigrationState.UNKNOWN, MigrationState.RUNNING)
_NAMED = 4
"""Endpoints that are told one by one."""
_SCHEMA_CHECKS = ("DX701", "DX702", "DX703", "DX704", "DX705")


def case_of(state: RunState) -> Case | None:
    """The case that the state is in; None where nothing is wrong, or production is back at the backup."""
    if not state.confirmed or state.running or policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED:
        return None
    if policy.phase_state(state, Phase.MIGRATE) is not PhaseState.PASSED:
        return Case.MIGRATION
    broken = {check.code for check in state.checks_of(Phase.VERIFY) if check.state in _BROKEN}
    if broken & {*_SCHEMA_CHECKS}:
        return Case.SCHEMA
    return Case.APPLICATION if broken & {"DX706", "DX707"} else None


def trouble(state: RunState, case: Case) -> Trouble:
    """That case, with what is known of it now."""
    wrong = case_of(state) is case
    if not wrong:
        return Trouble(case, wrong)
    facts, exits = {
        Case.MIGRATION: (_migration_facts, _migration_exits),
        Case.SCHEMA: (_schema_facts, _schema_exits),
        Case.APPLICATION: (_application_facts, _application_exits),
    }[case]
    found = tuple(exits(state))
    if state.rollback and not state.ended:
        found = (Exit(WayOut.ROLL_BACK, "it was begun; it has to be brought to its end", advised=True),)
    return Trouble(case, wrong, (*facts(state), *_over(state)), tuple(_checks(state, case)), found)


def _over(state: RunState) -> tuple[Fact, ...]:
    if state.ended is None or state.run is None:
        return ()
    return (Fact(f"this run has ended: dixis-tui rollback {state.run.run} goes back to its backup"),)


def _checks(state: RunState, case: Case) -> list[CheckView]:
    codes = {
        Case.MIGRATION: ("DX600", "DX601"),
        Case.SCHEMA: _SCHEMA_CHECKS,
        Case.APPLICATION: ("DX702", "DX703", "DX704", "DX706", "DX707", "DX711"),
    }[case]
    return [check for phase in (Phase.MIGRATE, Phase.VERIFY) for check in state.checks_of(phase) if check.code in codes]


def stuck(state: RunState) -> MigrationView | None:
    """The migration that failed on production, or of which nobody knows."""
    views = state.migrations.values()
    return next((view for view in views if view.state in (MigrationState.FAILED, *_LOST)), None)


def finding(state: RunState, name: str) -> MigrationStanding | None:
    """What the look at the database after it failed found of that migration; None where there was no such look."""
    if state.check("DX601").state in _NOT_LOOKED:
        return None  # what is known of the history is what preflight saw, before it ran
    standings = state.truth.migrations if state.truth else ()
    return next((one for one in standings if one.name == name), None)


def outcome(state: RunState, name: str) -> Reconciled | None:
    """How much of that migration is in the database; None where nobody has looked."""
    found = finding(state, name)
    if found is None:
        return None
    if found.standing is Standing.APPLIED:
        return Reconciled.ALL
    return found.reconciliation.outcome if found.reconciliation else None


# -- it fails in mid-execution


def _migration_facts(state: RunState) -> list[Fact]:
    done = [view for view in state.migrations.values() if view.state is MigrationState.APPLIED]
    left = [view for view in state.migrations.values() if view.state is MigrationState.PENDING]
    bad = stuck(state)
    facts = _failed(state, bad) if bad else []
    if bad is None:
        reason = state.phase(Phase.MIGRATE).reason or "it was stopped"
        facts.append(Fact(f"No file failed; the migration ended early: {reason}", CheckState.WARNED))
    applied = f", the last {done[-1].name}" if done else ""
    facts.append(Fact(f"{len(done)} of {len(state.migrations)} applied{applied}", CheckState.PASSED if done else None))
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        facts.append(Fact(f"not touched: {left[0].name}{more}"))
    return facts


def _failed(state: RunState, bad: MigrationView) -> list[Fact]:
    lost = bad.state in _LOST
    mark = CheckState.UNKNOWN if lost else CheckState.FAILED
    said = "nobody knows whether it was applied" if lost else "failed on production"
    facts = [Fact(f"{bad.name} {said}", mark)]
    if sent := bad.statement:
        facts.append(Fact(f"statement {sent.number} of {sent.of}, line {sent.line}: {sent.text}"))
    facts += [Fact(text.strip(), mark) for text in bad.error.splitlines()[:2] if text.strip()]
    if told := sqlstates.told(bad.sqlstate):
        facts.append(Fact(told))
    return [*facts, _stayed(state, bad)]


def _stayed(state: RunState, bad: MigrationView) -> Fact:
    if resolved := state.resolved.get(bad.name):
        how = "applied" if resolved.applied else "rolled back"
        return Fact(f"marked as {how} by {resolved.operator}: {resolved.evidence}", CheckState.PASSED)
    seen, found = outcome(state, bad.name), finding(state, bad.name)
    sentence = found.reconciliation.sentence if found and found.reconciliation else ""
    because = f" ({sentence})" if sentence else ""
    match seen:
        case Reconciled.NONE:
            return Fact(f"by the catalog, none of it is there: it was undone{because}", CheckState.PASSED)
        case Reconciled.ALL:
            return Fact(f"by the catalog, all of it is there{because}", CheckState.WARNED)
        case Reconciled.PART:
            return Fact(f"by the catalog, a part of it is there{because}", CheckState.FAILED)
    return Fact(f"whether anything of it stayed can't be told{because}", CheckState.UNKNOWN)


def _migration_exits(state: RunState) -> list[Exit]:
    bad = stuck(state)
    if state.go_again:
        rest = "nothing is half done: esc, then m; the rest is sealed anew and needs the phrase again"
        return [Exit(WayOut.GO_ON, rest, advised=True), _back(state, "or back to before the first of them")]
    if bad is None:
        again = "nothing failed; end this run, and a new one does what is left"
        return [Exit(WayOut.RUN_AGAIN, again, advised=True), _back(state, "or back to before the first of them")]
    if resolved := state.resolved.get(bad.name):
        again = "its row says that it is there; end this run, and a new one does the rest"
        if not resolved.applied:
            again = "nothing of it stayed; mend its cause, end this run, and a new one runs it again"
        return [Exit(WayOut.RUN_AGAIN, again, advised=True), _back(state, "or back to before the first of them")]
    return _marks(state, bad)


def _marks(state: RunState, bad: MigrationView) -> list[Exit]:
    repair = Exit(WayOut.REPAIR, "rehearse it in a new run, like every other")
    match outcome(state, bad.name):
        case Reconciled.ALL:
            why = "all of it is there, only its row is unfinished; a new run then does the rest"
            return [Exit(WayOut.MARK_APPLIED, why, True, bad.name), _back(state, "or back to the backup"), repair]
        case Reconciled.NONE:
            return _undone(state, bad, repair)
        case Reconciled.PART:
            return [_back(state, "a part of it is there; no mark in the history would be true", advised=True), repair]
    if bad.state in _LOST:
        look = "the answer was lost; end this run, and a new one's preflight reads what is there"
        return [Exit(WayOut.LOOK_FIRST, look, advised=True), _back(state, "or back to the backup, whatever is there")]
    return [_back(state, "nobody can tell what stayed of it; the backup is known", advised=True), repair]


def _undone(state: RunState, bad: MigrationView, repair: Exit) -> list[Exit]:
    known = sqlstates.meaning(bad.sqlstate)
    passing = known is not None and known.passing
    first = not any(view.state is MigrationState.APPLIED for view in state.migrations.values())
    again = f"{known.condition} passes by itself" if passing and known else "mend its cause first"
    then = "the rest may then go on (m)" if state.recovery else "a new run may then run it again"
    why = f"nothing of it stayed; {then}; {again}"
    mark = Exit(WayOut.MARK_UNDONE, why, passing or first, bad.name)
    if passing:
        return [mark, _back(state, "or back to before the first of them")]
    if first:
        return [mark, _back(state, "production is as it was; there is nothing to go back from"), repair]
    said = "the error blocks; look for its cause in peace (the runbook's advice)"
    return [_back(state, said, advised=True), mark, repair]


def _back(state: RunState, why: str, *, advised: bool = False) -> Exit:
    if not (state.backup or state.snapshot):
        return Exit(WayOut.ROLL_BACK, "this run has no backup to go back to", advised)
    return Exit(WayOut.ROLL_BACK, why, advised)


# -- the schema, the application


def _schema_facts(state: RunState) -> list[Fact]:
    done = sum(1 for view in state.migrations.values() if view.state is MigrationState.APPLIED)
    every = CheckState.PASSED if done == len(state.migrations) else CheckState.FAILED
    return [Fact(f"{done} of {len(state.migrations)} migrations of this run are applied", every), *_project(state)]


def _project(state: RunState) -> list[Fact]:
    if state.project is None:
        return []
    return [Fact(f"project {state.project.directory} {state.project.commit}, Prisma {state.project.prisma_version}")]


def _schema_exits(state: RunState) -> list[Exit]:
    unseen = all(check.state is CheckState.UNKNOWN for check in _broken_of(state, _SCHEMA_CHECKS))
    if unseen:
        again = "what is closed could not be looked at; mend that before anything else"
        return [Exit(WayOut.LOOK_AGAIN, again, advised=True), _back(state, "or back to the backup")]
    diff = "prisma migrate diff shows what differs; rehearse it in a new run"
    return [
        Exit(WayOut.REPAIR, diff, advised=True),
        _back(state, "where the application can't live with it until then"),
        Exit(WayOut.LOOK_AGAIN, "once it is mended"),
    ]


def _broken_of(state: RunState, codes: tuple[str, ...]) -> list[CheckView]:
    return [check for check in state.checks_of(Phase.VERIFY) if check.code in codes and check.state in _BROKEN]


def _application_facts(state: RunState) -> list[Fact]:
    bad = [seen for seen in state.health.values() if not seen.ok]
    facts = [Fact(f"{seen.name}: {seen.problem}", CheckState.FAILED) for seen in bad[:_NAMED]]
    if more := bad[_NAMED:]:
        facts.append(Fact(f"and {len(more)} more endpoints", CheckState.FAILED))
    broken = [flow for flow in state.flows.values() if not flow.ok]
    facts += [Fact(f"flow {flow.name}: {flow.problem}", CheckState.FAILED) for flow in broken[:_NAMED]]
    if more_flows := len(broken[_NAMED:]):
        facts.append(Fact(f"and {more_flows} more flows", CheckState.FAILED))
    if good := len(state.health) - len(bad):
        facts.append(Fact(f"{good} of {len(state.health)} endpoints answer as they should", CheckState.PASSED))
    if state.identity:
        where = f"{state.identity.database} @ {state.identity.host}:{state.identity.port}"
        facts.append(Fact(f"the database answers at {where}: is that the application's?"))
    command = state.project.command if state.project else "prisma"
    return [*facts, Fact(f"Prisma Client generated for this schema, and deployed? {command} generate")]


def _application_exits(state: RunState) -> list[Exit]:
    return [
        Exit(WayOut.LOOK_AGAIN, "mend connection string, client or deployment first", advised=True),
        _back(state, "at once where data is corrupted"),
        Exit(WayOut.REPAIR, "where an index or a column is missing; rehearse it in a new run"),
    ]
