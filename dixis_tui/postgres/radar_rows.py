"""What the radar asks a server, and the rows that it gets: two statements, each with one JSON value as its answer.

One value, so that a look is one moment and one round trip. All servers from PostgreSQL 13 on understand them; what came
with 14 is left out before. `pg_locks` and `pg_blocking_pids` are open to every role; of other roles' sessions
`pg_stat_activity` hides what they do from whoever is no member of `pg_read_all_stats`.

Sources: PostgreSQL's documentation, "The Cumulative Statistics System", "pg_locks", "Progress Reporting", and
"Session Information Functions" for the queue order in `pg_blocking_pids`.
"""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from msgspec import Struct

_WITH_14 = 140000

_AROUND: LiteralString = """
WITH activity AS MATERIALIZED (
  SELECT pid, coalesce(leader_pid, pid) AS leader, coalesce(usename::text, '') AS user,
         coalesce(nullif(application_name, ''), nullif(backend_type, 'client backend'), '') AS application,
         coalesce(host(client_addr), CASE client_port WHEN -1 THEN 'local' END, '') AS address,
         coalesce(state, '') AS state,
         -- What another database wrote may be in an encoding of its own.
         coalesce(CASE WHEN datname = current_database() THEN left(query, 600) END, '') AS query,
         query_start AS query_since, xact_start AS transaction_since, backend_start AS started,
         coalesce(wait_event_type || ': ' || wait_event, '') AS wait_event,
         pid = ANY(%(pids)s::int[])
           OR coalesce(backend_type = 'client backend' AND datname = current_database()
                       AND starts_with(application_name, %(application)s::text), false) AS ours
  FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid()
), locks AS MATERIALIZED (
  SELECT pid, mode, granted, {waitstart} AS since,
         CASE WHEN locktype = 'relation' AND database IN (0, (SELECT oid FROM pg_catalog.pg_database
                                                             WHERE datname = current_database()))
              THEN relation END AS relation
  FROM pg_catalog.pg_locks WHERE pid <> pg_backend_pid()
), waits AS MATERIALIZED (
  SELECT coalesce(a.leader, l.pid) AS pid, pg_blocking_pids(l.pid) AS waits_on, l.since, l.mode, l.relation
  FROM locks AS l LEFT JOIN activity AS a USING (pid) WHERE NOT l.granted
), blocking AS MATERIALIZED (
  SELECT DISTINCT unnest(waits_on) AS pid FROM waits
), at_stake AS MATERIALIZED (
  SELECT relation FROM waits WHERE relation IS NOT NULL
  UNION SELECT relation FROM locks JOIN activity USING (pid) WHERE ours AND relation IS NOT NULL
)
SELECT json_build_object(
  'at', clock_timestamp(),
  'sessions', coalesce((
    SELECT json_agg(a) FROM activity AS a
    WHERE ours OR pid IN (SELECT pid FROM waits) OR pid IN (SELECT pid FROM blocking)), '[]'),
  'waits', coalesce((
    SELECT json_agg(json_build_object('pid', w.pid, 'waits_on', w.waits_on, 'since', w.since, 'mode', w.mode,
                                      'schema', coalesce(n.nspname, ''), 'table', coalesce(c.relname, '')))
    FROM waits AS w LEFT JOIN pg_catalog.pg_class AS c ON c.oid = w.relation
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace), '[]'),
  'held', coalesce((
    SELECT json_agg(json_build_object('pid', l.pid, 'mode', l.mode, 'schema', n.nspname, 'table', c.relname,
                                      'users', c.relkind IN ('r', 'p', 'm', 'f', 'v') AND n.nspname NOT IN
                                               ('pg_catalog', 'information_schema', 'pg_toast')))
    FROM locks AS l JOIN at_stake USING (relation) JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN activity AS a USING (pid)
    WHERE l.granted AND (a.ours OR l.pid IN (SELECT pid FROM blocking))), '[]'),
  'prepared', coalesce((
    SELECT json_agg(json_build_object('gid', gid, 'user', owner, 'since', prepared) ORDER BY prepared)
    FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()), '[]')
)::text
"""

