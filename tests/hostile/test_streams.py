"""A whole evening on which Prisma, the server and the web site all say the twenty texts, and a cockpit that shows them.

What is asserted are the bytes that reached the terminal: whatever is not a sequence of Textual's own, or not a letter
that can be drawn, fails (`strict.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.model import Executor, MigrationState, Phase
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.journal import read
from tests.conftest import fresh_database
from tests.hostile import strict
from tests.hostile.evening import Evening, evening, peak_megabytes, raising
from tests.hostile.line import Line
from tests.hostile.look import find, look_at_everything
from tests.hostile.pages import serving
from tests.hostile.streams import STREAMS
from tests.hostile.talking_prisma import Said

BURST = "million_lines"
"""Prisma says it in `test_bursts.py`."""
PRISMA = [name for name in STREAMS if name != BURST]
MIGRATIONS = {f"20260101{place:06}_{name}": raising(name) for place, name in enumerate(STREAMS)}


class Shown:
    """The evening, brought to its end, with its cockpit."""

    def __init__(self, made: Evening, line: Line) -> None:
        self.evening = made
        self.line = line
        self.folder = made.hand.folder


@pytest.fixture(scope="module")
def shown(folder: Path, embedded_server: EmbeddedServer) -> Iterator[Shown]:
    """One for all tests here."""
    with (
        fresh_database(embedded_server) as database,
        serving() as site,
        evening(folder, database, MIGRATIONS, Executor.DIRECT, site) as made,
    ):
        made.tell("validate", Said(stdout=PRISMA[::2], stderr=PRISMA[1::2]))
        hand = made.begin()
        with made.cockpit() as line:
            hand.ended(Phase.PREFLIGHT)
            made.tell("validate", Said())
            hand.to_go()
            assert hand.confirm() == ""
            hand.ended(Phase.VERIFY)
            yield Shown(made, line)


def _assert_untouched(sent: bytes) -> None:
    """No title, no clipboard, no question that a terminal answers, no letter that lies: the reader allows none."""
    seen = strict.read(sent)
    assert not seen.refused, seen.refused[:10]


@pytest.mark.parametrize("name", PRISMA)
def test_from_prisma(shown: Shown, name: str) -> None:
    _assert_untouched(find(shown.line, f"END prisma {name}"))


@pytest.mark.parametrize("name", STREAMS)
def test_from_the_server(shown: Shown, name: str) -> None:
    _assert_untouched(find(shown.line, f"END server {name}"))


@pytest.mark.parametrize("name", STREAMS)
def test_from_the_web_site(shown: Shown, name: str) -> None:
    """Four at once: in the body, as the reason, in a header, as the address to go on to."""
    _assert_untouched(find(shown.line, f"(http reason {name})"))


def test_every_screen_and_all_that_came_before(shown: Shown) -> None:
    """Nothing slipped through while nobody looked; and what begins and ends a screen came once."""
    with shown.evening.cockpit() as line:
        look_at_everything(line, "END server osc_52")
        line.leave()
    for sent in (line.sent, shown.line.sent):
        _assert_untouched(sent)
        kinds = strict.read(sent).kinds
        assert all(kinds[kind] <= 1 for kind in strict.ONCE)


def test_the_run_came_through(shown: Shown) -> None:
    state = shown.evening.hand.look()
    assert [view.state for view in state.migrations.values()] == [MigrationState.APPLIED] * len(STREAMS)
    assert state.phase(Phase.VERIFY).attempts == 1
    assert shown.evening.hand.send(cmd.Tick(code="DX400", operator="Ελένη")) == ""  # it answers still


def test_what_was_written_down_is_small_and_clean(shown: Shown) -> None:
    """A log in which every byte that came were a line of its own would fill the disk."""
    entries = (shown.folder / JOURNAL).read_bytes().splitlines()
    assert max(map(len, entries)) < 32 * 1024
    assert len(read(shown.folder / JOURNAL)) == len(entries)
    log = (shown.folder / LOG).read_bytes()
    assert len(log) < 2_000_000
    assert max(map(len, log.splitlines())) < 16 * 1024
    assert not strict.refused_letters(log.decode().replace("\t", " "))
    assert (shown.folder / "runner.err").read_bytes() == b""


def test_memory_stayed_bounded(shown: Shown) -> None:
    """The server's longest message has 18 MB, and is text three times over on its way."""
    run = shown.evening.hand.look().run
    assert run is not None
    assert peak_megabytes(run.pid) < 400
    assert peak_megabytes(shown.line.process.pid) < 200
