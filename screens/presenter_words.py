"""What somebody on the call who is not the operator wants to know: where it stands, how long, can we go back. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Recovery, Verdict, Way
from dixis_tui.plan import phases
from dixis_tui.run import policy
from dixis_tui.run.state import RunState
from screens import after_words, cards_github, cards_recovery, github_words, words
from screens.cards import Card, card, keeper
from screens.clock_words import by_words, deciding, likely_way, way_seconds
from screens.view import Link, View
from screens.widgets.countdown import predicted_seconds, span_words, window_words
from screens.widgets.painted import Part

_VERDICTS = {
    Verdict.CLOSED: N_("CLOSED"),
    Verdict.ABANDONED: N_("ENDED"),
    Verdict.ROLLED_BACK: N_("ROLLED BACK"),
}
"""Short ones, where the cockpit's word is too long to be drawn large."""


class Stand(Struct, frozen=True):
    """The largest thing on the screen: a phase, or what went wrong; `line` says under it what goes on."""

    word: str
    tone: str
    line: str


class Figure(Struct, frozen=True):
    """The clock that matters most now, and what it and the others mean, most important first."""

    text: str
    tone: str
    captions: tuple[Part, ...]


def stand(view: View) -> Stand:
    """Where the run stands."""
    state = view.state
    if state.run is None:
        return Stand(_("WAITING"), "strong", _("○ for the runner's first entry"))
    if state.ended:
        word, glyph, tone = words.VERDICTS[state.verdict]
        word, large = _(word), _(_VERDICTS.get(state.verdict, word))
        return Stand(
            large,
            tone,
            _("{glyph} the run has ended, at {time}: {word}").format(
                glyph=glyph, time=view.at(state.ended_at), word=word.lower()
            ),
        )
    if view.link is Link.GONE:
        return _gone(view)
    phase = policy.current_phase(state)
    name = words.upper(f"{phases.number(phase)} {words.phase(phase)}")
    found = card(view)
    if there := cards_github.large(view):
        return Stand(there.word, there.tone, f"{there.glyph} {there.short or there.headline}")
    if cards_recovery.tells(state):
        return _taken_up(view, name)
    if (worse := after_words.large(view)) and state.running is None and not found.alarm:
        return Stand(worse.word, worse.tone, worse.line)
    if found.alarm:
        return Stand(
            _trouble(state, found),
            "bad",
            _("{glyph} at {name}: {keeper} decides").format(glyph=found.glyph, name=name, keeper=keeper(view)),
        )
    if state.running:
        begun = state.phase(phase).started
        return Stand(
            name,
            "work",
            _("{glyph} at work since {time}").format(
                glyph=words.PHASE_GLYPHS[PhaseState.RUNNING], time=view.at(begun, seconds=True)
            ),
        )
    return Stand(
        name,
        "strong" if found.tone == "good" else found.tone,
        _("{glyph} waits for {keeper}").format(glyph=words.NEXT, keeper=keeper(view)),
    )


def _gone(view: View) -> Stand:
    state = view.state
    if state.left:
        return Stand(
            _("RUNNER LEFT"), "warn", _("▲ the run stays open: {reason}").format(reason=sentence(state.left.reason))
        )
    since = view.at(view.gone_at or state.last_at, seconds=True)
    at = (
        _(" at {number} {phase}").format(
            number=phases.number(state.running), phase=words.upper(words.phase(state.running))
        )
        if state.running
        else ""
    )
    return Stand(
        _("RUNNER GONE"),
        "bad",
        _("✖ since {since}{at}: nobody acts before somebody has looked").format(since=since, at=at),
    )


_FOUND = {
    Recovery.AT_WORK: (N_("STILL AT WORK"), "warn", N_("◐ something of the runner before is at work on production")),
    Recovery.UNFINISHED: (N_("UNFINISHED"), "bad", N_("✖ a migration was begun, and did not finish")),
    Recovery.UNKNOWN: (N_("UNKNOWN"), "bad", N_("? nobody knows yet what production holds")),
}


def _taken_up(view: View, name: str) -> Stand:
    """After a runner's death: what the look found; where that is clear, the phase at which the run goes on."""
    found = view.state.recovery
    if found is None:
        return Stand(_("LOOKING"), "work", _("◐ the runner died or left: what it left is being looked at"))
    if found.outcome in _FOUND:
        word, tone, text = _FOUND[found.outcome]
        return Stand(_(word), tone, _(text))
    return Stand(
        name,
        card(view).tone,
        _("▲ the run was taken up again by {keeper}, who is waited for").format(keeper=keeper(view)),
    )


def _trouble(state: RunState, found: Card) -> str:
    if found.glyph == "?":
        return _("UNKNOWN")
    if state.rollback:
        return _("FAILED")
    if not policy.production_changed(state):
        return _("CLOSED")
    if policy.current_phase(state) is Phase.VERIFY:
        return _("NOT VERIFIED")
    failed = any(view.state is MigrationState.FAILED for view in state.migrations.values())
    return _("FAILED") if failed else _("STOPPED")


# -- time


