"""The cockpit after a runner's death: what was found, which one key fits, and what Ctrl+C asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import MigrationState, Phase, Recovery
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import fold
from screens.cards import card
from screens.guide import offer
from screens.interrupted import InterruptedScreen, meanings
from screens.view import Mode
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import MIGRATIONS, Story, stages
from tests.screens.test_cards import words_of
from tests.screens.test_guide import view_of

EVIDENCE = {
    Recovery.UNTOUCHED: "the phrase was not taken: production is as it was",
    Recovery.AT_WORK: "1 of the dead runner's sessions still on the server",
    Recovery.APPLIED: "4 of 4 migrations are in, none unfinished",
    Recovery.REST: "1 of 4 migrations are in",
    Recovery.UNFINISHED: "1 of 4 migrations are in; one was begun and not finished",
    Recovery.UNKNOWN: "production could not be looked at: no connection",
}


def resumed(story: Story) -> Story:
    """Niki takes the run up after ten minutes."""
    story.wait(600)
    return story.write(ev.RunnerResumed(operator="niki", host="niki@bastion", pid=4712, version="0.1.0", cut_bytes=7))


def looked(story: Story, outcome: Recovery) -> Story:
    """And the look finds this."""
    return resumed(story).write(ev.RecoverySeen(outcome=outcome, evidence=EVIDENCE[outcome], remedy="Do this."))


def in_migration() -> Story:
    """The third file was at work."""
    return stages()["migrate"]


@pytest.mark.parametrize(
    ("outcome", "headline", "key"),
    [
        (Recovery.AT_WORK, "Something is still at work on production: wait", "r"),
        (Recovery.UNKNOWN, "The state of production is not known yet", "r"),
        (Recovery.REST, "A part is in, and nothing is half done", "m"),
        (Recovery.UNFINISHED, "A migration was begun and is not finished", "t"),
    ],
)
def test_one_key_fits(outcome: Recovery, headline: str, key: str) -> None:
    seen = card(view_of(looked(in_migration(), outcome)))
    assert (seen.headline, seen.key) == (headline, key)
    said = words_of(seen)
    assert "niki" in said
    assert "7 bytes of a line that was never whole dropped" in said
    assert "Do this." in said
    assert ("x", "roll back") in seen.more


def test_before_the_look_nothing_but_looking_is_offered() -> None:
    view = view_of(resumed(in_migration()))
    assert card(view).headline == "The runner died or left: what it left is being looked at"
    assert isinstance(offer(view, "r").command, cmd.Recover)
    for key in ("m", "x"):
        assert "is being looked at first" in offer(view, key).refusal


def test_untouched_the_phases_go_on() -> None:
    story = stages()["rehearse"] if "rehearse" in stages() else Story().begin().preflight().answers().backup_begins()
    view = view_of(looked(story, Recovery.UNTOUCHED))
    seen = card(view)
    assert seen.key == "enter"
    assert ("e", "end the run") in seen.more
    assert isinstance(offer(view, "enter").command, cmd.StartPhase)


def test_while_a_session_is_at_work_production_is_left_alone_but_for_the_way_back() -> None:
    view = view_of(looked(in_migration(), Recovery.AT_WORK))
    assert "still at work" in offer(view, "m").refusal
    assert offer(view, "x").refusal == ""
    assert isinstance(offer(view, "enter").command, cmd.Recover)


def test_the_rest_needs_the_board_again_and_the_phrase_ends_the_recovery() -> None:
    story = looked(in_migration(), Recovery.REST)
    state = fold(story.entries)
    assert state.go_again
    assert offer(view_of(story), "m").refusal == ""
    story.write(ev.Confirmed(operator="niki", digest="d"))
    state = fold(story.entries)
    assert not state.go_again
    assert state.recovery is None


def test_what_ran_is_unknown_until_the_look_and_settled_by_it() -> None:
    story = resumed(in_migration())
    states = [view.state for view in fold(story.entries).migrations.values()]
    assert states[:3] == [MigrationState.APPLIED, MigrationState.APPLIED, MigrationState.UNKNOWN]
    assert fold(story.entries).running is None
    story.write(ev.MigrationSettled(name=MIGRATIONS[2], state=MigrationState.APPLIED, evidence="its row is finished"))
    view = fold(story.entries).migrations[MIGRATIONS[2]]
    assert (view.state, view.error) == (MigrationState.APPLIED, "")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("outcome", [Recovery.UNFINISHED, Recovery.REST, Recovery.AT_WORK])
def test_on_the_screen(tmp_path: Path, size: tuple[int, int], outcome: Recovery) -> None:
    async def scenario(at: Stage) -> None:
        seen = card(at.app.view)
        assert seen.headline[:30] in at.text()
        assert seen.does[:20] in at.text()

    play(looked(in_migration(), outcome), tmp_path, scenario, size)


# -- Ctrl+C


@pytest.mark.parametrize(("key", "now"), [("s", False), ("c", True)])
def test_ctrl_c_asks_and_each_answer_is_one_key(tmp_path: Path, key: str, now: bool) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("ctrl+c")
        await at.until_shown("Ctrl+C: nothing was stopped. What shall be?")
        assert at.client.sent == []
        await at.press("ctrl+c")
        assert sum(isinstance(screen, InterruptedScreen) for screen in at.app.screen_stack) == 1
        await at.press(key)
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Stop(now=now, operator="maria")]

    play(in_migration(), tmp_path, scenario, (80, 24))


def test_esc_and_enter_stop_nothing(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for key in ("escape", "enter", "n"):
            await at.press("ctrl+c")
            await at.until_shown("What shall be?")
            await at.press(key)
            await at.until(lambda: len(at.app.screen_stack) == 1)
        assert at.client.sent == []

    play(in_migration(), tmp_path, scenario)


def test_a_dump_has_no_statement_to_cancel(tmp_path: Path) -> None:
    story = Story().begin().preflight().answers().backup_begins()
    assert not any("cancels the statement" in line for line in meanings(fold(story.entries)))

    async def scenario(at: Stage) -> None:
        await at.press("ctrl+c")
        await at.until_shown("What shall be?")
        assert "cancel its statement" not in at.text()
        await at.press("c")
        assert at.client.sent == []

    play(story, tmp_path, scenario)


def test_who_only_looks_on_is_offered_nothing() -> None:
    view = view_of(in_migration())
    for mode in (Mode.WATCHER, Mode.REPLAY):
        seen = replace(view, mode=mode)
        assert not seen.acting
        assert all(offer(seen, key).refusal for key in ("enter", "m", "x", "s", "e", "w", "space"))


def test_the_meaning_names_the_file_that_runs() -> None:
    said = " ".join(meanings(fold(in_migration().entries)))
    assert MIGRATIONS[2] in said
    assert Phase.MIGRATE.capitalize() in said
