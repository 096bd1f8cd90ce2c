"""NOW while a phase is at work: what runs, how far it is, how long it will take."""

from __future__ import annotations

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import CheckState, MigrationState, Phase
from dixis_tui.plan import phases
from dixis_tui.plan.checks import FLOWS
from dixis_tui.run.state import CheckView, MigrationView, RunState
from screens import after_words, cards_back, cards_github, github_words, radar_words, words
from screens.cards import Bar, Card, Line, migrations
from screens.clock_words import clock_lines, deciding
from screens.progress import progress_bar
from screens.view import Mode, View

_ANSWERED = (CheckState.PASSED, CheckState.FAILED)
_VERBS = {
    Phase.PREFLIGHT: N_("Preflight looks at production and the project; it only reads"),
    Phase.BACKUP: N_("Backing up production"),
    Phase.REHEARSAL: N_("Rehearsing on the restored backup"),
    Phase.BANNER: N_("Shutting visitors out, and telling people"),
    Phase.GO: N_("Looking at everything once more, to seal the plan"),
    Phase.VERIFY: N_("Verifying production"),
    Phase.SIGNOFF: N_("Signing off"),
}


def running(view: View, phase: Phase) -> Card:
    """The card of a phase at work."""
    if phase is Phase.MIGRATE:
        return _migrating(view)
    if phase is Phase.ROLLBACK:
        return cards_back.running(view)
    state = view.state
    bar = progress_bar(view)
    lines: tuple[Line, ...] = ()
    if phase is Phase.REHEARSAL and (current := _current(state, rehearsal=True)):
        listed = migrations(state, rehearsal=True, elapsed=view.elapsed(current.started))
        lines = _now_first(listed, _statement(view, current))
        bar = Bar(*_counted(state, rehearsal=True))
    checks = state.checks_of(phase)
    at_work = [check for check in checks if check.state is CheckState.RUNNING]
    lines = lines or tuple(_looking(check) for check in at_work)
    if bar is None and (answers := [check for check in checks if not check.spec.person]):
        done = sum(1 for check in answers if check.state not in (CheckState.WAITING, CheckState.RUNNING))
        bar = Bar(
            done / len(answers),
            _("{done} of {checks}").format(done=done, checks=words.count(len(answers), "check", "checks")),
        )
    if phase is Phase.VERIFY:
        lines += (*_health(state), *_flows(state))
    return Card(
        headline=_(_VERBS[phase]) if phase in _VERBS else words.phase(phase),
        tone="work",
        glyph="◐",
        bar=bar,
        lines=(
            *lines,
            Line(
                _("Since {time}, {taken}").format(
                    time=view.at(state.phase(phase).started, seconds=True), taken=_taken(view, phase)
                ),
                "quiet",
            ),
        ),
        key="s",
        does=_("stop"),
    )


def _taken(view: View, phase: Phase) -> str:
    planned = phases.PLANNED_SECONDS[phase]
    return _("{elapsed} of {planned} planned").format(
        elapsed=words.duration(int(view.elapsed(view.state.phase(phase).started))), planned=words.duration(planned)
    )


def _looking(check: CheckView) -> Line:
    name = f"{_(check.spec.title)} · {check.subject}" if check.subject else _(check.spec.title)
    return Line(f"{check.code} {name}: {_(check.spec.looks)}", "text", "◐", "work")


def _flows(state: RunState) -> list[Line]:
    """Those that verify has gone through: what is known of the others is from before the migration."""
    seen = [flow for name, flow in state.flows.items() if state.check(FLOWS, name).state in _ANSWERED]
    return [
        Line(
            f"{flow.name}: {flow.problem}" if flow.problem else flow.name,
            "text",
            "✔" if flow.ok else "✖",
            "good" if flow.ok else "bad",
            after_words.milliseconds(flow.milliseconds),
        )
        for flow in seen
    ]


def _health(state: RunState) -> list[Line]:
    return [
        Line(
            f"{seen.name}: {sentence(seen.problem) or seen.status}",
            "text",
            "✔" if seen.ok else "✖",
            "good" if seen.ok else "bad",
            f"{seen.milliseconds:.0f} ms",
        )
        for seen in state.health.values()
    ]


