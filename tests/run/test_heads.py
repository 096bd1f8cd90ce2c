"""Heads of a real run: at a webhook, on the disk, in the log; and what a webhook that hangs does to it: nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run.audit_run import verify_run
from dixis_tui.run.folders import ERRORS, JOURNAL, LOG
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from dixis_tui.settings import AuditSettings, Settings
from tests.receiver import SECRET, Receiver, receiver
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.waiting import until

__all__ = ["receiver"]


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    return replace(settings_for(write_project(tmp_path / "shop")), audit=AuditSettings(webhook=receiver.url))


def gone(pid: int) -> bool:
    """Whether the process is no more."""
    try:
        os.waitpid(pid, os.WNOHANG)
        os.kill(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return not Path(f"/proc/{pid}").exists()
    return False


def pid_of(hand: Hand) -> int:
    run = hand.look().run
    assert run is not None
    return run.pid


def test_a_whole_evening_is_vouched_for_elsewhere(begin: Begin, settings: Settings, receiver: Receiver) -> None:
    hand = begin(settings)
    hand.to_go()
    assert hand.confirm() == ""
    hand.ended(Phase.VERIFY)
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    state = hand.wait(lambda state: state.ended, "the end")
    assert state.verdict is Verdict.DONE
    assert state.check("DX801").state is CheckState.PASSED
    until(lambda: receiver.got and receiver.got[-1][2]["gate"] == "end", 20, "the last head")
    gates = [str(body["gate"]) for _, _, body in receiver.got]
    assert gates == [
        *("preflight", "backup", "rehearsal", "plan sealed", "go", "confirmed", "migrate", "verify", "signoff", "end")
    ]
    found = verify_run(hand.folder)
    assert found.verifies, found.flaws
    assert (found.kept, found.fitting) == (10, 10)
    for _, _, body in receiver.got:
        line = found.chain.lines[int(str(body["number"]))]
        assert line.digest == body["sha256"]
        assert verify_run(hand.folder, str(body["sha256"])).verifies
    receipts = [entry.event for entry in read(hand.folder / JOURNAL) if isinstance(entry.event, ev.HeadSent)]
    assert [receipt.number for receipt in receipts] == [body["number"] for _, _, body in receiver.got[: len(receipts)]]
    assert {receipt.problem for receipt in receipts} == {""}
    for path in hand.folder.parents[1].rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_webhook_that_hangs_delays_no_step_and_not_the_end(
    begin: Begin, settings: Settings, receiver: Receiver
) -> None:
    receiver.go_on.clear()
    hand = begin(settings)
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    pid = pid_of(hand)
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
    assert len(receiver.got) < 3, "it hung all along"
    until(lambda: not live(hand.folder), 3, "the socket to be gone")
    # The target is free at once, for another run, while the last head of this one may be on its way.
    other = begin(settings)
    other.ended(Phase.PREFLIGHT)
    until(lambda: gone(pid), 15, "the runner to give up")
    assert "The last head did not reach the webhook" in (hand.folder / ERRORS).read_text()
    found = verify_run(hand.folder)
    assert found.verifies
    assert (found.kept, found.fitting) == (3, 3)


def test_a_webhook_that_is_gone_is_said_and_no_more(begin: Begin, settings: Settings, receiver: Receiver) -> None:
    receiver.answers = [410]
    hand = begin(settings)
    state = hand.wait(lambda state: state.head_sent, "the receipt")
    assert state.head_sent is not None
    assert state.head_sent.problem == "answered 410"
    assert state.head_sent.to.endswith("/•••")
    hand.ended(Phase.PREFLIGHT)
    assert "head " in (hand.folder / LOG).read_text()
    assert verify_run(hand.folder).verifies
