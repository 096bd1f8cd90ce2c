"""One named, bounded PostgreSQL session. Rows become typed structs in the driver; errors become ours.

Sessions are in autocommit: a transaction is what somebody opened by name.
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, LiteralString, TypeVar

import psycopg
import psycopg.sql
from psycopg import generators, pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGresult
from psycopg.rows import kwargs_row, scalar_row

from dixis_tui.errors import DixisError, QueryError
from dixis_tui.postgres.session_errors import connect_error, statement_error
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink

T = TypeVar("T")
Statement = LiteralString | psycopg.sql.SQL | psycopg.sql.Composed
Parameters = Sequence[object] | Mapping[str, object]

APPLICATION_NAME = "dixis-tui"
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY, pq.ExecStatus.COPY_OUT)
_CANCEL_SECONDS = 5.0
_LOST_SECONDS = 30
_CHECK_CLIENT = "SELECT set_config(name, '500', false) FROM pg_settings WHERE name = 'client_connection_check_interval'"
"""PostgreSQL 14 and later: a statement whose client is gone ends within half a second."""

_READ_ONLY = "SET default_transaction_read_only = on"
"""Not among the connection's options: `pg_settings.reset_val` then still tells what role and server say."""


def connect(
    url: DatabaseUrl,
    *,
    purpose: str,
    lock_timeout_seconds: float = 5.0,
    statement_timeout_seconds: float = 0.0,
    read_only: bool = False,
    connect_timeout_seconds: int = 10,
    on_notice: LineSink | None = None,
    prepare: bool = False,
) -> Session:
    """Open a session named `dixis-tui <purpose>`; 0 is no limit.

    `read_only` makes every transaction of the session read-only by default. `on_notice` gets the server's notices raw.
    `prepare` is for a session that says the same few things over and over: the server plans each of them once.

    Raises:
        ConnectError: no connection came about.
    """
    settings = {
        "lock_timeout": round(lock_timeout_seconds * 1000),
        "statement_timeout": round(statement_timeout_seconds * 1000),
    }
    parameters = url.parameters()
    words = [parameters.get("options", ""), *(f"-c {name}={value}" for name, value in settings.items())]
    keepalives = {"keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3"}
    # Probes are sent on an idle line only: a statement on its way the kernel would send again and again, for a quarter
    # of an hour, before it says that nobody takes it.
    keepalives["tcp_user_timeout"] = str(_LOST_SECONDS * 1000)
    parameters = keepalives | {"connect_timeout": str(connect_timeout_seconds)} | parameters
    parameters |= {"options": " ".join(filter(None, words)), "application_name": f"{APPLICATION_NAME} {purpose}"}
    if url.tls_password and "sslkey" in parameters:
        parameters["sslpassword"] = url.tls_password.reveal()
    parameters |= {"host": url.host, "port": str(url.port), "user": url.user, "dbname": url.database}
    parameters |= {"client_encoding": "UTF8", "hostaddr": ""}  # a stray PGHOSTADDR must not lead elsewhere
    if url.password:
        parameters["password"] = url.password.reveal()
    threshold = 0 if prepare else None
    try:
        connection = psycopg.connect(make_conninfo(**parameters), autocommit=True, prepare_threshold=threshold)
    except psycopg.Error as error:
        raise connect_error(error, url) from None
    session = Session(connection, url, purpose, on_notice, lock_timeout_seconds=lock_timeout_seconds)
    session.execute(_CHECK_CLIENT)
    if read_only:
        session.execute(_READ_ONLY)
    return session


