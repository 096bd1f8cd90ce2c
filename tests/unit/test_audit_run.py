"""A run's journal, log and kept heads together: what the chain alone can't show, and which section of a log changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.cli.exits import Exit
from dixis_tui.cli.main import run as call
from dixis_tui.errors import UsageError
from dixis_tui.model import CheckState, Phase, Verdict
from dixis_tui.run import folders, heads, journal
from dixis_tui.run.audit_log import checkpoints, verify_log
from dixis_tui.run.audit_run import Audit, verify_run
from dixis_tui.run.context import Context
from dixis_tui.run.flaws import Kind
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.phases.signoff import journal_verifies
from dixis_tui.run.state import fold
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from tests.unit.examples import EVENTS, STARTED

PHASES = (Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL)
RUN = "20261125-220000-0001"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return folders.state_directory()


@pytest.fixture
def context(state: Path) -> Context:
    folder = folders.private(state / "runs" / RUN)
    log = Log(folder / folders.LOG, Redactor(["hunter2hunter2"]))
    made = Context(folder, Settings(), {}, Journal(folder / folders.JOURNAL), log)
    made.emit(replace(STARTED, run=RUN))
    for phase in PHASES:
        with made.phase(phase, []):
            made.log.line("server", f"ελληνικά in {phase}")
    return made


@pytest.fixture
def folder(context: Context) -> Path:
    """A run that is over."""
    context.log.line("runner", "the end")
    context.emit(ev.RunEnded(verdict=Verdict.CHECKED, summary="done"))
    return context.folder


def gates(folder: Path) -> list[tuple[int, str, int]]:
    """Entry, gate, and the log's bytes."""
    found = []
    for entry in journal.read(folder / folders.JOURNAL):
        match entry.event:
            case ev.Checkpointed(gate=gate, log_bytes=size):
                found.append((entry.number, gate, size))
            case ev.RunEnded(log_bytes=size):
                found.append((entry.number, "end", size))
    return found


def kinds(audit: Audit) -> list[Kind]:
    return [flaw.kind for flaw in audit.flaws]


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Change the journal's text and make its chain anew, as somebody would who knows how."""
    lines = path.read_bytes().replace(old, new).splitlines()
    made: list[bytes] = []
    for line in lines:
        prev = hashlib.sha256(made[-1]).hexdigest() if made else ""
        made.append(re.sub(rb'"prev":"[0-9a-f]*"', f'"prev":"{prev}"'.encode(), line, count=1))
    path.write_bytes(b"\n".join(made) + b"\n")


# -- what the run leaves


def test_each_gate_is_journaled_with_the_logs_digest_and_the_end_seals_it(folder: Path) -> None:
    events = [entry.event for entry in journal.read(folder / folders.JOURNAL)]
    log = (folder / folders.LOG).read_bytes()
    points = [event for event in events if isinstance(event, ev.Checkpointed)]
    assert [point.gate for point in points] == [*PHASES]
    assert [type(events[events.index(point) - 1]) for point in points] == [ev.PhaseEnded] * 3
    for point in points:
        assert hashlib.sha256(log[: point.log_bytes]).hexdigest() == point.log_sha256
    last = events[-1]
    assert isinstance(last, ev.RunEnded)
    assert (last.log_bytes, last.log_sha256) == (len(log), hashlib.sha256(log).hexdigest())


def test_a_gate_and_its_digest_are_one_append(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (flushed.append(os.fstat(file).st_ino), real(file))[1])
    for event in (event for event in EVENTS if isinstance(event, ev.PlanSealed | ev.Confirmed | ev.RollbackConfirmed)):
        flushed.clear()
        context.emit(event)
        inode = (context.folder / folders.JOURNAL).stat().st_ino
        assert flushed.count(inode) == 1
    assert [gate for _, gate, _ in gates(context.folder)][3:] == ["plan sealed", "confirmed", "rollback confirmed"]


def test_heads_are_kept_beside_the_runs_and_said_in_the_log(folder: Path, state: Path) -> None:
    path = state / heads.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(head["number"], head["gate"]) for head in kept] == [(number, gate) for number, gate, _ in gates(folder)]
    lines = (folder / folders.JOURNAL).read_bytes().splitlines()
    for head in kept:
        assert head["sha256"] == hashlib.sha256(lines[head["number"] - 1]).hexdigest()
        assert (head["run"], head["target"]) == (RUN, STARTED.target)
        assert head["at"].endswith("Z")
    said = re.findall(r"\tjournal\tinfo\t(head .*)", (folder / folders.LOG).read_text())
    assert said == [f"head {head['number']} {head['sha256']}" for head in kept[:-1]], "the log is sealed by the last"


