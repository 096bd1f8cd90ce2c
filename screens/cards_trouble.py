"""NOW when it matters most: a failed migration, a runner that is gone, and how a run ended.

Each says what happened, what it means for production, and what to do next.
"""

from __future__ import annotations

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import MigrationState, Phase, Verdict
from dixis_tui.run import policy
from dixis_tui.run.state import MigrationView, RunState
from screens import cards_github, cards_page, words
from screens.cards import Card, Line, backup_words, changed_words, migrations, suffered
from screens.clock_words import clock_lines, deciding
from screens.view import Mode, View


def gone(view: View) -> Card:
    """The runner does not answer any more, and the run has not ended."""
    state = view.state
    since = view.at(view.gone_at or state.last_at)
    lines = [
        Line(
            _("The last it wrote, at {time}: {last}.").format(
                time=view.at(state.last_at, seconds=True), last=_last(state)
            ),
            "text",
        )
    ]
    tone = "bad" if policy.production_changed(state) or state.rollback else "text"
    lines.append(Line(changed_words(state), tone))
    lines += cards_github.left_behind(view)
    lines += migrations(state, elapsed=None) if state.confirmed else ()
    return Card(
        headline=_("The runner is gone since {since}").format(since=since),
        tone="bad",
        glyph="✖",
        lines=tuple(lines),
        key="q",
        does=_("leave, then open dixis-tui again: it looks before it says anything")
        if view.mode is Mode.OPERATOR
        else _("leave; this screen shows it when somebody takes the run up again"),
    )


def _last(state: RunState) -> str:
    current = next((view for view in state.migrations.values() if view.state is MigrationState.RUNNING), None)
    if current:
        return _("{name} began on production").format(name=current.name)
    if state.running:
        return _("{phase} was running").format(phase=words.phase(state.running).lower())
    ended = [view for view in state.phases.values() if view.started]
    if not ended:
        return _("nothing was running")
    latest = max(ended, key=lambda view: view.started or state.started)  # type: ignore[arg-type,return-value]
    return _("{phase} was over ({state}), nothing was running").format(
        phase=words.phase(latest.phase).lower(), state=_(latest.state)
    )


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
        lines.append(Line(sentence(reason), "text", "✖", "bad"))
    lines += migrations(state, elapsed=None)
    lines += _history(state)
    lines.append(Line(_meaning(bad, lost), "warn"))
    lines += suffered(view)
    lines += clock_lines(view, deciding(view))
    lines += cards_page.lines(view)
    lines.append(Line(_mend(bad, lost), "quiet"))
    of = _("{done} of {migrations}").format(done=done, migrations=len(state.migrations))
    headline = _("Migration failed on production: {of} applied").format(of=of)
    if lost:
        headline = _("It is not known whether {name} was applied").format(name=lost[0].name)
    elif not bad:
        headline = _("The migration stopped: {of} applied").format(of=of)
    return Card(
        headline=headline,
        tone="bad",
        glyph="✖" if not lost else "?",
        lines=tuple(lines),
        key="x" if state.backup else "l",
        does=_("roll back ({backup_words})").format(backup_words=backup_words(view))
        if state.backup
        else _("look into the log; this run has no backup to go back to"),
        more=(("t", _("what to do")), ("o", _("contacts")), *((("l", _("log")),) if state.backup else ())),
    )


def _history(state: RunState) -> list[Line]:
    check = state.check("DX601")
    return (
        []
        if check.open or not check.evidence
        else [Line(_("History: {evidence}").format(evidence=sentence(check.evidence)), "quiet")]
    )


def _meaning(bad: list[MigrationView], lost: list[MigrationView]) -> str:
    if lost:
        return _("Production: look at the database before anything else; the history may say less than was done.")
    if bad:
        return _("Production has the applied ones. The failed one was undone, unless its file commits by itself.")
    return _("Production has the applied ones; nothing else was touched.")


def _mend(bad: list[MigrationView], lost: list[MigrationView]) -> str:
    if lost:
        return _("Once the server answers: end this run (e) and open a new one; its preflight reads what is there.")
    if not bad:
        return _("Or leave it as it is, end this run (e), and begin a new one for the rest.")
    return _("Or mend it: t says what is known of it, and marks its row where that is true.")


_MEANS = {
    Verdict.DONE: N_("Production is migrated, and verified."),
    Verdict.CHECKED: N_("Production was only read."),
    Verdict.CLOSED: N_("Production was not changed."),
    Verdict.ABANDONED: N_("Production was not changed."),
    Verdict.ROLLED_BACK: N_("Production is what it was when the backup was made."),
    Verdict.FAILED: N_("Production was changed and is not as planned."),
    Verdict.UNKNOWN: N_("The state of production is unknown: look at the database before anything else."),
    Verdict.INTERRUPTED: N_("The run was interrupted before the go; production was not changed."),
}


def ended(view: View) -> Card:
    """The verdict, large, with its summary and where the journal is."""
    state = view.state
    word, glyph, tone = words.VERDICTS[state.verdict]
    summary = state.ended.summary if state.ended else ""
    plan = _(", plan {hash}").format(hash=state.plan.hash) if state.plan and state.confirmed else ""
    meaning = "" if summary.startswith("The state of production") else _(_MEANS.get(state.verdict, ""))
    lines = [Line(text, tone) for text, tone in ((sentence(summary), "strong"), (meaning, "text")) if text]
    if state.confirmed:
        lines += cards_github.left_behind(view)
        lines += migrations(state)
        lines += suffered(view)
    if state.page and state.page.put:
        lines += cards_page.lines(view)
    if state.swapped:
        lines.append(
            Line(_("The database before is kept as {kept}.").format(kept=state.swapped.kept), "text", "✔", "good")
        )
    if _rotates(view):
        lines.append(Line(_("Afterwards: dixis-tui rotate gives the database's role a new password."), "quiet"))
    who = _("Ended {time}{plan}").format(time=view.at(state.ended_at), plan=plan)
    if state.confirmed and view.mode is Mode.OPERATOR:
        who = _("{ended}; dixis-tui report: its final report").format(ended=who)
    lines += [Line(who, "quiet"), Line(_("Journal  {journal}").format(journal=view.journal), "quiet")]
    return Card(headline=_(word), tone=tone, glyph=glyph, large=True, lines=tuple(lines), key="q", does=_("leave"))


def _rotates(view: View) -> bool:
    """Whether a new password is worth an offer: production was worked on, by whoever sits here."""
    state, own = view.state, view.mode is Mode.OPERATOR and not view.demo
    return own and not state.drill and not state.many and state.verdict in (Verdict.DONE, Verdict.ROLLED_BACK)
