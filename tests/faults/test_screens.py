"""A screen is only a client: whatever it dies of, and in the middle of whatever line, the run does not know it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState
from dixis_tui.run import folders
from dixis_tui.run.client import Client
from tests.faults.conftest import Evenings
from tests.faults.evening import Evening
from tests.faults.strike import gone
from tests.faults.table import Tally
from tests.needs import needs
from tests.terminal import TmuxTerminal
from tests.thorough import pairs
from tests.waiting import until

HALF = b'{"id":1,"command":{"type":"start_phase","pha'


class Dying(threading.Thread):
    """Clients that die in the middle of a line, one for every entry of the journal."""

    def __init__(self, night: Evening, tally: Tally) -> None:
        super().__init__(daemon=True)
        self._folder = night.hand.folder
        self._tally = tally
        self._client = Client(night.hand.folder)

    def run(self) -> None:
        """Until the run has ended."""
        ended = False
        while not ended:
            for entry in until(self._client.read, 60, "another entry"):
                ended = ended or isinstance(entry.event, ev.RunEnded)
                with self._tally.case("screen: dies in mid-line", f"entry {entry.number}") as case:
                    if not self._die():
                        case.void()

    def _die(self) -> bool:
        """Whether there was a runner to die at, and it serves the next one."""
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            path = folders.socket_path(self._folder, handle)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                peer.sendall(HALF)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(30)
                peer.connect(path)
                return peer.recv(100).startswith(b'{"')
        except OSError:
            return False
        finally:
            os.close(handle)


def test_at_every_entry(evening: Evenings, tally: Tally) -> None:
    """A whole evening, with a client that dies at each of its entries."""
    night = evening()
    night.begin()
    dying = Dying(night, tally)
    dying.start()
    state = night.finish()
    dying.join(60)
    assert not dying.is_alive()
    assert tally.count > 50
    assert all(view.attempts == 1 for view in state.phases.values()), "none of its half commands was done"


@pytest.mark.parametrize(
    ("phase", "how"),
    pairs([Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.MIGRATE], [signal.SIGHUP, signal.SIGKILL]),
)
def test_a_cockpit_dies(evening: Evenings, tally: Tally, phase: Phase, how: signal.Signals) -> None:
    """The real one, in a real terminal, while a phase is at work."""
    needs("tmux")
    night = evening()
    night.begin()
    command = night.ready_for(phase)
    words = [sys.executable, "-m", "dixis_tui", "attach", night.hand.folder.name]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_STATE_HOME")} | {"LANG": "C.UTF-8"}
    with tally.case(f"cockpit: {how.name}", str(phase)):
        terminal = TmuxTerminal(words, 100, 30, environment, Path(night.settings.root))
        try:
            terminal.wait_for("Preflight", 60)
            pid = terminal.pid
            night.start_phase(command)
            until(lambda: night.hand.look().phase(phase).attempts, 30, "the phase to begin")
            os.kill(pid, how)
            until(lambda: gone(pid), 30, "the cockpit to be gone")
        finally:
            terminal.kill()
        until(lambda: not night.hand.look().running, 60, "the phase to be over")
        assert night.hand.look().phase(phase).state is PhaseState.PASSED
        night.finish()
