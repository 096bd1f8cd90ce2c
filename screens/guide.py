"""Which keys work now, and what each would do: pure, over a view. The sentence of a refusal is the policy's own.

The footer offers what is not refused; a key pressed anyway gets its sentence.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import CheckState, Phase, PhaseState, Recovery, Way
from dixis_tui.run import accounts, policy, policy_records
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import CheckView, RunState
from screens import cards_page, words
from screens.spots import check_at, unanswered
from screens.view import Link, Mode, View

_GONE = N_("The runner is gone: nothing can be asked of it. q leaves; open dixis-tui again.")
_LOOKING_ON = {
    Mode.WATCHER: N_("This screen only watches: the keys that act are the operator's."),
    Mode.SECOND: N_("This screen only watches, and m approves: the other keys that act are the operator's."),
    Mode.REPLAY: N_("This is a replay: what it shows is over, and nothing can be done in it."),
}
_AGAIN = {
    Phase.PREFLIGHT: N_("look again"),
    Phase.BACKUP: N_("back up again"),
    Phase.REHEARSAL: N_("rehearse again"),
    Phase.VERIFY: N_("verify again"),
}
_FIRST = {
    Phase.PREFLIGHT: N_("look"),
    Phase.BACKUP: N_("start the backup"),
    Phase.REHEARSAL: N_("start the rehearsal"),
    Phase.VERIFY: N_("verify"),
}


class Offer(Struct, frozen=True, kw_only=True):
    """What one key does now.

    `command` goes to the runner as it is; `opens` names a modal (`tick`, `waive`, `snapshot`, `go`, `rollback`,
    `again`, `stop`, `end`, `review`, `clinic`, `cancel_workflow`) that asks first.
    With a `refusal` the key does nothing but say it.
    """

    key: str
    label: str = ""
    command: cmd.Command | None = None
    opens: str = ""
    code: str = ""
    refusal: str = ""


def offers(view: View) -> list[Offer]:
    """Every key that acts, in the footer's order, refused ones among them."""
    from screens.guide_github import approve

    makers = (_enter, _space, _waive, _again, _snapshot, _go, approve, _rollback, _stop, _end)
    made = open_now(view, [make(view) for make in makers])
    return [_approve(view) if view.mode is Mode.SECOND and offer.key == "m" else offer for offer in made]


def open_now(view: View, made: list[Offer]) -> list[Offer]:
    """The same offers, refused where nothing may be asked from this screen, or where something was just asked."""
    if closed := looks_on(view) or _over(view):
        return [Offer(key=offer.key, label=offer.label, refusal=closed) for offer in made]
    if view.asked:
        waiting = _("{asked} was just asked: wait for the runner's answer.").format(asked=view.asked)
        return [_refused(offer, waiting) if _heavy(offer) else offer for offer in made]
    return made


def offer(view: View, key: str) -> Offer:
    """What `key` does now."""
    return next(found for found in offers(view) if found.key == key)


def looks_on(view: View) -> str:
    """Why no key but an approval acts on this screen, whatever the run's state; empty where it is the operator's."""
    return _(_LOOKING_ON.get(view.mode, ""))


def _approve(view: View) -> Offer:
    """What `m` is to the second person; every other key that acts is the operator's."""
    refusal = _over(view)
    if not refusal and accounts.standing(view.state, view.now) is None:
        refusal = _("There is nothing to approve: the operator types the phrase first.")
    return Offer(key="m", label=_("approve"), opens="go", refusal=refusal)


def _over(view: View) -> str:
    if view.state.ended:
        return _("This run has ended ({verdict}): q leaves.").format(verdict=_(view.state.ended.verdict))
    if view.link is Link.GONE:
        return _(_GONE)
    return "" if view.state.run else _("Wait for the runner's first entry.")


_LIGHT = ("tick", "waive", "stop", "cancel_workflow")
"""What they open asks first, and is never too late."""


def _heavy(offer: Offer) -> bool:
    light = isinstance(offer.command, cmd.Tick) or offer.opens in _LIGHT
    return not light


def _refused(offer: Offer, why: str) -> Offer:
    return Offer(key=offer.key, label=offer.label, refusal=offer.refusal or why)


def _of(view: View, key: str, label: str, command: cmd.Command, opens: str = "") -> Offer:
    return Offer(
        key=key, label=label, command=command, opens=opens, refusal=sentence(policy.refusal(view.state, command))
    )


def _enter(view: View) -> Offer:
    state, phase = view.state, view.spot.phase
    check = check_at(view)
    if check and check.spec.person and not check.open:
        return _ask_tick(check)
    if state.running:
        return _of(view, "enter", "", cmd.StartPhase(phase=phase))
    if looks_again(state):
        return _of(view, "enter", _("look again"), cmd.Recover())
    waiting = unanswered(state, phase)
    done = policy.phase_state(state, phase) is PhaseState.PASSED
    match phase:
        case Phase.BANNER if cards_page.shuts_next(state) and not done:
            return _of(view, "enter", _(cards_page.first(state)), cmd.StartPhase(phase=phase))
        case Phase.PREFLIGHT | Phase.BANNER if waiting and _looked(view, phase):
            return _ask_tick(waiting[0])
        case Phase.PREFLIGHT | Phase.BACKUP | Phase.REHEARSAL | Phase.VERIFY if not done:
            label = _(_AGAIN[phase] if state.phase(phase).attempts else _FIRST[phase])
            return _of(view, "enter", label, cmd.StartPhase(phase=phase))
        case Phase.GO if not done:
            return msgspec.structs.replace(_go(view), key="enter")
        case Phase.MIGRATE if not done:
            why = _("x rolls back.") if state.confirmed else _("The migration follows the phrase: m opens go / no-go.")
            return Offer(key="enter", refusal=why)
        case Phase.ROLLBACK if not done and _by_hand(view):
            return _ask_tick(waiting[0]) if waiting else _again(view)
        case Phase.ROLLBACK if not done:
            return msgspec.structs.replace(_rollback(view), key="enter")
        case Phase.SIGNOFF:
            return _last(view)
    again = _(": r to {does}.").format(does=_(_AGAIN[phase])) if phase in _AGAIN and not state.confirmed else "."
    return Offer(key="enter", refusal=_("{phase} is done{again}").format(phase=words.phase(phase), again=again))