def test_a_heads_file_that_cannot_be_written_stops_nothing(context: Context, state: Path) -> None:
    (state / heads.FILE).unlink()
    (state / heads.FILE).mkdir()
    with context.phase(Phase.BANNER, []):
        pass
    last = journal.read(context.folder / folders.JOURNAL)[-1].event
    assert isinstance(last, ev.HeadSent)
    assert (last.to, last.number) == (heads.FILE, gates(context.folder)[-1][0])
    assert "could not be written" in last.problem
    (state / heads.FILE).rmdir()
    assert verify_run(context.folder).verifies


# -- what is found


def test_a_run_as_it_was_left(folder: Path) -> None:
    found = verify_run(folder)
    assert found.verifies
    assert found.flaws == ()
    assert (found.run, found.ended, found.kept, found.fitting) == (RUN, True, 4, 4)
    assert found.log is not None
    assert (found.log.checkpoints, found.log.loose) == (4, 0)


def test_a_run_that_lives(context: Context) -> None:
    found = verify_run(context.folder)
    assert found.verifies
    assert (found.ended, found.kept, found.fitting) == (False, 3, 3)
    assert found.log is not None
    assert found.log.loose > 0


@pytest.mark.parametrize("section", range(4))
@pytest.mark.parametrize("how", ["changed", "missing", "added"])
def test_a_change_of_the_log_is_located_between_two_gates(folder: Path, section: int, how: str) -> None:
    points = gates(folder)
    start = points[section - 1][2] if section else 0
    end = points[section][2]
    path = folder / folders.LOG
    data = path.read_bytes()
    at = (start + end) // 2
    put = {"changed": bytes([data[at] ^ 1]), "missing": b"", "added": b"xx"}[how]
    path.write_bytes(data[:at] + put + data[at + (how != "added") :])
    found = verify_run(folder)
    assert not found.verifies
    flaw = next(flaw for flaw in found.flaws if flaw.kind is Kind.LOG)
    if how == "missing" and section == 3:
        assert "The log's last 1 bytes as of" in flaw.sentence
    else:
        assert flaw.offset == start
        assert flaw.line == data[:start].count(b"\n") + 1
        before = f"of entry {points[section - 1][0]} ({points[section - 1][1]})" if section else "log's beginning"
        assert before in flaw.sentence
        assert f"that of entry {points[section][0]} ({points[section][1]}): bytes {start} to {end}" in flaw.sentence
    assert {flaw.kind for flaw in found.flaws} <= {Kind.LOG, Kind.HEAD}


def test_every_byte_of_a_log_counts(folder: Path) -> None:
    data = (folder / folders.LOG).read_bytes()
    points = checkpoints(verify_run(folder).chain.events)
    for at in range(len(data)):
        section = next(point.bytes for point in points if at < point.bytes)
        for put in (bytes([data[at] ^ 4]), b"", bytes([0, data[at]])):
            found = verify_log(BytesIO(data[:at] + put + data[at + 1 :]), points, ended=True)
            assert found.flaws
            # In the last section its length tells first.
            located = f"to {section}, lines" if put or section < len(data) else "The log's last 1 bytes"
            assert located in found.flaws[0].sentence


def test_a_change_that_a_later_runner_took_over_is_still_found(context: Context) -> None:
    path = context.folder / folders.LOG
    [(_, _, start), (_, _, end), _] = gates(context.folder)
    data = path.read_bytes()
    path.write_bytes(data[: end - 3] + b"!" + data[end - 2 :])
    context._journal.close()
    again, entries, _ = Journal.reopened(context.folder / folders.JOURNAL)
    taken_up = Context(context.folder, Settings(), {}, again, Log(path, Redactor()), state=fold(entries))
    with taken_up.phase(Phase.BANNER, []):
        pass
    [flaw] = verify_run(context.folder).flaws
    assert (flaw.kind, flaw.offset) == (Kind.LOG, start)
    assert f"bytes {start} to {end}, lines" in flaw.sentence


