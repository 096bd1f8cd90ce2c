"""`dixis-tui tail`: a run as lines for a pipe, to its end, and nothing of the run is touched."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState, Verdict
from dixis_tui.run import folders
from dixis_tui.run.journal import Journal
from tests.unit.examples import STARTED
from tests.waiting import until

PROGRAM = (sys.executable, "-m", "dixis_tui")
_RUNNER = "import sys; sys.stdin.read()"
ESCAPE = "\x1b]52;c;aGk=\x07"


class Played:
    """A journal that the test writes, and a process that passes for its runner's."""

    def __init__(self, state: Path) -> None:
        self.folder = folders.new_run(state / "dixis-tui" / "runs")
        self.environment = {**os.environ, "XDG_STATE_HOME": str(state), "LANG": "C.UTF-8"}
        self.runner = subprocess.Popen([sys.executable, "-c", _RUNNER, "dixis_tui.run"], stdin=subprocess.PIPE)
        host = f"maria@{socket.gethostname()}"
        self.journal = Journal(self.folder / folders.JOURNAL)
        self.journal.append(msgspec.structs.replace(STARTED, pid=self.runner.pid, host=host))
        self.journal.append(ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[]))

    def note(self, *texts: str) -> None:
        """Write these notes."""
        self.journal.append(*(ev.Noted(text=text) for text in texts))

    def log(self, *texts: str) -> None:
        """Write these lines into the log."""
        with (self.folder / folders.LOG).open("a") as file:
            file.writelines(f"{text}\n" for text in texts)

    def start(self, *words: str, shell: str = "") -> subprocess.Popen[str]:
        """Start `tail` with these words, in a pipe."""
        call = [*PROGRAM, "tail", *words]
        return subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", f'"$@" {shell}', "bash", *call] if shell else call,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *words: str, shell: str = "") -> tuple[int, list[str], str]:
        """The same to its end: exit code, lines, and what went to stderr."""
        process = self.start(*words, shell=shell)
        out, err = process.communicate(timeout=60)
        return process.returncode, out.splitlines(), err

    def end(self, verdict: Verdict = Verdict.DONE) -> None:
        """The last entry."""
        self.journal.append(ev.RunEnded(verdict=verdict, summary="so it ended"))


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    made = Played(tmp_path)
    yield made
    made.runner.kill()
    made.runner.wait()
    assert made.runner.stdin is not None
    made.runner.stdin.close()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_it_follows_line_by_line_until_the_end(played: Played) -> None:
    played.note("one")
    process = played.start(played.folder.name)
    assert line_of(process).endswith("── Preflight")
    assert line_of(process).endswith("one")
    played.note("δύο")
    assert line_of(process).endswith("δύο"), "a line comes while the run goes on"
    played.end(Verdict.FAILED)
    assert line_of(process).endswith("── failed: so it ended")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (4, "", "")


def test_a_runner_that_dies_ends_it_and_its_last_words_are_shown(played: Played) -> None:
    process = played.start(str(played.folder))
    line_of(process)
    played.note("the last")
    played.runner.kill()
    played.runner.wait()
    assert line_of(process).endswith("the last")
    _, err = process.communicate(timeout=20)
    assert err == "The runner is gone, and the run has not ended.\n"
    assert process.returncode == 130, "as `status`: interrupted before the go"


@pytest.mark.parametrize("path", ["folder", "journal"])
def test_a_run_is_found_by_its_path(played: Played, path: str) -> None:
    place = played.folder if path == "folder" else played.folder / folders.JOURNAL
    played.environment["XDG_STATE_HOME"] = "/nowhere"
    code, lines, _ = played.call(str(place), "--no-follow")
    assert (code, len(lines)) == (0, 1)


@pytest.mark.parametrize(
    ("last", "shown"), [("0", []), ("2", ["three", "four"]), ("99", ["Preflight", "three", "four"])]
)
def test_only_the_last_lines(played: Played, last: str, shown: list[str]) -> None:
    played.note("three", "four")
    code, lines, err = played.call("--no-follow", "-n", last)
    assert [line.split()[-1] for line in lines] == shown
    assert (code, err) == (0, ""), "a run under way is no failure"


