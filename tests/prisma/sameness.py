"""What two databases must agree about after the same migrations: schema, content, history."""

from __future__ import annotations

import subprocess

import psycopg.sql
from msgspec import Struct

from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import find_tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import HistoryRow, read_rows
from dixis_tui.process import child_environment

_TABLES = """
SELECT n.nspname AS schema, c.relname AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_|^information_schema$' AND c.relname <> '_prisma_migrations'
ORDER BY 1, 2
"""
_DIGEST = psycopg.sql.SQL("""
SELECT count(*) || ' rows, ' || md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM ONLY {} AS t
""")
_BESIDES = """
SELECT 'sequence' AS schema, schemaname || '.' || sequencename || ' ' || coalesce(last_value, 0) AS name
FROM pg_sequences
UNION ALL SELECT 'invalid index', indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
UNION ALL SELECT 'large object', loid || ' ' || md5(data) FROM pg_largeobject
ORDER BY 1, 2
"""


class _Named(Struct, frozen=True):
    schema: str
    name: str


def schema_of(url: DatabaseUrl) -> str:
    """`pg_dump -s` without what differs from call to call."""
    with connect(url, purpose="version") as session:
        tools = find_tools(session.server_version // 10000)
    command = [str(tools.path("pg_dump")), "--schema-only", "--host", url.host, "--port", str(url.port)]
    command += ["--username", url.user, url.database]
    environment = child_environment({"PGPASSWORD": url.password.reveal()})
    dump = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def content_of(url: DatabaseUrl) -> list[str]:
    """A line a table with the digest of all its rows; then what a schema's dump does not tell: sequences' values,
    invalid indexes, large objects."""
    with connect(url, purpose="look") as session:
        lines = []
        for table in session.query(_TABLES, row=_Named):
            digest = _DIGEST.format(psycopg.sql.Identifier(table.schema, table.name))
            lines.append(f"{table.schema}.{table.name}: {session.value(digest)}")
        return lines + [f"{one.schema}: {one.name}" for one in session.query(_BESIDES, row=_Named)]


def history_of(url: DatabaseUrl) -> list[tuple[object, ...]]:
    """The history in its order, without what each run has of its own: ids, times, the wording of errors."""
    with connect(url, purpose="look") as session:
        return [_facts(row) for row in read_rows(session) or ()]


def _facts(row: HistoryRow) -> tuple[object, ...]:
    return (
        row.migration_name,
        row.checksum,
        row.finished_at is not None,
        row.rolled_back_at,
        row.applied_steps_count,
        bool(row.logs),
    )
