"""The embedded server's life: made, started, found again, killed, moved to another port, removed; as root too."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dixis_tui.errors import ConnectError, ToolError
from dixis_tui.postgres.as_user import command_as, server_user
from dixis_tui.postgres.embedded import EmbeddedServer, wheel_bindir
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from tests.conftest import system_bindir
from tests.waiting import until

Make = Callable[..., EmbeddedServer]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Servers in folders of their own, removed in the end."""
    made: list[EmbeddedServer] = []

    def new(name: str = "server", bindir: Path | None = None) -> EmbeddedServer:
        made.append(EmbeddedServer(tmp_path / name, bindir, fsync=False))
        return made[-1]

    yield new
    for server in made:
        server.remove()


def _value(server: EmbeddedServer, sql: str, database: str = "postgres") -> object:
    with connect(parse(server.url(database), "X"), purpose="test") as session:
        return session.value(sql)


def _pid(server: EmbeddedServer) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])


@pytest.mark.parametrize("kind", ["embedded", "system"])
def test_a_servers_life(make: Make, kind: str) -> None:
    server = make("a folder with δ and $HOME", system_bindir() if kind == "system" else None)
    assert not server.created
    with pytest.raises(ToolError, match="no server in"):
        server.start()
    server.create()
    server.create()
    assert (server.created, server.running) == (True, False)
    server.stop()
    server.start()
    server.start()
    assert (server.created, server.running) == (True, True)
    server.create_database("πωλήσεις @/#")
    assert _value(server, "SELECT current_database()", "πωλήσεις @/#") == "πωλήσεις @/#"
    assert _value(server, "SHOW server_encoding") == "UTF8"
    assert _value(server, "SELECT lower('ΛΆΔΙ')") == "λάδι"
    assert _value(server, "SHOW listen_addresses") == "127.0.0.1"
    assert _value(server, "SHOW unix_socket_directories") == ""
    server.stop()
    assert not server.running
    server.start()
    assert _value(server, "SELECT count(*) FROM pg_database WHERE datname LIKE 'π%'") == 1
    server.remove()
    assert not server.folder.exists()
    server.stop()


def test_only_the_password_opens_it_and_only_its_owner_reads_that(make: Make) -> None:
    server = make()
    server.create()
    server.start()
    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    url = server.url("postgres")
    with pytest.raises(ConnectError) as caught:
        connect(parse(url.replace("postgres:", "postgres:x", 1), "X"), purpose="test")
    assert caught.value.kind == "authentication"
    assert not (server.folder / "initdb-password").exists()


def test_two_side_by_side(make: Make) -> None:
    one, two = make("one"), make("two")
    for server in (one, two):
        server.create()
        server.start()
    assert one.port != two.port
    assert (one.folder / "password").read_text() != (two.folder / "password").read_text()
    one.stop()
    assert two.running
    assert _value(two, "SELECT 1") == 1


def test_found_again_by_another_object(make: Make) -> None:
    server = make()
    server.create()
    server.start()
    again = EmbeddedServer(server.folder)
    assert again.running
    again.start()
    assert _pid(again) == _pid(server)
    again.stop()
    assert not server.running


def test_it_outlives_a_hang_up_and_the_program_that_started_it(make: Make) -> None:
    server = make()
    server.create()
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from dixis_tui.postgres.embedded import EmbeddedServer\n"
        "EmbeddedServer(Path(sys.argv[1])).start(); os.killpg(0, signal.SIGHUP)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(server.folder)], start_new_session=True)
    assert done.returncode == -signal.SIGHUP
    assert server.running
    assert _value(server, "SELECT 1") == 1
    assert os.getsid(_pid(server)) == _pid(server)


def test_after_a_crash_it_starts_again(make: Make) -> None:
    server = make()
    server.create()
    server.start()
    crashed = _pid(server)
    os.kill(crashed, signal.SIGKILL)
    until(lambda: not server.running, what="the crash")
    assert (server.folder / "data" / "postmaster.pid").exists()
    server.start()
    assert _pid(server) != crashed
    assert _value(server, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_a_stranger(make: Make) -> None:
    """After a reboot the number may be anybody's: ours, even. PostgreSQL alone would refuse to start."""
    server = make()
    server.create()
    server.start()
    file = server.folder / "data" / "postmaster.pid"
    left = file.read_text().splitlines()
    server.stop()
    user = server_user()
    stranger = subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=user.uid if user else None, cwd="/")
    try:
        file.write_text("\n".join([str(stranger.pid), *left[1:]]) + "\n")
        if user:
            os.chown(file, user.uid, user.gid)
        assert not server.running
        server.stop()
        assert stranger.poll() is None
        server.start()
        assert _value(server, "SELECT 1") == 1
    finally:
        stranger.communicate()


