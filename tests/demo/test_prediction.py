"""The demo's migrations: rehearsed with the meter on a copy, predicted, run, and learned from. No clock is judged."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from dixis_tui.model import CheckState
from dixis_tui.plan.learning import learned, outcome
from dixis_tui.plan.prediction import needed_bytes, predict, space
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.table_sizes import free_bytes
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.claim import Work
from tests.bench import prediction as bench
from tests.majors import both_majors

ORDER, ITEM = 'public."Order"', 'public."OrderItem"'
INDEX, ZONE, BACKFILL, PRODUCT = (name for name, _ in bench.pending())


@both_majors
def test_from_the_rehearsal_to_what_was_learned(server: EmbeddedServer, database: DatabaseUrl) -> None:
    bench.fill(database, 4_000)
    copied = f"test_{uuid.uuid4().hex[:12]}"
    bench.copy(server, database.database, copied)
    try:
        staging = bench.sizes(bench.url_of(server, copied))
        files = bench.rehearse_all(bench.url_of(server, copied))
    finally:
        bench.administer(server, f"DROP DATABASE {copied}")
    work = {file.migration: {number: dict(tables) for number, tables in file.work.items()} for file in files}
    # How the new foreign key looks its parents up is the planner's choice: by the whole table, or by its key.
    assert work[PRODUCT][2].pop('public."Product"', Work.SCAN) is Work.SCAN
    assert work == {
        INDEX: {1: {ORDER: Work.BUILD}},
        ZONE: {1: {}, 2: {ORDER: Work.REWRITE}},
        BACKFILL: {1: {ORDER: Work.ROWS}, 2: {ORDER: Work.SCAN}},
        PRODUCT: {1: {ITEM: Work.BUILD}, 2: {ITEM: Work.SCAN}},
    }
    production = bench.sizes(database)
    assert production.keys() == staging.keys()
    found = predict(files, staging, production)
    assert [(one.migration, one.number) for one in found.statements] == [
        (file.migration, one.number) for file in files for one in file.statements
    ]
    assert found.seconds == pytest.approx(sum(file.seconds for file in files), rel=0.01), "the same size"
    assert found.disk_bytes >= production[ORDER].total
    assert found.wal_bytes >= production[ORDER].bytes
    with connect(database, purpose="test") as session:
        room = free_bytes(session)
    assert room is not None
    assert room > needed_bytes(found)
    assert space(found, room).state is CheckState.PASSED

    actual = bench.run_all(database)
    kept = outcome(
        "run",
        datetime.now(UTC),
        found,
        sum(seconds for _, seconds, _ in actual),
        {name: seen for name, _, seen in actual},
    )
    assert kept is not None
    assert len(kept.statements) == len(found.statements)
    again = predict(files, staging, production, learned=learned([kept]))
    assert again.seconds == pytest.approx(found.seconds * learned([kept]).ratio)
    assert again.learned_from == 1
