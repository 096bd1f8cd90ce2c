"""NOW on the way back: which step runs, whether production was touched, what stopped it, what is left afterwards."""

from __future__ import annotations

from dixis_tui.model import CheckState, Phase, PhaseState, Step, Way
from dixis_tui.run import policy
from dixis_tui.run.state import RunState, StepView
from screens import words
from screens.cards import Bar, Card, Line, answers, backup_words, closed, problems, questions
from screens.progress import progress_bar
from screens.spots import broken, unanswered
from screens.view import View
from screens.way_words import STEP_WORDS, STEPS

_OUTSIDE = "Production is changed outside of this program: by whoever restores the snapshot."


def running(view: View) -> Card:
    """The rollback at work."""
    state = view.state
    where = "staging" if state.drill else "the demo's production" if view.demo else "production"
    what = "snapshot" if _way(state) is Way.SNAPSHOT else "backup"
    checks = [check for check in state.checks_of(Phase.ROLLBACK) if check.state is CheckState.RUNNING]
    looking = tuple(Line(f"{check.code} {check.spec.title}: {check.spec.looks}", "quiet") for check in checks)
    since = f"Since {view.at(state.phase(Phase.ROLLBACK).started, seconds=True)}, "
    since += f"{words.duration(int(view.elapsed(state.phase(Phase.ROLLBACK).started)))}"
    return Card(
        headline=f"Rolling {where} back to the {what}",
        tone="work",
        glyph="◐",
        bar=_bar(view),
        lines=(*_running_first(view), *looking, Line(since, "quiet")),
        key="s",
        does="stop",
        more=(("o", "contacts"),),
    )


def _bar(view: View) -> Bar | None:
    own = progress_bar(view)
    if own or not view.state.steps:
        return own
    done = sum(1 for one in view.state.steps if one.seconds is not None)
    total = max(len(STEPS[_way(view.state)]), len(view.state.steps))
    return Bar(done / total, f"{done} of {words.count(total, 'step')}")


def _way(state: RunState) -> Way:
    return state.rollback.way if state.rollback else Way.SIDE


def step_lines(view: View) -> tuple[Line, ...]:
    """The steps of the way: done ones with what they took, the one at work, those that are to come."""
    state = view.state
    seen = {one.step: one for one in state.steps}
    order = [step for step in Step if step in seen or step in STEPS[_way(state)]]
    return tuple(_step(view, step, seen.get(step)) for step in order)


def _step(view: View, step: Step, one: StepView | None) -> Line:
    name = STEP_WORDS[step][:1].upper() + STEP_WORDS[step][1:]
    if one is None:
        return Line(name, "quiet", "○", "quiet", "to come")
    detail = f": {one.detail}" if one.detail else ""
    if one.seconds is not None:
        return Line(f"{name}{detail}", "text", "✔", "good", words.duration(one.seconds))
    if view.state.running is Phase.ROLLBACK:
        return Line(f"{name}{detail}", "strong", "◐", "work", words.duration(view.elapsed(one.started)))
    return Line(f"{name}{detail}", "text", "✖", "bad", "not done")


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
            return Line(_OUTSIDE, "warn", "▲", "warn")
        case Way.IN_PLACE if Step.RESTORE in done:
            return Line("Production holds the backup: the transaction was committed.", "warn", "▲", "warn")
        case Way.IN_PLACE:
            return Line("Production is as it was until the restore's one transaction commits.", "text", "✔", "good")
    if state.swapped:
        return Line(
            f"Production is the restored database; the failed one is {state.swapped.kept}.", "text", "✔", "good"
        )
    if Step.SWAP in begun:
        return Line("Production's name is being changed now.", "warn", "▲", "warn")
    if Step.CLEAR in begun:
        return Line("Production's sessions are being ended; its data are untouched.", "warn", "▲", "warn")
    return Line("Production is untouched so far: all of this happens beside it.", "text", "✔", "good")


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
    lines = [Line(f"Run {run}, backup {backup_words(view)}.", "text")]
    does = "roll back: asks for its phrase"
    if adopted and adopted.unfinished:
        kept = f" {adopted.unfinished.side}" if adopted.unfinished.side else ""
        lines.append(Line(f"That run began a rollback and did not finish it{kept}.", "warn", "▲", "warn"))
        does = "bring it to its end: asks for its phrase"
    lines.append(Line("This run has done nothing yet.", "quiet"))
    return Card(
        headline="Going back to the backup of an earlier run",
        tone="warn",
        glyph="▲",
        lines=tuple(lines),
        key="x",
        does=does,
        more=(("o", "contacts"),),
    )


