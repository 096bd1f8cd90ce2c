"""Where each migration, and the database as a whole, stands: values that travel from the history to the screen."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Standing(StrEnum):
    """One migration's standing, worst first where several hold."""

    RUNNING = "running"
    """Begun and not finished, and somebody holds Prisma's advisory lock."""
    FAILED = "failed"
    """Begun and not finished, and nobody is at work."""
    NO_FILE = "directory without file"
    MISSING = "missing on disk"
    """Applied, but its directory is not there."""
    EDITED = "edited since applied"
    DUPLICATE = "applied twice"
    """More than one finished row, none of them rolled back."""
    OUT_OF_ORDER = "older than an applied one"
    """Pending, and it will run after newer ones."""
    WILL_RUN_AGAIN = "rolled back, will run again"
    PENDING = "pending"
    APPLIED = "applied"


class Reconciled(StrEnum):
    """How much of an unfinished file is in the database, by the catalog."""

    ALL = "all of it is there"
    NONE = "none of it is there"
    PART = "a part of it is there"
    CANT_TELL = "can't tell"


class Reconciliation(Struct, frozen=True, kw_only=True):
    """What the catalog says about one unfinished file. `there` are the numbers of the statements whose work was found,
    `unclear` those that leave no trace to look for; `sentence` says it in words ("statements 1 to 3 of 5 are there"),
    `commands` are what to type, in order.
    """

    migration: str
    outcome: Reconciled
    statements: int
    there: tuple[int, ...] = ()
    unclear: tuple[int, ...] = ()
    sentence: str = ""
    commands: tuple[str, ...] = ()


class MigrationStanding(Struct, frozen=True, kw_only=True):
    """One migration: its worst standing, what is known of it, and what to do. `attempts` are its rows in the history.

    `prisma_says`: what `prisma migrate status` makes of it, where that is wrong; empty where it is right.
    """

    name: str
    standing: Standing
    detail: str = ""
    remedy: str = ""
    attempts: int = 0
    prisma_says: str = ""
    reconciliation: Reconciliation | None = None


class DatabaseStanding(StrEnum):
    """The database as a whole."""

    MANAGED = "managed by Prisma"
    EMPTY = "empty: the first migration will begin its history"
    UNMANAGED = "not empty, and without a history: a baseline is needed"
    MISSING = "missing"
    REPLICA = "a replica: it takes no writes"


class Truth(Struct, frozen=True, kw_only=True):
    """All that is known of a database's history at one moment; `remedy` is that of the database as a whole."""

    database: DatabaseStanding
    remedy: str = ""
    migrations: tuple[MigrationStanding, ...] = ()
