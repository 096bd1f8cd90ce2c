"""What may commit on its way is never called undone as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.hazard import Execution
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import read_rows
from dixis_tui.prisma.oracle import forecast
from dixis_tui.prisma.reconcile import Executed, reconcile
from dixis_tui.prisma.steps import Failed
from dixis_tui.sql.script import parse_script
from dixis_tui.standing import Reconciled
from tests.prisma.conftest import write_migrations

BLOCK = "DO $$ BEGIN CREATE TABLE zz (); COMMIT; PERFORM 1/0; END $$"


@pytest.mark.parametrize("sql", [BLOCK, "CALL p()", "DO $$ BEGIN CALL p(); END $$"])
def test_alone_it_is_no_one_transaction(sql: str) -> None:
    assert forecast("1_a", parse_script(sql.encode()), splits=False).execution is Execution.OWN_TRANSACTIONS
    beside = parse_script(f"SELECT 1; {sql}".encode())
    assert forecast("1_a", beside, splits=False).execution is Execution.ONE_TRANSACTION


def test_what_it_committed_is_not_denied(database: DatabaseUrl, tmp_path: Path) -> None:
    files = read_migrations(write_migrations(tmp_path, {"1_a": BLOCK.encode()}))
    with connect(database, purpose="migrate") as session:
        assert isinstance(list(apply(session, files))[-1], Failed)
        assert session.value("SELECT to_regclass('zz')::text") == "zz"
        [row] = read_rows(session) or ()
        assert row.logs
        found = reconcile(session, {files[0]: Executed(logs=row.logs)}, "public")["1_a"]
    assert found.outcome is not Reconciled.NONE
    assert "undid it as a whole" not in found.sentence
