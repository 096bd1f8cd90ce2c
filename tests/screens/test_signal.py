"""Ending what blocks us: by its process id typed by a hand, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import pytest
from textual.events import Paste

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState, Place
from dixis_tui.run import commands as cmd
from screens.phrase_dialog import PASTED
from screens.signal import SignalScreen
from screens.widgets.phrase_field import PhraseField
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import MIGRATIONS, Story, stages
from tests.screens.test_boards import hand
from tests.screens.test_radar_screen import see, seen

__all__ = ["hand"]


def blocked(**changes: object) -> Story:
    """A migration that one session blocks, with these differences."""
    story = stages()["locked"]
    return see(story, blockers=(msgspec.structs.replace(seen(story).blockers[0], **changes),))


@pytest.mark.parametrize(("key", "how"), [("c", "cancel"), ("t", "terminate")])
def test_the_typed_number_is_sent_as_it_was_typed(
    key: str, how: Literal["cancel", "terminate"], tmp_path: Path, hand: list[float]
) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b", key)
        assert at.app.screen.query_one(PhraseField).value == ""
        await at.press(*"4650", "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.SignalBackend(pid=4650, how=how, typed="4650", operator="maria")]
        await at.until(lambda: len(at.app.screen_stack) == 2)
        await at.until_shown("Process 4650 was")
        await at.press("escape")
        assert "Process 4650 was" in at.text()

    play(blocked(state="active"), tmp_path, scenario)


def test_a_wrong_number_is_the_runners_to_refuse_and_the_field_is_empty_again(
    tmp_path: Path, hand: list[float]
) -> None:
    async def scenario(at: Stage) -> None:
        refusal = "Type 4650, its process id, to terminate it. Nothing was done."
        at.client.answers[cmd.SignalBackend] = refusal
        await at.press("b", "t", *"4711", "enter")
        await at.until_shown(refusal)
        assert [sent.typed for sent in at.client.sent if isinstance(sent, cmd.SignalBackend)] == ["4711"]
        assert at.app.screen.query_one(PhraseField).value == ""
        at.client.answers.clear()
        await at.press("4")
        assert refusal not in at.text()
        await at.press(*"650", "enter")
        await at.until(lambda: len(at.client.sent) == 2)
        await at.until(lambda: len(at.app.screen_stack) == 2)

    play(stages()["locked"], tmp_path, scenario)


def test_a_paste_is_refused_and_nothing_sent(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b", "t")
        at.app.screen.query_one(PhraseField).post_message(Paste("4650"))
        await at.until_shown(PASTED)
        hand[0] = 0.001
        await at.press(*"4650465", "enter")
        await at.until_shown(PASTED)
        assert at.client.sent == []

    play(stages()["locked"], tmp_path, scenario)


@pytest.mark.parametrize("keys", [("escape",), (*"4650", "escape"), ("enter", "escape")])
def test_esc_sends_nothing(keys: tuple[str, ...], tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b", "t", *keys)
        assert len(at.app.screen_stack) == 2
        assert at.client.sent == []

    play(stages()["locked"], tmp_path, scenario)


def test_letters_in_the_field_open_nothing(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b", "t", *"hbcqtxm")
        assert at.app.screen.query_one(PhraseField).value == "hbcqtxm"
        assert isinstance(at.app.screen, SignalScreen)

    play(stages()["locked"], tmp_path, scenario)


@pytest.mark.parametrize("size", SIZES)
def test_a_blocker_that_goes_away_is_said_and_may_come_back_with_our_next_attempt(
    size: tuple[int, int], tmp_path: Path, hand: list[float]
) -> None:
    story = stages()["locked"]
    blockers = seen(story).blockers

    async def scenario(at: Stage) -> None:
        await at.press("b", "t", "4", "6")
        # Between two attempts nothing of ours waits: it is in the way all the same.
        see(story, blockers=(), waits_for=None)
        at.client.go_on()
        assert "Type 4650" in at.text()
        story.write(ev.MigrationStarted(name=MIGRATIONS[2], place=Place.PRODUCTION))
        at.client.go_on()
        await at.until_shown("Process 4650 does not block us at this moment.")
        assert "Type 4650" not in at.text()
        see(story, blockers=blockers)
        at.client.go_on()
        await at.until_shown("Type 4650, its process id.")
        assert at.app.screen.query_one(PhraseField).value == "46"
        story.write(ev.MigrationStarted(name=MIGRATIONS[2], place=Place.PRODUCTION))
        see(story, blockers=())
        at.client.go_on()
        at.client.answers[cmd.SignalBackend] = "Backend 4650 does not block us (any more)."
        await at.press("5", "0", "enter")
        await at.until_shown("✖ Backend 4650 does not block us (any more).")
        await at.press("escape")
        assert len(at.app.screen_stack) == 2

    play(story, tmp_path, scenario, size)


def test_another_session_of_the_same_number_is_not_the_one_that_was_meant(tmp_path: Path) -> None:
    story = stages()["locked"]

    async def scenario(at: Stage) -> None:
        await at.press("b", "t")
        see(story, blockers=(msgspec.structs.replace(seen(story).blockers[0], started=story.now),))
        at.client.go_on()
        await at.until_shown("Process 4650 is another session by now.")
        assert "Nothing was done." in at.text()
        assert "do it" not in at.text()
        await at.press(*"4650", "enter")
        assert at.client.sent == []

    play(story, tmp_path, scenario)


def test_a_run_that_ends_or_a_runner_that_dies_is_said(tmp_path: Path) -> None:
    story = stages()["locked"]

    async def ends(at: Stage) -> None:
        await at.press("b", "t")
        story.over(Phase.MIGRATE, PhaseState.FAILED)
        at.client.go_on()
        await at.until_shown("Nothing of ours is at work any more")

    async def dies(at: Stage) -> None:
        await at.press("b", "t")
        at.client.die()
        await at.until_shown("The runner is gone: nothing can be asked of it.")

    play(story, tmp_path, ends)
    play(stages()["locked"], tmp_path, dies)


@pytest.mark.parametrize("size", SIZES)
def test_it_says_who_it_is_and_the_field_is_in_sight_whatever_it_ran(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b", "t")
        text = " ".join(at.text().split())
        for said in ("(process 4650)", "10.0.0.31", "idle in transaction for 6 m 53 s", "its transaction is undone"):
            assert said in text, at.text()
        assert "Type 4650, its process id." in at.text()
        assert "> █" in at.text()
        assert "enter do it   esc no" in at.text()

    play(blocked(query="SELECT 'Αθήνα字' " * 40, application="Ά" * 31, user="u" * 63), tmp_path, scenario, size)


def test_what_was_signalled_is_told_once_the_run_is_over(tmp_path: Path) -> None:
    story = stages()["locked"]
    told = ev.BackendSignalled(pid=4650, how="terminate", operator="maria", who="Metabase, user reports")
    story.write(told, msgspec.structs.replace(told, done=True)).over(Phase.MIGRATE)

    async def scenario(at: Stage) -> None:
        await at.press("b")
        assert at.text().count("maria ended process 4650: Metabase, user reports") == 1

    play(story, tmp_path, scenario)
