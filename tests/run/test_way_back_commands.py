"""`dixis-tui rollback` with a person at it: the provider's checklist, and a phrase that is not typed."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dixis_tui.cli.main import cli
from dixis_tui.model import Phase, Step, Verdict
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.swap import maintenance
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import all_runs
from dixis_tui.run.runs import live, look
from dixis_tui.run.spawn import start
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.waiting import until

SNAPSHOT = cmd.NameSnapshot(id="rds:shop-1", taken_at=datetime.now(UTC), where="eu-central-1", operator="Ελένη")


@pytest.fixture
def hand(begin: Begin, tmp_path: Path, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> Hand:
    """A run that has been through preflight, with a provider's snapshot named."""
    monkeypatch.setenv("DATABASE_URL", database.raw.reveal())
    monkeypatch.delenv("STAGING_DATABASE_URL", raising=False)
    project = write_project(tmp_path / "shop")
    monkeypatch.chdir(project)
    hand = begin(settings_for(project))
    hand.ended(Phase.PREFLIGHT)
    assert hand.send(SNAPSHOT) == ""
    hand.wait(lambda state: state.snapshot, "the snapshot's name")
    return hand


def call(hand: Hand, *words: str, typed: str) -> Result:
    return CliRunner().invoke(cli, ["rollback", hand.folder.name, *words], input=typed)


def test_the_checklist_is_asked_one_by_one_and_gone_on_with(hand: Hand) -> None:
    first = call(hand, "--way", "snapshot", typed="DIXIS-ROLLBACK-OK\ny\nn\n")
    assert first.exit_code == 1, first.output  # click's own word for an abort
    assert "  snapshot  about 300 s" in first.output
    assert "DX911 Application stopped" in first.output
    assert "DX913" not in first.output.partition("DX912 Snapshot restored (")[2].partition("The run waits")[0]
    assert f"go on with `dixis-tui rollback {hand.folder.name} --way snapshot`" in first.output
    state = hand.look()
    assert (state.ended, state.check("DX911").open, state.check("DX912").open) == (None, True, False)
    assert state.check("DX906").evidence == "", "nothing is looked at before the list is done"
    second = call(hand, "--way", "snapshot", typed="DIXIS-ROLLBACK-OK\ny\ny\n")
    assert second.exit_code == 0, second.output
    assert "DX911 Application stopped (" not in second.output.partition("Type ")[2], "it was answered already"
    state = hand.look()
    assert state.verdict is Verdict.ROLLED_BACK
    assert state.check("DX906").open


def test_no_machine_answers_the_checklist(hand: Hand) -> None:
    done = call(hand, "--way", "snapshot", "--json", "--confirm", "DIXIS-ROLLBACK-OK", typed="")
    assert done.exception is not None
    assert "needs a person's answers" in str(done.exception)
    assert hand.look().rollback is None


def test_a_phrase_that_is_wrong_leaves_a_run_of_others_alone(hand: Hand) -> None:
    done = call(hand, "--way", "snapshot", typed="DIXIS-PROD-OK\n")
    assert "Wrong phrase" in str(done.exception)
    assert (hand.look().rollback, hand.look().ended) == (None, None)
    assert live(hand.folder)


def test_a_phrase_that_is_not_typed_leaves_no_run_behind(hand: Hand) -> None:
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
    before = all_runs()
    for typed in ("", "DIXIS-PROD-OK\n"):
        done = call(hand, typed=typed)
        assert done.exit_code == 1, done.output
        assert "Rows written since the backup: " in done.output
    fresh = [look(folder) for folder in all_runs() if folder not in before]
    assert [(run.verdict, run.live) for run in fresh] == [(Verdict.ABANDONED, False)] * 2


def test_the_same_command_goes_on_after_a_crash(hand: Hand, database: DatabaseUrl, tmp_path: Path) -> None:
    """The run that is named has ended; the later one, which was killed after its restore, is the one gone on with."""
    with connect(database, purpose="test") as session:
        session.execute("CREATE TABLE before AS SELECT generate_series(1, 2000) AS i")
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
    with connect(database, purpose="test") as session:
        session.execute("DELETE FROM before")
    secrets = {"DATABASE_URL": database.raw.reveal()}
    killed = Hand(start(settings_for(tmp_path / "shop"), secrets, "Νίκος", adopts=hand.folder).wait())
    with connect(database, purpose="busy") as busy, busy.transaction():
        busy.value("SELECT count(*) FROM before")  # it is given its ten seconds before the swap
        assert killed.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος")) == ""
        killed.wait(lambda state: any(one.step is Step.CLEAR for one in state.steps), "the sessions' last seconds")
        first = killed.look()
        assert first.run is not None
        assert first.rollback is not None
        os.kill(first.run.pid, signal.SIGKILL)
        until(lambda: not live(killed.folder), what="its death")
    done = call(hand, "--confirm", "DIXIS-ROLLBACK-OK", typed="")
    assert done.exit_code == 0, done.output
    last = look(all_runs()[-1]).state
    assert last.rollback is not None
    assert (last.rollback.side, last.rollback.kept) == (first.rollback.side, first.rollback.kept)
    assert Step.RESTORE not in [one.step for one in last.steps], "what was restored and compared is not restored again"
    with connect(database, purpose="test") as session:
        assert session.value("SELECT count(*) FROM before") == 2000
    with maintenance(database) as session:
        session.execute(f'DROP DATABASE "{last.rollback.kept}"')  # type: ignore[arg-type]
