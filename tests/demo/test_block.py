"""`demo --block`: somebody who reads a table, stays in the transaction, and says how that ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.demo.lifecycle import Demo, DemoReady
from dixis_tui.postgres.session import Session
from tests.demo.conftest import ROWS, open_production

_LOCKS = """
    SELECT a.application_name || ', ' || a.state || ', ' || l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE pid = %s AND relation = '"Order"'::regclass"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Demo, DemoReady]]:
    """A state directory with one demo, as the command line finds it."""
    folder = tmp_path_factory.mktemp("state")
    demo = Demo(folder / "dixis-tui" / "demo" / "default", fsync=False)
    yield folder, demo, demo.prepare(ROWS)
    demo.clean()


def block(folder: Path) -> subprocess.Popen[str]:
    """The command itself."""
    return subprocess.Popen(
        [sys.executable, "-m", "dixis_tui", "demo", "--block"],
        env=os.environ | {"XDG_STATE_HOME": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def blocks(process: subprocess.Popen[str], session: Session) -> int:
    """Its process id, once it has said it; it holds the lock by then."""
    assert process.stdout is not None
    said = process.stdout.readline()
    found = re.match(r'Process (\d+) \(reports\) has read "Order"', said)
    assert found, said
    pid = int(found[1])
    assert session.value(_LOCKS, (pid,)) == "reports, idle in transaction, AccessShareLock"
    return pid


def test_ended_by_somebody_it_says_so_and_all_is_well(home: tuple[Path, Demo, DemoReady]) -> None:
    folder, _, ready = home
    with block(folder) as process, open_production(ready) as session:
        session.execute("SELECT pg_terminate_backend(%s)", (blocks(process, session),))
        out, _ = process.communicate(timeout=30)
    assert "Ended by somebody (57P01): its transaction is undone, its lock is gone." in out
    assert process.returncode == 0


def test_interrupted_it_gives_up_and_all_is_well(home: tuple[Path, Demo, DemoReady]) -> None:
    folder, _, ready = home
    with block(folder) as process, open_production(ready) as session:
        pid = blocks(process, session)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        assert session.value(_LOCKS, (pid,)) is None
    assert "Given up: its transaction is undone" in out
    assert "Traceback" not in out
    assert process.returncode == 0


def test_it_keeps_nobody_from_stopping_the_demo_and_needs_one_that_runs(home: tuple[Path, Demo, DemoReady]) -> None:
    folder, demo, ready = home
    with block(folder) as process:
        with open_production(ready) as session:
            blocks(process, session)
        demo.stop()
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    with block(folder) as again:
        out, _ = again.communicate(timeout=30)
    assert "The demo does not run" in out
    assert again.returncode != 0
