"""Whether a database's schema is that of a dump: every object, with its owner and its grants.

Both are written as SQL by the same major's tools (`pg_restore --schema-only` of the archive, `pg_dump --schema-only` of
the database) and compared entry by entry, whatever their order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import child_environment, run

_ENTRY = re.compile(r"^-- (?:Data for )?Name: (.*?); Type: ([^;]*); Schema: ([^;]*)(?:; Owner: (.*))?$")
_DATA = re.compile(r"^[A-Z ]* DATA ")
_NOISE = re.compile(
    r"^(--|-- (TOC entry|Dependencies:|PostgreSQL database dump).*|SET default_(tablespace|table_access_method) = .*"
    r"|\\(?:un)?restrict .*|)$"
)
"""What pg_dump itself writes between two objects. Not every comment or SET: those of a function's body are its own."""


class SchemaDifference(Struct, frozen=True):
    """`how` is `missing`, `extra` or `different`; `what` names the object: `TABLE public.Order`."""

    what: str
    how: str

    def __str__(self) -> str:
        """For a sentence; to be cleaned and redacted."""
        return f"{self.what} is {self.how}"


def compare_schema(url: DatabaseUrl, tools: Tools, backup: Backup, *, keep_owners: bool) -> list[SchemaDifference]:
    """What differs in the database from the dump's schema; empty: nothing. Owners and grants where they were kept.

    Raises:
        ToolError: the archive or the database can't be read by these tools.
    """
    options = [] if keep_owners else ["--no-owner", "--no-acl"]
    words: list[str | Path] = [tools.path("pg_restore"), "--schema-only", "--no-subscriptions", "--file=-", *options]
    expected = _entries(_output([*words, Path(backup.path)], child_environment()))
    with connection_files(url, application_name="dixis-tui schema", major=tools.major) as environment:
        words = [tools.path("pg_dump"), "--schema-only", "--no-password", "--no-subscriptions", *options]
        found = _entries(_output([*words, f"--dbname=service={SERVICE}"], environment))
    return list(differences(expected, found))


def differences(expected: Counter[tuple[str, str]], found: Counter[tuple[str, str]]) -> Iterator[SchemaDifference]:
    """Pure: entries are names with their texts."""
    missing, extra = expected - found, found - expected
    there, here = {name for name, _ in missing}, {name for name, _ in extra}
    for name in sorted(there | here):
        yield SchemaDifference(name, "different" if name in there & here else "missing" if name in there else "extra")


def _entries(lines: Sequence[str]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    name, body = "", list[str]()
    for line in lines:
        match = _ENTRY.match(line)
        if match:
            found[name, "\n".join(body)] += 1
            owner = f", owner {match[4]}" if match[4] and match[4] != "-" else ""
            place = "" if match[3] == "-" else f"{match[3]}."
            name, body = f"{match[2]} {place}{match[1]}{owner}", []
        elif not _NOISE.match(line):
            body.append(line)
    found[name, "\n".join(body)] += 1
    # What fills an object (a materialized view's REFRESH) is no schema; pg_restore has it, pg_dump has not.
    return Counter({entry: times for entry, times in found.items() if entry[0] and not _DATA.match(entry[0])})


def _output(words: Sequence[str | Path], environment: dict[str, str]) -> list[str]:
    lines, errors = list[str](), list[str]()
    code = run(words, environment={**environment, "LC_ALL": "C"}, on_stdout=lines.append, on_stderr=errors.append)
    if code != 0:
        raise ToolError(
            f"{Path(words[0]).name} could not write the schema (exit code {code}): {' / '.join(errors[-2:])}",
            "Look into the log.",
        )
    return lines
