"""The log as an index over its file: any growth, any line, against a plain reading of the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screens import log_blocks
from screens.log_store import LogStore
from screens.log_text import LogLine, fold, parse, spans
from tests.screens.log_files import append, entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


@pytest.fixture
def _tiny_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file crosses many blocks and chunks."""
    monkeypatch.setattr(log_blocks, "BLOCK", 100)
    monkeypatch.setattr(log_blocks, "_CHUNK", 70)


def settle(store: LogStore) -> LogStore:
    while store.refresh():
        pass
    return store


def texts(store: LogStore) -> list[str]:
    return [store.line(store.number(row)).text for row in range(store.row_count)]


def test_a_file_that_comes_later_is_found(path: Path) -> None:
    store = settle(LogStore(path))
    assert store.line_count == 0
    append(path, entry("Ετοιμάζεται", "runner", "warning"))
    assert settle(store).line(0) == LogLine(
        datetime(2026, 11, 25, 20, 50, 59, 120_000, UTC), "runner", "warning", "Ετοιμάζεται"
    )


def test_a_line_without_its_end_is_not_there_yet(path: Path) -> None:
    append(path, entry("whole") + "2026-11-25T20:5")
    store = settle(LogStore(path))
    assert store.line_count == 1
    append(path, "0:59.120Z\tprisma\tinfo\tnow whole\n")
    assert texts(settle(store)) == ["whole", "now whole"]


@pytest.mark.parametrize(
    "raw",
    [
        b"2026-11-25T20:50:59.1202026-11-25T20:50:59.120Z\tprisma\tinfo\tafter a crash",
        b"2026-13-45T20:50:59.120Z\tprisma\tinfo\tno such month",
        b"2026-11-25T20:50:59.120Z\tprisma\tdebug\tno such level",
        b"",
        b"no tabs at all",
    ],
)
def test_a_malformed_line_is_shown_as_it_is(raw: bytes) -> None:
    line = parse(raw)
    assert (line.at, line.source, line.level) == (None, "", "info")
    assert line.text == raw.decode().replace("\t", "    ")


def test_bytes_that_would_drive_a_terminal_are_made_harmless() -> None:
    assert parse(b"\x1b[2J\x00\xff\xe2\x80\xaegone").text == "\N{REPLACEMENT CHARACTER}" * 3 + "gone"
    assert "\x1b" not in parse(entry("\x1b]0;title\x07 \x1b[31mred").encode()[:-1]).text


def test_a_file_cut_short_is_read_anew(path: Path) -> None:
    append(path, "".join(entry(f"old {number}") for number in range(10)))
    store = settle(LogStore(path))
    store.set_sources(frozenset({"prisma"}))
    path.write_text(entry("new"), encoding="utf-8")
    assert texts(settle(store)) == ["new"]
    assert store.generation == 1


def test_a_file_put_in_its_place_is_read_anew(path: Path, tmp_path: Path) -> None:
    append(path, entry("old"))
    store = settle(LogStore(path))
    other = tmp_path / "other"
    append(other, entry("new") + entry("and more"))
    other.replace(path)
    assert texts(settle(store)) == ["new", "and more"]


def test_a_file_that_cannot_be_read_is_a_problem_not_a_crash(path: Path) -> None:
    path.mkdir()
    store = settle(LogStore(path))
    assert "can't be read" in store.problem
    path.rmdir()
    append(path, entry("readable"))
    assert texts(settle(store)) == ["readable"]
    assert store.problem == ""


@pytest.mark.usefixtures("_tiny_blocks")
def test_a_line_longer_than_chunk_and_block_is_one_line(path: Path) -> None:
    append(path, entry("a") + entry("x" * 1000) + entry("b"))
    store = settle(LogStore(path))
    assert [len(text) for text in texts(store)] == [1, 1000, 1]
    append(path, "y" * 500)
    assert settle(store).line_count == 3
    append(path, "\n" + entry("c"))
    assert texts(settle(store))[3:] == ["y" * 500, "c"]


def test_an_endless_line_is_read_only_to_its_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_blocks, "_READ_LIMIT", 100_000)
    append(path, entry("z" * 1_000_000) + entry("after"))
    store = settle(LogStore(path))
    assert len(store.line(0).text) < 100_000
    assert store.line(1).text == "after"


