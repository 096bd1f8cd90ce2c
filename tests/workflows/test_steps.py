"""The workflows' own shell steps, run for real: bash, the real Prisma CLI, a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dixis_tui.cli import main
from dixis_tui.plan.approved import migrations_digest
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import scan_migrations
from dixis_tui.prisma.history import read_rows
from tests.conftest import fresh_database
from tests.prisma.conftest import MakeProject, write_migrations
from tests.workflows.conftest import Repository
from tests.workflows.hosted import JobRun, inputs_of, run_job

FARM = """
model Farm {
  id     Int     @id @default(autoincrement())
  name   String
  region String?
}
"""
MIGRATIONS = {
    "20260101000000_αγροκτήματα": b'CREATE TABLE "Farm" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);\n',
    "20260102000000_region of it": b'ALTER TABLE "Farm"\r\n  ADD COLUMN "region" TEXT;\r\n',
}
LATER = "20260103000000_index"
WIDER = b'ALTER TABLE "Farm" ALTER COLUMN "id" TYPE BIGINT;\n'
INDEX = b'CREATE INDEX "Farm_name_idx" ON "Farm"("name");\n'
PLACE = "εφαρμογές/το κατάστημα"
PHRASE = "DIXIS-PROD-OK"


class Shop:
    """A repository with a project in a folder of Greek name, and its workflow files as `github init` writes them."""

    def __init__(self, repository: Repository, make_project: MakeProject) -> None:
        self.repository = repository
        self.folder = repository.root / PLACE
        self.folder.mkdir(parents=True)
        make_project(self.folder, MIGRATIONS)
        self.schema = self.folder / "prisma" / "schema.prisma"
        self.schema.write_text(self.schema.read_text() + FARM)
        (repository.root / ".gitignore").write_text("node_modules\n")
        (repository.root / "dixis.toml").write_text(f'[prisma]\ndirectory = "{PLACE}"\n')
        assert main.run(["github", "init", "--write", "--directory", str(repository.root)]) == 0
        self.sha = repository.commit()
        self.runs = 0

    def add(self, name: str, sql: bytes) -> str:
        """One more migration, committed; the commit."""
        place = self.folder / "prisma" / "migrations" / name
        place.mkdir()
        (place / "migration.sql").write_bytes(sql)
        self.sha = self.repository.commit()
        return self.sha

    @property
    def plan(self) -> dict[str, str]:
        """What the executor sends with a dispatch."""
        files = scan_migrations(self.folder / "prisma" / "migrations").files
        return {
            "confirm": PHRASE,
            "plan": "7f3a·c2e1",
            "request": "k3y",
            "commit": self.sha,
            "migrations": migrations_digest(files),
            "environment": "production",
        }

    def migrate(self, inputs: dict[str, str], url: str, skip: tuple[str, ...] = (), **github: Any) -> JobRun:
        """Production's workflow, dispatched."""
        self.runs += 1
        text = self.repository.workflow("prod-migration.yml").read_text("utf-8")
        contexts = {"sha": self.sha, "ref": "refs/heads/main", "event_name": "workflow_dispatch"} | github
        return run_job(
            text,
            self.repository.root,
            self.repository.root.parent / f"temp{self.runs}",
            github=contexts,
            inputs=inputs_of(text, inputs),
            secrets={"DATABASE_URL_PROD": url} if url else {},
            skip=("Install", *skip),
        )

    def clinic(self, databases: tuple[str, str], skip: tuple[str, ...] = (), **github: Any) -> JobRun:
        """The clinic, on a database for its migrations and an empty one."""
        self.runs += 1
        text = self.repository.workflow("migration-clinic.yml").read_text("utf-8")
        for name, url in zip(("clinic", "postgres"), databases, strict=True):
            place = f"postgresql://postgres:clinic@localhost:5432/{name}\n"
            assert place in text
            text = text.replace(place, f"{url}\n")
        contexts = {"sha": self.sha, "ref": "refs/heads/main"} | github
        temp = self.repository.root.parent / f"temp{self.runs}"
        skip = ("Install", "Install dixis-tui", *skip)
        return run_job(text, self.repository.root, temp, github=contexts, skip=skip)


@pytest.fixture
def shop(repository: Repository, make_project: MakeProject) -> Shop:
    """One that is committed."""
    return Shop(repository, make_project)


