"""A runner killed in the middle of a rollback, at every step: whoever comes next brings it to the same end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState, Step, Verdict, Way
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.swap import maintenance
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.client import Client
from dixis_tui.run.spawn import start
from dixis_tui.settings import HealthSettings
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.thorough import some
from tests.waiting import until

SIDE = [Step.INTACT, Step.CREATE, Step.RESTORE, Step.COMPARE, Step.CLEAR, Step.SWAP, Step.VERIFY]
IN_PLACE = [Step.INTACT, Step.RESTORE, Step.COMPARE, Step.VERIFY]
DATABASES = "SELECT array_agg(datname::text ORDER BY datname) FROM pg_database WHERE datname LIKE %s"


@pytest.fixture
def migrated(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> Iterator[Hand]:
    """A run that has a proven backup of `Farm` before it, and was ended; the side and kept databases go at the end."""
    with connect(database, purpose="test") as session:
        session.execute("CREATE TABLE before AS SELECT i, 'Ελιά ' || i AS name FROM generate_series(1, 2000) i")
        session.execute("CREATE SEQUENCE bills START 7")
        session.value("SELECT nextval('bills')")
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    assert hand.send(cmd.Waive(code="DX114", operator="Ελένη", reason="not Prisma's yet")) == ""
    hand.do(Phase.BACKUP)
    yield hand
    with maintenance(database) as session:
        for other in session.value(DATABASES, (f"{database.database}_%",)) or []:
            session.execute(f'DROP DATABASE "{other}" WITH (FORCE)')  # type: ignore[arg-type]


def adopt(before: Hand, database: DatabaseUrl, project: Path, health: str = "") -> Hand:
    """A later run that goes back to that run's backup; `health` is an endpoint that it asks at the end."""
    settings = settings_for(project)
    settings = replace(settings, rollback=replace(settings.rollback, polite_seconds=0.0))
    if health:
        settings = replace(settings, health=[HealthSettings(name="shop", url=health, timeout_seconds=60)])
    return Hand(start(settings, {"DATABASE_URL": database.raw.reveal()}, "Νίκος", adopts=before.folder).wait())


def killed(hand: Hand, kind: type, step: Step) -> bool:
    """Kill the runner as soon as its journal has that entry; whether its rollback was still under way then."""
    reader = Client(hand.folder)
    pid = hand.look().run.pid  # type: ignore[union-attr]

    def seen() -> bool:
        return any(isinstance(entry.event, kind) and entry.event.step is step for entry in reader.read())

    until(seen, 60, f"{step} in the journal")
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists() or _zombie(pid), 10, "its death")
    return hand.look().phase(Phase.ROLLBACK).state is PhaseState.RUNNING


def _zombie(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def break_it(database: DatabaseUrl) -> None:
    """What a migration might have done."""
    with connect(database, purpose="test") as session:
        session.execute("DELETE FROM before WHERE i % 3 = 0")
        session.execute("CREATE TABLE IF NOT EXISTS after (id int)")
        session.value("SELECT nextval('bills')")


CASES = list(product([Way.SIDE, Way.IN_PLACE], ["embedded", "system"], [ev.StepStarted, ev.StepEnded]))


@pytest.mark.parametrize(("way", "server", "kind"), some(CASES, CASES[0::4] + CASES[3::4]), indirect=["server"])
def test_whatever_it_was_at(  # noqa: PLR0917  fixtures and parameters
    server: EmbeddedServer, migrated: Hand, database: DatabaseUrl, tmp_path: Path, way: Way, kind: type
) -> None:
    backup = migrated.look().backup
    assert backup is not None
    assert backup.digests["public.before"]
    assert backup.sequences["public.bills"] == "7 used"
    hits = 0
    steps = SIDE if way is Way.SIDE else IN_PLACE
    if kind is ev.StepEnded:
        steps = steps[:-1]  # with the last one the rollback is over
    assert migrated.send(cmd.End()) == ""
    migrated.wait(lambda state: state.ended, "its end")
    for step in steps:
        break_it(database)
        assert compare_contents(database, backup), "it is broken"
        first = adopt(migrated, database, tmp_path / "shop")
        assert first.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος", way=way)) == ""
        in_time = killed(first, kind, step)
        hits += in_time
        with connect(database, purpose="test") as session:
            assert session.value("SELECT count(*) FROM before"), "production is there, under its own name"
        second = adopt(first, database, tmp_path / "shop")
        assert second.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος", way=way)) == ""
        state = second.ended(Phase.ROLLBACK)
        assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, state.phase(Phase.ROLLBACK).reason
        assert second.send(cmd.SignOff(operator="Νίκος")) == ""
        assert second.wait(lambda state: state.ended, "its end").verdict is Verdict.ROLLED_BACK
        assert compare_contents(database, backup) == [], f"killed at {kind.__name__} {step}"
        with maintenance(database) as session:
            left = session.value(DATABASES, (f"{database.database}_%",)) or []
            assert [name for name in left if "_back_" in name] == []
            # A kill that came too late found a finished rollback: the second one is another, and keeps its own.
            kept = (1 if in_time else 2) if way is Way.SIDE else 0
            assert len(left) == kept, "the database before is kept, once"
            for name in left:
                session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]
    assert hits >= len(steps) - 2, "the kills came too late to be any"


def test_what_the_application_wrote_after_the_swap_is_no_fault(
    migrated: Hand, database: DatabaseUrl, tmp_path: Path
) -> None:
    """Swapped, then killed: customers were let in again, and whoever comes next finds the rollback done."""
    assert migrated.send(cmd.End()) == ""
    migrated.wait(lambda state: state.ended, "its end")
    break_it(database)
    back = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος", way=Way.SIDE)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it lets the last step of the rollback wait
        first = adopt(migrated, database, tmp_path / "shop", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert first.send(back) == ""
        assert killed(first, ev.StepStarted, Step.VERIFY), "in the middle of its last look"
    with connect(database, purpose="test") as session:
        session.execute("INSERT INTO before VALUES (0, 'an order of tonight')")
    second = adopt(first, database, tmp_path / "shop")
    assert second.send(back) == ""
    state = second.ended(Phase.ROLLBACK)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, state.phase(Phase.ROLLBACK).reason
    assert state.swapped is not None
    assert state.swapped.earlier, "for how long nobody could connect is not known any more"
    assert second.send(cmd.SignOff(operator="Νίκος")) == ""
    assert second.wait(lambda state: state.ended, "its end").verdict is Verdict.ROLLED_BACK
    with connect(database, purpose="test") as session:
        assert session.value("SELECT count(*) FROM before WHERE i = 0") == 1, "the order is there"
