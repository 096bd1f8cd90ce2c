"""NOW when it matters most: a failed migration, a runner that is gone, and how a run ended.

Each says what happened, what it means for production, and what to do next.
"""

from __future__ import annotations

from dixis_tui.model import MigrationState, Phase, Verdict
from dixis_tui.plan import phases
from dixis_tui.run import policy
from dixis_tui.run.state import MigrationView, RunState
from screens import cards_github, words
from screens.cards import Card, Line, backup_words, changed_words, migrations, suffered
from screens.clock_words import clock_lines, deciding
from screens.view import Mode, View


def gone(view: View) -> Card:
    """The runner does not answer any more, and the run has not ended."""
    state = view.state
    since = view.at(view.gone_at or state.last_at)
    lines = [Line(f"The last it wrote, at {view.at(state.last_at, seconds=True)}: {_last(state)}.", "text")]
    tone = "bad" if policy.production_changed(state) or state.rollback else "text"
    lines.append(Line(changed_words(state), tone))
    lines += cards_github.left_behind(view)
    lines += migrations(state, elapsed=None) if state.confirmed else ()
    return Card(
        headline=f"The runner is gone since {since}",
        tone="bad",
        glyph="✖",
        lines=tuple(lines),
        key="q",
        does="leave, then open dixis-tui again: it looks before it says anything"
        if view.mode is Mode.OPERATOR
        else "leave; this screen shows it when somebody takes the run up again",
    )


def _last(state: RunState) -> str:
    current = next((view for view in state.migrations.values() if view.state is MigrationState.RUNNING), None)
    if current:
        return f"{current.name} began on production"
    if state.running:
        return f"{phases.TITLES[state.running].lower()} was running"
    ended = [view for view in state.phases.values() if view.started]
    if not ended:
        return "nothing was running"
    latest = max(ended, key=lambda view: view.started or state.started)  # type: ignore[arg-type,return-value]
    return f"{phases.TITLES[latest.phase].lower()} was over ({latest.state}), nothing was running"


def migration(view: View) -> Card:
    """The phrase was taken and the migration is not whole: which applied, which failed and why, which untouched."""
    if lost_there := cards_github.unsettled(view):
        return lost_there
    state = view.state
    bad = [found for found in state.migrations.values() if found.state is MigrationState.FAILED]
    lost = [
        found for found in state.migrations.values() if found.state in (MigrationState.UNKNOWN, MigrationState.RUNNING)
    ]
    done = sum(1 for found in state.migrations.values() if found.state is MigrationState.APPLIED)
    lines: list[Line] = []
    lines += cards_github.left_behind(view)
    if not bad and not lost and not lines and (reason := state.phase(Phase.MIGRATE).reason):
        lines.append(Line(reason, "text", "✖", "bad"))
    lines += migrations(state, elapsed=None)
    lines += _history(state)
    lines.append(Line(_meaning(bad, lost), "warn"))
    lines += suffered(view)
    lines += clock_lines(view, deciding(view))
    lines.append(Line(_mend(bad, lost), "quiet"))
    of = f"{done} of {len(state.migrations)}"
    headline = f"Migration failed on production: {of} applied"
    if lost:
        headline = f"It is not known whether {lost[0].name} was applied"
    elif not bad:
        headline = f"The migration stopped: {of} applied"
    return Card(
        headline=headline,
        tone="bad",
        glyph="✖" if not lost else "?",
        lines=tuple(lines),
        key="x" if state.backup else "l",
        does=f"roll back ({backup_words(view)})"
        if state.backup
        else "look into the log; this run has no backup to go back to",
        more=(("t", "what to do"), ("o", "contacts"), *((("l", "log"),) if state.backup else ())),
    )


def _history(state: RunState) -> list[Line]:
    check = state.check("DX601")
    return [] if check.open or not check.evidence else [Line(f"History: {check.evidence}", "quiet")]


def _meaning(bad: list[MigrationView], lost: list[MigrationView]) -> str:
    if lost:
        return "Production: look at the database before anything else; the history may say less than was done."
    if bad:
        return "Production has the applied ones. The failed one was undone, unless its file commits by itself."
    return "Production has the applied ones; nothing else was touched."


def _mend(bad: list[MigrationView], lost: list[MigrationView]) -> str:
    if lost:
        return "Once the server answers: end this run (e) and open a new one; its preflight reads what is there."
    if not bad:
        return "Or leave it as it is, end this run (e), and begin a new one for the rest."
    return "Or mend it: t says what is known of it, and marks its row where that is true."


_MEANS = {
    Verdict.DONE: "Production is migrated, and verified.",
    Verdict.CHECKED: "Production was only read.",
    Verdict.CLOSED: "Production was not changed.",
    Verdict.ABANDONED: "Production was not changed.",
    Verdict.ROLLED_BACK: "Production is what it was when the backup was made.",
    Verdict.FAILED: "Production was changed and is not as planned.",
    Verdict.UNKNOWN: "The state of production is unknown: look at the database before anything else.",
    Verdict.INTERRUPTED: "The run was interrupted before the go; production was not changed.",
}


def ended(view: View) -> Card:
    """The verdict, large, with its summary and where the journal is."""
    state = view.state
    word, glyph, tone = words.VERDICTS[state.verdict]
    summary = state.ended.summary if state.ended else ""
    plan = f", plan {state.plan.hash}" if state.plan and state.confirmed else ""
    meaning = "" if summary.startswith("The state of production") else _MEANS.get(state.verdict, "")
    lines = [Line(text, tone) for text, tone in ((summary, "strong"), (meaning, "text")) if text]
    if state.confirmed:
        lines += cards_github.left_behind(view)
        lines += migrations(state)
        lines += suffered(view)
    if state.swapped:
        lines.append(Line(f"The database before is kept as {state.swapped.kept}.", "text", "✔", "good"))
    who = f"Ended {view.at(state.ended_at)}{plan}"
    lines += [Line(who, "quiet"), Line(f"Journal  {view.journal}", "quiet")]
    return Card(headline=word, tone=tone, glyph=glyph, large=True, lines=tuple(lines), key="q", does="leave")
