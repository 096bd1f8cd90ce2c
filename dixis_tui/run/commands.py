"""What a person may ask of a runner: a closed family, sent as JSON over the run's socket."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from dixis_tui.model import Phase, Way
from dixis_tui.notice import NoticeKind


class _Command(Struct, frozen=True, tag_field="type", kw_only=True):
    pass


class StartPhase(_Command, frozen=True, kw_only=True, tag="start_phase"):
    """Begin preflight, backup, rehearsal, banner or verify, or begin it again."""

    phase: Phase


class Tick(_Command, frozen=True, kw_only=True, tag="tick"):
    """Answer a person's check, or take the answer back."""

    code: str
    operator: str
    on: bool = True


class Waive(_Command, frozen=True, kw_only=True, tag="waive"):
    """Open a gate by name, with a reason."""

    code: str
    operator: str
    reason: str


class Seal(_Command, frozen=True, kw_only=True, tag="seal"):
    """Look at everything once more and seal the plan that the phrase will confirm."""


class Confirm(_Command, frozen=True, kw_only=True, tag="confirm"):
    """The typed phrase, for the plan with this digest; the runner compares both."""

    phrase: str
    operator: str
    digest: str


class Rollback(_Command, frozen=True, kw_only=True, tag="rollback"):
    """The typed rollback phrase: put production back, by this way."""

    phrase: str
    operator: str
    way: Way = Way.SIDE


class NameSnapshot(_Command, frozen=True, kw_only=True, tag="name_snapshot"):
    """Name a provider's snapshot as a way back."""

    id: str
    taken_at: datetime
    where: str
    operator: str


class LookBack(_Command, frozen=True, kw_only=True, tag="look_back"):
    """Look at the ways back: which are open, what they take, what would be lost. Only reads."""


class Resolve(_Command, frozen=True, kw_only=True, tag="resolve"):
    """The typed rollback phrase: mark a failed migration's history row, as the look at the database says."""

    migration: str
    applied: bool
    phrase: str
    operator: str


class Drill(_Command, frozen=True, kw_only=True, tag="drill"):
    """Backup, restore beside it, compare and swap, on staging. Only in a run that was started as a drill."""

    operator: str


class Stop(_Command, frozen=True, kw_only=True, tag="stop"):
    """Stop at the next safe point: a dump or restore at once, a migration after the file that runs now.

    `now`: also cancel the statement of ours that runs on the server.
    """

    now: bool = False
    operator: str = ""


class Recover(_Command, frozen=True, kw_only=True, tag="recover"):
    """Look at what the runner before us left on production. Only reads."""


class Leave(_Command, frozen=True, kw_only=True, tag="leave"):
    """The runner goes and the run stays open, for a later start to take up."""

    reason: str


class SignalBackend(_Command, frozen=True, kw_only=True, tag="signal_backend"):
    """Cancel the statement of a session that blocks ours, or end that session. `typed` is its process id, by hand."""

    pid: int
    how: Literal["cancel", "terminate"]
    typed: str
    operator: str


class LookAtGithub(_Command, frozen=True, kw_only=True, tag="look_at_github"):
    """Look at the repository again: clinic, freeze, secrets, environment, workflow. Only reads."""


class DispatchClinic(_Command, frozen=True, kw_only=True, tag="dispatch_clinic"):
    """Start the clinic's workflow on the branch, and follow it."""

    operator: str


class ReviewDeployment(_Command, frozen=True, kw_only=True, tag="review_deployment"):
    """Approve or reject what the dispatched run waits for, with a comment."""

    environment: str
    approve: bool
    comment: str
    operator: str


class CancelWorkflow(_Command, frozen=True, kw_only=True, tag="cancel_workflow"):
    """Ask GitHub to end the dispatched run. What it began on production may stand or be undone: only a look tells."""

    operator: str


class SendNotice(_Command, frozen=True, kw_only=True, tag="send_notice"):
    """Send one notice on every channel that has not had it; `again`: also on those that had it, or may have."""

    kind: NoticeKind
    operator: str
    again: bool = False
    dry_run: bool = False


class Reopen(_Command, frozen=True, kw_only=True, tag="reopen"):
    """Let visitors in again: maintenance page and banner down, looked at, and the notice of how it ended."""

    operator: str


class EndAfter(_Command, frozen=True, kw_only=True, tag="end_after"):
    """End the after-watch before its time."""

    operator: str


class SignOff(_Command, frozen=True, kw_only=True, tag="sign_off"):
    """End the run after it was verified."""

    operator: str


class End(_Command, frozen=True, kw_only=True, tag="end"):
    """End the run where it stands. `closed_by`: codes of the gates that keep a script from going on."""

    closed_by: list[str] = []


Phrased = Confirm | Rollback | Resolve
"""Those that carry a typed phrase."""
Command = (
    StartPhase
    | Tick
    | Waive
    | Seal
    | Confirm
    | Rollback
    | NameSnapshot
    | LookBack
    | Resolve
    | Drill
    | Stop
    | Recover
    | Leave
    | SignalBackend
    | LookAtGithub
    | DispatchClinic
    | ReviewDeployment
    | CancelWorkflow
    | SendNotice
    | Reopen
    | EndAfter
    | SignOff
    | End
)
