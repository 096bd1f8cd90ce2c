"""The rollback screen and its cards: what is lost, which ways there are, until when, what production is meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from textual.events import Key

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, Step, TableLoss, Way
from dixis_tui.run import commands as cmd
from screens.cards import card
from screens.view import View
from screens.widgets.phrase_field import PhraseField
from tests.screens.back_story import (
    KEPT,
    SIDE,
    back_stages,
    by_hand,
    side_begins,
    snapshot_named,
    stopped,
    ways_seen,
)
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import SHA, Story, stages
from tests.screens.test_cards import words_of
from tests.screens.test_guide import open_keys, view_of

PHRASE = "DIXIS-ROLLBACK-OK"
STAGES = back_stages()
HOSTILE = "[red]x[/] \x1b]52;c;aGk=\x07\x1b[2J\u202eevil [@click=app.bell]b[/] $accent {curly}"
BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typist who is never taken for a paste."""
    now = [0.0]

    def typed_at(_: PhraseField, __: Key) -> float:
        now[0] += 0.15
        return now[0]

    monkeypatch.setattr(PhraseField, "typed_at", typed_at)


def field(at: Stage) -> PhraseField:
    return at.app.screen.query_one(PhraseField)


async def open_rollback(at: Stage) -> None:
    at.client.told[cmd.LookBack] = ways_seen
    await at.press("x")
    await at.until_shown("looked at")


