"""The migrations under `tests/corpus`: sets that go through, and single files that fail.

They are what people and Prisma write; together they are what the direct executor and the real CLI must agree about.
"""

from __future__ import annotations

from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"
SETS = ("academy", "agora", "shapes", "tenants")
"""A learning platform, a marketplace, one file of each shape, a service with tenants and bills."""

BEFORE = b"""
CREATE TYPE "Status" AS ENUM ('OPEN', 'CLOSED');
CREATE TABLE "Producer" (
    "id" INTEGER PRIMARY KEY,
    "name" TEXT,
    "status" "Status" NOT NULL DEFAULT 'OPEN',
    "friend" INTEGER REFERENCES "Producer" DEFERRABLE
);
INSERT INTO "Producer" ("id", "name") VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE SEQUENCE number;
"""
"""What is there before a file that fails."""

FAILING = {
    "byte_order_mark": "42601",
    "commit_in_do_block_beside_others": "2D000",
    "concurrent_index_beside_others": "25001",
    "concurrent_unique_index_on_duplicates": "23505",
    "deferred_constraint_fails_at_the_commit": "23503",
    "discard_all_beside_others": "25001",
    "division_by_zero_in_do_block": "22012",
    "enum_value_used_where_it_is_added": "55P04",
    "lock_alone": "25P01",
    "not_null_on_rows": "23502",
    "own_block_then_two_more": "23505",
    "own_commit_then_failure": "22012",
    "raise_in_do_block": "P0001",
    "savepoint_without_a_block": "25P01",
    "sequence_moved_then_failure": "42P01",
    "syntax": "42601",
    "third_statement": "42P01",
    "timeout_of_its_own": "57014",
    "unique_violation_in_backfill": "23505",
    "unterminated_string": "42601",
}
"""Files of `failing/` and the SQLSTATE with which PostgreSQL refuses them."""


def migrations(name: str) -> dict[str, bytes]:
    """The set's files by their names, in name order."""
    folder = CORPUS / name / "prisma" / "migrations"
    return {path.parent.name: path.read_bytes() for path in sorted(folder.glob("*/migration.sql"))}


def failing(name: str) -> bytes:
    """A file that fails after :data:`BEFORE`."""
    return (CORPUS / "failing" / f"{name}.sql").read_bytes()
