"""Whom to call when something is wrong, in which order, and who decides (RUNBOOK: Contact & Escalation). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dixis_tui.i18n import N_
from dixis_tui.model import CheckState, MigrationState, Phase, Recovery, Verdict
from dixis_tui.run import policy, trouble
from dixis_tui.run.state import RunState

ON_CALL, BACKUP = N_("On-call engineer"), N_("Backup contact")
PROVIDER, DECIDES = N_("Database provider"), N_("Decision maker")
KEYS = {ON_CALL: "on_call", BACKUP: "backup", DECIDES: "decision_maker", PROVIDER: "provider"}
"""What each is called in `dixis.toml`, in the order in which they are called."""
WHEN = {
    ON_CALL: N_("at once"),
    BACKUP: N_("where nobody answers within 5 minutes"),
    DECIDES: N_("before anything that can't be taken back: roll back, go on, or a longer window"),
    PROVIDER: N_("where the server itself is at fault: it can't be reached, its disk is full, it restarts"),
}
SERVER_AT_FAULT = N_("the server itself is at fault: call them as well")
_SERVERS_OWN = ("08", "53", "57P", "58", "F0", "XX")
"""Classes of SQLSTATE that no migration causes: connection, resources, shutdown, system, configuration, corruption."""
_GRAVE = (Verdict.FAILED, Verdict.UNKNOWN)


class Call(Struct, frozen=True, kw_only=True):
    """One to call. `name` and `address` are empty where `dixis.toml` names nobody; `when`: in which case."""

    role: str
    name: str = ""
    address: str = ""
    when: str = ""

    @property
    def named(self) -> bool:
        """Whether there is anybody."""
        return bool(self.name or self.address)


def calls(state: RunState) -> tuple[Call, ...]:
    """The four, in the order in which they are called: on call, backup, who decides, the database's provider."""
    people = state.run.contacts if state.run else []
    return in_order(people, server=server_at_fault(state))


def in_order(people: Sequence[tuple[str, str, str]], *, server: bool = False) -> tuple[Call, ...]:
    """The same from role, name, and phone or address. `server`: whether the server itself is at fault."""
    known = {role: (name, address) for role, name, address in people}
    found = []
    for role, when in WHEN.items():
        name, address = known.get(role, ("", ""))
        now = SERVER_AT_FAULT if server and role == PROVIDER else when
        found.append(Call(role=role, name=name, address=address, when=now))
    return tuple(found)


def grave(state: RunState) -> bool:
    """Whether somebody has to be called now: something failed on production, or nobody knows what is there."""
    if state.ended:
        return state.ended.verdict in _GRAVE
    if state.running:
        return state.running is Phase.ROLLBACK and not state.drill
    if state.rollback and policy.verdict(state) is not Verdict.ROLLED_BACK:
        return True
    lost = state.recovery is not None and state.recovery.outcome in (Recovery.UNKNOWN, Recovery.UNFINISHED)
    return lost or trouble.case_of(state) is not None


def server_at_fault(state: RunState) -> bool:
    """Whether the last that failed was the database server, and not what was asked of it."""
    failed = [one for one in state.migrations.values() if one.state in (MigrationState.FAILED, MigrationState.UNKNOWN)]
    if any(one.sqlstate.startswith(_SERVERS_OWN) for one in failed):
        return True
    return state.check("DX103").state is CheckState.FAILED and bool(state.confirmed or state.rollback)
