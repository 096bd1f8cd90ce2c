"""What the real CLI says of a history, and what is true, on the same database. Each is a blind spot of Prisma's.

The history is made by our executor, which leaves what the CLI would (`test_corpus.py`), then bent.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.cli import PrismaCli
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations, scan_migrations
from dixis_tui.prisma.history import lock_holder, read_rows
from dixis_tui.prisma.look import read_truth
from dixis_tui.prisma.project import discover
from dixis_tui.prisma.truth import UP_TO_DATE
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth
from tests.conftest import fresh_database
from tests.prisma.conftest import MakeProject
from tests.waiting import until

pytestmark = pytest.mark.node
GOOD = {"1_a": b"CREATE TABLE a ();", "2_b": b"CREATE TABLE b ();", "3_c": b"CREATE TABLE c ();"}
NOT_YET = "have not yet been applied:"


class Scene(Struct, frozen=True, kw_only=True):
    """Migrations that are applied, what is then done to the database and the files, and what each side says."""

    applied: dict[str, bytes] = msgspec.field(default_factory=lambda: GOOD)
    sql: str = ""
    files: Callable[[Path], object] = str
    status: int = 0
    """The exit code of `migrate status`."""
    says: str = UP_TO_DATE
    hides: str = ""
    """A migration that `migrate status` does not name."""
    truth: dict[str, Standing]
    """What is neither applied nor pending."""


def rewrite(name: str, sql: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name / "migration.sql").write_text(sql)


def add(name: str, *, file: bool = True) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        (folder / name).mkdir()
        if file:
            (folder / name / "migration.sql").write_text("SELECT 1")

    return change


_ROLL_BACK = "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '3_c'"
_TWICE = """INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
SELECT gen_random_uuid(), checksum, now(), migration_name, 1 FROM _prisma_migrations WHERE migration_name = '2_b'"""

SCENES = {
    "failed, and another pending": Scene(
        applied={"1_a": b"CREATE TABLE a ();", "2_b": b"SELECT 1/0;", "3_c": b"CREATE TABLE c ();"},
        status=1,
        says=NOT_YET,
        hides="2_b",
        truth={"2_b": Standing.FAILED},
    ),
    "rolled back": Scene(sql=_ROLL_BACK, truth={"3_c": Standing.WILL_RUN_AGAIN}),
    "rolled back, and another pending": Scene(
        sql=_ROLL_BACK, files=add("4_d"), status=1, says=NOT_YET, hides="3_c", truth={"3_c": Standing.WILL_RUN_AGAIN}
    ),
    "edited": Scene(files=rewrite("2_b", "SELECT 1"), truth={"2_b": Standing.EDITED}),
    "missing": Scene(files=lambda folder: shutil.rmtree(folder / "2_b"), truth={"2_b": Standing.MISSING}),
    "applied twice": Scene(sql=_TWICE, truth={"2_b": Standing.DUPLICATE}),
    "directory without file": Scene(
        files=add("4_d", file=False), status=1, says=NOT_YET, truth={"4_d": Standing.NO_FILE}
    ),
    "out of order": Scene(files=add("1_z"), status=1, says=NOT_YET, truth={"1_z": Standing.OUT_OF_ORDER}),
}


def truth_of(session: Session, folder: Path) -> Truth:
    return read_truth(session, scan_migrations(folder))


def told(truth: Truth, name: str) -> MigrationStanding:
    return next(one for one in truth.migrations if one.name == name)


def said(project: Path, url: DatabaseUrl, *words: str) -> tuple[int, str]:
    """Exit code and output of `migrate status`, or of `migrate deploy`."""
    lines: list[str] = []
    cli = PrismaCli(discover(project), url)
    call = cli.deploy if words == ("deploy",) else cli.status
    return call(lambda stream, line: lines.append(line)).code, "\n".join(lines)


@pytest.mark.parametrize("name", SCENES)
def test_what_status_does_not_say(
    name: str, embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    scene = SCENES[name]
    folder = make_project(tmp_path, scene.applied) / "prisma" / "migrations"
    with fresh_database(embedded_server) as url, connect(url, purpose="migrate") as session:
        list(apply(session, read_migrations(folder)))
        session.script(scene.sql.encode())
        scene.files(folder)
        truth = truth_of(session, folder)
        code, output = said(tmp_path, url)
    assert code == scene.status
    assert scene.says in output
    assert not scene.hides or scene.hides not in output
    plain = (Standing.APPLIED, Standing.PENDING)
    assert {one.name: one.standing for one in truth.migrations if one.standing not in plain} == scene.truth
    for wrong in scene.truth:
        found = told(truth, wrong)
        assert found.remedy
        # What we say that it says is what it said.
        expected = {UP_TO_DATE: UP_TO_DATE, NOT_YET: "nothing of it" if scene.hides else "not yet applied"}
        assert expected[scene.says] in found.prisma_says


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("edited", "No pending"), ("missing", "No pending"), ("out of order", "1_z"), ("rolled back", "3_c")],
)
def test_what_deploy_does_in_silence(
    name: str, outcome: str, *, database: DatabaseUrl, tmp_path: Path, make_project: MakeProject
) -> None:
    scene = SCENES[name]
    folder = make_project(tmp_path, scene.applied | {"3_c": b"SELECT 1"}) / "prisma" / "migrations"
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(folder)))
        session.script(scene.sql.encode())
        scene.files(folder)
        before = truth_of(session, folder)
        assert {one.name for one in before.migrations if one.standing in scene.truth.values()} == set(scene.truth)
        code, output = said(tmp_path, database, "deploy")
    assert code == 0
    assert outcome in output
    assert not any(word in output.lower() for word in ("warn: ", "out of order", "modified", "missing", "older"))


def test_a_database_that_prisma_does_not_manage(
    database: DatabaseUrl, tmp_path: Path, make_project: MakeProject
) -> None:
    """Status: everything is pending. Deploy: P3005. What is in it, and the commands that baseline it, we say."""
    project = make_project(tmp_path, GOOD)
    with connect(database, purpose="look") as session:
        session.script(b"CREATE TABLE a (); CREATE TABLE b ();")
        truth = truth_of(session, project / "prisma" / "migrations")
        code, output = said(project, database)
        assert (code, "1_a" in output, "3_c" in output, "empty" in output) == (1, True, True, False)
        assert truth.database is DatabaseStanding.UNMANAGED
        commands = [one.remedy for one in truth.migrations]
        assert commands == [
            "`prisma migrate resolve --applied 1_a`",
            "`prisma migrate resolve --applied 2_b`",
            "",
        ]
        assert "P3005" in said(project, database, "deploy")[1]


def test_running_is_not_failed(database: DatabaseUrl, tmp_path: Path, make_project: MakeProject) -> None:
    """A real deploy at work behind a lock: status calls it failed, we name who is at work; afterwards it is applied."""
    project = make_project(tmp_path, {"1_a": b"CREATE TABLE a ();", "2_b": b"ALTER TABLE a ADD COLUMN c INT;"})
    folder = project / "prisma" / "migrations"
    cli = PrismaCli(discover(project), database, lock_timeout_seconds=0)
    codes: list[int] = []
    with connect(database, purpose="look", read_only=True) as session, connect(database, purpose="blocker") as blocker:
        list(apply(blocker, read_migrations(folder)[:1]))
        blocker.script(b"BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        thread = threading.Thread(target=lambda: codes.append(cli.deploy(lambda stream, line: None).code))
        thread.start()
        try:
            waits = "SELECT count(*) FROM pg_locks WHERE relation = 'a'::regclass AND NOT granted"
            until(lambda: session.value(waits), 30, "the file to wait for its lock")
            found = told(truth_of(session, folder), "2_b")
            holder = lock_holder(session)
            code, output = said(project, database)
        finally:
            blocker.rollback()
            thread.join()
        assert holder is not None
        assert (found.standing, found.prisma_says, found.reconciliation) == (Standing.RUNNING, "failed", None)
        assert f"Prisma's lock is held by process {holder.pid} (dixis-tui prisma, user " in found.detail
        assert (code, "have failed:" in output, "2_b" in output) == (1, True, True)
        assert codes == [0]
        assert told(truth_of(session, folder), "2_b").standing is Standing.APPLIED


def test_a_deploy_whose_backend_was_ended(database: DatabaseUrl, tmp_path: Path, make_project: MakeProject) -> None:
    """Its backend is ended while the file waits for a lock: nothing of it is there, and that is what we say."""
    project = make_project(tmp_path, {"1_a": b"CREATE TABLE a ();", "2_b": b"ALTER TABLE a ADD COLUMN c INT;"})
    folder = project / "prisma" / "migrations"
    with connect(database, purpose="look", read_only=True) as session, connect(database, purpose="blocker") as blocker:
        list(apply(blocker, read_migrations(folder)[:1]))
        blocker.script(b"BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        cli = PrismaCli(discover(project), database, lock_timeout_seconds=0)
        thread = threading.Thread(target=lambda: cli.deploy(lambda stream, line: None))
        thread.start()
        waits = "SELECT pid FROM pg_locks WHERE relation = 'a'::regclass AND NOT granted"
        pid = until(lambda: session.value(waits), 30, "the file to wait for its lock")
        with connect(database, purpose="killer") as killer:
            killer.value("SELECT pg_terminate_backend(%s)", (pid,))
        blocker.rollback()
        thread.join()
        found = told(truth_of(session, folder), "2_b")
        rows = read_rows(session) or ()
    assert rows[-1].unfinished
    assert found.standing is Standing.FAILED
    assert found.reconciliation is not None
    assert found.reconciliation.commands == ("prisma migrate resolve --rolled-back 2_b",)
    assert "resolve --rolled-back 2_b" in found.remedy
