"""A fleet's things as values: what is planned for each target, and how it stands. Texts in them were cleaned before."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dixis_tui.model import Identity

FLEET = "fleet"
"""`RunStarted.environment` of a run over many databases."""


class TargetState(StrEnum):
    """One target in its fleet."""

    WAITING = "waiting"
    """Nothing was dispatched for it."""
    AT_WORK = "at work"
    """Dispatched, or about to be, and its outcome is not known yet."""
    DONE = "done"
    """Its database was read after the run's end: nothing pending, nothing failed."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody could tell. It counts as a failure until somebody has looked."""
    NOTHING = "nothing to do"
    """Nothing was pending when it was planned: no run is made for it."""
    LEFT_OUT = "left out"
    """It could not be planned, and a person waived that."""


class TargetPlan(Struct, frozen=True, kw_only=True):
    """What one target's run shall do. `problem` is why there is no plan for it; empty: there is one."""

    name: str
    canary: bool = False
    environment: str = ""
    """The deployment environment of its run."""
    target: str = ""
    """Its URL without the password; empty where there is no usable one."""
    identity: Identity | None = None
    applied: int = 0
    pending: tuple[str, ...] = ()
    """Names of the files that are to be applied, in order."""
    migrations: str = ""
    """Hex SHA-256 over the pending files: what the workflow compares with its own."""
    digest: str = ""
    """Hex SHA-256 over all that its run is for."""
    problem: str = ""
    remedy: str = ""

    @property
    def hash(self) -> str:
        """The digest as people read it."""
        return f"{self.digest[:4]}·{self.digest[4:8]}" if self.digest else ""
