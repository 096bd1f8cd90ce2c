"""Finding the project, its pinned Prisma, its command and the variables it reads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from dixis_tui.errors import ProjectError
from dixis_tui.prisma.project import Project, discover
from tests.needs import needs
from tests.prisma.conftest import SCHEMA, write_migrations

PNPM_9 = """\
lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      '@prisma/client':
        specifier: ^6.1.0
        version: 6.1.0(prisma@6.19.3)
    devDependencies:
      prisma:
        specifier: ^6.1.0
        version: 6.19.3(magicast@0.3.5)

packages:

  prisma@6.19.3:
    resolution: {integrity: sha512-x}
"""
PNPM_6 = """\
lockfileVersion: '6.0'

devDependencies:
  prisma:
    specifier: ^5.0.0
    version: 5.22.0

packages:

  /prisma@5.22.0:
    resolution: {integrity: sha512-x}
"""
YARN_1 = """\
"@prisma/client@^6.0.0":
  version "6.1.0"

prisma@^6.0.0:
  version "6.19.3"
"""
YARN_BERRY = """\
"prisma@npm:^6.0.0, prisma@npm:^6.1.0":
  version: 6.19.3
  resolution: "prisma@npm:6.19.3"
"""
BUN = """\
{
  "lockfileVersion": 1,
  "packages": {
    "prisma": ["prisma@6.19.3", "", { "bin": { "prisma": "build/index.js" } }, "sha512-x"],
  }
}
"""
NPM = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/prisma": {"version": "6.19.3"}}})
NPM_1 = json.dumps({"lockfileVersion": 1, "dependencies": {"prisma": {"version": "4.16.2"}}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one migration and no lock file, in a folder with blanks in its name."""
    place = tmp_path / "το έργο μου"
    write_migrations(place, {"1_a": b"SELECT 1"})
    package(place, "6.19.3")
    return place


def package(folder: Path, specifier: str, table: str = "devDependencies") -> None:
    (folder / "package.json").write_text(json.dumps({"name": "x", table: {"prisma": specifier}}))


def install(folder: Path, version: str) -> None:
    modules = folder / "node_modules"
    (modules / "prisma").mkdir(parents=True)
    (modules / "prisma" / "package.json").write_text(json.dumps({"version": version}))
    (modules / ".bin").mkdir()
    (modules / ".bin" / "prisma").touch(mode=0o755)


def test_all_of_it(folder: Path) -> None:
    found = discover(folder)
    assert found == Project(
        directory=folder,
        schema=folder / "prisma" / "schema.prisma",
        migrations=folder / "prisma" / "migrations",
        provider="postgresql",
        prisma_version="6.19.3",
        prisma_major=6,
        version_source="package.json",
        version_warning="",
        package_manager="npm",
        command=("npx", "--no-install", "prisma"),
        argv=(),
        config=None,
        commit="",
        url_variables=("DATABASE_URL",),
        shadow_variables=("SHADOW_DATABASE_URL",),
        literal_url=False,
    )
    assert found.supported
    assert not found.splits_statements


@pytest.mark.parametrize(
    ("lock", "content", "manager", "version", "shown"),
    [
        ("pnpm-lock.yaml", PNPM_9, "pnpm", "6.19.3", "pnpm prisma"),
        ("pnpm-lock.yaml", PNPM_6, "pnpm", "5.22.0", "pnpm prisma"),
        ("package-lock.json", NPM, "npm", "6.19.3", "npx --no-install prisma"),
        ("package-lock.json", NPM_1, "npm", "4.16.2", "npx --no-install prisma"),
        ("yarn.lock", YARN_1, "yarn", "6.19.3", "yarn prisma"),
        ("yarn.lock", YARN_BERRY, "yarn", "6.19.3", "yarn prisma"),
        ("bun.lock", BUN, "bun", "6.19.3", "bunx --no-install prisma"),
    ],
)
def test_lock_files(folder: Path, *, lock: str, content: str, manager: str, version: str, shown: str) -> None:
    package(folder, "^1.0.0")
    (folder / lock).write_text(content)
    found = discover(folder)
    assert (found.prisma_version, found.version_source, found.version_warning) == (version, lock, "")
    assert (found.package_manager, found.shown) == (manager, shown)


def test_installed_wins_and_a_difference_is_told(folder: Path) -> None:
    (folder / "package-lock.json").write_text(NPM)
    install(folder, "6.18.0")
    found = discover(folder)
    assert found.prisma_version == "6.18.0"
    assert "package-lock.json pins 6.19.3" in found.version_warning
    assert found.argv == (str(folder / "node_modules" / ".bin" / "prisma"),)


def test_a_range_alone_is_told(folder: Path) -> None:
    package(folder, "~6.2.0")
    found = discover(folder)
    assert found.prisma_version == "6.2.0"
    assert "~6.2.0" in found.version_warning


def test_workspace_above(folder: Path) -> None:
    (folder.parent / ".git").mkdir()
    (folder.parent / "pnpm-lock.yaml").write_text(PNPM_9)
    install(folder.parent, "6.19.3")
    found = discover(folder)
    assert found.package_manager == "pnpm"
    assert found.argv == (str(folder.parent / "node_modules" / ".bin" / "prisma"),)


