"""The log up to a moment: nothing of what came later, and everything before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dixis_tui.run import log_tape
from dixis_tui.run.log_tape import LogTape
from screens.log_store import LogStore
from tests.recordings import log_line

START = datetime(2026, 11, 25, 20, 30, tzinfo=UTC)
LINES = st.lists(st.tuples(st.integers(-2000, 60_000), st.text("xyΩ\t:", max_size=60), st.booleans()), max_size=40)


def at(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("chunk", [64, 400, 65536])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(lines=LINES, moments=st.lists(st.integers(-3000, 70_000), min_size=1, max_size=8))
def test_it_ends_before_the_first_line_of_a_later_stamp(
    lines: list[tuple[int, str, bool]], moments: list[int], chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tape, "_CHUNK", chunk)
    written = [(when, log_line(at(when), text) if stamped else f"{text}\n") for when, text, stamped in lines]
    path = tmp_path / "run.log"
    path.write_text("".join(text for _, text in written), newline="")
    tape = LogTape(path)
    for moment in moments:
        expected = 0
        for (when, text), (_, _, stamped) in zip(written, lines, strict=True):
            if stamped and when > moment:
                break
            expected += len(text.encode())
        assert tape.end(at(moment)) == expected


def test_a_growing_log_and_a_line_that_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    tape = LogTape(path)
    assert tape.end(START) == 0
    first, second = log_line(START, "one"), log_line(at(500), "two")
    path.write_text(first + second[:-5])
    assert tape.end(at(900)) == len(first)
    path.write_text(first + second)
    assert tape.end(at(900)) == len(first + second)
    assert tape.end(at(499)) == len(first)


def test_a_log_that_cannot_be_read_has_no_end(tmp_path: Path) -> None:
    assert LogTape(tmp_path).end(START) is None


def test_a_log_store_shows_no_line_beyond_its_limit_and_forgets_what_lies_beyond_it(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("".join(log_line(at(number * 1000), f"line {number}") for number in range(100)))
    tape, moment = LogTape(path), [0]
    store = LogStore(path, lambda: tape.end(at(moment[0])))

    def shown() -> list[str]:
        while store.refresh():
            pass
        return [store.line(number).text for number in range(store.line_count)]

    assert shown() == ["line 0"]
    moment[0] = 42_000
    assert shown() == [f"line {number}" for number in range(43)]
    generation = store.generation
    store.set_search("line 4")
    moment[0] = 10_500
    assert shown() == [f"line {number}" for number in range(11)]
    assert store.generation == generation + 1
    assert store.match_count == 1
    moment[0] = 10**6
    assert len(shown()) == 100
    store.close()
