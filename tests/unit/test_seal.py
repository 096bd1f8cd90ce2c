"""The sealed plan: whatever changes shows in the digest, and what can be named is named."""

from __future__ import annotations

import msgspec
import pytest

from dixis_tui.model import Executor, MigrationFile
from dixis_tui.plan.seal import Plan, differences, digest, seal
from tests.unit.examples import FILE, IDENTITY

replace = msgspec.structs.replace
OTHER = MigrationFile("20251111_more", "prisma/migrations/20251111_more", "d" * 64, 5)
PLAN = Plan(
    identity=IDENTITY,
    executor=Executor.DIRECT,
    prisma_version="6.19.0",
    commit="4f2a91c05d",
    migrations=[FILE, OTHER],
    backup_sha256="a" * 64,
    rehearsed=True,
    waived=["DX121"],
)
NAMED = {
    "another database": (replace(PLAN, identity=replace(IDENTITY, database="other")), "Target"),
    "another host": (replace(PLAN, identity=replace(IDENTITY, host="other")), "Target"),
    "another port": (replace(PLAN, identity=replace(IDENTITY, port=6543)), "Target"),
    "another role": (replace(PLAN, identity=replace(IDENTITY, user="other")), "Target"),
    "another server": (replace(PLAN, identity=replace(IDENTITY, system_identifier="1")), "Server"),
    "an unreadable server": (replace(PLAN, identity=replace(IDENTITY, system_identifier="")), "Server"),
    "another version": (replace(PLAN, identity=replace(IDENTITY, server_version=150009)), "Server"),
    "another executor": (replace(PLAN, executor=Executor.PRISMA), "Executor"),
    "another Prisma": (replace(PLAN, prisma_version="6.19.1"), "Prisma"),
    "another commit": (replace(PLAN, commit="5f2a91c05d"), "Commit"),
    "no commit": (replace(PLAN, commit=""), "Commit"),
    "a file less": (replace(PLAN, migrations=[FILE]), "Migrations"),
    "another order": (replace(PLAN, migrations=[OTHER, FILE]), "Migrations"),
    "an edited file": (replace(PLAN, migrations=[replace(FILE, checksum="e" * 64), OTHER]), "Migrations"),
    "a renamed file": (replace(PLAN, migrations=[replace(FILE, name="20251109_zone"), OTHER]), "Migrations"),
    "another backup": (replace(PLAN, backup_sha256="b" * 64), "Backup"),
    "no backup": (replace(PLAN, backup_sha256=""), "Backup"),
    "not rehearsed": (replace(PLAN, rehearsed=False), "Rehearsal"),
    "a waiver more": (replace(PLAN, waived=["DX121", "DX200"]), "Waived"),
    "a waiver less": (replace(PLAN, waived=[]), "Waived"),
    "two people": (replace(PLAN, second=True), "2nd person"),
    "another workflow": (replace(PLAN, workflow="dixis/shop prod.yml on main"), "Workflow"),
}
UNNAMED = {
    "TLS gone": replace(PLAN, identity=replace(IDENTITY, tls="")),
    "a replica now": replace(PLAN, identity=replace(IDENTITY, in_recovery=True)),
    "read-only now": replace(PLAN, identity=replace(IDENTITY, read_only=True)),
    "the same file elsewhere": replace(PLAN, migrations=[replace(FILE, path="elsewhere"), OTHER]),
    "another size": replace(PLAN, migrations=[replace(FILE, bytes=31), OTHER]),
    "other line endings": replace(PLAN, migrations=[replace(FILE, equal_checksums=("f" * 64,)), OTHER]),
}


def test_every_field_of_the_plan_is_tried() -> None:
    changed = [plan for plan, _ in NAMED.values()]
    for field in Plan.__struct_fields__:
        assert any(getattr(plan, field) != getattr(PLAN, field) for plan in changed), field


@pytest.mark.parametrize(("plan", "label"), NAMED.values(), ids=NAMED)
def test_what_changed_is_named(plan: Plan, label: str) -> None:
    assert digest(plan) != digest(PLAN)
    was, now = seal(PLAN), seal(plan)
    assert [text.split(" was ")[0] for text in differences(was, now)] == [label]
    before, after = (dict(sealed.lines).get(label, "none") for sealed in (was, now))
    assert f"{label} was {before}, is {after}" in differences(was, now)


@pytest.mark.parametrize("plan", UNNAMED.values(), ids=UNNAMED)
def test_a_change_without_a_name_is_a_change(plan: Plan) -> None:
    assert digest(plan) != digest(PLAN)
    assert differences(seal(PLAN), seal(plan)) == ["a detail of the plan changed"]


def test_the_same_plan_has_the_same_digest() -> None:
    again = msgspec.json.decode(msgspec.json.encode(PLAN), type=Plan)
    assert digest(again) == digest(PLAN)
    assert differences(seal(PLAN), seal(again)) == []


def test_what_is_shown() -> None:
    sealed = seal(PLAN)
    assert sealed.hash == f"{sealed.digest[:4]}·{sealed.digest[4:8]}"
    assert len(sealed.digest) == 64
    lines = dict(sealed.lines)
    assert lines["Target"] == "dixis @ db.example:5432 as app"
    assert lines["Server"] == "PostgreSQL 15.8, system 7423111122223333444"
    assert lines["Migrations"].startswith("2 pending, checksums ")
    assert lines["Waived"] == "DX121"
    assert dict(seal(replace(PLAN, waived=[], backup_sha256="", commit="")).lines)["Backup"] == "none"
