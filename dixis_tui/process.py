"""Child processes: a bare environment, no core dumps, output line by line, and a way to stop them.

Arguments are readable by every user of the machine: no secret ever stands there.
"""

from __future__ import annotations

import getpass
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from msgspec import Struct

from dixis_tui.errors import ToolError

LineSink = Callable[[str], None]
"""Takes one outside line, without its line break, neither cleaned nor redacted."""

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER", "LOGNAME", "XDG_CACHE_HOME")
_LINE_LIMIT = 64 * 1024
"""Bytes of one line that are kept, some 16 times what a log shows of it."""


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a child may see: an allow-list of ours, plus `extra`. Drops `PG*`, `NODE_OPTIONS`, `LD_*`, `PYTHON*`."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(extra or {})


def login_name() -> str:
    """Who we are to the system; the number where the number has no name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def no_core_dumps() -> None:
    """Forbid core dumps to this process and its children: a core holds every secret."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    on_stdout: LineSink | None = None,
    on_stderr: LineSink | None = None,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    started: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> int:
    """Run a program to its end and return its exit code (negative: killed by that signal).

    `environment` is added to :func:`child_environment`. Both sinks are called from threads of their own, a line at
    a time. `started` gets the process, so that another thread can stop it.

    Raises:
        ToolError: the program can't be started.
    """
    words = [str(word) for word in arguments]
    try:
        process = subprocess.Popen(
            words,
            env=child_environment(environment),
            cwd=directory,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise ToolError(f"{words[0]} can't be started: {error.strerror}", f"Install {words[0]}.") from None
    if started:
        started(process)
    pumps = [
        threading.Thread(target=_pump, args=(stream, sink), daemon=True)
        for stream, sink in ((process.stdout, on_stdout), (process.stderr, on_stderr))
    ]
    for pump in pumps:
        pump.start()
    code = process.wait()
    for pump in pumps:
        pump.join()
    return code


class Answer(Struct, frozen=True):
    """What a short program said: its exit code and its output, as it came."""

    code: int
    stdout: bytes
    stderr: bytes


def ask(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    seconds: float = 10.0,
) -> Answer:
    """Run a short program and return what it said. It has no terminal, so that it can ask nobody for a password.

    Raises:
        ToolError: it can't be started, or had not ended after `seconds`; it and its children are killed then.
    """
    words = [str(word) for word in arguments]
    try:
        process = subprocess.Popen(
            words,
            env=child_environment(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{words[0]} can't be started: {error.strerror}", f"Install {words[0]}.") from None
    with process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise ToolError(f"{words[0]} had no answer after {seconds:g} s", f"Try it by hand: {words[0]}.") from None
    return Answer(process.returncode, stdout, stderr)


def _pump(stream: IO[bytes] | None, sink: LineSink | None) -> None:
    if stream is None:
        return
    with stream:
        begins = True
        while line := stream.readline(_LINE_LIMIT):
            # The rest of a longer line goes: a secret that was cut in two is not known in its second half.
            told, begins = begins, line.endswith(b"\n")
            if sink and told:
                try:
                    sink(line.decode("utf-8", "replace").rstrip("\r\n"))
                except OSError:
                    # Our disk is full: its words are lost, but the program must not die of a closed pipe.
                    sink = None
