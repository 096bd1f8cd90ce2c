"""What applying migrations costs, as ratios of one run on one machine: ``python -m tests.bench.executors``.

Two pairs, each measured in turns (A, B, A, B, …) on one server with its fsync on, medians compared:

- `direct` as an operator gets it (journal, log and all) against one `psql` session that is given the same files with
  `-f`. Beside it, to know the floor: `psql -c` with each file's text, which commits as often as `direct` does.
- the `prisma` executor as an operator gets it against the project's bare CLI. Needs Node.js; left out without it.

Nothing is asserted: a ratio above its aim is worth a look.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from dixis_tui import events as ev
from dixis_tui.model import Executor, MigrationFile, MigrationState, Phase, Place
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.project import Project, discover
from dixis_tui.process import child_environment
from dixis_tui.run import folders
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.phases.apply import apply
from dixis_tui.run.phases.apply_direct import with_direct
from dixis_tui.secrets import Redactor
from dixis_tui.settings import MigrateSettings, Settings

AIM_DIRECT, AIM_DIRECT_LATER = 1.3, 1.1
AIM_PRISMA = 1.05
SAMPLE = Path(__file__).parents[2] / "dixis_tui" / "demo" / "sample"

ONE = 'ALTER TABLE "shop" ADD COLUMN "c{n}" INTEGER;\n'
THREE = """\
-- CreateTable
CREATE TABLE "t{n}" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL, "price" NUMERIC(10, 2) NOT NULL DEFAULT 0);
-- CreateIndex
CREATE INDEX "t{n}_name_idx" ON "t{n}"("name");
-- Rows
INSERT INTO "t{n}" ("name", "price") SELECT 'Προϊόν ' || i, i FROM generate_series(1, 10) i;
"""
BLOCK = """\
DO $$ BEGIN
    UPDATE "shop" SET "visits" = "visits" + 1 WHERE "id" = {n};
    INSERT INTO "shop" ("id", "visits") VALUES ({n}, 1) ON CONFLICT DO NOTHING;
END $$;
"""
TWO = 'ALTER TABLE "shop" ADD COLUMN "d{n}" TEXT;\nUPDATE "shop" SET "d{n}" = \'\' WHERE "id" < 100;\n'
FIRST = 'CREATE TABLE "shop" ("id" INTEGER PRIMARY KEY, "visits" INTEGER NOT NULL DEFAULT 0);\n'
SHAPES: dict[str, Sequence[str]] = {
    "one line a file": [ONE],
    "three statements": [THREE],
    "mixed": [ONE, THREE, BLOCK, TWO],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", choices=["direct", "prisma"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home = Path(place)
        home.chmod(0o711)  # the server's own user has to reach its data when we are root
        server = EmbeddedServer(home / "server")
        server.create()
        server.start()
        try:
            if arguments.only != "prisma":
                bench_direct(home, server, arguments.files, arguments.turns)
            if arguments.only != "direct":
                bench_prisma(home, server, arguments.turns)
        finally:
            server.remove()


def bench_direct(home: Path, server: EmbeddedServer, count: int, turns: int) -> None:
    """`direct` against `psql -f`, a shape at a time."""
    print(f"direct against psql, {count} files, medians of {turns}; aim {AIM_DIRECT}, later {AIM_DIRECT_LATER}")
    print("                      psql -f    psql -c     direct   direct/psql -f   direct/psql -c")
    for name, shapes in SHAPES.items():
        files = write_files(home / "files" / name, shapes, count)
        found = in_turns(server, direct_runs(home, server.bindir / "psql", files), turns)
        least, floor, ours = found["-f"], found["-c"], found["direct"]
        print(
            f"  {name:18} {least:7.2f} s  {floor:7.2f} s  {ours:7.2f} s   {ours / least:10.2f}   {ours / floor:14.2f}"
        )


def direct_runs(home: Path, psql: Path, files: Sequence[MigrationFile]) -> dict[str, Callable[[DatabaseUrl], None]]:
    """The three that are compared."""
    by_file = [word for file in files for word in ("-f", file.path)]
    by_text = [word for text in texts(files) for word in ("-c", text)]
    return {
        "-f": lambda url: run_psql(psql, url, by_file),
        "-c": lambda url: run_psql(psql, url, by_text),
        "direct": lambda url: run_direct(home, url, files),
    }


def bench_prisma(home: Path, server: EmbeddedServer, turns: int) -> None:
    """The `prisma` executor against the bare CLI, on the demo's sample project."""
    if shutil.which("npm") is None:
        print("prisma: left out, needs Node.js and npm")
        return
    project = discover(install(home / "project"))
    runs = {
        "bare": lambda url: run_cli(project, url),
        "executor": lambda url: run_executor(home, url, project, read_migrations(project.migrations)),
    }
    found = in_turns(server, runs, turns)
    print(f"prisma executor against the bare CLI, the sample's migrations, medians of {turns}; aim {AIM_PRISMA}")
    print(f"  bare {found['bare']:.2f} s, executor {found['executor']:.2f} s: {found['executor'] / found['bare']:.3f}")


