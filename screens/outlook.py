"""MIGRATIONS: for each pending file how it will run, what it may do, what it is predicted to take, and what it took."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from screens import words
from screens.dialog import Dialog
from screens.outlook_detail import detail
from screens.outlook_rows import Row, parts, predicted, rows, summary
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, line, spread, style, wrapped


class Answer(Painted):
    """The answer, in up to two rows."""

    def draw(self, cells: Size) -> Content:
        """One sentence."""
        text, tone = summary(self.view)
        texts = wrapped(text, cells.width - 2)
        texts = [*texts[:1], words.cut(" ".join(texts[1:]), cells.width - 2)]
        return Content("\n").join(line((f" {part}", tone)) for part in texts if part).stylize(".title")


class Rows(Painted):
    """The list, scrolled so that the cursor is in sight."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self._at = 0
        self._found: list[Row] = []
        self._found_in: object = None

    def found(self) -> list[Row]:
        """The rows, listed anew only where the state is another one: the clock ticks every second."""
        if self._found_in is not self.view.state:
            self._found, self._found_in = rows(self.view), self.view.state
        return self._found

    def selected(self) -> Row | None:
        """The row under the cursor."""
        found = self.found()
        return found[min(self._at, len(found) - 1)] if found else None

    def move(self, steps: int) -> None:
        """Another row."""
        self._at = max(min(self._at + steps, len(self.found()) - 1), 0)

    def draw(self, cells: Size) -> Content:
        """At most `height` rows; where there are more, it says how many."""
        width, height = cells
        found, at = self.found(), max(min(self._at, len(self.found()) - 1), 0)
        seconds, state = predicted(self.view.state), self.view.state
        first = min(max(at - height // 2, 0), max(len(found) - height, 0))
        shown = []
        for number, row in enumerate(found[first : first + height], first):
            left, right = parts(row, state, seconds.get(row.migration), width - 1)
            mark: Part = ("▸", "key") if number == at else (" ", "")
            drawn = spread(width, [mark, *left], right)
            shown.append(drawn.stylize(style("cursor")) if number == at else drawn)
        if height > 2 and first + height < len(found):
            shown[-1] = line(
                (_("   ↓ {number} more").format(number=words.number(len(found) - first - height + 1)), "quiet")
            )
        if height > 2 and first:
            shown[0] = line((_("   ↑ {number} more").format(number=words.number(first + 1)), "quiet"))
        return Content("\n").join(shown)


class Below(Painted):
    """What is under the cursor, in full; scrolled by page keys where it is longer."""

    def __init__(self, view: View, listed: Rows) -> None:
        super().__init__(view)
        self._listed = listed
        self.first = 0

    def draw(self, cells: Size) -> Content:
        """At most `height` rows from `first` on."""
        row = self._listed.selected()
        if row is None:
            return line()
        width, height = cells
        drawn = detail(self.view, row, width - 2)
        self.first = max(min(self.first, len(drawn) - height), 0)
        shown = drawn[self.first : self.first + height]
        if height > 2 and self.first + height < len(drawn):
            shown[-1] = line(
                (
                    _(" ↓ {number} more lines: page down").format(
                        number=words.number(len(drawn) - self.first - height + 1)
                    ),
                    "quiet",
                )
            )
        if height > 2 and self.first:
            shown[0] = line((_(" ↑ {number} more lines: page up").format(number=words.number(self.first + 1)), "quiet"))
        return Content("\n").join(shown)


class OutlookKeys(Painted):
    """The keys."""

    def draw(self, _cells: Size) -> Content:
        """One row."""
        parts: list[Part] = [(" ", "")]
        for key, label in (("↑ ↓", _("select")), ("pgup pgdn", _("scroll")), ("esc", _("back"))):
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


class OutlookScreen(Dialog):
    """The list above, what is under its cursor below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "scroll_detail(-1)", show=False),
        Binding("pagedown,space", "scroll_detail(1)", show=False),
        Binding("home", "move(-9999)", show=False),
        Binding("end", "move(9999)", show=False),
        Binding("h,q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The answer, the list, the detail, the keys."""
        listed = Rows(self.view, id="listed")
        with Vertical(classes="dialog") as box:
            box.border_title = _("MIGRATIONS")
            yield Answer(self.view)
            yield listed
            yield Below(self.view, listed)
            yield Says(self.view)
            yield OutlookKeys(self.view)

    def action_move(self, steps: int) -> None:
        """Another row; its detail from the top."""
        self.query_one(Rows).move(steps)
        self.query_one(Below).first = 0
        self.show(self.view)

    def action_scroll_detail(self, pages: int) -> None:
        """The detail, a page at a time."""
        below = self.query_one(Below)
        below.first = max(below.first + pages * max(below.size.height - 2, 1), 0)
        self.show(self.view)
