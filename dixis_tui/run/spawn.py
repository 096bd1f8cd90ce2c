"""Starting a runner: a process of its own session, secrets handed over through a pipe, output to a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct

import dixis_tui
from dixis_tui.errors import RunnerError, UnderWayError, UsageError
from dixis_tui.process import child_environment
from dixis_tui.run import folders, outlive, sharing
from dixis_tui.run.runs import live
from dixis_tui.secrets import clean
from dixis_tui.settings import Settings

UNDER_WAY = "UNDER WAY"
"""Begins a runner's third line where another run has the target; that run's id follows where it is on this machine."""
_START_SECONDS = 20.0
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_PASSED_ON = (
    "XDG_STATE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GITHUB_API_URL",
    *_PROXIES,
    *(name.lower() for name in _PROXIES),
)


class Handover(Struct, frozen=True, kw_only=True):
    """What a new runner reads from its standard input, once."""

    folder: str
    settings: Settings
    secrets: dict[str, str]
    operator: str
    ssh: str = ""
    adopts: str = ""
    """Folder of an earlier run to whose backup this run goes back; empty: an ordinary run."""
    drill: bool = False
    """Whether DATABASE_URL is staging's, and this run drills the way back on it."""
    fleet: bool = False
    """Whether this run is over the `[[targets]]` of the settings, whose URLs are in `secrets` by their variables."""
    resumes: bool = False
    """Whether `folder` is that of a run whose runner is gone, to be taken up where its journal ends."""


class Starting:
    """A runner on its way up."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], said: int = 0, *, began: bool = True) -> None:
        self.folder = folder
        self._process = process
        self._said = said
        self._began = began

    def wait(self) -> Path:
        """The run's folder, once its runner listens and has journaled its beginning.

        Raises:
            RunnerError: it ended before that; the message is what it said.
        """
        deadline = time.monotonic() + _START_SECONDS
        pause = threading.Event()
        # The file is there a moment before anybody listens on it.
        while not live(self.folder):
            if self._process.poll() is not None:
                if self._began and (self.folder / folders.JOURNAL).exists():
                    return self.folder  # it was quicker than we: there is a journal to show
                raise _last_words(self.folder, self._said, began=self._began)
            if time.monotonic() > deadline:
                raise RunnerError("The runner did not start in time", f"Look into {self.folder / folders.ERRORS}.")
            pause.wait(0.005)
        return self.folder


def start(
    settings: Settings,
    secrets: dict[str, str],
    operator: str,
    runs: Path | None = None,
    adopts: Path | None = None,
    *,
    drill: bool = False,
    fleet: bool = False,
) -> Starting:
    """Start a runner for a new run in `runs`. It outlives us, our terminal and our session.

    With `drill`, `secrets` has staging's URL as DATABASE_URL; with `fleet`, each target's by its own variable.
    """
    sharing.group_id(settings.watch.group)  # said before there is a folder
    folder = folders.new_run(runs or folders.state_directory() / "runs")
    handover = Handover(
        folder=str(folder),
        settings=settings,
        secrets=secrets,
        operator=operator,
        ssh=os.environ.get("SSH_CONNECTION", ""),
        adopts=str(adopts or ""),
        drill=drill,
        fleet=fleet,
    )
    return _spawn(folder, handover)


def resume(
    folder: Path, settings: Settings, secrets: dict[str, str], operator: str, *, fleet: bool = False
) -> Starting:
    """Start a runner for the run in `folder` whose own is gone. It looks before anything else, and acts on nothing.

    Where the run has ended or is on another target, the new runner says so: `wait` raises RunnerError.

    Raises:
        RunnerError: its runner lives.
    """
    sharing.group_id(settings.watch.group)
    if live(folder):
        raise RunnerError(f"Run {folder.name} is under way", f"Look at it with `dixis-tui attach {folder.name}`.")
    handover = Handover(
        folder=str(folder),
        settings=settings,
        secrets=secrets,
        operator=operator,
        ssh=os.environ.get("SSH_CONNECTION", ""),
        resumes=True,
        fleet=fleet,
    )
    return _spawn(folder, handover)


def _spawn(folder: Path, handover: Handover) -> Starting:
    passed_on = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("PRISMA_")}
    # The same code as we are, found in the same places.
    passed_on["PYTHONPATH"] = os.pathsep.join([str(Path(dixis_tui.__file__).parent.parent), *filter(None, sys.path)])
    data = _encode(handover, folder)
    if before := outlive.prefix(folder.name):
        passed_on |= outlive.environment()
    with open(folder / folders.ERRORS, "ab" if handover.resumes else "wb", opener=_private) as errors:
        said = errors.tell()
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "dixis_tui.run"],
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            cwd=folder,
            env=child_environment(passed_on),
            start_new_session=True,
            umask=0o077,
        )
    try:
        _hand_over(process, data)
    except BrokenPipeError:
        process.wait()
    return Starting(folder, process, said, began=not handover.resumes)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _encode(handover: Handover, folder: Path) -> bytes:
    try:
        return msgspec.json.encode(handover)
    except UnicodeEncodeError:
        if not handover.resumes:
            folder.rmdir()
        raise UsageError(
            "A path, a name or a URL in the environment holds bytes that are no UTF-8", "Write them in UTF-8."
        ) from None


def _hand_over(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - PIPE was asked for
    with process.stdin as pipe:
        pipe.write(data)


def _last_words(folder: Path, said: int = 0, *, began: bool = True) -> RunnerError:
    text = (folder / folders.ERRORS).read_bytes()[said:].decode("utf-8", "replace").strip()
    sentence, remedy, other = [*text.split("\n", 2), "", ""][:3]
    if sentence.startswith("Traceback"):
        last = clean(text.splitlines()[-1])
        sentence, remedy = f"The runner ended at once: {last}", "This is a fault of dixis-tui itself: report it."
    if began:
        shutil.rmtree(folder, ignore_errors=True)  # a run that never began leaves no run behind
    if other.startswith(UNDER_WAY):
        return UnderWayError(sentence, remedy.strip(), other.removeprefix(UNDER_WAY).strip())
    return RunnerError(sentence or "The runner ended at once", remedy.strip())
