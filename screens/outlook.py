"""MIGRATIONS: for each pending file how it will run, what it may do, what it is predicted to take, and what it took."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.run.state import MigrationView
from dixis_tui.standing import MigrationStanding, Standing
from screens import words
from screens.dialog import Dialog
from screens.outlook_detail import detail
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, line, spread, style

SEVERITY = {
    Severity.DANGER: ("✖", "bad"),
    Severity.WARNING: ("▲", "warn"),
    Severity.NOTICE: ("·", "quiet"),
}
_UNSOUND = (Standing.APPLIED, Standing.PENDING)


class Row(Struct, frozen=True):
    """A row of the list: a migration of this run, a hazard of it, or a migration whose history is not sound."""

    migration: str
    view: MigrationView | None = None
    hazard: Hazard | None = None
    standing: MigrationStanding | None = None


def rows(view: View) -> list[Row]:
    """What is not as it should be in the history first, then tonight's migrations with their hazards."""
    state = view.state
    found: list[Row] = []
    for standing in state.truth.migrations if state.truth else ():
        if standing.standing not in _UNSOUND:
            found.append(Row(standing.name, standing=standing))
    for name, migration in state.migrations.items():
        found.append(Row(name, view=migration))
        found += [Row(name, hazard=hazard) for hazard in state.hazards if hazard.migration == name]
    return found


def summary(view: View) -> tuple[str, str]:
    """The answer in one sentence: what tonight will take, or took, and what stands against it."""
    state = view.state
    found = state.prediction
    taken = [one.seconds for one in state.migrations.values() if one.seconds is not None]
    if found is None or not found.rehearsed:
        words_ = "Not rehearsed: the runbook gives the migration 2 to 5 minutes"
    else:
        span = f"{words.duration(found.low)} to {words.duration(found.high)}"
        words_ = f"Predicted {words.duration(found.seconds)} ({span})"
        if found.learned_from:
            words_ += f", learned from {words.count(found.learned_from, 'run')}"
    if taken and len(taken) == len(state.migrations):
        words_ = f"Took {words.duration(sum(taken))}. {words_}"
    standing = [one for one in state.hazards if not one.suppressed]
    dangers = [one for one in standing if one.severity is Severity.DANGER]
    harmful = [one for one in dangers if not one.blocks]
    told = words.count(len(harmful), "danger") if harmful else "no danger"
    if waits := len(dangers) - len(harmful):
        told += f", {waits} {'makes' if waits == 1 else 'make'} others wait"
    return f"{words_} · {told}", "bad" if harmful else "text"


class Answer(Painted):
    """The first line."""

    def draw(self, cells: Size) -> Content:
        """One sentence."""
        text, tone = summary(self.view)
        return spread(cells.width, [(f" {text}", tone)]).stylize(".title")


class Rows(Painted):
    """The list, scrolled so that the cursor is in sight."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self.at = 0

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        width, height = cells
        found = rows(self.view)
        if not found:
            return line((" ○ Nothing is pending, or preflight has not looked yet.", "quiet"))
        self.at = min(self.at, len(found) - 1)
        first = min(max(self.at - height // 2, 0), max(len(found) - height, 0))
        shown = []
        for number, row in enumerate(found[first : first + height], first):
            drawn = spread(width, *self._parts(row, width))
            shown.append(drawn.stylize(style("cursor")) if number == self.at else drawn)
        return Content("\n").join(shown)

    def _parts(self, row: Row, width: int) -> tuple[list[Part], list[Part]]:
        if row.standing:
            right: list[Part] = [(f"{row.standing.standing} ", "bad")]
            return [(" ✖ ", "bad"), (row.migration, "text")], right
        if row.hazard:
            glyph, tone = SEVERITY[row.hazard.severity]
            if row.hazard.suppressed:
                glyph, tone = "●", "quiet"
            where: list[Part] = [(f"    {glyph} ", tone), (f"line {row.hazard.line} ", "quiet")]
            return [*where, (row.hazard.title, "text")], [(f"{row.hazard.code} ", "quiet")] if width >= 70 else []
        return self._migration(row)

    def _migration(self, row: Row) -> tuple[list[Part], list[Part]]:
        state, migration = self.view.state, row.view
        how = next((one for one in state.forecasts if one.migration == row.migration), None)
        predicted = _predicted(self.view, row.migration)
        right: list[Part] = []
        if migration and migration.seconds is not None:
            right.append((f"took {words.duration(migration.seconds)}, ", "strong"))
        if predicted is not None:
            right.append((f"predicted {words.duration(predicted)} ", "text"))
        elif how:
            right.append((f"{how.execution} ", "quiet"))
        kind = migration.state if migration else None
        glyph = words.MIGRATION_GLYPHS[kind] if kind else "○"
        tone = words.MIGRATION_TONES[kind] if kind else "quiet"
        return [(f" {glyph} ", tone), (row.migration, "strong")], right


def _predicted(view: View, name: str) -> float | None:
    found = view.state.prediction
    if found is None or not found.rehearsed:
        return None
    seconds = [one.seconds for one in found.statements if one.migration == name]
    return sum(seconds) if seconds else None


class Below(Painted):
    """What is under the cursor, in full; scrolled by page keys where it is longer."""

    def __init__(self, view: View, listed: Rows) -> None:
        super().__init__(view)
        self._listed = listed
        self.first = 0

    def draw(self, cells: Size) -> Content:
        """At most `height` rows from `first` on."""
        found = rows(self.view)
        if not found:
            return line()
        width, height = cells
        drawn = detail(self.view, found[min(self._listed.at, len(found) - 1)], width - 2)
        self.first = max(min(self.first, len(drawn) - height), 0)
        shown = drawn[self.first : self.first + height]
        if self.first + height < len(drawn):
            shown[-1] = line((f" ↓ {len(drawn) - self.first - height + 1} more lines: page down", "quiet"))
        return Content("\n").join(shown)


class OutlookKeys(Painted):
    """The keys."""

    def draw(self, _: Size) -> Content:
        """One row."""
        parts: list[Part] = [(" ", "")]
        for key, label in (("↑ ↓", "select"), ("pgup pgdn", "scroll"), ("esc", "back")):
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
            box.border_title = "MIGRATIONS"
            yield Answer(self.view)
            yield listed
            yield Below(self.view, listed)
            yield Says(self.view)
            yield OutlookKeys(self.view)

    def action_move(self, steps: int) -> None:
        """Another row; its detail from the top."""
        listed = self.query_one(Rows)
        listed.at = max(min(listed.at + steps, len(rows(self.view)) - 1), 0)
        self.query_one(Below).first = 0
        self.show(self.view)

    def action_scroll_detail(self, pages: int) -> None:
        """The detail, a page at a time."""
        below = self.query_one(Below)
        below.first = max(below.first + pages * max(below.size.height - 1, 1), 0)
        self.show(self.view)
