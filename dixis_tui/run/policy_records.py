"""What may be done of words and records now, and why not: notices, letting visitors in again, the after-watch."""

from __future__ import annotations

from dixis_tui.model import Phase, Verdict
from dixis_tui.notice import NoticeKind
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState

Asked = cmd.SendNotice | cmd.EndAfter
"""Answered at once, also while a phase is at work."""


_OVER = {NoticeKind.AFTER: Verdict.DONE, NoticeKind.ROLLED_BACK: Verdict.ROLLED_BACK}
"""What is only told once it is so."""


def at_once(state: RunState, command: cmd.SendNotice | cmd.EndAfter, verdict: Verdict) -> str:
    """Why a notice can't be sent, or the after-watch not be ended, now; empty: it can.

    `verdict` is how the run would end now.
    """
    if isinstance(command, cmd.EndAfter):
        return "" if state.after and not state.after.ended else "Nothing is watched now."
    if state.drill:
        return "A drill on staging is nobody's news."
    if command.kind in _OVER and state.confirmed is None and state.rollback is None:
        return "Nothing was done yet that could be said to be over."
    if command.kind in _OVER and verdict is not _OVER[command.kind]:
        return "That is not known to be so: verify production first, or tell people of the delay."
    late = command.kind in (NoticeKind.BEFORE, NoticeKind.CANCELLED) and state.confirmed is not None
    return "The migration has begun: that notice comes too late." if late else ""


def shuts(state: RunState) -> bool:
    """Whether the banner phase is the program's own work: it has a page, or somebody to tell."""
    return state.run is not None and (state.run.page or state.run.tells)


def answers(state: RunState) -> bool:
    """Whether the program says by itself that visitors are shut out (DX400)."""
    return state.run is not None and (state.run.page or state.run.banner)


def shut(state: RunState) -> bool:
    """Whether visitors are still to be let in again: a page is up, or they were told, and neither was taken back."""
    up = state.page is not None and state.page.put
    told = any(receipt.kind is NoticeKind.DURING for receipt in state.receipts.values())
    # Who was told by the run that is gone back from, was told in that run's journal.
    told = told or (state.rollback is not None and not state.drill and state.run is not None and state.run.tells)
    return up or (told and state.reopened is None)


def put_up(state: RunState, open_gates: bool) -> str:
    """Why the page can't be put up now; empty: it can. `open_gates`: whether all that comes before is passed."""
    if not shuts(state):
        return "dixis.toml has no [maintenance] file and no channel for notices: answer DX400 yourself."
    return "" if open_gates else "The page goes up last before the go: preflight, backup and rehearsal come first."


def reopen(state: RunState, verdict: Verdict) -> str:
    """Why visitors can't be let in again; empty: they can. `verdict` is how the run would end now."""
    up = state.page is not None and state.page.put
    if state.reopened and not up:
        return "Visitors were let in again already."
    if state.confirmed or state.rollback:
        sound = verdict in (Verdict.DONE, Verdict.ROLLED_BACK)
        return "" if sound else "Production is not known to be sound: verify it or roll back, then let visitors in."
    told = any(receipt.kind is NoticeKind.DURING for receipt in state.receipts.values())
    done = up or told or state.phase(Phase.BANNER).attempts
    return "" if done else "Nobody was shut out: no page is up, and no banner."
