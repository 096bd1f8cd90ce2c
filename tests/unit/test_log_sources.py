"""Logs read along: half lines, half letters, rotation, cuts, floods, and commands that end or have to be ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dixis_tui.plan.log_lines import Tally
from dixis_tui.run import log_sources
from dixis_tui.run.log_sources import CommandTail, FileTail, Lines
from tests.waiting import until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("old\n")
    return path


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_from_its_end_on(log: Path) -> None:
    tail = FileTail(log)
    assert tail.look().lines == []
    add(log, "πρώτη\nδεύ".encode()[:-1])  # half a letter
    assert tail.look().lines == ["πρώτη"]
    add(log, "ύ".encode()[1:] + "τερη\r\nτρίτη\n".encode())
    assert tail.look().lines == ["δεύτερη", "τρίτη"]


def test_rotated(log: Path) -> None:
    tail = FileTail(log)
    add(log, b"last of the old\n")
    log.rename(log.with_suffix(".1"))
    add(log, b"first of the new\n")
    news = tail.look()
    assert news.lines == ["last of the old", "first of the new"]
    assert "rotated" in news.note


def test_rotated_and_not_there_yet(log: Path) -> None:
    tail = FileTail(log)
    log.unlink()
    assert tail.look().problem == ""
    add(log, b"new\n")
    assert tail.look().lines == ["new"]


def test_cut(log: Path) -> None:
    tail = FileTail(log)
    add(log, b"one\nhal")
    tail.look()
    log.write_bytes(b"b\n")
    news = tail.look()
    assert news.lines == ["b"]
    assert "cut" in news.note


def test_not_there(tmp_path: Path) -> None:
    tail = FileTail(tmp_path / "none.log")
    assert "No such file" in tail.look().problem
    add(tmp_path / "none.log", b"there\n")
    assert tail.look().lines == ["there"]


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a file" in FileTail(tmp_path / "pipe").look().problem


def test_a_flood(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_sources, "BYTES_A_LOOK", 1000)
    tail = FileTail(log)
    add(log, b"".join(b"line %05d\n" % number for number in range(1000)))
    news = tail.look()
    assert news.skipped == 10_000
    assert news.lines[-1] == "line 00999"
    assert all(len(line) == 10 for line in news.lines)  # none is a half one


def test_a_line_without_end() -> None:
    lines = Lines()
    assert [len(line) for line in lines.take(b"x" * 200_000)] == [16_384]
    assert lines.take(b"x" * 200_000) == []
    assert lines.take(b"rest\nnext\n") == ["next"]


def test_a_command(tmp_path: Path) -> None:
    tail = CommandTail(["sh", "-c", "echo out; echo Κάτι >&2; pwd; exit 3"], tmp_path)
    until(lambda: tail.ended, 10, "its end")
    news = tail.look()
    assert set(news.lines) == {"out", "Κάτι", str(tmp_path)}
    assert news.problem == f"sh ended (3): {tmp_path}"
    tail.close()


def test_no_such_command(tmp_path: Path) -> None:
    tail = CommandTail(["no-such-program"], tmp_path)
    until(lambda: "ended (127)" in tail.look().problem, 10, "its end")
    tail.close()


def test_its_whole_group_is_ended(tmp_path: Path) -> None:
    """Also a child that does not listen to being asked."""
    script = f"trap '' TERM; sleep 300 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; wait"
    tail = CommandTail(["sh", "-c", script], tmp_path)
    until(lambda: (tmp_path / "own").exists() and (tmp_path / "own").read_text(), 10, "its start")
    pids = [int((tmp_path / name).read_text()) for name in ("child", "own")]
    tail.close()
    until(lambda: not any(_alive(pid) for pid in pids), 10, "the end of all")


def test_a_command_that_floods(tmp_path: Path) -> None:
    tail = CommandTail(["seq", "1", "20000"], tmp_path)
    until(lambda: tail._problem, 10, "its end")
    news = tail.look()
    assert (len(news.lines), news.skipped) == (2000, 18_000)
    assert news.lines[-1] == "20000"
    tail.close()


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    "words",
    [
        ["journalctl", "-fu", "shop"],
        ["docker", "logs", "-f", "--tail", "0", "shop"],
        ["kubectl", "logs", "-f", "--tail=0", "deploy/shop"],
    ],
)
def test_what_services_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """A stand-in of that name, which prints what it was asked for, then an error, and goes on until it is ended."""
    program = tmp_path / words[0]
    program.write_text(
        f"#!/bin/sh\necho \"$@\"\necho 'SQLSTATE[23503]: late' >&2\necho $$ > {tmp_path}/own\nexec sleep 300\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    tail = CommandTail(words, tmp_path)
    tally = Tally("shop")
    until(lambda: tally.see(tail.look().lines) or tally.lines >= 2, 10, "both lines")
    (finding,) = tally.findings()
    assert finding.subject == "shop: 23503 foreign_key_violation"
    assert not tail.ended
    until(lambda: (tmp_path / "own").exists() and (tmp_path / "own").read_text(), 10, "its number")
    tail.close()
    until(lambda: not _alive(int((tmp_path / "own").read_text())), 10, "its end")
