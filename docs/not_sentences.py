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
    # Sentences that begin as SQL does, which are taken for code where they are made.
    "UPDATE or DELETE without WHERE",
    "TRUNCATE empties a table",
    "TRUNCATE empties {relation}.",
    "TRUNCATE empties {relation} and, by CASCADE, every table with a foreign key to it, however far.",
    "REFRESH MATERIALIZED VIEW keeps readers out",
    "VACUUM FULL or CLUSTER writes a table anew",
    "SET NOT NULL reads every row",
    "SET NOT NULL on {column} looks at every row of {relation}.",
    "UPDATE on {relation} has no WHERE: it changes every row.",
    "DELETE on {relation} has no WHERE: it removes every row.",
    "{relation}: SET UNLOGGED writes all of it anew, and a crash will empty it.",
    "{relation}: SET ACCESS METHOD writes all of it anew.",
    "{statement} refuses the transaction block of a file of {count:n} statements.",
    "Renamed",
    # The words of a library that judges statements, as it says them.
    "Domains with constraints have poor support for online migrations. Use table and column constraints instead.",
    "Using `character` is likely a mistake and should almost always be replaced by `text` or `varchar`.",
    "Dropping a constraint may remove a guarantee that existing clients assume.",
    "Dropping a column default may break existing clients.",
    "Dropping a function may break existing clients.",
    "Dropping an aggregate may break existing clients.",
    "Dropping a generated expression may break existing clients.",
    "Dropping a `NOT NULL` constraint may break existing clients.",
    "Dropping a schema may break existing clients.",
    "Dropping a type may break existing clients.",
    "Dropping an operator may break existing clients.",
    "Dropping a view may break existing clients.",
    "Multiple assignments to the same column `{column}`.",
    "Moving an object to another schema may break existing clients.",
    "Renaming a type may break existing clients.",
    "Renaming a constraint may break existing clients.",
    "Renaming an index may break existing clients.",
    "Renaming a type value may break existing clients.",
    "Renaming a function may break existing clients.",
    "Renaming a trigger may break existing clients.",
    "Renaming a view may break existing clients.",
    "Renaming a policy may break existing clients.",
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
