"""Prisma prints without end while it deploys, and fails with a hostile error: keys are answered, memory and files stay.

Nothing is asserted of a clock's time: a key is answered while the burst goes on, since the burst goes on until the key
was answered. `python -m tests.bench.hostile` has the figures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.model import Executor, MigrationState, Phase, PhaseState
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL, LOG
from tests.conftest import fresh_database
from tests.hostile import strict
from tests.hostile.evening import Evening, evening, peak_megabytes
from tests.hostile.line import Line
from tests.hostile.look import look_at_everything, visit
from tests.hostile.streams import STREAMS
from tests.hostile.talking_prisma import Said
from tests.waiting import until

BAD = "20260102000000_bad"
_TRICKS = "".join(
    stream.whole()[:150].decode("utf-8", "replace").replace("\0", "0").replace("\n", " ") for stream in STREAMS.values()
)
_LITERAL = "E'" + "".join(f"\\{letter}" if letter in "\\'" else letter for letter in _TRICKS) + "'"
_FAILS = (
    "DO $hostile$ BEGIN IF current_database() <> 'rehearsal' THEN "
    f"RAISE EXCEPTION USING MESSAGE = {_LITERAL} || repeat('x', 5000000), DETAIL = {_LITERAL}, HINT = {_LITERAL}; "
    "END IF; END $hostile$; SELECT 1;"
)
MIGRATIONS = {"20260101000000_one": "CREATE TABLE one (id int);", BAD: _FAILS}


@pytest.fixture
def made(request: pytest.FixtureRequest, embedded_server: EmbeddedServer) -> Iterator[Evening]:
    """An evening whose second migration fails on production, with all tricks in the server's error."""
    with (
        tempfile.TemporaryDirectory(prefix="dx-") as name,
        fresh_database(embedded_server) as database,
        evening(Path(name), database, MIGRATIONS, request.param) as one,
    ):
        one.begin().to_go()
        yield one


@pytest.mark.parametrize("made", [Executor.DIRECT], indirect=True)
def test_a_failure_with_all_tricks_in_its_error(made: Evening) -> None:
    with made.cockpit() as line:
        assert made.hand.confirm() == ""
        made.hand.ended(Phase.MIGRATE)
        _look_at_the_failure(line, f"{BAD} failed")
    _assert_small(made)


@pytest.mark.parametrize("made", [Executor.PRISMA], indirect=True)
def test_a_key_is_answered_while_a_million_lines_come(made: Evening) -> None:
    """And then the CLI fails, with the tricks in what it says itself and in what the history has of the server."""
    made.tell("deploy", Said(stdout=["million_lines"], stderr=["csi", "osc_52"], lines=[f"Error: {_TRICKS}"]))
    goes_on = made.said / "until"
    goes_on.touch()
    log = made.hand.folder / LOG
    with made.cockpit() as line:
        line.until_shown("RUNBOOK")
        assert made.hand.confirm() == ""
        began = log.stat().st_size
        until(lambda: log.stat().st_size > began + 5_000_000, 60, "the burst")
        visit(line, "?", "seen, and well")
        visit(line, "c", "CHECKS")
        # The runner answers as well: it is asked what it refuses at this moment.
        assert "is running" in made.hand.send(cmd.Seal())
        assert goes_on.exists()
        goes_on.unlink()
        made.hand.wait(lambda state: state.running is None, "the end of the burst", 120)
        _look_at_the_failure(line, "END prisma million_lines")
    _assert_small(made)
    assert log.read_bytes().count(b"a line of a burst\n") >= 1_000_000


def _look_at_the_failure(line: Line, wanted: str) -> None:
    look_at_everything(line, wanted)
    visit(line, "t", "WHAT TO DO")
    visit(line, "x", "ROLL BACK")
    seen = strict.read(line.sent)
    assert not seen.refused, seen.refused[:10]
    assert peak_megabytes(line.process.pid) < 200


def _assert_small(made: Evening) -> None:
    state = made.hand.look()
    assert [view.state for view in state.migrations.values()] == [MigrationState.APPLIED, MigrationState.FAILED]
    assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED
    assert "ared b" in state.migrations[BAD].error  # as the first of the streams is left
    assert max(map(len, (made.hand.folder / JOURNAL).read_bytes().splitlines())) < 32 * 1024
    assert state.run is not None
    assert peak_megabytes(state.run.pid) < 400
