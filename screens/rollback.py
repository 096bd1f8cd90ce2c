"""The way back: what would be lost, which ways there are, until when, and its own phrase."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from dixis_tui.i18n import _, sentence
from dixis_tui.model import Phase, Way, WayView
from dixis_tui.run import policy
from dixis_tui.run.commands import Command, LookBack, Rollback
from screens import way_words, words
from screens.cards import Line
from screens.clock_words import clock_lines, decision, likely_way
from screens.dialog import Words, key_row, table
from screens.phrase_dialog import PhraseDialog
from screens.view import View
from screens.widgets.header import environment, target
from screens.widgets.now_card import lines_of
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField

_PATIENCE = 30.0
"""Seconds after which a look at the ways back is called unanswered."""


class RollbackScreen(PhraseDialog):
    """Opening it looks at the ways back; the phrase confirms the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._attempts = view.state.phase(Phase.ROLLBACK).attempts
        self._seen_before = view.state.ways_at
        self._opened = view.now
        self._problem = ""
        self._picked: Way | None = None
        self._way = likely_way(view.state)

    def compose(self) -> ComposeResult:
        """What is lost, the ways, the clock, the phrase."""
        with Vertical(classes="dialog -grave") as box:
            box.border_title = _("ROLL BACK")
            where = (environment(self.view), "warn" if self.view.demo else "bad"), (f"  {target(self.view)}", "text")
            yield Words(line(*where).stylize(".title"))
            for part in ("loss", "ways", "way", "clock", "ask"):
                yield Words(id=part)
            yield PhraseField(id="phrase")
            yield Words(id="says", classes="says")
            yield Words(classes="keys", id="way-keys")

    def on_mount(self) -> None:
        """Look at the ways, where that can be done."""
        super().on_mount()
        self.show(self.view)
        self._problem = policy.refusal(self.view.state, LookBack())
        if not self._problem:
            self.run_worker(self._look(), group="look", exit_on_error=True)

    async def _look(self) -> None:
        self._problem = await self.cockpit_app.client.send(LookBack())
        if self.is_mounted:
            self.show(self.cockpit_app.view)

    def command(self, phrase: str) -> Command | None:
        """The phrase, for the way that is chosen."""
        if self._chosen().refused:
            return None
        return Rollback(phrase=phrase, operator=self.view.operator, way=self._way)

    def accepted(self) -> bool:
        """The runner wrote that it was confirmed, or already works on it."""
        state = self.view.state
        return state.rollback is not None and state.phase(Phase.ROLLBACK).attempts > self._attempts

    def action_choose(self, steps: int) -> None:
        """Another way: what was typed was meant for the one before."""
        every = list(Way)
        self._picked = every[min(max(every.index(self._way) + steps, 0), len(every) - 1)]
        self.show(self.view)

    @on(PhraseField.Typed)
    def _pinned(self) -> None:
        # What is typed is meant for the way on the screen: a look that comes in later must not choose another.
        self._picked = self._way

    def _chosen(self) -> WayView:
        found = way_words.ways(self.view.state, self.view.operator)
        return next(one for one in found if one.way is self._way)

    # -- drawing

    def show(self, view: View) -> None:
        """Draw this moment."""
        super().show(view)
        put = {part.id: part.put for part in self.query(Words)}
        fields = list(self.query(PhraseField))
        if not fields or "ask" not in put:
            return  # not composed yet, or on its way out
        way = self._picked or likely_way(view.state)
        if way is not self._way:
            self._way = way
            fields[0].clear()
        rows = self.app.size.height
        width = min(int(self.app.size.width * 0.96), 104) - (6 if rows >= 32 else 4)
        chosen, field = self._chosen(), fields[0]
        tables = min(max(int(rows * 0.96) - (28 if rows >= 32 else 20), 2), 10)
        put["loss"](_rows(way_words.loss_lines(view, tables, width), width))
        put["ways"](self._ways(width))
        put["way"](_labels(self._details(chosen), width))
        put["clock"](_rows(clock_lines(view, decision(view, self._way)), width))
        put["ask"](self._question(chosen, width))
        keys = (("enter", _("roll back")),) if not chosen.refused else ()
        put["way-keys"](key_row(*keys, ("↑ ↓", _("choose a way")), ("^o", _("contacts")), ("esc", _("no"))))
        if field.display == bool(chosen.refused):
            field.display = not chosen.refused
            field.clear()
            if field.display:
                field.focus()

    def _ways(self, width: int) -> Content:
        found = way_words.ways(self.view.state, self.view.operator)
        looked = self._looked()
        rows = tuple(way_words.way_line(one, chosen=one.way is self._way) for one in found)
        return Content("\n").join([line((words.cut(looked.text, width), looked.tone)), _rows(rows, width)])

    def _looked(self) -> Line:
        state = self.view.state
        if state.ways_at != self._seen_before and state.ways_at:
            return Line(
                _("WAYS BACK, looked at {time}").format(time=self.view.at(state.ways_at, seconds=True)), "quiet"
            )
        if self._problem:
            return Line(_("WAYS BACK, not looked at: {problem}").format(problem=sentence(self._problem)), "warn")
        since = (self.view.now - self._opened).total_seconds()
        if since > _PATIENCE:
            return Line(
                _("WAYS BACK, not looked at: no answer for {since}").format(since=words.duration(since)), "warn"
            )
        return Line(_("WAYS BACK: looking at each, and at what was written since…"), "work")

    def _details(self, chosen: WayView) -> list[tuple[str, str]]:
        state, told = self.view.state, way_words.TOLD[chosen.way]
        rows = [(_("No return"), _(told.no_return)), (_("Stays"), way_words.kept_words(state, chosen.way))]
        if chosen.way is Way.SNAPSHOT and state.snapshot:
            taken = state.snapshot.taken_at.astimezone(self.view.zone)
            return [
                *rows,
                (
                    _("Snapshot"),
                    _("{id}, {taken:%Y-%m-%d %H:%M}, {where}; not proven here").format(
                        id=state.snapshot.id, taken=taken, where=state.snapshot.where
                    ),
                ),
            ]
        backup = state.backup
        if backup is None:
            return rows
        when = _("made {time}, ").format(time=self.view.at(backup.taken_at)) if backup.taken_at else ""
        if state.adopted:
            when = _("by run {run}, ").format(run=state.adopted.run)
        tables, rows_held = len(backup.counts), sum(backup.counts.values())
        held = f"{words.count(tables, 'table', 'tables')}, {words.count(rows_held, 'row', 'rows')}"
        proof = _("restored and compared ✔") if state.restored else _("never restored")
        return [*rows, (_("Backup"), words.joined(f"{when}{words.size(backup.bytes)}, {held}", proof))]

    def _question(self, chosen: WayView, width: int) -> Content:
        if chosen.refused:
            every = way_words.ways(self.view.state, self.view.operator)
            shut = all(one.refused for one in every)
            after = (
                _("No way back is open from here: ^o names whom to call.") if shut else _("↑ ↓ chooses another way.")
            )
            said = Line(sentence(chosen.refused), "bad", "✖", "bad"), Line(after, "warn")
            return Content("\n").join(row for one in said for row in lines_of(one, width, 2))
        run = self.view.state.run
        phrase = run.rollback_phrase if run else ""
        begun = self.view.state.rollback or (self.view.state.adopted and self.view.state.adopted.unfinished)
        what = _(" to put production back")
        if begun and begun.way is self._way:
            what = _(" to go on with the rollback that was begun")
        return line(
            (_("Type "), "text"), (phrase, "strong"), (_("{what}. There is no default.").format(what=what), "text")
        )


def _rows(lines: tuple[Line, ...], width: int) -> Content:
    """One row each, with its columns as they are."""
    return Content("\n").join(
        line((f" {one.glyph or ' '} ", one.glyph_tone or one.tone), (words.cut(one.text, width - 3), one.tone))
        for one in lines
    )


def _labels(rows: list[tuple[str, str]], width: int) -> Content:
    return table([(label, words.cut(value, width - 11)) for label, value in rows], 11)
