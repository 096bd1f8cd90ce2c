"""The evening as a row of phases: planned, predicted and actual durations, and where "now" is."""

from __future__ import annotations

from msgspec import Struct
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import N_, _
from dixis_tui.model import Phase, PhaseState
from dixis_tui.plan import phases
from dixis_tui.run import policy
from screens import words
from screens.spots import phase_mark, phase_state
from screens.view import View
from screens.widgets.painted import Painted, Part, line

_SHORT = {Phase.GO: N_("Go")}
_WITH_PLAN = 5
"""Rows from which planned durations have a row of their own."""


class Segment(Struct, frozen=True):
    """One phase of the row: its width in cells, how far it is (0 to 1), and its words."""

    name: str
    width: int
    fraction: float
    tone: str
    planned: str
    actual: str
    actual_tone: str


def expected(view: View, phase: Phase) -> float:
    """Seconds that a phase is going to take: rehearsed where it was, else the runbook's plan."""
    predicted = view.state.predicted_seconds
    if phase is Phase.MIGRATE and predicted is not None:
        return predicted
    return phases.PLANNED_SECONDS[phase]


def segments(view: View, width: int) -> list[Segment]:
    """The eight phases in `width` cells: a name's width each at least, the rest by planned duration."""
    names = {phase: _(_SHORT[phase]) if phase in _SHORT else words.phase(phase) for phase in phases.ORDER}
    least = {phase: max(len(name), 6) + 1 for phase, name in names.items()}
    spare = max(width - sum(least.values()), 0)
    total = sum(phases.PLANNED_SECONDS[phase] for phase in phases.ORDER)
    return [
        _segment(view, phase, name, least[phase] + int(spare * phases.PLANNED_SECONDS[phase] / total))
        for phase, name in names.items()
    ]


def _segment(view: View, phase: Phase, name: str, width: int) -> Segment:
    state = phase_state(view.state, phase)
    own = view.state.phase(phase)
    planned = words.minutes(phases.PLANNED_SECONDS[phase])
    fraction, actual, tone = 0.0, "", phase_mark(view, phase).tone if state is not PhaseState.WAITING else "quiet"
    if state is PhaseState.RUNNING:
        elapsed = view.elapsed(own.started)
        fraction, actual = min(elapsed / expected(view, phase), 0.98), words.minutes(int(elapsed))
    elif state in (PhaseState.PASSED, PhaseState.FAILED):
        fraction, actual = 1.0, words.duration(own.seconds).replace(" ", "") if own.seconds else "✔"
    elif own.attempts:
        fraction, tone, actual = 1.0, "quiet", words.duration(own.seconds).replace(" ", "")
    elif phase is Phase.MIGRATE and view.state.predicted_seconds is not None:
        actual, tone = "~" + words.duration(view.state.predicted_seconds).replace(" ", ""), "quiet"
    if actual == "✔" and state is PhaseState.FAILED:
        actual = "✖"
    return Segment(name, width, fraction, tone, planned, words.cut(actual, width - 1), tone)


class Timeline(Painted):
    """Three rows (bar, names, actual), with five also planned durations and the mark of now."""

    def draw(self, cells: Size) -> Content:
        """As many rows as there is room for."""
        width, height = cells
        found = segments(self.view, width - 10)
        rows = [self._bar(found), self._names(found)]
        if height >= _WITH_PLAN:
            rows.insert(0, self._now(found))
            rows.append(_row([(segment.planned, "quiet", segment.width) for segment in found], _("planned")))
        rows.append(_row([(segment.actual, segment.actual_tone, segment.width) for segment in found], _("actual")))
        return Content("\n").join(rows[:height])

    def _at(self, found: list[Segment]) -> int:
        """Cells from the left to now: in the phase that runs, or at the beginning of the one that waits."""
        current = policy.current_phase(self.view.state)
        at = 0
        for phase, segment in zip(phases.ORDER, found, strict=True):
            if phase is current or (current is Phase.ROLLBACK and phase is Phase.VERIFY):
                return at + (int((segment.width - 1) * segment.fraction) if self.view.state.running else 0)
            at += segment.width
        return at

    def _now(self, found: list[Segment]) -> Content:
        at = self._at(found)
        return line((" " * (at + 1), ""), (_("▼ now") if not self.view.state.ended else "", "key"))

    def _bar(self, found: list[Segment]) -> Content:
        parts: list[Part] = [(" ", "")]
        for segment in found:
            room = segment.width - 1
            done = min(max(int(room * segment.fraction), 1 if segment.fraction else 0), room)
            parts += [("━" * done, segment.tone), ("─" * (room - done), "faint"), (" ", "")]
        return line(*parts)

    def _names(self, found: list[Segment]) -> Content:
        current = policy.current_phase(self.view.state)
        parts = []
        for phase, segment in zip(phases.ORDER, found, strict=True):
            look = (
                "strong" if phase is current and not self.view.state.ended else "text" if segment.fraction else "quiet"
            )
            parts.append((segment.name, look, segment.width))
        return _row(parts, "")


def _row(cells: list[tuple[str, str, int]], name: str) -> Content:
    parts: list[Part] = [(" ", "")]
    for text, look, width in cells:
        parts.append((words.fill(text, width), look))
    return line(*parts, (name, "quiet"))
