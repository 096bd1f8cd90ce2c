"""Where each migration stands: the judgement over made-up files and rows, and the reader on a real server."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ConnectError
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import OnDisk, read_migrations, scan_migrations
from dixis_tui.prisma.history import HistoryRow, LockHolder
from dixis_tui.prisma.look import read_truth
from dixis_tui.prisma.truth import UP_TO_DATE, Evidence, error_in, judge, missing_database, worded
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Reconciled, Reconciliation, Standing, Truth
from tests.prisma.conftest import write_migrations

NOW = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
HOLDER = LockHolder(4711, "prisma", "dixis", "10.0.0.7")
LOGS = """A migration failed to apply. New migrations cannot be applied before the error is recovered from.

Migration name: 20260101000000_x

Database error code: 23514

Database error:
ERROR: check constraint "c" is violated

DbError { severity: "ERROR" }
"""


@dataclasses.dataclass
class Scene:
    """Files and rows that a test puts together."""

    files: dict[str, str] = dataclasses.field(default_factory=dict)
    rows: list[HistoryRow] = dataclasses.field(default_factory=list)

    def file(self, *names: str, checksum: str = "c" * 64) -> Scene:
        self.files |= dict.fromkeys(names, checksum)
        return self

    def row(self, name: str, state: str = "applied", *, logs: str = "", checksum: str = "c" * 64) -> Scene:
        at = NOW + timedelta(minutes=len(self.rows))
        self.rows.append(
            HistoryRow(
                id=str(len(self.rows)),
                checksum=checksum,
                finished_at=at if state in ("applied", "undone") else None,
                migration_name=name,
                logs=logs or None,
                rolled_back_at=at if state in ("rolled_back", "undone") else None,
                started_at=at,
                applied_steps_count=int(state == "applied"),
            )
        )
        return self

    def evidence(self) -> Evidence:
        files = tuple(MigrationFile(name, f"/p/{name}", checksum, 1) for name, checksum in self.files.items())
        return Evidence(files=files, rows=tuple(self.rows))

    def judged(self, name: str, **changes: object) -> MigrationStanding:
        truth = judge(replace(self.evidence(), **changes))
        return next(one for one in truth.migrations if one.name == name)


def standings(truth: Truth) -> dict[str, Standing]:
    return {one.name: one.standing for one in truth.migrations}


def test_files_and_rows_together_in_prismas_order() -> None:
    truth = judge(Scene().file("10_c", "1_a").row("1_a").row("2_gone").evidence())
    assert list(standings(truth)) == ["1_a", "10_c", "2_gone"]
    assert truth.database is DatabaseStanding.MANAGED


def test_applied_says_when_by_the_row() -> None:
    found = Scene().file("1").row("1").judged("1")
    assert (found.standing, found.detail) == (Standing.APPLIED, "applied 2026-11-25 23:00:00 UTC")
    assert (found.remedy, found.prisma_says, found.attempts) == ("", "", 1)


def test_failed_tells_the_servers_own_sentence() -> None:
    found = Scene().file("1").row("1", "failed", logs=LOGS).judged("1")
    assert found.standing is Standing.FAILED
    assert 'begun 2026-11-25 23:00:00 UTC: ERROR: check constraint "c" is violated' in found.detail
    assert "`prisma migrate resolve --rolled-back 1` (or --applied)" in found.remedy
    assert found.prisma_says == ""


def test_failed_with_a_reconciliation_gives_its_commands() -> None:
    whole = Reconciliation(
        migration="1", outcome=Reconciled.ALL, statements=2, sentence="all of it is there", commands=("do that",)
    )
    found = Scene().file("1").row("1", "failed").judged("1", reconciled={"1": whole})
    assert found.remedy == "All of it is there. Type `do that`, and look again."
    assert found.reconciliation == whole
    unclear = replace(whole, unclear=(2,), sentence="statement 1 is there", outcome=Reconciled.CANT_TELL)
    found = Scene().file("1").row("1", "failed").judged("1", reconciled={"1": unclear})
    assert found.remedy.startswith("By the catalog: statement 1 is there. Look whether")


def test_running_names_the_holder() -> None:
    found = Scene().file("1").row("1", "begun").judged("1", holder=HOLDER)
    assert found.standing is Standing.RUNNING
    assert "process 4711 (prisma, user dixis from 10.0.0.7)" in found.detail
    assert (found.remedy, found.prisma_says) == ("Wait until it is done, then look again.", "failed")


def test_an_error_on_record_is_a_failure_whoever_holds_the_lock() -> None:
    scene = Scene().file("1", "2").row("1", "failed", logs=LOGS).row("2", "begun")
    assert standings(judge(replace(scene.evidence(), holder=HOLDER))) == {
        "1": Standing.FAILED,
        "2": Standing.RUNNING,
    }


def test_only_the_last_that_was_begun_is_running() -> None:
    scene = Scene().file("1", "2").row("1", "begun").row("2", "begun")
    assert standings(judge(replace(scene.evidence(), holder=HOLDER))) == {
        "1": Standing.FAILED,
        "2": Standing.RUNNING,
    }


@pytest.mark.parametrize(
    ("scene", "standing", "says", "detail", "remedy"),
    [
        (Scene().file("1", checksum="d" * 64).row("1"), Standing.EDITED, UP_TO_DATE, "now dddddddd", "Restore"),
        (Scene().row("1"), Standing.MISSING, UP_TO_DATE, "applied 2026", "Check out the commit"),
        (Scene().file("1").row("1").row("1"), Standing.DUPLICATE, UP_TO_DATE, "2 finished rows", "ran twice"),
        (Scene().file("1", "2").row("2"), Standing.OUT_OF_ORDER, "nothing of the order", "the later 2", "newer name"),
        (Scene().file("1").row("1", "rolled_back"), Standing.WILL_RUN_AGAIN, UP_TO_DATE, "rolled back", "applied 1`"),
        (Scene().file("1").row("1", "undone"), Standing.WILL_RUN_AGAIN, UP_TO_DATE, "rolled back", "applied 1`"),
        (Scene().file("1"), Standing.PENDING, "", "", ""),
        (Scene().file("1").row("1", "rolled_back").row("1"), Standing.APPLIED, "", "applied 2026", ""),
    ],
)  # fmt: skip
def test_each_standing(scene: Scene, *, standing: Standing, says: str, detail: str, remedy: str) -> None:
    found = scene.judged("1")
    assert found.standing is standing
    assert says in found.prisma_says
    assert detail in found.detail
    assert remedy in found.remedy
    assert found.attempts == sum(row.migration_name == "1" for row in scene.rows)


def test_a_directory_without_file() -> None:
    found = Scene().judged("1", without_file=("1",))
    assert (found.standing, "P3015" in found.prisma_says) == (Standing.NO_FILE, True)
    assert "remove the directory" in found.remedy
    applied = Scene().row("1").judged("1", without_file=("1",))
    assert (applied.standing, applied.remedy) == (Standing.NO_FILE, "Restore its migration.sql as it was applied.")


@pytest.mark.parametrize(
    ("scene", "standing"),
    [
        (Scene().file("1", checksum="d" * 64).row("1").row("1"), Standing.EDITED),
        (Scene().row("1").row("1"), Standing.MISSING),
        (Scene().row("1", "failed", logs="x"), Standing.FAILED),
        (Scene().file("1").row("1").row("1", "failed", logs="x"), Standing.FAILED),
        (Scene().file("1", "2").row("2").row("1", "rolled_back"), Standing.OUT_OF_ORDER),
    ],
)
def test_the_worst_of_several(scene: Scene, standing: Standing) -> None:
    assert scene.judged("1").standing is standing


def test_other_line_endings_are_not_edited() -> None:
    crlf = MigrationFile("1", "/p/1", "d" * 64, 1, ("c" * 64,))
    truth = judge(replace(Scene().row("1").evidence(), files=(crlf,)))
    assert standings(truth) == {"1": Standing.APPLIED}


def test_what_was_rolled_back_and_removed_is_no_migration_any_more() -> None:
    assert standings(judge(Scene().file("2").row("1", "rolled_back").evidence())) == {"2": Standing.PENDING}


def test_with_something_pending_prisma_has_no_word_for_the_rest() -> None:
    scene = Scene().file("1", checksum="d" * 64).file("2", "3").row("1").row("2", "failed", logs="x")
    assert scene.judged("1").prisma_says == "nothing of it"
    assert scene.judged("2").prisma_says == "nothing of it"


def test_names_are_quoted_in_commands() -> None:
    found = Scene().file("1 it's").row("1 it's", "failed").judged("1 it's", cli="npx prisma")
    assert "`npx prisma migrate resolve --rolled-back '1 it'\"'\"'s'`" in found.remedy


@pytest.mark.parametrize(
    ("changes", "database"),
    [
        ({}, DatabaseStanding.MANAGED),
        ({"rows": None}, DatabaseStanding.EMPTY),
        ({"rows": None, "tables": ("Order",)}, DatabaseStanding.UNMANAGED),
        ({"replica": True}, DatabaseStanding.REPLICA),
    ],
)
def test_the_database(changes: dict[str, object], database: DatabaseStanding) -> None:
    truth = judge(replace(Scene().file("1").evidence(), **changes))
    assert truth.database is database
    assert bool(truth.remedy) is (database in (DatabaseStanding.UNMANAGED, DatabaseStanding.REPLICA))


def test_a_missing_database() -> None:
    truth = missing_database(Scene().file("1").evidence().files, "shop")
    assert (truth.database, standings(truth)) == (DatabaseStanding.MISSING, {"1": Standing.PENDING})
    assert "shop" in truth.remedy


@pytest.mark.parametrize(
    ("logs", "error"),
    [(LOGS, 'ERROR: check constraint "c" is violated'), ("just this\nand that", "just this"), ("", ""), (" \n", "")],
)
def test_the_error_is_the_servers(logs: str, error: str) -> None:
    assert error_in(logs) == error


def test_every_text_is_worded() -> None:
    whole = Reconciliation(migration="1", outcome=Reconciled.NONE, statements=1, sentence="s", commands=("c",))
    one = MigrationStanding(
        name="n", standing=Standing.FAILED, detail="d", remedy="r", prisma_says="p", reconciliation=whole
    )
    said = worded(Truth(database=DatabaseStanding.MANAGED, remedy="m", migrations=(one,)), lambda text: f"<{text}>")
    assert said.remedy == "<m>"
    found = said.migrations[0]
    assert (found.name, found.detail, found.remedy, found.prisma_says) == ("<n>", "<d>", "<r>", "<p>")
    assert found.reconciliation is not None
    assert (found.reconciliation.sentence, found.reconciliation.commands) == ("<s>", ("<c>",))


def test_read_from_a_real_server(database: DatabaseUrl, tmp_path: Path) -> None:
    folder = write_migrations(
        tmp_path, {"1_a": b"CREATE TABLE a ()", "2_b": b"CREATE TABLE b ()", "3_c": b"SELECT 1/0"}
    )
    (folder / "4_none").mkdir()
    with connect(database, purpose="migrate") as session, connect(database, purpose="look", read_only=True) as looking:
        assert read_truth(looking, scan_migrations(folder)).database is DatabaseStanding.EMPTY
        list(apply(session, scan_migrations(folder).files))
        truth = read_truth(looking, scan_migrations(folder))
        assert truth.database is DatabaseStanding.MANAGED
        assert standings(truth) == {
            "1_a": Standing.APPLIED,
            "2_b": Standing.APPLIED,
            "3_c": Standing.FAILED,
            "4_none": Standing.NO_FILE,
        }
        failed = truth.migrations[2]
        assert "division by zero" in failed.detail
        assert failed.reconciliation is not None
        assert failed.reconciliation.outcome is Reconciled.NONE
        # A failed file that was edited since says nothing about what ran.
        (folder / "3_c" / "migration.sql").write_bytes(b"CREATE TABLE a ()")
        assert read_truth(looking, scan_migrations(folder)).migrations[2].reconciliation is None


def test_a_database_that_prisma_does_not_know_is_baselined_by_what_it_holds(
    database: DatabaseUrl, tmp_path: Path
) -> None:
    scripts = {"1_a": b"CREATE TABLE a ()", "2_data": b"INSERT INTO a DEFAULT VALUES", "3_b": b"CREATE TABLE b ()"}
    folder = write_migrations(tmp_path, scripts | {"4_c": b"CREATE TABLE c ()"})
    on_disk = OnDisk(read_migrations(folder))
    with connect(database, purpose="look") as session:
        session.script(b"CREATE TABLE other ()")
        truth = read_truth(session, on_disk)
        assert truth.database is DatabaseStanding.UNMANAGED
        assert "shows none of them whole" in truth.remedy
        session.script(b"CREATE TABLE a (); CREATE TABLE b ()")
        truth = read_truth(session, on_disk, cli="npx prisma")
    assert truth.remedy == (
        "Baseline it first, with what it holds already: `npx prisma migrate resolve --applied 1_a`; "
        "`npx prisma migrate resolve --applied 2_data`; `npx prisma migrate resolve --applied 3_b`."
    )
    assert [bool(one.remedy) for one in truth.migrations] == [True, True, True, False]


def test_no_such_database(database: DatabaseUrl) -> None:
    with pytest.raises(ConnectError) as caught:
        connect(replace(database, database="nope"), purpose="look")
    assert caught.value.kind == "missing_database"
