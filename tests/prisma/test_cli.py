"""Calling the CLI: what it may see, what is read from its output. Stand-ins speak where the native engine can't run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from dixis_tui.errors import ProjectError, ToolError
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.cli import PrismaCli
from dixis_tui.prisma.project import Project, discover
from tests.prisma.conftest import MakeProject, write_migrations

URL = "postgresql://dixis:p%40ss%20w0rd@db.example:5433/dixis_prod?schema=public"
LINES = {
    "deploy": 'Prisma schema loaded\nDatasource "db": PostgreSQL database "dixis_prod", schema "public" at '
    '"db.example:5433"\n\n3 migrations found in prisma/migrations\n\nApplying migration `1_a`\n'
    "Applying migration `2_b`",
    "failed": "\x1b[1;31mError: P3018\x1b[0m\n\nA migration failed to apply.\n\nMigration name: 2_b\n\n"
    'Database error code: 42P01\n\nDatabase error:\nERROR: relation "nope" does not exist, p@ss w0rd',
}


def ignore(stream: str, line: str) -> None:
    """A sink for those who do not look."""


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], Project]:
    """A project whose CLI is the given shell script."""

    def make(script: str) -> Project:
        write_migrations(tmp_path, {"1_a": b"SELECT 1"})
        (tmp_path / "package.json").write_text('{"devDependencies": {"prisma": "6.19.3"}}')
        binary = tmp_path / "node_modules" / ".bin" / "prisma"
        binary.parent.mkdir(parents=True, exist_ok=True)
        binary.write_text(f"#!/bin/sh\n{script}\n")
        binary.chmod(0o755)
        return discover(tmp_path)

    return make


@pytest.fixture
def url() -> DatabaseUrl:
    return parse(URL, "DATABASE_URL")


def test_what_prisma_may_see(
    stand_in: Callable[[str], Project], url: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STAGING_DATABASE_URL", "GITHUB_TOKEN", "NODE_OPTIONS", "PGPASSWORD"):
        monkeypatch.setenv(name, "stray")
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/etc/ca.pem")
    seen = tmp_path / "seen.json"
    project = stand_in(
        f'python3 -c "import json, os, sys; json.dump([dict(os.environ), sys.argv], open(sys.argv[1], '
        f'\'w\'))" {shlex.quote(str(seen))} "$@"'
    )
    shadow = parse("postgresql://u:shadow-pw@h/s", "SHADOW_DATABASE_URL")
    cli = PrismaCli(project, url, lock_timeout_seconds=7, shadow=shadow, environment={"EXTRA": "1"})
    assert cli.validate(ignore).ok
    environment, words = json.loads(seen.read_text())
    assert words[2:] == ["validate"]
    assert not any("p%40ss" in word for word in words)
    assert not {"STAGING_DATABASE_URL", "GITHUB_TOKEN", "NODE_OPTIONS", "PGPASSWORD"} & set(environment)
    assert environment["NODE_EXTRA_CA_CERTS"] == "/etc/ca.pem"
    assert environment["CHECKPOINT_DISABLE"] == environment["NO_COLOR"] == environment["EXTRA"] == "1"
    target = environment["DATABASE_URL"]
    assert target.startswith("postgresql://dixis:")
    assert "lock_timeout%3D7" in target
    assert "client_connection_check_interval%3D500" in target
    assert "application_name=dixis-tui" in target
    assert "shadow-pw" in environment["SHADOW_DATABASE_URL"]


def test_every_variable_of_the_datasource_points_at_the_target(
    stand_in: Callable[[str], Project], url: DatabaseUrl
) -> None:
    stand_in("")
    project = msgspec.structs.replace(stand_in("env"), url_variables=("POOLED_URL", "DIRECT_URL"))
    lines: list[str] = []
    PrismaCli(project, url).validate(lambda stream, line: lines.append(line))
    values = {name: value for name, _, value in (line.partition("=") for line in lines)}
    assert values["POOLED_URL"] == values["DIRECT_URL"] == values["DATABASE_URL"] != ""


def test_deploy_of_a_native_engine(stand_in: Callable[[str], Project], url: DatabaseUrl) -> None:
    project = stand_in(
        f"echo {shlex.quote(LINES['deploy'])}; printf '%s\\n' {shlex.quote(LINES['failed'])} >&2; exit 1"
    )
    begun: list[str] = []
    lines: list[tuple[str, str]] = []
    result = PrismaCli(project, url).deploy(lambda *line: lines.append(line), on_applying=begun.append)
    assert begun == ["1_a", "2_b"]
    assert (result.code, result.error_code, result.failed_migration) == (1, "P3018", "2_b")
    assert result.applied == ("1_a",)
    assert "42P01" in result.error_text
    assert "p@ss w0rd" not in result.error_text
    assert ("stderr", "\x1b[1;31mError: P3018\x1b[0m") in lines
    assert ("stdout", "Applying migration `1_a`") in lines


@pytest.mark.parametrize(
    "place", ['"other", schema "public" at "db.example:5433"', '"dixis_prod", schema "public" at "db.example:5432"']
)
def test_stopped_where_prisma_goes_elsewhere(
    stand_in: Callable[[str], Project], url: DatabaseUrl, tmp_path: Path, place: str
) -> None:
    line = f'Datasource "db": PostgreSQL database {place}'
    # The stand-in goes on only if it is left alone: its own standard input never ends, so `wait` is for a signal.
    project = stand_in(f"echo {shlex.quote(line)}; exec tail -f /dev/null")
    result = PrismaCli(project, url).deploy(ignore)
    assert result.code < 0
    assert not result.ok
    assert "not to postgresql://dixis:•••@db.example:5433/dixis_prod" in result.elsewhere


def test_a_password_like_the_databases_name_hides_nothing(stand_in: Callable[[str], Project]) -> None:
    url = parse("postgresql://u:dixis_prod@db.example:5433/dixis_prod", "DATABASE_URL")
    result = PrismaCli(stand_in(f"echo {shlex.quote(LINES['deploy'])}"), url).deploy(ignore)
    assert result.ok


def test_no_node(stand_in: Callable[[str], Project], url: DatabaseUrl) -> None:
    project = stand_in("echo \"env: 'node': No such file or directory\" >&2; exit 127")
    with pytest.raises(ToolError, match=r"npx --no-install prisma could not be run: env: 'node'"):
        PrismaCli(project, url).status(ignore)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"argv": ()}, ToolError, "Prisma is not installed in"),
        ({"literal_url": True}, ProjectError, "holds a database URL itself"),
        ({"prisma_major": 8, "prisma_version": "8.0.0"}, ProjectError, r"Prisma 8\.0\.0 is not supported"),
    ],
)
def test_refused_from_the_start(
    stand_in: Callable[[str], Project],
    url: DatabaseUrl,
    *,
    changes: dict[str, object],
    error: type[Exception],
    sentence: str,
) -> None:
    project = msgspec.structs.replace(stand_in(""), **changes)
    with pytest.raises(error, match=sentence):
        PrismaCli(project, url)


@pytest.mark.node
def test_the_real_one(database: DatabaseUrl, tmp_path: Path, make_project: MakeProject) -> None:
    project = discover(make_project(tmp_path, {"1_a": b"CREATE TABLE a ()", "2_b": b"SELECT 1/0"}))
    cli = PrismaCli(project, database)
    lines: list[tuple[str, str]] = []
    assert cli.validate(lambda *line: lines.append(line)).ok
    assert ("stdout", "The schema at prisma/schema.prisma is valid 🚀") in lines
    before = cli.status(ignore)
    assert (before.code, before.up_to_date, before.pending, before.failed) == (1, False, ("1_a", "2_b"), ())
    deployed = cli.deploy(ignore)
    assert (deployed.code, deployed.failed_migration) == (1, "2_b")
    assert "division by zero" in deployed.error_text
    assert cli.deploy(ignore).error_code == "P3009"
    after = cli.status(ignore)
    assert (after.code, after.pending, after.failed) == (1, (), ("2_b",))
    (project.schema).write_text(project.schema.read_text() + "\nmodel {")
    invalid = cli.validate(ignore)
    assert (invalid.code, invalid.error_code) == (1, "P1012")


@pytest.mark.node
def test_the_real_one_on_a_lock(database: DatabaseUrl, tmp_path: Path, make_project: MakeProject) -> None:
    """Prisma's own session carries our bounds: a short lock_timeout also ends its wait for the advisory lock."""
    project = discover(make_project(tmp_path, {"1_a": b"SELECT 1"}))
    with connect(database, purpose="holder") as session:
        session.value("SELECT pg_advisory_lock(72707369)")
        result = PrismaCli(project, database, lock_timeout_seconds=0.2).deploy(ignore)
    assert result.code == 1
    assert "lock timeout" in result.error_text
