"""The screens that open over the cockpit, each imported when it is first opened: the first frame needs none."""

from __future__ import annotations

from importlib import import_module

from textual.screen import Screen

from dixis_tui.i18n import _, sentence
from dixis_tui.plan.checks import SPECS
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy_fleet
from screens import github_words as told
from screens import words
from screens.guide import Offer
from screens.view import Mode, View

_PLAIN = {
    "rollback": "RollbackScreen",
    "trouble": "TroubleScreen",
    "contacts": "ContactsScreen",
    "interrupted": "InterruptedScreen",
    "snapshot": "SnapshotScreen",
    "checks": "ChecksScreen",
    "outlook": "OutlookScreen",
    "history": "HistoryScreen",
    "after": "AfterScreen",
    "radar": "RadarScreen",
    "github": "GithubScreen",
    "access": "AccessScreen",
    "notices": "NoticesScreen",
    "help": "HelpScreen",
}
"""Each in the module of its name, and made from the view alone."""


def door(name: str, view: View, offer: Offer | None = None) -> Screen[None]:
    """The screen of that name."""
    if name in _PLAIN:
        made: Screen[None] = getattr(import_module(f"screens.{name}"), _PLAIN[name])(view)
        return made
    match name:
        case "go" if view.state.many and view.mode is not Mode.SECOND:
            from screens.fleet_go import FleetGoScreen

            return FleetGoScreen(view)
        case "go":
            from screens.approve import ApproveScreen
            from screens.go import GoScreen

            return ApproveScreen(view) if view.mode is Mode.SECOND else GoScreen(view)
        case "waive":
            from screens.waive import WaiveScreen

            return WaiveScreen(view, offer.code if offer else "")
        case "review" if offer and isinstance(offer.command, cmd.ReviewDeployment):
            from screens.review import ReviewScreen

            return ReviewScreen(view, offer.command)
        case "clinic" | "cancel_workflow" if offer:
            from screens.github_questions import question

            return question(name, view, offer)
    return _question(name, view, offer)


def _question(name: str, view: View, offer: Offer | None) -> Screen[None]:
    from screens.ask import AskScreen

    command = offer.command if offer else None
    if name == "tick":
        spec = SPECS[offer.code if offer else ""]
        return AskScreen(
            view,
            title=f"{spec.code} {_(spec.title)}",
            lines=(
                _("Look here: {looks}.").format(looks=_(spec.looks)),
                _("Your answer is kept with your name, {operator}, and the time. Space takes it back.").format(
                    operator=view.operator
                ),
            ),
            yes=_("it is so"),
            no=_("not yet"),
            command=cmd.Tick(code=spec.code, operator=view.operator),
            label=_("tick"),
        )
    if name == "stop" and view.state.running is None:
        return AskScreen(
            view,
            title=_("Take the phrase back?"),
            lines=(_("No second person can confirm the plan any more, until you seal it and type the phrase anew."),),
            yes=_("take it back"),
            command=command,
            label=_("take it back"),
        )
    if name == "stop" and view.state.many:
        return AskScreen(
            view,
            title=_("Stop the fleet?"),
            lines=(
                _("No further target is dispatched."),
                _(
                    "The runs that are at work on GitHub are not cancelled: they are followed to their "
                    "end and verified."
                ),
            ),
            yes=_("stop"),
            command=command,
            label=_("stop"),
        )
    if name == "stop" and told.executes(view.state) and view.state.workflow and view.state.workflow.open:
        from screens.github_questions import stops

        return stops(view, command)
    if name == "stop":
        return AskScreen(
            view,
            title=_("Stop what runs?"),
            lines=(
                _("A dump or a restore stops at once; a migration stops after the file that runs now."),
                _("What was applied until then stays applied."),
            ),
            yes=_("stop"),
            command=command,
            label=_("stop"),
        )
    if name == "again":
        backup = view.state.backup
        size = words.size(backup.bytes) if backup else ""
        return AskScreen(
            view,
            title=_("Back production up again?"),
            lines=(
                _("This run has a backup already ({size}).").format(size=size),
                _("The rehearsal counts for that backup only: it has to be done again on the new one."),
            ),
            yes=_("back up again"),
            command=command,
            label=_("back up again"),
        )
    return AskScreen(
        view,
        title=_("End this run?"),
        lines=(_("The run is closed where it stands, with its verdict, and can't be taken up again."), _left(view)),
        yes=_("end the run"),
        command=cmd.End(),
        label=_("end the run"),
    )


def _left(view: View) -> str:
    from screens.cards import changed_words

    if view.state.many:
        return sentence(policy_fleet.summary(view.state))
    return changed_words(view.state)
