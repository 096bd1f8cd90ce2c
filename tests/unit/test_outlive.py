"""Whether a logout ends the runner: stand-ins of systemd's programs, held to what their manuals say they print."""

from __future__ import annotations

import os
import pwd
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dixis_tui.model import CheckState
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, outlive
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import start
from dixis_tui.settings import Settings
from tests.unit.test_spawn import ask, told
from tests.waiting import until

UID = os.getuid()
USER = pwd.getpwuid(UID).pw_name
SESSION = f"0::/user.slice/user-{UID}.slice/session-3.scope\n"
SESSION_V1 = f"12:pids:/user.slice/x\n1:name=systemd:/user.slice/user-{UID}.slice/session-c1.scope\n0::/\n"
MANAGER = f"0::/user.slice/user-{UID}.slice/user@{UID}.service/app.slice/dixis-tui-x.scope\n"
SERVICE = "0::/system.slice/dixis.service\n"
# Root is exempt where no list is set: the tests may run as root.
KILLS = 'b true\nas 0\nas 1 "nobody"\n'
SPARES = 'b false\nas 0\nas 1 "root"\n'
HANGS = "#!/bin/sh\nexec sleep 600\n"
FAILS = "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n"
RUNS = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""

Stand = Callable[..., Path]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """A machine with systemd: our cgroup, and its programs, by default working ones."""
    programs = tmp_path / "bin"
    programs.mkdir()

    def build(cgroup: str, busctl: str = KILLS, loginctl: str = "Linger=no\n", systemd_run: str = RUNS) -> Path:
        (tmp_path / "run/systemd/system").mkdir(parents=True)
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(cgroup)
        for name, text in (("busctl", busctl), ("loginctl", loginctl), ("systemd-run", systemd_run)):
            if not text:
                continue  # it is not installed
            script = (
                text if text.startswith("#!") else f"#!/bin/sh\necho \"$@\" >> \"$0.calls\"\nprintf '%s' '{text}'\n"
            )
            (programs / name).write_text(script)
            (programs / name).chmod(0o755)
        return programs

    for name in ("true", "sleep", "dirname"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setattr(outlive, "ROOT", tmp_path)
    monkeypatch.setattr(outlive, "_ANSWER_SECONDS", 1.0)
    monkeypatch.setenv("PATH", str(programs))
    return build


def _calls(programs: Path, name: str) -> str:
    return (programs / f"{name}.calls").read_text()


@pytest.mark.parametrize("cgroup", [SESSION, SESSION_V1])
def test_where_logind_would_end_it_it_starts_in_a_scope(stand: Stand, cgroup: str) -> None:
    programs = stand(cgroup)
    user = [] if UID == 0 else ["--user"]
    words = ["systemd-run", *user, "--scope", "--quiet", "--collect"]
    assert outlive.prefix("20261125-210512-0a1b") == [
        *words,
        f"--unit=dixis-tui-20261125-210512-0a1b-{os.getpid()}",
        "--",
    ]
    assert _calls(programs, "busctl").split() == [
        "get-property",
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
        "KillUserProcesses",
        "KillOnlyUsers",
        "KillExcludeUsers",
    ]
    found = outlive.look()
    assert found.state is CheckState.WARNED
    assert f"of {USER}: logind ends whatever it leaves behind" in found.evidence
    assert f"loginctl enable-linger {USER}" in found.remedy


def test_one_who_is_not_root_asks_his_own_manager(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(SESSION)
    monkeypatch.setattr(outlive.os, "geteuid", lambda: 1000)
    assert outlive.prefix("x")[:3] == ["systemd-run", "--user", "--scope"]


@pytest.mark.parametrize("systemd_run", [FAILS, HANGS, ""])
def test_without_a_manager_it_starts_as_ever_and_says_so(stand: Stand, systemd_run: str) -> None:
    stand(SESSION, systemd_run=systemd_run)
    assert outlive.prefix("x") == []
    assert outlive.look().state is CheckState.WARNED


@pytest.mark.parametrize("busctl", [FAILS, HANGS, "", "b true\n", 'rubbish\nrubbish\nas 1 "\n'])
def test_a_logind_that_does_not_answer_changes_nothing(stand: Stand, busctl: str) -> None:
    stand(SESSION, busctl)
    assert outlive.prefix("x") == []
    found = outlive.look()
    # Rubbish is no yes.
    assert found.state is (CheckState.PASSED if "rubbish" in busctl else CheckState.WARNED)


@pytest.mark.parametrize("cgroup", [SERVICE, "0::/\n", ""])
def test_outside_every_login_nothing_is_asked(stand: Stand, cgroup: str) -> None:
    programs = stand(cgroup)
    assert outlive.prefix("x") == []
    assert outlive.look().state is CheckState.PASSED
    assert not list(programs.glob("*calls"))


def test_a_logind_that_spares_it(stand: Stand) -> None:
    stand(SESSION, SPARES)
    assert outlive.prefix("x") == []
    assert outlive.look().state is CheckState.PASSED


@pytest.mark.parametrize(
    ("loginctl", "state", "said"),
    [
        ("Linger=yes\n", CheckState.PASSED, "who lingers"),
        ("Linger=no\n", CheckState.WARNED, "it ends with that user's last login"),
        (FAILS, CheckState.WARNED, "can't be asked who lingers"),
        (HANGS, CheckState.WARNED, "can't be asked who lingers"),
        ("", CheckState.WARNED, "can't be asked who lingers"),
    ],
)
def test_in_the_users_manager_lingering_decides(stand: Stand, loginctl: str, state: CheckState, said: str) -> None:
    programs = stand(MANAGER, loginctl=loginctl)
    assert outlive.prefix("x") == [], "it is there already"
    found = outlive.look()
    assert found.state is state
    assert said in found.evidence
    assert state is CheckState.PASSED or found.remedy.startswith(f"Run `loginctl enable-linger {USER}`")
    if loginctl.startswith("Linger"):
        assert _calls(programs, "loginctl").split() == ["show-user", USER, "--property=Linger"]


@pytest.mark.parametrize(
    ("kill", "only", "excluded", "user", "ends"),
    [
        (True, [], [], "anna", True),
        (False, [], [], "anna", False),
        (True, [], [], "root", False),
        (True, [], ["anna"], "anna", False),
        (True, [], ["anna"], "root", True),
        (True, ["nikos"], [], "anna", False),
        (False, ["anna"], [], "anna", True),
        (True, ["anna"], ["anna"], "anna", False),
    ],
)
def test_the_rule_of_logind_conf(*, kill: bool, only: list[str], excluded: list[str], user: str, ends: bool) -> None:
    assert outlive.ends(kill, only, excluded, user) is ends


def test_no_systemd_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlive, "ROOT", tmp_path)
    monkeypatch.setattr(outlive.subprocess, "run", lambda *_, **__: pytest.fail("a program was started"))
    assert outlive.prefix("x") == []
    assert outlive.look().state is CheckState.PASSED


def test_a_runner_in_a_scope_is_the_same_process(stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handover, its folder, its own session, its output and its pid go through systemd-run."""
    programs = stand(SESSION)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/4711")
    starting = start(Settings(root=str(tmp_path)), {}, "maria")
    folder = starting.wait()
    run = told(folder).run
    assert run is not None
    assert run.pid == starting._process.pid
    assert os.getsid(run.pid) == run.pid
    assert f"--unit=dixis-tui-{folder.name}-{os.getpid()} -- " in (programs / "calls").read_text()
    assert b"XDG_RUNTIME_DIR=/run/user/4711" in Path(f"/proc/{run.pid}/environ").read_bytes().split(b"\0")
    until(lambda: told(folder).check("DX125").state in (CheckState.PASSED, CheckState.WARNED), 30, "preflight to look")
    until(lambda: ask(folder, cmd.End()) == "", what="the end")
    until(lambda: not live(folder), what="the runner to go")
    assert (folder / folders.ERRORS).read_text() == ""


def test_a_stuck_program_is_left_behind(stand: Stand) -> None:
    """With a child of its own that keeps the pipe open, as a stuck pager would."""
    programs = stand(SESSION, busctl='#!/bin/sh\nsleep 600 &\necho $! > "$0.calls"\nexec sleep 600\n')
    assert outlive.prefix("x") == []
    os.kill(int(_calls(programs, "busctl")), signal.SIGKILL)  # it lives: nobody has waited for it
