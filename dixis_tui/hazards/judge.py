"""The verdict on a set of files: how each will be run, and every hazard in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from dixis_tui.hazard import Execution, FileForecast, Hazard, Severity
from dixis_tui.hazards.catalogue import RULES, SYNTAX, SYNTAX_TITLE, SYNTAX_WHY, known_codes
from dixis_tui.hazards.context import Context, pending_of
from dixis_tui.hazards.dress import dressed
from dixis_tui.hazards.dress_columns import COLUMNS
from dixis_tui.hazards.dress_indexes import INDEXES
from dixis_tui.hazards.read import Read, SourceFile, read_of
from dixis_tui.hazards.rule import make
from dixis_tui.hazards.squawk import Squawk, start_all
from dixis_tui.hazards.suppress import suppress
from dixis_tui.postgres.table_facts import Sizes
from dixis_tui.prisma.oracle import forecast
from dixis_tui.sql.claims import claims
from dixis_tui.sql.facts import dropped, renamed
from dixis_tui.sql.names import Relation
from dixis_tui.sql.parts import commands
from dixis_tui.sql.script import parse_script

__all__ = ["SourceFile", "judge", "relations_named"]

_DRESSERS = COLUMNS | INDEXES
_ORDER = list(Severity)


def judge(
    files: Sequence[SourceFile],
    *,
    splits: bool,
    server_version: int,
    sizes: Sizes | None = None,
    schema: str = "public",
    one_set: bool = True,
) -> tuple[list[FileForecast], list[Hazard]]:
    """Judge files that lie on disk, in the order in which they will be run.

    `splits`: the pinned Prisma commits statement by statement. `server_version` is as 150008. `sizes`: what
    `dixis_tui.postgres.sizes.read_sizes` found; `schema` is where a name without one belongs. `one_set`: the files are
    pending together, so a table that one makes is new to all that follow; else each is judged by itself.

    The hazards are in the files' order, and by line in each; those that a comment suppresses are among them.

    Raises:
        ToolError: squawk is missing or fails.
    """
    reads = [_read(file, splits=splits) for file in files]
    running = _start(reads, server_version)
    try:
        contexts = list(_contexts(reads, server_version, sizes, schema, one_set=one_set))
        found = {context.place: _own(context) for context in contexts}
        by_path: dict[str, list[Context]] = {}
        for context in contexts:
            by_path.setdefault(_absolute(context.read.file.path), []).append(context)
        said: set[tuple[int, str, int, str]] = set()  # squawk may find one fact at two places of a statement
        for squawk in running:
            for finding in squawk.findings():
                for context in by_path.get(finding.file, ()):
                    hazard = dressed(context, finding, _DRESSERS)
                    words = (context.place, hazard.code, hazard.statement, hazard.what) if hazard else None
                    if hazard and words and words not in said:
                        said.add(words)
                        found[context.place].append(hazard)
    finally:
        for squawk in running:
            squawk.stop()
    known = known_codes()
    hazards: list[Hazard] = []
    for context in contexts:
        marked = suppress(context, found[context.place], known)
        hazards += sorted(marked, key=lambda one: (one.line, one.column, _ORDER.index(one.severity), one.code))
    return [read.forecast for read in reads], hazards


def relations_named(files: Iterable[SourceFile]) -> frozenset[Relation]:
    """Every table, view and index that the files name where it bears on a hazard: what to look up on the server."""
    named: set[Relation] = set()
    for file in files:
        for statement in parse_script(file.content).statements:
            named.update(claim.relation for claim in claims(statement))
            named.update(command.relation for command in commands(statement))
            if drop := dropped(statement):
                named.update(drop.relations)
            if names := renamed(statement):
                named.add(names[0])
    return frozenset(named)


def _read(file: SourceFile, *, splits: bool) -> Read:
    script = parse_script(file.content)
    return read_of(file, script, forecast(file.migration, script, splits=splits), splits=splits)


def _start(reads: list[Read], server_version: int) -> list[Squawk]:
    """squawk over what can be parsed: once for the files that run in one transaction, once for the others."""
    kinds: dict[bool, list[str]] = {True: [], False: []}
    for read in reads:
        if read.script.statements:
            one = read.forecast.execution in (Execution.ONE_TRANSACTION, Execution.FAILS)
            kinds[one].append(_absolute(read.file.path))
    started: list[Squawk] = []
    for one, paths in kinds.items():
        if paths:
            started += start_all(paths, in_transaction=one, server_version=server_version)
    return started


def _contexts(
    reads: list[Read], server_version: int, sizes: Sizes | None, schema: str, *, one_set: bool
) -> Iterable[Context]:
    together = pending_of(reads, schema, sizes) if one_set else None
    for number, read in enumerate(reads):
        pending = together or pending_of([read], schema, sizes, number)
        yield Context(
            read=read,
            place=number,
            pending=pending,
            server_version=server_version,
            schema=schema,
            sizes=sizes,
        )


def _own(context: Context) -> list[Hazard]:
    problem = context.read.script.problem
    if problem is None:
        return [hazard for rule in RULES for hazard in rule.look(context)]
    hazard = make(
        context,
        None,
        code=SYNTAX,
        title=SYNTAX_TITLE,
        severity=Severity.DANGER,
        what=f"It can't be parsed: {problem.message}.",
        why=SYNTAX_WHY,
        span=(problem_offset := _problem_offset(context), problem_offset),
    )
    return [hazard]


def _problem_offset(context: Context) -> int:
    read, problem = context.read, context.read.script.problem
    if problem is None or problem.line < 1:
        return 0
    begin = read.offset(problem.line - 1, 0)
    line = read.script.content[begin:].split(b"\n", 1)[0].decode("utf-8", "replace")
    return begin + len(line[: problem.column - 1].encode("utf-8", "replace"))


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100  squawk gives back the path as it was given