@pytest.fixture
def clinic_databases(system_server: EmbeddedServer) -> Iterator[tuple[str, str]]:
    """Two empty ones; of the system's major, since Prisma 6 without its native engine can't read 18's catalog."""
    with fresh_database(system_server) as one, fresh_database(system_server) as other:
        yield url_of(one), url_of(other)


def url_of(database: DatabaseUrl) -> str:
    """As Prisma takes it."""
    return database.prisma_url(
        application_name="workflow", lock_timeout_seconds=5, statement_timeout_seconds=0
    ).reveal()


def applied(database: DatabaseUrl) -> list[str]:
    """Names in Prisma's history, of what is applied whole."""
    with connect(database, purpose="test") as session:
        return [row.migration_name for row in read_rows(session) or () if row.applied]


def test_what_was_approved_is_applied_then_one_by_hand(shop: Shop, database: DatabaseUrl) -> None:
    """With a plan; then one more with the phrase alone, as the runbook has it."""
    url = url_of(database)
    run = shop.migrate(shop.plan, url)
    assert run.green, run.output
    assert applied(database) == list(MIGRATIONS)
    assert [step.name for step in run.steps][-5:] == [
        "prisma migrate status (before)",
        "prisma migrate deploy",
        "prisma migrate status",
        "prisma validate",
        "Summary",
    ]
    assert "### Production Migration: success" in run.summary
    assert "plan `7f3a·c2e1`; deploy: success" in run.summary
    assert all(f"{name}/" in run.summary for name in MIGRATIONS)
    shop.add(LATER, INDEX)
    run = shop.migrate({"confirm": PHRASE}, url, skip=("prisma migrate status", "prisma validate"))
    assert run.green, run.output
    assert "::warning title=No plan::" in run.output
    assert "No approved plan was checked" in run.summary
    assert applied(database) == [*MIGRATIONS, LATER]


def test_other_files_than_the_plans_are_not_applied(shop: Shop, database: DatabaseUrl) -> None:
    """One more is pending than was approved, or one is another: the database stays as it is."""
    url = url_of(database)
    files = scan_migrations(shop.folder / "prisma" / "migrations").files
    first = shop.migrate(shop.plan | {"migrations": migrations_digest(files[1:])}, url)
    plan = shop.plan
    write_migrations(shop.folder, {files[0].name: b"DROP TABLE IF EXISTS x;\n"})
    for run in (first, shop.migrate(plan, url)):
        assert run.failed == "prisma migrate status (before)"
        assert "::error title=Not approved::" in run.output
        assert "deploy: skipped" in run.summary
        assert "### Production Migration: failure" in run.summary
    assert applied(database) == []


def test_a_failed_migration_is_told_and_stands_in_the_way(shop: Shop, database: DatabaseUrl) -> None:
    """By hand: what failed is red with Prisma's words; the next one is stopped before it, by the status alone."""
    shop.add(LATER, b"SELECT 1 / 0;\n")
    run = shop.migrate({"confirm": PHRASE}, url_of(database))
    assert run.failed == "prisma migrate deploy"
    assert "deploy: failure" in run.summary
    assert "ERROR: division by zero" in run.summary
    assert applied(database) == list(MIGRATIONS)
    again = shop.migrate({"confirm": PHRASE}, url_of(database))
    assert again.failed == "prisma migrate status (before)"
    assert "::error title=Not ready::" in again.output


def test_nothing_begins_that_was_not_confirmed_as_it_is(shop: Shop, database: DatabaseUrl) -> None:
    """Phrase, re-run, branch, secret, commit, half a plan: each stops before anything is installed."""
    url = url_of(database)
    plan = shop.plan
    confirm, place, approved = "Confirm the phrase", "Check the branch and the secret", "Check the approved plan"
    cases: list[tuple[str, str, dict[str, str], str, dict[str, Any]]] = [
        (confirm, "title=Not confirmed", plan | {"confirm": PHRASE.lower()}, url, {}),
        (confirm, "title=Not confirmed", plan | {"confirm": f"{PHRASE} "}, url, {}),
        (confirm, "A re-run was confirmed by nobody", plan, url, {"run_attempt": 2}),
        (place, "refs/heads/feature; production", plan, url, {"ref": "refs/heads/feature"}),
        (place, "DATABASE_URL_PROD is not set", plan, "", {}),
        (approved, "title=Another commit", plan | {"commit": "0" * 40}, url, {}),
        (approved, "title=Half a plan", plan | {"migrations": ""}, url, {}),
        (approved, "title=Half a plan", {"confirm": PHRASE, "plan": "7f3a·c2e1"}, url, {}),
    ]
    for step, said, inputs, secret, github in cases:
        run = shop.migrate(inputs, secret, **github)
        assert (run.failed, said in run.output) == (step, True), run.output
    assert applied(database) == []


