"""What the extractor of sentences leaves out, each group with its reason; and the single words that it takes."""

from __future__ import annotations

import re

NOT_FILES: tuple[str, ...] = (
    "dixis_tui/demo/shop",  # the sample shop's own pages
    "dixis_tui/demo/data.py",
    "dixis_tui/sentences.py",
    "dixis_tui/workflows/setup.py",  # lines of workflow files
    "dixis_tui/notices/",  # texts for people: Greek and English by themselves
    "dixis_tui/report/",
    "dixis_tui/postgres/traces.py",  # SQL
    "dixis_tui/prisma/bookkeeping.py",
)
NOT_ARGUMENTS_OF = frozenset({"compile", "Path", "execute", "getLogger", "debug", "strftime", "TypeVar", "NewType"})
NOT_KEYWORDS = frozenset({"purpose", "prefix", "suffix", "encoding", "pattern", "sql", "safer", "envvar", "metavar"})
NOT_NAMES = re.compile(r"SQL|QUERY|PATTERN|_RE$|_SAID$|_SIGNS$|__all__")
NOT_SENTENCES: frozenset[str] = frozenset(
    {
        "{operator} (unattended demo)",  # a name
        "{cli} migrate resolve --{how} {quote}",  # what is typed
    }
)
WORDS: tuple[str, ...] = (
    "Interrupted.",
    "index",
    "indexes",
    "partitioned",
    "view",
    "rows",
    "bytes",
    "is",
    "green",
    "written",
    "not rehearsed",
    "the runbook, not rehearsed",
    "Health",
    "Swapped",
    "red",
    "different",
    "extra",
    "are",
    "Preflight",
    "Backup",
    "Rehearsal",
    "Banner",
    "Migrate",
    "Verify",
    "Sign-off",
    "Rollback",
    "person",
    "gate",
    "advice",
    "what",
    "why",
    "size",
    "safer:",
    "open",
    "closed",
    "none",
    "gone",
    "unknown",
    "cancel",
    "terminate",
    "behind",
    "inside",
    "start",
    "end",
    "set",
    "danger",
    "hazard",
    "hazards",
    "file",
    "files",
    "active",
    "idle",
    "root",
    "password",
    "user",
    "production",
    "staging",
)
"""Single words that stand in a field of a sentence, or are printed alone."""
WORDS_OF = frozenset({"StrEnum"})