def test_what_is_added_after_the_end_is_found_and_before_it_is_not_vouched_for(context: Context) -> None:
    path = context.folder / folders.LOG
    with path.open("ab") as file:
        file.write(b"x\n")
    assert verify_run(context.folder).verifies, "nobody has said yet what the log is"
    context.emit(ev.RunEnded(verdict=Verdict.CHECKED, summary="done"))
    assert kinds(verify_run(context.folder)) == [Kind.LOG]


def test_a_log_that_is_cut_or_gone(folder: Path) -> None:
    path = folder / folders.LOG
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    [flaw] = verify_run(folder).flaws
    assert (flaw.kind, flaw.offset) == (Kind.LOG, len(data) - 5)
    assert "last 5 bytes as of entry" in flaw.sentence
    path.unlink()
    [flaw] = verify_run(folder).flaws
    assert "run.log, of which the journal has 4 digests, can't be read" in flaw.sentence
    # A journal alone, from anywhere, is looked at for what it is.
    assert verify_run(folder / folders.JOURNAL).verifies


def test_a_changed_last_line_shows_against_the_kept_head_to_the_byte(folder: Path) -> None:
    path = folder / folders.JOURNAL
    data = path.read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    for at in range(last, len(data) - 1, 9):
        for put in (bytes([data[at] ^ 1]), b"", b"0" + data[at : at + 1]):
            changed = data[:at] + put + data[at + 1 :]
            path.write_bytes(changed)
            found = verify_run(folder)
            assert not found.verifies, (at, put)
            lines = {flaw.line for flaw in found.flaws if flaw.kind is not Kind.LOG}
            assert lines <= {data[:last].count(b"\n") + 1}
    path.write_bytes(data.replace(b'"summary":"done"', b'"summary":"gone"'))
    [flaw] = verify_run(folder).flaws
    assert (flaw.kind, flaw.offset) == (Kind.HEAD, data.rindex(b"done"))
    assert "'g' (0x67) stands where 'd' (0x64) was written" in flaw.sentence


def test_a_rewritten_chain_shows_against_heads_the_log_and_a_head_from_elsewhere(folder: Path, state: Path) -> None:
    path = folder / folders.JOURNAL
    kept = [json.loads(line) for line in (state / heads.FILE).read_text().splitlines()]
    shutil.copy(folder / folders.LOG, state / "log")
    # Something after the first gate and before the second.
    rewrite(path, b'"type":"phase_started","phase":"backup"', b'"type":"phase_started","phase":"banner"')
    found = verify_run(folder)
    assert found.chain.flaws == (), "the chain alone holds"
    assert (found.kept, found.fitting) == (4, 1)
    first, second = kept[0]["number"], kept[1]["number"]
    assert [flaw.sentence.partition(": ")[2] for flaw in found.flaws] == [
        f"the change lies in entries {first + 1} to {second}"
    ] * 2
    assert f"head {second} kept at" in found.flaws[0].sentence
    assert f"the log's head {second}" in found.flaws[1].sentence
    # Whoever rewrites the log and the kept heads as well still can't rewrite what is elsewhere.
    (state / heads.FILE).unlink()
    alone = verify_run(path, kept[-1]["sha256"])
    assert [flaw.sentence for flaw in alone.flaws if "given" in flaw.sentence] == [
        f"No entry has the given head {kept[-1]['sha256'][:12]}…"
    ]
    assert verify_run(path, kept[0]["sha256"]).given.startswith(f"is entry {first}'s; ")


def test_a_shortened_journal_shows(folder: Path) -> None:
    path = folder / folders.JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    found = verify_run(folder)
    assert Kind.HEAD in kinds(found)
    head = next(flaw for flaw in found.flaws if flaw.kind is Kind.HEAD)
    assert f"ends with entry {len(lines) - 1}, and has not the head {len(lines)} kept at" in head.sentence
    path.write_bytes(b"")
    assert not verify_run(folder).verifies


def test_a_given_head_may_be_an_earlier_one_and_short(folder: Path) -> None:
    found = verify_run(folder)
    last = found.chain.number
    assert verify_run(folder, found.chain.head).given == f"is entry {last}'s, the last one"
    assert verify_run(folder, found.chain.head[:12].upper()).given == f"is entry {last}'s, the last one"
    assert verify_run(folder, found.chain.lines[2].digest).given == f"is entry 2's; {last - 2} entries came after it"
    assert not verify_run(folder, "0" * 64).verifies


