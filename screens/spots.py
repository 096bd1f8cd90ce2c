"""The rows of the runbook and the cursor among them: pure, over a state."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.i18n import N_, _
from dixis_tui.model import CheckState, Phase, PhaseState
from dixis_tui.plan import checks, phases
from dixis_tui.run import policy, policy_records
from dixis_tui.run.state import CheckView, RunState
from screens import words
from screens.view import Link, Spot, View

_BROKEN = (CheckState.FAILED, CheckState.UNKNOWN)


def shown_phases(state: RunState) -> tuple[Phase, ...]:
    """The runbook's eight, and the rollback once there is one."""
    return (*phases.ORDER, Phase.ROLLBACK) if state.rollback or state.adopted else phases.ORDER


def shown_checks(state: RunState, phase: Phase) -> list[CheckView]:
    """The checks of a phase; before it began, those that it is going to answer."""
    found = state.checks_of(phase)
    if state.phase(phase).attempts or phase is Phase.BANNER:
        return found
    known = {check.code for check in found}
    # What a person answers in a rollback depends on its way: nobody knows it before.
    asked = [spec for spec in checks.of_phase(phase) if phase is not Phase.ROLLBACK or not spec.person]
    if state.run is None or not state.run.github:
        asked = [spec for spec in asked if spec.code not in checks.GITHUB_CODES]
    if not state.flows:
        asked = [spec for spec in asked if spec.code != checks.FLOWS]
    coming = [CheckView(spec.code) for spec in asked if spec.code not in known]
    return sorted([*found, *coming], key=lambda check: check.code)


def unanswered(state: RunState, phase: Phase) -> list[CheckView]:
    """Gates of this phase that wait for a person."""
    return [check for check in state.checks_of(phase) if check.spec.person and check.spec.gate and not check.open]


def broken(state: RunState, phase: Phase) -> list[CheckView]:
    """Gates of this phase that were looked at and are closed; the phase's key only where nothing says it better."""
    found = [check for check in state.checks_of(phase) if check.spec.gate and check.state in _BROKEN]
    return [check for check in found if not check.spec.key] or found


def home(state: RunState) -> Spot:
    """Where the cursor stands by itself: at what needs the operator in the current phase."""
    phase = policy.current_phase(state)
    if state.running is None:
        wanting = broken(state, phase)
        by_hand = phase is Phase.BANNER and not policy_records.shuts(state)
        if not wanting and (state.phase(phase).attempts or by_hand):
            wanting = unanswered(state, phase)
        if wanting:
            return Spot(phase, wanting[0].code, wanting[0].subject)
    return Spot(phase)


def rows(state: RunState, spot: Spot) -> list[Spot]:
    """All rows from top to bottom, with the checks of the phase where the cursor stands."""
    found: list[Spot] = []
    for phase in shown_phases(state):
        found.append(Spot(phase))
        if phase is spot.phase:
            found.extend(Spot(phase, check.code, check.subject) for check in shown_checks(state, phase))
    return found


def moved(state: RunState, spot: Spot, steps: int) -> Spot:
    """The row so many steps down (or up); moving up into a phase enters it at its title."""
    all_rows = rows(state, spot)
    at = all_rows.index(spot) if spot in all_rows else all_rows.index(Spot(spot.phase))
    return all_rows[min(max(at + steps, 0), len(all_rows) - 1)]


def check_at(view: View) -> CheckView | None:
    """The check under the cursor, or None on a phase."""
    return view.state.check(view.spot.code, view.spot.subject) if view.spot.code else None


def phase_state(state: RunState, phase: Phase) -> PhaseState:
    """The policy's answer, and waiting for everything before the first entry was read."""
    return policy.phase_state(state, phase) if state.run else PhaseState.WAITING


class Mark(Struct, frozen=True):
    """How a state is shown: a glyph of one cell, a tone, a word."""

    glyph: str
    tone: str
    word: str


_LOST = Mark("?", "bad", N_("unknown"))
"""What was running when the runner went away: nobody knows."""


def phase_mark(view: View, phase: Phase) -> Mark:
    """The state of a phase as this screen may show it."""
    if waits(view.state, phase):
        return Mark(words.NEXT, "key", _("next"))
    kind = phase_state(view.state, phase)
    if kind is PhaseState.RUNNING and view.link is Link.GONE:
        return replace(_LOST, word=_(_LOST.word))
    return Mark(words.PHASE_GLYPHS[kind], words.PHASE_TONES[kind], _(kind))


def check_mark(view: View, check: CheckView) -> Mark:
    """The state of a check as this screen may show it."""
    if check.state is CheckState.RUNNING and view.link is Link.GONE:
        return replace(_LOST, word=_(_LOST.word))
    return Mark(words.GLYPHS[check.state], words.TONES[check.state], _(check.state))


def tally(state: RunState, phase: Phase) -> str:
    """The counter at a phase's right: open checks of all, or what says more."""
    if phase is Phase.MIGRATE and state.confirmed:
        done = sum(1 for view in state.migrations.values() if view.state == "applied")
        return f"{done}/{len(state.migrations)}"
    begun = state.phase(phase).attempts or (phase is Phase.BANNER and state.check("DX400").open)
    if not begun and policy.current_phase(state) is not phase:
        return ""
    found = state.checks_of(phase)
    return f"{sum(1 for check in found if check.open)}/{len(found)}" if found else ""


def waits(state: RunState, phase: Phase) -> bool:
    """Whether this phase is the one that waits for the operator."""
    waiting = policy.phase_state(state, phase) is PhaseState.WAITING
    return waiting and state.run is not None and state.ended is None and policy.current_phase(state) is phase
