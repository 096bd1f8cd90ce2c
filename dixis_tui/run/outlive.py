"""Whether a logout would end the runner, and how to start it where it would not.

systemd-logind may end whatever a login's session leaves behind (`KillUserProcesses`), and a user's own service manager
ends with the user's last login, unless the user lingers. A runner is neither's business: where logind would end it, it
starts in a scope of the user's manager, or of the system's where we are root. All that is asked of programs, each with
a short time to answer; where systemd does not run none is started.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import subprocess
from pathlib import Path

from msgspec import Struct

from dixis_tui.model import Finding, passed, warned
from dixis_tui.process import child_environment

ROOT = Path("/")
"""Where `run/systemd/system` and `proc/self/cgroup` are looked for."""
_ANSWER_SECONDS = 2.0
_SESSION = re.compile(r"/user-(\d+)\.slice/session-([^/]+)\.scope(?:/|$)", re.M)
_MANAGER = re.compile(r"/user@(\d+)\.service(?:/|$)", re.M)
_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_KILLS = ("KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")


class Place(Struct, frozen=True):
    """What of a login we are in. `session` is logind's number for it; empty: in the user's own service manager."""

    uid: int
    session: str


def place() -> Place | None:
    """What logs out with somebody and has us in it; None: nothing."""
    if not (ROOT / "run/systemd/system").is_dir():
        return None
    try:
        cgroup = (ROOT / "proc/self/cgroup").read_text("utf-8", "replace")
    except OSError:
        return None
    if match := _SESSION.search(cgroup):
        return Place(int(match[1]), match[2])
    if match := _MANAGER.search(cgroup):
        return Place(int(match[1]), "")
    return None


def prefix(run: str) -> list[str]:
    """What to put before a runner's command so that no logout ends it; empty where none would, or nothing helps.

    `systemd-run --scope` becomes the command it is given: same process, same environment, same open files.
    """
    found = place()
    if found is None or not found.session or not _ends_what_is_left(found.uid):
        return []
    words = ["systemd-run", *([] if os.geteuid() == 0 else ["--user"]), "--scope", "--quiet", "--collect"]
    if _ask(*words, "--", "true") is None:
        return []  # no manager of the user, an old systemd, or a stuck one: the check says what follows from it
    # With our pid: what a killed runner left behind keeps its scope, and the name, from the one that takes it up.
    return [*words, f"--unit=dixis-tui-{run}-{os.getpid()}", "--"]


def environment() -> dict[str, str]:
    """What these programs need besides the rest, to find the user's manager."""
    return {name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if name in os.environ}


def look() -> Finding:
    """DX125: whether we live on once whoever started us has logged out."""
    found = place()
    if found is None:
        return passed("no logout ends it: it is in no login's scope")
    user = _name(found.uid)
    if found.session:
        return _in_session(found, user)
    lingers = _lingers(user)
    if lingers:
        return passed(f"in the service manager of {user}, who lingers")
    why = "logind can't be asked who lingers" if lingers is None else "it ends with that user's last login"
    return warned(
        f"in the service manager of {user}: {why}",
        f"Run `loginctl enable-linger {user}` (it holds for this run too), or stay logged in until the end.",
    )


def _in_session(found: Place, user: str) -> Finding:
    ends = _ends_what_is_left(found.uid)
    if ends is False:
        return passed(f"logind leaves what session {found.session} of {user} leaves behind alone")
    why = "KillUserProcesses of logind can't be asked" if ends is None else "logind ends whatever it leaves behind"
    return warned(
        f"in session {found.session} of {user}: {why}",
        "Stay logged in until the end; or end this run, "
        f"run `loginctl enable-linger {user}`, log in anew and start it again.",
    )


def _ends_what_is_left(uid: int) -> bool | None:
    """Whether logind ends what that user's sessions leave behind; None where it can't be asked."""
    said = _ask("busctl", "get-property", *_LOGIND, *_KILLS)
    lines = (said or "").splitlines()
    if len(lines) != len(_KILLS):
        return None
    return ends(lines[0] == "b true", _strings(lines[1]), _strings(lines[2]), _name(uid))


def ends(kill: bool, only: list[str], excluded: list[str], user: str) -> bool:
    """logind.conf's rule. Pure."""
    if user in (excluded or ["root"]):
        return False
    return user in only if only else kill


def _strings(line: str) -> list[str]:
    """`as 2 "anna" "nikos"`, as busctl prints a list."""
    try:
        return shlex.split(line)[2:]
    except ValueError:
        return []


def _lingers(user: str) -> bool | None:
    said = _ask("loginctl", "show-user", user, "--property=Linger")
    return None if said is None or not said.startswith("Linger=") else said.strip() == "Linger=yes"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _ask(*words: str) -> str | None:
    """What a program says; None where it is not there, fails, or takes too long."""
    try:
        done = subprocess.run(
            words,
            env=child_environment({"LC_ALL": "C", "SYSTEMD_PAGER": ""} | environment()),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