def _current(state: RunState, *, rehearsal: bool = False) -> MigrationView | None:
    running_ones = (
        view
        for view in state.migrations.values()
        if (view.rehearsal_state if rehearsal else view.state) is MigrationState.RUNNING
    )
    return next(running_ones, None)


def _counted(state: RunState, *, rehearsal: bool = False) -> tuple[float, str]:
    views = list(state.migrations.values())
    kinds = [view.rehearsal_state if rehearsal else view.state for view in views]
    done = sum(1 for kind in kinds if kind is MigrationState.APPLIED)
    if not views:
        return 0.0, ""
    number = min(done + 1, len(views)) if MigrationState.RUNNING in kinds else done
    return done / len(views), _("migration {number} of {total}").format(number=number, total=len(views))


def _migrating(view: View) -> Card:
    state = view.state
    current = _current(state)
    fraction, label = _counted(state)
    elapsed = view.elapsed(current.started) if current else 0.0
    predicted = state.predicted_seconds
    if predicted:
        spent = sum(v.rehearsed or 0 for v in state.migrations.values() if v.state is MigrationState.APPLIED)
        if current and current.rehearsed:
            spent += min(elapsed, current.rehearsed)
        fraction = min(spent / predicted, 1.0)
        label += _(", about {time} left").format(time=words.duration(max(predicted - spent, 0)))
    if current is None:
        done = [v for v in state.migrations.values() if v.state is MigrationState.APPLIED]
        headline = _("Migrating production") if len(done) < len(state.migrations) else _("Reading the history again")
    else:
        headline = _("Migrating PRODUCTION") if not view.demo else _("Migrating the demo's production")
    card = Card(
        headline=headline,
        tone="work",
        glyph="◐",
        bar=Bar(fraction, label),
        lines=(*_clock(view), *_now_first(migrations(state, elapsed=elapsed), _statement(view, current))),
        key="s",
        does=_("stop after the file that runs now"),
        more=(("b", _("locks")), ("h", _("migrations"))),
    )
    return cards_github.migrating(view, card) if github_words.executes(state) else card


def _clock(view: View) -> tuple[Line, ...]:
    """Only once it is near: the countdown's own row has it all the time."""
    found = deciding(view)
    near = found is not None and found.spare < found.way_back
    return clock_lines(view, found) if near else ()


def _now_first(listed: tuple[Line, ...], statement: tuple[Line, ...]) -> tuple[Line, ...]:
    """What runs, its statement and who is in the way, then the others: those may be cut on a small terminal."""
    running_ones = tuple(found for found in listed if found.glyph == words.MIGRATION_GLYPHS[MigrationState.RUNNING])
    return (*running_ones, *statement, *(found for found in listed if found not in running_ones))


def _statement(view: View, current: MigrationView | None) -> tuple[Line, ...]:
    """The statement that runs, in one line who waits for whom, and why it begins anew; alarms first."""
    lines: list[Line] = []
    sent = current.statement if current else None
    if sent:
        lines.append(
            Line(
                _("statement {number} of {of}, line {line}: {text}").format(
                    number=sent.number, of=sent.of, line=sent.line, text=sent.text
                ),
                "text",
            )
        )
    seen: list[Line] = []
    waited, retry = view.state.waited, view.state.retry
    if waited and waited.peers:
        seen.append(
            Line(_("{name} waits before it begins").format(name=waited.name or _("The migration")), "warn", "▲", "warn")
        )
        ends = _("; b shows and ends it") if view.mode is Mode.OPERATOR else ""
        seen.append(Line(f"  {waited.peers[0]}{ends}", "warn"))
    elif retry and current and retry.name == current.name:
        what = (
            _("it begins anew")
            if retry.whole
            else _("statement {statement} is sent again").format(statement=retry.statement)
        )
        seen.append(
            Line(
                _("Gave way {attempt}: {what}; {reason}").format(
                    attempt=words.times(retry.attempt), what=what, reason=sentence(retry.reason)
                ),
                "warn",
                "▲",
                "warn",
            )
        )
    if (radar := radar_words.live(view)) and not (waited and not radar.victim_count):
        text, tone = radar_words.summary(view, radar)
        glyph = {"bad": "✖", "warn": "▲"}.get(tone, "·")
        seen.insert(0 if tone in ("bad", "warn") else len(seen), Line(text, tone, glyph, tone))
    return (*lines, *seen)
