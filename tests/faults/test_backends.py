"""Our backend on the server killed, and the whole server restarted at once, at every step of the journal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dixis_tui.model import Phase
from tests.faults.conftest import Evenings
from tests.faults.evening import Evening
from tests.faults.steps import BEFORE_GO, HELD, at, struck
from tests.faults.table import Tally
from tests.thorough import pairs, steps
from tests.waiting import until

_OURS = "datname LIKE %s AND application_name LIKE 'dixis-tui %%' AND pid <> pg_backend_pid()"
PARTS = 2


def end_our_backends(night: Evening) -> None:
    """pg_terminate_backend of every session of ours, and wait until they are gone."""
    like = (f"{night.name}%",)
    with psycopg.connect(night.server.url("postgres"), autocommit=True) as session:
        session.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OURS}", like)
        left = f"SELECT count(*) FROM pg_stat_activity WHERE {_OURS}"
        until(lambda: session.execute(left, like).fetchone() == (0,), 10, "our backends to go")


def restart_the_server(night: Evening) -> None:
    """`pg_ctl restart -m immediate`: no checkpoint, every session gone, crash recovery at the start."""
    pid = int((night.server.folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    until(lambda: not Path(f"/proc/{pid}").exists(), 30, "the server to be gone")
    night.server.start()


BLOWS: dict[str, Callable[[Evening], None]] = {
    "backend: pg_terminate_backend": end_our_backends,
    "server: immediate restart": restart_the_server,
}


@pytest.mark.parametrize(("phase", "kind"), pairs(BEFORE_GO, BLOWS))
def test_at_every_step_before_the_phrase(evening: Evenings, tally: Tally, kind: str, phase: Phase) -> None:
    """The runner lives: what was lost is told as that, the phase is done again, and nothing reaches production."""
    night = evening()
    night.begin()
    for step in steps(5):
        with tally.case(kind, f"{phase} {step}") as case:
            if not struck(night, phase, at(HELD, step), lambda _: BLOWS[kind](night)):
                case.void()
                break
            night.recovered()
    assert tally.count > 1, "a phase has more steps than one"
    night.finish()


@pytest.mark.parametrize("kind", BLOWS)
@pytest.mark.parametrize("part", range(PARTS))
def test_at_every_step_after_the_phrase(evening: Evenings, tally: Tally, kind: str, part: int) -> None:
    """No answer is no evidence: the run says what is known, and what is not is found out by a look."""
    first = 1 + part + PARTS * (kind != "backend: pg_terminate_backend")  # the one strikes where the other does not
    for step in steps(5 * PARTS - 1, first, whole=(1 + part, PARTS)):
        with tally.case(kind, f"after the phrase, {step}") as case:
            night = evening(short=True)
            night.begin()
            if not struck(night, Phase.MIGRATE, at(HELD, step), lambda _, night=night: BLOWS[kind](night)):
                case.void()
                break
            night.recovered()
            night.finish()
    assert tally.count > 1