def _done(view: View) -> Card:
    state = view.state
    return Card(
        headline="Production is back at the backup. Sign off to end the run"
        if _way(state) is not Way.SNAPSHOT
        else "Production is back at the snapshot. Sign off to end the run",
        tone="good",
        glyph="▶",
        lines=(
            *_left_behind(view),
            Line("What was written to production after the backup is gone.", "warn", "▲", "warn"),
        ),
        key="enter",
        does="sign off",
    )


def _left_behind(view: View) -> tuple[Line, ...]:
    state = view.state
    took = words.duration(state.phase(Phase.ROLLBACK).seconds)
    if swapped := state.swapped:
        ended = f", {words.count(swapped.ended, 'session')} ended by force" if swapped.ended else ""
        gap = f"For {words.duration(swapped.seconds)} nobody could connect{ended}."
        out = f"Back in {took}. {'The names were swapped by an earlier attempt.' if swapped.earlier else gap}"
        drop = f'Once nobody needs it: DROP DATABASE "{swapped.kept}";'
        return (
            Line(out, "text", "✔", "good"),
            Line(f"The failed database is kept as {swapped.kept}.", "text", "✔", "good"),
            Line(f"  {drop}", "quiet"),
        )
    if _way(state) is Way.SNAPSHOT:
        who = state.snapshot.id if state.snapshot else ""
        return (Line(f"Snapshot {who} was restored by hand; production was looked at since.", "text", "✔", "good"),)
    restored = state.restored
    rows = f"{restored.rows:,} rows in {restored.tables} tables compared" if restored else "rows not compared"
    return (Line(f"Restored in {took}; {rows}.", "text", "✔", "good"),)


def _by_hand(view: View) -> Card:
    state = view.state
    left = unanswered(state, Phase.ROLLBACK)
    name = state.snapshot.id if state.snapshot else "the snapshot"
    where = f"In {state.snapshot.where}, taken {view.at(state.snapshot.taken_at)}." if state.snapshot else ""
    if not left:
        return Card(
            headline="Everything is answered. Look at what is there now",
            tone="strong",
            glyph="▶",
            lines=(
                Line(_OUTSIDE, "warn", "▲", "warn"),
                Line("The look reads production; it changes nothing.", "quiet"),
            ),
            key="r",
            does="look at production",
            more=(("o", "contacts"),),
        )
    return Card(
        headline=f"Restore {name} by hand. {answers(view, len(left))}",
        tone="warn",
        glyph="▶",
        lines=(*questions(state, Phase.ROLLBACK), Line(_OUTSIDE, "warn", "▲", "warn"), Line(where, "quiet")),
        key="enter",
        does="answer: it is kept with your name and the time",
        more=(("r", "look at production"), ("o", "contacts")),
    )


def _stopped(view: View) -> Card:
    state = view.state
    stuck = next((one for one in state.steps if one.seconds is None), None)
    headline = f"The rollback stopped: {STEP_WORDS[stuck.step]}" if stuck else "The rollback is not whole"
    key, does = "x", "go on with it: what is done already is kept" if state.steps else "roll back again"
    more: tuple[tuple[str, str], ...] = (("l", "look into the log"), ("o", "contacts"))
    if state.swapped:
        key, does = "e", "end the run where it stands, and mend it by hand"
        if any(check.spec.waivable for check in broken(state, Phase.ROLLBACK)):
            key, does = "w", "waive the selected check, once it is mended"
    elif _way(state) is Way.SNAPSHOT:
        key, does = "r", "look at production again"
    over = [STEP_WORDS[one.step] for one in state.steps if one.seconds is not None]
    done = (Line(f"Done before it: {', '.join(over)}.", "quiet"),) if over else ()
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
        return Line(_OUTSIDE, "warn")
    if _way(state) is Way.IN_PLACE:
        return Line(
            "Production: the restore is one transaction, whole or not at all; look before you believe it.", "warn"
        )
    if state.swapped:
        return Line(
            f"Production is the restored database, under its own name; the failed one is {state.swapped.kept}.", "warn"
        )
    if Step.SWAP in begun:
        side = state.rollback.side if state.rollback else ""
        text = f"Production: the swap is one transaction, done or not; {side} is gone where it was done. Look first."
        return Line(text, "warn")
    return Line("Production is untouched, as the migration left it: what was restored stands beside it.", "warn")
