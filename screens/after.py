"""AFTER-WATCH: whether it is as before, and what became worse: cause and remedy first, then every number."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from screens import after_rows, guide, words
from screens.after_words import KEY, standing
from screens.dialog import Dialog
from screens.guide import Offer
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.large import large
from screens.widgets.painted import Painted, Part, line, wrapped

END = "e"
_ROOMY = 30
"""Rows of the terminal from which the answer is drawn in large letters."""


class AfterAnswer(Painted):
    """As before, or not: as large as there is room for. And how much of the watch is left."""

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        width, height = cells
        found = standing(self.view)
        made = large(found.word, width - 4, 3) if height >= 5 else (words.upper(found.word),)
        rows = [line((f" {found.glyph if at == 0 else ' '} {row}", found.tone)) for at, row in enumerate(made)]
        rows = [row.stylize(".title") for row in rows]
        told = wrapped(found.line, width - 4)
        room = max(height - len(rows), 1)
        if len(told) > room:
            told = [*told[: room - 1], words.cut(" ".join(told[room - 1 :]), width - 4)]
        rows += [line((f"   {text}", "text")) for text in told]
        return Content("\n").join(rows[:height])


class AfterRows(Painted):
    """All that is known, scrolled."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self._first = 0

    def scroll_rows(self, steps: int) -> None:
        """Up or down."""
        self._first = max(self._first + steps, 0)
        self.show(self.view)

    def draw(self, cells: Size) -> Content:
        """At most `height` rows; the last says how many there are below."""
        width, height = cells
        found = after_rows.rows(self.view, width)
        if height <= 0:
            return line()
        self._first = max(min(self._first, len(found) - height), 0)
        shown = found[self._first : self._first + height]
        left = len(found) - self._first - height
        if left > 0:
            shown[-1] = line((f"   … {_('{number} more rows below').format(number=left + 1)}", "quiet"))
        return Content("\n").join(shown)


class AfterKeys(Painted):
    """The keys."""

    def draw(self, _cells: Size) -> Content:
        """One row."""
        keys = [("↑ ↓", _("scroll")), ("esc", _("back"))]
        if not end_offer(self.view).refusal:
            keys.insert(1, (END, _("end the watch")))
        parts: list[Part] = [(" ", "")]
        for key, label in keys:
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


def end_offer(view: View) -> Offer:
    """What the key that ends the watch does now."""
    command = cmd.EndAfter(operator=view.operator)
    made = Offer(key=END, label=_("end the watch"), command=command, refusal=policy.refusal(view.state, command))
    return guide.open_now(view, [made])[0]


class AfterScreen(Dialog):
    """The answer above, everything else scrolled below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_rows(-1)", show=False),
        Binding("down,j", "scroll_rows(1)", show=False),
        Binding("pageup", "scroll_rows(-8)", show=False),
        Binding("pagedown,space", "scroll_rows(8)", show=False),
        Binding("home", "scroll_rows(-9999)", show=False),
        Binding("end", "scroll_rows(9999)", show=False),
        Binding(END, "end_watch", show=False),
        Binding(f"{KEY},q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The answer, the rows, what was last said, the keys."""
        self.set_class(self.app.size.height >= _ROOMY, "-large")
        with Vertical(classes="dialog") as box:
            box.border_title = _("AFTER-WATCH")
            yield AfterAnswer(self.view)
            yield AfterRows(self.view, id="watched")
            yield Says(self.view)
            yield AfterKeys(self.view)

    def action_scroll_rows(self, steps: int) -> None:
        """Up or down."""
        self.query_one(AfterRows).scroll_rows(steps)

    def action_end_watch(self) -> None:
        """Ask, then end it before its time."""
        from screens.ask import AskScreen

        offer = end_offer(self.view)
        if offer.refusal:
            self.cockpit_app.say(offer.refusal, "warn")
            return
        self.app.push_screen(
            AskScreen(
                self.view,
                title=_("End the watch?"),
                lines=(_("Nobody looks any more at what became slower or broke. The run itself goes on."),),
                yes=_("end the watch"),
                command=offer.command,
                label=offer.label,
            )
        )
