"""The rollback screen and the decision clock: what is lost, which ways there are, and until when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.model import Step, TableLoss, Way
from dixis_tui.run import commands as cmd
from screens.cards import card
from screens.view import View
from screens.widgets.phrase_field import PhraseField
from tests.screens.back_story import (
    back_stages,
    side_begins,
    snapshot_named,
    stopped,
    ways_seen,
)
from tests.screens.stage import Stage, play
from tests.screens.story import SHA, Story, stages
from tests.screens.test_cards import words_of
from tests.screens.test_guide import view_of

PHRASE = "DIXIS-ROLLBACK-OK"
STAGES = back_stages()
HOSTILE = "[red]x[/] \x1b]52;c;aGk=\x07\x1b[2J\u202eevil [@click=app.bell]b[/] $accent {curly}"
pytestmark = pytest.mark.usefixtures("hand")
BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


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


def test_a_look_that_comes_in_while_the_phrase_is_typed_chooses_no_other_way(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("x", *"DIXIS-ROLL")
        ways_seen(at.story, refused={Way.SIDE: "The role may not create databases."})
        at.client.go_on()
        await at.until_shown("✖ ▸ beside it  refused: The role may not create databases.")
        await at.press(*"BACK-OK", "enter")
        assert at.client.sent == [cmd.LookBack()]
        await at.press("down")
        await at.until_shown("✔ ▸ in place")
        assert field(at).value == ""

    play(stages()["failed"], tmp_path, scenario)


def test_a_look_that_closes_a_way_before_anything_is_typed_chooses_the_next(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.told[cmd.LookBack] = lambda story: ways_seen(story, refused={Way.SIDE: "No CREATEDB."})
        await at.press("x")
        await at.until_shown("✔ ▸ in place")

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
        assert "✖   snapshot   refused: No provider's snapshot was named in this run." in at.text()

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


@pytest.mark.parametrize(("size", "colours"), [((80, 24), True), ((100, 30), False), ((120, 40), True)])
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
