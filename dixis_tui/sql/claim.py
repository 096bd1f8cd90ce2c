"""What a statement takes of one table."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dixis_tui.locks import LockMode
from dixis_tui.sql.names import Relation


class Work(StrEnum):
    """What a statement does with a table's rows while it holds its lock, so how its time grows."""

    NONE = "nothing"
    """Only the catalog is changed: the same on an empty table and on a large one."""
    SCAN = "reads every row"
    REWRITE = "writes every row anew"
    BUILD = "builds an index"
    ROWS = "changes rows"


class Claim(Struct, frozen=True):
    """One lock on one relation. `index`: the relation is an index, and the lock is on its table too.

    `certain` is False where the catalog may make it less than `work` says.
    """

    relation: Relation
    mode: LockMode
    work: Work = Work.NONE
    what: str = ""
    index: bool = False
    certain: bool = True
