"""Counters that only grow, as `pg_stat_…` has them: what was gained since the watch began, and lately. Pure.

A counter that is smaller than before was reset: it counts from zero again, and nothing is lost but what came between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from msgspec import Struct

LATELY = 6
"""Steps that count as lately: looks, or for what is rarely called those in which it was called."""


class Gain(Struct, frozen=True):
    """How often, how much of it in all (milliseconds, rows), and over how many seconds."""

    calls: int = 0
    total: float = 0.0
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        """The total a call."""
        return self.total / self.calls if self.calls else 0.0


class _Course:
    def __init__(self, calls: int, total: float, at: float) -> None:
        self.last = (calls, total)
        self.steps: deque[Gain] = deque([Gain(seconds=at)], LATELY + 1)


class Courses:
    """The courses of many counters. `rare`: a look in which nothing was counted is no step of a course."""

    def __init__(self, *, rare: bool) -> None:
        self._rare = rare
        self._courses: dict[str, _Course] = {}
        self._begun = False
        self.reset = False
        """Whether a counter was found smaller than before at the last look."""

    def see(self, counts: Mapping[str, tuple[int, float]], at: float, *, whole: bool = True) -> None:
        """One look, at that second of any clock. `whole`: what is not in it has counted nothing so far.

        The first look is where everything begins; what turns up later began at nothing, unless the looks are not whole.
        """
        self.reset = False
        for key, (calls, total) in counts.items():
            course = self._courses.get(key)
            if course is None:
                from_here = not self._begun or not whole
                course = self._courses[key] = _Course(*((calls, total) if from_here else (0, 0.0)), at)
            self._step(course, calls, total, at)
        self._begun = True

    def _step(self, course: _Course, calls: int, total: float, at: float) -> None:
        before_calls, before_total = course.last
        if calls < before_calls:
            self.reset, before_calls, before_total = True, 0, 0.0
        gained, course.last = calls - before_calls, (calls, total)
        if gained or not self._rare:
            last = course.steps[-1]
            course.steps.append(Gain(last.calls + gained, last.total + max(total - before_total, 0.0), at))

    def since(self, key: str) -> Gain:
        """All that was gained."""
        course = self._courses.get(key)
        return Gain(course.steps[-1].calls, course.steps[-1].total) if course else Gain()

    def lately(self, key: str) -> Gain:
        """What was gained in the last steps."""
        course = self._courses.get(key)
        if course is None:
            return Gain()
        first, last = course.steps[0], course.steps[-1]
        return Gain(last.calls - first.calls, last.total - first.total, last.seconds - first.seconds)

    def busiest(self, limit: int) -> list[str]:
        """The keys whose totals have grown most, those that grew at all."""
        totals = [(course.steps[-1].total, key) for key, course in self._courses.items() if course.steps[-1].calls]
        return [key for _, key in sorted(totals, reverse=True)[:limit]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._courses)
