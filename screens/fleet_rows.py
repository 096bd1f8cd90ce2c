"""A fleet as rows: what needs eyes first. Pure; only the rows in sight are made."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.fleet import TargetState
from dixis_tui.i18n import N_, _, ngettext, sentence
from dixis_tui.model import Phase, PhaseState
from dixis_tui.plan import workflow_steps
from dixis_tui.run import policy
from dixis_tui.run.views import FleetView, TargetView, WorkflowView
from screens import words
from screens.view import Link, View
from screens.widgets.painted import Part

WIDE = 100
"""Cells from which a row has room for everything."""
_GLYPHS: dict[TargetState, tuple[str, str]] = {
    TargetState.FAILED: ("✖", "bad"),
    TargetState.UNKNOWN: ("?", "bad"),
    TargetState.LEFT_OUT: ("✖", "warn"),
    TargetState.AT_WORK: ("◐", "work"),
    TargetState.WAITING: ("○", "quiet"),
    TargetState.DONE: ("✔", "good"),
    TargetState.NOTHING: ("·", "quiet"),
}
"""Each with its tone, in the order in which they need eyes."""
_RANKS = {state: rank for rank, state in enumerate(_GLYPHS)}
_COUNTED = (
    (TargetState.FAILED, N_("failed"), "bad"),
    (TargetState.UNKNOWN, N_("unknown"), "bad"),
    (TargetState.AT_WORK, N_("at work"), "work"),
    (TargetState.WAITING, N_("waiting"), "text"),
    (TargetState.NOTHING, N_("with nothing to do"), "quiet"),
    (TargetState.LEFT_OUT, N_("that can't be planned"), "warn"),
)


class Key(Struct, frozen=True):
    """One row: a check that waits for an answer or is closed, or a target."""

    code: str = ""
    name: str = ""


class Line(Struct, frozen=True):
    """A text with its tone."""

    text: str
    tone: str


def keys(view: View) -> list[Key]:
    """All rows in their order: closed gates before the phrase, then targets by what needs eyes."""
    state, fleet = view.state, view.state.fleet
    asked: list[Key] = []
    if state.confirmed is None:
        shut = [check for check in state.checks_of(Phase.PREFLIGHT) if check.spec.gate and not check.open]
        asked = [Key(code=check.code) for check in shut]
    if fleet is None:
        return asked
    numbers = wave_numbers(fleet)
    ranked = sorted(fleet.targets.items(), key=lambda item: _rank(view, item[1], numbers.get(item[0], 0)))
    return [*asked, *(Key(name=name) for name, _ in ranked)]


def _rank(view: View, target: TargetView, wave: int) -> tuple[int, int, int]:
    run = run_of(view, target)
    asks = 0 if run and run.approvals else 1
    return _RANKS[target.state], asks, wave


def wave_numbers(fleet: FleetView) -> dict[str, int]:
    """Each target's wave, from 1."""
    return {name: number for number, names in enumerate(fleet.waves.waves, 1) for name in names}


def run_of(view: View, target: TargetView) -> WorkflowView | None:
    """The workflow run of a target, where there is one."""
    return view.state.workflows.get(target.request)


def gone(view: View) -> bool:
    """Whether nobody follows it any more: what is shown is the last that was known."""
    return view.link is Link.GONE and view.state.ended is None


def headline(view: View) -> Line:
    """Where the fleet stands, in a few words: that nobody follows it, or its stop, above all."""
    state, fleet = view.state, view.state.fleet
    if gone(view):
        unfollowed = _("; runs on GitHub go on unfollowed") if state.confirmed else ""
        return Line(
            _("THE RUNNER IS GONE: open dixis-tui fleet again{unfollowed}").format(unfollowed=unfollowed), "bad"
        )
    if fleet is None:
        told = state.progress
        reading = f": {words.amount(told.done, told.total, told.unit)}" if told else ""
        return Line(_("READING EVERY TARGET{reading}").format(reading=reading), "work")
    waves = fleet.waves
    if waves.stopped and state.confirmed:
        return Line(_("STOPPED: {stopped}").format(stopped=sentence(waves.stopped)), "bad")
    if state.must_look or (state.running is Phase.MIGRATE and not waves.ready and not waves.at_work):
        return Line(_("LOOKING AT WHAT IS OPEN"), "work")
    if state.confirmed is None:
        return _before_go(view, fleet)
    if state.go_again:
        return Line(_("A RUNNER DIED: the rest waits for a seal and a phrase of its own (m)"), "warn")
    if waves.over:
        bad = fleet.named(TargetState.FAILED, TargetState.UNKNOWN)
        return Line(_("OVER, and not all is well"), "bad") if bad else Line(_("DONE: every target is verified"), "good")
    canaries = any(fleet.targets[name].plan.canary for name in waves.waves[waves.wave - 1])
    return Line(
        _("WAVE {wave} OF {waves}{canaries}").format(
            wave=waves.wave, waves=len(waves.waves), canaries=_(", the canaries") if canaries else ""
        ),
        "work",
    )


def _before_go(view: View, fleet: FleetView) -> Line:
    state = view.state
    if state.running:
        told = state.progress
        return Line(
            _("READING EVERY TARGET{reading}").format(
                reading=_(": {done} of {total}").format(done=told.done, total=told.total) if told else ""
            ),
            "work",
        )
    closed = policy.closed_gates(state)
    going = len(fleet.named(TargetState.WAITING))
    if closed or policy.phase_state(state, Phase.PREFLIGHT) is not PhaseState.PASSED:
        return Line(
            ngettext("{number} GATE IS CLOSED", "{number} GATES ARE CLOSED", len(closed)).format(number=len(closed)),
            "warn",
        )
    return Line(
        _("READY: {targets} in {waves}").format(
            targets=words.count(going, "target", "targets"), waves=words.count(len(fleet.waves.waves), "wave", "waves")
        ),
        "good",
    )


