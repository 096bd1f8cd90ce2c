"""What the server counts, looked at after a migration: statements, scans, transactions, connections. Reads only.

Each look is a short session of its own that takes milliseconds and gives up after two seconds. Columns by the pages on
the cumulative statistics system and on pg_stat_statements of PostgreSQL 12 to 18.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from psycopg import sql

from dixis_tui.after import DatabaseStat, IndexSeen, Pool, ScanStat, ServerLook, StatementStat, TableFacts
from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.postgres.server_log import LogNews, ServerLog
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl

PURPOSE = "after"
STATEMENTS = 500
"""Of `pg_stat_statements`, those that took the most time in all."""
_TABLES, _INDEXES = 200, 3000
_STATEMENT_SECONDS = 2.0
_LOCK_SECONDS = 0.25
_CONNECT_SECONDS = 5

_SCANS = """
SELECT CASE WHEN s.schemaname = %(schema)s THEN s.relname ELSE s.schemaname || '.' || s.relname END::text AS table,
       coalesce(s.seq_scan, 0) AS scans, coalesce(s.seq_tup_read, 0) AS rows_read,
       coalesce(s.idx_scan, 0) AS index_scans, greatest(s.n_live_tup, c.reltuples)::bigint AS rows
FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE greatest(s.n_live_tup, c.reltuples) >= %(big)s ORDER BY 5 DESC LIMIT %(limit)s
"""
_DATABASE = """
SELECT xact_commit AS commits, xact_rollback AS rollbacks, conflicts, deadlocks, temp_bytes
FROM pg_stat_database WHERE datname = current_database()
"""
_STATES = """
SELECT coalesce(state, 'not visible') AS state, count(*)::int AS sessions,
       coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::float8 AS seconds
FROM pg_stat_activity
WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
  AND pid <> pg_backend_pid() GROUP BY 1
"""
"""What a session of another role is, and does, only a member of pg_read_all_stats sees."""
_LIMITS = """
SELECT count(*)::int AS server, count(*) FILTER (WHERE usename = current_user)::int AS role,
       count(*) FILTER (WHERE datname = current_database())::int AS database,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0) AS server_limit,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit
FROM pg_stat_activity
WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datname IS NOT NULL AND pid <> pg_backend_pid()
"""
_INDEX_LIST = """
SELECT CASE WHEN schemaname = %(schema)s THEN tablename ELSE schemaname || '.' || tablename END::text AS table,
       indexname::text AS index, indexdef AS definition
FROM pg_indexes WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1, 2 LIMIT %(limit)s
"""
_FACTS = """
SELECT t.name::text AS table, t.rows, t.analyzed,
       array(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT EXISTS (
               SELECT FROM pg_stats p
               WHERE p.schemaname = t.nspname AND p.tablename = t.relname AND p.attname = a.attname)) AS unknown,
       array(SELECT i.indexrelid::regclass::text FROM pg_index i
             WHERE i.indrelid = t.oid AND NOT (i.indisvalid AND i.indisready)) AS invalid
FROM (SELECT c.oid, n.nspname, c.relname, greatest(c.reltuples, s.n_live_tup, 0)::bigint AS rows,
             coalesce(s.last_analyze, s.last_autoanalyze) IS NOT NULL AS analyzed,
             CASE WHEN n.nspname = %(schema)s THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.relkind IN ('r', 'p', 'm')) t
WHERE t.name = ANY (%(tables)s)
"""
_EXTENSION = """
SELECT e.extversion AS version, n.nspname::text AS schema
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
"""
_COUNTS = sql.SQL("""
SELECT queryid::text AS query_id, '' AS query, sum(calls)::bigint AS calls, sum({time})::float8 AS milliseconds,
       sum(rows)::bigint AS rows
