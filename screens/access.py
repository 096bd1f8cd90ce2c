"""ACCESS: who was connected to production during the run, and who of them nobody expected."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.access import SessionSeen
from dixis_tui.i18n import _, ngettext
from screens import words
from screens.dialog import Dialog
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, line, spread, style, wrapped

_WORD, _TIMES = 10, 13
_ROOMY = 100
"""Columns from which user and address have more room."""


def listed(view: View) -> list[SessionSeen]:
    """Unknown ones first, then those that were expected, then ours; each in the order of the first look."""
    return sorted(view.state.access, key=lambda one: (one.ours, not one.unknown))


def summary(view: View) -> tuple[str, str]:
    """The answer in a sentence, and its tone."""
    found = view.state.access
    if not found:
        return _("Nobody has looked yet who is connected."), "quiet"
    strange = sum(one.unknown for one in found)
    others = sum(not one.ours for one in found)
    if strange:
        text = ngettext(
            "{count} kind of connection is unknown: nobody named it in access.known.",
            "{count} kinds of connection are unknown: nobody named them in access.known.",
            strange,
        )
        return text.format(count=words.number(strange)), "warn"
    if not others:
        return _("Nobody but this run was connected."), "good"
    text = ngettext("{count} kind of connection, expected.", "{count} kinds of connection, all expected.", others)
    return text.format(count=words.number(others)), "good"


def standing(one: SessionSeen) -> tuple[str, str, str]:
    """Glyph, word and tone of a row."""
    if one.ours:
        return "·", _("ours"), "quiet"
    return ("▲", _("unknown"), "warn") if one.unknown else ("✔", _("known"), "good")


def place(one: SessionSeen) -> str:
    """Its address, or why there is none."""
    return one.address or (_("hidden") if one.hidden else _("local"))


class Answer(Painted):
    """The answer; what this role may not see is said below it."""

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        text, tone = summary(self.view)
        glyph = {"warn": "▲", "good": "✔"}.get(tone, "○")
        told = wrapped(text, cells.width - 4)
        rows = [line((f" {' ' if at else glyph} {part}", tone)).stylize(".title") for at, part in enumerate(told)]
        if any(one.hidden for one in self.view.state.access):
            said = _("This role may not see addresses: grant it pg_monitor.")
            rows += [line((f"   {part}", "warn")) for part in wrapped(said, cells.width - 4)]
        return Content("\n").join(rows[: cells.height])


class Rows(Painted):
    """The table, scrolled so that the cursor is in sight."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self._at = 0

    def selected(self) -> SessionSeen | None:
        """The row under the cursor."""
        found = listed(self.view)
        return found[min(self._at, len(found) - 1)] if found else None

    def move(self, steps: int) -> None:
        """Another row."""
        self._at = max(min(self._at + steps, len(self.view.state.access) - 1), 0)

    def draw(self, cells: Size) -> Content:
        """At most `height` rows, the first a heading; where there are more, it says how many."""
        width, height = cells
        found, room = listed(self.view), max(height - 1, 1)
        if not found:
            return line()
        at = max(min(self._at, len(found) - 1), 0)
        first = min(max(at - room // 2, 0), max(len(found) - room, 0))
        shown = [
            self._row(one, width, here=number == at) for number, one in enumerate(found[first : first + room], first)
        ]
        below = len(found) - first - room
        if below > 0:
            shown[-1] = line(("   " + _("↓ {number} more").format(number=words.number(below + 1)), "quiet"))
        elif self.view.state.access_more and len(shown) < room:
            shown.append(line(("   " + _("and more than have room in this list"), "quiet")))
        if first:
            shown[0] = line(("   " + _("↑ {number} more").format(number=words.number(first + 1)), "quiet"))
        return Content("\n").join([self._heading(width), *shown])

    def _heading(self, width: int) -> Content:
        user, address = _columns(width)
        left = "   " + _fill(_("who"), _WORD) + _fill(_("user"), user) + _fill(_("address"), address) + _("application")
        return spread(width, [(left, "quiet")], [(_fill(_("first–last"), _TIMES) + _fill(_("most"), 5), "quiet")])

    def _row(self, one: SessionSeen, width: int, *, here: bool) -> Content:
        glyph, word, tone = standing(one)
        look = "quiet" if one.ours else "text"
        user, address = _columns(width)
        parts: list[Part] = [
            ("▸" if here else " ", "key" if here else ""),
            (f"{glyph} ", tone),
            (_fill(word, _WORD), tone),
            (_fill(one.user or "–", user), look),
            (_fill(place(one), address), look),
            (one.application or "–", look),
        ]
        times = f"{self.view.at(one.first)}–{self.view.at(one.last)}"
        drawn = spread(width, parts, [(_fill(times, _TIMES), look), (f"{one.count:>4} ", look)])
        return drawn.stylize(style("cursor")) if here else drawn


def _columns(width: int) -> tuple[int, int]:
    """Cells of user and address."""
    return (20, 28) if width >= _ROOMY else (13, 16)


def _fill(text: str, width: int) -> str:
    return set_cell_size(words.cut(text, width - 1), width)


class Below(Painted):
    """What is under the cursor, in full."""

    def __init__(self, view: View, table: Rows) -> None:
        super().__init__(view)
        self._table = table

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        one = self._table.selected()
        if one is None:
            return line()
        seen = _(
            "{user} from {address} as {application}: first seen {first}, last seen {last}, at most {count} at once."
        )
        told = seen.format(
            user=one.user or "–",
            address=place(one),
            application=one.application or "–",
            first=self.view.at(one.first, seconds=True),
            last=self.view.at(one.last, seconds=True),
            count=one.count,
        )
        rows = [line((f" {part}", "text")) for part in wrapped(told, cells.width - 2)]
        rows += [line((f" {part}", "quiet")) for part in wrapped(_meaning(one), cells.width - 2)]
        return Content("\n").join(rows[: cells.height])


def _meaning(one: SessionSeen) -> str:
    if one.ours:
        return _("This run's own: it bears our name, is of our role, and comes from where we are.")
    if one.known:
        return _("A pattern of access.known in dixis.toml expects it.")
    return _("Ask who that is. Where it belongs here, name it in access.known of dixis.toml.")


class AccessKeys(Painted):
    """The keys."""

    def draw(self, _cells: Size) -> Content:
        """One row."""
        parts: list[Part] = [(" ", "")]
        for key, label in (("↑ ↓", _("select")), ("esc", _("back"))):
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


class AccessScreen(Dialog):
    """The answer, the table, what is under its cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown,space", "move(8)", show=False),
        Binding("home", "move(-9999)", show=False),
        Binding("end", "move(9999)", show=False),
        Binding("u,q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The answer, the table, the detail, the keys."""
        table = Rows(self.view, id="table")
        with Vertical(classes="dialog") as box:
            box.border_title = _("ACCESS")
            yield Answer(self.view)
            yield table
            yield Below(self.view, table)
            yield Says(self.view)
            yield AccessKeys(self.view)

    def action_move(self, steps: int) -> None:
        """Another row."""
        self.query_one(Rows).move(steps)
        self.show(self.view)
