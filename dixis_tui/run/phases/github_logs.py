"""The logs of a workflow run's jobs into the run's own log, line by line, each once, however long they are."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dixis_tui.errors import DixisError, GithubError
from dixis_tui.github import JobView
from dixis_tui.run import folders
from dixis_tui.run.context import Context

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

HEAD_LINES = 100_000
TAIL_LINES = 2_000
"""Of a job's log so many are kept from its beginning and from its end: what failed stands there."""
_LATE_LOOKS = 10
"""A log comes a little after its job's end; so many looks later it is not waited for any more."""
_HEADER = re.compile(rb"\trunner\tinfo\tLog of job (\d+) ")
_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?")
_MARK = re.compile(r"^(?:##\[([\w-]+)\]|::([\w-]+)(?: [^:]*)?::)")
_LEVELS = {"error": "error", "warning": "warning"}
_DROPPED = ("endgroup", "add-mask", "stop-commands", "save-state", "set-output")


def plain(line: str) -> tuple[str, str]:
    """A line of a job's log without GitHub's stamp and marks, and its level; an empty text: nothing to show. Pure."""
    text = _STAMP.sub("", line.rstrip("\r\n"), count=1).removeprefix("\ufeff")
    found = _MARK.match(text)
    if found is None:
        return text, "info"
    mark = found[1] or found[2]
    if mark in _DROPPED:
        return "", "info"
    return text[found.end() :], _LEVELS.get(mark, "info")


def written_before(log: Path) -> dict[int, int]:
    """How many lines of each job's log stand in a run's log already: a runner that died has written them."""
    counts: dict[int, int] = {}
    job = 0
    try:
        with log.open("rb") as lines:
            for line in lines:
                if found := _HEADER.search(line):
                    job = int(found[1])
                elif job and b"\tgithub\t" in line[:40]:
                    counts[job] = counts.get(job, 0) + 1
    except OSError:
        return {}
    return counts


class JobLogs:
    """Of one workflow run. `url`: where a person finds what can't be had from here."""

    def __init__(self, context: Context, repository: Repository, url: str) -> None:
        self._context, self._repository, self._url = context, repository, url
        self._written = written_before(context.folder / folders.LOG)
        self._settled: set[int] = set()
        """Jobs whose log is whole, gone, or no longer waited for."""
        self._tried: dict[int, int] = {}
        """How many steps had ended at the last try, while the job runs."""
        self._late: dict[int, int] = {}

    def take(self, jobs: Iterable[JobView]) -> bool:
        """Write what is there now; whether nothing more is to come of the jobs that are over. Never raises."""
        missing = False
        for job in jobs:
            never_began = job.status == "completed" and not job.steps
            if job.id in self._settled or job.conclusion == "skipped" or never_began:
                continue
            if job.status == "completed":
                missing = not self._last(job) or missing
            elif (ended := sum(step.status == "completed" for step in job.steps)) > self._tried.get(job.id, 0):
                self._tried[job.id] = ended
                self._fetch(job, whole=False)
        return not missing

    def _last(self, job: JobView) -> bool:
        if self._fetch(job, whole=True):
            self._settled.add(job.id)
            return True
        if job.id in self._settled:
            return True
        self._late[job.id] = self._late.get(job.id, 0) + 1
        if self._late[job.id] < _LATE_LOOKS:
            return False
        self._give_up(job, "is not there")
        return True

    def _give_up(self, job: JobView, why: str) -> None:
        self._settled.add(job.id)
        self._context.log.line("runner", f"The log of {job.name} {why}: look at {job.url or self._url}", "warning")

    def _fetch(self, job: JobView, *, whole: bool) -> bool:
        try:
            lines = self._repository.job_log(job.id)
            if lines is None:
                return False
            self._write(job, lines if whole else _without_last(lines))
        except GithubError as error:
            if error.kind == "missing":
                self._give_up(job, "is gone from GitHub")
            return False
        except DixisError:
            return False
        return True

    def _write(self, job: JobView, lines: Iterable[str]) -> None:
        log, before = self._context.log, self._written.get(job.id, 0)
        shown, tail, left_out = 0, deque[tuple[str, str]](maxlen=TAIL_LINES), 0
        for line in lines:
            text, level = plain(line)
            if not text.strip():
                continue
            shown += 1
            if shown <= before:
                continue
            if shown > HEAD_LINES:
                left_out += len(tail) == TAIL_LINES
                tail.append((text, level))
                continue
            if shown == before + 1:
                log.line("runner", f"Log of job {job.id} ({job.name}){', going on' if before else ''}:")
            log.line("github", text, level)
            self._written[job.id] = shown
        if left_out:
            log.line(
                "runner", f"{left_out} lines of {job.name} are left out: look at {job.url or self._url}", "warning"
            )
        for text, level in tail:
            log.line("github", text, level)


def _without_last(lines: Iterable[str]) -> Iterator[str]:
    """All but the last, which may be half a line as long as the job runs."""
    before: str | None = None
    for line in lines:
        if before is not None:
            yield before
        before = line