def test_the_logs_lines_stand_among_the_journals(played: Played) -> None:
    played.log("2020-01-01T00:00:00.000Z\tprisma\tinfo\tbefore everything", f"\tgarbage {ESCAPE}")
    played.log("2099-01-01T00:00:00.000Z\tserver\terror\tΣφάλμα", "2099-01-01T00:00:01.000Z\tserver\tinfo\thalf")
    _, lines, _ = played.call("--no-follow", "--log")
    assert [line.split()[-1] for line in lines] == ["everything", "garbage", "Preflight", "Σφάλμα", "half"]
    assert lines[0] == "00:00:00Z   · prisma  before everything"
    assert "server error  Σφάλμα" in lines[3]
    assert "\x1b" not in "".join(lines)
    _, lines, _ = played.call("--no-follow")
    assert len(lines) == 1, "the log only where it is asked for"


def test_a_hostile_journal_is_cleaned(played: Played) -> None:
    played.note(f"evil {ESCAPE}\u202e", "two\nlines")
    _, lines, _ = played.call("--no-follow")
    assert not set("\n".join(lines)) & set("\x1b\x07\u202e")
    assert [line.split()[-1] for line in lines[1:]] == ["\N{REPLACEMENT CHARACTER}", "two", "lines"]


def test_a_reader_that_has_gone_ends_it_quietly_even_where_nothing_happens(played: Played) -> None:
    code, lines, err = played.call(shell="| head -1")
    assert (len(lines), err) == (1, "")
    assert code != 0, "pipefail: it did not come to the run's end"


def test_grep_gets_each_line_at_once(played: Played) -> None:
    process = played.start(shell="| grep --line-buffered wanted")
    played.note("not this", "wanted: this")
    assert line_of(process).endswith("wanted: this")
    played.end()
    process.communicate(timeout=20)


def test_ctrl_c_leaves_the_run_alone(played: Played) -> None:
    process = played.start()
    line_of(process)
    before = (played.folder / folders.JOURNAL).read_bytes()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert (played.folder / folders.JOURNAL).read_bytes() == before
    assert played.runner.poll() is None


def test_a_line_that_is_not_whole_waits_for_its_rest(played: Played) -> None:
    process = played.start()
    line_of(process)
    path = played.folder / folders.JOURNAL
    played.note("whole")
    whole = path.read_bytes()
    assert line_of(process).endswith("whole")
    played.note("in two parts")
    added = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + added[:20])
    path.write_bytes(whole + added)
    assert line_of(process).endswith("in two parts")
    played.end()
    process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere/at/all"], "/nowhere/at/all is not there"),
        (["nonsense"], "'nonsense' fits no run"),
        (["-n", "-1"], "-1 is not in the range"),
    ],
)
def test_what_is_not_there_is_said(played: Played, words: list[str], said: str) -> None:
    code, lines, err = played.call(*words)
    assert (code, lines) == (2, [])
    assert said in err
    assert "Traceback" not in err


def test_a_broken_journal_is_said(played: Played) -> None:
    with (played.folder / folders.JOURNAL).open("a") as file:
        file.write("nonsense\n")
    code, _, err = played.call(str(played.folder))
    assert code == 1
    assert "line 3 is not an entry" in err


def test_watch_without_a_terminal_names_tail(played: Played) -> None:
    done = subprocess.run(
        [*PROGRAM, "watch"],
        env=played.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "Use `dixis-tui tail` here." in done.stderr


def test_state_of_phase_ends_are_lines_too(played: Played) -> None:
    played.journal.append(ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.PASSED, seconds=1.5))
    played.end()
    code, lines, _ = played.call()
    assert code == 0
    assert [line.partition("Z ")[2].strip() for line in lines] == [
        "── Preflight",
        "Preflight done in 1.5 s",
        "── done: so it ended",
    ]


def test_it_notices_an_end_of_the_output_by_looking() -> None:
    """The look itself: nobody at the other end, with nothing to write."""
    from dixis_tui.cli import tailing

    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as out:
        keep, sys.stdout = sys.stdout, out
        try:
            assert not tailing._reader_gone()
            os.close(reading)
            until(tailing._reader_gone, 5, "the look to see it")
        finally:
            sys.stdout = keep
