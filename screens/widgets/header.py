"""The top row: which system, is it production, which plan. The clock beside it ticks by itself."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from screens import words
from screens.view import Mode, View
from screens.widgets.painted import Painted, Part, spread

NO_PLAN = "–"
_ROOM_FOR_KIND = 76
"""Cells from which a replay's header says of what."""


def environment(view: View) -> str:
    """`■ PRODUCTION`, `◆ DEMO` or `◆ DRILL ON STAGING`: a glyph and a word, beside the band's colour.

    `▷ REPLAY` whatever it was: what happened on production then is nothing that happens there now.
    """
    if view.mode is Mode.REPLAY:
        return _("▷ REPLAY")
    if view.state.run is None:
        return _("○ WAITING")
    if view.state.drill:
        return _("◆ DRILL ON STAGING")
    if view.state.many:
        return _("■ FLEET")
    return _("◆ DEMO") if view.demo else _("■ PRODUCTION")


def kind(view: View) -> str:
    """What a replayed run was about, in words: no glyph of production's."""
    if view.state.drill:
        return _("a drill on staging")
    if view.state.many:
        return _("a fleet")
    return _("a demo") if view.demo else _("production")


def target(view: View) -> str:
    """`dixis_prod @ db.dixis.example:5432`, from what the server said or, before that, from the URL."""
    identity, run = view.state.identity, view.state.run
    if identity:
        return f"{identity.database} @ {identity.host}:{identity.port}"
    return run.target if run else ""


class _Band(Painted):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"text", "strong", "quiet", "mark"}


class Header(_Band):
    """Gives up its own name, the system's, the server's version and then the target's end where the room is short.

    The name may be Greek, whose letters some terminals draw two cells wide: nothing stands behind it.
    """

    def draw(self, cells: Size) -> Content:
        """One row."""
        width = cells.width
        state = self.view.state
        name = state.run.name if state.run else ""
        place = target(self.view)
        plan = state.plan.hash if state.plan else NO_PLAN
        sealed: list[Part] = [(_(" plan "), "quiet"), (plan, "strong")]
        server: list[Part] = [(f"  PostgreSQL {state.identity.version} ", "quiet")] if state.identity else []
        mark: list[Part] = [(f" {environment(self.view)}", "mark")]
        if self.view.mode is Mode.REPLAY and width >= _ROOM_FOR_KIND:
            mark.append((_(" of {kind}").format(kind=kind(self.view)), "text"))
        brand: list[Part] = [("  DIXIS", "strong")]
        titled: list[Part] = [(f"  {name}", "strong")] if name else []
        tries = (
            [*mark, *brand, (f"  {place} ", "text"), *server, *sealed, *titled],
            [*mark, (f"  {place} ", "text"), *server, *sealed, *titled],
            [*mark, (f"  {place} ", "text"), *server, *sealed],
            [*mark, (f"  {place} ", "text"), *sealed],
            [*mark, (f" {place}", "text"), *sealed],
        )
        # A cell stays free: what follows is the time of day.
        fitting = next((parts for parts in tries if _length(parts) < width), None)
        if fitting is None:
            room = width - _length([*mark, *sealed]) - 2
            fitting = [*mark, (f" {words.cut(place, max(room, 8))}", "text"), *sealed]
        return spread(width, fitting)


def _length(parts: list[Part]) -> int:
    return sum(len(text) for text, _ in parts)


class WallClock(_Band):
    """Local date and time with the city, as everyone in the room reads it."""

    def draw(self, cells: Size) -> Content:
        """`Wed 25 Nov  22:51:07 Athens`; without the date where the row is short."""
        width = cells.width
        local = self.view.now.astimezone(self.view.zone)
        run = self.view.state.run
        city = words.city(run.timezone) if run else "UTC"
        day = f"{words.date(local)}  " if width >= 20 + len(city) + 3 else ""
        return spread(width, [], [(day, "quiet"), (f"{local:%H:%M:%S}", "strong"), (f" {city} ", "quiet")])
