"""`pg_amcheck` over a database that was just restored: pages of tables and B-tree indexes, checked by PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import QueryError
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tool_runs import LastLines, Started, run_tool
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink

_INSTALLED = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'amcheck')"
_CREATE = "CREATE EXTENSION amcheck SCHEMA pg_catalog"
_DROP = "DROP EXTENSION amcheck"
_CORRUPT = 2
"""pg_amcheck's exit code where it found corruption."""


class Checked(Struct, frozen=True):
    """`skipped` says why nothing was checked; `problem` what was found; both are empty where all is sound."""

    skipped: str = ""
    problem: str = ""


def amcheck(url: DatabaseUrl, tools: Tools, *, jobs: int, on_line: LineSink, started: Started | None = None) -> Checked:
    """Check every table and index. The extension that it needs is taken away again where it was not there before.

    Raises:
        ConnectError: the server can't be reached.
    """
    if not os.access(tools.path("pg_amcheck"), os.X_OK):
        return Checked(skipped=f"there is no pg_amcheck beside the tools in {tools.bindir}")
    with connect(url, purpose="amcheck") as session:
        ours = not session.value(_INSTALLED)
        try:
            if ours:
                session.execute(_CREATE)
        except QueryError as error:
            return Checked(skipped=f"the extension amcheck can't be had: {error}")
        try:
            return _run(url, tools, jobs, on_line, started)
        finally:
            if ours:
                session.execute(_DROP)


def _run(url: DatabaseUrl, tools: Tools, jobs: int, on_line: LineSink, started: Started | None) -> Checked:
    last = LastLines(on_line)
    words: list[str | Path] = [tools.path("pg_amcheck"), "--no-password", f"--jobs={jobs}", f"service={SERVICE}"]
    with connection_files(url, application_name="dixis-tui amcheck", major=tools.major) as environment:
        code = run_tool(words, environment, last, started)
    if code == 0:
        return Checked()
    said = f"pg_amcheck {last.outcome(code, url)}"
    return Checked(problem=said) if code == _CORRUPT else Checked(skipped=said)
