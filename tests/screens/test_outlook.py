"""MIGRATIONS: what tonight will take and may do, before; predicted and actual side by side, after."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.hazard import Execution, Severity
from dixis_tui.measures import Prediction, StatementForecast
from dixis_tui.model import MigrationFile, Place
from dixis_tui.standing import (
    DatabaseStanding,
    MigrationStanding,
    Reconciled,
    Reconciliation,
    Standing,
    Truth,
)
from screens.outlook import Answer, Below, Rows
from screens.outlook_detail import detail
from screens.outlook_rows import Row, rows, summary
from tests.screens.foreseen import FORECASTS, HAZARDS
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import MIGRATIONS, SHA, Story, stages
from tests.screens.test_guide import view_of


def detail_of(story: Story, row: Row, width: int = 76) -> str:
    """What the lower pane says, as running text."""
    return " ".join(" ".join(found.plain for found in detail(view_of(story), row, width)).split())


@pytest.mark.parametrize("size", SIZES)
def test_predicted_and_actual_stand_side_by_side(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("h")
        assert at.pane(Answer).startswith("Took 19 s, predicted 9.3 s (5.6 to 16 s)")
        assert "took 3.8 s predicted 1.9 s" in at.pane(Rows)
        assert "took 3.8 s · predicted 1.9 s (0.9 to 3.2 s) · on staging 1.9 s" in at.pane(Below)
        assert at.client.sent == []

    story = stages()["banner"].into_window().seal().confirm()
    play(story.migrated(slower=2.0), tmp_path, scenario, size)


def test_what_took_longer_than_the_range_is_marked() -> None:
    def looks(slower: float) -> list[str]:
        story = stages()["banner"].confirm().migrated(slower=slower)
        found = detail(view_of(story), Row(MIGRATIONS[0]), 76)
        return [str(span.style) for row in found for span in row.spans if "took" in row.plain[span.start : span.end]]

    assert looks(2.0) == [".warn"]
    assert looks(1.5) == [".good"]


@pytest.mark.parametrize("size", SIZES)
def test_a_hazard_says_what_why_and_the_safer_form(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("h", "down")
        assert "Index built while nobody may write" in at.pane(Rows)
        said = at.pane(Below)
        assert 'holds SHARE on "Order" while it is built' in said
        assert "Whoever writes the table waits" in said
        for _ in range(3):
            await at.press("pagedown")
        said += at.pane(Below)
        assert "CREATE INDEX CONCURRENTLY" in said
        assert "migration.sql:2" in said
        await at.press("up")
        assert "Runs as one transaction: one statement" in at.pane(Below)

    play(stages()["go"], tmp_path, scenario, size)


def test_a_hazard_whose_only_harm_is_waiting_is_not_marked_as_a_danger(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("h")
        assert "▲ line 2 Index built" in at.text()
        assert "✖ line 6" in at.text()
        assert "● line 30" in at.text()
        assert "1 danger, 1 makes others wait" in at.pane(Answer)

    story = stages()["go"]
    harmful = msgspec.structs.replace(HAZARDS[1], blocks=False)
    story.write(ev.HazardsSeen(forecasts=list(FORECASTS), hazards=[HAZARDS[0], harmful, HAZARDS[2]]))
    play(story, tmp_path, scenario)


def test_nothing_known_and_nothing_pending_are_told_apart() -> None:
    assert summary(view_of(stages()["begun"]))[0] == "Preflight has not looked yet: nothing is known"
    clear = Story().begin().found("DX115", evidence="none").write(ev.PendingSeen(applied=12, pending=[]))
    assert summary(view_of(clear))[0] == "Nothing is pending"
    unrehearsed = summary(view_of(stages()["answers"]))[0]
    assert unrehearsed.startswith("Not rehearsed: the runbook gives the migration 2 to 5 minutes")


def test_a_rehearsal_without_measures_of_statements_still_says_what_it_took(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("h")
        assert at.pane(Answer).startswith("Took 6.0 s on staging")
        assert "on staging 1.5 s" in at.pane(Rows)

    story = Story().begin().preflight().answers().backup().restored()
    for name in MIGRATIONS:
        story.write(ev.MigrationStarted(name=name, place=Place.STAGING))
        story.write(ev.MigrationEnded(name=name, place=Place.STAGING, seconds=1.5))
    play(story, tmp_path, scenario)


@pytest.mark.parametrize("size", SIZES)
def test_a_standing_is_told_with_its_remedy_and_a_bad_database_comes_first(
    size: tuple[int, int], tmp_path: Path
) -> None:
    broken = MigrationStanding(
        name="20250901000000_broken",
        standing=Standing.FAILED,
        detail="begun yesterday, never finished",
        remedy="Repair it by hand, then look again.",
        prisma_says="up to date",
        reconciliation=Reconciliation(
            migration="20250901000000_broken",
            outcome=Reconciled.PART,
            statements=5,
            sentence="statements 1 to 3 of 5 are there",
            commands=("prisma migrate resolve --rolled-back 20250901000000_broken " + "--schema=" + "x" * 90,),
        ),
    )
    truth = Truth(database=DatabaseStanding.UNMANAGED, remedy="Make a baseline.", migrations=(broken,))

    async def scenario(at: Stage) -> None:
        await at.press("h")
        assert "The database is not empty, and without a history" in at.pane(Rows)
        assert "Make a baseline." in at.pane(Below)
        await at.press("down")
        assert "20250901000000_broken failed" in at.pane(Rows)
        said = at.pane(Below)
        for _ in range(4):
            await at.press("pagedown")
            said += " " + at.pane(Below)
        for told in ("never finished", "says: up to date", "1 to 3 of 5", "--rolled-back", "Repair it by hand"):
            assert told in said, told
        assert "".join(said.split()).count("x" * 40) >= 1

    play(stages()["go"].write(ev.TruthSeen(truth=truth)), tmp_path, scenario, size)


def many(count: int = 300) -> Story:
    """So many migrations, five hazards in each."""
    story = Story().begin().preflight()
    files = [MigrationFile(f"2026{number:010}_change_{number}", "", SHA, 1) for number in range(count)]
    hazards = [
        msgspec.structs.replace(HAZARDS[0], migration=file.name, line=line) for file in files for line in range(1, 6)
    ]
    forecasts = [msgspec.structs.replace(FORECASTS[0], migration=file.name) for file in files]
    return story.write(ev.PendingSeen(applied=0, pending=files), ev.HazardsSeen(forecasts=forecasts, hazards=hazards))


@pytest.mark.parametrize("size", SIZES)
def test_of_three_hundred_migrations_the_row_under_the_cursor_is_in_sight(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async def scenario(at: Stage) -> None:
        def at_cursor() -> str:
            return next(row for row in at.rows() if "▸" in row)

        await at.press("h")
        assert "_change_0 " in at_cursor()
        assert "more" in at.pane(Rows)
        for number in range(1, 15):
            await at.press("down")
            assert (f"line {number % 6} " if number % 6 else f"_change_{number // 6} ") in at_cursor()
        await at.press("end")
        assert "line 5" in at_cursor()
        assert "↑ 1," in at.pane(Rows)
        await at.press("down", "down", "home", "up")
        assert "_change_0 " in at_cursor()

    play(many(), tmp_path, scenario, size)


def test_the_list_is_made_once_a_state_and_not_once_a_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr("screens.outlook.rows", lambda view: made.append(1) or rows(view))

    async def scenario(at: Stage) -> None:
        await at.press("h")
        before = len(made)
        at.app._tick()
        at.app._tick()
        await at.press("down", "up")
        assert len(made) == before

    play(many(), tmp_path, scenario)


def test_of_thousands_of_statements_the_longest_are_listed() -> None:
    story = stages()["go"]
    statements = tuple(
        StatementForecast(
            migration=MIGRATIONS[0],
            number=number,
            line=number,
            text=f"INSERT {number}",
            seconds=9.0 if number == 4_321 else 0.01,
            low=0.0,
            high=10.0,
        )
        for number in range(1, 5_001)
    )
    found = Prediction(rehearsed=True, seconds=59, low=1, high=90, statements=statements)
    story.write(ev.Predicted(prediction=found))
    said = detail_of(story, Row(MIGRATIONS[0]))
    assert "INSERT 4321" in said
    assert "… and 4,900 more statements, none of them over 0.0 s" in said


def test_a_long_safer_form_is_wrapped_and_not_cut() -> None:
    hazard = msgspec.structs.replace(
        HAZARDS[0], safer="    SELECT " + ", ".join(f'"{n:060}"' for n in range(9)) + "; -- end"
    )
    found = detail(view_of(stages()["go"]), Row(MIGRATIONS[0], hazard=hazard), 76)
    assert all(cell_len(row.plain) <= 76 for row in found)
    assert "; -- end" in " ".join(" ".join(row.plain for row in found).split())


def test_what_failed_says_why_and_how_often_it_gave_way() -> None:
    story = stages()["migrate"].retried()
    assert "Gave way once to others who held a lock." in detail_of(story, Row(MIGRATIONS[2]))
    said = detail_of(stages()["failed"], Row(MIGRATIONS[2]))
    assert "violates foreign key constraint" in said


@pytest.mark.parametrize("stage", ["failed", "lost", "migrate"])
def test_a_migrations_own_state_is_a_word(stage: str, tmp_path: Path) -> None:
    word = {"failed": "failed", "lost": "unknown", "migrate": "running"}[stage]

    async def scenario(at: Stage) -> None:
        await at.press("h")
        assert f"{word} predicted 5.8 s" in at.pane(Rows)

    play(stages()[stage], tmp_path, scenario)


def test_a_file_that_will_fail_says_so_in_its_row(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("h")
        assert f"{MIGRATIONS[0]} fails with 25001" in at.pane(Rows)
        assert "It can't run." in at.pane(Below)

    bad = msgspec.structs.replace(FORECASTS[0], execution=Execution.FAILS, surprise="It can't run.")
    notice = msgspec.structs.replace(HAZARDS[0], severity=Severity.NOTICE, blocks=False)
    story = stages()["go"].write(ev.HazardsSeen(forecasts=[bad, *FORECASTS[1:]], hazards=[notice]))
    play(story, tmp_path, scenario)


def test_only_esc_h_and_q_close_it(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for key in ("escape", "h", "q"):
            await at.press("h", "b", "c", "m", "x", "question_mark", "enter")
            assert len(at.app.screen_stack) == 2
            await at.press(key)
            assert len(at.app.screen_stack) == 1
        for key in ("escape", "b", "q"):
            await at.press("b", "h", "m", "x", "question_mark", "enter")
            assert len(at.app.screen_stack) == 2
            await at.press(key)
            assert len(at.app.screen_stack) == 1
        assert at.client.sent == []

    play(stages()["go"], tmp_path, scenario)
