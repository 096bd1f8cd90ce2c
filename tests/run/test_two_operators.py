"""Two operators at the same instant: one run, and the other is told who has it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.state import RunState, fold
from tests.waiting import until

ROUNDS = 12
OPERATOR = """
import os, sys
from dixis_tui.errors import UnderWayError
from dixis_tui.run.spawn import start
from dixis_tui.settings import Settings
url, name = sys.stdin.readline().split()
print("ready", flush=True)
for line in sys.stdin:
    os.environ["XDG_STATE_HOME"] = line.strip()
    try:
        print("run", start(Settings(root="/nowhere"), {"DATABASE_URL": url}, name).wait(), flush=True)
    except UnderWayError as other:
        print("told", other, other.remedy, flush=True)
"""


class Operator:
    """A process of its own that starts a run whenever it is told to."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        words = [sys.executable, "-c", OPERATOR]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say(f"{url} {name}")
        assert self._hear() == "ready"

    def begin(self, state: Path) -> None:
        """Start a run in this state directory."""
        self._say(str(state))

    def outcome(self) -> tuple[str, str]:
        """`run` and its folder, or `told` and what was said."""
        kind, _, rest = self._hear().partition(" ")
        return kind, rest

    def leave(self) -> None:
        """Go."""
        self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture(autouse=True)
def _no_runner_left(tmp_path: Path) -> Iterator[None]:
    """A failed round leaves its runners alive."""
    yield
    for journal in tmp_path.glob(f"*/dixis-tui/runs/*/{JOURNAL}"):
        started = _state(journal.parent).run
        with suppress(ProcessLookupError):
            if started:
                os.kill(started.pid, signal.SIGKILL)


@pytest.mark.parametrize("lock", ["state directory", "PostgreSQL"])
def test_two_at_the_same_instant_are_one_run(lock: str, tmp_path: Path, database: DatabaseUrl) -> None:
    """Half of the times in one state directory, half in two, where only the server can tell."""
    url = database.raw.reveal()
    # In two state directories even the target has two names.
    other_url = url if lock == "state directory" else url.replace("127.0.0.1", "localhost")
    operators = [Operator(url, "anna"), Operator(other_url, "nikos")]
    homes = [tmp_path / "one", tmp_path / ("one" if lock == "state directory" else "two")]
    won = set()
    for number in range(ROUNDS):
        # Now the one, now the other is a moment earlier.
        for operator, home in list(zip(operators, homes, strict=True))[:: 1 if number % 2 else -1]:
            operator.begin(home)
        outcomes = {operator.name: operator.outcome() for operator in operators}
        assert sorted(kind for kind, _ in outcomes.values()) == ["run", "told"], outcomes
        winner, folder = next((name, Path(rest)) for name, (kind, rest) in outcomes.items() if kind == "run")
        loser = "nikos" if winner == "anna" else "anna"
        assert [path.parent for path in tmp_path.glob(f"*/dixis-tui/runs/*/{JOURNAL}")] == [folder]
        assert list(tmp_path.glob("*/dixis-tui/runs/*")) == [folder], "nothing is left of the other"
        said = outcomes[loser][1]
        assert re.match(rf"Run {folder.name} by {winner}@\S+ is under way on \S+/{database.database} since 20", said)
        assert f"(lock in {'the state directory' if lock == 'state directory' else 'PostgreSQL'}, " in said
        won.add(winner)
        _kill(folder, database)
        shutil.rmtree(folder)
    assert won == {"anna", "nikos"}, "a race that always ends the same way is none"
    for operator in operators:
        operator.leave()


def _kill(folder: Path, database: DatabaseUrl) -> None:
    """Kill the run's runner; its locks go with it."""
    started = _state(folder).run
    assert started is not None
    os.kill(started.pid, signal.SIGKILL)
    with connect(database, purpose="test") as session:
        held = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ %s)"
        until(lambda: session.value(held, (folder.name,)), what="the server to give the lock back")


def _state(folder: Path) -> RunState:
    return fold(read(folder / JOURNAL))
