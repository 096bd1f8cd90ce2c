"""Other accounts of this machine, for tests: only root can be somebody else."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec
import pytest
from msgspec import Struct

GROUP = "nogroup"
_REPOSITORY = Path(__file__).parent.parent
T = TypeVar("T")
_AS_ANOTHER = """
mount --bind "$1" "$2/code" && mount --bind "$3" "$2/packages" && shift 3 && exec setpriv "$@"
"""
"""The checkout may lie where only root gets to: in a mount namespace of its own it lies elsewhere as well."""


class Somebody(Struct, frozen=True):
    """A user by number, in these groups."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    @property
    def account(self) -> str:
        """As the journal names it."""
        return f"{self.uid} {pwd.getpwuid(self.uid).pw_name}"


NOBODY, DAEMON = 65534, 1
IN_THE_GROUP = Somebody(NOBODY, DAEMON, (65534,))
ANOTHER_IN_THE_GROUP = Somebody(DAEMON, DAEMON, (65534,))
OUTSIDE = Somebody(NOBODY, DAEMON)
NAMELESS = Somebody(54321, 65534)


def needs_root() -> None:
    """Skip the calling test where nobody else can be played; fail it where `CI` is set."""
    if os.geteuid() != 0:
        _missing("needs root, to act as another account")


def as_somebody(who: Somebody, call: Callable[[], T]) -> T:
    """What `call` gives in a process of that account; it must be a value that JSON can carry.

    The process is a fork: what it needs has to be imported before.
    """
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            os.setgroups(who.groups)
            os.setresgid(who.gid, who.gid, who.gid)
            os.setresuid(who.uid, who.uid, who.uid)
            os.write(theirs, msgspec.json.encode((call(), "")))
        except BaseException:  # noqa: BLE001 - told to the test, in the parent
            os.write(theirs, msgspec.json.encode((None, traceback.format_exc())))
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    result, problem = msgspec.json.decode(data)
    assert not problem, problem
    found: T = result
    return found


@contextmanager
def program_of(who: Somebody, folder: Path) -> Iterator[list[str]]:
    """The words that start `dixis-tui` as that account; `folder` is empty, and they get to it."""
    packages = sysconfig.get_path("purelib")
    path, mounted = f"{_REPOSITORY}:{packages}", f"{folder / 'code'}:{folder / 'packages'}"
    python = _python_of(who)
    groups = ["--groups", ",".join(map(str, who.groups))] if who.groups else ["--clear-groups"]
    privileges = ["--reuid", str(who.uid), "--regid", str(who.gid), *groups, "--inh-caps=-all", "--"]
    program = ["HOME=/nonexistent", python, "-m", "dixis_tui"]
    if _says(who, [python, "-c", "import dixis_tui, textual; print(1)"], PYTHONPATH=path) == "1":
        yield ["setpriv", *privileges, "env", f"PYTHONPATH={path}", *program]
        return
    for name in ("code", "packages"):
        (folder / name).mkdir(mode=0o755, exist_ok=True)
    mounts = [str(_REPOSITORY), str(folder), packages]
    before = ["unshare", "-m", "sh", "-c", _AS_ANOTHER, "as", *mounts]
    yield [*before, *privileges, "env", f"PYTHONPATH={mounted}", *program]


def _says(who: Somebody, words: list[str], **environment: str) -> str:
    """What a program prints to that account; empty where they can't start it."""
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            user=who.uid,
            group=who.gid,
            extra_groups=[],
            cwd="/",
            env=environment,
        )
    except OSError:
        return ""
    return done.stdout.strip()


def _python_of(who: Somebody) -> str:
    """A Python of our version that the account can start."""
    wanted = ".".join(map(str, sys.version_info[:2]))
    for candidate in (os.path.realpath(sys.executable), "/usr/bin/python3", f"/usr/bin/python{wanted}"):
        if _says(who, [candidate, "-c", "import sys, ctypes; print(*sys.version_info[:2], sep='.')"]) == wanted:
            return candidate
    return _missing(f"needs a Python {wanted} that every account can start")


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not skip")
    pytest.skip(reason)
