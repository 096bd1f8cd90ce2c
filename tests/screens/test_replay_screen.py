"""A replay on the screen: unmistakable, true to its moment, and without a key that acts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.color import Color

from dixis_tui import events as ev
from dixis_tui.model import Phase, Verdict
from dixis_tui.run.folders import JOURNAL, find_record
from dixis_tui.run.replay_client import ReplayClient
from dixis_tui.run.state import fold
from screens.cockpit import Cockpit
from screens.replay import ReplayApp
from screens.widgets.log_view import LogView
from screens.widgets.now_card import NowCard
from screens.widgets.replay_bar import ReplayBar
from tests.recordings import record
from tests.screens.stage import SIZES
from tests.screens.story import Story, stages

REFUSED = "This is a replay: what it shows is over, and nothing can be done in it."
FAILED = stages()["failed"].entries


class Evening:
    """A replay in a test; time passes when the test says so."""

    def __init__(self, folder: Path, *, playing: bool) -> None:
        self.seconds = 0.0
        self.client = ReplayClient(find_record(str(folder)), playing=playing, monotonic=lambda: self.seconds)
        self.app = ReplayApp(self.client, "maria")

    def rows(self) -> list[str]:
        """What is on the screen, row by row."""
        return ["".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.rows())

    async def press(self, *keys: str) -> None:
        """Keys, and what comes of them."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def pass_(self, seconds: float) -> None:
        """Time of the real world."""
        while seconds > 0:
            self.seconds += min(seconds, 1.0)
            seconds -= 1.0
            self.client.beat()
        self.app._changed()
        await self.pilot.pause()

    async def until_logged(self, wanted: int) -> None:
        """Wait until the log pane has taken in what it may show."""
        store = self.app.screen_stack[0].query_one(LogView).store
        for _ in range(400):
            store.refresh()
            if store.line_count == wanted:
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"{store.line_count} lines, {wanted} were wanted")


def replayed(
    folder: Path,
    scenario: Callable[[Evening], Awaitable[None]],
    size: tuple[int, int] = (120, 40),
    *,
    playing: bool = False,
) -> None:
    """Play `scenario` in the replay of `folder`."""

    async def act() -> None:
        evening = Evening(folder, playing=playing)
        async with evening.app.run_test(size=size) as evening.pilot:
            await evening.pilot.pause()
            await scenario(evening)

    asyncio.run(act())


@pytest.mark.parametrize(
    ("stage", "size"),
    [
        *((stage, (80, 24)) for stage in sorted(set(stages()) - {"empty"})),
        *((stage, size) for stage in ("go", "failed", "done") for size in (*SIZES[1:], (60, 16))),
    ],
)
def test_it_is_a_replay_at_every_size_and_never_production(stage: str, size: tuple[int, int], tmp_path: Path) -> None:
    entries = stages()[stage].entries

    async def scenario(at: Evening) -> None:
        for key in ("home", "end"):
            await at.press(key)
            rows = at.rows()
            assert len(rows) == size[1]
            assert {cell_len(row) for row in rows} == {size[0]}
            assert rows[0].startswith(" ▷ REPLAY")
            assert rows[1].startswith(" REPLAY ")
            number = 1 if key == "home" else len(entries)
            assert f"entry {number} of {len(entries)}" in rows[1]
            assert "22:3" in rows[1] or "23:" in rows[1]
            assert "■ PRODUCTION" not in at.text()
            assert "q leave" in rows[-1]
            band = at.app.screen.query_one("#top").styles.background
            assert band == Color.parse(at.app.theme_variables["replay"])
            assert band != Color.parse(at.app.theme_variables["production"])

    replayed(record(tmp_path / "run", entries), scenario, size)


