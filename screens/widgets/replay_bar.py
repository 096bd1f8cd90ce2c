"""The row that says that this is a replay: whether it plays and how fast, which entry, which time, how far."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from screens import words
from screens.view import Reel
from screens.widgets.painted import Painted, Part, bar, line

_LONG_WAIT = 5.0
"""Seconds until the next entry from which the wait is told: nothing is stuck, and a key leads over it."""
_LEAST_BAR = 8


def stand(reel: Reel) -> Part:
    """What the replay does now, in a glyph and a word."""
    if reel.at_end:
        return ("● the present" if reel.live else "■ the end", "warn" if not reel.live else "good")
    return (f"▷ playing {reel.speed}×" if reel.playing else f"‖ paused {reel.speed}×", "key")


class ReplayBar(Painted):
    """Leaves out the day, then the wait, then the progress where the room is short."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        view, reel = self.view, self.view.reel
        if reel is None:
            return line()
        local = view.now.astimezone(view.zone)
        head: list[Part] = [(" REPLAY ", "cap"), (" ", ""), stand(reel)]
        place: list[Part] = [("  entry ", "quiet"), (f"{reel.shown:,}", "strong"), (f" of {reel.entries:,}", "text")]
        day: list[Part] = [(f"  {local:%a} {local.day} {local:%b} {local:%Y}", "quiet")]
        time: list[Part] = [(f"  {local:%H:%M:%S}", "strong")]
        wait: list[Part] = []
        if reel.wait is not None and reel.wait >= _LONG_WAIT:
            wait = [("  next in ", "quiet"), (words.clock(reel.wait), "text"), (" ", "")]
        tries = ([*day, *time, *wait], [*time, *wait], time)
        for rest in tries:
            row = line(*head, *place, *rest)
            room = cells.width - row.cell_length - 3
            if room >= _LEAST_BAR or rest is tries[-1]:
                break
        return row + line(("  ", ""), *bar(room, reel.done)) if room >= _LEAST_BAR else row
