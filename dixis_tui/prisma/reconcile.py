"""After a crash: how much of an unfinished file is in the database, and what to type.

The catalog is asked about everything that the file's statements would have made or taken away, and each prefix that
could have been committed is held against the answers (`simulation.py`). Nothing is claimed that another possible
prefix denies; statements that change rows leave no trace, and are said to be unclear.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import DixisError, ProjectError
from dixis_tui.hazard import Execution
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.traces import Catalog, look_up
from dixis_tui.prisma.files import checksums
from dixis_tui.prisma.oracle import forecast
from dixis_tui.prisma.simulation import Possible, facts_of, leftovers, possible
from dixis_tui.sql.catalog_facts import Fact
from dixis_tui.sql.claims import control
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Script, parse_script
from dixis_tui.sql.traces import Trace, traces
from dixis_tui.standing import Reconciled, Reconciliation

_REFUSED = re.compile(
    r"already exists|does not exist|\b(?:42P07|42P06|42701|42710|42723|42P01|42703|42704|42883|3F000)\b"
)
"""What a server says where the catalog was not as the file expects: then what is there may be somebody else's."""
_SERVER_ERROR = re.compile(r"^(?:.*: )?(?:ERROR|FATAL): |Database error code: [0-9A-Z]{5}\b|SqlState\(", re.M)


class Executed(Struct, frozen=True, kw_only=True):
    """How a file was run. `splits`: by a Prisma that commits each statement; `logs`: what its history row holds.

    `cli` is Prisma's CLI as people type it. `mended`: somebody may have worked by hand since, so what the row says of
    the failure is not what is there now; then the catalog alone speaks, and only where it proves.
    """

    splits: bool = False
    logs: str = ""
    cli: str = "prisma"
    mended: bool = False

    @property
    def server_refused(self) -> bool:
        """Whether the server itself said no, and so undid whatever transaction it was in."""
        return bool(_SERVER_ERROR.search(self.logs))

    def resolve(self, how: str, name: str) -> str:
        """The command that settles `name`; `how` is `applied` or `rolled-back`."""
        return f"{self.cli} migrate resolve --{how} {shlex.quote(name)}"


def reconcile(session: Session, jobs: Mapping[MigrationFile, Executed], schema: str) -> dict[str, Reconciliation]:
    """Ask the catalog about each file, by name; in one look for all of them.

    Raises:
        QueryError: the catalog can't be read.
        ConnectError: the connection was lost.
    """
    told: dict[str, Reconciliation] = {}
    read: dict[MigrationFile, tuple[Script, tuple[Trace, ...]]] = {}
    facts: set[Fact] = set()
    types: set[str] = set()
    for file in jobs:
        try:
            script = _script(file)
        except DixisError as error:
            told[file.name] = _cant_tell(file.name, 0, str(error))
            continue
        read[file] = (script, traces(script, schema))
        more, named = facts_of(read[file][1])
        facts |= more
        types |= named
    catalog = look_up(session, facts, types, schema) if facts else Catalog()
    return told | {file.name: judge(file.name, *parts, catalog, jobs[file]) for file, parts in read.items()}


def _script(file: MigrationFile) -> Script:
    try:
        content = Path(file.path).read_bytes()
    except OSError as error:
        raise ProjectError(f"{file.path} can't be read: {error.strerror}") from None
    if checksums(content)[0] != file.checksum:
        raise ProjectError("the file has changed while we looked")
    return parse_script(content)


def judge(name: str, script: Script, found: tuple[Trace, ...], catalog: Catalog, executed: Executed) -> Reconciliation:
    """What the answers of the catalog say about the file; pure."""
    execution = forecast(name, script, splits=executed.splits).execution
    count = len(script.statements)
    if execution is Execution.UNKNOWN:
        problem = script.problem.message if script.problem else "it can't be parsed"
        return _cant_tell(name, 0, problem)
    if count == 0:
        return _all(name, 0, executed, "the file holds no statement, so there is nothing to look for")
    if executed.server_refused and not executed.mended and _one_block(execution, script, executed):
        return _none(name, count, executed, _drops(found, catalog), "the server refused it and undid it as a whole")
    seen = possible(
        script.statements,
        found,
        catalog,
        one_by_one=executed.splits,
        refused=bool(_REFUSED.search(executed.logs)),
    )
    if not seen.firm:
        return _cant_tell(name, count, "what the catalog shows fits no point at which the file could have stopped")
    between = _settled(seen.firm, found) if executed.mended else _narrowed(seen, found)
    return _told(name, script, found, between=between, drops=_drops(found, catalog), executed=executed)


