"""Which account may ask what of a run: pure decisions over whom the kernel names at the socket's other end.

The account that started the run may do everything. Any other, which the socket's group let in, may watch; where the run
needs a second person, it may also confirm what the operator has confirmed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from dixis_tui.events import FirstConfirmed
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState

FIRST_STANDS = timedelta(minutes=15)
"""How long the first phrase waits for the second: what was looked at then is old news after that."""
REFUSALS_WRITTEN = 10
"""Of one other account: it may be refused as often as it likes, and fills no disk with that."""
_SEATS, _SEATS_OF_ONE = 100, 20
"""Connections of all other accounts, and of one of them: nobody takes the descriptors, or the second person's place."""
_ROOT = 0


class Account(Struct, frozen=True):
    """A user of this machine. `name` is empty where the user database has none for the number."""

    uid: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.uid} {self.name}".rstrip()


class Asker(Struct, frozen=True):
    """Who sent a command, and whose the run is; both as the kernel says it, never as the sender does."""

    account: Account
    owner: Account

    @property
    def owns(self) -> bool:
        """Whether the run is theirs."""
        return self.account.uid == self.owner.uid


def has_seat(taken: Sequence[int], uid: int, owner: int) -> bool:
    """Whether one more connection of `uid` is let in, where `taken` are those of the others that are there."""
    others = [one for one in taken if one != owner]
    return uid == owner or (len(others) < _SEATS and others.count(uid) < _SEATS_OF_ONE)


def needs_second(state: RunState) -> bool:
    """Whether go needs a second person in this run."""
    return state.run is not None and state.run.second_operator


def standing(state: RunState, now: datetime) -> FirstConfirmed | None:
    """The first person's confirmation, where it waits for the second's; None: there is none, or it is void."""
    first, at, plan = state.first_confirmed, state.first_confirmed_at, state.plan
    if first is None or at is None or plan is None or plan.digest != first.digest:
        return None
    return first if abs(now - at) < FIRST_STANDS else None


def refusal_for(state: RunState, command: cmd.Command, asker: Asker, now: datetime) -> str:
    """Why `command` can't be done now for this account, as one sentence; empty: it can."""
    if not asker.owns and (reason := _refuse_stranger(state, command, asker)):
        return reason
    if reason := policy.refusal(state, command):
        return reason
    if not isinstance(command, cmd.Confirm) or not needs_second(state):
        return ""
    first = standing(state, now)
    if asker.owns:
        return "This phrase was taken: a second person types it too, from another account." if first else ""
    if first is None:
        return "The operator has not confirmed this plan, or too long ago: the second person comes after the first."
    if first.account == str(asker.account):
        return f"{first.account} has confirmed already: the second person has another account."
    return "" if command.digest == first.digest else f"{first.operator} confirmed another plan: read it again."


def _refuse_stranger(state: RunState, command: cmd.Command, asker: Asker) -> str:
    """Why an account that the run does not belong to can't send this at all."""
    account = asker.account
    if not needs_second(state):
        return "This run is another account's: from here it can only be watched."
    if not isinstance(command, cmd.Confirm):
        return "This run is another account's: from here it can only be watched, and approved once its operator did."
    if account.uid == _ROOT:
        return "root is nobody's account: the second person needs one of their own."
    # A person may have thousands of numbers to themselves (subordinate ids of containers), but only one name.
    return "" if account.name else f"Account {account.uid} has no name on this machine: it is nobody's."