def counts(view: View) -> list[Part]:
    """`41 of 200 done · 1 failed · 4 at work · …`: what there is of each."""
    fleet = view.state.fleet
    if fleet is None:
        return [(_("no target was read yet"), "quiet")]
    done = len(fleet.named(TargetState.DONE))
    going = len(fleet.targets) - len(fleet.named(TargetState.NOTHING, TargetState.LEFT_OUT))
    parts: list[Part] = [(_("{done} of {going} done").format(done=done, going=going), "strong")]
    for state, word, tone in _COUNTED:
        if found := len(fleet.named(state)):
            parts += [(" · ", "faint"), (f"{found} {_(word)}", tone)]
    return parts


def fraction(fleet: FleetView) -> float:
    """How much of the fleet has come to its end, 0 to 1."""
    out = len(fleet.named(TargetState.NOTHING, TargetState.LEFT_OUT))
    ended = len(fleet.named(TargetState.DONE, TargetState.FAILED, TargetState.UNKNOWN))
    return ended / (len(fleet.targets) - out) if len(fleet.targets) > out else 0.0


def remark(view: View) -> Line:
    """What else is to be known now: that GitHub is not heard of, above all."""
    state, fleet = view.state, view.state.fleet
    if state.ended:
        return Line(sentence(state.ended.summary), "text")
    if gone(view):
        return Line(_("Nothing is known since {time}.").format(time=view.at(state.last_at, seconds=True)), "bad")
    if waits := state.github_waits:
        again = _(", asked again at {time}").format(time=view.at(waits.until, seconds=True)) if waits.until else ""
        return Line(_("GitHub: {reason}{again}").format(reason=sentence(waits.reason), again=again), "warn")
    if fleet and state.confirmed and fleet.waves.stopped and fleet.waves.at_work:
        return Line(_("Nothing more is dispatched; what is at work is followed to its end."), "warn")
    if state.confirmed is None:
        return Line(_("A fleet makes no backups and rehearses nothing: each target has its own backup."), "quiet")
    return Line("", "quiet")


def name_cells(fleet: FleetView, width: int) -> int:
    """How wide the column of names is: as the longest, within bounds."""
    return min(max((len(name) for name in fleet.targets), default=0), 24 if width >= WIDE else 16)


def target_parts(view: View, name: str, wave: int, width: int, room: int) -> tuple[list[Part], list[Part]]:
    """One target's row, left and right; `room`: cells of its name."""
    fleet = view.state.fleet
    assert fleet is not None  # noqa: S101 - the key came from it
    target = fleet.targets[name]
    lost = target.state is TargetState.AT_WORK and gone(view)
    glyph, tone = _GLYPHS[TargetState.UNKNOWN if lost else target.state]
    left: list[Part] = [(f"{glyph} ", tone), (words.fill(name, room), "text"), (" ", "")]
    left.append((words.fill(word(view, target), 18), tone))
    if wave:
        left.append((f" {'c' if target.plan.canary else 'w'}{wave:<3}", "quiet"))
    left.append((f" {doing(view, target)}", "text" if tone in ("bad", "warn", "work") else "quiet"))
    right: list[Part] = []
    if target.begun_at:
        right.append((f" {words.duration(_seconds(view, target)):>9}", "text"))
    if width >= WIDE and target.plan.hash:
        right += [
            (f"  {target.plan.hash}", "quiet"),
            (_("  {number:>3} pending").format(number=len(target.plan.pending)), "quiet"),
        ]
    return left, right


def check_parts(view: View, code: str, width: int) -> tuple[list[Part], list[Part]]:
    """The row of a check that is not open."""
    check = view.state.check(code)
    glyph, tone = words.GLYPHS[check.state], words.TONES[check.state]
    how = _("space ticks it") if check.spec.person else sentence(check.evidence) or _("not looked at yet")
    left: list[Part] = [(f"{glyph} ", tone), (f"{code} {_(check.spec.title)}", "text"), (f"  {how}", tone)]
    return left, ([(_("gate "), "quiet")] if width >= WIDE else [])


def word(view: View, target: TargetView) -> str:
    """A target's state in a word or two."""
    run = run_of(view, target)
    if target.state is not TargetState.AT_WORK:
        return _("canary") if target.state is TargetState.WAITING and target.plan.canary else _(target.state)
    if gone(view):
        return _("not followed")
    if run is None or not run.run_id:
        return _("dispatching")
    if run.approvals:
        return _("waits for approval")
    if run.run is None:
        return _("dispatched")
    return _("verifying") if run.run.over else _(run.run.status.replace("_", " "))


def doing(view: View, target: TargetView) -> str:
    """What happens to a target now, or what came of it."""
    if target.verified:
        return sentence(target.verified.evidence)
    if target.plan.problem:
        return sentence(target.plan.problem)
    run = run_of(view, target)
    if run and run.approvals:
        return _("{names}: approve it on GitHub").format(names=", ".join(one.environment for one in run.approvals))
    if run and (spot := workflow_steps.running(run.jobs)):
        return _("{number} of {of} {step}").format(number=spot.number, of=spot.of, step=spot.step)
    if target.state is TargetState.NOTHING:
        return _("{applied} applied, nothing pending").format(applied=target.plan.applied)
    return "" if run else _("{files} pending").format(files=words.count(len(target.plan.pending), "file", "files"))


def _seconds(view: View, target: TargetView) -> float:
    if target.begun_at and target.verified_at:
        return (target.verified_at - target.begun_at).total_seconds()
    return view.elapsed(target.begun_at)
