"""Files against rows: each way in which they can differ has a name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import HistoryRow, compare, foreign_tables, lock_holder, read_history, read_rows

NOW = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)


def file(name: str, checksum: str = "c" * 64) -> MigrationFile:
    return MigrationFile(name, f"/p/{name}/migration.sql", checksum, 1)


def row(name: str, state: str = "applied", checksum: str = "c" * 64) -> HistoryRow:
    return HistoryRow(
        id=f"{name}-{state}",
        checksum=checksum,
        finished_at=NOW if state == "applied" else None,
        migration_name=name,
        logs="it broke" if state == "failed" else None,
        rolled_back_at=NOW if state == "rolled_back" else None,
        started_at=NOW,
        applied_steps_count=int(state == "applied"),
    )


def names(items: tuple[MigrationFile, ...] | tuple[HistoryRow, ...]) -> list[str]:
    return [item.name if isinstance(item, MigrationFile) else item.migration_name for item in items]


def test_up_to_date() -> None:
    history = compare([file("1"), file("2")], [row("1"), row("2")])
    assert history.up_to_date
    assert history.consistent
    assert names(history.applied) == ["1", "2"]


def test_pending_in_order() -> None:
    history = compare([file("3"), file("1"), file("2")], [row("1")])
    assert names(history.pending) == ["2", "3"]
    assert not history.up_to_date
    assert history.consistent


def test_failed_is_not_pending_and_hides_nothing() -> None:
    history = compare([file("1"), file("2"), file("3")], [row("1"), row("2", "failed")])
    assert names(history.failed) == ["2"]
    assert names(history.pending) == ["3"]
    assert not history.up_to_date


def test_rolled_back_is_pending_again() -> None:
    history = compare([file("1"), file("2")], [row("1"), row("2", "rolled_back")])
    assert names(history.pending) == ["2"]
    assert not history.up_to_date


def test_rolled_back_and_then_applied() -> None:
    history = compare([file("1")], [row("1", "rolled_back"), row("1")])
    assert history.up_to_date


def test_edited_and_missing_are_not_consistent() -> None:
    history = compare([file("1", "d" * 64)], [row("1"), row("2"), row("3", "rolled_back")])
    assert names(history.edited) == ["1"]
    assert names(history.missing) == ["2"]
    assert history.up_to_date
    assert not history.consistent


def test_other_line_endings_are_not_edited() -> None:
    crlf = MigrationFile("1", "/p/1/migration.sql", "d" * 64, 1, ("c" * 64,))
    assert compare([crlf], [row("1")]).consistent


def test_out_of_order() -> None:
    history = compare([file("1"), file("2"), file("3")], [row("1"), row("3")])
    assert names(history.out_of_order) == names(history.pending) == ["2"]
    assert not history.consistent


def test_no_table() -> None:
    empty = compare([file("1")], None)
    assert not empty.has_table
    assert not empty.unmanaged
    assert names(empty.pending) == ["1"]
    occupied = compare([], None, ["Order"])
    assert occupied.unmanaged
    assert not occupied.up_to_date


def test_reads_nothing_from_an_empty_database(database: DatabaseUrl) -> None:
    with connect(database, purpose="test", read_only=True) as session:
        assert read_rows(session) is None
        assert foreign_tables(session) == ()
        assert lock_holder(session) is None


@pytest.mark.parametrize(
    ("sql", "counted"),
    [
        ('CREATE TABLE "Order" ()', ("Order",)),
        ("CREATE VIEW v AS SELECT 1", ()),
        ("CREATE TABLE p (i INT) PARTITION BY LIST (i)", ()),
        ("CREATE TABLE spatial_ref_sys ()", ()),
        ("CREATE SCHEMA s; CREATE TABLE s.t ()", ()),
    ],
)
def test_what_counts_as_content(database: DatabaseUrl, sql: str, counted: tuple[str, ...]) -> None:
    with connect(database, purpose="test") as session:
        session.script(sql.encode())
        assert read_history(session, []).foreign_tables == counted


def test_lock_holder_names_the_session(database: DatabaseUrl) -> None:
    with connect(database, purpose="other deploy") as holder, connect(database, purpose="test") as session:
        holder.value("SELECT pg_advisory_lock(72707369)")
        found = lock_holder(session)
        assert found is not None
        assert (found.pid, found.application) == (holder.pid, "dixis-tui other deploy")
