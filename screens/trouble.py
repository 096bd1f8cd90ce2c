"""Troubleshooting: the runbook's three cases, told by what the program knows, down to the way out."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.run import trouble
from dixis_tui.run.trouble import Case, Exit, Trouble, WayOut
from screens import guide, words
from screens.cards import Line
from screens.clock_words import clock_lines, deciding
from screens.dialog import Dialog, Words, key_row
from screens.spots import check_mark
from screens.view import Mode, View
from screens.widgets.header import environment, target
from screens.widgets.now_card import lines_of
from screens.widgets.painted import line

_CASES = tuple(Case)
_KEYS: dict[WayOut, str] = {
    WayOut.ROLL_BACK: "x",
    WayOut.MARK_APPLIED: "a",
    WayOut.MARK_UNDONE: "u",
    WayOut.RUN_AGAIN: "e",
    WayOut.LOOK_FIRST: "e",
    WayOut.LOOK_AGAIN: "r",
}
"""A repair migration is written elsewhere, and the rest has a board of its own: they have no key here."""
_LABELS = {
    "x": N_("roll back"),
    "a": N_("mark it"),
    "u": N_("mark it"),
    "e": N_("end the run"),
    "r": N_("verify again"),
}


class TroubleScreen(Dialog):
    """Begins with the case that the run is in; 1, 2 and 3 show each."""

    AUTO_FOCUS = "#trouble"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number + 1), f"case({number})", show=False) for number in range(len(_CASES))),
        *(Binding(key, f"out('{key}')", show=False) for key in sorted({*_KEYS.values()})),
        Binding("t,q", "close", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._picked: Case | None = None

    def compose(self) -> ComposeResult:
        """Facts, ways out, checks; the keys stay in sight."""
        with Vertical(classes="dialog -grave") as box:
            box.border_title = _("WHAT TO DO")
            with VerticalScroll(id="trouble"):
                for part in ("head", "facts", "exits", "checks"):
                    yield Words(id=part)
            yield Words(id="says", classes="says")
            yield Words(classes="keys", id="trouble-keys")

    def on_mount(self) -> None:
        """Draw the case that the run is in."""
        super().on_mount()
        self.show(self.view)

    @property
    def case(self) -> Case:
        """The one that is shown."""
        return self._picked or trouble.case_of(self.view.state) or Case.MIGRATION

    def _now(self) -> Trouble:
        return trouble.trouble(self.view.state, self.case)

    # -- keys

    def action_case(self, number: int) -> None:
        """Another of the three."""
        self._picked = _CASES[number]
        self.show(self.view)
        self.query_one("#trouble").scroll_home(animate=False)

    def action_out(self, key: str) -> None:
        """One of the ways out, where this case has it."""
        if why := guide.looks_on(self.view):
            self._say(why)
            return
        found = next((one for one in self._now().exits if _KEYS.get(one.way) == key), None)
        if found is None:
            self._say(_("{key} is no way out of this case.").format(key=key))
            return
        if found.migration:
            from screens.resolve import ResolveScreen

            self.app.push_screen(ResolveScreen(self.view, found.migration, applied=found.way is WayOut.MARK_APPLIED))
            return
        offer = guide.offer(self.view, key)
        if offer.refusal:
            self._say(offer.refusal)
            return
        self.dismiss()
        self.cockpit_app.act(offer)

    def _say(self, text: str) -> None:
        for says in self.query("#says").results(Words):  # none where the screen is on its way out
            says.put(line((f"▲ {text}" if text else "", "warn")))

    # -- drawing

    def show(self, view: View) -> None:
        """Draw this moment."""
        super().show(view)
        put = {part.id: part.put for part in self.query(Words)}
        if "exits" not in put:
            return  # not composed yet, or on its way out
        width = min(int(self.app.size.width * 0.96), 104) - (7 if self.app.size.height >= 32 else 5)
        rows = self.app.size.height
        self.query_one("#trouble").styles.max_height = int(rows * 0.96) - (8 if rows >= 32 else 5)
        most = 2 if rows >= 32 else 1
        found = self._now()
        put["head"](self._head(found))
        put["facts"](_rows(_facts(found), width, most) if found.wrong else self._reading(width))
        put["checks"](self._checks(found, width))
        put["exits"](_rows((*_exits(found, acts=self._acts()), *clock_lines(view, deciding(view))), width, 2))
        exits = found.exits if self._acts() else ()
        keys = [(_KEYS[one.way], _(_LABELS[_KEYS[one.way]])) for one in exits if one.way in _KEYS]
        put["trouble-keys"](key_row(*keys, ("1 2 3", _("case")), ("o", _("contacts")), ("esc", _("back"))))

    def _acts(self) -> bool:
        """Whether a key of a way out would not be refused whatever it is: a run that has ended takes none."""
        return not guide.looks_on(self.view) and self.view.state.ended is None

    def _head(self, found: Trouble) -> Content:
        ours = self.view.mode is not Mode.REPLAY
        mark = environment(self.view), "bad" if ours and not self.view.demo else "warn"
        number = _CASES.index(found.case) + 1
        title = line((f"{number} {_(found.case)}", "bad" if found.wrong else "strong")).stylize(".title")
        return Content("\n").join([line(mark, (f"  {target(self.view)}", "quiet")), title])

    def _reading(self, width: int) -> Content:
        now = trouble.case_of(self.view.state)
        said = _("Nothing is known to be wrong: this is for reading.")
        if now is not None:
            said = _("The run is not in this case but in {index}: this is for reading.").format(
                index=_CASES.index(now) + 1
            )
        steps = [Line(sentence(text), "text", "·", "quiet") for text in trouble.STEPS[self.case]]
        return _rows((Line(said, "good" if now is None else "warn"), *steps), width)

    def _checks(self, found: Trouble, width: int) -> Content:
        lines = []
        for check in found.checks:
            mark = check_mark(self.view, check)
            name = f"{_(check.spec.title)} · {check.subject}" if check.subject else _(check.spec.title)
            seen = sentence(check.evidence) or mark.word
            lines.append(Line(f"{check.code} {name}: {seen}", "text", mark.glyph, mark.tone))
        return _rows(tuple(lines), width, 1)


def _facts(found: Trouble) -> tuple[Line, ...]:
    return tuple(
        Line(sentence(fact.text), "text", words.GLYPHS[fact.state], words.TONES[fact.state])
        if fact.state
        else Line(sentence(fact.text), "text", "·", "quiet")
        for fact in found.facts
    )


def _exits(found: Trouble, *, acts: bool) -> tuple[Line, ...]:
    return tuple(_exit(one, acts=acts) for one in found.exits)


def _exit(one: Exit, *, acts: bool) -> Line:
    key = f"{_KEYS.get(one.way, ' ')}  " if acts else ""
    text = f"{key}{_(one.way)}: {sentence(one.why)}"
    return Line(text, "strong", "▶", "key") if one.advised else Line(text, "text", " ", "quiet")


def _rows(lines: tuple[Line, ...], width: int, most: int = 2) -> Content:
    return Content("\n").join(row for one in lines for row in lines_of(one, width, most))