@pytest.mark.parametrize("key", ["enter", "w", "r", "p", "m", "x", "s", "e"])
def test_no_key_acts(key: str, tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        for place in ("home", "end"):
            await at.press(place, key)
            assert REFUSED in at.text()
            assert len(at.app.screen_stack) == 1

    replayed(record(tmp_path / "run", FAILED), scenario)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_nothing_is_offered_that_acts(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        await at.press("end")
        assert "waited for then: roll back" in at.text()
        assert " x  roll back" not in at.text()
        await at.press("t")
        assert "REPLAY · WHAT TO DO" in at.text()
        assert "x  roll back" not in at.text()
        for key in ("x", "a", "u"):
            await at.press(key)
            assert "This is a replay" in at.text()
            assert len(at.app.screen_stack) == 2

    replayed(record(tmp_path / "run", FAILED), scenario, size)


def test_the_sessions_of_that_evening_are_left_alone(tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        await at.press("end", "b")
        assert "Blocked by" in at.text()
        assert "cancel its statement" not in at.text()
        assert "end its session" not in at.text()
        for key in ("c", "t"):
            await at.press(key)
            assert "This is a replay" in at.text()
            assert len(at.app.screen_stack) == 2

    replayed(record(tmp_path / "run", stages()["locked"].entries), scenario)


def test_step_by_step_forth_and_back_each_moment_is_the_fold_up_to_it(tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        for number in range(2, 30):
            await at.press("right")
            assert at.app.view.state == fold(FAILED[:number])
        for number in range(28, 0, -1):
            await at.press("left")
            assert at.app.view.state == fold(FAILED[:number])
        await at.press("left")
        assert at.app.view.state == fold(FAILED[:1])
        await at.press("end")
        assert at.app.view.state == fold(FAILED)
        await at.press("home")
        assert at.app.view.state == fold(FAILED[:1])
        assert at.app.view.now == FAILED[0].at

    replayed(record(tmp_path / "run", FAILED), scenario)


def test_the_log_ends_at_the_moment_when_going_forth_and_back(tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        for keys, wanted in ((["home"], 1), (["right"] * 20, 21), (["left"] * 5, 16), (["end"], len(FAILED))):
            await at.press(*keys)
            await at.until_logged(wanted)
        await at.press("home")
        await at.until_logged(1)
        await at.pilot.pause(0.6)
        assert "log of entry 1 " in at.text()
        assert "log of entry 2 " not in at.text()

    replayed(record(tmp_path / "run", FAILED), scenario)


def test_phases_by_brackets(tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        seen = []
        for _ in range(5):
            await at.press("right_square_bracket")
            seen.append(at.app.view.state.running)
        assert seen == ["preflight", "backup", "rehearsal", "go", "migrate"]
        await at.press("right_square_bracket")
        assert at.client.player.at_end
        await at.press("left_square_bracket", "left_square_bracket")
        assert at.app.view.state.running == "go"

    replayed(record(tmp_path / "run", FAILED), scenario)


def test_clocks_are_those_of_that_evening_and_run_as_fast_as_they_are_told_to(tmp_path: Path) -> None:
    entries = Story().begin().wait(600).start(Phase.PREFLIGHT).entries

    async def scenario(at: Evening) -> None:
        assert "T − 29:59" in at.text()
        assert "▷ playing 1×" in at.rows()[1]
        assert "next in 10:00" in at.rows()[1]
        await at.pass_(60)
        assert "T − 28:59" in at.text()
        assert "22:31:00" in at.rows()[0]
        assert "next in 09:00" in at.rows()[1]
        await at.press("0")
        await at.pass_(30)
        assert "▷ playing 10×" in at.rows()[1]
        assert "T − 23:59" in at.text()
        await at.press("space")
        await at.pass_(50)
        assert "‖ paused 10×" in at.rows()[1]
        assert "T − 23:59" in at.text()
        await at.press("1", "space")
        await at.pass_(10)
        assert "T − 23:49" in at.text()
        await at.press("right")
        assert "entry 2 of 2" in at.rows()[1]
        assert at.app.view.state.running == "preflight"

    replayed(record(tmp_path / "run", entries), scenario, playing=True)


def test_what_was_said_later_is_not_on_the_screen_before(tmp_path: Path) -> None:
    story = Story().begin().preflight()
    before = len(story.entries)
    story.write(ev.Noted(text="The backup was looked at.", level="warning")).answers()

    async def scenario(at: Evening) -> None:
        await at.press(*["right"] * before)
        assert "The backup was looked at." in at.text()
        await at.press("left")
        assert "The backup was looked at." not in at.text()
        assert at.app.view.progress_at is None

    replayed(record(tmp_path / "run", story.entries), scenario)


def test_a_dialog_is_drawn_anew_while_steps_go_on_behind_it(tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        await at.press("right_square_bracket", "c")
        assert "REPLAY · CHECKS" in at.text()
        before = at.text()
        await at.press("right", "right")
        assert at.text() != before
        assert len(at.app.screen_stack) == 2
        assert "entry 4" in "".join(at.app.screen_stack[0].query_one(ReplayBar).render().plain)

    replayed(record(tmp_path / "run", FAILED), scenario)


@pytest.mark.parametrize(
    ("stage", "said"),
    [("failed", "The recording ends here and the run had not"), ("done", "")],
)
def test_the_end_says_what_it_leaves_open(stage: str, said: str, tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        await at.press("end")
        assert "■ the end" in at.rows()[1]
        assert said in at.text()
        assert ("The recording ends here" in at.text()) is bool(said)
        assert "home again" in at.rows()[-1]
        await at.press("space")
        assert "home begins it again" in at.text()
        await at.press("home")
        assert "‖ paused" in at.rows()[1]

    replayed(record(tmp_path / "run", stages()[stage].entries), scenario)


def test_a_journal_that_is_cut_says_so_at_once_and_at_its_end(tmp_path: Path) -> None:
    folder = record(tmp_path / "run", FAILED)
    data = (folder / JOURNAL).read_bytes()
    (folder / JOURNAL).write_bytes(data[:-7])
    last = len(FAILED) - 1

    async def scenario(at: Evening) -> None:
        assert f"The journal is cut in mid-line: it plays up to entry {last}." in at.text()
        await at.press("right", "end")
        assert f"cut in mid-line here: entry {last} is its last whole one" in at.text()
        assert at.app.view.state == fold(FAILED[:-1])

    replayed(folder, scenario, (80, 24))


def test_a_copy_of_another_name_names_itself(tmp_path: Path) -> None:
    folder = record(tmp_path / "copied", Story().begin().end(Verdict.ABANDONED, "Nothing.").entries)
    (folder / JOURNAL).rename(folder / "evening.jsonl")

    async def scenario(at: Evening) -> None:
        await at.press("end")
        assert str(folder / "evening.jsonl") in at.app.screen.query_one(NowCard).render().plain

    replayed(folder / "evening.jsonl", scenario, (200, 60))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_without_colours_the_words_say_it(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scenario(at: Evening) -> None:
        await at.press("end")
        assert at.rows()[0].startswith(" ▷ REPLAY")
        assert at.rows()[1].startswith(" REPLAY  ■ the end")

    replayed(record(tmp_path / "run", FAILED), scenario, size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_presenter_layout_is_a_replay_too_and_tells_nothing_of_later(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        await at.press("v", "right", "right")
        rows = at.rows()
        assert rows[0].startswith(" ▷ REPLAY")
        assert f"entry 3 of {len(FAILED)}" in rows[1]
        told = [row for row in rows if "log of entry" in row]
        assert all(int(row.split()[-1]) <= 3 for row in told)
        assert told or size[1] == 24
        band = at.app.screen.query_one("#top").styles.background
        assert band == Color.parse(at.app.theme_variables["replay"])
        await at.press("space", "0")
        assert "playing 10×" in at.rows()[1]

    replayed(record(tmp_path / "run", FAILED), scenario, size)


def test_help_names_the_player_s_keys(tmp_path: Path) -> None:
    async def scenario(at: Evening) -> None:
        await at.press("question_mark")
        for words in ("play, or pause", "one entry back", "ten times as fast", "leave the replay"):
            assert words in at.text()
        assert "go / no-go: the board" not in at.text()

    replayed(record(tmp_path / "run", FAILED), scenario)


def test_leaving_says_that_nothing_was_touched(tmp_path: Path) -> None:
    async def act() -> None:
        evening = Evening(record(tmp_path / "run", FAILED), playing=True)
        async with evening.app.run_test() as evening.pilot:
            await evening.press("ctrl+c")
            assert "q leaves the replay" in evening.text()
            await evening.press("q")
        assert evening.app.return_value == "leave"

    asyncio.run(act())


def test_a_clock_set_back_is_shown_as_it_was(tmp_path: Path) -> None:
    story = Story().begin()
    story.now -= timedelta(hours=1)
    story.start(Phase.PREFLIGHT)

    async def scenario(at: Evening) -> None:
        await at.press("right")
        assert "21:30:00" in at.rows()[0]
        assert isinstance(at.app.screen, Cockpit)

    replayed(record(tmp_path / "run", story.entries), scenario)
