"""Go or no-go: every gate, the sealed plan, prediction against window, the way back; and the phrase."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import CheckState, Phase, PhaseState
from dixis_tui.run import accounts, policy
from dixis_tui.run.commands import Command, Confirm, Seal
from screens import github_words as told
from screens import words
from screens.cards import backup_words, closed, snapshot_words
from screens.dialog import Words, key_row
from screens.phrase_dialog import PhraseDialog
from screens.view import Mode, View
from screens.widgets.countdown import span_words, window_words
from screens.widgets.header import environment, target
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField

_PARTS = {"plan", "lines", "gates", "ask", "go-keys"}
_LABEL, _COLUMN = 11, 41
"""Cells of a label, and of the first of two columns."""


def _label(text: str) -> str:
    return words.fill(text, _LABEL - 1) + " "


def pairs(rows: Sequence[tuple[str, str]]) -> Content:
    """Labels and values, two beside each other where both are short: the whole board fits 24 rows."""
    found: list[Content] = []
    held: tuple[str, str] | None = None
    for label, value in rows:
        if held is not None and len(value) <= _COLUMN // 2:
            left = words.fill(held[1], _COLUMN - _LABEL)
            found.append(line((_label(held[0]), "quiet"), (left, "text"), (_label(label), "quiet"), (value, "text")))
            held = None
            continue
        if held is not None:
            found.append(line((_label(held[0]), "quiet"), (held[1], "text")))
            held = None
        if len(value) < _COLUMN - _LABEL - 1:
            held = (label, value)
        else:
            found.append(line((_label(label), "quiet"), (value, "text")))
    if held is not None:
        found.append(line((_label(held[0]), "quiet"), (held[1], "text")))
    return Content("\n").join(found)


class GoScreen(PhraseDialog):
    """Opening it seals the plan anew; the field takes letters once that is done and the time fits."""

    TITLE_TEXT = N_("GO / NO-GO")

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._attempts = view.state.phase(Phase.GO).attempts
        self._problem = ""
        self._digest = ""
        """Of the plan that the operator has before them; another screen may have it sealed anew meanwhile."""

    def compose(self) -> ComposeResult:
        """From what is confirmed down to the phrase that confirms it."""
        run = self.view.state.run
        with Vertical(classes="dialog -grave") as box:
            box.border_title = _(self.TITLE_TEXT)
            yield Words(id="plan")
            yield Words(id="lines")
            yield Words(id="gates")
            yield Words(id="ask")
            field = PhraseField(id="phrase")
            field.display = False
            yield field
            yield Words(id="says", classes="says")
            yield Words(classes="keys", id="go-keys")
        self._phrase = run.phrase if run else ""

    def on_mount(self) -> None:
        """Ask for the seal."""
        super().on_mount()
        self.show(self.view)
        self.run_worker(self._seal(), group="seal", exit_on_error=True)

    async def _seal(self) -> None:
        self._problem = await self.cockpit_app.client.send(Seal())
        if self.is_mounted:
            self.show(self.view)

    def command(self, phrase: str) -> Command | None:
        """The phrase for the plan on the screen."""
        plan = self.view.state.plan
        if plan is None or not self._ready() or plan.digest != self._digest:
            return None
        return Confirm(phrase=phrase, operator=self.view.operator, digest=plan.digest)

    def accepted(self) -> bool:
        """The runner wrote that it was confirmed, or that a second person is waited for."""
        return self.view.state.confirmed is not None or accounts.standing(self.view.state, self.view.now) is not None

    def _sealed(self) -> bool:
        own = self.view.state.phase(Phase.GO)
        return own.attempts > self._attempts and own.state is not PhaseState.RUNNING

    def _ready(self) -> bool:
        state = self.view.state
        waived = any(check.state is CheckState.WAIVED for check in state.checks_of(Phase.GO))
        went_well = state.phase(Phase.GO).state is PhaseState.PASSED or waived
        return self._sealed() and state.plan is not None and not policy.closed_go(state) and went_well

    def show(self, view: View) -> None:
        """Draw this moment."""
        super().show(view)
        put = {part.id: part.put for part in self.query(Words)}
        fields = list(self.query(PhraseField))
        if not fields or not put.keys() >= _PARTS:
            return  # not composed yet, or on its way out
        ready, field = self._ready(), fields[0]
        put["plan"](self._plan())
        plan = view.state.plan
        put["lines"](
            pairs([(_(label), sentence(value)) for label, value in plan.lines])
            if plan and self._sealed()
            else Content("")
        )
        put["gates"](self._board())
        put["ask"](self._question(ready))
        put["go-keys"](key_row(("enter", _("go")), ("esc", _("no-go"))) if ready else key_row(("esc", _("back"))))
        if ready and plan and plan.digest != self._digest:
            if self._digest:
                field.clear()
                self.say(_("The plan was sealed anew and is another one: read it again."), "bad")
            self._digest = plan.digest
        if ready and not field.display:
            field.display = True
            field.focus()

    def _plan(self) -> Content:
        view, plan = self.view, self.view.state.plan
        name = view.state.run.name if view.state.run else ""
        mark = (environment(view), "warn" if view.demo else "bad")
        where = line(mark, (f"  {target(view)}  {name}", "text")).stylize(".title")
        if self._problem or plan is None or not self._sealed():
            return where
        at = view.at(view.state.phase(Phase.GO).started, seconds=True)
        sealed = line(
            (_label(_("PLAN")), "quiet"), (f"   {plan.hash}   ", "cap"), (_("  sealed {at}").format(at=at), "quiet")
        )
        return Content("\n").join([where, sealed])

    def _board(self) -> Content:
        view, state = self.view, self.view.state
        kinds = {phase: policy.phase_state(state, phase) for phase in policy.BEFORE_GO}
        marks = [
            line((f"{words.PHASE_GLYPHS[kind]} ", words.PHASE_TONES[kind]), (words.phase(phase), "text"))
            for phase, kind in kinds.items()
        ]
        shut = sum(1 for kind in kinds.values() if kind is not PhaseState.PASSED)
        verdict = line(
            (_("   {shut} closed").format(shut=shut) if shut else _("   all open"), "bad" if shut else "good")
        )
        rows = [line((_label(_("Gates")), "quiet")) + Content("  ").join(marks) + verdict]
        for check in state.checks.values():
            if check.state is CheckState.WAIVED:
                rows.append(line((_label(""), ""), (f"● {check.code} {sentence(check.evidence)}", "warn")))
        countdown, span = window_words(view)
        rows.append(line((_label(_("Window")), "quiet"), countdown, (f"  {span[0]}", "quiet")))
        predicted = state.predicted_seconds
        forecast = words.duration(predicted) if predicted is not None else _("not rehearsed")
        back = backup_words(view) or _("none: the backup was waived")
        rows.append(line((_label(_("Predicted")), "quiet"), (f"{forecast}{span_words(view)}", "text")))
        if told.executes(state):
            look = state.github.look if state.github else None
            approval = told.approval_words(look) or _("who approves is not known")
            rows.append(line((_label("GitHub"), "quiet"), (_("dispatched once; "), "text"), (approval, "strong")))
        rows.append(line((_label(_("Way back")), "quiet"), (back, "text" if state.restored else "warn")))
        if state.snapshot and state.backup:
            rows.append(
                line((_("  and {snapshot_words}").format(snapshot_words=snapshot_words(state.snapshot)), "quiet"))
            )
        return Content("\n").join(rows)

    def _question(self, ready: bool) -> Content:
        if self._problem:
            return line((f"✖ {sentence(self._problem)}", "bad"))
        if not self._sealed():
            return line((_("◐ Sealing the plan: everything is looked at once more…"), "work"))
        if not ready:
            rows = [
                line((f"{found.glyph or ' '} {found.text}", "bad" if found.glyph else "quiet"))
                for found in closed(self.view.state, Phase.GO)
            ]
            rows.append(line((_("The gate is closed: the phrase is not asked."), "warn")))
            rows.append(line((_("esc goes back; there w waives what can be waived, m looks again."), "quiet")))
            return Content("\n").join(rows)
        what = _("change the demo's production") if self.view.demo else _("change PRODUCTION")
        if told.executes(self.view.state):
            what = _("let GitHub change the demo's production") if self.view.demo else _("let GitHub change PRODUCTION")
        first_of_two = accounts.needs_second(self.view.state) and self.view.mode is Mode.OPERATOR
        rest = _("; then a second person does.") if first_of_two else _(". There is no default.")
        return line(
            (_("Type "), "text"),
            (self._phrase, "strong"),
            (_(" to {what}{rest}").format(what=what, rest=rest), "text"),
        )
