"""What the NOW card says of the maintenance page and of letting visitors in again."""

from __future__ import annotations

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import Phase
from dixis_tui.run import policy_records
from dixis_tui.run.state import RunState
from screens.cards import Card, Line
from screens.view import View

UP = N_("put the maintenance page up")
UP_AGAIN = N_("put the page up again")
TELL = N_("tell people")
TELL_AGAIN = N_("tell them again")
REOPEN = N_("let visitors in")


def first(state: RunState) -> str:
    """What enter does in the banner phase, before it was done."""
    return UP if state.run and state.run.page else TELL


def again(state: RunState) -> str:
    """The same once more."""
    return UP_AGAIN if state.run and state.run.page else TELL_AGAIN


def shuts_next(state: RunState) -> bool:
    """Whether the program's own part of the banner phase is still to be done."""
    return policy_records.shuts(state) and not state.phase(Phase.BANNER).attempts


def reopens_next(state: RunState) -> bool:
    """Whether visitors are to be let in before the sign-off."""
    return policy_records.shut(state) and state.reopened is None


def banner(view: View) -> Card:
    """The banner phase is next, and the program does it."""
    run = view.state.run
    lines = []
    if run and run.page:
        lines.append(Line(_("Puts the maintenance page in place, and asks for it as a visitor would."), "quiet"))
    if run and run.tells:
        lines.append(Line(_("Tells people: the notice 'during' goes out on every channel."), "quiet"))
    if run and run.page:
        lines.append(Line(_("From then on nobody gets in until visitors are let in again."), "warn"))
    headline = _("Next: shut visitors out") if run and run.page else _("Next: tell people that it begins")
    return Card(headline=headline, tone="strong", glyph="▶", lines=tuple(lines), key="enter", does=_(first(view.state)))


def lines(view: View) -> tuple[Line, ...]:
    """Whether visitors are shut out, what they are promised, and what is wrong with that; nothing without a page."""
    page = view.state.page
    if page is None:
        return ()
    if page.problem:
        return (Line(sentence(page.problem), "bad", "✖", "bad"),)
    seen = page.seen
    if not page.put:
        if seen and seen.problem:
            return (Line(f"{seen.url} {sentence(seen.problem)}", "bad", "✖", "bad"),)
        back = _("The maintenance page is down since {time}.").format(time=view.at(page.since))
        return (Line(back, "quiet", "✔", "good"),)
    told = _("Visitors get the maintenance page since {since}; it promises {ends}.").format(
        since=view.at(page.since), ends=view.at(page.ends_at)
    )
    if seen is None:
        told = _("The maintenance page is in place since {since}; it promises {ends}. Nobody looked.").format(
            since=view.at(page.since), ends=view.at(page.ends_at)
        )
    elif seen.problem:
        return (Line(f"{seen.url} {sentence(seen.problem)}", "warn", "▲", "warn"),)
    return (Line(told, "text", "▲", "warn"),)
