"""`dixis-tui resolve` on a real run whose last migration failed, and a run that names a provider's snapshot."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from dixis_tui.cli.main import cli, run
from dixis_tui.model import CheckState, Phase
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import all_runs
from dixis_tui.run.runs import live, look
from tests.run.conftest import Begin, Hand, add_migration, settings_for, write_project

NAME = "20260107000000_fails"
SQL = "CREATE TABLE late (id int); DO $$ BEGIN IF current_database() <> 'rehearsal' THEN RAISE 'no'; END IF; END $$;"
OPEN = "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL"
PHRASE = ("--confirm", "DIXIS-ROLLBACK-OK")


@pytest.fixture
def hand(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> Hand:
    """A run whose last migration failed on production, and left nothing there."""
    project = write_project(tmp_path / "shop")
    add_migration(project, NAME, SQL)
    hand = begin(settings_for(project))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    hand.ended(Phase.MIGRATE)
    return hand


def call(hand: Hand, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["resolve", hand.folder.name, *words], input=typed)


def test_a_failed_row_is_marked_only_as_the_database_shows(hand: Hand, database: DatabaseUrl) -> None:
    def unfinished() -> object:
        with connect(database, purpose="test") as session:
            return session.value(OPEN)

    for words, said in (
        ((NAME, *PHRASE), "Pass --applied or --rolled-back"),
        ((NAME, "--rolled-back", "--confirm", "DIXIS-PROD-OK"), "exactly DIXIS-ROLLBACK-OK"),
        ((NAME, "--rolled-back", "--json"), "Pass --confirm"),
        (("20260101000000_farms", "--rolled-back", *PHRASE), "dixis-tui migrations"),
    ):
        done = call(hand, *words)
        assert said in str(getattr(done.exception, "remedy", done.output)), done.output
    assert (unfinished(), hand.look().refusals) == (1, 0), "nothing was asked of the runner"

    wrong = call(hand, NAME, "--applied", *PHRASE, "--json")
    assert wrong.exit_code == 1, wrong.output
    told = json.loads(wrong.stdout.splitlines()[-1])
    assert (told["marked"], told["applied"]) == (False, True)
    assert "can't be marked as applied" in told["problem"]
    assert unfinished() == 1

    right = call(hand, NAME, "--rolled-back", typed="DIXIS-ROLLBACK-OK\n")
    assert right.exit_code == 0, right.output
    assert f"{NAME} is failed" in right.output
    assert f"{NAME} is marked as rolled back: " in right.output
    assert unfinished() == 0
    state = hand.look()
    assert list(state.resolved) == [NAME]
    assert state.refusals == 0, "it was sent once: a second one would have been refused"
    assert live(hand.folder), "the run goes on"

    again = call(hand, NAME, "--rolled-back", *PHRASE)
    assert "resolved already" in str(again.exception)
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
    ended = call(hand, NAME, "--rolled-back", *PHRASE)
    assert "has ended" in str(ended.exception)
    assert "preflight" in str(getattr(ended.exception, "remedy", ""))


def test_a_run_without_a_person_names_a_snapshot_and_makes_its_dump(
    tmp_path: Path, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DATABASE_URL", database.raw.reveal())
    monkeypatch.delenv("STAGING_DATABASE_URL", raising=False)
    write_project(tmp_path / "shop")
    config, start = tmp_path / "dixis.toml", datetime.now(ZoneInfo("Europe/Athens")) - timedelta(minutes=1)
    window = f"[window]\nstart = {start:%Y-%m-%dT%H:%M:%S}\nminutes = 60\n"
    config.write_text(f'[prisma]\ndirectory = "shop"\n{window}')
    words = ["--config", str(config), "run", "--confirm", "DIXIS-PROD-OK"]
    words += [word for code in ("DX131", "DX132", "DX133", "DX400") for word in ("--tick", code)]
    assert run([*words, "--snapshot-id", "snap-7"]) == 2
    assert "A snapshot needs its id, its time and its place" in capsys.readouterr().err
    assert all_runs() == [], "nothing was started"
    at = datetime.now(UTC) - timedelta(hours=1)
    run([*words, "--snapshot-id", "snap-7", "--snapshot-at", at.isoformat(), "--snapshot-where", "eu-south-1"])
    state = look(all_runs()[-1]).state
    assert state.ended is not None
    assert state.snapshot is not None
    assert (state.snapshot.id, state.snapshot.where, state.snapshot.taken_at) == ("snap-7", "eu-south-1", at)
    assert state.backup is not None, "the dump is made all the same"
    assert state.check("DX200").state is CheckState.PASSED
    assert state.restored is not None
