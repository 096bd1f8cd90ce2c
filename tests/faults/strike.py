"""Striking a runner at an exact step of its journal, with strace: no hook of the product is needed.

The k-th write of the journal by one thread is the k-th entry since strace came; the k-th fsync the k-th entry that is
flushed. A signal that kills keeps the system call from being done; one that stops lets it be done first.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import until


class Trap:
    """strace at one process, with one thing to do at the k-th call on the journal."""

    def __init__(self, pid: int, trace: Path, process: subprocess.Popen[bytes]) -> None:
        self.pid = pid
        self._trace = trace
        self._process = process

    @property
    def held(self) -> bool:
        """Whether the runner stands still at its step."""
        return "stopped by SIGSTOP" in self._trace.read_text("utf-8", "replace")

    @property
    def injected(self) -> bool:
        """Whether a call was made to fail."""
        return "(INJECTED)" in self._trace.read_text("utf-8", "replace")

    def kill(self) -> None:
        """kill -9, and wait until nothing of it is left."""
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: gone(self.pid), 10, "its death")

    def let_go(self) -> None:
        """Take strace away; what stood still goes on."""
        # Asked politely it would wait for what it traces, which may be dead; without it the kernel lets all of them go.
        self._process.kill()
        self._process.wait()
        if not gone(self.pid):
            os.kill(self.pid, signal.SIGCONT)


@contextmanager
def trap(pid: int, journal: Path, what: str, *more: Path) -> Iterator[Trap]:
    """`what` is strace's expression, such as `fsync:signal=KILL:when=3`; on the journal, and on `more`."""
    trace = journal.with_name(f"strace.{os.urandom(4).hex()}")
    paths = [word for path in (journal, *more) for word in ("-P", str(path))]
    words = ["strace", "-f", "-o", str(trace), *paths, "-e", "trace=write,fsync", "-e", f"inject={what}"]
    process = subprocess.Popen([*words, "-p", str(pid)], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until(lambda: process.poll() is not None or _traced(pid), 10, "strace to come")
        assert process.poll() is None, "strace may not trace here"
        found = Trap(pid, trace, process)
        yield found
    finally:
        Trap(pid, trace, process).let_go()
        trace.unlink(missing_ok=True)


def gone(pid: int) -> bool:
    """Whether the process has ended with all its threads, be it that nobody has collected it."""
    try:
        dead = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
        return dead and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except OSError:
        return True


def _traced(pid: int) -> bool:
    try:
        tasks = [task / "status" for task in Path(f"/proc/{pid}/task").iterdir()]
        return all("TracerPid:\t0\n" not in task.read_text() for task in tasks)
    except OSError:
        return False
