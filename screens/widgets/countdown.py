"""One row: how long until the window, or what is left of it; what is predicted; how long the way back takes."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from dixis_tui.model import Phase
from dixis_tui.plan import phases
from screens import words
from screens.clock_words import by_words, deciding, likely_way, way_seconds
from screens.view import View
from screens.widgets.painted import Painted, Part, line


def window_words(view: View) -> tuple[Part, Part]:
    """The countdown itself, and the window it belongs to."""
    run = view.state.run
    if run is None or run.window_opens is None or run.window_closes is None:
        return (_("no window agreed"), "warn"), ("", "")
    opens, closes = run.window_opens, run.window_closes
    span = _("window {opens}–{closes}").format(opens=view.at(opens), closes=view.at(closes))
    days = (opens.astimezone(view.zone).date() - view.now.astimezone(view.zone).date()).days
    if days:
        span += _(" on {date}").format(date=words.date(opens.astimezone(view.zone)))
    if view.now < opens:
        return (f"T − {words.clock((opens - view.now).total_seconds())}", "strong"), (span, "text")
    left = (closes - view.now).total_seconds()
    if left > 0:
        tone = "warn" if left < _needed(view) else "good"
        return (_("window open, {left} left").format(left=words.clock(left)), tone), (
            _("until {time}").format(time=view.at(closes)),
            "quiet",
        )
    return (_("window over since {time}").format(time=view.at(closes)), "bad"), ("", "")


def _needed(view: View) -> float:
    return predicted_seconds(view) + way_back_seconds(view)


def predicted_seconds(view: View) -> float:
    """What the migration is expected to take: rehearsed, else the runbook's plan."""
    predicted = view.state.predicted_seconds
    return predicted if predicted is not None else phases.PLANNED_SECONDS[Phase.MIGRATE]


def span_words(view: View) -> str:
    """` (5.6 to 16 s)`: the range of the prediction; empty where nothing was rehearsed."""
    found = view.state.prediction
    return f" ({words.between(found.low, found.high)})" if found and found.rehearsed else ""


def way_back_seconds(view: View) -> float:
    """What the way back is expected to take: measured, else the runbook's plan."""
    return way_seconds(view.state, likely_way(view.state))[0]


class Countdown(Painted):
    """Words first, numbers aligned; the parts that don't fit are left out from the right."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        width = cells.width
        view = self.view
        countdown, span = window_words(view)
        gap = "    " if width >= 86 else "  "
        head = line((" ", ""), countdown)
        until = line((gap, ""), span) if span[0] else line()
        back = line((gap + _("way back "), "quiet"), (_way_back(view), "text"))
        if found := deciding(view):
            by = line((gap, ""), by_words(view, found))
            tries = [head + until + back + by, head + back + by, head + by, line((" ", ""), by_words(view, found))]
        else:
            predicted = view.state.predicted_seconds
            forecast = words.duration(predicted) if predicted is not None else _("not rehearsed")
            rest = line((gap + _("predicted "), "quiet"), (forecast, "text")) + back
            longer = line((gap + _("predicted "), "quiet"), (f"{forecast}{span_words(view)}", "text")) + back
            # The range and the way back matter more than the clock time that the countdown says already.
            tries = [head + until + longer, head + longer, head + until + rest, head + rest, head + until]
        return next((found for found in tries if found.cell_length <= width), head)


def _way_back(view: View) -> str:
    state = view.state
    if state.backup is None:
        return _("by snapshot, not proven") if state.snapshot else _("no backup")
    seconds, measured = way_seconds(state, likely_way(state))
    return words.duration(seconds) if measured else _("not proven")