def test_sources_are_offered_in_their_order_and_unknown_ones_last(path: Path) -> None:
    append(path, entry("1", "zebra") + entry("2", "prisma") + "\tserver\tnot a line\n" + entry("3", "runner"))
    assert settle(LogStore(path)).present == ("runner", "prisma", "zebra")


def test_the_filter_follows_growth_and_goes_away(path: Path) -> None:
    append(path, entry("1", "runner") + entry("2", "prisma") + "malformed\n")
    store = settle(LogStore(path))
    store.set_sources(frozenset({"prisma"}))
    assert texts(settle(store)) == ["2"]
    append(path, entry("3", "prisma") + entry("4", "server"))
    assert texts(settle(store)) == ["2", "3"]
    assert [store.row(number) for number in range(5)] == [0, 0, 1, 1, 2]
    store.set_sources(None)
    assert len(texts(settle(store))) == 5


@pytest.mark.parametrize(
    ("text", "pattern", "found"),
    [
        ("Μετάβαση έτοιμη", "ΜΕΤΑΒΑΣΗ", ["Μετάβαση"]),
        ("ΟΔΟΣ οδός οδοσ", "οδοσ", ["ΟΔΟΣ", "οδός", "οδοσ"]),
        ("Error error ERROR", "error", ["Error", "error", "ERROR"]),
        ("Straße", "strasse", ["Straße"]),
        ("προϊο\u0301ν!", "προιον", ["προϊο\u0301ν"]),
        ("aaaa", "aa", ["aa", "aa"]),
        ("nothing", "zzz", []),
        ("漢字 ORDER", "order", ["ORDER"]),
    ],
)
def test_search_sees_through_case_and_accents(text: str, pattern: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text, fold(pattern))] == found


def test_search_looks_at_the_text_alone_and_within_the_filter(path: Path) -> None:
    append(path, entry("one", "prisma") + entry("the prisma engine", "runner") + entry("prisma", "server"))
    store = settle(LogStore(path))
    assert store.search("PRISMA", 0) == 1
    assert store.search("prisma", 2, -1) == 2
    assert store.search("2026", 0) is None
    store.set_sources(frozenset({"server"}))
    store.set_search("prisma")
    assert settle(store).match_count == 1
    assert store.search("prisma", 0) == 2
    assert store.search("prisma", 1, -1) is None


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_closing_gives_the_descriptor_back(path: Path) -> None:
    append(path, entry("1"))
    before = open_files()
    store = settle(LogStore(path))
    assert open_files() == before + 1
    store.close()
    assert open_files() == before


@pytest.mark.usefixtures("_tiny_blocks")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.tuples(st.sampled_from(["runner", "prisma", "zebra", ""]), st.text(st.sampled_from("abΆα \r"), max_size=60)),
        max_size=40,
    ),
    cuts=st.lists(st.integers(1, 300), max_size=10),
    pattern=st.text(st.sampled_from("abΑα"), min_size=1, max_size=2),
    origin=st.integers(-2, 45),
)
def test_whatever_the_growth_it_reads_like_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[tuple[str, str]],
    cuts: list[int],
    pattern: str,
    origin: int,
) -> None:
    path = tmp_path_factory.mktemp("log") / "run.log"
    store = LogStore(path)
    store.set_sources(frozenset({"prisma"}))
    store.set_search(pattern)
    everything = b"".join((entry(text, source) if source else text + "\n").encode() for source, text in lines)
    at = 0
    for cut in [*cuts, len(everything)]:
        with path.open("ab") as file:
            file.write(everything[at : at + cut])
        at += cut
        store.refresh(0.0)  # Stops wherever it is: growth meets half-counted indexes.
    settle(store)
    plain = [parse(raw) for raw in everything.split(b"\n")[:-1]]
    assert [store.line(number) for number in range(store.line_count)] == plain
    shown = [number for number, line in enumerate(plain) if line.source == "prisma"]
    assert [store.number(row) for row in range(store.row_count)] == shown
    assert [store.row(number) for number in shown] == list(range(len(shown)))
    matching = [number for number in shown if spans(plain[number].text, fold(pattern))]
    assert store.match_count == len(matching)
    assert [store.match_rank(number) for number in matching] == list(range(len(matching)))
    start = min(max(origin, 0), max(len(plain) - 1, 0))
    assert store.search(pattern, origin) == next((number for number in matching if number >= start), None)
    assert store.search(pattern, origin, -1) == next((number for number in matching[::-1] if number <= start), None)
