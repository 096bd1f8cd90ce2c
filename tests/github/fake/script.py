"""What a workflow run does, as a list of steps that a test writes. Nothing here looks at a clock.

A run moves on by *rounds*: as soon as something of it is asked that was asked in this round already, the next begins.
So whoever asks for run and jobs in turn, and whoever asks for one of them only, sees each state once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO


class StepFailedError(Exception):
    """Raised by what a step does: the step fails with these words in its log."""


@dataclass
class Context:
    """What a step's deed is given: `inputs` of the dispatch, `sha`, the job's log, and whether somebody cancelled."""

    inputs: Mapping[str, str]
    sha: str
    branch: str
    run_id: int
    actor: str
    log: Callable[[str], None]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def shell(self, script: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        """Run `script` as a step's `run:` does (`bash -e -o pipefail`), its output into the log; raises where it fails.

        Cancelled, it gets SIGINT and, as GitHub's runner does, is killed where it does not mind that.
        """
        self.log(f"##[group]Run {script.strip().splitlines()[0]}")
        for line in script.strip().splitlines():
            self.log(f"\x1b[36;1m{line}\x1b[0m")
        self.log("shell: /usr/bin/bash --noprofile --norc -e -o pipefail {0}")
        self.log("##[endgroup]")
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        watcher = threading.Thread(target=self._interrupt, args=(process,), daemon=True)
        watcher.start()
        out: IO[str] | None = process.stdout
        for line in out or ():
            self.log(line.rstrip("\n"))
        code = process.wait()
        if code:
            raise StepFailedError(f"Process completed with exit code {code}.")

    def _interrupt(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            if not self.cancelled.wait(0.1):
                continue
            for number, patience in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 5)):
                try:
                    os.killpg(process.pid, number)
                    process.wait(patience)
                except ProcessLookupError:
                    return
                except subprocess.TimeoutExpired:
                    continue


Deed = Callable[[Context], None]


@dataclass(frozen=True)
class Queued:
    """No runner is free for that many rounds."""

    polls: int


@dataclass(frozen=True)
class Waiting:
    """Stands until somebody reviews the deployment to `environment`; goes on where nobody needs to.

    Where only its wait timer holds it, for `polls` rounds.
    """

    environment: str
    polls: int = 3


@dataclass(frozen=True)
class Job:
    """What follows belongs to a job of this name."""

    name: str


@dataclass(frozen=True)
class Step:
    """A step that stands `in_progress` for at least `polls` rounds, until `does` has returned and `hold` is set.

    `conclusion` is how it ends where its deed does not fail; `lines` go into the log as it begins.
    """

    name: str
    polls: int = 1
    does: Deed | None = None
    hold: threading.Event | None = None
    conclusion: str = "success"
    lines: tuple[str, ...] = ()
    always: bool = False
    """`if: always()`: it runs after a failure too."""


@dataclass(frozen=True)
class Cancelled:
    """Somebody else cancels the run here."""

    by: str = "nikos"


@dataclass(frozen=True)
class Ends:
    """The run is over here: `timed_out`, `startup_failure`, `action_required`, …"""

    conclusion: str


Act = Queued | Waiting | Job | Step | Cancelled | Ends


def queued(polls: int = 3) -> Queued:
    """No runner for `polls` rounds."""
    return Queued(polls)


def waiting(environment: str = "production", polls: int = 3) -> Waiting:
    """An environment asks for approval, or for patience: `polls` rounds of its wait timer."""
    return Waiting(environment, polls)


def job(name: str) -> Job:
    """The next steps are of this job."""
    return Job(name)


def step(name: str, does: Deed | None = None, *, polls: int = 1, hold: threading.Event | None = None,
         conclusion: str = "success", lines: tuple[str, ...] = (), always: bool = False) -> Step:  # fmt: skip
    """One step; `does` really runs, on a thread of its own, when the step begins."""
    return Step(name, polls, does, hold, conclusion, lines, always)


def cancelled(by: str = "nikos") -> Cancelled:
    """Cancelled by somebody else."""
    return Cancelled(by)


def ends(conclusion: str) -> Ends:
    """Over, without another step."""
    return Ends(conclusion)


PLAIN: tuple[Act, ...] = (
    queued(1),
    step("Set up job", lines=("Current runner version: '2.329.0'", "##[group]Runner Image", "##[endgroup]")),
    step("Check out"),
    step("prisma migrate deploy", polls=2),
    step("Complete job", lines=("Cleaning up orphan processes",), always=True),
)
"""A run without surprises."""
