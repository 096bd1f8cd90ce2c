"""What an operator's hands do in the cockpit, and what their eyes wait for."""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path

from dixis_tui.model import Phase, PhaseState
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState
from screens.widgets.phrase_field import RUN, RUN_SECONDS
from tests.e2e.house import send, state_of
from tests.terminal import TmuxTerminal
from tests.waiting import until

_STROKE_SECONDS = 2 * RUN_SECONDS / RUN
PEOPLE = ("DX131", "DX132", "DX133")


class Hands:
    """On one terminal, with one run before it."""

    def __init__(self, terminal: TmuxTerminal, run: Path) -> None:
        self.terminal = terminal
        self.run = run

    def state(self) -> RunState:
        """What the journal says now."""
        return state_of(self.run)

    def until_passed(self, phase: Phase) -> None:
        """Wait for the phase's work, and for it to have gone well."""
        try:
            until_over(self.run, phase, 30)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen is\n{self.terminal.screen()}") from None
        assert self.state().phase(phase).state is PhaseState.PASSED, self.terminal.screen()

    def answer_preflight(self) -> None:
        """The first by Enter and its question, the others by cursor and space."""
        self.until_passed(Phase.PREFLIGHT)
        self.terminal.wait_for("3 answers are yours")
        self.terminal.keys("enter")
        self.terminal.wait_for("it is so   n esc enter")
        self.terminal.keys("y")
        self._until_open(PEOPLE[0])
        self.terminal.wait_for("2 answers are yours")
        for code in PEOPLE[1:]:
            self.terminal.keys("down", "space")
            self._until_open(code)

    def back_up(self) -> None:
        """Enter on what the card offers."""
        self.terminal.wait_for("Next: back production up")
        self.terminal.keys("enter")
        self.until_passed(Phase.BACKUP)

    def rehearse(self) -> None:
        """Enter on what the card offers."""
        self.begin_rehearsal()
        self.until_passed(Phase.REHEARSAL)

    def begin_rehearsal(self) -> None:
        """The same, without waiting for its end."""
        self.terminal.wait_for("Next: rehearse on the restored backup")
        self.terminal.keys("enter")
        until(lambda: self.state().phase(Phase.REHEARSAL).attempts, what="the rehearsal to begin")

    def raise_banner(self) -> None:
        """Enter on what the card offers: the demo's page is put up, and answers for itself."""
        self.terminal.wait_for("Next: shut visitors out")
        self.terminal.keys("enter")
        self.until_passed(Phase.BANNER)
        self._until_open("DX400")

    def open_board(self) -> None:
        """Up to the field for the phrase."""
        self.terminal.wait_for("Every gate is open")
        self.terminal.keys("m")
        self.terminal.wait_for("Type DIXIS-PROD-OK")

    def type_phrase(self, phrase: str) -> None:
        """Letter by letter, each seen before the next is struck, and no faster than a hand: else it is a paste."""
        for end in range(1, len(phrase) + 1):
            struck = time.monotonic()
            self.terminal.keys(phrase[end - 1])
            self.terminal.wait_for(re.compile(rf"> {re.escape(phrase[:end])}█"))
            until(partial(_rested, struck), what="the hand to rest")

    def sign_off(self) -> None:
        """Enter on the last card; the run ends."""
        self.terminal.wait_for("Let visitors in, then sign off")
        self.terminal.keys("enter")
        self.terminal.wait_for("visitors are in. Sign off")
        self.terminal.keys("enter")
        until(lambda: self.state().ended, what="the run to end")

    def _until_open(self, code: str) -> None:
        until(lambda: self.state().check(code).open, what=f"{code} to be open")


def wait_for_prose(terminal: TmuxTerminal, *sentences: str) -> str:
    """The first screen whose running text holds all of these: a card may need a moment to get its room."""
    try:
        until(lambda: all(sentence in prose(terminal.screen()) for sentence in sentences), 20)
    except AssertionError:
        raise AssertionError(f"waited in vain for {sentences}; the screen is\n{terminal.screen()}") from None
    return terminal.screen()


def _rested(struck: float) -> bool:
    return time.monotonic() - struck > _STROKE_SECONDS


def prose(screen: str) -> str:
    """What stands right of the runbook as running text, its line breaks undone."""
    return " ".join(" ".join(line.rpartition("│")[2] for line in screen.splitlines()).split())


def until_over(run: Path, phase: Phase, seconds: float = 60) -> None:
    """Wait until the phase's own work is over, however it went."""
    over = (PhaseState.PASSED, PhaseState.FAILED)
    until(lambda: state_of(run).phase(phase).state in over, seconds, f"{phase} to be over")


def bring_to_go(run: Path) -> None:
    """All that comes before go / no-go, by commands: for tests that are about what comes after."""
    bring_to_rehearsal(run)
    _do(run, cmd.StartPhase(phase=Phase.REHEARSAL))
    until_over(run, Phase.REHEARSAL)
    _do(run, cmd.StartPhase(phase=Phase.BANNER))
    until_over(run, Phase.BANNER)


def bring_to_rehearsal(run: Path) -> None:
    """Preflight with its answers, and the backup, by commands."""
    until_over(run, Phase.PREFLIGHT)
    for code in PEOPLE:
        _do(run, cmd.Tick(code=code, operator="a test"))
    _do(run, cmd.StartPhase(phase=Phase.BACKUP))
    until_over(run, Phase.BACKUP)


def _do(run: Path, command: cmd.Command) -> None:
    assert send(run, command) == ""
