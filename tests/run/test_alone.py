"""A run holds its target from beginning to end, and does nothing to it once another has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dixis_tui.errors import UnderWayError
from dixis_tui.model import CheckState, Phase, Verdict, Way
from dixis_tui.postgres.run_lock import Held, HeldBy, RunLock
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import work
from dixis_tui.run.accounts import Account, Asker
from dixis_tui.run.context import Context
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.spawn import start
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.unit.examples import STARTED
from tests.waiting import until

OTHER = "20261125-210512-0a1b"
HOLDERS = """
SELECT string_agg(a.application_name, ',') FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 1146639445 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"


def _holder(database: DatabaseUrl) -> str:
    with connect(database, purpose="test") as session:
        return str(session.value(HOLDERS) or "")


def _lose(hand: Hand, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        assert session.value(END, (_holder(database),))


@pytest.fixture
def other(database: DatabaseUrl) -> Iterator[RunLock]:
    """Another operator's run, elsewhere."""
    lock = RunLock(database, OTHER, "nikos@laptop")
    yield lock
    lock.release()


def test_held_from_the_first_entry_to_the_last(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    assert _holder(database).startswith(f"dixis-tui run {hand.folder.name} Eleni@")
    state = hand.ended(Phase.PREFLIGHT)
    assert state.check("DX124").state is CheckState.PASSED
    assert "held since" in state.check("DX124").evidence
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
    assert _holder(database) == ""


def test_whoever_reads_that_it_has_ended_may_begin(tmp_path: Path) -> None:
    """The lock is given back before the last entry is written."""
    released: list[bool] = []
    lock: Any = SimpleNamespace(release=lambda: released.append(context.state.ended is None))
    log = Log(tmp_path / LOG, Redactor())
    context = Context(tmp_path, Settings(), {}, Journal(tmp_path / JOURNAL), log, run_lock=lock)
    context.emit(STARTED)
    work.perform(context, cmd.End(), Asker(Account(0), Account(0)))
    assert context.state.ended
    assert released == [True]


def test_another_state_directory_is_told(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(UnderWayError, match=f"Run {hand.folder.name} by Eleni@") as caught:
        start(settings_for(tmp_path / "shop"), {"DATABASE_URL": database.raw.reveal()}, "Νίκος").wait()
    assert caught.value.run == ""
    assert "Ask Eleni@" in caught.value.remedy
    assert "pg_terminate_backend(" in caught.value.remedy


def test_lost_it_is_taken_anew_at_the_seal(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.to_go(rehearsed=False)
    _lose(hand, database)
    state = hand.seal()
    assert state.check("DX124").state is CheckState.PASSED
    assert "taken anew" in state.check("DX124").evidence
    assert hand.folder.name in _holder(database)


def test_whoever_lost_it_to_another_does_nothing(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, other: RunLock
) -> None:
    """The phrase was right, and is refused: another run has the target. A person may open that gate by name."""
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.to_go(rehearsed=False)
    _lose(hand, database)
    assert isinstance(other.ensure(), Held)
    refusals = hand.look().refusals
    assert hand.confirm() == ""
    state = hand.wait(lambda state: state.refusals > refusals, "a refusal")
    assert state.refused is not None
    assert f"Run {OTHER} by nikos@laptop is under way on" in state.refused.reason
    assert "since 2026-11-25 21:05:12 UTC" in state.refused.reason
    assert state.confirmed is None
    assert hand.confirm().startswith("The gate is closed by DX124")
    assert hand.send(cmd.Waive(code="DX124", operator="Ελένη", reason="his laptop is at the bottom of the sea")) == ""
    hand.seal()
    assert hand.confirm() == ""
    assert hand.ended(Phase.VERIFY).check("DX701").open


def test_a_swap_gives_it_back_and_takes_it_again(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, other: RunLock
) -> None:
    """The lock goes with the name: it is held on the restored database, not on the one that was put aside."""
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    hand.ended(Phase.VERIFY)
    before = _holder(database)
    assert hand.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη", way=Way.SIDE)) == ""
    state = hand.ended(Phase.ROLLBACK)
    assert state.swapped is not None
    log = (hand.folder / LOG).read_text()
    assert "The target is held again: passed, a lock in PostgreSQL" in log
    assert "taken anew" not in log, "given back, not taken from us"
    kept = database.replace_database(state.swapped.kept)
    assert _holder(kept) == ""
    assert _holder(database) == before
    told = other.ensure()
    assert isinstance(told, HeldBy)
    assert told.run == hand.folder.name
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    assert hand.wait(lambda state: state.ended, "the end").verdict is Verdict.ROLLED_BACK
    until(lambda: isinstance(other.ensure(), Held), what="the lock to be free")
    other.release()
    with connect(database.replace_database("postgres"), purpose="test") as session:
        session.execute(f'DROP DATABASE "{state.swapped.kept}"')  # type: ignore[arg-type]


def test_no_way_back_while_another_has_it(begin: Begin, tmp_path: Path, database: DatabaseUrl, other: RunLock) -> None:
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    hand.ended(Phase.VERIFY)
    _lose(hand, database)
    assert isinstance(other.ensure(), Held)
    for number, way in enumerate((Way.SIDE, Way.IN_PLACE), 1):
        assert hand.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη", way=way)) == ""
        state = hand.ended(Phase.ROLLBACK, number)
        assert f"Run {OTHER} by nikos@laptop is under way" in state.phase(Phase.ROLLBACK).reason
    with connect(database, purpose="test") as session:
        assert session.value("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL") == 4


def test_through_a_pooler_it_is_only_said(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    url = database.raw.reveal() + "?pgbouncer=true"
    hand = begin(settings_for(write_project(tmp_path / "shop")), DATABASE_URL=url)
    state = hand.ended(Phase.PREFLIGHT)
    assert state.check("DX124").state is CheckState.WARNED
    assert "no lock was taken: it says pgbouncer=true" in state.check("DX124").evidence
    assert _holder(database) == ""
