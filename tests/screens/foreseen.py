"""What is known of the story's files before anything is done: standings, execution, hazards."""

from __future__ import annotations

from dixis_tui.hazard import Execution, FileForecast, Hazard, Severity
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth

INDEX, ZONE, BACKFILL, ITEM = (
    "20251027081530_order_status_index",
    "20251103101207_order_shipping_zone",
    "20251110152244_backfill_shipping_zone",
    "20251118093011_order_item_product",
)
TRUTH = Truth(
    database=DatabaseStanding.MANAGED,
    migrations=(
        *(
            MigrationStanding(name=f"2025010{at}000000_earlier", standing=Standing.APPLIED, attempts=1)
            for at in range(8)
        ),
        *(MigrationStanding(name=name, standing=Standing.PENDING) for name in (INDEX, ZONE, BACKFILL, ITEM)),
    ),
)
FORECASTS = tuple(
    FileForecast(
        migration=name,
        execution=Execution.ONE_TRANSACTION,
        statements=count,
        why="one statement" if count == 1 else f"{count} statements sent as one query",
    )
    for name, count in ((INDEX, 1), (ZONE, 2), (BACKFILL, 2), (ITEM, 2))
)


def _hazard(migration: str, line: int, code: str, title: str, severity: Severity, **more: str | bool) -> Hazard:
    return Hazard(
        code=code,
        title=title,
        severity=severity,
        source="squawk" if "-" in code else "dixis",
        migration=migration,
        path=f"prisma/migrations/{migration}/migration.sql",
        line=line,
        column=1,
        end_line=line,
        end_column=60,
        statement=1,
        what=str(more.get("what", title)),
        why=str(more.get("why", "")),
        safer=str(more.get("safer", "")),
        size=str(more.get("size", "")),
        suppressed=str(more.get("suppressed", "")),
        blocks=bool(more.get("blocks", False)),
    )


HAZARDS = (
    _hazard(
        INDEX,
        2,
        "require-concurrent-index-creation",
        "Index built while nobody may write",
        Severity.DANGER,
        what='CREATE INDEX "Order_status_createdAt_idx" holds SHARE on "Order" while it is built.',
        why="Whoever writes the table waits until it is done; readers go on.",
        safer='-- in a migration of its own\nCREATE INDEX CONCURRENTLY "Order_status_createdAt_idx"\n'
        '    ON "Order" ("status", "createdAt" DESC);',
        size="500,000 rows, 71 MB, 2 indexes: every row is read",
        blocks=True,
    ),
    _hazard(
        ZONE,
        6,
        "adding-field-with-default",
        "New column computed for every row",
        Severity.DANGER,
        what='"trackingToken" gets gen_random_uuid(), another value for every row.',
        why="ACCESS EXCLUSIVE while every row is written anew: nobody reads or writes the table.",
        safer='ALTER TABLE "Order" ADD COLUMN "trackingToken" UUID;\n'
        'ALTER TABLE "Order" ALTER COLUMN "trackingToken" SET DEFAULT gen_random_uuid();\n'
        "-- then fill the old rows in batches, each committed by itself",
        size="500,000 rows, 71 MB, 2 indexes: every row is written anew",
        blocks=True,
    ),
    _hazard(
        BACKFILL,
        30,
        "DH107",
        "Many rows changed in a transaction that locks the table",
        Severity.WARNING,
        what='The block before changes "Order", and the constraint then locks it until COMMIT.',
        why="Rows stay locked for as long as both take. Οι παραγγελίες περιμένουν.",
        size="500,000 rows",
        suppressed="agreed with the shop: it is closed meanwhile",
    ),
)