def _last(view: View) -> Offer:
    if cards_page.reopens_next(view.state):
        return _of(view, "enter", _(cards_page.REOPEN), cmd.Reopen(operator=view.operator))
    return _of(view, "enter", _("sign off"), cmd.SignOff(operator=view.operator))


def looks_again(state: RunState) -> bool:
    """Whether a runner died and what it left is not known yet: nothing else is worth doing but another look."""
    found = state.recovery
    return state.must_look or (found is not None and found.outcome in (Recovery.AT_WORK, Recovery.UNKNOWN))


def _looked(view: View, phase: Phase) -> bool:
    if phase is Phase.BANNER:
        return True
    looked = view.state.phase(phase).attempts > 0
    return looked and policy.phase_state(view.state, phase) is not PhaseState.FAILED


def _ask_tick(check: CheckView) -> Offer:
    return Offer(key="enter", label=_("answer"), opens="tick", code=check.code)


def _space(view: View) -> Offer:
    check = check_at(view)
    if check is None:
        return Offer(key="space", refusal=_("Select a check with ↑ ↓ first: space ticks what a person answers."))
    ticked = check.state is CheckState.PASSED
    command = cmd.Tick(code=check.code, operator=view.operator, on=not ticked)
    return _of(view, "space", _("untick") if ticked else _("tick"), command)


def _waive(view: View) -> Offer:
    check = check_at(view)
    if check is None:
        return Offer(
            key="w", refusal=_("Select a closed check with ↑ ↓ first: w opens it by your name, with a reason.")
        )
    if check.open:
        return Offer(
            key="w",
            refusal=_("{code} {title} is not closed: there is nothing to waive.").format(
                code=check.code, title=_(check.spec.title)
            ),
        )
    if not check.spec.gate:
        return Offer(
            key="w",
            refusal=_("{code} {title} closes no gate: there is nothing to waive.").format(
                code=check.code, title=_(check.spec.title)
            ),
        )
    command = cmd.Waive(code=check.code, operator=view.operator, reason="…")
    made = _of(view, "w", _("waive"), command, "waive")
    return Offer(key="w", label=_("waive"), opens="waive", code=check.code, refusal=made.refusal)


def _by_hand(view: View) -> bool:
    """Whether production goes back by the provider's snapshot: a person restores it, the program looks."""
    return view.state.rollback is not None and view.state.rollback.way is Way.SNAPSHOT


def _again(view: View) -> Offer:
    state, phase = view.state, view.spot.phase
    if looks_again(state) or (policy.half_way(state) and phase is Phase.MIGRATE):
        return _of(view, "r", _("look again"), cmd.Recover())
    if _by_hand(view):
        return _of(view, "r", _("look at production"), cmd.StartPhase(phase=Phase.ROLLBACK))
    if phase is Phase.BANNER and policy_records.shuts(state) and not state.confirmed:
        return _of(view, "r", _(cards_page.again(state)), cmd.StartPhase(phase=phase))
    if phase not in _AGAIN or (phase is not Phase.VERIFY and state.confirmed):
        phase = Phase.VERIFY if state.confirmed else Phase.PREFLIGHT
    if not state.phase(phase).attempts and not state.running:
        return Offer(key="r", refusal=_("{phase} has not been done: enter starts it.").format(phase=words.phase(phase)))
    # A new backup makes the rehearsal worthless: that is asked first.
    asks = "again" if phase is Phase.BACKUP and state.backup else ""
    return _of(view, "r", _(_AGAIN[phase]), cmd.StartPhase(phase=phase), asks)


def _go(view: View) -> Offer:
    if accounts.standing(view.state, view.now):
        return Offer(key="m", refusal=_("The phrase was taken, and a second person is waited for: s takes it back."))
    return _of(view, "m", _("go / no-go"), cmd.Seal(), "go")


def _snapshot(view: View) -> Offer:
    if view.spot.phase is not Phase.BACKUP:
        return Offer(key="p", refusal=_("Select Backup with ↑ ↓ first: p names a provider's snapshot there."))
    command = cmd.NameSnapshot(id="…", taken_at=view.now, where="…", operator=view.operator)
    return _of(view, "p", _("snapshot"), command, "snapshot")


def _rollback(view: View) -> Offer:
    made = [cmd.Rollback(phrase="", operator=view.operator, way=way) for way in Way]
    # One way that is open is enough: the screen shows which, and why the others are not.
    found = next((one for one in made if not policy.refusal(view.state, one)), made[0])
    return _of(view, "x", _("roll back"), found, "rollback")


def _stop(view: View) -> Offer:
    waits = view.state.first_confirmed is not None and not view.state.running
    return _of(view, "s", _("take it back") if waits else _("stop"), cmd.Stop(operator=view.operator), "stop")


def _end(view: View) -> Offer:
    return _of(view, "e", _("end the run"), cmd.End(), "end")
