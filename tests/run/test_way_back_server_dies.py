"""The server dies under a rollback: production is there under its own name, and going back again comes to the end."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.errors import DixisError
from dixis_tui.model import Backup, Phase, PhaseState, Step, Way
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.spawn import start
from dixis_tui.settings import Settings
from tests.run.conftest import Hand, settings_for, write_project
from tests.waiting import until


@pytest.fixture
def mortal() -> Iterator[EmbeddedServer]:
    """A server of this test's own, which may be killed; its commits last."""
    with tempfile.TemporaryDirectory(prefix="dixis-") as place:
        Path(place).chmod(0o711)
        server = EmbeddedServer(Path(place) / "server")
        server.create()
        server.start()
        server.create_database("shop")
        yield server
        server.remove()


def backed_up(settings: Settings, url: DatabaseUrl) -> tuple[Hand, Backup]:
    """A run that has a backup."""
    hand = Hand(start(settings, {"DATABASE_URL": url.raw.reveal()}, "Ελένη").wait())
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    assert hand.send(cmd.Waive(code="DX114", operator="Ελένη", reason="not Prisma's yet")) == ""
    backup = hand.do(Phase.BACKUP).backup
    assert backup is not None
    return hand, backup


def die(server: EmbeddedServer) -> None:
    """At once, as in a crash."""
    os.kill(int((server.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    server.stop()


@pytest.mark.parametrize("way", [Way.SIDE, Way.IN_PLACE])
def test_in_the_middle_of_the_restore(
    mortal: EmbeddedServer, way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    url = parse(mortal.url("shop"), "DATABASE_URL")
    with connect(url, purpose="test") as session:
        session.execute("CREATE TABLE before AS SELECT i, repeat('Ελιά', 20) AS word FROM generate_series(1, 300000) i")
    hand, backup = backed_up(settings_for(write_project(tmp_path / "shop")), url)
    with connect(url, purpose="test") as session:
        session.execute("UPDATE before SET word = 'broken' WHERE i % 2 = 0")
    back = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη", way=way)
    assert hand.send(back) == ""
    hand.wait(lambda state: any(view.step is Step.RESTORE for view in state.steps), "the restore")
    until(lambda: _copying(url), 20, "rows on their way")
    die(mortal)
    state = hand.ended(Phase.ROLLBACK)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.FAILED
    assert not state.swapped
    mortal.start()
    with connect(url, purpose="test") as session:
        assert session.value("SELECT count(*) FROM before WHERE word = 'broken'") == 150_000, "as it was"
    assert hand.send(back) == ""
    state = hand.ended(Phase.ROLLBACK, 2)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, state.phase(Phase.ROLLBACK).reason
    assert compare_contents(url, backup) == []
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")


def _copying(url: DatabaseUrl) -> bool:
    try:
        with connect(url, purpose="test") as session:
            return bool(session.value("SELECT count(*) FROM pg_stat_progress_copy WHERE tuples_processed > 0"))
    except DixisError:
        return False


def test_at_any_other_step(mortal: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead where a step begins, and up again: restored, or as it was; and going back once more comes to the end."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    url = parse(mortal.url("shop"), "DATABASE_URL")
    with connect(url, purpose="test") as session:
        session.execute("CREATE TABLE before AS SELECT i FROM generate_series(1, 100) i")
    settings, secrets = settings_for(write_project(tmp_path / "shop")), {"DATABASE_URL": url.raw.reveal()}
    hand, backup = backed_up(settings, url)
    back = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη", way=Way.SIDE)
    for step in (Step.CREATE, Step.COMPARE, Step.CLEAR, Step.SWAP, Step.VERIFY):
        assert hand.send(cmd.End()) == ""
        hand.wait(lambda state: state.ended, "the end")
        hand = Hand(start(settings, secrets, "Ελένη", adopts=hand.folder).wait())
        with connect(url, purpose="test") as session:
            session.execute("DELETE FROM before WHERE i > 50")
        assert hand.send(back) == ""
        hand.wait(lambda state, step=step: any(view.step is step for view in state.steps), f"{step}")  # type: ignore[misc]
        die(mortal)
        mortal.start()
        state = hand.ended(Phase.ROLLBACK)
        with connect(url, purpose="test") as session:
            left = session.value("SELECT count(*) FROM before")
        assert left == (100 if state.swapped else 50), f"killed at {step}: as the journal has it"
        if policy.phase_state(state, Phase.ROLLBACK) is not PhaseState.PASSED:
            assert hand.send(cmd.StartPhase(phase=Phase.ROLLBACK) if state.swapped else back) == ""
            state = hand.ended(Phase.ROLLBACK, 2)
        assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, state.phase(Phase.ROLLBACK).reason
        assert compare_contents(url, backup) == [], f"killed at {step}"
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
