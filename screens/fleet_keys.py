"""Which keys work on the fleet's screen now, and what each would do: pure, over a view and the row under the cursor."""

from __future__ import annotations

from dixis_tui.i18n import _, sentence
from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from screens import guide
from screens.fleet_rows import Key
from screens.guide import Offer
from screens.view import Mode, View


def offers(view: View, key: Key | None) -> list[Offer]:
    """Every key that acts, in the footer's order, refused ones among them."""
    made = [_again(view), _go(view), _stop(view), _end(view)]
    if key is not None and key.code:
        made = [guide.offer(view, "space"), guide.offer(view, "w"), *made]
    shut = guide.looks_on(view) or ("" if view.acting else _("This run can't be asked anything any more: q leaves."))
    offered = [Offer(key=one.key, label=one.label, refusal=shut) if shut else one for one in made]
    if view.mode is Mode.SECOND:  # the one thing that who looks on may do
        return [guide.offer(view, one.key) if one.key == "m" else one for one in offered]
    return offered


def offer(view: View, letter: str, key: Key | None) -> Offer:
    """What a letter does now."""
    missing = Offer(key=letter, refusal=_("Select a check with ↑ ↓ first."))
    return next((one for one in offers(view, key) if one.key == letter), missing)


def _of(view: View, letter: str, label: str, command: cmd.Command, opens: str = "") -> Offer:
    return Offer(
        key=letter, label=label, command=command, opens=opens, refusal=sentence(policy.refusal(view.state, command))
    )


def _again(view: View) -> Offer:
    if guide.looks_again(view.state):
        return _of(view, "r", _("look again"), cmd.Recover())
    phase = Phase.VERIFY if view.state.confirmed else Phase.PREFLIGHT
    return _of(view, "r", _("look again"), cmd.StartPhase(phase=phase))


def _go(view: View) -> Offer:
    return _of(view, "m", _("go / no-go"), cmd.Seal(), "go")


def _stop(view: View) -> Offer:
    return _of(view, "s", _("stop"), cmd.Stop(operator=view.operator), "stop")


def _end(view: View) -> Offer:
    return _of(view, "e", _("end the run"), cmd.End(), "end")
