"""The clock of the runner's machine jumps by an hour, forth or back, while it stands at a step of its journal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState
from dixis_tui.run.journal import read
from dixis_tui.settings import Settings
from tests.faults.conftest import Evenings
from tests.faults.evening import Evening
from tests.faults.steps import HELD, at, struck
from tests.faults.table import Tally
from tests.run.conftest import settings_for
from tests.thorough import steps

JUMPS = (3600, 0, -3600, 0)
"""Seconds from the true time, one after the other: each is an hour away from the one before."""


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with the seconds by which the runner's clock is off, and only its: the server has the true time."""
    file = tmp_path / "offset"
    file.write_text("0")
    script = Path(__file__).with_name("jumping.py")
    wrapped = tmp_path / "python"
    wrapped.write_text(f"#!/bin/sh\nCLOCK_OFFSET={file} exec {sys.executable} -P {script}\n")
    wrapped.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapped))
    return file


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a window that an hour more or less does not leave."""
    opened = settings_for(Path(settings.root), opens_in=timedelta(hours=-10)).window
    return replace(settings, window=replace(opened, minutes=20 * 60))


def hold_durations(night: Evening) -> None:
    """What took how long is not told by a clock that jumps."""
    for entry in read(night.journal):
        if isinstance(entry.event, ev.PhaseEnded | ev.MigrationEnded):
            assert 0 <= entry.event.seconds < 60, entry.event


@pytest.mark.parametrize("phase", [Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.GO])
def test_before_the_phrase(evening: Evenings, tally: Tally, clock: Path, phase: Phase) -> None:
    """A jump ends no phase: the same evening goes on."""
    night = evening()
    night.begin()
    jumps = cycle(JUMPS)
    for step in steps(9):
        jump = next(jumps)
        with tally.case("clock: a jump of an hour", f"{phase} {step}, to {jump}") as case:
            if not struck(night, phase, at(HELD, step), lambda _, jump=jump: clock.write_text(str(jump))):
                case.void()
                break
            state = night.hand.look()
            assert state.phase(phase).state is PhaseState.PASSED, state.phase(phase).reason
            night.hold_against_the_database()
    clock.write_text("0")
    hold_durations(night)
    night.finish()


@pytest.mark.parametrize("jump", [3600, -3600])
def test_after_the_phrase(evening: Evenings, tally: Tally, clock: Path, jump: int) -> None:
    """Nor does it end a migration, or say that it took an hour."""
    for step in steps(9, 1 if jump > 0 else 5):
        clock.write_text("0")
        with tally.case("clock: a jump of an hour", f"after the phrase, {step}, to {jump}") as case:
            night = evening(short=True)
            night.begin()
            if not struck(night, Phase.MIGRATE, at(HELD, step), lambda _: clock.write_text(str(jump))):
                case.void()
                break
            assert night.hand.look().phase(Phase.MIGRATE).state is PhaseState.PASSED
            hold_durations(night)
            night.finish()
    assert tally.count > 3
