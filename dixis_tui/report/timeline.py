"""The evening as a picture: rows of planned, predicted and actual phases on one time axis, as inline SVG. Pure.

Each phase has a colour, a pattern and a number, so that it is told apart in black and white as well. Where all that was
done from the go on is a sliver of the plan, a second axis shows it enlarged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from html import escape

from msgspec import Struct

from dixis_tui.i18n import _
from dixis_tui.model import Phase
from dixis_tui.plan.phases import number
from dixis_tui.report import figures, labels
from dixis_tui.report.values import Bar, Facts

__all__ = ["Bar", "described", "draw"]

_WIDTH, _LEFT, _RIGHT = 1000.0, 120.0, 20.0
_HEAD, _ROW, _BAR, _AXIS = 16.0, 40.0, 26.0, 34.0
_LEAST = 3.0
"""Width that even the shortest phase has."""
_TICKS = 8
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_SLIVER = 0.25
"""Of the axis: less than that is shown enlarged."""
_COLOURS = {
    Phase.PREFLIGHT: "#4477aa",
    Phase.BACKUP: "#228833",
    Phase.REHEARSAL: "#66a3c4",
    Phase.BANNER: "#b89b1f",
    Phase.GO: "#888888",
    Phase.MIGRATE: "#aa3377",
    Phase.VERIFY: "#2f8f83",
    Phase.SIGNOFF: "#555566",
    Phase.ROLLBACK: "#cc4444",
}
_MOTIFS = {
    Phase.PREFLIGHT: "",
    Phase.BACKUP: "M0 8L8 0",
    Phase.REHEARSAL: "M4 0V8",
    Phase.BANNER: "M0 4H8",
    Phase.GO: "M4 0V8M0 4H8",
    Phase.MIGRATE: "M0 0L8 8",
    Phase.VERIFY: "M3 3h2v2h-2z",
    Phase.SIGNOFF: "M0 2H8M0 6H8",
    Phase.ROLLBACK: "M0 0L8 8M0 8L8 0",
}


class _Scale(Struct, frozen=True):
    """A time axis across the picture."""

    starts: datetime
    seconds: float

    def x(self, at: datetime) -> float:
        """Where a moment is; what lies outside is at the edge."""
        part = (at - self.starts).total_seconds() / self.seconds
        return _LEFT + min(max(part, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)


def draw(facts: Facts, zone: tzinfo) -> str:
    """A whole `<svg>` element; empty where no phase was begun."""
    rows = _rows(facts)
    if not facts.actual or facts.started is None:
        return ""
    last = facts.last or facts.started
    bars = [bar for _name, found in rows for bar in found]
    scale = _scale(bars, last)
    top = _HEAD + len(rows) * _ROW
    parts = [_window(facts, scale, top)]
    parts.extend(_row(name, found, _HEAD + at * _ROW, scale, last) for at, (name, found) in enumerate(rows))
    parts.append(_axis(scale, top, zone))
    top += _AXIS
    work = _work(facts.actual)
    near = _scale(work, last)
    if near.seconds < _SLIVER * scale.seconds:
        parts.append(_row(_("Enlarged"), work, top, near, last))
        parts.append(_axis(near, top + _ROW, zone))
        top += _ROW + _AXIS
    legend, height = _legend([bar.phase for bar in bars], top + 8)
    parts.append(legend)
    title, desc = escape(_("Planned, predicted and actual phases")), escape(described(facts, zone))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="timeline-title" '
        f'aria-describedby="timeline-desc" '
        f'viewBox="0 0 {_WIDTH:.0f} {height:.0f}" font-size="13">'
        f'<title id="timeline-title">{title}</title><desc id="timeline-desc">{desc}</desc>'
        f"<defs>{_patterns(bars)}</defs>{''.join(parts)}</svg>"
    )


def described(facts: Facts, zone: tzinfo) -> str:
    """The same in words."""
    told = []
    for name, bars in _rows(facts):
        words = ", ".join(_bar_words(bar, facts.last, zone) for bar in bars)
        told.append(f"{name}: {words}.")
    return " ".join(told)


def _bar_words(bar: Bar, last: datetime | None, zone: tzinfo) -> str:
    ends = bar.ends or last or bar.starts
    took = figures.seconds((ends - bar.starts).total_seconds())
    told = _("{phase} from {starts}, {took}").format(
        phase=labels.phase(bar.phase), starts=figures.clock(bar.starts, zone), took=took
    )
    return told if bar.ends else f"{told} {_('(without an end)')}"


def _rows(facts: Facts) -> list[tuple[str, tuple[Bar, ...]]]:
    rows = [(_("Planned"), facts.planned), (_("Predicted"), facts.predicted), (_("Actual"), facts.actual)]
    return [(name, bars) for name, bars in rows if bars]


def _scale(bars: Sequence[Bar], last: datetime) -> _Scale:
    starts = min(bar.starts for bar in bars)
    ends = max(bar.ends or last for bar in bars)
    return _Scale(starts, max((ends - starts).total_seconds(), 0.001))


def _work(bars: Sequence[Bar]) -> Sequence[Bar]:
    """From the last go on, where there was one: what mattered is there."""
    at = max((at for at, bar in enumerate(bars) if bar.phase is Phase.GO), default=0)
    return bars[at:]


def _window(facts: Facts, scale: _Scale, height: float) -> str:
    if facts.window is None:
        return ""
    left, right = (scale.x(at) for at in facts.window)
    if right <= left:
        return ""
    label = escape(_("window"))
    return (
        f'<rect class="window" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{height:.0f}"/>'
        f'<text class="faint" x="{right - 4:.1f}" y="12" font-size="12" text-anchor="end">{label}</text>'
    )


def _row(name: str, bars: Sequence[Bar], top: float, scale: _Scale, last: datetime) -> str:
    middle = top + _ROW / 2
    parts = [
        f'<text x="{_LEFT - 10:.0f}" y="{middle + 5:.0f}" text-anchor="end">{escape(name)}</text>',
        f'<line class="rule" x1="{_LEFT:.0f}" x2="{_WIDTH - _RIGHT:.0f}" y1="{middle:.0f}" y2="{middle:.0f}"/>',
    ]
    for bar in bars:
        left, right = scale.x(bar.starts), scale.x(bar.ends or last)
        width = max(right - left, _LEAST)
        left = min(left, _WIDTH - _RIGHT - width)
        dashed = "" if bar.ends else ' stroke-dasharray="3 2"'
        parts.append(
            f'<rect class="bar" x="{left:.1f}" y="{middle - _BAR / 2:.1f}" width="{width:.1f}" height="{_BAR:.0f}" '
            f'fill="url(#phase-{bar.phase})"{dashed}/>'
        )
        parts.append(_label(bar.phase, left, width, middle))
    return "".join(parts)


def _label(phase: Phase, left: float, width: float, middle: float) -> str:
    """The phase's number in its bar, with its name where there is room; nothing in a sliver."""
    if width < 18:
        return ""
    title = labels.phase(phase)
    words = f"{number(phase)} {title}" if width > 8.5 * (len(title) + 2) + 10 else str(number(phase))
    plate = 7.5 * len(words) + 8
    x = left + width / 2
    return (
        f'<rect class="plate" x="{x - plate / 2:.1f}" y="{middle - 9:.1f}" width="{plate:.1f}" height="18" rx="3"/>'
        f'<text x="{x:.1f}" y="{middle + 4.5:.1f}" text-anchor="middle" font-size="12">{escape(words)}</text>'
    )


