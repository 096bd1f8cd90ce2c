"""Whatever of the sealed plan changes between the seal and the phrase stops the run, and is named: one by one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import Phase
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from tests.faults.line import Line
from tests.run.conftest import Begin, Hand, add_migration, settings_for, write_project

LAST = "20260104000000_not_null"


def git(folder: Path, *words: str) -> None:
    """As a developer, without the machine's own settings."""
    subprocess.run(
        ["git", "-c", "user.name=Νίκος", "-c", "user.email=n@shop.example", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )


def committed(folder: Path) -> Path:
    """The project in a repository with one commit."""
    project = write_project(folder)
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Shop")
    return project


def edited(project: Path, _: Hand) -> None:
    file = project / "prisma/migrations" / LAST / "migration.sql"
    file.write_text(file.read_text() + "-- one more word")


def added(project: Path, _: Hand) -> None:
    add_migration(project, "20260105000000_late", "SELECT 1")


def removed(project: Path, _: Hand) -> None:
    shutil.rmtree(project / "prisma/migrations" / LAST)


def another_version(project: Path, _: Hand) -> None:
    (project / "package.json").write_text('{"devDependencies": {"prisma": "6.19.2"}}')


def another_commit(project: Path, _: Hand) -> None:
    git(project, "commit", "-q", "--allow-empty", "-m", "Moved on")


def one_byte_of_the_backup(_: Path, hand: Hand) -> None:
    dump = backup_of(hand)
    data = bytearray(dump.read_bytes())
    data[len(data) // 2] ^= 1
    dump.write_bytes(data)


def another_backup_in_its_place(_: Path, hand: Hand) -> None:
    dump = backup_of(hand)
    other = dump.with_name("other")
    other.write_bytes(bytes(len(dump.read_bytes())))
    other.rename(dump)


def no_backup(_: Path, hand: Hand) -> None:
    backup_of(hand).unlink()


def backup_of(hand: Hand) -> Path:
    backup = hand.look().backup
    assert backup is not None
    return Path(backup.path)


def waived(_: Path, hand: Hand) -> None:
    assert hand.send(cmd.Waive(code="DX121", operator="Νίκος", reason="agreed by phone")) == ""


CHANGES: dict[str, tuple[Callable[[Path, Hand], None], str]] = {
    "a file edited": (edited, "Migrations was 4 pending"),
    "a file added": (added, "is 5 pending"),
    "a file removed": (removed, "is 3 pending"),
    "Prisma's version": (another_version, "Prisma was 6.19.3, is 6.19.2"),
    "the commit": (another_commit, "Commit was"),
    "a byte of the backup": (one_byte_of_the_backup, "was changed since it was made (SHA-256 differs)"),
    "another backup of its size": (another_backup_in_its_place, "was changed since it was made (SHA-256 differs)"),
    "the backup gone": (no_backup, "can't be read"),
    "a waiver more": (waived, "Waived was DX300, is DX121, DX300"),
}


def to_go(hand: Hand) -> None:
    """Sealed, with the rehearsal waived: it is not what changes here, and takes longest."""
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    assert hand.send(cmd.Waive(code="DX300", operator="Ελένη", reason="rehearsed elsewhere")) == ""
    hand.seal()
    assert hand.look().plan is not None, hand.state.phase(Phase.GO).reason


def refused(hand: Hand) -> str:
    """The phrase was right, and nothing was done: what the runner says."""
    before = hand.look().refusals
    assert hand.confirm() == ""
    state = hand.wait(lambda state: state.refusals > before, "a refusal")
    assert state.confirmed is None
    events = [entry.event for entry in read(hand.folder / JOURNAL)]
    assert not any(isinstance(event, ev.MigrationStarted) and event.place == "production" for event in events)
    assert state.refused is not None
    return state.refused.reason


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_named_and_nothing_is_done(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, change: str
) -> None:
    project = committed(tmp_path / "shop")
    hand = begin(settings_for(project))
    to_go(hand)
    do, said = CHANGES[change]
    do(project, hand)
    assert said in refused(hand)
    with connect(database, purpose="test") as session:
        assert session.value("SELECT to_regclass('_prisma_migrations') IS NULL") is True


@pytest.mark.parametrize("server", ["embedded"], indirect=True)
def test_another_server_behind_the_same_address(
    begin: Begin, tmp_path: Path, server: EmbeddedServer, system_server: EmbeddedServer, database: DatabaseUrl
) -> None:
    """What a failover, a moved DNS name or a wrong tunnel does: the same URL, and another system."""
    name, role = database.database, f"{database.database}_twin"
    with (
        Line(server.port) as line,
        connect(database, purpose="test") as here,
        connect(parse(system_server.url("postgres"), "URL"), purpose="test") as there,
    ):
        there.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        for session in (here, there):
            session.execute(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'same'")  # type: ignore[arg-type]
        try:
            url = f"postgresql://{role}:same@127.0.0.1:{line.port}/{name}"
            hand = begin(settings_for(write_project(tmp_path / "shop")), DATABASE_URL=url)
            to_go(hand)
            line.leads_to(system_server.port)
            line.cut()
            line.anew()
            said = refused(hand)
            assert "Server was PostgreSQL 18" in said or "not the database that the backup was made from" in said, said
            assert hand.send(cmd.End()) == ""
            hand.wait(lambda state: state.ended, "its end")
        finally:
            there.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
            for session in (here, there):
                session.execute(f"DROP OWNED BY {role}")  # type: ignore[arg-type]
                session.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


@pytest.mark.parametrize("server", ["embedded"], indirect=True)
def test_the_same_server_gone_read_only(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    to_go(hand)
    with connect(database, purpose="test") as session:
        session.execute(f'ALTER DATABASE "{database.database}" SET default_transaction_read_only = on')  # type: ignore[arg-type]
        try:
            assert refused(hand)
        finally:
            session.execute("SET default_transaction_read_only = off")
            session.execute(f'ALTER DATABASE "{database.database}" RESET ALL')  # type: ignore[arg-type]


def test_a_plan_that_is_unchanged_is_done(begin: Begin, tmp_path: Path) -> None:
    """The measure itself must be able to fail."""
    hand = begin(settings_for(committed(tmp_path / "shop")))
    to_go(hand)
    assert hand.confirm() == ""
    assert hand.wait(lambda state: state.confirmed, "the go").confirmed
    assert replace(hand.state, notes=()).confirmed
