"""The project's own Prisma CLI: `validate`, `migrate status`, `migrate deploy`, and what their output says.

What the CLI says is not evidence: its exit code is 0 for edited, missing and rolled-back migrations (see `history.py`).
The caller looks at the database afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from dixis_tui.errors import ProjectError, ToolError
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.project import Project
from dixis_tui.process import run
from dixis_tui.secrets import Redactor, clean

StreamSink = Callable[[Literal["stdout", "stderr"], str], None]
"""Takes one raw line and the stream it came from; called by one thread at a time, but not by the caller's."""
ProcessSink = Callable[[subprocess.Popen[bytes]], None]

_QUIET = {"PRISMA_HIDE_UPDATE_MESSAGE": "1", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
_PASSED_ON = (
    "PRISMA_QUERY_ENGINE_LIBRARY",
    "PRISMA_QUERY_ENGINE_BINARY",
    "PRISMA_SCHEMA_ENGINE_BINARY",
    "NODE_EXTRA_CA_CERTS",
    "PNPM_HOME",
    "COREPACK_HOME",
    "VOLTA_HOME",
    "NVM_DIR",
    "FNM_DIR",
    "ASDF_DATA_DIR",
    "MISE_DATA_DIR",
    "XDG_DATA_HOME",
)
"""What a project's Node, or its own engines, may need from our environment; nothing else of it is passed on."""

_INSTALL = {
    "pnpm": "pnpm install --frozen-lockfile",
    "npm": "npm ci",
    "yarn": "yarn install --immutable",
    "bun": "bun install --frozen-lockfile",
}
_DEFAULT_SCHEMA = "prisma/schema.prisma"
_ERROR_LINES = 60
_FIRST_LINES, _LAST_LINES = 500, 1500
"""What is looked at in the end of each stream: a program may print without end, and what counts comes first or last."""
_CHARACTERS = 20_000
"""Of a line; more than the redactor looks at, so that it knows of the cut."""
_NAMES = 10_000

_APPLYING = re.compile(r"Applying migration `(.+)`")
_APPLIED = re.compile(r"[└├]─ (.+)/$")
_ERROR_CODE = re.compile(r"^Error(?: code)?: (P\d{4})")
_FAILED_NAME = re.compile(r"^Migration name: (.+)|migration_name=\"(.+?)\"")
_DATASOURCE = re.compile(r"^Datasource \"[^\"]*\": .*? database \"([^\"]*)\"(?:.* at \"([^\"]*)\")?")
_NOISE = re.compile(r"Loaded Prisma config|Prisma config detected|Environment variables loaded")
_UP_TO_DATE = "Database schema is up to date!"


class CliResult(Struct, frozen=True, kw_only=True):
    """How one call ended. `code` is the exit code, negative for a signal; `seconds` is wall time.

    `error_code` is Prisma's own (`P3018`), where it gave one; `error_text` is what stood on stderr from the error on,
    cleaned and redacted. `elsewhere` is a sentence where Prisma named another database than the one meant.
    """

    code: int
    seconds: float
    error_code: str = ""
    error_text: str = ""
    elsewhere: str = ""

    @property
    def ok(self) -> bool:
        """Exit code 0, and on the database that was meant."""
        return self.code == 0 and not self.elsewhere


class StatusResult(CliResult, frozen=True, kw_only=True):
    """What `migrate status` claims."""

    up_to_date: bool
    pending: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class DeployResult(CliResult, frozen=True, kw_only=True):
    """What `migrate deploy` claims. `applied` may fall short after a failure: not every engine names them."""

    applied: tuple[str, ...] = ()
    failed_migration: str = ""


class PrismaCli:
    """The CLI of `project`, pointed at one database. The URL travels in the environment, to Prisma alone."""

    def __init__(
        self,
        project: Project,
        url: DatabaseUrl,
        *,
        lock_timeout_seconds: float = 5.0,
        statement_timeout_seconds: float = 0.0,
        shadow: DatabaseUrl | None = None,
        purpose: str = "prisma",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`environment` is added to what Prisma sees. Timeouts are the sessions', 0 for none.

        Raises:
            ProjectError: Prisma would not use `url`, or is of a release that this program does not know.
            ToolError: the project's packages are not installed.
        """
        if project.unsupported:
            raise ProjectError(project.unsupported, "Use a version of Prisma from 5 to 7.")
        if project.literal_url:
            raise ProjectError(
                f"{project.schema} holds a database URL itself, so Prisma would not use {url.variable}",
                'Write url = env("DATABASE_URL") in the datasource block.',
            )
        if not project.argv:
            raise ToolError(
                f"Prisma is not installed in {project.directory}", f"Run `{_INSTALL[project.package_manager]}` there."
            )
        self._project = project
        self._url = url
        self._redactor = Redactor((*url.secrets, *(shadow.secrets if shadow else ())))

        def address(of: DatabaseUrl) -> str:
            return of.prisma_url(
                application_name=f"dixis-tui {purpose}",
                lock_timeout_seconds=lock_timeout_seconds,
                statement_timeout_seconds=statement_timeout_seconds,
            ).reveal()

        self._environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _QUIET
        self._environment |= dict.fromkeys(("DATABASE_URL", *project.url_variables), address(url))
        if shadow:
            self._environment |= dict.fromkeys(project.shadow_variables, address(shadow))
        self._environment |= environment or {}

    def validate(self, on_line: StreamSink, started: ProcessSink | None = None) -> CliResult:
        """`prisma validate`: whether the schema file is sound. Connects to nothing.

        Raises:
            ToolError: the CLI can't be started (as from all three calls).
        """
        return self._run(("validate",), on_line, started).result()

    def status(self, on_line: StreamSink, started: ProcessSink | None = None) -> StatusResult:
        """`prisma migrate status`: reads only."""
        call = self._run(("migrate", "status"), on_line, started)
        result = call.result()
        return StatusResult(
            **_fields(result),
            up_to_date=result.ok and _UP_TO_DATE in call.stdout,
            pending=_names_after(call.stdout + call.stderr, "have not yet been applied:"),
            failed=_names_after(call.stderr + call.stdout, "have failed:"),
        )

    def deploy(
        self,
        on_line: StreamSink,
        started: ProcessSink | None = None,
        on_applying: Callable[[str], None] | None = None,
    ) -> DeployResult:
        """`prisma migrate deploy`. `on_applying` gets each name as its file is sent (native engines only).

        Stopped at once if Prisma names another database than the one meant, which it does before it begins.
        """
        begun: list[str] = []

        def watch(stream: Literal["stdout", "stderr"], line: str) -> None:
            on_line(stream, line)
            if len(begun) < _NAMES and (match := _APPLYING.search(line)):
                begun.append(match[1])
                if on_applying:
                    on_applying(match[1])

        call = self._run(("migrate", "deploy"), watch, started)
        result = call.result()
        named = next((match[1] or match[2] for line in call.stderr if (match := _FAILED_NAME.search(line.strip()))), "")
        listed = [match[1] for line in call.stdout if (match := _APPLIED.search(line.strip()))]
        applied = listed if result.code == 0 else [name for name in begun[:-1] if name != named]
        failed = named or (begun[-1] if begun else "")
        return DeployResult(
            **_fields(result), applied=tuple(applied), failed_migration="" if result.code == 0 else failed
        )

    def _run(self, words: tuple[str, ...], on_line: StreamSink, started: ProcessSink | None) -> _Call:
        arguments = [*self._project.argv, *words]
        if self._project.config is None and self._project.schema != self._project.directory / _DEFAULT_SCHEMA:
            arguments += ["--schema", str(self._project.schema)]
        call = _Call(self._url, self._redactor, on_line, started)
        began = time.monotonic()
        call.code = run(
            arguments,
            environment=self._environment,
            directory=self._project.directory,
            on_stdout=lambda line: call.take("stdout", line),
            on_stderr=lambda line: call.take("stderr", line),
            started=call.started,
        )
        call.seconds = time.monotonic() - began
        if call.code in (126, 127):
            raise ToolError(
                f"{self._project.shown} could not be run: {' '.join(map(self._redactor.line, call.stderr[-2:]))}",
                "Install Node.js where PATH finds it.",
            )
        return call


class _Lines:
    """The first and the last lines of a stream."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    def add(self, line: str) -> None:
        """One more."""
        (self._first if len(self._first) < _FIRST_LINES else self._last).append(line[:_CHARACTERS])

    def all(self) -> list[str]:
        """What is left of them, in their order."""
        return [*self._first, *self._last]


class _Call:
    """One running call: its lines, cleaned but not redacted, and its process, killed where it is wrong."""

    def __init__(self, url: DatabaseUrl, redactor: Redactor, on_line: StreamSink, started: ProcessSink | None) -> None:
        self.code = 0
        self.seconds = 0.0
        self._stdout, self._stderr = _Lines(), _Lines()
        self._elsewhere = ""
        self._url = url
        self._redactor = redactor
        self._on_line = on_line
        self._on_start = started
        self._process: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def stdout(self) -> list[str]:
        """What is kept of it."""
        return self._stdout.all()

    @property
    def stderr(self) -> list[str]:
        """What is kept of it."""
        return self._stderr.all()

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """The process is there; its output is read only after this."""
        self._process = process
        if self._on_start:
            self._on_start(process)

    def take(self, stream: Literal["stdout", "stderr"], line: str) -> None:
        """One raw line, from either pump."""
        with self._one_at_a_time:
            # Not redacted: a password that is also the database's name must not hide what Prisma says of its target.
            cleaned = clean(line)
            (self._stdout if stream == "stdout" else self._stderr).add(cleaned)
            if not self._elsewhere and (elsewhere := _elsewhere(cleaned, self._url)):
                self._elsewhere = elsewhere
                if self._process:
                    self._process.kill()
            self._on_line(stream, line)

    def result(self) -> CliResult:
        """What every call has in common."""
        lines = self.stderr
        begin = next((index for index, line in enumerate(lines) if line.startswith("Error")), None)
        told = lines[begin:] if begin is not None else [line for line in lines if not _NOISE.match(line)]
        code = next((match[1] for line in lines if (match := _ERROR_CODE.match(line))), "")
        return CliResult(
            code=self.code,
            seconds=self.seconds,
            error_code=code,
            error_text="\n".join(map(self._redactor.line, told[:_ERROR_LINES])).strip() if self.code else "",
            elsewhere=self._elsewhere,
        )


def _elsewhere(line: str, url: DatabaseUrl) -> str:
    """Prisma prints its target before it acts; another one than ours means that it reads its URL from elsewhere."""
    match = _DATASOURCE.match(line)
    if match is None:
        return ""
    same_place = not match[2] or url.host.startswith("/") or match[2].lower() == f"{_bracketed(url.host)}:{url.port}"
    if match[1] == url.database and same_place:
        return ""
    return f"Prisma went to the database {match[1]} at {match[2] or 'an unnamed server'}, not to {url.masked}"


def _bracketed(host: str) -> str:
    return f"[{host}]".lower() if ":" in host else host.lower()


def _names_after(lines: list[str], heading: str) -> tuple[str, ...]:
    """The lines that follow the one ending with `heading`, up to an empty one."""
    names: list[str] = []
    listing = False
    for line in lines:
        if line.rstrip().endswith(heading):
            listing = True
        elif listing and not line.strip():
            break
        elif listing:
            names.append(line.strip())
    return tuple(names)


def _fields(result: CliResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in CliResult.__struct_fields__}