class Session:
    """A connection of ours; a context manager that closes it. One thread at a time, but :meth:`cancel` from any.

    Every statement raises QueryError where PostgreSQL refuses it, ConnectError where the connection is lost.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        url: DatabaseUrl,
        purpose: str,
        on_notice: LineSink | None = None,
        *,
        lock_timeout_seconds: float = 0.0,
    ) -> None:
        self._connection = connection
        self._pid = connection.info.backend_pid
        self._purpose = purpose
        self.url = url
        self.lock_timeout_seconds = lock_timeout_seconds
        """As it was opened, and as RESET has it."""
        if on_notice is not None:
            sink = on_notice
            connection.add_notice_handler(lambda diag: sink(f"{diag.severity}: {diag.message_primary}"))

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The backend's process id, or what it was; readable from any thread."""
        return self._pid

    @property
    def server_version(self) -> int:
        """150008 for 15.8."""
        return self._connection.info.server_version

    @property
    def closed(self) -> bool:
        """Whether the session was closed or lost."""
        return self._connection.closed

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, sound or failed."""
        return self._connection.info.transaction_status in (
            pq.TransactionStatus.INTRANS,
            pq.TransactionStatus.INERROR,
            pq.TransactionStatus.ACTIVE,
        )

    def query(self, sql: LiteralString | psycopg.sql.Composed, params: Parameters = (), *, row: type[T]) -> list[T]:
        """All rows as `row`, whose fields are named like the columns."""
        with self._errors(), self._connection.cursor(row_factory=kwargs_row(row)) as cursor:
            return cursor.execute(sql, params or None).fetchall()

    def value(self, sql: Statement, params: Parameters = ()) -> Any:
        """The first column of the first row; None where there is no row."""
        with self._errors(), self._connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(sql, params or None).fetchone()

    def execute(
        self, sql: LiteralString | psycopg.sql.SQL | psycopg.sql.Composed, params: Sequence[object] = ()
    ) -> None:
        """Run one statement; its rows, if any, are dropped."""
        with self._errors():
            self._connection.execute(sql, params or None)

    def script(self, sql: bytes, *, first_line: int = 1) -> int:
        """Send these very bytes as one simple query, as Prisma 6 does: one implicit transaction around all of it.

        Returns the rows that its last statement touched. `sql` begins in line `first_line` of its file; the error's
        `line` is the line there where PostgreSQL saw it, `error_text` the server's whole message, and `completed` how
        many statements before it had gone through (and are undone with it, unless they committed).
        """
        if b"\0" in sql:
            raise QueryError("22021", "the script holds a NUL byte", "Remove it from the file.")
        pgconn = self._connection.pgconn
        try:
            # Past the cursor, which does half as much again as the server for a small script.
            pgconn.send_query(sql)
            results = self._connection.wait(generators.execute(pgconn))
            while results and results[-1].status == pq.ExecStatus.COPY_OUT:
                # Dropped like the rows of a SELECT: the server goes on with the script, and commits it.
                while pgconn.get_copy_data(0)[0] > 0:
                    continue
                results += self._connection.wait(generators.fetch_many(pgconn))
        except psycopg.Error as error:
            raise self._error(error, sql, first_line) from None
        for completed, result in enumerate(results):
            if result.status not in _DONE:
                refusal = self._refusal(result, sql, first_line)
                if isinstance(refusal, QueryError):
                    refusal.completed = completed
                raise refusal
        return (results[-1].command_tuples or 0) if results else 0

    def setting(self, name: str) -> str:
        """A setting that the server reports by itself whenever it changes, such as `standard_conforming_strings`."""
        return self._connection.info.parameter_status(name) or ""

    def _refusal(self, result: PGresult, sql: bytes, first_line: int) -> DixisError:
        if self._left_copy():
            return QueryError(
                "0A000",
                "the script holds a COPY from the client, which has no data for it here",
                "Use INSERT, or COPY from a file on the server.",
            )
        return self._error(psycopg.errors.error_from_result(result, encoding="utf-8"), sql, first_line)

    def _left_copy(self) -> bool:
        """Whether the server waited for a COPY's data; it has been ended, and so has the script."""
        pgconn = self._connection.pgconn
        if pgconn.status != pq.ConnStatus.OK or pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
            return False
        while (result := pgconn.get_result()) is not None:
            if result.status == pq.ExecStatus.COPY_IN:
                pgconn.put_copy_end(b"no data comes from here")
        return True

    @contextmanager
    def transaction(self, mode: LiteralString = "") -> Iterator[None]:
        """BEGIN and COMMIT around the block, ROLLBACK where it raises. `mode` follows BEGIN, as in `READ ONLY`."""
        self.execute(f"BEGIN {mode}")
        try:
            yield
        except BaseException as error:
            try:
                self.rollback()
            except Exception as second:  # noqa: BLE001  a failing rollback never hides the first error
                error.add_note(f"and the rollback failed: {second}")
            raise
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the open transaction, where there is one."""
        if not self.closed and self.in_transaction:
            self.execute("ROLLBACK")

    def scram_verifier(self, role: str, password: str) -> str:
        """What the server keeps of a password instead of it, made here by libpq."""
        with self._errors():
            made = self._connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        return made.decode("ascii")

    def until_ended(self) -> str:
        """Wait, doing nothing, until the server ends this session: its SQLSTATE, `57P01` where somebody ended it;
        empty where the connection was lost without a word."""
        while True:
            select.select([self._connection.pgconn.socket], [], [])
            try:
                self._connection.execute("SELECT 1")  # it has said something: whether it was the last word
            except psycopg.Error as error:
                if self._connection.closed:
                    return error.sqlstate or ""
                raise self._error(error) from None

    def cancel(self) -> None:
        """Ask the server to stop the statement that runs; callable from any thread."""
        with self._errors():
            self._connection.cancel_safe(timeout=_CANCEL_SECONDS)

    def close(self) -> None:
        """End the session; what it had not committed is undone."""
        self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._error(error) from None

    def _error(self, error: psycopg.Error, sql: bytes = b"", first_line: int = 1) -> DixisError:
        text = sql.decode("utf-8", "replace")
        lost = self._connection.closed
        return statement_error(error, self.url, purpose=self._purpose, lost=lost, sql=text, first_line=first_line)
