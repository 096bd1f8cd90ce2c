"""Fills the marketplace: 300 producers, 4,000 products, orders with some two lines each. The same every time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl

SQL = Path(__file__).parent / "sql"
_ROWS = "SELECT set_config('dixis.rows', %s, false)"

BREAKING = """
INSERT INTO "Order" ("number", "status", "totalCents", "updatedAt", "customerId", "street", "city", "postalCode")
VALUES ('DX-PHONE-1', 'PENDING', 2480, CURRENT_TIMESTAMP, 1, 'Σταδίου 12', 'Αθήνα', '1Ο557')
ON CONFLICT ("number") DO NOTHING
"""
"""An order taken on the phone: the second character of its postal code is the letter omicron, not a nought."""


def fill(url: DatabaseUrl, rows: int) -> None:
    """Fill a database that stands after the first eight migrations. `url` must be a superuser's: it defers the foreign
    keys' triggers. Two sessions work side by side.

    Raises:
        QueryError, ConnectError: the server refused or went.
    """
    with ThreadPoolExecutor(2) as pool:
        for part in [pool.submit(_fill, url, rows, name) for name in ("marketplace", "order_items")]:
            part.result()
    with connect(url, purpose="demo data") as session:
        session.execute("VACUUM (ANALYZE)")


def _fill(url: DatabaseUrl, rows: int, name: str) -> None:
    with connect(url, purpose="demo data") as session:
        session.value(_ROWS, (str(rows),))
        session.script((SQL / "functions.sql").read_bytes())
        session.script((SQL / f"{name}.sql").read_bytes())
