"""What may be done of words and records now, and why not: notices, letting visitors in again, the after-watch."""

from __future__ import annotations

from dixis_tui.model import Phase, Verdict
from dixis_tui.notice import NoticeKind
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState

Asked = cmd.SendNotice | cmd.EndAfter
"""Answered at once, also while a phase is at work."""


def at_once(state: RunState, command: cmd.SendNotice | cmd.EndAfter) -> str:
    """Why a notice can't be sent, or the after-watch not be ended, now; empty: it can."""
    if isinstance(command, cmd.EndAfter):
        return "" if state.after and not state.after.ended else "Nothing is watched now."
    if state.drill:
        return "A drill on staging is nobody's news."
    ends = command.kind in (NoticeKind.AFTER, NoticeKind.ROLLED_BACK)
    if ends and state.confirmed is None and state.rollback is None:
        return "Nothing was done yet that could be said to be over."
    late = command.kind is NoticeKind.BEFORE and state.confirmed is not None
    return "The migration has begun: that notice comes too late." if late else ""


def reopen(state: RunState, verdict: Verdict) -> str:
    """Why visitors can't be let in again; empty: they can. `verdict` is how the run would end now."""
    if state.reopened:
        return "Visitors were let in again already."
    if state.confirmed or state.rollback:
        sound = verdict in (Verdict.DONE, Verdict.ROLLED_BACK)
        return "" if sound else "Production is not known to be sound: verify it or roll back, then let visitors in."
    up = state.page is not None and state.page.put
    told = any(receipt.kind is NoticeKind.DURING for receipt in state.receipts.values())
    done = up or told or state.phase(Phase.BANNER).attempts
    return "" if done else "Nobody was shut out: no page is up, and no banner."
