"""kill -9 of the runner at every step of its journal: before the line, and at its flush, before and after."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import pytest

from dixis_tui.model import Phase
from dixis_tui.run.spawn import resume
from tests.faults.conftest import Evenings
from tests.faults.evening import OPERATOR, Evening
from tests.faults.steps import BEFORE_GO, HELD, HELD_FLUSHED, at, struck
from tests.faults.strike import Trap, gone
from tests.faults.table import Tally
from tests.run.conftest import Hand
from tests.thorough import some, steps
from tests.waiting import until

MOMENTS = {
    "runner: kill -9 before the line": "write:signal=KILL",
    "runner: kill -9 before the flush": "fsync:signal=KILL",
    "runner: kill -9 after the flush": HELD_FLUSHED,
}
PARTS = 3
HALF = dict(zip(MOMENTS, [(2, 4, 5), (1, 3, 5), (2, 4, 6)], strict=True))
"""Of six steps those that are taken by default.

Of the lines: where a migration begins, where its statement has run, where it was committed and nothing tells of it.
A flush is struck before it and after it by turns: what a process has written outlives it either way.
"""
BEFORE = list(MOMENTS)[:2]
"""After a flush is before the next line."""
UNFLUSHED = (b'"statement_started"', b'"statement_ended"', b'"migration_ended"', b'"progress"', b'"running"')
"""In the lines that are written without a flush of their own."""


@pytest.mark.parametrize("moment", BEFORE)
@pytest.mark.parametrize("phase", BEFORE_GO)
def test_at_every_step_before_the_phrase(evening: Evenings, tally: Tally, moment: str, phase: Phase) -> None:
    """One evening that dies at each step in turn: it is taken up again each time, and comes to its right end."""
    night = evening()
    night.begin()
    lines = MOMENTS[moment].startswith("write")
    for step in steps(6, 1) if lines else steps(4, 2):
        with tally.case(moment, f"{phase} {step}") as case:
            if not struck(night, phase, at(MOMENTS[moment], step), Trap.kill):
                case.void()
                break
            night.hold_dead()
            night.recover()
    assert tally.count > 1
    night.finish()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("part", range(PARTS))
def test_at_every_step_after_the_phrase(evening: Evenings, tally: Tally, moment: str, part: int) -> None:
    """An evening of its own for each step: what had begun on production is found out, and the rest is done, once.

    By default half of the lines, and each flush once.
    """
    for step in steps(6, HALF[moment][part], whole=(1 + part, PARTS)):
        with tally.case(moment, f"after the phrase, {step}") as case:
            night = evening(short=True)
            night.begin()
            if not struck(night, Phase.MIGRATE, at(MOMENTS[moment], step), Trap.kill):
                case.void()
                break
            night.hold_dead()
            night.recover()
            night.finish()
    assert tally.count > 2


@pytest.mark.parametrize("moment", some(MOMENTS, ["runner: kill -9 before the line"]))
def test_at_every_step_of_one_migration_evening(evening: Evenings, tally: Tally, moment: str) -> None:
    """One evening that dies again and again while it migrates: each time it goes on from where it had come to."""
    night = evening()
    night.begin()
    for step in count(1):
        with tally.case(f"{moment}, again and again", f"after the phrase, {step}") as case:
            if not night.pending() or not struck(night, Phase.MIGRATE, at(MOMENTS[moment], step), Trap.kill):
                case.void()
                break
            night.hold_dead()
            night.recover()
    assert tally.count > 3
    night.finish()


@pytest.mark.parametrize("moment", some(MOMENTS, list(MOMENTS)[::2]))
def test_at_every_step_of_the_sign_off(evening: Evenings, tally: Tally, moment: str) -> None:
    """A run that died in its last step is signed off again; one whose last line stands has ended."""
    night = evening(short=True)
    night.begin()
    for step in count(1):
        with tally.case(moment, f"sign-off {step}") as case:
            if night.hand.look().ended or not struck(night, Phase.SIGNOFF, at(MOMENTS[moment], step), Trap.kill):
                case.void()
                break
            if not night.hand.look().ended:
                night.hold_dead()
                night.recover()
    assert tally.count >= 3
    night.finish()


def test_a_last_line_that_a_power_cut_halved(evening: Evenings, tally: Tally) -> None:
    """What was not flushed may be lost from any byte on: the journal is read up to its last whole entry."""
    for step in count(1, 4):
        with tally.case("machine: power cut in mid-line", f"after the phrase, {step}") as case:
            night = evening(short=True)
            night.begin()
            if not struck(night, Phase.MIGRATE, at("fsync:signal=KILL", step), Trap.kill):
                case.void()
                break
            lost = cut_what_was_not_flushed(night.journal)
            night.hand = Hand(night.hand.folder)  # whoever had read more is as dead as the machine
            night.hold_dead()
            resumed = night.recover().resumed
            assert resumed is not None
            assert resumed.cut_bytes == lost
            night.finish()
    assert tally.count > 3


def cut_what_was_not_flushed(journal: Path) -> int:
    """Halve the first line since the last flush, and lose all after it; the bytes of it that are left."""
    *lines, last = journal.read_bytes().splitlines(keepends=True)
    while any(mark in lines[-1] for mark in UNFLUSHED):
        last = lines.pop()
    left = last[: len(last) // 2]
    journal.write_bytes(b"".join([*lines, left]))
    return len(left)


def died_looking(night: Evening) -> bool:
    """Take the run up; whether that runner died before it had said what it found."""
    before = night.hand.look().recovery_at
    pid = resume(night.hand.folder, night.settings, night.secrets, OPERATOR)._process.pid
    until(lambda: gone(pid) or night.hand.look().recovery_at not in (None, before), 30, "its death or its look")
    return gone(pid)


def test_a_runner_killed_in_its_first_look(
    evening: Evenings, tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes a run up may die of it as well, at each of its own steps: the next one looks anew."""
    night = evening(short=True)
    night.begin()
    assert struck(night, Phase.MIGRATE, at(HELD, 9), Trap.kill)
    for step in count(1):
        words = f"-D -f -o /dev/null -P {night.journal} -e trace=write -e inject=write:signal=KILL:when={step}"
        wrapped = tmp_path / "python"
        wrapped.write_text(f'#!/bin/sh\nexec strace {words} {sys.executable} "$@"\n')
        wrapped.chmod(0o755)
        with tally.case("runner: kill -9 in its first look", f"recovery {step}") as case:
            with monkeypatch.context() as patched:
                patched.setattr(sys, "executable", str(wrapped))
                died = died_looking(night)
            if not died:
                case.void()
                break
            night.hold_dead()
    night.recovered()
    assert tally.count > 2
    night.finish()
