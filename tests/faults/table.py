"""The table of faults: every case counts with its kind, its step and its time; printed when the tests are over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_PROPERTY = "fault"


class Case:
    """One fault at one step."""

    def __init__(self, kind: str, step: str) -> None:
        self.kind = kind
        self.step = step
        self.struck = True

    def void(self) -> None:
        """There is no such step: nothing was struck, and nothing is counted."""
        self.struck = False


class Tally:
    """Counts the cases of one test; they travel with its report, from whichever worker."""

    def __init__(self, node: pytest.Item) -> None:
        self._node = node
        self.count = 0

    @contextmanager
    def case(self, kind: str, step: str) -> Iterator[Case]:
        """A case, passed where its block ends without an error; names itself in the error where it does not."""
        case, began, passed = Case(kind, step), time.monotonic(), False
        try:
            yield case
            passed = True
        except AssertionError as error:
            error.add_note(f"the fault: {case.kind}, at {case.step}")
            raise
        finally:
            if case.struck:
                self.count += 1
                self._node.user_properties.append((_PROPERTY, [kind, passed, time.monotonic() - began]))


def print_table(terminal: pytest.TerminalReporter) -> None:
    """The table of all cases that any worker counted; nothing where there were none."""
    reports = [one for kind in ("passed", "failed") for one in terminal.stats.get(kind, ()) if one.when == "call"]
    found = [value for one in reports for name, value in one.user_properties if name == _PROPERTY]
    if not found:
        return
    terminal.section("fault matrix")
    terminal.write_line(f"{'fault':<52} {'cases':>6} {'passed':>7} {'seconds':>8}")
    kinds = sorted({kind for kind, _, _ in found})
    for kind in [*kinds, ""]:
        those = [(passed, seconds) for one, passed, seconds in found if kind in ("", one)]
        passed, seconds = sum(passed for passed, _ in those), sum(seconds for _, seconds in those)
        terminal.write_line(f"{kind or 'all':<52} {len(those):>6} {passed:>7} {seconds:>8.1f}")
