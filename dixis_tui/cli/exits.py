"""Exit codes, all of them, and which verdict or error gives which."""

from __future__ import annotations

from enum import IntEnum

from dixis_tui.errors import DixisError, UnderWayError, UnknownOutcomeError, UsageError
from dixis_tui.model import Verdict


class Exit(IntEnum):
    """What the shell gets."""

    DONE = 0
    ERROR = 1
    """Something that is none of the others went wrong; the sentence says what."""
    USAGE = 2
    """The call, `dixis.toml` or an environment variable is wrong; nothing was started."""
    CLOSED = 3
    """A gate is closed, another run has the target, or `lint` found a danger or a warning; nothing was changed."""
    FAILED = 4
    """A migration, a rollback or the verification failed."""
    UNKNOWN = 5
    """What state the database is in is not known."""
    UNVERIFIED = 6
    """The journal or a log does not verify."""
    INTERRUPTED = 130


_OF_VERDICT = {
    Verdict.OPEN: Exit.DONE,
    Verdict.DONE: Exit.DONE,
    Verdict.CHECKED: Exit.DONE,
    Verdict.ROLLED_BACK: Exit.DONE,
    Verdict.CLOSED: Exit.CLOSED,
    Verdict.ABANDONED: Exit.CLOSED,
    Verdict.FAILED: Exit.FAILED,
    Verdict.UNKNOWN: Exit.UNKNOWN,
    Verdict.INTERRUPTED: Exit.INTERRUPTED,
}


def of_verdict(verdict: Verdict) -> Exit:
    """The exit code of a run."""
    return _OF_VERDICT[verdict]


def of_error(error: DixisError) -> Exit:
    """The exit code of an error."""
    match error:
        case UnknownOutcomeError():
            return Exit.UNKNOWN
        case UsageError():
            return Exit.USAGE
        case UnderWayError():
            return Exit.CLOSED
    return Exit.ERROR
