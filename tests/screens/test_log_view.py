"""The log pane as an operator meets it: a real file, real keys, what the rows say."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.needs import needs
from tests.screens.log_files import LogApp, append, entry, until
from tests.terminal import TmuxTerminal

Scenario = Callable[[LogApp, Pilot[None]], Awaitable[None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def play(path: Path, scenario: Scenario, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False) -> None:
    async def stage() -> None:
        app = LogApp(path, ascii_only=ascii_only)
        async with app.run_test(size=size) as pilot:
            await scenario(app, pilot)

    asyncio.run(stage())


def numbered(start: int, stop: int, source: str = "prisma") -> str:
    return "".join(entry(f"line {number}", source) for number in range(start, stop))


async def until_shown(app: LogApp, pilot: Pilot[None], wanted: str) -> None:
    await until(pilot, lambda: any(wanted in row for row in app.rows()))


def status(app: LogApp) -> str:
    return app.view.border_subtitle or ""


def test_a_row_says_local_time_source_level_and_text(path: Path) -> None:
    append(path, entry("Έτοιμο", "pg_restore") + entry("slow", "server", "warning") + entry("no", "health", "error"))
    append(path, "half a line\n")

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "half")
        assert app.rows()[:4] == [
            "22:50:59 pg_restore   Έτοιμο",
            "22:50:59 server     ▲ slow",
            "22:50:59 health     ✖ no",
            f"{'':22}half a line",
        ]

    play(path, scenario)


def test_without_a_file_it_says_so_and_then_finds_it(path: Path) -> None:
    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        assert app.rows()[0] == "Nothing has been written yet"
        append(path, numbered(0, 3))
        await until_shown(app, pilot, "line 2")
        assert status(app) == "follow · all sources · 3 lines"

    play(path, scenario)


def test_markup_is_text(path: Path) -> None:
    append(path, entry("[bold red]orders[/] [@click=app.quit]x[/] \\[") + entry("[/nothing]", "[red]"))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "[bold red]orders[/] [@click=app.quit]x[/] \\[")
        await until_shown(app, pilot, "[/nothing]")

    play(path, scenario)


@pytest.mark.parametrize("columns", [20, 27, 28, 40, 48, 80, 200])
@pytest.mark.parametrize("pans", [0, 1, 2])
def test_every_row_fits_whatever_it_holds(path: Path, columns: int, pans: int) -> None:
    hostile = [
        "漢" * 300,
        "e\u0301\u0302" * 300,
        "👩‍👩‍👧‍👦" * 90,
        "\x1b[31mred" * 60,
        "x" * 65_000,
        "",
        "\x00" * 200,
        "\u0301" * 900,
    ]
    append(path, "".join(entry(text, "pg_restore", "error") for text in hostile) + "漢" * 200 + "\n")

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: app.view.store.line_count == 9)
        await pilot.press(*["right"] * pans)
        room = app.lines.size.width - 1
        for y in range(9):
            strip = app.lines.render_line(y)
            assert strip.cell_length == room
            assert cell_len(strip.text) == room
            assert "\x1b" not in strip.text
        for y in (0, 4, 8):
            assert app.rows()[y].endswith("…")

    play(path, scenario, (columns, 24))


def test_narrow_rooms_keep_the_text(path: Path) -> None:
    append(path, entry("some text", level="error"))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "✖ some text")
        assert app.rows()[0] == "✖ some text"
        assert status(app) == "follow · 1"
        await pilot.resize_terminal(40, 12)
        await until_shown(app, pilot, "22:50:59 ✖ some text")

    play(path, scenario, (20, 10))


def test_ascii_mode_has_no_other_characters(path: Path) -> None:
    append(path, entry("x" * 200, level="error") + entry("y", level="warning"))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "! y")
        assert all(row.isascii() for row in app.rows())
        assert app.rows()[0].endswith("x>")
        assert status(app).isascii()

    play(path, scenario, ascii_only=True)


def test_it_follows_until_it_is_scrolled_up_and_again_from_the_end(path: Path) -> None:
    append(path, numbered(0, 100))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 99")
        append(path, numbered(100, 150))
        await until_shown(app, pilot, "line 149")
        assert app.lines.follow
        await pilot.press("up")
        await until(pilot, lambda: status(app) == "paused · all sources · 150 lines")
        before = app.rows()
        assert before[-1].endswith("line 148")
        append(path, numbered(150, 400))
        await until(pilot, lambda: status(app) == "paused · all sources · 400 lines")
        assert app.rows() == before
        await pilot.press("end")
        await until_shown(app, pilot, "line 399")
        assert app.lines.follow

    play(path, scenario)


@pytest.mark.parametrize(
    ("key", "last"), [("up", 98), ("pageup", 78), ("home", 21)], ids=["one row", "one screen", "the beginning"]
)
def test_keys_move_by_a_row_a_screen_or_to_the_ends(path: Path, key: str, last: int) -> None:
    append(path, numbered(0, 100))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 99")
        await pilot.press(key)
        await until_shown(app, pilot, f"line {last}")
        assert app.rows()[-1].endswith(f"line {last}")
        assert not app.lines.follow
        await pilot.press({"up": "down", "pageup": "pagedown", "home": "end"}[key])
        assert app.rows()[-1].endswith("line 99")
        assert app.lines.follow == (key == "home")

    play(path, scenario)


def test_the_wheel_pauses_and_f_turns_following_on_and_off(path: Path) -> None:
    append(path, numbered(0, 100))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 99")
        app.lines.scroll_up(animate=False, immediate=True)
        await until(pilot, lambda: not app.lines.follow)
        await pilot.press("f")
        assert app.lines.follow
        assert app.rows()[-1].endswith("line 99")
        await pilot.press("f")
        append(path, numbered(100, 110))
        await until(pilot, lambda: status(app).startswith("paused · all sources · 110"))
        assert app.rows()[-1].endswith("line 99")

    play(path, scenario)


def test_a_smaller_terminal_keeps_following(path: Path) -> None:
    append(path, numbered(0, 100))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 99")
        for size in ((60, 10), (120, 40), (30, 8)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda height=size[1]: app.lines.size.height == height - 2)
            await until(pilot, lambda: app.rows()[-1].endswith("line 99"))
            assert app.lines.follow

    play(path, scenario)


def test_nothing_is_drawn_while_nothing_changes(path: Path) -> None:
    append(path, numbered(0, 100))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 99")
        await pilot.press("escape")
        await pilot.pause()
        app.looks = app.drawn = 0
        await until(pilot, lambda: app.looks > 20)
        assert app.drawn == 0
        append(path, numbered(100, 101))
        await until(pilot, lambda: app.drawn > 0)

    play(path, scenario)


def test_growth_out_of_sight_draws_no_row(path: Path) -> None:
    append(path, numbered(0, 100))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 99")
        await pilot.press("home")
        await until_shown(app, pilot, "line 0")
        await until(pilot, lambda: status(app).startswith("paused"))
        await pilot.pause()
        app.drawn = 0
        append(path, numbered(100, 1000))
        await until(pilot, lambda: "1,000 lines" in status(app))
        assert app.drawn == 0

    play(path, scenario)


def test_search_counts_goes_round_and_closes(path: Path) -> None:
    append(path, "".join(entry(f"row {n} {'Σφάλμα' if n % 50 == 10 else ''}") for n in range(200)))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        def count() -> str:
            return str(app.view.query_one("#log-search-count", Static).content)

        await until_shown(app, pilot, "row 199")
        await pilot.press("slash", *"σφαλμα")
        await until(pilot, lambda: count() == "4 matches")
        await pilot.press("enter")
        await until(pilot, lambda: count() == "4 of 4")
        assert app.lines.has_focus
        assert any("row 160 Σφάλμα" in row for row in app.rows())
        assert not app.lines.follow
        for key, wanted in (("n", "1 of 4"), ("N", "4 of 4"), ("N", "3 of 4"), ("enter", "4 of 4")):
            await pilot.press(key)
            await until(pilot, lambda wanted=wanted: count() == wanted)
        append(path, entry("row 200 σφαλμα"))
        await until(pilot, lambda: count() == "4 of 5")
        await pilot.press("escape")
        assert not app.view.query_one("#log-search").display
        assert app.view.store.needle == ""
        assert app.lines.has_focus

    play(path, scenario)


def test_a_match_is_styled_and_nothing_found_is_said(path: Path) -> None:
    append(path, entry("before needle after"))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "needle")
        await pilot.press("slash", *"NEEDLE")
        await until(pilot, lambda: app.view.store.match_count == 1)

        def segment() -> object:
            return next(piece for piece in app.lines.render_line(0) if piece.text == "needle").style

        plain = segment()
        await pilot.press("enter")
        await until(pilot, lambda: app.lines.current == 0)
        current = segment()
        assert plain.underline  # type: ignore[attr-defined]
        assert not plain.reverse  # type: ignore[attr-defined]
        assert current.reverse  # type: ignore[attr-defined]
        await pilot.press("slash", "x")
        await until(pilot, lambda: str(app.view.query_one("#log-search-count", Static).content) == "no match")

    play(path, scenario)


def test_a_match_beyond_the_edge_is_brought_into_sight(path: Path) -> None:
    append(path, entry("a" * 300 + " treasure") + entry("treasure first"))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "treasure first")
        await pilot.press("slash", *"treasure", "enter")
        await until(pilot, lambda: app.lines.current == 1)
        await pilot.press("n")
        await until(pilot, lambda: app.lines.current == 0)
        assert "…aaa" in app.rows()[0]
        assert app.rows()[0].endswith(" treasure")
        await pilot.press("n")
        await until_shown(app, pilot, "treasure first")

    play(path, scenario)


def test_keys_typed_into_the_search_are_text(path: Path) -> None:
    append(path, numbered(0, 5))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 4")
        await pilot.press("slash", *"fsnN")
        assert app.view.query_one(Input).value == "fsnN"
        assert app.lines.follow
        assert app.view.store.sources is None

    play(path, scenario)


def test_keys_typed_ahead_of_the_search_are_not_lost(path: Path) -> None:
    needs("tmux")
    append(path, numbered(0, 300))
    program = (
        "import sys; from pathlib import Path; "
        "from tests.screens.log_files import LogApp; LogApp(Path(sys.argv[1])).run()"
    )
    with TmuxTerminal([sys.executable, "-c", program, path], 60, 12) as terminal:
        terminal.wait_for("300 lines")
        terminal.type("/line 12\r")
        terminal.wait_for("/ line 12")
        assert "11 of 11" in terminal.wait_for("of 11")
        terminal.type("N")
        assert "all sources" in terminal.wait_for("10 of 11")


def test_the_filter_goes_through_the_sources_and_keeps_the_place(path: Path) -> None:
    append(path, "".join(entry(f"line {n}", "prisma" if n % 2 else "runner") for n in range(400)))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 399")
        await pilot.press("pageup", "pageup", "pageup")
        top = app.rows()[0]
        number = int(top.rsplit(" ", 1)[1])
        await pilot.press("s")
        await until(pilot, lambda: status(app) == "paused · runner only · 200 of 400 lines")
        assert app.rows()[0].endswith(f"line {number + number % 2}")
        await pilot.press("s")
        await until(pilot, lambda: "prisma only" in status(app))
        assert all("prisma" in row for row in app.rows())
        await pilot.press("s")
        await until(pilot, lambda: "all sources · 400 lines" in status(app))
        assert abs(int(app.rows()[0].rsplit(" ", 1)[1]) - number) <= 2

    play(path, scenario)


def test_a_filter_without_lines_says_so(path: Path) -> None:
    append(path, numbered(0, 5))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until_shown(app, pilot, "line 4")
        await pilot.press("s")
        path.write_text(numbered(0, 1, "runner"), encoding="utf-8")
        await until_shown(app, pilot, "Nothing from prisma yet")

    play(path, scenario)


def test_two_hundred_thousand_lines_are_all_there(path: Path) -> None:
    append(path, numbered(0, 200_000))

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "200,000 lines" in status(app))
        await until_shown(app, pilot, "line 199999")
        await pilot.press("slash", *"line 123456", "enter")
        await until_shown(app, pilot, "line 123456")
        await pilot.press("home")
        assert app.rows()[0].endswith("line 0")

    play(path, scenario)


def test_escape_elsewhere_is_not_swallowed(path: Path) -> None:
    heard: list[str] = []

    async def scenario(app: LogApp, pilot: Pilot[None]) -> None:
        app.bind("escape", "heard")
        app.action_heard = lambda: heard.append("escape")  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert heard == ["escape"]
        await pilot.press("slash", "escape")
        assert heard == ["escape"]

    play(path, scenario)
