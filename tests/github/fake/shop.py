"""The usual repository of the tests: `dixis/shop` with its workflows, and a run that really migrates a database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import read_rows
from dixis_tui.prisma.steps import Applied, Failed, Started
from tests.github.fake.repo import Environment, Repo, Secret
from tests.github.fake.script import Act, Context, Deed, Job, Queued, Step, StepFailedError, job, queued, step

MIGRATE, CLINIC = "prod-migration.yml", "migration-clinic.yml"
PHRASE = "DIXIS-PROD-OK"
DEPLOY = "prisma migrate deploy"
MIGRATE_TEXT = """\
name: Production Migration
run-name: "Production Migration · ${{ inputs.plan }} · ${{ inputs.request }}"
on:
  workflow_dispatch:
    inputs:
      confirm: {required: true, type: string}
      plan: {default: "", type: string}
      request: {default: "", type: string}
      commit: {default: "", type: string}
      migrations: {default: "", type: string}
      target: {default: "", type: string}
      environment: {default: production, type: string}
concurrency:
  group: production-migration-${{ inputs.target }}
  cancel-in-progress: false
jobs:
  migrate:
    name: Migrate
    runs-on: ubuntu-latest
    environment: ${{ inputs.environment }}
    steps:
      - run: npx prisma migrate deploy
"""
BY_HAND_TEXT = """\
name: Production Migration
on:
  workflow_dispatch:
    inputs:
      confirm: {required: true}
jobs:
  migrate:
    runs-on: ubuntu-latest
    steps:
      - run: test "${{ inputs.confirm }}" = DIXIS-PROD-OK && npx prisma migrate deploy
"""
"""A workflow that somebody wrote for themselves: it takes the phrase and nothing else."""
CLINIC_TEXT = """\
name: Migration Clinic
on:
  push:
    branches: [main]
  workflow_dispatch:
jobs:
  clinic:
    runs-on: ubuntu-latest
    steps:
      - run: npx prisma migrate deploy
"""


def shop(
    checkout: Path | None = None, *, reviewers: tuple[str, ...] = (), migrate: str = MIGRATE_TEXT, **more: Any
) -> Repo:
    """`dixis/shop`: of a git work tree, or of nothing but its workflows; `production` has `reviewers`."""
    environments = [Environment("production", reviewers, secrets=[Secret("SHADOW_DATABASE_URL_PROD")])]
    repo = Repo.of(checkout, environments=environments, **more) if checkout else Repo(environments=environments, **more)
    repo.workflow(MIGRATE, migrate)
    repo.workflow(CLINIC, CLINIC_TEXT)
    return repo


def migration(
    migrations: Path | None = None, url: str = "", *, deploys: Deed | None = None, phrase: str = PHRASE, polls: int = 1
) -> tuple[Act, ...]:
    """The steps of *Production Migration*; given `migrations` and `url`, the deploy really happens there.

    The phrase and the commit are checked as the workflow's own steps do, whatever else is real.
    """
    if deploys is None and migrations is not None:
        deploys = deployed(migrations, url)
    return (
        queued(1),
        job("Migrate"),
        step(
            "Set up job",
            lines=("Current runner version: '2.329.0'", "##[group]Runner Image", "##[endgroup]"),
            polls=polls,
        ),
        step("Confirm the phrase", confirmed(phrase), polls=polls),
        step("Check out", lines=("Syncing repository: dixis/shop",), polls=polls),
        step("Check the approved plan", approved(migrations), polls=polls),
        step(DEPLOY, deploys, polls=polls),
        step("prisma migrate status", lines=("Database schema is up to date!",), polls=polls),
        step("Complete job", lines=("Cleaning up orphan processes",), always=True),
    )


def confirmed(phrase: str = PHRASE) -> Deed:
    """Fails where `confirm` is another phrase."""

    def does(context: Context) -> None:
        if context.inputs.get("confirm") != phrase:
            raise StepFailedError("The phrase is another than the runbook's: nothing was done.")

    return does


def approved(migrations: Path | None = None) -> Deed:
    """Fails where the commit, or the digest over the last files of `migrations`, is another than the dispatch says."""

    def does(context: Context) -> None:
        if context.inputs.get("commit", "") not in {"", context.sha}:
            raise StepFailedError(f"Approved was another commit than {context.sha}: the branch has moved on.")
        told = context.inputs.get("migrations", "")
        if told and migrations is not None and told not in digests(migrations):
            raise StepFailedError("The migration files are others than those that were approved.")

    return does


def digests(migrations: Path) -> set[str]:
    """The digest over the last files, for each number of them that may be pending."""
    files = [(file.parent.name, file.read_bytes()) for file in sorted(migrations.glob("*/migration.sql"))]
    lines = [f"{name} {hashlib.sha256(data).hexdigest()}\n" for name, data in files]
    return {hashlib.sha256("".join(lines[at:]).encode()).hexdigest() for at in range(len(lines) + 1)}


def deployed(migrations: Path, url: str) -> Deed:
    """Applies what is pending to the database, with the history that Prisma would leave and the words that it says."""

    def does(context: Context) -> None:
        target = parse(url, "DATABASE_URL_PROD")
        files = read_migrations(migrations)
        context.log("Prisma schema loaded from prisma/schema.prisma")
        place = f'"{target.database}", schema "{target.schema}" at "{target.host}:{target.port}"'
        context.log(f'Datasource "db": PostgreSQL database {place}')
        context.log(f"\x1b[2m{len(files)} migrations found in prisma/migrations\x1b[22m")
        with connect(target, purpose="workflow") as session:
            rows = read_rows(session, target.schema) or ()
            done = {row.migration_name for row in rows if row.finished_at is not None and row.rolled_back_at is None}
            pending = [file for file in files if file.name not in done]
            if not pending:
                context.log("No pending migrations to apply.")
                return
            for one in apply(session, pending, target.schema):
                if isinstance(one, Started):
                    context.log(f"Applying migration `{one.name}`")
                if isinstance(one, Failed):
                    context.log("Error: P3018")
                    context.log(
                        "A migration failed to apply. New migrations cannot be applied before this one is recovered."
                    )
                    context.log(f"Migration name: {one.name}")
                    context.log(f"Database error: {one.error}")
                    raise StepFailedError("Process completed with exit code 1.")
                if isinstance(one, Applied):
                    context.log(f"  └─ {one.name}/")
        context.log("All migrations have been successfully applied.")

    return does


def changed(acts: Iterable[Act], name: str, **changes: Any) -> tuple[Act, ...]:
    """The script with its step `name` changed."""
    return tuple(replace(act, **changes) if isinstance(act, Step) and act.name == name else act for act in acts)


def before_the_job(acts: Iterable[Act], act: Act) -> tuple[Act, ...]:
    """The script with `act` before its first job or step, after whatever queueing there is."""
    listed = list(acts)
    at = next((at for at, one in enumerate(listed) if isinstance(one, Job | Step)), len(listed))
    return (*listed[:at], act, *listed[at:])


def without_queue(acts: Iterable[Act]) -> tuple[Act, ...]:
    """The script, begun at once."""
    return tuple(act for act in acts if not isinstance(act, Queued))
