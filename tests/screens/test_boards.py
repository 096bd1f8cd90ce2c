"""The go / no-go board and the way back: nothing happens but by the exact phrase, typed by a hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key, Paste

from dixis_tui import events as ev
from dixis_tui.run import commands as cmd
from screens.phrase_dialog import PASTED
from screens.widgets.phrase_field import PhraseField
from tests.screens.stage import Stage, play
from tests.screens.story import Story, stages

PHRASE = "DIXIS-PROD-OK"
DIGEST = "7f3ac2e1" + "0" * 56


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A typist whose letters are `pace[0]` seconds apart, whatever this machine's load is."""
    pace = [0.15]
    now = [0.0]

    def typed_at(_: PhraseField, __: Key) -> float:
        now[0] += pace[0]
        return now[0]

    monkeypatch.setattr(PhraseField, "typed_at", typed_at)
    return pace


async def open_board(at: Stage, **fits: bool) -> None:
    at.client.told[cmd.Seal] = lambda story: story.seal(**fits)
    await at.press("m")
    await at.until_shown("GO / NO-GO")
    await at.until_shown("7f3a·c2e1")


def field(at: Stage) -> PhraseField:
    return at.app.screen.query_one(PhraseField)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_board_says_what_is_confirmed(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        text = at.text()
        for said in (
            "■ PRODUCTION",
            "dixis_prod @ db.dixis.example:5432 as dixis",
            "system 7423111122223333444",
            "4 pending, checksums 1b2c3d4e",
            "done on the restored backup",
            "✔ Preflight",
            "all open",
            "window open",
            "9.3 s",
            "14 MB, restored and compared ✔ 16 s",
            f"Type {PHRASE} to change PRODUCTION",
            "esc no-go",
        ):
            assert said in text, said
        assert field(at).value == ""
        assert at.client.sent == [cmd.Seal()]

    play(stages()["go"], tmp_path, scenario, size)


def test_the_right_phrase_is_sent_with_the_digest_and_the_board_waits_for_the_runner(
    tmp_path: Path, hand: list[float]
) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        await at.press(*PHRASE)
        assert field(at).value == PHRASE
        await at.press("enter")
        await at.until(lambda: len(at.client.sent) == 2)
        assert at.client.sent[1] == cmd.Confirm(phrase=PHRASE, operator="maria", digest=DIGEST)
        await at.until_shown("looks once more")
        at.story.confirm()
        at.client.go_on()
        await at.until(lambda: len(at.app.screen_stack) == 1)

    play(stages()["go"], tmp_path, scenario)


def test_a_wrong_phrase_does_nothing_says_so_and_is_counted(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        at.client.answers[cmd.Confirm] = "Wrong phrase. Nothing was done."
        await open_board(at)
        await at.press(*"dixis", "enter")
        await at.until_shown("✖ Wrong phrase. Nothing was done.")
        assert field(at).value == ""
        await at.press(*"DIXIS", "enter")
        await at.until_shown("Wrong phrase. Nothing was done. (2 refusals so far)")
        assert [command.phrase for command in at.client.sent if isinstance(command, cmd.Confirm)] == ["dixis", "DIXIS"]
        assert len(at.app.screen_stack) == 2

    play(stages()["go"], tmp_path, scenario)


def test_greek_letters_that_look_right_are_told(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        at.client.answers[cmd.Confirm] = "Wrong phrase. Nothing was done."
        await open_board(at)
        for letter in "ΔΙΧΙΣ":
            field(at).post_message(Key(letter, letter))
        await at.until(lambda: field(at).value == "ΔΙΧΙΣ")
        await at.press("enter")
        await at.until_shown("Greek letters: switch the keyboard.")

    play(stages()["go"], tmp_path, scenario)


def test_a_plan_that_changed_after_the_phrase_is_refused_on_the_board(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        await at.press(*PHRASE, "enter")
        await at.until_shown("looks once more")
        at.story.write(ev.ConfirmationRefused(operator="maria", reason="The plan changed since it was sealed: Commit."))
        at.client.go_on()
        await at.until_shown("✖ The plan changed since it was sealed: Commit.")
        assert len(at.app.screen_stack) == 2

    play(stages()["go"], tmp_path, scenario)


def test_enter_alone_and_escape_do_nothing(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        await at.press("enter", "escape")
        assert at.client.sent == [cmd.Seal()]
        assert len(at.app.screen_stack) == 1

    play(stages()["go"], tmp_path, scenario)


@pytest.mark.parametrize("key", ["ctrl+v", "shift+insert", "paste"])
def test_a_paste_is_refused(key: str, tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        at.app.copy_to_clipboard(PHRASE)
        if key == "paste":
            field(at).post_message(Paste(PHRASE))
        else:
            await at.press(key)
        await at.until_shown(PASTED)
        assert field(at).value == ""
        await at.press("enter")
        assert at.client.sent == [cmd.Seal()]

    play(stages()["go"], tmp_path, scenario)


def test_letters_faster_than_a_hand_are_a_paste(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        hand[0] = 0.002
        await open_board(at)
        await at.press(*PHRASE, "enter")
        await at.until_shown(PASTED)
        assert at.client.sent == [cmd.Seal()]
        hand[0] = 0.15
        await at.press(*PHRASE, "enter")
        await at.until(lambda: len(at.client.sent) == 2)

    play(stages()["go"], tmp_path, scenario)


def test_a_burst_inside_slow_typing_is_still_a_paste(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        await at.press(*PHRASE[:3])
        hand[0] = 0.001
        await at.press(*PHRASE[3:10])
        hand[0] = 0.15
        await at.press(*PHRASE[10:], "enter")
        await at.until_shown(PASTED)
        assert at.client.sent == [cmd.Seal()]

    play(stages()["go"], tmp_path, scenario)


def test_a_closed_gate_keeps_the_board_shut_and_is_named(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("m")
        await at.until_shown("The gate is closed by DX400 Maintenance banner is up.")
        assert len(at.app.screen_stack) == 1
        assert at.client.sent == []

    play(stages()["banner"], tmp_path, scenario)


def test_a_time_that_does_not_fit_keeps_the_phrase_away(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at, fits=False)
        await at.until_shown("DX501 Prediction fits the window: the window opens in 24 min 0 s")
        assert not field(at).display
        await at.press(*PHRASE, "enter")
        assert at.client.sent == [cmd.Seal()]
        await at.press("escape")
        await at.until_shown("Everything is ready but the time")

    play(Story().ready(), tmp_path, scenario, (80, 24))


def test_a_waiver_of_the_time_opens_the_phrase(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at, fits=False)
        await at.until(lambda: field(at).display)
        assert "● DX501 waived by maria: agreed by phone" in at.text()

    story = stages()["too_early"].write(ev.Waived(code="DX501", operator="maria", reason="agreed by phone"))
    play(story, tmp_path, scenario)


def test_the_old_seal_is_never_shown_as_the_new_one(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("m")
        await at.until_shown("Sealing the plan")
        dialog = at.app.screen.query_one("#plan").content
        assert "aaaa" not in str(dialog)
        assert not field(at).display

    play(stages()["go"].seal("aaaabbbb" + "0" * 56), tmp_path, scenario)


def test_a_seal_that_the_runner_refuses_is_said(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.answers[cmd.Seal] = "Rehearsal is running; wait for it, or stop it."
        await at.press("m")
        await at.until_shown("✖ Rehearsal is running; wait for it, or stop it.")
        assert not field(at).display

    play(stages()["go"], tmp_path, scenario)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_way_back_says_what_it_does_and_has_its_own_phrase(
    size: tuple[int, int], tmp_path: Path, hand: list[float]
) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("x")
        for said in ("ROLL BACK", "14 MB", "4 tables, 1,750,484 rows", "16 s measured", "will be lost"):
            await at.until_shown(said)
        assert "Type DIXIS-ROLLBACK-OK" in at.text()
        await at.press(*"DIXIS-ROLLBACK-OK", "enter")
        await at.until(lambda: len(at.client.sent) == 2)
        assert at.client.sent == [cmd.LookBack(), cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="maria")]
        at.story.roll_back_begins()
        at.client.go_on()
        await at.until_shown("Rolling production back to the backup")
        assert len(at.app.screen_stack) == 1

    play(stages()["failed"], tmp_path, scenario, size)


def test_a_runner_that_dies_under_the_board_is_said(tmp_path: Path, hand: list[float]) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        at.client.answers[cmd.Confirm] = "The runner is gone: nothing was done."
        at.client.die()
        await at.press(*PHRASE, "enter")
        await at.until_shown("The runner is gone")

    play(stages()["go"], tmp_path, scenario)


def test_a_tick_while_the_board_is_taken_down_breaks_nothing(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_board(at)
        await at.app.screen.query(".dialog").remove()
        at.app._tick()
        at.client.go_on()
        await at.press("ctrl+q")
        assert at.app.return_value == "leave"
        assert at.app._exception is None

    play(stages()["go"], tmp_path, scenario)
