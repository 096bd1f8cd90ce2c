"""Whether a database holds what a backup's snapshot held: rows, contents, sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from dixis_tui.model import Backup
from dixis_tui.postgres.contents import LARGE_OBJECTS, contents
from dixis_tui.postgres.progress import OnProgress
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl

_SNAPSHOT = "ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_NONE = "none"
_ROWS = "rows of "


class Difference(Struct, frozen=True):
    """`what` names the kind and the object: `rows of public.Order`. `expected` is the backup's."""

    what: str
    expected: str
    found: str

    @property
    def of_rows(self) -> bool:
        """Whether it is a number of rows, or a table that only one of the two has."""
        return self.what.startswith(_ROWS)

    def __str__(self) -> str:
        """For a sentence; to be cleaned and redacted."""
        return f"{self.what}: {self.expected} in the backup, {self.found} found"


def compare_contents(
    url: DatabaseUrl, backup: Backup, *, jobs: int = 1, on_progress: OnProgress | None = None
) -> list[Difference]:
    """What differs from the backup, in one snapshot; empty: nothing does.

    A backup of an older kind has no digests: then only rows are compared. `jobs` sessions share the tables.
    `on_progress` counts tables.

    Raises:
        ConnectError, QueryError: the database can't be read.
    """
    with (
        connect(url, purpose="compare", read_only=True) as session,
        session.transaction(_SNAPSHOT),
    ):
        found = contents(session, sample_bytes=0, one_in=1, like=backup.sampled, on_table=on_progress, jobs=jobs)
    differences = list(_rows(backup.counts, found.counts))
    if backup.digests:
        same = [table for table in backup.counts if backup.counts[table] == found.counts.get(table)]
        for table in same:
            expected, seen = backup.digests.get(table, ""), found.digests.get(table, "")
            if expected != seen:
                differences.append(Difference(f"contents of {table}", f"digest {expected}", f"digest {seen}"))
        differences += _large_objects(backup.digests.get(LARGE_OBJECTS, "0"), found.digests.get(LARGE_OBJECTS, "0"))
        differences += _sequences(backup.sequences, found.sequences)
    return differences


def _rows(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[Difference]:
    for table in sorted(expected.keys() | found.keys()):
        one, other = expected.get(table), found.get(table)
        if one != other:
            yield Difference(f"{_ROWS}{table}", _words(one), _words(other))


def _words(rows: int | None) -> str:
    return "no such table" if rows is None else f"{rows:,}"


def _sequences(expected: Mapping[str, str], found: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(f"sequence {name}", expected.get(name, _NONE), found.get(name, _NONE))
        for name in sorted(expected.keys() | found.keys())
        if not _fits(expected.get(name), found.get(name))
    ]


def _fits(expected: str | None, found: str | None) -> bool:
    """Whether a sequence's value is the backup's, or one of those that it had while the backup was made."""
    if expected is None or found is None or " to " not in expected:
        return expected == found
    before, after = (_value(text) for text in expected.split(" to "))
    return min(before, after) <= _value(found) <= max(before, after)


def _value(text: str) -> tuple[int, bool]:
    number, _, kind = text.partition(" ")
    return int(number), kind == "used"


def _large_objects(expected: str, found: str) -> list[Difference]:
    # Their content may be read by a superuser alone: where one of the two could not, their number is compared.
    if len(expected.split()) != len(found.split()):
        expected, found = expected.split(maxsplit=1)[0], found.split(maxsplit=1)[0]
    return [Difference(LARGE_OBJECTS, expected, found)] if expected != found else []
