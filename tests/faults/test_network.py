"""The network between runner and server: gone for five seconds, closed until somebody mends it, silent for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from dixis_tui.model import Phase, Recovery
from dixis_tui.run.runs import live
from tests.faults.conftest import Evenings
from tests.faults.evening import Evening
from tests.faults.line import Line
from tests.faults.steps import HELD, at, struck
from tests.faults.table import Tally
from tests.thorough import some, steps

SECONDS = 5.0
PARTS = 2


def through(night: Evening, line: Line) -> None:
    """Let the runner reach the database by that line alone."""
    night.through = night.url.replace(f":{night.server.port}/", f":{line.port}/")


def all_at_once(cases: list[Callable[[], None]]) -> None:
    """Evenings that mostly wait, side by side."""
    with ThreadPoolExecutor(len(cases)) as pool:
        for done in [pool.submit(case) for case in cases]:
            done.result()


@pytest.mark.parametrize("part", range(PARTS))
def test_closed_until_it_is_mended(evening: Evenings, tally: Tally, part: int) -> None:
    """As long as nobody can look, the run says that it does not know; afterwards it says what is so."""
    for step in steps(7, 1 + 3 * part, whole=(1 + part, PARTS)):
        with tally.case("network: closed until mended", f"after the phrase, {step}") as case:
            night = evening(short=True)
            with Line(night.server.port) as line:
                through(night, line)
                night.begin()
                if not struck(night, Phase.MIGRATE, at(HELD, step), lambda _, line=line: line.cut()):
                    case.void()
                    break
                if night.may_be_unknown():
                    night.leave()
                    state = night.take_up()
                    assert state.recovery
                    assert state.recovery.outcome is Recovery.UNKNOWN
                    line.anew()
                    night.look_again()
                line.anew()
                night.finish()
    assert tally.count > 3


def test_gone_for_five_seconds(evening: Evenings, tally: Tally) -> None:
    """Shorter than any limit: everything waits, and goes on as if nothing had been."""

    def one(step: int) -> None:
        with tally.case("network: silent for 5 s", f"after the phrase, {step}") as case:
            night = evening(short=True)
            with Line(night.server.port) as line:
                through(night, line)
                night.begin()

                def gone_for_a_while(_: object) -> None:
                    line.stall()
                    threading.Timer(SECONDS, line.flow).start()

                if not struck(night, Phase.MIGRATE, at(HELD, step), gone_for_a_while):
                    case.void()
                    return
                assert night.hand.look().resumed is None
                night.finish()

    all_at_once([lambda step=step: one(step) for step in some(range(2, 32), range(2, 32, 6))])
    assert tally.count > 3


def test_silent_for_ever(evening: Evenings, tally: Tally) -> None:
    """The runner waits; its operator ends it. What it left on the server is named, and ended by hand as it says."""

    def one(step: int) -> None:
        with tally.case("network: silent for ever", f"after the phrase, {step}") as case:
            night = evening(short=True)
            with Line(night.server.port) as line:
                through(night, line)
                night.begin()

                def gone_for_ever(caught: object) -> None:
                    line.stall()

                if not struck(night, Phase.MIGRATE, at(HELD, step), gone_for_ever, wait=False):
                    case.void()
                    return
                if live(night.hand.folder):
                    night.kill()
                night.hold_dead()
                state = night.take_up()
                assert state.recovery
                assert state.recovery.outcome is Recovery.UNKNOWN
                line.anew()
                night.look_again(end_what_is_left)
                night.finish()

    all_at_once([lambda step=step: one(step) for step in (2, 4, 6, 8, 10)])
    assert tally.count > 3


def end_what_is_left(night: Evening) -> None:
    """What the remedies say: pg_terminate_backend of the sessions that the look named, and of who holds its lock."""
    recovery = night.hand.look().recovery
    assert recovery
    if recovery.sessions:
        assert f"pg_terminate_backend({recovery.sessions[0].pid})" in recovery.remedy
    with psycopg.connect(night.url, autocommit=True) as session:
        for peer in recovery.sessions:
            session.execute("SELECT pg_terminate_backend(%s, 5000)", (peer.pid,))
        # The server would find out by itself in half a minute that nobody is there; of a proxy it can't.
        session.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE %s",
            (f"dixis-tui run {night.hand.folder.name}%",),
        )