def test_what_is_typed_is_never_run(shop: Shop, tmp_path: Path) -> None:
    """Inputs are text to the shell, whatever they look like."""
    evil = f'"; touch "{tmp_path}/done"; echo "$(touch {tmp_path}/done)`touch {tmp_path}/done`'
    for name in ("confirm", "plan", "commit", "migrations", "target", "request"):
        assert not shop.migrate(shop.plan | {name: evil}, "").green
    run = shop.migrate(shop.plan | {"plan": evil, "commit": evil}, "postgresql://nowhere/none")
    assert run.failed == "Check the approved plan"
    assert not (tmp_path / "done").exists()


def test_the_clinic_is_green_on_what_is_well(shop: Shop, clinic_databases: tuple[str, str]) -> None:
    run = shop.clinic(clinic_databases, event_name="push", event={"before": "0" * 40})
    assert run.green, run.output
    assert "history was not checked" in run.step("Check the history").output
    assert "up to date" in run.step("prisma migrate deploy (empty database)").output
    assert "No difference" in run.step("Drift between schema and migrations").output
    assert "dixis-tui lint" not in [step.name for step in run.steps], "annotations are for pull requests"


def test_the_clinic_finds_drift_and_what_is_dangerous(shop: Shop, clinic_databases: tuple[str, str]) -> None:
    """Both in one go: lint speaks though another step failed. Only what is new is judged."""
    base = shop.sha
    shop.schema.write_text(shop.schema.read_text() + "model Shed {\n  id Int @id\n}\n")
    shop.add(LATER, WIDER)
    event = {"pull_request": {"base": {"sha": base}}}
    skip = ("prisma validate", "prisma migrate deploy (empty database)")  # seen above
    run = shop.clinic(clinic_databases, skip, event_name="pull_request", event=event)
    drift = run.step("Drift between schema and migrations")
    assert (run.failed, drift.code) == (drift.name, 2)
    assert "Shed" in drift.output
    assert "::error title=Drift::" in drift.output
    lint = run.step("dixis-tui lint")
    assert lint.code == 3, lint.output
    file = f"{PLACE}/prisma/migrations/{LATER}/migration.sql"
    assert any(line.startswith(f"::error file={file},line=1,") for line in lint.output.splitlines()), lint.output
    assert "20260102" not in lint.output


def test_the_clinic_keeps_the_history(shop: Shop) -> None:
    """A migration that is on the branch is neither changed nor taken away; a new one is no matter."""
    event = {"pull_request": {"base": {"sha": shop.sha}}}
    shop.add(LATER, INDEX)
    old, other = (shop.folder / "prisma" / "migrations" / name / "migration.sql" for name in MIGRATIONS)
    old.write_bytes(old.read_bytes() + b"-- later thought\n")
    other.unlink()
    shop.repository.commit()
    run = shop.clinic(("none", "none"), event_name="pull_request", event=event)
    history = run.step("Check the history")
    assert run.failed == history.name
    for name in MIGRATIONS:
        assert f"::error file={PLACE}/prisma/migrations/{name}/migration.sql,title=History changed::" in history.output
    assert LATER not in history.output


@pytest.mark.parametrize(
    ("event_name", "event"), [("workflow_dispatch", {}), ("push", {"before": "f" * 40})], ids=["by hand", "rewritten"]
)
def test_a_changed_history_is_not_made_good_by_hand(shop: Shop, event_name: str, event: dict[str, str]) -> None:
    """Started by hand there is no commit before; after a forced push the one before is gone."""
    old = shop.folder / "prisma" / "migrations" / next(iter(MIGRATIONS)) / "migration.sql"
    old.write_bytes(old.read_bytes() + b"-- later thought\n")
    shop.repository.commit()
    run = shop.clinic(("none", "none"), event_name=event_name, event=event)
    assert run.failed == "Check the history"
    assert (
        f"title=History {'changed' if event_name == 'workflow_dispatch' else 'rewritten'}::"
        in run.step(run.failed).output
    )