def _axis(scale: _Scale, top: float, zone: tzinfo) -> str:
    step = next((step for step in _STEPS if scale.seconds / step <= _TICKS), scale.seconds / _TICKS)
    first = scale.starts.astimezone(zone)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    count = int((first - midnight).total_seconds() // step) + 1
    parts = [f'<line class="axis" x1="{_LEFT:.0f}" x2="{_WIDTH - _RIGHT:.0f}" y1="{top:.0f}" y2="{top:.0f}"/>']
    form = "%H:%M" if step >= 60 else "%H:%M:%S"
    while (at := midnight + timedelta(seconds=count * step)) <= scale.starts + timedelta(seconds=scale.seconds):
        x = scale.x(at)
        told = f"{at:{form}}" + (f"{at.microsecond / 1e6:.1f}"[1:] if step < 1 else "")
        parts.append(
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.0f}" y2="{top + 6:.0f}"/>'
            f'<text class="faint" x="{x:.1f}" y="{top + 21:.0f}" text-anchor="middle" font-size="12">{told}</text>'
        )
        count += 1
    return "".join(parts)


def _patterns(bars: Sequence[Bar]) -> str:
    return "".join(
        f'<pattern id="phase-{phase}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{_COLOURS[phase]}"/>'
        f'<path d="{_MOTIFS[phase]}" stroke="#ffffff" stroke-width="1.4" fill="none"/></pattern>'
        for phase in dict.fromkeys(bar.phase for bar in bars)
    )


def _legend(phases: Sequence[Phase], top: float) -> tuple[str, float]:
    parts = []
    x, y = _LEFT, top
    for phase in sorted(dict.fromkeys(phases), key=number):
        words = f"{number(phase)} {labels.phase(phase)}"
        width = 34 + 8 * len(words)
        if x + width > _WIDTH:
            x, y = _LEFT, y + 26
        parts.append(
            f'<rect class="bar" x="{x:.0f}" y="{y:.0f}" width="20" height="16" fill="url(#phase-{phase})"/>'
            f'<text x="{x + 26:.0f}" y="{y + 13:.0f}">{escape(words)}</text>'
        )
        x += width
    return "".join(parts), y + 26