def test_a_stray_lock_file_above_is_not_ours(folder: Path) -> None:
    (folder.parent / "yarn.lock").write_text(YARN_1)
    assert discover(folder).package_manager == "npm"


def test_configured_command(folder: Path) -> None:
    install(folder, "6.19.3")
    found = discover(folder, command=["pnpm", "--filter", "db", "prisma"])
    assert found.argv == found.command == ("pnpm", "--filter", "db", "prisma")


@pytest.mark.parametrize(
    ("version", "supported", "splits"),
    [("4.16.2", False, False), ("5.0.0", True, False), ("7.3.0", True, False), ("7.4.0", True, True)],
)
def test_releases_differ(folder: Path, *, version: str, supported: bool, splits: bool) -> None:
    package(folder, version)
    found = discover(folder)
    assert (found.supported, found.splits_statements) == (supported, splits)
    assert bool(found.unsupported) is not supported


def test_prisma_8_is_not_supported(folder: Path) -> None:
    install(folder, "8.0.0-rc.1")
    assert discover(folder).unsupported.startswith("Prisma 8.0.0-rc.1 is not supported")


def test_schema_folder(folder: Path) -> None:
    schema = folder / "prisma" / "schema"
    schema.mkdir()
    (folder / "prisma" / "schema.prisma").rename(schema / "base.prisma")
    (schema / "a.prisma").write_text("model A { id Int @id }")
    found = discover(folder, "prisma/schema")
    assert (found.schema, found.migrations) == (schema, folder / "prisma" / "migrations")
    (schema / "migrations").mkdir()
    assert discover(folder, "prisma/schema").migrations == schema / "migrations"


def test_prisma_config_names_folder_and_variables(folder: Path) -> None:
    (folder / "db" / "moves").mkdir(parents=True)
    (folder / "prisma.config.ts").write_text(
        "export default defineConfig({ // migrations: { path: 'no' }\n"
        "  migrations: { path: 'db/moves' },\n"
        "  datasource: { url: env('POSTGRES_URL'), shadowDatabaseUrl: process.env['SHADOW_DB_URL'] },\n"
        "  other: process.env.API_TOKEN })"
    )
    found = discover(folder)
    assert found.config == folder / "prisma.config.ts"
    assert found.migrations == folder / "db" / "moves"
    assert found.url_variables == ("DATABASE_URL", "POSTGRES_URL")
    assert found.shadow_variables == ("SHADOW_DB_URL",)


def test_variables_of_the_schema(folder: Path) -> None:
    schema = folder / "prisma" / "schema.prisma"
    schema.write_text(
        'datasource db { // url = env("NO")\n  provider = "postgresql"\n  url = env("POOLED_URL")\n'
        '  directUrl = env("DIRECT_URL")\n  shadowDatabaseUrl = env("SHADOW_URL")\n}\n'
    )
    found = discover(folder)
    assert found.url_variables == ("POOLED_URL", "DIRECT_URL")
    assert found.shadow_variables == ("SHADOW_URL",)
    schema.write_text(SCHEMA.replace('env("DATABASE_URL")', '"postgresql://u:p@h/d" // literal'))
    assert discover(folder).literal_url


def test_commit(folder: Path) -> None:
    needs("git")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert discover(folder).commit == ""
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert discover(folder).commit == head


def broken(folder: Path, what: str) -> None:
    schema, package_json = folder / "prisma" / "schema.prisma", folder / "package.json"
    match what:
        case "no package.json":
            package_json.unlink()
        case "package.json is no JSON":
            package_json.write_text("{")
        case "no prisma":
            package_json.write_text('{"dependencies": {"@prisma/client": "6.0.0"}}')
        case "no version":
            package(folder, "latest")
        case "no schema":
            schema.unlink()
        case "no datasource":
            schema.write_text('// datasource db { provider = "postgresql" }\n')
        case "other provider":
            schema.write_text(SCHEMA.replace('"postgresql"', '"mysql"'))
        case "other provider in the lock":
            (folder / "prisma" / "migrations" / "migration_lock.toml").write_text('provider = "sqlite"\n')
        case "no migrations":
            (folder / "prisma" / "migrations").rename(folder / "elsewhere")
        case _:
            raise AssertionError(what)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("no package.json", "has no package.json"),
        ("package.json is no JSON", "is not a readable JSON object"),
        ("no prisma", "prisma is not among the dependencies"),
        ("no version", "says which Prisma it uses"),
        ("no schema", "There is no Prisma schema at"),
        ("no datasource", "has no datasource block"),
        ("other provider", "has provider 'mysql'"),
        ("other provider in the lock", r"migration_lock\.toml has provider 'sqlite'"),
        ("no migrations", "There is no migrations folder at"),
    ],
)
def test_what_is_missing_is_named(folder: Path, what: str, sentence: str) -> None:
    broken(folder, what)
    with pytest.raises(ProjectError, match=sentence) as caught:
        discover(folder)
    assert caught.value.remedy


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="does not exist"):
        discover(tmp_path / "gone")
