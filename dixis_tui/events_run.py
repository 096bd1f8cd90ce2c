"""Events of the run itself: who runs it, what a later runner found, what was sent away; part of `dixis_tui.events`."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.event import BaseEvent
from dixis_tui.locks import Peer
from dixis_tui.model import MigrationState, Recovery


class RunnerResumed(BaseEvent, frozen=True, kw_only=True, tag="runner_resumed"):
    """Another runner took up the run that one had died in, or left.

    What was at work then is no longer: what came of it is unknown until somebody has looked. The window is that of
    the settings as they are now.
    """

    operator: str
    host: str
    ssh: str = ""
    pid: int
    version: str
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    cut_bytes: int = 0
    """Bytes of a last line that was never whole, and was dropped."""


class RunnerLeft(BaseEvent, frozen=True, kw_only=True, tag="runner_left"):
    """The runner goes, and the run stays open: any later start takes it up."""

    reason: str


class RecoverySeen(BaseEvent, frozen=True, kw_only=True, tag="recovery_seen"):
    """What the first look after a runner's death found. `remedy` says what to do, or how to find out."""

    outcome: Recovery
    evidence: str
    remedy: str = ""
    sessions: tuple[Peer, ...] = ()
    """Those of the runner that died which are still on the server."""
    lock_holder: str = ""
    """Who holds Prisma's advisory lock; empty: nobody."""


class MigrationSettled(BaseEvent, frozen=True, kw_only=True, tag="migration_settled"):
    """Where a migration stands on production by history and catalog, whatever was journaled of it before."""

    name: str
    state: MigrationState
    evidence: str = ""


class Checkpointed(BaseEvent, frozen=True, kw_only=True, tag="checkpointed"):
    """The log file as it was at a gate: so many bytes, with this SHA-256."""

    gate: str
    log_bytes: int
    log_sha256: str


class HeadSent(BaseEvent, frozen=True, kw_only=True, tag="head_sent"):
    """The digest of entry `number` went out to `to`, so that a rewritten journal shows; `problem`: why it did not."""

    number: int
    head: str
    to: str
    problem: str = ""


class FirstConfirmed(BaseEvent, frozen=True, kw_only=True, tag="first_confirmed"):
    """The first of two people typed the phrase for this plan; nothing is done before the second has.

    `account` is the system's, by the socket's peer: `1000 anna`.
    """

    operator: str
    account: str
    digest: str


class FirstVoided(BaseEvent, frozen=True, kw_only=True, tag="first_voided"):
    """The first one's phrase does not wait for a second any more: it got too old, or was taken back by its typist.

    Without this entry it is void as well as soon as a phase begins, or another runner takes the run up.
    """

    reason: str
    taken_back: bool = False


RunnerEvent = (
    RunnerResumed
    | RunnerLeft
    | RecoverySeen
    | MigrationSettled
    | Checkpointed
    | HeadSent
    | FirstConfirmed
    | FirstVoided
)
