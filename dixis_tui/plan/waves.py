"""In which waves a fleet goes, which targets may be dispatched now, and whether it stops. Pure.

Canaries come first and alone. A wave has at most so many targets as may be at work together, and the next one begins
once every target of it has come to its end. Nothing is dispatched any more once the fleet has stopped.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dixis_tui.fleet import TargetState

_OUT = (TargetState.NOTHING, TargetState.LEFT_OUT)
_BAD = (TargetState.FAILED, TargetState.UNKNOWN)
_OPEN = (TargetState.WAITING, TargetState.AT_WORK)


class Known(Struct, frozen=True):
    """One target, in the settings' order, and what is known of it."""

    name: str
    canary: bool
    state: TargetState


class Waves(Struct, frozen=True, kw_only=True):
    """The fleet as it stands.

    `wave` counts from 1; 0: there is none. `ready` may be dispatched now, in this order. `stopped` is why nothing more
    is dispatched; empty: it goes on. `untouched` are those that will not be, once it has stopped.
    """

    waves: tuple[tuple[str, ...], ...] = ()
    wave: int = 0
    ready: tuple[str, ...] = ()
    at_work: tuple[str, ...] = ()
    stopped: str = ""
    untouched: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing is at work and nothing will be."""
        return not self.ready and not self.at_work


def split(targets: Sequence[Known], parallel: int) -> tuple[tuple[str, ...], ...]:
    """The names in waves: canaries, then the others, at most `parallel` in each."""
    going = [one for one in targets if one.state not in _OUT]
    waves: list[tuple[str, ...]] = []
    for canary in (True, False):
        names = [one.name for one in going if one.canary is canary]
        waves += [tuple(names[at : at + parallel]) for at in range(0, len(names), parallel)]
    return tuple(waves)


def decide(targets: Sequence[Known], parallel: int, stop_share: float, stopped: str = "") -> Waves:
    """What may be done now. `stopped`: why a person stopped it."""
    waves = split(targets, parallel)
    states = {one.name: one.state for one in targets}
    at_work = tuple(one.name for one in targets if one.state is TargetState.AT_WORK)
    waiting = tuple(name for names in waves for name in names if states[name] is TargetState.WAITING)
    found = stopped or _reason(targets, stop_share)
    now = next((number for number, names in enumerate(waves, 1) if any(states[name] in _OPEN for name in names)), 0)
    wave = now or len(waves)
    if found:
        # Where it stopped is the last wave of which anything was begun.
        begun = [number for number, names in enumerate(waves, 1) if any(states[one] not in _OPEN[:1] for one in names)]
        reached = begun[-1] if begun else min(1, len(waves))
        return Waves(waves=waves, wave=reached, at_work=at_work, stopped=found, untouched=waiting)
    ready = tuple(name for name in waves[now - 1] if states[name] is TargetState.WAITING) if now else ()
    return Waves(waves=waves, wave=wave, ready=ready[: max(parallel - len(at_work), 0)], at_work=at_work)


def _reason(targets: Sequence[Known], stop_share: float) -> str:
    """Why no more is dispatched: a canary, the first failure, or too many; empty: it goes on."""
    going = [one for one in targets if one.state not in _OUT]
    bad = [one for one in going if one.state in _BAD]
    if canary := next((one for one in bad if one.canary), None):
        return f"canary {canary.name} {_word(canary)}"
    if not bad or len(bad) <= stop_share * len(going):
        return ""
    if stop_share == 0:
        return f"{bad[0].name} {_word(bad[0])}"
    return f"{len(bad)} of {len(going)} failed or are unknown, more than {stop_share:.0%}"


def _word(one: Known) -> str:
    return "failed" if one.state is TargetState.FAILED else "ended in a way that is not known"
