"""Everything this program raises on purpose.

::

    DixisError              what happened, and the remedy
    ├── UnknownOutcomeError a deed was begun, and whether it was done is not known
    ├── UsageError          the call itself, dixis.toml or an environment variable is wrong
    │   └── UrlError        a database URL is unset or malformed
    ├── ConnectError        a PostgreSQL could not be reached or refused us
    ├── QueryError          PostgreSQL answered a statement with an error
    ├── ProjectError        the Prisma project is missing something
    ├── ToolError           a program we need is missing, too old, or failed
    ├── GithubError         GitHub could not be asked, or refused
    ├── RunnerError         a runner can't be started, reached, or refused a command
    │   └── UnderWayError   another run holds this target
    ├── JournalError        a journal can't be read or does not verify
    └── StoppedError        the operator asked to stop, and this was a safe point

The message is one sentence: what was wrong and where. `remedy` is one sentence: what to do.
Neither ever holds a secret. The edge (`dixis_tui.cli`) decides looks and exit code.
"""

from __future__ import annotations

from datetime import datetime


class DixisError(Exception):
    """Root of the tree. `str(error)` is the sentence, `error.remedy` says what to do next."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.remedy = remedy


class UnknownOutcomeError(DixisError):
    """A deed was begun and its outcome is not known: only a look tells. Never to be reported as undone."""


class UsageError(DixisError):
    """The call, `dixis.toml` or the environment is wrong; nothing was started."""


class UrlError(UsageError):
    """A database URL is unset or malformed; `variable` names where it came from, never its value."""

    def __init__(self, variable: str, problem: str, remedy: str) -> None:
        super().__init__(f"{variable} {problem}", remedy)
        self.variable = variable


class ConnectError(DixisError):
    """A PostgreSQL could not be reached or refused us.

    `kind` is one of `unreachable`, `authentication`, `missing_database`, `tls`, `starting`, `other`.
    """

    def __init__(self, kind: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence, remedy)
        self.kind = kind


class QueryError(DixisError):
    """PostgreSQL answered a statement with an error; `sqlstate` is its five characters, or empty.

    `line` is the line of the script where the server saw it (from 1; 0 unknown), `error_text` its whole message.
    `completed` is how many statements of the script had gone through before it.
    """

    def __init__(
        self, sqlstate: str, sentence: str, remedy: str = "", *, line: int = 0, error_text: str = "", completed: int = 0
    ) -> None:
        super().__init__(sentence, remedy)
        self.sqlstate = sqlstate
        self.line = line
        self.error_text = error_text
        self.completed = completed


class ProjectError(DixisError):
    """The Prisma project is missing something we need."""


class ToolError(DixisError):
    """A program we need (pg_dump, pg_restore, the Prisma CLI, the embedded server) is missing or failed."""


class GithubError(DixisError):
    """GitHub could not be asked, or refused.

    `kind` is one of `token` (none, or it is not taken), `rights`, `missing`, `rate`, `unreachable`, `server` (it
    answered 5xx), `refused` (it will not do that) and `unclear` (an answer that is none). `until`: when a limit is
    over (UTC).
    `taken`: whether the request may have been carried out all the same. `permission`: what the token lacks.
    """

    def __init__(
        self,
        kind: str,
        sentence: str,
        remedy: str = "",
        *,
        until: datetime | None = None,
        taken: bool = False,
        permission: str = "",
    ) -> None:
        super().__init__(sentence, remedy)
        self.kind = kind
        self.until = until
        self.taken = taken
        self.permission = permission


class RunnerError(DixisError):
    """A runner can't be started or reached, or refused a command."""


class UnderWayError(RunnerError):
    """Another run holds this target; `run` is its id where it is in this state directory, else empty."""

    def __init__(self, sentence: str, remedy: str, run: str = "") -> None:
        super().__init__(sentence, remedy)
        self.run = run


class JournalError(DixisError):
    """A journal can't be read, or its chain does not verify."""


class StoppedError(DixisError):
    """The operator asked to stop, and this was a safe point."""
