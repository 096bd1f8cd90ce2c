"""What a run over many databases may do now, and how it ends: a part of :mod:`dixis_tui.run.policy`."""

from __future__ import annotations

from collections import Counter

from dixis_tui.fleet import TargetState
from dixis_tui.model import Phase, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState

PHASES = (Phase.PREFLIGHT, Phase.GO, Phase.MIGRATE)
"""Those that it has: each target's run on GitHub does the rest."""
_OUT = (TargetState.NOTHING, TargetState.LEFT_OUT)
_SHOWN = 5
"""Targets that a sentence names of each kind."""
_BAD = (TargetState.FAILED, TargetState.UNKNOWN)
_TAKEN = (
    cmd.StartPhase,
    cmd.Tick,
    cmd.Waive,
    cmd.Seal,
    cmd.Confirm,
    cmd.Stop,
    cmd.Recover,
    cmd.Leave,
    cmd.End,
    cmd.LookAtGithub,
    cmd.DispatchClinic,
    cmd.SendNotice,
)


def refusal(state: RunState, command: cmd.Command) -> str:
    """Why a fleet does not do that, or not any more; empty: the policy of every run decides."""
    if not isinstance(command, _TAKEN):
        return "This run is over many databases: it plans, dispatches, watches and verifies, and that is all."
    match command:
        case cmd.StartPhase(phase=Phase.VERIFY):
            doubtful = state.fleet is not None and state.fleet.named(*_BAD)
            return "" if doubtful else "No target failed or is unknown: there is nothing to look at again."
        case cmd.StartPhase(phase=phase) if phase is not Phase.PREFLIGHT:
            return "A fleet has no such phase: each target's run on GitHub does its own work."
        case cmd.Stop() if state.running is Phase.MIGRATE and state.fleet and state.fleet.waves.stopped:
            return "The fleet has stopped already: what is at work is followed to its end."
    return ""


def verdict(state: RunState) -> Verdict:
    """How it would end now, after the phrase was taken."""
    states = Counter(view.state for view in state.fleet.targets.values()) if state.fleet else Counter()
    if not states or states[TargetState.UNKNOWN] or states[TargetState.AT_WORK]:
        return Verdict.UNKNOWN
    return Verdict.FAILED if states[TargetState.FAILED] or states[TargetState.WAITING] else Verdict.DONE


def summary(state: RunState) -> str:
    """The fleet's last words: how many are done, which are not, which were not touched."""
    fleet = state.fleet
    if fleet is None or state.confirmed is None:
        return "Ended before the go; no database was changed."
    going = [name for name, view in fleet.targets.items() if view.state not in _OUT]
    told = [f"{len(fleet.named(TargetState.DONE))} of {len(going)} targets migrated and verified"]
    words = (
        (TargetState.FAILED, "failed"),
        (TargetState.UNKNOWN, "unknown, look before anything else"),
        (TargetState.AT_WORK, "still at work on GitHub"),
        (TargetState.WAITING, "not touched"),
        (TargetState.LEFT_OUT, "left out"),
    )
    told += [f"{word}: {_named(names)}" for kind, word in words if (names := fleet.named(kind))]
    if stopped := fleet.waves.stopped:
        told.append(f"stopped: {stopped}")
    return f"{'; '.join(told)}."


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
