"""NOW after a runner's death: who took the run up, what the look found, and the one thing that fits."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import Phase, Recovery
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy, policy_github
from dixis_tui.run.state import RunState
from screens import words
from screens.cards import Card, Line, backup_words, migrations
from screens.clock_words import clock_lines, deciding
from screens.view import View


def tells(state: RunState) -> bool:
    """Whether the look is the last that happened: once a phase was begun after it, that is what counts."""
    if state.must_look:
        return True
    at = state.recovery_at
    if state.recovery is None or at is None or state.ended:
        return False
    return not any(view.started and view.started > at for view in state.phases.values())


def recovery(view: View) -> Card:
    """What happened, what it means for production, what to do."""
    found = view.state.recovery
    if found is None:
        return Card(
            headline=_("The runner died or left: what it left is being looked at"),
            tone="work",
            glyph="◐",
            lines=(
                _who(view),
                *([Line(_(_FIRST), "text")] if policy_github.unsettled(view.state) else []),
                Line(_("Our sessions on the server, Prisma's lock, history and catalog. It reads."), "quiet"),
            ),
        )
    headline, tone, glyph = _HEADLINES[found.outcome]
    evidence = sentence(found.evidence)
    key, does = _key(view, found.outcome)
    touched = found.outcome is not Recovery.UNTOUCHED
    lines = [_who(view)]
    if found.outcome is not Recovery.UNFINISHED:  # there it stands under the migration's own name
        lines.append(Line(f"{words.capital(evidence)}.", "text"))
    lines += [
        Line(f"{peer}: {peer.query}", "text", "◐", "work", _age(view, peer.since))
        for peer in found.sessions[:_SESSIONS]
    ]
    if touched and found.outcome is not Recovery.GOING_BACK:
        lines += migrations(view.state, elapsed=None)
    if found.remedy:
        lines.append(Line(sentence(found.remedy), "strong"))
    lines += clock_lines(view, deciding(view)) if touched else ()
    return Card(
        headline=_(headline),
        tone=tone,
        glyph=glyph,
        lines=tuple(lines),
        key=key,
        does=does,
        more=_more(view, found.outcome),
    )


_SESSIONS = 3
_HEADLINES = {
    Recovery.UNTOUCHED: (N_("Taken up again: production is untouched"), "strong", "▶"),
    Recovery.AT_WORK: (N_("Something is still at work on production: wait"), "warn", "◐"),
    Recovery.APPLIED: (N_("Every migration is in: verify it"), "good", "✔"),
    Recovery.REST: (N_("A part is in, and nothing is half done"), "warn", "▲"),
    Recovery.UNFINISHED: (N_("A migration was begun and is not finished"), "bad", "✖"),
    Recovery.GOING_BACK: (N_("Taken up again in the middle of a rollback"), "warn", "▲"),
    Recovery.UNKNOWN: (N_("The state of production is not known yet"), "bad", "?"),
}


_FIRST = N_("First the workflow run on GitHub: it is found again, and followed to its end. Nothing is dispatched.")


def _who(view: View) -> Line:
    state = view.state
    if state.resumed is None:
        return Line(_("Looked at again at {time}.").format(time=view.at(state.recovery_at, seconds=True)), "quiet")
    by = state.resumed.operator
    cut = state.resumed.cut_bytes
    last = _("its last entry is of {time}").format(time=view.at(state.died_at, seconds=True))
    dropped = (
        _("; {bytes} of a line that was never whole dropped").format(bytes=words.count(cut, "byte", "bytes"))
        if cut
        else ""
    )
    return Line(
        _("Taken up by {by} at {time}; the runner before died or left, {last}{dropped}.").format(
            by=by, time=view.at(state.resumed_at), last=last, dropped=dropped
        ),
        "quiet",
    )


def _age(view: View, since: datetime | None) -> str:
    return words.duration(view.elapsed(since)) if since else ""


def _key(view: View, outcome: Recovery) -> tuple[str, str]:
    match outcome:
        case Recovery.AT_WORK | Recovery.UNKNOWN:
            return "r", _("look again")
        case Recovery.REST:
            return "m", _("go / no-go for the rest")
        case Recovery.UNFINISHED:
            return "t", _("what to do: what is known of it, and the marks that fit")
        case Recovery.GOING_BACK if not policy.refusal(view.state, cmd.Rollback(phrase="", operator="")):
            return "x", _("roll back again ({backup_words})").format(backup_words=backup_words(view))
    home = policy.current_phase(view.state)
    return "enter", _(_GOES_ON.get(home, N_("go on")))


_GOES_ON = {Phase.VERIFY: N_("verify"), Phase.SIGNOFF: N_("sign off"), Phase.GO: N_("go / no-go")}


def _more(view: View, outcome: Recovery) -> tuple[tuple[str, str], ...]:
    if outcome is Recovery.UNTOUCHED:
        return (("e", _("end the run")),)
    back = (("x", _("roll back")),) if view.state.backup and outcome is not Recovery.GOING_BACK else ()
    there = (("g", "GitHub"),) if view.state.workflow else ()
    return (*there, *back, ("t", _("what to do")), ("o", _("contacts")))
