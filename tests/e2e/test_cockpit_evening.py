"""A whole evening in a real terminal: from the first check to the sign-off, by keys alone."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.model import Phase, Place, Verdict
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.state import Entry
from tests.e2e.database import NAMES, Picture, assert_migrated, picture_of
from tests.e2e.hands import Hands
from tests.e2e.house import PHRASE, PROGRAM, House
from tests.needs import needs
from tests.terminal import TmuxTerminal
from tests.waiting import until

pytestmark = pytest.mark.tmux
_SHELL = """
before=$(stty -g); {command}; echo code=$?; [ "$before" = "$(stty -g)" ] && echo settings kept
read answer; echo heard $answer
"""


@pytest.fixture(autouse=True)
def _tmux() -> None:
    needs("tmux")


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
def test_an_evening_by_keys(house: House, columns: int, rows: int) -> None:
    before = house.runs()
    shell = _SHELL.format(command=shlex.join([*PROGRAM, "demo"]))
    with TmuxTerminal(["sh", "-c", shell], columns, rows, house.environment, house.folder) as terminal:
        run = house.new_run(before)
        hands = Hands(terminal, run)
        hands.answer_preflight()
        untouched = picture_of(house)
        hands.back_up()
        hands.rehearse()
        hands.raise_banner()
        hands.open_board()
        _refuse_what_is_not_the_phrase(hands, house, untouched)
        hands.type_phrase(PHRASE)
        terminal.keys("enter")
        hands.until_passed(Phase.VERIFY)
        assert_migrated(house)
        hands.sign_off()
        _assert_verdict_is_shown(terminal, run)
        terminal.keys("q")
        _assert_terminal_is_whole(terminal, run)
    _assert_journal(run)


def _refuse_what_is_not_the_phrase(hands: Hands, house: House, untouched: Picture) -> None:
    hands.type_phrase("DIXIS-PROD-KO")
    hands.terminal.keys("enter")
    hands.terminal.wait_for("Wrong phrase. Nothing was done.")
    hands.terminal.type(PHRASE)
    hands.terminal.keys("enter")
    hands.terminal.wait_for("Pasted text is not taken")
    state = hands.state()
    assert (state.refusals, state.confirmed) == (1, None)
    assert picture_of(house) == untouched


def _assert_verdict_is_shown(terminal: TmuxTerminal, run: Path) -> None:
    terminal.wait_for("✔ DONE")
    place = re.compile(r"Journal[\s│]+(/\S+)")
    screen = terminal.wait_for(place)
    found = place.search(screen)
    assert found, screen
    assert "4 migrations applied in" in screen
    shown = found[1]
    assert len(shown) > 60
    if shown.endswith("…"):  # 80 columns are fewer than the path has letters; leaving says all of it
        assert str(run / JOURNAL).startswith(shown.rstrip("…"))
    else:
        assert shown == str(run / JOURNAL), screen


def _assert_terminal_is_whole(terminal: TmuxTerminal, run: Path) -> None:
    screen = terminal.wait_for("code=0")
    said = screen.replace("\n", "")  # the terminal breaks a long path
    assert f"Run {run.name} has ended: done." in said
    assert f"Journal: {run / JOURNAL}" in said
    terminal.wait_for("settings kept")
    assert terminal.modes == {"alternate": False, "cursor": True, "mouse": False, "keypad": False}
    terminal.type("γεια")
    terminal.keys("enter")
    until(lambda: "heard γεια" in terminal.screen(), what="the terminal to echo and to send a line")


def _assert_journal(run: Path) -> None:
    entries = read(run / JOURNAL)  # raises where the chain does not hold
    first, last = entries[0].event, entries[-1].event
    assert isinstance(first, ev.RunStarted)
    assert isinstance(last, ev.RunEnded)
    assert last.verdict is Verdict.DONE
    confirmed = _numbers(entries, ev.Confirmed)
    refused = _numbers(entries, ev.ConfirmationRefused)
    on_production = [
        entry
        for entry in entries
        if isinstance(entry.event, ev.MigrationStarted | ev.MigrationEnded) and entry.event.place is Place.PRODUCTION
    ]
    assert len(confirmed) == len(refused) == 1
    assert refused < confirmed < [entry.number for entry in on_production]
    started = [entry.event.name for entry in on_production if isinstance(entry.event, ev.MigrationStarted)]
    ended = [entry.event.name for entry in on_production if isinstance(entry.event, ev.MigrationEnded)]
    assert started == ended == list(NAMES)
    phases = [entry.event.phase for entry in entries if isinstance(entry.event, ev.PhaseStarted)]
    before_go = [Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.BANNER]
    assert phases == [*before_go, Phase.GO, Phase.MIGRATE, Phase.VERIFY, Phase.SIGNOFF]
    put, seen, taken = (_numbers(entries, kind) for kind in (ev.PagePut, ev.PageSeen, ev.PageTaken))
    assert put[0] < seen[0] < confirmed[0] < taken[0] < seen[-1]


def _numbers(entries: list[Entry], kind: type) -> list[int]:
    return [entry.number for entry in entries if isinstance(entry.event, kind)]
