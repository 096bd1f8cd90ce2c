"""Service and password files, read by the real psql."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import child_environment
from dixis_tui.secrets import Secret
from tests.majors import both_majors

PASSWORDS = ["p@:/%#\\ w", "\\:", "'\"`$x;=&", "#comment", " two ends ", "λέξη κλειδί", "%41", "[dixis]", "*"]


def _psql(url: DatabaseUrl, tools: Tools, sql: str) -> str:
    with connection_files(url, application_name="dixis-tui test", major=tools.major) as environment:
        done = subprocess.run(
            [tools.path("psql"), "-XAtq", "--no-password", f"--dbname=service={SERVICE}", f"--command={sql}"],
            env=child_environment(environment),
            capture_output=True,
            text=True,
        )
    return done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr}"


@both_majors
def test_any_password_goes_through(server: EmbeddedServer, database: DatabaseUrl, tools: Tools) -> None:
    role = f"role {database.database}"
    with connect(database, purpose="test") as session:
        session.script(f'CREATE ROLE "{role}" LOGIN'.encode())
        for password in PASSWORDS:
            quoted = password.replace("'", "''")
            session.script(f"ALTER ROLE \"{role}\" PASSWORD '{quoted}'".encode())
            url = replace(database, user=role, password=Secret(password))
            assert _psql(url, tools, "SELECT current_user") == role
            connect(url, purpose="test").close()
        session.script(f'DROP ROLE "{role}"'.encode())


@both_majors
def test_parameters_arrive_and_new_ones_do_not_break_old_tools(
    server: EmbeddedServer, database: DatabaseUrl, tools: Tools
) -> None:
    libpq = {
        "options": "-c work_mem=7MB -c lock_timeout=3s",
        "sslnegotiation": "postgres",
        "load_balance_hosts": "disable",
    }
    url = replace(database, libpq=libpq, prisma={"schema": "x", "pgbouncer": "true"})
    sql = "SELECT current_setting('work_mem'), current_setting('lock_timeout'), current_setting('application_name')"
    assert _psql(url, tools, sql) == "7MB|3s|dixis-tui test"


def test_files_are_private_and_go_away(database: DatabaseUrl) -> None:
    with connection_files(database) as environment:
        files = [Path(environment[name]) for name in ("PGSERVICEFILE", "PGPASSFILE")]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
        assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
        password = database.password.reveal()
        assert password not in files[0].read_text()
        assert all(password not in value for value in environment.values())
    assert not files[0].parent.exists()


@pytest.mark.parametrize("change", [{"password": Secret("a\nb")}, {"user": "a\nb"}, {"database": "a "}])
def test_what_such_files_can_not_hold_is_said(database: DatabaseUrl, change: dict[str, object]) -> None:
    url = replace(database, **change)
    with pytest.raises(ToolError, match="DATABASE_URL"), connection_files(url):
        raise AssertionError("not refused")


def test_what_a_killed_run_left_is_removed_by_the_next(database: DatabaseUrl) -> None:
    script = """
import os, signal
from dixis_tui.postgres.libpq_files import connection_files
from dixis_tui.postgres.url import parse

with connection_files(parse(os.environ["TARGET"], "TARGET")) as environment:
    print(environment["PGPASSFILE"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with connection_files(database) as mine:
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"TARGET": database.raw.reveal()},
            capture_output=True,
            text=True,
        )
        left = Path(done.stdout.strip())
        assert left.name == "pass"
        with connection_files(database):
            assert not left.parent.exists()
            assert Path(mine["PGPASSFILE"]).exists()
