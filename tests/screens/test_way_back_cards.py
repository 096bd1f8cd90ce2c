"""The cards of the way back: the step at work, what production is meanwhile, what stopped it, what is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.model import CheckState, Phase, Step, Verdict
from dixis_tui.run import commands as cmd
from screens.cards import card
from screens.view import Link
from tests.screens.back_story import (
    KEPT,
    SIDE,
    back_stages,
    by_hand,
    side_begins,
    snapshot_named,
    stopped,
    swapped,
)
from tests.screens.stage import Stage, play
from tests.screens.story import Story, stages
from tests.screens.test_cards import words_of
from tests.screens.test_guide import open_keys, view_of

STAGES = back_stages()
BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


@pytest.mark.parametrize(
    ("stage", "runs", "touched"),
    [
        ("restoring", "◐ Restore the backup", "✔ Production is untouched so far"),
        ("clearing", "◐ End production's sessions", "▲ Production's sessions are being ended"),
        ("swapping", "◐ Swap the names", "▲ Production's name is being changed now"),
        ("verifying", "◐ Verify production", f"✔ Production is the restored database; the failed one is {KEPT}"),
    ],
)
def test_while_it_runs_the_card_names_the_step_and_whether_production_is_touched(
    stage: str, runs: str, touched: str
) -> None:
    said = words_of(card(view_of(STAGES[stage])))
    assert runs in said
    assert touched in said
    assert said.index(runs) < said.index(touched) < said.index("✔ Verify the backup")
    assert f"✔ Create the database beside production: {SIDE}  4.0 s".replace("  ", " ") in said


def test_coming_steps_are_named_and_the_bar_is_the_restores_own() -> None:
    said = card(view_of(STAGES["restoring"]))
    assert said.bar is not None
    assert said.bar.label.startswith("restore: 5 of 9 tables")
    assert "○ Swap the names to come" in words_of(said)
    counted = card(view_of(STAGES["clearing"])).bar
    assert counted is not None
    assert counted.label == "4 of 7 steps"


@BOTH
@pytest.mark.parametrize("stage", ["restoring", "clearing", "swapping", "verifying"])
def test_whether_production_is_touched_is_seen_on_every_terminal(
    stage: str, size: tuple[int, int], tmp_path: Path
) -> None:
    async def scenario(at: Stage) -> None:
        assert "Production" in at.text().split("◐ Rolling production back")[1].split("SELECTED")[0]

    play(STAGES[stage], tmp_path, scenario, size)


@pytest.mark.parametrize(
    ("stage", "headline", "production", "key"),
    [
        ("stopped", "The rollback stopped: restore the backup", "Production is untouched", "x"),
        ("stopped_in_swap", "The rollback stopped: swap the names", "the swap is one transaction, done or not", "x"),
        ("stopped_after_swap", "The rollback stopped: verify production", "Production is the restored database", "w"),
    ],
)
def test_a_step_that_failed_says_what_production_is_now_and_which_key_goes_on(
    stage: str, headline: str, production: str, key: str
) -> None:
    view = view_of(STAGES[stage])
    found = card(view)
    assert (found.headline, found.key) == (headline, key)
    assert production in words_of(found)
    assert key in open_keys(view)
    assert "no space left on device" in words_of(found)


def test_what_can_not_be_waived_after_the_swap_is_not_offered_to_be() -> None:
    story = stopped(stages()["failed"], Step.VERIFY).found("DX902").found("DX901", CheckState.FAILED, "not whole", "")
    view = view_of(story)
    assert card(view).key == "e"
    assert "w" not in open_keys(view)


def test_after_the_swap_the_kept_database_the_silence_and_the_last_step_are_told() -> None:
    said = words_of(card(view_of(STAGES["swapped"])))
    assert "For 1.4 s nobody could connect, 3 sessions ended by force." in said
    assert f"The failed database is kept as {KEPT}." in said
    assert f'DROP DATABASE "{KEPT}";' in said
    assert "Sign off" in said


def test_the_snapshot_is_a_list_of_answers_then_a_look(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.until_shown("Restore rds:dixis-2026-11-25 by hand. 3 answers are yours")
        assert "outside of this program" in at.text()
        await at.press("enter", "y")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Tick(code="DX911", operator="maria")]
        at.story.tick("DX911", "DX912", "DX913")
        at.client.go_on()
        await at.until_shown("Everything is answered. Look at what is there now")
        await at.press("r")
        await at.until(lambda: len(at.client.sent) == 2)
        assert at.client.sent[1] == cmd.StartPhase(phase=Phase.ROLLBACK)

    play(back_stages()["by_hand"], tmp_path, scenario, (80, 24))


def test_a_snapshot_that_is_not_what_was_expected_is_looked_at_again() -> None:
    story = by_hand(snapshot_named(Story().begin().preflight().answers()), "DX911", "DX912", "DX913")
    story.found("DX902", CheckState.FAILED, "public.Order has 3 rows, 500,000 were backed up", "Look again.")
    found = card(view_of(story))
    assert (found.headline, found.key) == ("The rollback is not whole", "r")


@pytest.mark.parametrize(
    ("stage", "said"),
    [("restoring", "The rollback had not touched production"), ("swapping", "its state is unknown until somebody")],
)
def test_a_runner_that_is_gone_says_as_much_of_production_as_its_steps_do(stage: str, said: str) -> None:
    assert said in words_of(card(view_of(STAGES[stage], link=Link.GONE)))


def test_an_ended_run_still_names_the_database_that_is_kept() -> None:
    story = swapped(stages()["failed"]).end(Verdict.ROLLED_BACK, "Rolled back.")
    assert f"kept as {KEPT}" in words_of(card(view_of(story)))


def test_a_drill_never_looks_like_production(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "◆ DRILL ON STAGING" in at.text()
        assert "■ PRODUCTION" not in at.text()
        assert "Rolling staging back" in at.text()
        assert at.app.screen.has_class("-demo")

    play(side_begins(Story(environment="drill").begin().preflight()), tmp_path, scenario)