def install(folder: Path) -> Path:
    """The demo's sample project with its packages, ready for its CLI."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=folder, check=True, capture_output=True)
    os.environ["PRISMA_QUERY_ENGINE_LIBRARY"] = os.environ["PRISMA_SCHEMA_ENGINE_BINARY"] = shutil.which("node") or ""
    return folder


def in_turns(server: EmbeddedServer, runs: dict[str, Callable[[DatabaseUrl], None]], turns: int) -> dict[str, float]:
    """Median seconds of each, taken in turns, each time on a fresh database."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(turns):
        for name, run in runs.items():
            database = f"bench_{uuid.uuid4().hex[:8]}"
            server.create_database(database)
            url = parse(server.url(database), "DATABASE_URL")
            checkpoint(server)
            began = perf_counter()
            run(url)
            seconds[name].append(perf_counter() - began)
            administer(server, f'DROP DATABASE "{database}" WITH (FORCE)')
    return {name: median(taken) for name, taken in seconds.items()}


def checkpoint(server: EmbeddedServer) -> None:
    """What the last run left to be written is not the next one's cost."""
    administer(server, "CHECKPOINT")


def administer(server: EmbeddedServer, sql: str) -> None:
    """One statement as superuser."""
    run_psql(server.bindir / "psql", parse(server.url("postgres"), "DATABASE_URL"), ["-c", sql])


def write_files(folder: Path, shapes: Sequence[str], count: int) -> tuple[MigrationFile, ...]:
    """`count` migrations of these shapes, after one that makes what they need."""
    for number in range(count):
        place = folder / f"{20250101000000 + number}_number_{number}"
        place.mkdir(parents=True)
        text = FIRST if number == 0 else shapes[number % len(shapes)].format(n=number)
        (place / "migration.sql").write_text(text, encoding="utf-8")
    return read_migrations(folder)


def texts(files: Sequence[MigrationFile]) -> list[str]:
    """What is in them."""
    return [Path(file.path).read_text(encoding="utf-8") for file in files]


def run_psql(psql: Path, url: DatabaseUrl, words: Sequence[str | Path]) -> None:
    """One psql process, one session; it ends at the first error."""
    environment = {
        "PGHOST": url.host,
        "PGPORT": str(url.port),
        "PGUSER": url.user,
        "PGDATABASE": url.database,
        "PGPASSWORD": url.password.reveal() if url.password else "",
    }
    command = [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", *words]
    subprocess.run(command, env=child_environment(environment), check=True, stdout=subprocess.DEVNULL)


def run_direct(home: Path, url: DatabaseUrl, files: Sequence[MigrationFile]) -> None:
    """The direct executor in a run folder of its own, as in a run."""
    with context(home, url, MigrateSettings(executor=Executor.DIRECT), files) as run:
        with_direct(run, url, files, Place.PRODUCTION, splits=False)


def run_executor(home: Path, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile]) -> None:
    """The prisma executor in a run folder of its own, as in a run."""
    with context(home, url, MigrateSettings(executor=Executor.PRISMA), files) as run:
        apply(run, url, project, files, Place.PRODUCTION)


def run_cli(project: Project, url: DatabaseUrl) -> None:
    """What an operator would type."""
    words = [*project.argv, "migrate", "deploy"]
    environment = os.environ | {"DATABASE_URL": url.raw.reveal()}
    subprocess.run(words, cwd=project.directory, env=environment, check=True, capture_output=True)


@contextmanager
def context(
    home: Path, url: DatabaseUrl, migrate: MigrateSettings, files: Sequence[MigrationFile]
) -> Iterator[Context]:
    """A run that stands before its migrate phase; afterwards every file has to be applied."""
    folder = folders.new_run(home / "runs")
    settings = Settings(migrate=migrate)
    journal, log = Journal(folder / folders.JOURNAL), Log(folder / folders.LOG, Redactor(url.secrets))
    run = Context(folder, settings, {"DATABASE_URL": url.raw.reveal()}, journal, log)
    run.emit(ev.PendingSeen(applied=0, pending=list(files)), ev.PhaseStarted(phase=Phase.MIGRATE))
    yield run
    journal.close()
    states = {view.state for view in run.state.migrations.values()}
    if states != {MigrationState.APPLIED}:
        raise SystemExit(f"not applied: {states}")


if __name__ == "__main__":
    main()
