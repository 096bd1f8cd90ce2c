"""What a measured statement did to each table: what its text claims, put right by what was seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui.locks import LockMode
from dixis_tui.measures import StatementMeasure
from dixis_tui.sql.claim import Claim, Work
from dixis_tui.sql.claims import claims
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Script


def workloads(
    script: Script, measures: Sequence[StatementMeasure], schema: str = "public"
) -> dict[int, dict[str, Work]]:
    """The workload of each measured statement of a file, by number; of the whole file where it was sent as one."""

    def claimed_by(one: StatementMeasure) -> tuple[Claim, ...]:
        whole = one.of == 1 and not one.kind
        sent = [statement for statement in script.statements if whole or statement.number == one.number]
        return tuple(claim for statement in sent for claim in claims(statement))

    return {one.number: workload(claimed_by(one), one, schema) for one in measures}


def workload(claimed_by: tuple[Claim, ...], measure: StatementMeasure, schema: str = "public") -> dict[str, Work]:
    """Work by table (`public."Order"`), `Work.NONE` left out.

    A claim that only the catalog can settle counts where it was seen. A table that no claim names, because the
    statement is a block of code or a whole file, counts as what was seen of it: written anew, read, or rows changed.
    """
    claimed: dict[str, tuple[Work, bool]] = {}
    for claim in claimed_by:
        relation = Relation(claim.relation.schema or schema, claim.relation.name)
        names = [*measure.scanned] if claim.index else [str(relation)]
        for name in names:
            if claimed.get(name, (Work.NONE, True))[0] is Work.NONE:
                claimed[name] = (claim.work, claim.certain)
    changed = [] if claimed_by else [lock.table for lock in measure.locks if lock.mode is LockMode.ROW_EXCLUSIVE]
    found: dict[str, Work] = {}
    for table in [*claimed, *measure.rewritten, *measure.scanned, *changed]:
        work = _settled(table, measure, *claimed.get(table, (Work.NONE, True)), changed=table in changed)
        if work is not Work.NONE:
            found[table] = work
    return found


def _settled(table: str, measure: StatementMeasure, work: Work, certain: bool, *, changed: bool) -> Work:
    if table in measure.rewritten:
        return Work.REWRITE
    if work in (Work.BUILD, Work.ROWS) or (work is Work.SCAN and certain):
        return work
    if changed:
        return Work.ROWS
    return Work.SCAN if table in measure.scanned else Work.NONE
