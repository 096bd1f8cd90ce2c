"""Troubleshooting, contacts, and naming a snapshot: what is known first, and no key that does what it should not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, Place, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.standing import Reconciled
from screens.snapshot import taken_at
from tests.screens.back_story import back_stages, snapshot_named, truth_seen
from tests.screens.stage import Stage, play
from tests.screens.story import MIGRATIONS, START, Story, stages

PHRASE = "DIXIS-ROLLBACK-OK"
HOSTILE = "[red]x[/] \x1b]52;c;aGk=\x07\x1b[2J\u202eevil [@click=app.bell]b[/] $accent {curly}"
pytestmark = pytest.mark.usefixtures("hand")
BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


# -- what to do


@BOTH
def test_it_begins_with_what_is_known_and_ends_in_a_way_out(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t")
        text = at.text()
        for said in (
            "1 The migration fails in mid-execution",
            f"✖ {MIGRATIONS[2]} failed on production",
            "statement 1 of 1, line 2: DO $$",
            "SQLSTATE 23503 foreign_key_violation: a row points to one that is n",
            "? whether anything of it stayed can't be told",
            f"· not touched: {MIGRATIONS[3]}",
            "▶ x roll back: nobody can tell what stayed of it; the backup is known",
            "decide by 23:14:43, in 09:",
            "✖ DX601 History agrees: recorded as failed",
            "x roll back   1 2 3 case   o contacts   esc back",
        ):
            assert said in text, said

    play(stages()["failed"], tmp_path, scenario, size)


def test_the_way_out_opens_the_rollback(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t", "x")
        await at.until_shown("ROLL BACK")
        await at.press("escape")
        await at.until(lambda: len(at.app.screen_stack) == 1)

    play(stages()["failed"], tmp_path, scenario)


@pytest.mark.parametrize(
    ("outcome", "key", "how"), [(Reconciled.ALL, "a", "applied"), (Reconciled.NONE, "u", "rolled back")]
)
@BOTH
def test_a_row_is_marked_by_the_phrase_where_the_finding_says_so(
    outcome: Reconciled, key: str, how: str, size: tuple[int, int], tmp_path: Path
) -> None:
    applied = how == "applied"

    async def scenario(at: Stage) -> None:
        await at.press("t", key)
        await at.until_shown(f"MARK AS {how.upper()}")
        assert "statements 1 to 3 of 3" in at.text()
        await at.press(*"no", "enter")
        await at.until_shown("Wrong phrase.")
        at.client.answers.clear()
        await at.press(*PHRASE, "enter")
        command = cmd.Resolve(migration=MIGRATIONS[2], applied=applied, phrase=PHRASE, operator="maria")
        await at.until(lambda: at.client.sent[-1:] == [command])
        at.story.write(
            ev.MigrationResolved(name=MIGRATIONS[2], applied=applied, operator="maria", evidence="looked once more")
        )
        at.client.go_on()
        await at.until_shown("▶ e safe to re-run")
        assert f"marked as {how} by maria" in at.text()

    story = truth_seen(stages()["failed"], outcome, "statements 1 to 3 of 3")

    async def refused_first(at: Stage) -> None:
        at.client.answers[cmd.Resolve] = "Wrong phrase."
        await scenario(at)

    play(story, tmp_path, refused_first, size)


@pytest.mark.parametrize("outcome", [Reconciled.PART, Reconciled.CANT_TELL])
@pytest.mark.parametrize("key", ["a", "u"])
def test_no_mark_is_offered_that_would_not_be_true(outcome: Reconciled, key: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t", key)
        await at.until_shown(f"▲ {key} is no way out of this case.")
        assert len(at.app.screen_stack) == 2
        assert at.client.sent == []

    play(truth_seen(stages()["failed"], outcome, "statement 1 of 3"), tmp_path, scenario)


@BOTH
def test_an_application_that_does_not_start_is_told_by_its_endpoints(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t")
        for said in ("3 The application fails to start", "✖ Checkout: answered 500", "▶ r verify again", "x roll back"):
            assert said in at.text(), said
        await at.press("r")
        await at.until(lambda: at.client.sent)
        assert at.client.sent[0] == cmd.StartPhase(phase=Phase.VERIFY)
        assert len(at.app.screen_stack) == 1

    play(stages()["verify_failed"], tmp_path, scenario, size)


@BOTH
def test_where_nothing_is_wrong_all_three_are_there_to_read(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t")
        assert "Nothing is known to be wrong: this is for reading." in at.text()
        for key, title in (("2", "2 Schema validation fails afterwards"), ("3", "3 The application fails to start")):
            await at.press(key)
            await at.until_shown(title)
        await at.press("x", "a", "e")
        assert at.client.sent == []
        assert len(at.app.screen_stack) == 2

    play(stages()["go"], tmp_path, scenario, size)


def test_another_case_says_which_one_the_run_is_in(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t", "3")
        await at.until_shown("The run is not in this case but in 1: this is for reading.")

    play(stages()["failed"], tmp_path, scenario, (80, 24))


@pytest.mark.parametrize(("size", "colours"), [((80, 24), True), ((100, 30), False), ((120, 40), True)])
def test_hostile_and_endless_text_stays_in_its_rows_and_the_keys_in_sight(
    size: tuple[int, int], colours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    story = stages()["failed"]
    name = MIGRATIONS[2]
    story.write(ev.MigrationStarted(name=name, place=Place.PRODUCTION))
    story.write(
        ev.StatementStarted(name=name, place=Place.PRODUCTION, number=1, of=9, line=1, text=HOSTILE + "字" * 400)
    )
    story.write(
        ev.MigrationEnded(name=name, place=Place.PRODUCTION, seconds=1, error=HOSTILE + "Ά" * 400, sqlstate="ZZ999")
    )
    story.found("DX601", CheckState.FAILED, HOSTILE * 9, HOSTILE)
    for number in range(20):
        story.found("DX600", CheckState.FAILED, HOSTILE * 9, subject=f"{number}")
    truth_seen(story, Reconciled.PART, HOSTILE * 9)

    async def scenario(at: Stage) -> None:
        await at.press("t")
        assert "[red]x[/]" in at.text()
        assert not set(at.text()) & set("\x1b\x07\u202e")
        assert {cell_len(row) for row in at.rows()} == {size[0]}
        assert "1 2 3 case" in at.text()
        assert "▶ x roll back" in at.text()

    play(story, tmp_path, scenario, size)


def test_an_ended_run_offers_no_key_that_is_refused(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("t")
        assert "x roll back" not in at.text()
        assert "e end the run" not in at.text()
        assert "1 2 3 case" in at.text()

    story = stages()["failed"].write(ev.RunEnded(verdict=Verdict.FAILED, summary="it failed"))
    play(story, tmp_path, scenario, (80, 24))


# -- contacts


@BOTH
@pytest.mark.parametrize("keys", [("o",), ("t", "o"), ("x", "ctrl+o")])
def test_contacts_are_one_key_away(keys: tuple[str, ...], size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press(*keys)
        await at.until_shown("CONTACTS")
        assert "+30 210 0000000" in at.text()
        assert "Νίκος Παπαδόπουλος" in at.text()
        assert "Nobody is named in dixis.toml: [contacts] backup." in at.text()
        await at.press("escape")
        await at.until(lambda: len(at.app.screen_stack) == len(keys))

    play(stages()["failed"], tmp_path, scenario, size)


def test_where_nobody_is_named_it_says_where_to_name_them(tmp_path: Path) -> None:
    story = Story().begin()
    begun = story.entries[0].event
    assert isinstance(begun, ev.RunStarted)
    story.entries[0] = msgspec.structs.replace(
        story.entries[0], event=msgspec.structs.replace(begun, contacts=[("On-call engineer", HOSTILE, "")])
    )

    async def scenario(at: Stage) -> None:
        await at.press("o")
        await at.until_shown("no phone, no address")
        assert "\x1b" not in at.text()
        assert "[contacts] decision_maker." in at.text()

    play(story, tmp_path, scenario, (80, 24))
    story.entries[0] = msgspec.structs.replace(story.entries[0], event=msgspec.structs.replace(begun, contacts=[]))

    async def nobody(at: Stage) -> None:
        await at.press("o")
        await at.until_shown("Nobody is named in dixis.toml: [contacts] on_call.")

    play(story, tmp_path, nobody, (80, 24))


# -- a provider's snapshot


def test_a_snapshot_is_named_by_three_lines_and_letters_are_only_letters(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("p")
        await at.until_shown("PROVIDER SNAPSHOT")
        await at.press(*"rxq-tom", "enter")
        await at.press(*"2026-11-25 22:10", "enter")
        await at.press(*"console p", "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [
            cmd.NameSnapshot(
                id="rxq-tom",
                taken_at=datetime(2026, 11, 25, 20, 10, tzinfo=UTC),
                where="console p",
                operator="maria",
            )
        ]
        await at.until(lambda: len(at.app.screen_stack) == 1)
        snapshot_named(at.story)
        at.client.go_on()
        await at.until_shown("snapshot rds:dixis-2026-11-25: its restore was not proven here")

    play(stages()["backup_next"], tmp_path, scenario, (80, 24))


def test_nothing_is_named_by_halves(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("p", *"id", "enter", *"yesterday", "enter", *"there", "enter")
        await at.until_shown("▲ Write when it was taken as 2026-11-25 22:30.")
        await at.press("escape")
        await at.until(lambda: len(at.app.screen_stack) == 1)
        assert at.client.sent == []

    play(stages()["backup_next"], tmp_path, scenario, (80, 24))


@pytest.mark.parametrize("stage", ["answers", "go", "failed"])
def test_a_snapshot_is_named_at_the_backup_and_before_the_go(stage: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("p")
        await at.until_shown("Select Backup with ↑ ↓ first")
        assert len(at.app.screen_stack) == 1

    play(stages()[stage], tmp_path, scenario)


@pytest.mark.parametrize(
    ("text", "moment", "problem"),
    [
        (" 2026-11-25 22:10 ", datetime(2026, 11, 25, 20, 10, tzinfo=UTC), ""),
        ("2026-11-25 22:31", None, "That is in the future."),
        ("2026-03-29 03:30", None, "That time does not exist on that day: the clocks go forward."),
        ("25/11/2026 22:10", None, "Write when it was taken as 2026-11-25 22:30."),
        ("2026-11-25", None, "Write when it was taken as 2026-11-25 22:30."),
        ("", None, "Write when it was taken as 2026-11-25 22:30."),
    ],
)
def test_when_it_was_taken_is_local_time_of_the_window(text: str, moment: datetime | None, problem: str) -> None:
    assert taken_at(text, ZoneInfo("Europe/Athens"), START) == (moment, problem)


def test_the_backup_pane_says_what_the_way_back_will_take(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "✔ restored and compared" in at.text()
        assert re.search(r"▲ snapshot rds:dixis-\S+ +not proven", at.text()), at.text()

    play(snapshot_named(stages()["go"]), tmp_path, scenario)


@pytest.mark.parametrize("stage", back_stages())
def test_every_moment_of_the_way_back_fits_the_smallest_layout(stage: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert {cell_len(row) for row in at.rows()} == {80}
        assert at.app._exception is None

    play(back_stages()[stage], tmp_path, scenario, (80, 24))