@BOTH
def test_it_looks_and_says_what_is_lost_which_ways_there_are_and_until_when(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async def scenario(at: Stage) -> None:
        await open_rollback(at)
        assert at.client.sent == [cmd.LookBack()]
        text = at.text()
        for said in (
            "▲ 620 rows in 4 tables will be lost.",
            "public.Order ",
            "+412 ~88 -3",
            "500,000 → 500,409",
            "the migration's own count too",
            "✔ ▸ beside it  2 m 05 s measured   restore beside, compare, swap names",
            "✔   in place   3 m 30 s measured   one transaction: whole or not at all",
            "✖   snapshot   refused: No provider's snapshot was named in this run.",
            "No return  the swap at its very end; until then production is untouched",
            "Stays      the failed database, under a dated name",
            "restored and compared ✔",
            "way back 2:05 · decide by 23:12:55, in ",
            f"Type {PHRASE} to put production back. There is no default.",
            "^o contacts",
        ):
            assert said in text, said
        assert ("public.Επισκέπτης" in text) == (size[1] > 24)
        assert ("… 2 tables more, 9 rows" in text) == (size[1] == 24)

    play(stages()["failed"], tmp_path, scenario, size)


@pytest.mark.parametrize(("downs", "way"), [(0, Way.SIDE), (1, Way.IN_PLACE)])
def test_the_phrase_confirms_the_way_that_is_chosen(downs: int, way: Way, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_rollback(at)
        await at.press(*["down"] * downs, *PHRASE, "enter")
        await at.until(lambda: len(at.client.sent) == 2)
        assert at.client.sent[1] == cmd.Rollback(phrase=PHRASE, operator="maria", way=way)
        side_begins(at.story)
        at.client.go_on()
        await at.until(lambda: len(at.app.screen_stack) == 1)

    play(stages()["failed"], tmp_path, scenario)


def test_what_was_typed_for_one_way_never_confirms_another(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_rollback(at)
        await at.press(*PHRASE, "down", "enter")
        assert field(at).value == ""
        assert at.client.sent == [cmd.LookBack()]

    play(stages()["failed"], tmp_path, scenario)


def test_a_way_that_is_refused_takes_no_phrase_and_says_why(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_rollback(at)
        await at.press("down", "down")
        await at.until_shown("✖ ▸ snapshot")
        assert not field(at).display
        await at.press(*PHRASE, "enter")
        assert at.client.sent == [cmd.LookBack()]
        assert "↑ ↓ chooses another way" in at.text()
        await at.press("up")
        await at.until(lambda: field(at).has_focus)

    play(stages()["failed"], tmp_path, scenario)


def test_a_way_that_closes_while_the_phrase_is_typed_takes_the_field_away(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await open_rollback(at)
        await at.press("up", *PHRASE)
        ways_seen(at.story, refused={Way.SIDE: "The role may not create databases."})
        at.client.go_on()
        await at.until_shown("✖ ▸ beside it  refused: The role may not create databases.")
        await at.press("enter")
        assert at.client.sent == [cmd.LookBack()]

    play(stages()["failed"], tmp_path, scenario)


@BOTH
def test_where_every_way_is_refused_it_names_whom_to_call(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        shut = dict.fromkeys(Way, "The server can't be reached.")
        at.client.told[cmd.LookBack] = lambda story: ways_seen(story, refused=shut)
        await at.press("x")
        await at.until_shown("No way back is open from here")
        assert not field(at).display
        await at.press("ctrl+o")
        await at.until_shown("+30 210 0000000")

    play(stages()["failed"], tmp_path, scenario, size)


def test_before_the_look_has_answered_the_way_is_open_and_the_old_look_is_not_shown_as_new(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("x")
        await at.until_shown("looking at each, and at what was written since")
        assert "looked at" not in at.text()
        assert field(at).display
        at.story.wait(40)
        at.client.go_on()
        await at.until_shown("not looked at: no answer for")

    play(STAGES["failed"], tmp_path, scenario)


def test_a_look_that_is_refused_says_why_and_keeps_the_way_open(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.answers[cmd.LookBack] = "The runner is busy."
        await at.press("x")
        await at.until_shown("not looked at: The runner is busy.")
        assert field(at).display
        assert "Everything written to production since that backup will be lost." in at.text()

    play(stages()["failed"], tmp_path, scenario)


@pytest.mark.parametrize(
    ("losses", "unknown", "said"),
    [
        ([], "", "✔ Nothing was written since the backup, by the server's statistics."),
        ([], "its statistics were reset", "? What will be lost is not known: its statistics were reset."),
        ([TableLoss("public.Order", 1, 0, 0, 7, -1)], "", "7 → not there"),
    ],
)
def test_what_is_lost_is_told_as_far_as_it_is_known(
    losses: list[TableLoss], unknown: str, said: str, tmp_path: Path
) -> None:
    async def scenario(at: Stage) -> None:
        at.client.told[cmd.LookBack] = lambda story: ways_seen(story, losses, unknown=unknown)
        await at.press("x")
        await at.until_shown(said)

    play(stages()["failed"], tmp_path, scenario, (80, 24))


@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_hostile_long_and_many_tables_stay_in_their_rows(
    size: tuple[int, int], colours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    losses = [TableLoss(HOSTILE, 10**12, 10**9, 7, 10**12, 10**12), TableLoss("Παραγγελίες" * 12, 9, 9, 9, 9, 9)]
    losses += [TableLoss(f"public.{'t' * 120}{number}", 1, 1, 1, 1, 1) for number in range(198)]

    async def scenario(at: Stage) -> None:
        shut = {Way.SNAPSHOT: HOSTILE * 4, Way.IN_PLACE: "字" * 200}
        at.client.told[cmd.LookBack] = lambda story: ways_seen(story, losses, refused=shut)
        await at.press("x")
        await at.until_shown("200 tables will be lost")
        await at.press("down")
        assert not set(at.text()) & set("\x1b\x07\u202e")
        assert {cell_len(row) for row in at.rows()} == {size[0]}
        assert "[red]x[/]" in at.text()
        assert "↑ ↓ choose a way" in at.text()
        assert at.app._exception is None

    play(stages()["failed"], tmp_path, scenario, size)


def test_an_unfinished_rollback_of_an_earlier_run_is_taken_up_by_its_own_way(tmp_path: Path) -> None:
    story = Story().begin()
    begun = ev.RollbackConfirmed(operator="nikos", sha256=SHA, way=Way.IN_PLACE)
    first = Story().ready()
    made = next(entry.event for entry in first.entries if isinstance(entry.event, ev.BackupMade))
    seen = next(entry.event for entry in first.entries if isinstance(entry.event, ev.TargetSeen))
    story.write(ev.BackupAdopted(run="20261125-1", identity=seen.identity, backup=made.backup, unfinished=begun))
    assert "began a rollback and did not finish it" in words_of(card(view_of(story)))

    async def scenario(at: Stage) -> None:
        await open_rollback(at)
        assert "✔ ▸ in place" in at.text()
        assert "go on with the rollback that was begun" in at.text()
        assert "by run 20261125-1" in at.text()

    play(story, tmp_path, scenario)


# -- cards


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


# -- the clock


@pytest.mark.parametrize("stage", ["migrate", "failed", "verify_failed", "sign_off"])
@BOTH
def test_from_the_go_on_the_decision_counts_down(stage: str, size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "decide by 23:14:43, in 09:" in at.text()
        at.story.wait(600)
        at.client.go_on()
        await at.until_shown("decide by 23:14:43: passed")

    play(stages()[stage], tmp_path, scenario, size)


@pytest.mark.parametrize("stage", ["banner", "go", "roll_back", "rolled_back"])
def test_before_the_go_and_on_the_way_back_there_is_nothing_to_decide(stage: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "decide by" not in at.text()

    play(stages()[stage], tmp_path, scenario)


def test_once_it_has_passed_the_card_says_what_that_changes() -> None:
    view = view_of(stages()["failed"])
    late = msgspec.structs.replace(view, now=view.now + timedelta(minutes=12))
    said = words_of(card(late))
    assert "✖ window 02:" in said
    assert "A rollback begun now ends after the window: extend it, or mend forward." in said


def test_a_rollback_that_stopped_is_decided_about_again() -> None:
    view: View = view_of(stopped(stages()["failed"], Step.CREATE))
    assert "went wrong" not in view.asked
    from screens.clock_words import deciding

    assert deciding(view) is not None
    assert deciding(view_of(side_begins(stages()["failed"]))) is None


def test_the_named_snapshot_is_told_before_and_on_the_board(tmp_path: Path) -> None:
    said = "snapshot rds:dixis-2026-11-25: its restore was not proven here"
    assert said in words_of(card(view_of(STAGES["named"])))

    async def scenario(at: Stage) -> None:
        at.client.told[cmd.Seal] = lambda story: story.seal()
        await at.press("m")
        await at.until_shown(said)

    play(snapshot_named(stages()["go"]), tmp_path, scenario, (80, 24))
