"""The runner on its socket: whoever talks to it, however, the work and the journal stay what they are."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState, Verdict
from dixis_tui.run import accounts, folders, runner, work
from dixis_tui.run import commands as cmd
from dixis_tui.run.accounts import Account
from dixis_tui.run.runs import live, look
from tests.unit.served import SECRET, Hand, Served
from tests.waiting import until

TICK = cmd.Tick(code="DX131", operator="maria")
BACKUP = cmd.StartPhase(phase=Phase.BACKUP)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = folders.new_run(tmp_path / "runs")
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served(folder)
    monkeypatch.setattr(work, "perform", served.perform)
    served.start()
    yield served
    served.error = None
    served.end()


def running(run: Served) -> None:
    until(lambda: run.told().running is Phase.BACKUP, what="the backup to run")


def test_only_we_may_look_or_talk(run: Served) -> None:
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    for name in (folders.SOCKET, folders.JOURNAL, folders.LOG):
        assert stat.S_IMODE((run.folder / name).stat().st_mode) == 0o600, name


def test_another_user_is_not_heard(run: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, Hand(run.folder) as before:
        assert before.ask(TICK) == ""
        patch.setattr(run.runner, "_owner", Account(54321))
        with Hand(run.folder) as stranger:
            stranger.post(cmd.Tick(code="DX132", operator="stranger"))
            assert stranger.read() is None, "closed without a word"
    assert not run.told().check("DX132").open
    with Hand(run.folder) as hand:
        assert hand.ask(TICK) == ""


HOSTILE = {
    "garbage": b"GET / HTTP/1.1\r\n",
    "an empty line": b"\n",
    "no object": b"[]\n",
    "null": b"null\n",
    "an unknown command": b'{"id":1,"command":{"type":"drop_database"}}\n',
    "no command": b'{"id":1}\n',
    "a command without its fields": b'{"id":1,"command":{"type":"tick"}}\n',
    "an unknown phase": b'{"id":1,"command":{"type":"start_phase","phase":"coffee"}}\n',
    "a lone surrogate": b'{"id":1,"command":{"type":"tick","code":"\\ud800","operator":"x"}}\n',
    "bytes that are no text": b'{"id":1,"command":{"type":"tick","code":"\xff\xfe","operator":"x"}}\n',
    "NUL": b"\x00" * 100 + b"\n",
    "a number without end": b'{"id":' + b"9" * 5000 + b"}\n",
    "deep nesting": b'{"id":1,"command":' + b"[" * 30_000 + b"\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_command_is_refused_and_the_line_stays_open(run: Served, data: bytes) -> None:
    before = run.told().entries
    with Hand(run.folder) as hand:
        hand.send(data)
        assert hand.answer() == "That is not a command of this version."
        assert run.told().entries == before
        assert hand.ask(TICK) == ""


def test_a_line_without_end_costs_its_sender_the_line(run: Served) -> None:
    with Hand(run.folder) as other, Hand(run.folder) as hand:
        hand.send(b"x" * 10_000_000)
        while hand.read() is not None:
            pass  # the greeting
        assert other.ask(TICK) == ""


@pytest.mark.parametrize("data", [b'{"id":1,"comm', b"", msgspec.json.encode({"id": 1})])
def test_half_a_line_is_nothing(run: Served, data: bytes) -> None:
    with Hand(run.folder) as hand:
        hand.send(data)
    with Hand(run.folder) as other:
        assert other.ask(TICK) == ""
    assert [event for event in run.events() if isinstance(event, ev.Ticked)] == [
        ev.Ticked(code="DX131", operator="maria")
    ]


def test_many_clients_hear_of_every_change(run: Served) -> None:
    hands = [Hand(run.folder) for _ in range(40)]
    assert hands[0].ask(TICK) == ""
    entries = run.told().entries
    for hand in hands[1:]:
        message = hand.read()
        while message is not None and message.entries < entries:
            message = hand.read()
        assert message is not None
    for hand in hands:
        hand.close()


def test_a_client_that_never_reads_stops_nobody_and_costs_little(run: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_SLOW_CLIENT_BYTES", 400)
    with Hand(run.folder), Hand(run.folder) as reader:
        for _ in range(1500):
            # Each round trip tells everybody once more.
            assert reader.ask(TICK) == ""
        waiting = [writer.transport.get_write_buffer_size() for writer in list(run.runner._clients)]
        assert 400 <= max(waiting) < 1000, "what the kernel did not take is held, and no more than the limit of it"
        run.end()
    assert run.told().verdict is Verdict.CLOSED


def test_a_client_that_asks_without_end_and_never_reads_is_held_back(run: Served) -> None:
    with Hand(run.folder) as flood:
        line = msgspec.json.encode({"id": 1, "command": {"type": "stop"}}) + b"\n"
        sent = threading.Thread(target=lambda: flood.send(line * 50_000), daemon=True)
        sent.start()
        with Hand(run.folder) as hand:
            assert hand.ask(TICK) == ""
            waiting = [writer.transport.get_write_buffer_size() for writer in list(run.runner._clients)]
        assert max(waiting) < 1 << 20
    sent.join(20)
    assert not sent.is_alive()


@pytest.mark.parametrize("phrase", ["DIXIS-PROD-ok", "", " DIXIS-PROD-OK", "DIXIS-PROD-OK ", "ΔIXIS-PROD-OK", SECRET])
def test_a_wrong_phrase_does_nothing_and_is_not_kept(run: Served, phrase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.accounts, "refusal_for", lambda *_: "")
    with Hand(run.folder) as hand:
        refused = hand.ask(cmd.Confirm(phrase=phrase, operator="maria", digest="x"))
        assert refused == "Wrong phrase. Nothing was done."
    state = run.told()
    assert (state.confirmed, state.refusals) == (None, 1)
    assert state.refused == ev.ConfirmationRefused(operator="maria", reason=refused)
    kept = (run.folder / folders.JOURNAL).read_text() + (run.folder / folders.LOG).read_text()
    assert not phrase.strip() or phrase.strip() not in kept.replace(state.run.phrase if state.run else "", "")
    monkeypatch.undo()
    monkeypatch.chdir(run.folder)
    monkeypatch.setattr(work, "perform", run.perform)


@pytest.mark.parametrize(
    "command",
    [
        cmd.Confirm(phrase="DIXIS-PROD-OK", operator="maria", digest="x"),
        cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="maria"),
    ],
)
def test_a_phrase_at_a_closed_gate_is_refused_and_journaled(run: Served, command: cmd.Command) -> None:
    with Hand(run.folder) as hand:
        refused = hand.ask(command)
    assert refused
    assert run.told().refused == ev.ConfirmationRefused(operator="maria", reason=refused)


def test_names_and_reasons_are_cleaned_and_redacted(run: Served) -> None:
    with Hand(run.folder) as hand:
        assert hand.ask(cmd.Tick(code="DX131", operator="ma\x1b[2Jria\u202e")) == ""
        assert hand.ask(cmd.Waive(code="DX121", operator="maria", reason=f"he said {SECRET}\x1b]0;x\x07")) == ""
    state = run.told()
    assert state.check("DX131").who == "maria\ufffd"
    assert state.check("DX121").evidence == "waived by maria: he said •••"
    log = (run.folder / folders.LOG).read_text()
    assert SECRET not in log
    assert "\x1b" not in log


def test_one_thing_at_a_time(run: Served) -> None:
    run.opened()
    with Hand(run.folder) as hand:
        assert hand.ask(BACKUP) == ""
        running(run)
        assert "is running" in hand.ask(BACKUP)
        assert "is running" in hand.ask(cmd.End())
        assert hand.ask(TICK) == "", "people may answer while the program works"
        run.go_on.set()
        until(lambda: run.told().phase(Phase.BACKUP).state is PhaseState.PASSED, what="the backup")
    assert run.told().phase(Phase.BACKUP).attempts == 1


def test_two_hands_at_once_start_one_phase(run: Served) -> None:
    run.opened()
    with Hand(run.folder) as first, Hand(run.folder) as second:
        first.post(BACKUP)
        second.post(BACKUP)
        answers = sorted([first.answer(), second.answer()])
        assert answers[0] == ""
        assert answers[1] in ("Backup is running; wait for it, or stop it.", runner_busy())
        running(run)
        run.go_on.set()
    until(lambda: run.told().phase(Phase.BACKUP).state is PhaseState.PASSED, what="the backup")
    assert run.told().phase(Phase.BACKUP).attempts == 1


def runner_busy() -> str:
    return "Another step has begun meanwhile: look at it first."


def test_a_stop_ends_the_phase_and_not_the_run(run: Served) -> None:
    run.opened()
    with Hand(run.folder) as hand:
        assert "Nothing is running" in hand.ask(cmd.Stop())
        assert hand.ask(BACKUP) == ""
        running(run)
        assert hand.ask(cmd.Stop()) == ""
        until(lambda: not run.told().running, what="the stop")
        state = run.told()
        assert (state.phase(Phase.BACKUP).state, state.ended) == (PhaseState.FAILED, None)
        assert "Stopped by the operator" in state.check("DX201").evidence
        run.go_on.set()
        assert hand.ask(BACKUP) == "", "a stop does not outlive its phase"
        until(lambda: run.told().phase(Phase.BACKUP).state is PhaseState.PASSED, what="the backup")


def test_the_work_goes_on_when_everybody_goes_away(run: Served) -> None:
    run.opened()
    with Hand(run.folder) as hand:
        hand.post(BACKUP)
        running(run)
    run.go_on.set()
    until(lambda: run.told().phase(Phase.BACKUP).state is PhaseState.PASSED, what="the backup")
    assert live(run.folder)


def test_the_end_is_the_last_entry_and_said_once(run: Served) -> None:
    with Hand(run.folder) as first, Hand(run.folder) as second, Hand(run.folder) as watching:
        first.post(cmd.End())
        second.post(cmd.End())
        second.post(TICK)
        while watching.read() is not None:
            pass
    until(lambda: not run.serving, what="the runner to go")
    events = run.events()
    assert [event for event in events if isinstance(event, ev.RunEnded)] == [events[-1]]
    assert not (run.folder / folders.SOCKET).exists()
    assert not live(run.folder)
    assert look(run.folder).verdict is Verdict.CLOSED
    run.context.emit(ev.Noted(text="too late"))
    assert run.events() == events


def test_the_log_is_sealed_by_the_end(run: Served) -> None:
    run.end()
    ended = run.told().ended
    assert ended is not None
    assert ended.log_bytes <= (run.folder / folders.LOG).stat().st_size
    assert len(ended.log_sha256) == 64


def test_a_fault_of_ours_is_said_and_the_run_goes_on(run: Served) -> None:
    run.error = ZeroDivisionError(SECRET)
    run.opened()
    with Hand(run.folder) as hand:
        assert hand.ask(BACKUP) == ""
        until(lambda: [note for note in run.told().notes if "ZeroDivisionError" in note.text], what="the fault")
        run.error = None
        run.go_on.set()
        assert hand.ask(BACKUP) == ""
    until(lambda: run.told().phase(Phase.BACKUP).state is PhaseState.PASSED, what="the backup")
    log = (run.folder / folders.LOG).read_text()
    assert "ZeroDivisionError" in log
    assert SECRET not in log + (run.folder / folders.JOURNAL).read_text()


def test_a_run_that_nobody_looks_at_ends_by_itself(run: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "IDLE_SECONDS", -1.0)
    with Hand(run.folder) as hand:
        assert hand.ask(TICK) == ""
        run.runner._end_if_forgotten()
        assert run.told().ended is None, "somebody is there"
    until(lambda: not run.runner._clients, what="the last client to go")
    run.runner._end_if_forgotten()
    until(lambda: run.told().ended, what="the end")
    assert any("Nobody has looked" in note.text for note in run.told().notes)


def test_a_watcher_of_another_account_keeps_no_run_open(run: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "IDLE_SECONDS", -1.0)
    monkeypatch.setattr(run.runner, "_group", 65534)
    monkeypatch.setattr(run.runner, "_owner", Account(54321))
    with Hand(run.folder) as watcher:
        assert watcher.read() is not None
        run.runner._end_if_forgotten()
        until(lambda: run.told().ended, what="the end")


def test_a_first_phrase_that_no_second_follows_is_void(run: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ev.PlanSealed(hash="7f3a·c2e1", digest="x", lines=[])
    run.context.emit(plan, ev.FirstConfirmed(operator="maria", account="1000 maria", digest="x"))
    run.runner._void_if_old()
    assert run.told().first_confirmed is not None
    monkeypatch.setattr(accounts, "FIRST_STANDS", timedelta())
    run.runner._void_if_old()
    run.runner._void_if_old()
    state = run.told()
    assert state.first_confirmed is None
    assert state.first_voided is not None
    assert not state.first_voided.taken_back
    assert sum(isinstance(event, ev.FirstVoided) for event in run.events()) == 1


def test_the_first_takes_the_phrase_back_by_stop(run: Served) -> None:
    plan = ev.PlanSealed(hash="7f3a·c2e1", digest="x", lines=[])
    run.context.emit(plan, ev.FirstConfirmed(operator="maria", account="1000 maria", digest="x"))
    with Hand(run.folder) as hand:
        assert hand.ask(cmd.Stop(operator="Νίκος")) == ""
        assert hand.ask(cmd.Stop(operator="Νίκος")) == "Nothing is running."
    voided = run.told().first_voided
    assert voided == ev.FirstVoided(reason="Νίκος took the phrase back.", taken_back=True)
    assert not run.context.stopping.is_set()
