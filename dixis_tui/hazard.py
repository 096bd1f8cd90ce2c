"""What a pending file may do to this database: values that travel from the rules to the screen, a file or a shell."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How bad a hazard is: `danger` closes the gate until it is waived, `warning` and `notice` only say so."""

    DANGER = "danger"
    WARNING = "warning"
    NOTICE = "notice"


class Hazard(Struct, frozen=True, kw_only=True):
    """One rule's finding about one statement.

    `code` is ours (`DH101`) or squawk's rule name (`adding-required-field`); `source` says whose. Lines and columns
    count from 1. `what` is what was found, `why` what it does to the application, `safer` the SQL or the steps that do
    it without harm, written out for this statement; `size` what it means on the live database, empty without one.
    `suppressed` is the reason that a comment in the file gives for leaving it as it is; empty: it stands.
    """

    code: str
    title: str
    severity: Severity
    source: str
    migration: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    statement: int
    what: str
    why: str
    safer: str = ""
    size: str = ""
    suppressed: str = ""
    blocks: bool = False
    """Its only harm is that others wait meanwhile: none in a window that is agreed, and the rehearsal measures it."""


class Execution(StrEnum):
    """How the executor will run a file."""

    ONE_TRANSACTION = "one transaction"
    STATEMENT_BY_STATEMENT = "statement by statement"
    OWN_TRANSACTIONS = "its own transactions"
    FAILS = "fails with 25001"
    UNKNOWN = "can't tell"


class FileForecast(Struct, frozen=True, kw_only=True):
    """How one file will be run, and why. `statements` is their number; `line` where the reason is (0: the whole file).

    `surprise` is a sentence where that is not what the file's author would expect; empty where it is.
    """

    migration: str
    execution: Execution
    statements: int
    why: str
    line: int = 0
    surprise: str = ""
    unjudged: int = 0
    """`DO` and `CALL` statements: what they do stands in no syntax tree, so no rule has judged it."""