def test_a_cut_alone_is_no_tampering(context: Context) -> None:
    path = context.folder / folders.JOURNAL
    context.note("a last one")
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    found = verify_run(context.folder)
    assert found.verifies
    assert kinds(found) == [Kind.CUT]
    # But what a head was kept of had been on the disk.
    path.write_bytes(data[: data.rindex(b'"rehearsal","log_bytes"')])
    assert kinds(verify_run(context.folder)) == [Kind.CUT, Kind.HEAD]


def test_a_state_directory_from_another_machine_brings_its_heads(
    folder: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "from-elsewhere"
    shutil.copytree(state, copy)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    assert verify_run(copy / "runs" / RUN).fitting == 4
    assert verify_run(copy / "runs" / RUN / folders.JOURNAL).fitting == 4
    shutil.move(copy / "runs" / RUN, tmp_path / "bare")
    found = verify_run(tmp_path / "bare")
    assert (found.verifies, found.kept, found.run) == (True, 0, RUN)


def test_damaged_heads_are_said_and_hide_no_other(folder: Path, state: Path) -> None:
    with (state / heads.FILE).open("ab") as file:
        file.write(b'{"number":1,\n\xff\n')
    found = verify_run(folder)
    assert (found.verifies, found.fitting) == (True, 4)
    assert found.notes == (f"2 damaged lines of {state / heads.FILE} were left out",)


def test_no_journal_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        verify_run(tmp_path)


# -- the check at sign-off, and the command


def test_the_check_at_sign_off_says_the_same(folder: Path) -> None:
    seen = journal_verifies(verify_run(folder))
    assert seen.state is CheckState.PASSED
    assert "4 digests of the log and 4 kept heads fit, head " in seen.evidence
    path = folder / folders.JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"reason":""', b'"reason":"?"', 1))
    seen = journal_verifies(verify_run(folder))
    assert seen.state is CheckState.FAILED
    assert "was changed: '?' (0x3f) was put in there" in seen.evidence
    assert seen.remedy == f"Read all of it with `dixis-tui audit verify {RUN}`."


def test_the_command(folder: Path, state: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    head = verify_run(folder).chain.head
    for words in ([], [RUN], [RUN[:8]], [str(folder)], [str(folder / folders.JOURNAL)], ["--head", head]):
        assert call(["audit", "verify", *words]) == Exit.DONE
        shown = capsys.readouterr().out.splitlines()
        assert shown[0] == f"Run {RUN}: {folder / folders.JOURNAL}"
        assert shown[1].startswith("✔ journal.jsonl: ")
        assert shown[1].endswith(head)
        assert shown[-1] == "It verifies."
        assert "✔ heads.jsonl: 4 of 4 heads fit" in shown
    assert call(["audit", "verify", "--json"]) == Exit.DONE
    said = json.loads(capsys.readouterr().out)
    assert (said["verifies"], said["head"], said["flaws"], said["fitting_heads"]) == (True, head, [], 4)

    path = folder / folders.JOURNAL
    whole = path.read_bytes()
    at = whole.index(b'"phase_started"') + 1
    path.write_bytes(whole[:at] + b"q" + whole[at + 1 :])
    assert call(["audit", "verify", RUN]) == Exit.UNVERIFIED
    shown = capsys.readouterr().out.splitlines()
    found = next(line for line in shown if line.startswith(f"✖ journal.jsonl line 2, byte {at}: "))
    assert "'q' (0x71) stands where 'p' (0x70) was written." in found
    assert shown[-1] == "It does not verify: 1 finding."
    assert call(["audit", "verify", RUN, "--json"]) == Exit.UNVERIFIED
    [flaw] = json.loads(capsys.readouterr().out)["flaws"]
    assert (flaw["file"], flaw["line"], flaw["byte"], flaw["grave"]) == ("journal.jsonl", 2, at, True)
    assert flaw["meaning"]

    path.write_bytes(whole + b'{"number":')
    assert call(["audit", "verify", RUN]) == Exit.DONE
    assert "▲ journal.jsonl line " in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--head", "abc"], ["--head", "g" * 64], ["nowhere"], ["/no/where"]])
def test_the_command_used_wrongly(folder: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["audit", "verify", *words]) == Exit.USAGE
    assert capsys.readouterr().err


def test_only_our_own_line_of_the_log_is_a_head() -> None:
    line = b"2026-11-25T20:00:00.000Z\t%s\tinfo\thead 7 " + b"a" * 64 + b"\n"
    assert heads.logged(line % b"journal") == (7, "a" * 64)
    assert heads.logged(line % b"server") is None