def _one_block(execution: Execution, script: Script, executed: Executed) -> bool:
    """Whether one refusal undoes all of the file. One that fails with 25001 is one block too, if nothing ends it."""
    if execution is Execution.FAILS and not executed.splits:
        return not any(control(statement) for statement in script.statements)
    return execution is Execution.ONE_TRANSACTION


def _narrowed(seen: Possible, found: tuple[Trace, ...]) -> tuple[int, int]:
    """The fewest and the most statements that may have run; those that leave nothing behind count as run."""
    firm = _settled(seen.firm, found)
    if firm[0] == firm[1] or not seen.likely:
        return firm
    likely = _settled(seen.likely, found)
    # What is likely is a guess about the catalog alone: it must not speak for a statement that changes rows.
    gained = {*range(firm[0] + 1, likely[0] + 1), *range(likely[1] + 1, firm[1] + 1)}
    return likely if all(found[number - 1].shows or found[number - 1].neutral for number in gained) else firm


def _settled(numbers: tuple[int, ...], found: tuple[Trace, ...]) -> tuple[int, int]:
    least, most = numbers[0], numbers[-1]

    def idle(first: int, last: int) -> bool:
        return all(trace.neutral for trace in found[first:last])

    if idle(0, most):
        return 0, 0
    if idle(least, len(found)):
        return len(found), len(found)
    return (least, least) if idle(least, most) else (least, most)


def _told(
    name: str,
    script: Script,
    found: tuple[Trace, ...],
    *,
    between: tuple[int, int],
    drops: tuple[str, ...],
    executed: Executed,
) -> Reconciliation:
    least, most = between
    count = len(found)
    if least == most == count:
        return _all(name, count, executed, f"all of it is there: {_statements(1, count)} of {count}")
    if least == most == 0:
        return _none(name, count, executed, drops, "nothing that it would have made or taken away shows")
    there = tuple(range(1, least + 1))
    seen = (
        f"{_statements(1, least)} of {count} {'is' if least == 1 else 'are'} there" if there else "nothing of it shows"
    )
    if least != most:
        unclear = tuple(range(least + 1, most + 1))
        outcome = Reconciled.PART if there and most < count else Reconciled.CANT_TELL
        sentence = f"{seen}; whether {_statements(unclear[0], most)} ran can't be seen in the catalog"
        return Reconciliation(
            migration=name, outcome=outcome, statements=count, there=there, unclear=unclear, sentence=sentence,
            commands=drops,
        )  # fmt: skip
    rest = script.statements[least]
    by_hand = f"-- run {_statements(least + 1, count)} by hand, from line {rest.line} of {name}/migration.sql on"
    return Reconciliation(
        migration=name,
        outcome=Reconciled.PART,
        statements=count,
        there=there,
        sentence=f"{seen}; {_statements(least + 1, count)} {'is' if least + 1 == count else 'are'} still to be run, "
        f"or {_statements(1, least)} to be undone",
        commands=(*drops, by_hand, executed.resolve("applied", name)),
    )


def _all(name: str, count: int, executed: Executed, sentence: str) -> Reconciliation:
    return Reconciliation(
        migration=name,
        outcome=Reconciled.ALL,
        statements=count,
        there=tuple(range(1, count + 1)),
        sentence=sentence,
        commands=(executed.resolve("applied", name),),
    )


def _none(name: str, count: int, executed: Executed, drops: tuple[str, ...], why: str) -> Reconciliation:
    left = "; an index of it was left behind invalid" if drops else ""
    return Reconciliation(
        migration=name,
        outcome=Reconciled.NONE,
        statements=count,
        sentence=f"none of it is there: {why}{left}",
        commands=(*drops, executed.resolve("rolled-back", name)),
    )


def _cant_tell(name: str, count: int, why: str) -> Reconciliation:
    return Reconciliation(migration=name, outcome=Reconciled.CANT_TELL, statements=count, sentence=f"can't tell: {why}")


def _drops(found: Sequence[Trace], catalog: Catalog) -> tuple[str, ...]:
    indexes = sorted(Relation(fact.schema, fact.name) for fact in leftovers(found, catalog))
    return tuple(f"DROP INDEX CONCURRENTLY {index};" for index in indexes)


def _statements(first: int, last: int) -> str:
    return f"statement {first}" if first == last else f"statements {first} to {last}"
