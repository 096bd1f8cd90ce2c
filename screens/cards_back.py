"""NOW on the way back: which step runs, whether production was touched, what stopped it, what is left afterwards."""

from __future__ import annotations

from dixis_tui.i18n import N_, _, ngettext, sentence
from dixis_tui.model import CheckState, Phase, PhaseState, Step, Way
from dixis_tui.run import policy
from dixis_tui.run.state import RunState, StepView
from screens import cards_page, words
from screens.cards import Bar, Card, Line, answers, backup_words, closed, problems, questions
from screens.progress import progress_bar
from screens.spots import broken, unanswered
from screens.view import View
from screens.way_words import STEP_WORDS, STEPS

_OUTSIDE = N_("Production is changed outside of this program: by whoever restores the snapshot.")


def running(view: View) -> Card:
    """The rollback at work."""
    state = view.state
    where = _("staging") if state.drill else _("the demo's production") if view.demo else _("production")
    headline = _("Rolling {where} back to the backup")
    if _way(state) is Way.SNAPSHOT:
        headline = _("Rolling {where} back to the snapshot")
    checks = [check for check in state.checks_of(Phase.ROLLBACK) if check.state is CheckState.RUNNING]
    looking = tuple(Line(f"{check.code} {_(check.spec.title)}: {_(check.spec.looks)}", "quiet") for check in checks)
    began = state.phase(Phase.ROLLBACK).started
    since = _("Since {time}, {taken}").format(
        time=view.at(began, seconds=True), taken=words.duration(int(view.elapsed(began)))
    )
    return Card(
        headline=headline.format(where=where),
        tone="work",
        glyph="◐",
        bar=_bar(view),
        lines=(*_running_first(view), *looking, Line(since, "quiet")),
        key="s",
        does=_("stop"),
        more=(("o", _("contacts")),),
    )


def _bar(view: View) -> Bar | None:
    own = progress_bar(view)
    if own or not view.state.steps:
        return own
    done = sum(1 for one in view.state.steps if one.seconds is not None)
    total = max(len(STEPS[_way(view.state)]), len(view.state.steps))
    return Bar(
        done / total,
        ngettext("{done} of {total} step", "{done} of {total} steps", total).format(done=done, total=total),
    )


def _way(state: RunState) -> Way:
    return state.rollback.way if state.rollback else Way.SIDE


def step_lines(view: View) -> tuple[Line, ...]:
    """The steps of the way: done ones with what they took, the one at work, those that are to come."""
    state = view.state
    seen = {one.step: one for one in state.steps}
    order = [step for step in Step if step in seen or step in STEPS[_way(state)]]
    return tuple(_step(view, step, seen.get(step)) for step in order)


def _step(view: View, step: Step, one: StepView | None) -> Line:
    name = words.capital(_(STEP_WORDS[step]))
    if one is None:
        return Line(name, "quiet", "○", "quiet", _("to come"))
    detail = f": {sentence(one.detail)}" if one.detail else ""
    if one.seconds is not None:
        return Line(f"{name}{detail}", "text", "✔", "good", words.duration(one.seconds))
    if view.state.running is Phase.ROLLBACK:
        return Line(f"{name}{detail}", "strong", "◐", "work", words.duration(view.elapsed(one.started)))
    return Line(f"{name}{detail}", "text", "✖", "bad", _("not done"))


def _running_first(view: View) -> tuple[Line, ...]:
    """What runs and whether production is touched stand above the rest: that may be cut on a small terminal."""
    lines = step_lines(view)
    at_work = tuple(one for one in lines if one.glyph == "◐")
    return (*at_work, _touched(view.state), *(one for one in lines if one not in at_work))


