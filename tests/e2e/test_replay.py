"""`dixis-tui replay` in a real terminal: journals from elsewhere, cut, broken, and what it refuses."""

from __future__ import annotations

import re

import pytest

from dixis_tui.run.folders import JOURNAL
from tests.e2e.house import House
from tests.recordings import record
from tests.screens.story import stages

ENTRIES = stages()["suffered"].entries
LAST = len(ENTRIES)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_an_evening_is_stepped_through_and_played(state_home: House, size: tuple[int, int]) -> None:
    folder = record(state_home.folder / "copied" / "20261125-223000-dixis", ENTRIES)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    columns, rows = size
    with state_home.terminal("replay", str(folder), "--step", columns=columns, rows=rows) as terminal:
        terminal.wait_for(f"paused 1×  entry 1 of {LAST}")
        terminal.keys("right", "right")
        screen = terminal.wait_for(f"entry 3 of {LAST}")
        assert screen.startswith(" ▷ REPLAY")
        terminal.keys("left")
        terminal.wait_for(f"entry 2 of {LAST}")
        terminal.keys("]", "]", "]", "]")
        terminal.wait_for("Migrating production")
        terminal.keys("x")
        terminal.wait_for("This is a replay")
        terminal.keys("home", "space")
        terminal.wait_for("playing 1×")
        terminal.wait_for(re.compile(r"playing 1×  entry [3-9]\b"))
        terminal.keys("0")
        terminal.wait_for("playing 10×")
        terminal.wait_for("Backup", 30)
        terminal.keys("end")
        screen = terminal.wait_for(f"the end  entry {LAST} of {LAST}")
        assert f"log of entry {LAST}" in terminal.wait_for(f"log of entry {LAST}")
        terminal.keys("q")
        assert terminal.wait_exit() == 0
        assert "nothing was touched" in terminal.screen()
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_ten_times_as_fast_from_the_start(state_home: House) -> None:
    folder = record(state_home.folder / "copied", ENTRIES)
    with state_home.terminal("replay", str(folder / JOURNAL), "--speed", "10") as terminal:
        terminal.wait_for("playing 10×")
        terminal.wait_for(re.compile(r"entry \d\d\d of"), 30)
        terminal.keys("q")
        assert terminal.wait_exit() == 0


def test_a_run_of_this_machine_by_its_id_and_the_latest_without_one(state_home: House) -> None:
    record(state_home.state / "runs" / "20261124-220000-aaaa", stages()["done"].entries)
    record(state_home.state / "runs" / "20261125-223000-bbbb", ENTRIES)
    for words, last in ((("20261124",), len(stages()["done"].entries)), ((), LAST)):
        with state_home.terminal("replay", *words, "--step") as terminal:
            terminal.wait_for(f"entry 1 of {last}")
            terminal.keys("q")
            assert terminal.wait_exit() == 0


def test_a_journal_that_is_cut_plays_up_to_its_last_whole_entry(state_home: House) -> None:
    folder = record(state_home.folder / "copied", ENTRIES)
    journal = (folder / JOURNAL).rename(folder / "evening.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    with state_home.terminal("replay", str(journal), "--step", columns=80, rows=24) as terminal:
        terminal.wait_for(f"The journal is cut in mid-line: it plays up to entry {LAST - 1}.")
        terminal.keys("end")
        terminal.wait_for(f"entry {LAST - 1} of {LAST - 1}")
        terminal.keys("q")
        assert terminal.wait_exit() == 0


def test_a_broken_chain_is_one_sentence_that_says_where(state_home: House) -> None:
    folder = record(state_home.folder / "copied", ENTRIES)
    data = bytearray((folder / JOURNAL).read_bytes())
    at = data.index(b"\n", len(data) // 2) + 40
    data[at] ^= 1
    (folder / JOURNAL).write_bytes(data)
    line = data[:at].count(b"\n") + 1
    with state_home.terminal("replay", str(folder)) as terminal:
        assert terminal.wait_exit() == 1
        assert re.search(rf"journal\.jsonl line ({line}|{line + 1}) ", terminal.screen())
        assert "Traceback" not in terminal.screen()


def test_what_it_refuses_is_one_sentence(state_home: House) -> None:
    folder = record(state_home.folder / "copied", ENTRIES)
    refused = state_home.call("replay", str(folder))
    assert refused.code == 2
    assert "A replay needs a terminal" in refused.err
    assert "dixis-tui tail" in refused.err
    refused = state_home.call("replay", str(folder), "--json")
    assert (refused.code, refused.result["verdict"]) == (2, "usage")
    with state_home.terminal("replay", str(state_home.folder)) as terminal:
        assert terminal.wait_exit() == 2
        assert "holds no journal.jsonl" in terminal.screen()
    with state_home.terminal("replay") as terminal:
        assert terminal.wait_exit() == 2
        assert "There are no runs yet" in terminal.screen()
