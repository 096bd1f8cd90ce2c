"""One line of a log, judged: every shape that an error comes in, and what is none."""

from __future__ import annotations

import json

import pytest

from dixis_tui.plan.log_lines import PRISMA, Tally, judge
from dixis_tui.plan.sqlstates import STATES

FK = 'insert or update on table "Order" violates foreign key constraint "Order_customerId_fkey"'
CSV = (
    '2026-11-24 18:00:00.000 UTC,"app","shop",101,"10.0.0.1:5432",abc.1,7,"INSERT",2026-11-24 17:00:00 UTC,3/4,0,ERROR,'
    f'23503,"{FK.replace(chr(34), chr(34) * 2)}","Key (customerId)=(9) is not present",,,,,'
    '"INSERT INTO ""Order"" VALUES (9)",,,"{application}","client backend",,0'
)


@pytest.mark.parametrize(
    ("line", "kind", "level"),
    [
        (f"2026-11-24 18:00:00 UTC [101] shop ERROR:  {FK}", "23503 foreign_key_violation", "error"),
        ("2026 [7] ERROR:  40P01: deadlock detected", "40P01 deadlock_detected", "warning"),
        ('ERROR:  relation "Order" does not exist at character 15', "42P01 undefined_table", "error"),
        ('ERROR:  column Order.zone of relation "Order" does not exist', "42703 undefined_column", "error"),
        ("ERROR:  column o.zone does not exist", "42703 undefined_column", "error"),
        ("FATAL:  sorry, too many clients already", "53300 too_many_connections", "error"),
        ("ERROR:  canceling statement due to statement timeout", "57014 query_canceled", "warning"),
        ("PANIC:  could not write to file", "could not write to file", "error"),
        (CSV.replace("{application}", "shop"), "23503 foreign_key_violation", "error"),
        (
            json.dumps({"error_severity": "ERROR", "state_code": "23505", "message": "duplicate key"}),
            "23505 unique_violation",
            "error",
        ),
        ('{"level":50,"msg":"boom","code":"P2003"}', f"P2003, {PRISMA['P2003'][1]}", "error"),
        ('{"level":"error","message":"Payment refused"}', "Payment refused", "warning"),
        ('{"level":60,"msg":"out of memory"}', "out of memory", "error"),
        ("PrismaClientKnownRequestError: code: 'P2022' the column", f"P2022, {PRISMA['P2022'][1]}", "error"),
        ("Invalid invocation: P2024 Timed out fetching a connection", f"P2024, {PRISMA['P2024'][1]}", "warning"),
        ("SQLSTATE[23505]: Unique violation: 7", "23505 unique_violation", "error"),
        ("[shop] error: insert failed (code 23514)", "23514 check_violation", "error"),
        ("TypeError: Cannot read properties of undefined", "TypeError: Cannot read properties of undefined", "warning"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):", "warning"),
        ("level=error msg=late", "level=error msg=late", "warning"),
        ("12:00 CRITICAL disk is full", "…:… CRITICAL disk is full", "error"),
    ],
)
def test_trouble(line: str, kind: str, level: str) -> None:
    trouble = judge(line)
    assert trouble is not None
    assert (trouble.kind, trouble.level) == (kind, level)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "LOG:  checkpoint complete",
        "WARNING:  there is no transaction in progress",
        "GET /orders 200 12 ms",
        "0 errors, 3 warnings",
        '{"level":30,"msg":"order 23503 shipped"}',
        '{"level":"info","msg":"no error here"}',
        "An error page was drawn for nobody",
        "P2025 No record was found",
        "HTTP code 20000 bytes",
        f"2026 [9] dixis-tui after ERROR:  {FK}",
        CSV.replace("{application}", "dixis-tui migrate"),
        '{"broken": ',
        "," * 400,
        "\x00\x1b[31m" * 2000,
    ],
)
def test_no_trouble(line: str) -> None:
    assert judge(line) is None


def test_another_database_s_lines_do_not_count() -> None:
    line = CSV.replace("{application}", "app")
    assert judge(line, "shop")
    assert judge(line, "other") is None


def test_what_rows_hold_is_not_told() -> None:
    trouble = judge("ERROR:  duplicate key value, Key (mail, x)=(eleni@example.gr, f(3)) exists, name 'Ελένη'")
    assert trouble is not None
    assert "eleni" not in trouble.text
    assert "Ελένη" not in trouble.text
    assert "(mail, x)=(…)" in trouble.text


def test_a_flood_is_a_handful_of_findings() -> None:
    tally = Tally("app")
    tally.see([f"SQLSTATE[23503]: row {number}" for number in range(500)])
    tally.see([f"Error: kind {chr(97 + number % 26)}{chr(97 + number // 26)} is new" for number in range(500)])
    findings = tally.findings()
    assert len(findings) == 41
    assert findings[0].evidence.startswith("×500, last: SQLSTATE[23503]: row 499")
    assert findings[0].subject == "app: 23503 foreign_key_violation"
    assert findings[-1].subject == "app: other errors"
    assert (tally.lines, tally.errors) == (1000, 1000)


def test_what_came_up_once_is_over_in_the_end() -> None:
    tally = Tally("app")
    tally.see(["SQLSTATE[23503]"])
    for _ in range(23):
        tally.see([])
    assert len(tally.findings()) == 1
    tally.see([])
    assert tally.findings() == []


def test_prisma_s_codes_lead_to_known_states() -> None:
    assert {state for state, _ in PRISMA.values() if state} <= set(STATES)
