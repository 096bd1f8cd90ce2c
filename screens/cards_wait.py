"""NOW while nothing runs and nothing is wrong with production: what comes next and which key does it."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.events import FirstConfirmed
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.model import CheckState, Phase, PhaseState
from dixis_tui.run import accounts, policy, policy_records
from dixis_tui.run.state import RunState
from screens import after_words, cards_after, cards_page, words
from screens.cards import Card, Line, answers, backup_words, closed, questions, snapshot_words, suffered
from screens.clock_words import clock_lines, deciding
from screens.spots import broken, unanswered
from screens.view import Mode, View


def waiting(view: View) -> Card:
    """The card of the phase that waits for the operator."""
    phase = policy.current_phase(view.state)
    if policy.phase_state(view.state, phase) is PhaseState.FAILED:
        return _closed_phase(view, phase)
    match phase:
        case Phase.BANNER if cards_page.shuts_next(view.state):
            return cards_page.banner(view)
        case Phase.PREFLIGHT | Phase.BANNER:
            return _answers(view, phase)
        case Phase.BACKUP:
            return _backup(view)
        case Phase.REHEARSAL:
            return _rehearsal()
        case Phase.GO:
            return _go(view)
        case Phase.VERIFY:
            return Card(
                headline=_("Migrated. Next: verify it"),
                tone="strong",
                glyph="▶",
                lines=(Line(_("History, schema, catalog and the application are looked at, not believed."), "quiet"),),
                key="enter",
                does=_("verify"),
            )
    return _sign_off(view)


def _closed_phase(view: View, phase: Phase) -> Card:
    state = view.state
    checks = broken(state, phase)
    name = words.phase(phase)
    what = (
        ngettext("{name} is closed by {number} check", "{name} is closed by {number} checks", len(checks)).format(
            name=name, number=len(checks)
        )
        if checks
        else _("{name} did not get through").format(name=name)
    )
    lines = closed(state, phase)
    meaning = Line(_("Production is untouched."), "quiet")
    if policy.production_changed(state):
        meaning = Line(
            _("Production is migrated, not verified. The way back: {backup_words}.").format(
                backup_words=backup_words(view) or _("none")
            ),
            "warn",
        )
    back = (("x", _("roll back")), ("t", _("what to do")), ("o", _("contacts")))
    waive = (("w", _("waive the selected one")),)
    clock = clock_lines(view, deciding(view)) if phase is Phase.VERIFY else ()
    does = {
        Phase.PREFLIGHT: _("look again, once it is mended"),
        Phase.BACKUP: _("back up again"),
        Phase.REHEARSAL: _("rehearse again"),
        Phase.VERIFY: _("verify again"),
    }
    if phase is Phase.BANNER and policy_records.shuts(state):
        does[phase] = _(cards_page.again(state))
    return Card(
        headline=what,
        tone="bad",
        glyph="✖",
        lines=(*lines, meaning, *clock, *cards_page.lines(view)),
        key="r" if phase in does else "",
        does=does.get(phase, ""),
        more=(*(back if phase is Phase.VERIFY else ()), *(waive if checks else ())),
    )


def _answers(view: View, phase: Phase) -> Card:
    state = view.state
    if phase is Phase.PREFLIGHT and not state.phase(phase).attempts:
        return Card(
            headline=_("Next: preflight"),
            tone="strong",
            glyph="▶",
            lines=(Line(_("Looks at production, the project and the window. It only reads."), "quiet"),),
            key="enter",
            does=_("look"),
        )
    left = len(unanswered(state, phase))
    if phase is Phase.BANNER:
        headline = _("Next: put the maintenance banner up, then say so")
    else:
        warnings = sum(check.state is CheckState.WARNED for check in state.checks_of(phase))
        found = (
            _("Preflight is open, with {warnings}").format(warnings=words.count(warnings, "warning", "warnings"))
            if warnings
            else _("Preflight found nothing wrong")
        )
        headline = f"{found}. {answers(view, left)}"
    return Card(
        headline=headline,
        tone="strong",
        glyph="▶",
        lines=questions(state, phase),
        key="enter",
        does=_("answer: it is kept with your name and the time"),
    )


def _backup(view: View) -> Card:
    sure = _("pg_dump reads one snapshot of production; it blocks nobody but schema changes.")
    snapshot = view.state.snapshot
    named = (
        (Line(_("Named: {snapshot_words}.").format(snapshot_words=snapshot_words(snapshot)), "text", "▲", "warn"),)
        if snapshot
        else ()
    )
    return Card(
        headline=_("Next: back production up"),
        tone="strong",
        glyph="▶",
        lines=(
            *named,
            Line(sure, "quiet"),
            Line(_("Everything later needs it: it is the way back."), "quiet"),
        ),
        key="enter",
        does=_("start the backup"),
        more=(("p", _("name a provider's snapshot")),),
    )


def _rehearsal() -> Card:
    return Card(
        headline=_("Next: rehearse on the restored backup"),
        tone="strong",
        glyph="▶",
        lines=(
            Line(_("Restores the backup into staging, compares the rows, runs the same migrations there."), "quiet"),
            Line(_("It proves the way back and measures how long the migration will take."), "quiet"),
        ),
        key="enter",
        does=_("start the rehearsal"),
    )


def _go(view: View) -> Card:
    state = view.state
    gates = policy.closed_gates(state)
    lines: list[Line] = []
    if gates:
        lines = [
            Line(f"{gate.code} {_(gate.title)}".strip(), "text", words.GLYPHS[gate.state], "bad") for gate in gates
        ]
        return Card(headline=_("The gate is closed"), tone="warn", glyph="▲", lines=tuple(lines))
    window = state.check("DX501")
    more: tuple[tuple[str, str], ...] = ()
    if broken(state, Phase.GO):
        lines += closed(state, Phase.GO)
        headline, tone, glyph = _("Everything is ready but the time"), "warn", "▲"
        does, more = _("open go / no-go again"), (("w", _("waive the selected one")),)
    elif state.phase(Phase.GO).state is PhaseState.FAILED:
        lines += closed(state, Phase.GO)
        headline, tone, glyph, does = _("The plan could not be sealed"), "bad", "✖", _("try again")
    else:
        headline, tone, glyph, does = _("Every gate is open. Go or no-go?"), "good", "▶", _("open the board")
        lines.append(Line(_summary(state), "text"))
    if state.refused and state.refused.reason:
        lines.append(
            Line(_("Last refused: {reason}").format(reason=sentence(state.refused.reason)), "warn", "▲", "warn")
        )
    if state.first_voided:
        lines.append(
            Line(
                _("The phrase is void: {reason}").format(reason=sentence(state.first_voided.reason)),
                "warn",
                "▲",
                "warn",
            )
        )
    lines += cards_page.lines(view)
    if window.open and window.evidence:
        lines.append(Line(sentence(window.evidence), "quiet"))
    lines.append(
        Line(
            _("The way back: {backup_words}.").format(
                backup_words=backup_words(view) or _("none, the backup was waived")
            ),
            "quiet",
        )
    )
    return Card(headline=headline, tone=tone, glyph=glyph, lines=tuple(lines), key="m", does=does, more=more)


def second(view: View, first: FirstConfirmed) -> Card:
    """What the room has to read out to the second person, or that person on their own screen."""
    state = view.state
    at, until = state.first_confirmed_at, None
    if at is not None:
        until = at + accounts.FIRST_STANDS
    by = _("{operator} (account {account}) typed the phrase at {time}").format(
        operator=first.operator, account=first.account, time=view.at(at, seconds=True)
    )
    lines = [
        Line(_("{by}; it is void at {time}.").format(by=by, time=view.at(until, seconds=True)), "text", "✔", "good")
    ]
    if view.mode is not Mode.SECOND:
        # The path stands in a line of its own: it is copied, or read out.
        lines.insert(0, Line(_("From another account of this machine:"), "quiet", "▶", "strong"))
        lines.insert(1, Line(f"dixis-tui approve {Path(view.journal).parent}", "strong"))
    if state.refused and state.refused.reason:
        lines.append(Line(_("Refused: {reason}").format(reason=sentence(state.refused.reason)), "warn", "▲", "warn"))
    plan = state.plan.hash if state.plan else ""
    if view.mode is Mode.SECOND:
        return Card(
            headline=_("Plan {plan} waits for you").format(plan=plan),
            tone="warn",
            glyph="▶",
            lines=tuple(lines),
            key="m",
            does=_("read the plan, and approve it"),
            large=True,
        )
    return Card(
        headline=_("Waiting for the second person: plan {plan}").format(plan=plan),
        tone="warn",
        glyph="◐",
        lines=tuple(lines),
        key="s",
        does=_("take the phrase back"),
        large=True,
    )


def _summary(state: RunState) -> str:
    predicted = state.predicted_seconds
    measured = (
        _("predicted {predicted}").format(predicted=words.duration(predicted))
        if predicted is not None
        else _("not rehearsed")
    )
    return _("{migrations} for production, {measured}.").format(
        migrations=words.count(len(state.migrations), "migration", "migrations"), measured=measured
    )


def _sign_off(view: View) -> Card:
    state = view.state
    done = [migration for migration in state.migrations.values() if migration.seconds is not None]
    seconds = sum(migration.seconds or 0 for migration in done)
    healthy = [seen for seen in state.health.values() if seen.ok]
    lines = [
        Line(
            _("{migrations} applied in {seconds}.").format(
                migrations=words.count(len(done), "migration", "migrations"), seconds=words.duration(seconds)
            ),
            "text",
            "✔",
            "good",
        )
    ]
    if state.health:
        lines.append(
            Line(
                _("{healthy} of {endpoints} answer as they should.").format(
                    healthy=len(healthy), endpoints=words.count(len(state.health), "endpoint", "endpoints")
                ),
                "text",
                "✔",
                "good",
            )
        )
    if state.flows:
        whole = sum(flow.ok for flow in state.flows.values())
        told = ngettext(
            "{whole} of {number} flow goes through.", "{whole} of {number} flows go through.", len(state.flows)
        )
        good = whole == len(state.flows)
        text = told.format(whole=whole, number=len(state.flows))
        lines.append(Line(text, "text", "✔" if good else "✖", "good" if good else "bad"))
    lines += suffered(view)
    lines += cards_page.lines(view)
    watch = cards_after.lines(view)
    strange = any(one.unknown for one in state.access)
    optional = [check for check in state.checks_of(Phase.SIGNOFF) if check.spec.person and not check.open]
    if optional:
        names = ", ".join(_(check.spec.title).lower() for check in optional)
        lines.append(Line(_("Not ticked yet: {names}.").format(names=names), "quiet", "○", "quiet"))
    worse = cards_after.worse(view)
    more: tuple[tuple[str, str], ...] = ((after_words.KEY, _("after-watch")),) if state.after else ()
    more += (("x", _("roll back")),) if state.backup else ()
    more += (("u", _("access")),) if strange else ()
    return Card(
        headline=worse or _signing(state),
        tone="warn" if worse else "good",
        glyph="▲" if worse else "▶",
        # What is worse stands before what went well.
        lines=tuple([*watch, *lines] if worse else [*lines, *watch]),
        key="enter",
        does=_("let visitors in: the page goes, and people are told")
        if cards_page.reopens_next(state)
        else _("sign off and end the run"),
        more=more,
    )


def _signing(state: RunState) -> str:
    if cards_page.reopens_next(state):
        return _("Migrated and verified. Let visitors in, then sign off")
    if state.reopened:
        return _("Migrated and verified, and visitors are in. Sign off")
    return _("Migrated and verified. Take the banner down, then sign off")
