"""What a measured statement did to each table: what its text claims, put right by what was seen. Pure."""

from __future__ import annotations

from dixis_tui.locks import LockMode
from dixis_tui.measures import StatementMeasure
from dixis_tui.sql.claim import Claim, Work
from dixis_tui.sql.names import Relation


def workload(claims: tuple[Claim, ...], measure: StatementMeasure, schema: str = "public") -> dict[str, Work]:
    """Work by table (`public."Order"`), `Work.NONE` left out.

    A claim that only the catalog can settle counts where it was seen. A table that no claim names, because the
    statement is a block of code or a whole file, counts as what was seen of it: written anew, read, or rows changed.
    """
    claimed: dict[str, tuple[Work, bool]] = {}
    for claim in claims:
        relation = Relation(claim.relation.schema or schema, claim.relation.name)
        names = [*measure.scanned] if claim.index else [str(relation)]
        for name in names:
            if claimed.get(name, (Work.NONE, True))[0] is Work.NONE:
                claimed[name] = (claim.work, claim.certain)
    changed = [] if claims else [lock.table for lock in measure.locks if lock.mode is LockMode.ROW_EXCLUSIVE]
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