def _touched(state: RunState) -> Line:
    """Whether production is touched already, in one line."""
    begun = {one.step for one in state.steps}
    done = {one.step for one in state.steps if one.seconds is not None}
    match _way(state):
        case Way.SNAPSHOT:
            return Line(_(_OUTSIDE), "warn", "▲", "warn")
        case Way.IN_PLACE if Step.RESTORE in done:
            return Line(_("Production holds the backup: the transaction was committed."), "warn", "▲", "warn")
        case Way.IN_PLACE:
            return Line(_("Production is as it was until the restore's one transaction commits."), "text", "✔", "good")
    if state.swapped:
        return Line(
            _("Production is the restored database; the failed one is {kept}.").format(kept=state.swapped.kept),
            "text",
            "✔",
            "good",
        )
    if Step.SWAP in begun:
        return Line(_("Production's name is being changed now."), "warn", "▲", "warn")
    if Step.CLEAR in begun:
        return Line(_("Production's sessions are being ended; its data are untouched."), "warn", "▲", "warn")
    return Line(_("Production is untouched so far: all of this happens beside it."), "text", "✔", "good")


# -- nothing runs


def way_back(view: View) -> Card:
    """A rollback is to be done, waits for a person, was not whole, or is done."""
    state = view.state
    if state.rollback is None:
        return _adopted(view)
    if policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED:
        return _done(view)
    if _way(state) is Way.SNAPSHOT and not broken(state, Phase.ROLLBACK):
        return _by_hand(view)
    return _stopped(view)


def _adopted(view: View) -> Card:
    state = view.state
    adopted = state.adopted
    run = adopted.run if adopted else ""
    lines = [Line(_("Run {run}, backup {backup_words}.").format(run=run, backup_words=backup_words(view)), "text")]
    does = _("roll back: asks for its phrase")
    if adopted and adopted.unfinished:
        kept = f" {adopted.unfinished.side}" if adopted.unfinished.side else ""
        lines.append(
            Line(_("That run began a rollback and did not finish it{kept}.").format(kept=kept), "warn", "▲", "warn")
        )
        does = _("bring it to its end: asks for its phrase")
    lines.append(Line(_("This run has done nothing yet."), "quiet"))
    return Card(
        headline=_("Going back to the backup of an earlier run"),
        tone="warn",
        glyph="▲",
        lines=tuple(lines),
        key="x",
        does=does,
        more=(("o", _("contacts")),),
    )


def _done(view: View) -> Card:
    state = view.state
    return Card(
        headline=_("Production is back at the backup. Sign off to end the run")
        if _way(state) is not Way.SNAPSHOT
        else _("Production is back at the snapshot. Sign off to end the run"),
        tone="good",
        glyph="▶",
        lines=(
            *_left_behind(view),
            *cards_page.lines(view),
            Line(_("What was written to production after the backup is gone."), "warn", "▲", "warn"),
        ),
        key="enter",
        does=_("let visitors in: the page goes, and people are told")
        if cards_page.reopens_next(state)
        else _("sign off"),
    )


def _left_behind(view: View) -> tuple[Line, ...]:
    state = view.state
    took = words.duration(state.phase(Phase.ROLLBACK).seconds)
    if swapped := state.swapped:
        ended = (
            _(", {sessions} ended by force").format(sessions=words.count(swapped.ended, "session", "sessions"))
            if swapped.ended
            else ""
        )
        gap = _("For {seconds} nobody could connect{ended}.").format(
            seconds=words.duration(swapped.seconds), ended=ended
        )
        told = _("The names were swapped by an earlier attempt.") if swapped.earlier else gap
        out = _("Back in {took}. {told}").format(took=took, told=told)
        drop = _('Once nobody needs it: DROP DATABASE "{kept}";').format(kept=swapped.kept)
        return (
            Line(out, "text", "✔", "good"),
            Line(_("The failed database is kept as {kept}.").format(kept=swapped.kept), "text", "✔", "good"),
            Line(f"  {drop}", "quiet"),
        )
    if _way(state) is Way.SNAPSHOT:
        who = state.snapshot.id if state.snapshot else ""
        return (
            Line(
                _("Snapshot {who} was restored by hand; production was looked at since.").format(who=who),
                "text",
                "✔",
                "good",
            ),
        )
    restored = state.restored
    rows = (
        _("{rows} rows in {tables} tables compared").format(rows=words.number(restored.rows), tables=restored.tables)
        if restored
        else _("rows not compared")
    )
    return (Line(_("Restored in {took}; {rows}.").format(took=took, rows=rows), "text", "✔", "good"),)


