"""What the ways of restoring share: the archive's table of contents, and who is in the way."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ToolError
from dixis_tui.postgres.catalog import extensions
from dixis_tui.postgres.libpq_files import private_folder
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.tool_runs import LastLines, Started
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import child_environment
from dixis_tui.secrets import Redactor

LOCK_TIMEOUT_SECONDS = 10.0
LOCK_NOT_AVAILABLE = "55P03"
_ENTRY = re.compile(r"^\d+; \d+ \d+ (EXTENSION - |COMMENT - EXTENSION |SCHEMA - )(.*)$")
_BLOCKERS = """
SELECT DISTINCT a.pid, a.application_name AS application, coalesce(a.state, '') AS state
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.granted AND l.relation >= 16384 AND a.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND a.application_name <> %s
ORDER BY 1
"""
_KEPT_SCHEMAS = """
SELECT nspname::text AS name FROM pg_namespace n
WHERE nspname <> 'public' AND EXISTS (
  SELECT FROM pg_extension x WHERE (x.extname = ANY (%s) OR NOT pg_has_role(x.extowner, 'USAGE')) AND (
    x.extnamespace = n.oid OR EXISTS (
      SELECT FROM pg_depend e JOIN pg_depend d USING (classid, objid)
      WHERE e.refclassid = 'pg_extension'::regclass AND e.refobjid = x.oid AND e.deptype = 'e'
        AND d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid)))
"""


class _Blocker(Struct, frozen=True):
    pid: int
    application: str
    state: str


class _Named(Struct, frozen=True):
    name: str


class RestoreJob(Struct, frozen=True, kw_only=True):
    """What the steps share."""

    url: DatabaseUrl
    tools: Tools
    archive: Path
    entries: list[str]
    """The archive's table of contents, a line each."""
    name: str
    """`application_name` of everything that writes."""
    last: LastLines
    owners: list[str]
    """`--no-owner --no-acl`, or nothing."""
    started: Started | None
    jobs: int = 1

    @property
    def extensions(self) -> list[str]:
        """Extensions that the archive would create."""
        found = (_ENTRY.match(line) for line in self.entries)
        return [match[2].strip() for match in found if match and match[1].startswith("EXTENSION")]


def table_of_contents(tools: Tools, archive: Path) -> list[str]:
    done = subprocess.run(
        [tools.path("pg_restore"), "--list", archive],
        env=child_environment({"LC_ALL": "C"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise ToolError(
            f"pg_restore {tools.major} can't read {archive}",
            "The file is damaged or newer than these tools; take another backup or other tools.",
        )
    return done.stdout.decode("utf-8", "replace").splitlines()


@contextmanager
def list_file(job: RestoreJob, session: Session) -> Iterator[Path]:
    """The table of contents without what stays in the database: extensions with their comments, and their schemas."""
    installed = set(extensions(session))
    schemas = [found.name for found in session.query(_KEPT_SCHEMAS, (job.extensions,), row=_Named)]
    kept: list[str] = []
    for line in job.entries:
        match = _ENTRY.match(line)
        if match is None:
            kept.append(line)
        elif match[1].startswith("SCHEMA"):  # the name, a blank, the owner
            if not any(match[2] == schema or match[2].startswith(f"{schema} ") for schema in schemas):
                kept.append(line)
        elif match[2].strip() not in installed:
            kept.append(line)
    with private_folder() as folder:
        path = folder / "list"
        path.write_text("\n".join(kept) + "\n")
        yield path


def blocked(job: RestoreJob, session: Session) -> ToolError:
    blockers = session.query(_BLOCKERS, (job.name,), row=_Blocker)
    redact = Redactor(job.url.secrets).line
    named = ", ".join(redact(f"{one.pid} ({one.application or 'unnamed'}, {one.state})") for one in blockers)
    return ToolError(
        f"other sessions hold the tables, so nothing was restored: {named or 'they are gone by now'}",
        "End those sessions (stop the application, or pg_terminate_backend), then restore again.",
    )