FROM {view}(false) WHERE dbid = (SELECT oid FROM pg_database WHERE datname = {database}) AND queryid IS NOT NULL
GROUP BY queryid ORDER BY sum({time}) DESC LIMIT {limit}
""")
_TEXTS = sql.SQL("""
SELECT queryid::text AS query_id, min(left(query, 8000)) AS query FROM {view}(true)
WHERE queryid = ANY ({ids}::bigint[]) AND dbid = (SELECT oid FROM pg_database WHERE datname = {database})
GROUP BY queryid
""")
_HIDDEN = sql.SQL("""
SELECT count(*) FROM {view}(false)
WHERE queryid IS NULL AND dbid = (SELECT oid FROM pg_database WHERE datname = {database})
""")
_NOT_LOADED = "55000"
_FOR_GOOD = ("42501", "42P01", "42883", _NOT_LOADED)
"""What has no right, is not there or is not loaded is not asked again; all else, a timeout above all, passes."""
_HOW = (
    "As a superuser: shared_preload_libraries = 'pg_stat_statements' and a restart (a provider has a parameter); then "
    "CREATE EXTENSION pg_stat_statements here, or in the database postgres, where no dump takes it along."
)


class Limits(Struct, frozen=True, kw_only=True):
    """Connections of the server, of our role and of the database, and how many each may have; -1: no limit."""

    server: int
    role: int
    database: int
    server_limit: int
    role_limit: int
    database_limit: int

    @property
    def tightest(self) -> tuple[int, int]:
        """Connections and limit of the one that is nearest to its limit."""
        pairs = [
            (self.server, self.server_limit),
            (self.role, self.role_limit),
            (self.database, self.database_limit),
        ]
        return max((pair for pair in pairs if pair[1] > 0), key=lambda pair: pair[0] / pair[1], default=(0, 0))


class _State(Struct, frozen=True):
    state: str
    sessions: int
    seconds: float


class _Extension(Struct, frozen=True):
    version: str
    schema: str


class _Text(Struct, frozen=True):
    query_id: str
    query: str


class _Source(Struct, frozen=True):
    """Where `pg_stat_statements` is read: in the database itself, or in `postgres`."""

    url: DatabaseUrl
    view: sql.Composable
    time: sql.Composable


class AfterReader:
    """Reads one database's counters; every method but `problem` connects, and raises ConnectError or QueryError."""

    def __init__(self, url: DatabaseUrl, *, big_table_rows: int) -> None:
        self._url = url
        self._big = big_table_rows
        self._source: _Source | None = None
        self._seek = False
        self.problem = ""
        """Why `pg_stat_statements` can't be read, with what to do; empty where it can."""
        self.log = ServerLog()
        self.missed = ""
        """Why the last look has no statements although they can be read; empty where it has."""
        self.log_news = LogNews(b"")
        """What the server's log got between the last two looks."""
        self.log_missed = ""
        """The same of the server's log: the next look reads on from where this one should have."""

    def begin(self) -> None:
        """Find the end of the server's log, and `pg_stat_statements`; `problem` and `log.problem` say where not."""
        with _session(self._url) as session:
            self.log.begin(session)
        self._find_statements()

    def _find_statements(self) -> None:
        self._source, self.problem, self._seek = None, "", False
        for name in dict.fromkeys((self._url.database, "postgres")):
            try:
                with _session(self._url.replace_database(name)) as session:
                    self._try(session)
            except QueryError as error:
                self.problem, self._seek = _not_readable(error), error.sqlstate not in _FOR_GOOD
            except ConnectError:  # of the other database, which need not be there
                if name == self._url.database:
                    raise
            if self._source or self.problem:
                return
        self.problem = f"pg_stat_statements is not there, so no statement can be compared. {_HOW}"

    def _try(self, session: Session) -> None:
        found = session.query(_EXTENSION, row=_Extension)
        if not found:
            return
        major, minor = (int(part) for part in found[0].version.split(".")[:2])
        time = "total_exec_time" if (major, minor) >= (1, 8) else "total_time"
        view = sql.Identifier(found[0].schema, "pg_stat_statements")
        hidden = session.value(_HIDDEN.format(view=view, database=sql.Literal(self._url.database)))
        if hidden:
            self.problem = (
                f"{hidden} statements of other roles are hidden in pg_stat_statements. As a superuser: "
                f"GRANT pg_read_all_stats TO {self._url.user}."
            )
        self._source = _Source(session.url, view, sql.Identifier(time))

    def look(self) -> ServerLook:
        """One look at everything."""
        self.missed = ""
        if self._seek:
            self._find_statements()
        with _session(self._url) as session:
            self._read_log(session)
            here = self._source is None or self._source.url.database == self._url.database
            statements = self._counts(session) if here else []
            with session.transaction("READ ONLY"):  # one, since what is looked at counts transactions
                parameters = {"schema": self._url.schema, "big": self._big, "limit": _TABLES}
                scans = session.query(_SCANS, parameters, row=ScanStat)
                database = session.query(_DATABASE, row=DatabaseStat)[0]
                states = session.query(_STATES, row=_State)
                limits = session.query(_LIMITS, row=Limits)[0]
        if not here and self._source:
            try:
                with _session(self._source.url) as other:
                    statements = self._counts(other)
            except ConnectError as error:
                self.missed = f"pg_stat_statements could not be read: {error}"
        total, limit = limits.tightest
        return ServerLook(
            statements=tuple(statements),
            scans=tuple(scans),
            database=database,
            pool=Pool(states={one.state: one.sessions for one in states}, total=total, limit=limit),
            idle_seconds=max((one.seconds for one in states if one.state.startswith("idle in")), default=0.0),
            unread=self.missed or ("" if self._source else self.problem),
        )

    def _read_log(self, session: Session) -> None:
        self.log_news, self.log_missed = LogNews(b""), ""
        if self.log.problem:
            return
        try:
            self.log_news = self.log.look(session)
        except QueryError as error:
            if error.sqlstate in _FOR_GOOD:
                self.log.problem = f"the server's log can't be read any more: {error}"
            else:
                self.log_missed = f"the server's log could not be read: {error}"

    def _counts(self, session: Session) -> list[StatementStat]:
        if self._source is None:
            return []
        source, database = self._source, sql.Literal(self._url.database)
        query = _COUNTS.format(view=source.view, time=source.time, database=database, limit=sql.Literal(STATEMENTS))
        try:
            return session.query(query, row=StatementStat)
        except QueryError as error:  # everything else is still seen
            if error.sqlstate in _FOR_GOOD:
                self._source, self.problem = None, _not_readable(error)
            else:
                self.missed = f"pg_stat_statements could not be read: {error}"
            return []

    @property
    def hides(self) -> bool:
        """Whether statements are read, but not those of other roles."""
        return self._source is not None and bool(self.problem)

    def texts(self, ids: Collection[str]) -> dict[str, str]:
        """The whole texts of statements, raw, by their `query_id`; those that are gone are left out."""
        if self._source is None or not ids:
            return {}
        wanted = sql.Literal([int(one) for one in ids])
        query = _TEXTS.format(view=self._source.view, ids=wanted, database=sql.Literal(self._url.database))
        with _session(self._source.url) as session:
            return {one.query_id: one.query for one in session.query(query, row=_Text)}

    def indexes(self) -> tuple[IndexSeen, ...]:
        """Every index of the user's tables, with its definition."""
        with _session(self._url) as session:
            parameters = {"schema": self._url.schema, "limit": _INDEXES}
            return tuple(session.query(_INDEX_LIST, parameters, row=IndexSeen))

    def facts(self, tables: Collection[str]) -> dict[str, TableFacts]:
        """What the planner knows of these tables."""
        if not tables:
            return {}
        with _session(self._url) as session:
            parameters = {"schema": self._url.schema, "tables": list(tables)}
            return {one.table: one for one in session.query(_FACTS, parameters, row=TableFacts)}


def _session(url: DatabaseUrl) -> Session:
    return connect(
        url,
        purpose=PURPOSE,
        lock_timeout_seconds=_LOCK_SECONDS,
        statement_timeout_seconds=_STATEMENT_SECONDS,
        connect_timeout_seconds=_CONNECT_SECONDS,
        read_only=True,
    )


def _not_readable(error: QueryError) -> str:
    if error.sqlstate == _NOT_LOADED:
        return f"pg_stat_statements is created, but not loaded, so no statement can be compared. {_HOW}"
    return f"pg_stat_statements can't be read: {error}. {_HOW}"