_PROGRESS: tuple[tuple[int, LiteralString], ...] = (
    (
        0,
        """SELECT pid, command, phase,
           CASE unit WHEN 'sessions' THEN lockers_done WHEN 'rows' THEN tuples_done ELSE blocks_done END,
           CASE unit WHEN 'sessions' THEN lockers_total WHEN 'rows' THEN tuples_total ELSE blocks_total END, unit
           FROM pg_catalog.pg_stat_progress_create_index CROSS JOIN LATERAL (
             SELECT CASE WHEN phase ~ '^waiting' THEN 'sessions' WHEN phase ~ 'loading' THEN 'rows' ELSE 'blocks' END
           ) AS counted (unit)""",
    ),
    (
        0,
        """SELECT pid, command, phase, heap_blks_scanned, heap_blks_total, 'blocks'
           FROM pg_catalog.pg_stat_progress_cluster""",
    ),
    (
        0,
        """SELECT pid, 'VACUUM', phase,
           CASE phase WHEN 'vacuuming heap' THEN heap_blks_vacuumed ELSE heap_blks_scanned END,
           heap_blks_total, 'blocks' FROM pg_catalog.pg_stat_progress_vacuum""",
    ),
    (
        0,
        """SELECT pid, 'ANALYZE', phase, sample_blks_scanned, sample_blks_total, 'blocks'
           FROM pg_catalog.pg_stat_progress_analyze""",
    ),
    (
        _WITH_14,
        """SELECT pid, command, lower(type), CASE bytes_total WHEN 0 THEN tuples_processed ELSE bytes_processed END,
           bytes_total, CASE bytes_total WHEN 0 THEN 'rows' ELSE 'bytes' END FROM pg_catalog.pg_stat_progress_copy""",
    ),
)
"""Since which version there is a view, and what is asked of it. For `pg_stat_progress_copy` 0 bytes is no total."""

_MEASURES: LiteralString = """
WITH wal AS (
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_insert_lsn() END AS lsn
)
SELECT json_build_object(
  'at', clock_timestamp(),
  'wal', (SELECT pg_wal_lsn_diff(lsn, '0/0')::bigint FROM wal),
  'lag', coalesce((
    SELECT json_agg(json_build_object(
      'replica', coalesce(nullif(application_name, ''), host(client_addr), ''),
      'seconds', coalesce(extract(epoch FROM replay_lag), 0)::float8,
      'bytes', greatest(pg_wal_lsn_diff((SELECT lsn FROM wal), replay_lsn), 0)::bigint) ORDER BY pid)
    FROM pg_catalog.pg_stat_replication WHERE replay_lsn IS NOT NULL AND (SELECT lsn FROM wal) IS NOT NULL), '[]'),
  'progress', coalesce((
    SELECT json_agg(p) FROM ({progress}) AS p (pid, command, phase, done, total, unit)
    WHERE pid = ANY(%(pids)s::int[]) AND command IS NOT NULL AND phase IS NOT NULL), '[]')
)::text
"""
"""`replay_lag` is null where a replica has caught up, `replay_lsn` where it is a backup or our role may not look."""


class SessionRow(Struct, frozen=True, kw_only=True):
    """A session as `pg_stat_activity` has it; raw. `leader` is whom a parallel worker works for."""

    pid: int
    leader: int
    user: str
    application: str
    address: str
    state: str
    query: str
    query_since: datetime | None
    transaction_since: datetime | None
    started: datetime | None
    wait_event: str
    ours: bool


class WaitRow(Struct, frozen=True, kw_only=True):
    """A lock that is waited for. `table` is empty where it is no relation's, `since` unknown before PostgreSQL 14."""

    pid: int
    waits_on: list[int]
    since: datetime | None
    mode: str
    schema: str
    table: str


class HeldRow(Struct, frozen=True, kw_only=True):
    """A relation's lock that is held by us, or by somebody whom somebody waits for. `users`: on no system catalog."""

    pid: int
    mode: str
    schema: str
    table: str
    users: bool


class PreparedRow(Struct, frozen=True):
    """A prepared transaction of this database."""

    gid: str
    user: str
    since: datetime


class Around(Struct, frozen=True, kw_only=True):
    """All that decides who waits for whom, as of one moment of the server's clock."""

    at: datetime
    sessions: list[SessionRow]
    waits: list[WaitRow]
    held: list[HeldRow]
    prepared: list[PreparedRow] = []


class LagRow(Struct, frozen=True):
    """A replica's lag: seconds and bytes."""

    replica: str
    seconds: float
    bytes: int


class ProgressRow(Struct, frozen=True):
    """A row of one of the progress views."""

    pid: int
    command: str
    phase: str
    done: int | None
    total: int | None
    unit: str


class Measures(Struct, frozen=True, kw_only=True):
    """What is good to know beside. `wal` is the server's position in bytes; None where it has none of its own."""

    at: datetime
    wal: int | None
    lag: list[LagRow]
    progress: list[ProgressRow]


def around_sql(server_version: int) -> LiteralString:
    """The statement for :class:`Around`; takes `pids` and `application`."""
    waitstart: LiteralString = "waitstart" if server_version >= _WITH_14 else "NULL::timestamptz"
    return _AROUND.replace("{waitstart}", waitstart)


def measures_sql(server_version: int) -> LiteralString:
    """The statement for :class:`Measures`; takes `pids`, whose progress is asked for."""
    views = [select for since, select in _PROGRESS if server_version >= since]
    return _MEASURES.replace("{progress}", " UNION ALL ".join(views))
