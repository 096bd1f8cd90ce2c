"""The row that says that this is a replay: whether it plays and how fast, which entry, which time, how far."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from screens import words
from screens.view import Reel
from screens.widgets.painted import Painted, Part, bar, line

_LONG_WAIT = 5.0
"""Seconds until the next entry from which the wait is told: nothing is stuck, and a key leads over it."""
_LEAST_BAR = 8


def stand(reel: Reel) -> Part:
    """What the replay does now, in a glyph and a word."""
    if reel.at_end:
        return (_("● the present") if reel.live else _("■ the end"), "warn" if not reel.live else "good")
    return (
        _("▷ playing {speed}×").format(speed=reel.speed)
        if reel.playing
        else _("‖ paused {speed}×").format(speed=reel.speed),
        "key",
    )


class ReplayBar(Painted):
    """Leaves out the day, then the wait, then the progress where the room is short."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        view, reel = self.view, self.view.reel
        if reel is None:
            return line()
        local = view.now.astimezone(view.zone)
        head: list[Part] = [(_(" REPLAY "), "cap"), (" ", ""), stand(reel)]
        place: list[Part] = [
            (_("  entry "), "quiet"),
            (words.number(reel.shown), "strong"),
            (_(" of {entries}").format(entries=words.number(reel.entries)), "text"),
        ]
        day: list[Part] = [(f"  {words.date(local)} {local.year}", "quiet")]
        time: list[Part] = [(f"  {local:%H:%M:%S}", "strong")]
        wait: list[Part] = []
        if reel.wait is not None and reel.wait >= _LONG_WAIT:
            wait = [(_("  next in "), "quiet"), (words.clock(reel.wait), "text"), (" ", "")]
        tries = ([*day, *time, *wait], [*time, *wait], time)
        for rest in tries:
            row = line(*head, *place, *rest)
            room = cells.width - row.cell_length - 3
            if room >= _LEAST_BAR or rest is tries[-1]:
                break
        return row + line(("  ", ""), *bar(room, reel.done)) if room >= _LEAST_BAR else row
