"""What must hold whatever comes in: hostile text, no colours, no runner, a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.locks import LockMode, Progress, TableLock
from dixis_tui.model import CheckState, MigrationFile
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth
from tests.screens.foreseen import FORECASTS, HAZARDS
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import Story, stages
from tests.screens.test_radar_screen import see, seen

HOSTILE = "[red]x[/] [/bold] \x1b]52;c;aGk=\x07\x1b[2J\u202eevil [@click=app.bell]b[/] $accent {curly}"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_outside_text_is_never_markup(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "[red]x[/]" in at.text()
        assert "\x1b" not in at.text()
        for key in ("c", "escape", "w", "escape", "question_mark", "escape", "m"):
            await at.press(key)
        assert at.app._exception is None

    story = Story().begin(name=HOSTILE).preflight().answers()
    story.found("DX114", CheckState.FAILED, HOSTILE, HOSTILE).write(ev.Noted(text=HOSTILE, level="error"))
    play(story, tmp_path, scenario, size)


def _hostile_evening() -> Story:
    """Every outside text of LOCKS and MIGRATIONS is hostile: names of files, tables and programs, queries, hazards."""
    story = stages()["locked"]
    radar = seen(story)
    lock = TableLock(HOSTILE, LockMode.ACCESS_SHARE)
    evil = msgspec.structs.replace(
        radar.blockers[0], application=HOSTILE, user=HOSTILE, address=HOSTILE, query=HOSTILE + "字" * 200, lock=lock
    )
    progress = Progress(HOSTILE, HOSTILE, 1, 2, "blocks")
    see(story, query=HOSTILE, blockers=(evil,), victims=(evil, evil), waits_for=lock, holds=(lock,), progress=progress)
    name = f"2026_{HOSTILE}"
    hazard = msgspec.structs.replace(
        HAZARDS[0], migration=name, title=HOSTILE, what=HOSTILE, why=HOSTILE, safer=HOSTILE, size=HOSTILE, path=HOSTILE
    )
    standing = MigrationStanding(name=HOSTILE, standing=Standing.EDITED, detail=HOSTILE, remedy=HOSTILE)
    truth = Truth(database=DatabaseStanding.MISSING, remedy=HOSTILE, migrations=(standing,))
    return story.write(
        ev.PendingSeen(applied=8, pending=[MigrationFile(name, HOSTILE, "", 1)]),
        ev.HazardsSeen(
            forecasts=[msgspec.structs.replace(FORECASTS[0], migration=name, why=HOSTILE)], hazards=[hazard]
        ),
        ev.TruthSeen(truth=truth),
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [("b",), ("b", "t"), ("h",), ("h", "down"), ("h", "down", "down"), ("h", "end")])
def test_outside_text_of_locks_and_migrations_is_never_markup_and_stays_in_its_row(
    keys: tuple[str, ...], size: tuple[int, int], tmp_path: Path
) -> None:
    async def scenario(at: Stage) -> None:
        await at.press(*keys)
        assert "[red]x[/]" in at.text()
        assert not set(at.text()) & set("\x1b\x07\u202e")
        assert {cell_len(row) for row in at.rows()} == {size[0]}
        assert at.app._exception is None

    play(_hostile_evening(), tmp_path, scenario, size)


@pytest.mark.parametrize("key", ["b", "h"])
def test_without_colours_the_row_under_the_cursor_has_a_mark(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scenario(at: Stage) -> None:
        await at.press(key)
        assert at.text().count("▸") == 1

    play(stages()["locked"], tmp_path, scenario, (80, 24))


def test_an_endless_word_and_wide_letters_stay_in_their_row(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        from rich.cells import cell_len

        assert {cell_len(row) for row in at.rows()} == {80}

    story = Story().begin(host="db-" + "x" * 200).preflight().answers()
    story.found("DX114", CheckState.FAILED, "字" * 300, "Ά" * 300)
    play(story, tmp_path, scenario, (80, 24))


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (20, 5), (1, 1)])
def test_a_tiny_terminal_says_so_and_q_still_leaves(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        if size[0] > 30:
            assert "This terminal is too small" in at.text()
        await at.press("q")
        assert at.app.return_value == "leave"

    play(stages()["go"], tmp_path, scenario, size)


def test_a_dead_runner_is_told_and_nothing_is_offered(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "s stop" in at.rows()[-1]
        at.client.die()
        await at.until_shown("The runner is gone since 23:05")
        assert "unknown until" in at.text()
        assert "s stop" not in at.rows()[-1]
        await at.press("s", "x", "m", "enter")
        await at.until_shown("nothing can be asked of it")
        assert at.client.sent == []
        assert len(at.app.screen_stack) == 1

    play(stages()["migrate"], tmp_path, scenario)


def test_a_run_that_was_dead_already_is_dated_by_its_last_entry(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.until_shown("The runner is gone since 22:30")
        assert "this run has not changed production" in at.text()

    play(stages()["backup"], tmp_path, scenario, live=False)


def test_an_ended_run_is_not_called_gone(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.die()
        await at.pilot.pause()
        assert "✔ DONE" in at.text()
        assert "gone" not in at.text()

    play(stages()["done"], tmp_path, scenario)


def test_demo_is_unmistakable_too(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "◆ DEMO" in at.rows()[0]
        assert "PRODUCTION" not in at.rows()[0]
        top = at.app.screen.query_one("#top")
        assert top.styles.background.hex.lower() == "#0f5d6b"

    async def production(at: Stage) -> None:
        assert at.app.screen.query_one("#top").styles.background.hex.lower() == "#a01828"

    play(Story(environment="demo").begin().preflight(), tmp_path, scenario)
    play(Story().begin().preflight(), tmp_path, production)


def test_without_colours_every_state_still_has_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scenario(at: Stage) -> None:
        assert at.app.no_color
        text = at.text()
        assert "■ PRODUCTION" in text
        assert "✖ DX114" in text
        assert "✔ DX103" in text
        styles = {segment.style for strip in at.app.screen._compositor.render_strips() for segment in strip}
        assert styles
        for row in at.app.screen._compositor.render_strips():
            for segment in row.apply_filter(at.app._filters[-1], at.app.screen.background_colors[1]):
                color = segment.style.color.triplet if segment.style and segment.style.color else None
                assert color is None or color.red == color.green == color.blue

    play(stages()["preflight_failed"], tmp_path, scenario)


def test_ctrl_c_stops_nothing(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("ctrl+c")
        await at.until_shown("Ctrl+C stops nothing here")
        assert at.client.sent == []
        await at.press("ctrl+p")
        assert len(at.app.screen_stack) == 1

    play(stages()["failed"], tmp_path, scenario)


_CRASH = """
import asyncio, sys
from pathlib import Path
from tests.screens.stage import FakeClient
from tests.screens.story import stages
from screens.app import CockpitApp, run_cockpit
import screens.app

class Broken(FakeClient):
    async def follow(self, changed):
        password = "hunter2-in-a-local"
        raise RuntimeError("the follower broke")

def run(self, **_):
    return asyncio.run(self.run_async(headless=True))
CockpitApp.run = run
sys.exit(run_cockpit(Broken(stages()["go"], Path(sys.argv[1])), "maria"))
"""


def test_a_crash_shows_no_locals_and_has_an_exit_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CRASH, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
    )
    assert done.returncode == 1, done.stderr
    assert "the follower broke" in done.stderr
    assert "locals" not in done.stderr.replace("hunter2-in-a-local", "")
    assert done.stderr.count("hunter2-in-a-local") <= 1  # the source line itself, never as a value
    assert "password = 'hunter2" not in done.stderr
