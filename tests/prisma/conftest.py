"""The real Prisma CLI: the sample's packages, installed once a machine and shared by all tests and workers."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.npm import installed

SAMPLE = Path(__file__).parents[2] / "dixis_tui" / "demo" / "sample"
_PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc", "prisma.config.ts")
SCHEMA = """\
generator client {
  provider = "prisma-client-js"
}

datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
"""

MakeProject = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The sample's `node_modules`, installed from its lock file into the user's cache, by its digest."""
    digest = hashlib.sha256((SAMPLE / "package-lock.json").read_bytes()).hexdigest()[:16]
    return installed(f"node-{digest}", _copy, "ci") / "node_modules"


def _copy(folder: Path) -> None:
    for name in _PACKAGE_FILES:
        shutil.copy(SAMPLE / name, folder)


@pytest.fixture(scope="session")
def make_project(node_modules: Path) -> MakeProject:
    """Writes a project that the real CLI can run: folder, and its migrations by name."""

    def make(folder: Path, migrations: Mapping[str, bytes]) -> Path:
        write_migrations(folder, migrations)
        for name in _PACKAGE_FILES:
            shutil.copy(SAMPLE / name, folder)
        (folder / "node_modules").symlink_to(node_modules)
        return folder

    return make


def write_migrations(folder: Path, migrations: Mapping[str, bytes]) -> Path:
    """A schema and `migrations` under `folder`; returns the migrations folder."""
    place = folder / "prisma" / "migrations"
    place.mkdir(parents=True, exist_ok=True)
    (place.parent / "schema.prisma").write_text(SCHEMA)
    (place / "migration_lock.toml").write_text('provider = "postgresql"\n')
    for name, content in migrations.items():
        (place / name).mkdir(exist_ok=True)
        (place / name / "migration.sql").write_bytes(content)
    return place