def test_a_port_that_was_taken_meanwhile(make: Make) -> None:
    server = make()
    server.create()
    port = server.port
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        server.start()
        assert server.port != port
        assert f":{server.port}/" in server.url("x")
        assert _value(server, "SELECT 1") == 1


def test_a_half_made_one_is_made_anew(make: Make) -> None:
    server = make()
    (server.folder / "data").mkdir(parents=True)
    (server.folder / "data" / "PG_VERSION").write_text("18")
    (server.folder / "password").write_text("old")
    server.create()
    server.start()
    assert _value(server, "SELECT 1") == 1


def test_why_it_does_not_start_is_told_from_its_log(make: Make) -> None:
    server = make()
    server.create()
    with (server.folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write("\nshared_buffers = 'plenty'\n")
    with pytest.raises(ToolError, match="shared_buffers") as caught:
        server.start()
    assert str(server.log) in caught.value.remedy
    assert not server.running


def test_programs_that_are_not_there(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ToolError):
        make("nothing", tmp_path).create()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can't run PostgreSQL as itself")
def test_as_root_with_programs_and_data_under_a_closed_folder(tmp_path: Path) -> None:
    """As in root's own home: nobody else may enter, and the server must not be root."""
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    wheel = wheel_bindir().parents[1]
    for part in wheel.parent.glob(f"{wheel.name}*"):  # the programs, and the libraries beside them
        shutil.copytree(part, closed / part.name, symlinks=True)
    server = EmbeddedServer(closed / "state", closed / wheel.name / "pginstall" / "bin", fsync=False)
    try:
        server.create()
        server.start()
        assert _value(server, "SELECT 1") == 1
        assert Path(f"/proc/{_pid(server)}").stat().st_uid != 0
        assert (server.folder / "data").stat().st_uid == Path(f"/proc/{_pid(server)}").stat().st_uid
        # it reads past permissions, and can do nothing else that root can
        capabilities = Path(f"/proc/{_pid(server)}/status").read_text().partition("CapEff:")[2].split()[0]
        assert int(capabilities, 16) in (1 << 1, 1 << 2)
        server.stop()
        server.start()
    finally:
        server.remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_as_an_ordinary_user() -> None:
    user = server_user()
    assert user is not None
    script = (
        "import sys, tempfile; from pathlib import Path\n"
        "from dixis_tui.postgres.embedded import EmbeddedServer\n"
        "from dixis_tui.postgres.session import connect; from dixis_tui.postgres.url import parse\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    server = EmbeddedServer(Path(folder, 'server'), fsync=False)\n"
        "    server.create(); server.start()\n"
        "    try:\n"
        "        with connect(parse(server.url('postgres'), 'X'), purpose='test') as session:\n"
        "            print(session.value('SELECT 40 + 2'))\n"
        "    finally:\n"
        "        server.remove()\n"
    )
    words = command_as(user, [sys.executable, "-c", script], Path(sys.executable), Path(__file__).parent)
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"}
    done = subprocess.run(words, cwd="/", env=environment, capture_output=True, text=True)
    assert done.stdout == "42\n", done.stderr


def test_without_the_capability_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dixis_tui.postgres import as_user

    user = as_user.User("nobody", 65534, 65534)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(as_user, "_OVERRIDE", 62)
    monkeypatch.setattr(as_user, "_READ_SEARCH", 63)
    with pytest.raises(ToolError, match="closed to the user") as caught:
        as_user.command_as(user, ["postgres"], closed)
    assert "XDG_STATE_HOME" in caught.value.remedy
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="setpriv is missing"):
        as_user.command_as(user, ["postgres"])
    assert as_user.command_as(None, ["postgres"], closed) == ["postgres"]