def _by_hand(view: View) -> Card:
    state = view.state
    left = unanswered(state, Phase.ROLLBACK)
    name = state.snapshot.id if state.snapshot else _("the snapshot")
    where = (
        _("In {where}, taken {time}.").format(where=state.snapshot.where, time=view.at(state.snapshot.taken_at))
        if state.snapshot
        else ""
    )
    if not left:
        return Card(
            headline=_("Everything is answered. Look at what is there now"),
            tone="strong",
            glyph="▶",
            lines=(
                Line(_(_OUTSIDE), "warn", "▲", "warn"),
                Line(_("The look reads production; it changes nothing."), "quiet"),
            ),
            key="r",
            does=_("look at production"),
            more=(("o", _("contacts")),),
        )
    return Card(
        headline=_("Restore {name} by hand. {answers}").format(name=name, answers=answers(view, len(left))),
        tone="warn",
        glyph="▶",
        lines=(*questions(state, Phase.ROLLBACK), Line(_(_OUTSIDE), "warn", "▲", "warn"), Line(where, "quiet")),
        key="enter",
        does=_("answer: it is kept with your name and the time"),
        more=(("r", _("look at production")), ("o", _("contacts"))),
    )


def _stopped(view: View) -> Card:
    state = view.state
    stuck = next((one for one in state.steps if one.seconds is None), None)
    headline = (
        _("The rollback stopped: {step}").format(step=_(STEP_WORDS[stuck.step]))
        if stuck
        else _("The rollback is not whole")
    )
    key, does = "x", _("go on with it: what is done already is kept") if state.steps else _("roll back again")
    more: tuple[tuple[str, str], ...] = (("l", _("look into the log")), ("o", _("contacts")))
    if state.swapped:
        key, does = "e", _("end the run where it stands, and mend it by hand")
        if any(check.spec.waivable for check in broken(state, Phase.ROLLBACK)):
            key, does = "w", _("waive the selected check, once it is mended")
    elif _way(state) is Way.SNAPSHOT:
        key, does = "r", _("look at production again")
    over = [_(STEP_WORDS[one.step]) for one in state.steps if one.seconds is not None]
    done = (Line(_("Done before it: {names}.").format(names=", ".join(over)), "quiet"),) if over else ()
    warned = [check for check in state.checks_of(Phase.ROLLBACK) if check.state is CheckState.WARNED]
    return Card(
        headline=headline,
        tone="bad",
        glyph="✖",
        lines=(*closed(state, Phase.ROLLBACK), _now_is(state), *problems(warned), *done),
        key=key,
        does=does,
        more=more,
    )


def _now_is(state: RunState) -> Line:
    """What production is after a step failed."""
    begun = {one.step for one in state.steps}
    if _way(state) is Way.SNAPSHOT:
        return Line(_(_OUTSIDE), "warn")
    if _way(state) is Way.IN_PLACE:
        return Line(
            _("Production: the restore is one transaction, whole or not at all; look before you believe it."), "warn"
        )
    if state.swapped:
        return Line(
            _("Production is the restored database, under its own name; the failed one is {kept}.").format(
                kept=state.swapped.kept
            ),
            "warn",
        )
    if Step.SWAP in begun:
        side = state.rollback.side if state.rollback else ""
        text = _(
            "Production: the swap is one transaction, done or not; {side} is gone where it was done. Look first."
        ).format(side=side)
        return Line(text, "warn")
    return Line(_("Production is untouched, as the migration left it: what was restored stands beside it."), "warn")