def figure(view: View) -> Figure | None:
    """The one clock to be drawn large; None where no time matters any more."""
    state = view.state
    if state.run is None or state.ended:
        return None
    window, decide = _window(view), deciding(view)
    captions: list[Part] = []
    if decide:
        captions.append(_undimmed(by_words(view, decide)))
    opens = state.run.window_opens
    ahead = opens is not None and view.now < opens
    at_work = state.running is not None and view.link is not Link.GONE
    if state.running and at_work and not ahead:
        took = view.elapsed(state.phase(state.running).started)
        expected = _longer(state, took) or _expected(view)
        tone = "warn" if expected[1] == "warn" else "strong"
        return Figure(words.clock(took), tone, (expected, *captions, *window))
    if decide and decide.fits and not at_work:
        return Figure(words.clock(decide.spare), captions[0][1], ((_("left to decide to go back"), "strong"), *window))
    countdown = window_words(view)[0]
    if not window:
        return None
    text = countdown[0] if ahead else words.clock(_left(view))
    if over := not ahead and _left(view) <= 0:
        text = _("OVER")
    large = text.replace("T − ", "T−")
    meaning = (_("until the window opens"), "strong") if ahead else (_("of the window left"), "strong")
    if over:
        meaning = (_("the window is over"), "bad")
    tone = "bad" if over else "strong" if ahead else countdown[1]
    rest = (_expected(view),) if at_work or not (state.confirmed or view.link is Link.GONE) else ()
    return Figure(large, tone, (meaning, *_span(view), *rest, *captions))


def _window(view: View) -> tuple[Part, ...]:
    run = view.state.run
    if run is None or run.window_opens is None or run.window_closes is None:
        return ()
    countdown = window_words(view)[0]
    return (
        (
            _("{countdown}, until {time}").format(countdown=countdown[0], time=view.at(run.window_closes))
            if _left(view) > 0
            else countdown[0],
            countdown[1],
        ),
    )


def _left(view: View) -> float:
    closes = view.state.run.window_closes if view.state.run else None
    return (closes - view.now).total_seconds() if closes else 0.0


def _span(view: View) -> tuple[Part, ...]:
    span = window_words(view)[1][0]
    return ((span, "strong"),) if span else ()


def _expected(view: View) -> Part:
    """What is expected of the phase at work; before that, of the migration."""
    state = view.state
    phase = state.running
    if phase is Phase.ROLLBACK:
        seconds, measured = way_seconds(state, likely_way(state))
        how = _("measured") if measured else _("planned")
        return _("of about {seconds}, {how}").format(seconds=words.duration(seconds), how=how), "strong"
    if phase is None or phase is Phase.MIGRATE:
        of = _("of about ") if phase else _("migration about ")
        if state.predicted_seconds is None:
            return _("{of}{predicted_seconds}, not rehearsed").format(
                of=of, predicted_seconds=words.duration(predicted_seconds(view))
            ), "warn"
        return _("{of}{predicted_seconds}{span_words}, rehearsed").format(
            of=of, predicted_seconds=words.duration(state.predicted_seconds), span_words=span_words(view)
        ), "strong"
    begun = words.duration(int(view.elapsed(state.phase(phase).started)))
    planned = words.duration(phases.PLANNED_SECONDS[phase])
    return _("{phase}: {begun} of {planned} planned").format(
        phase=words.phase(phase).lower(), begun=begun, planned=planned
    ), "strong"


def _longer(state: RunState, took: float) -> Part | None:
    """Said where the migration takes longer than the rehearsal let expect at most."""
    found = state.prediction
    if state.running is not Phase.MIGRATE or found is None or not found.rehearsed or took <= found.high:
        return None
    if github_words.executes(state):
        return None  # machines and people are waited for there, and the prediction is of the files alone
    return _("longer than predicted: {high} at most").format(high=words.duration(found.high)), "warn"


def _undimmed(part: Part) -> Part:
    return part[0], "strong" if part[1] == "good" else part[1]


# -- the way back


def back(view: View) -> tuple[str, str]:
    """Glyph and answer to "can we still go back?", with its tone; empty once the run has ended or before it began."""
    state = view.state
    if state.run is None or state.ended:
        return "", ""
    if state.rollback:
        return _going_back(view)
    if not policy.production_changed(state):
        return _("✔ yes: production is untouched so far"), "good"
    seen = state.ways.ways if state.ways else []
    if seen and all(one.refused for one in seen):
        return _("✖ no: {refused}").format(refused=sentence(seen[0].refused)), "bad"
    if not (state.backup or state.snapshot):
        return _("✖ no: this run has no backup"), "bad"
    way = likely_way(state)
    seconds, measured = way_seconds(state, way)
    how = "" if measured else _(", planned and not measured")
    if way is Way.SNAPSHOT:
        how = _(", by hand from the provider's snapshot; that was not proven")
    text = _("yes, in {seconds}{how}").format(seconds=words.duration(seconds), how=how)
    if view.link is Link.GONE:
        return _("▲ {text}; but somebody has to look first").format(text=text), "warn"
    decide = deciding(view)
    if decide and not decide.fits:
        return _("▲ {text}; but it would end after the window").format(text=text), "warn"
    return (f"✔ {text}", "good") if measured else (f"▲ {text}", "warn")


def short(answer: str) -> str:
    """`YES  16 S`, `NO`: the answer as it can be drawn large; empty where it is not one word."""
    told = next((word for word in (_("yes"), _("no"), _("done")) if answer[2:].startswith(word)), "")
    if not told:
        return ""
    how = _("yes, in {seconds}{how}").partition("{")[0]
    took = _TOOK.match(answer[2:].removeprefix(how)) if answer[2:].startswith(how) else None
    return words.upper("  ".join(filter(None, (told, took and took.group()))))


_TOOK = re.compile(r"[\d.,]+ \w(?: \d\d \w)?")
"""A duration of two units at most."""


def _going_back(view: View) -> tuple[str, str]:
    state = view.state
    if policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED:
        return _("✔ done: production is back at the backup"), "good"
    if view.link is Link.GONE:
        return _("? the way back had begun; how far it came is unknown"), "bad"
    if state.running is Phase.ROLLBACK:
        return _("▲ we are going back now"), "warn"
    broken = any(check.state is CheckState.FAILED for check in state.checks_of(Phase.ROLLBACK))
    return (_("✖ the way back stopped before its end"), "bad") if broken else (_("▲ we are going back now"), "warn")
