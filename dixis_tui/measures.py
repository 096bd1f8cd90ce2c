"""What was measured of one statement, and what is predicted from it. Times are seconds, sizes bytes."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.locks import LockMode


class HeldLock(Struct, frozen=True):
    """A lock that a statement took, `schema.table`, and how long it was held: until its transaction ended."""

    table: str
    mode: LockMode
    seconds: float


class StatementMeasure(Struct, frozen=True, kw_only=True):
    """One statement of one file as it ran. `number` of `of`, both from 1; `line` is the file's.

    `rows` is what the server said it touched. `rewritten` maps `schema.table` to the rows of a table that was written
    anew, `scanned` to those of one that was read whole. `growth` is what the database grew by; negative: it shrank.
    """

    number: int
    of: int
    line: int
    text: str
    seconds: float
    kind: str = ""
    rows: int = 0
    locks: tuple[HeldLock, ...] = ()
    rewritten: dict[str, int] = {}
    scanned: dict[str, int] = {}
    wal_bytes: int = 0
    temp_bytes: int = 0
    growth: int = 0


class TableSize(Struct, frozen=True):
    """A table's rows by the server's estimate, its bytes without its indexes, and its bytes with them."""

    rows: int
    bytes: int
    total: int


class StatementForecast(Struct, frozen=True, kw_only=True):
    """What one statement will take on production: the expected seconds, and the range they should fall into."""

    migration: str
    number: int
    line: int
    text: str
    seconds: float
    low: float
    high: float
    held: tuple[HeldLock, ...] = ()
    why: str = ""
    """From what: `measured, scaled by 1.2 (rows of public."Order")`."""


class Prediction(Struct, frozen=True, kw_only=True):
    """The whole of tonight's migration. `rehearsed` false: nothing was measured, the runbook's numbers stand in.

    `wal_bytes` and `disk_bytes` are what the server will need; `ratio` is what earlier runs on this target took over
    what was predicted for them, and `learned_from` how many runs that is from.
    """

    rehearsed: bool
    seconds: float
    low: float
    high: float
    wal_bytes: int = 0
    disk_bytes: int = 0
    temp_bytes: int = 0
    ratio: float = 1.0
    learned_from: int = 0
    statements: tuple[StatementForecast, ...] = ()
