"""What readers suffer behind one ALTER TABLE that is blocked: ``python -m tests.bench.readers``.

An idle transaction has read the table, and stays for some seconds; sessions of the application read the table over and
over; one ALTER TABLE of it is pending. A line for each way to apply it: the share of reads that had to wait, the p50,
p99 and longest wait of those that did, and how long the migration took until it was through. p99 of all reads says
less: who waits reads less often.

The blocker's time begins when somebody waits for it. Each line is the worst of its turns. Nothing is asserted; our own
lines should stay below their `lock_timeout`, or the victim rule's seconds, plus half a second.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import DixisError
from dixis_tui.model import Executor, MigrationFile, Place
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.direct import apply as apply_files
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.project import Project, discover
from dixis_tui.run.phases.apply import apply
from dixis_tui.settings import MigrateSettings
from tests.bench.executors import context, install, run_cli
from tests.prisma.conftest import write_migrations
from tests.readers import DELAYED_SECONDS, Readers, share

MIGRATIONS = {
    "1_farms": b'CREATE TABLE "Farm" (id int PRIMARY KEY); INSERT INTO "Farm" SELECT generate_series(1, 100);',
    "2_zone": b'ALTER TABLE "Farm" ADD COLUMN zone text;',
}
_WAITS = "SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
_SEEN_SECONDS = 30.0


class Suffered(Struct, frozen=True):
    """What came of one scene: seconds, sorted."""

    waits: list[float]
    took: float
    through: bool

    @property
    def delayed(self) -> list[float]:
        """The waits of those that had to."""
        return [wait for wait in self.waits if wait > DELAYED_SECONDS]


class Way(Struct, frozen=True):
    """One way to apply the pending file. `older`: the blocker was there before, so that `direct` sees it first."""

    name: str
    migrate: MigrateSettings | None = None
    older: bool = False


def ways(*, node: bool) -> list[Way]:
    """The real CLI alone, and ours."""
    default = MigrateSettings(executor=Executor.DIRECT)

    def queued(timeout: float, sessions: int) -> Way:
        rule = "" if sessions else ", no victim rule"
        settings = MigrateSettings(lock_timeout_seconds=timeout, quiet_seconds=0.0, victim_sessions=sessions)
        return Way(f"direct, lock_timeout {timeout:g}, no quiet{rule}", settings)

    found = [
        Way("bare prisma migrate deploy"),
        Way("our prisma executor, defaults", MigrateSettings(executor=Executor.PRISMA)),
        Way("direct, defaults, blocker there before", default, older=True),
        Way("direct, defaults, blocker comes with it", default),
        *(queued(timeout, 5) for timeout in (5.0, 2.0, 1.0)),
        *(queued(timeout, 0) for timeout in (5.0, 2.0, 1.0)),
    ]
    return found if node else [way for way in found if way.migrate and way.migrate.executor is Executor.DIRECT]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=9.0, help="how long the blocker stays")
    parser.add_argument("--turns", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home = Path(place)
        home.chmod(0o711)  # the server's own user has to reach its data when we are root
        server = EmbeddedServer(home / "server")
        server.create()
        server.start()
        try:
            bench(home, server, arguments.readers, arguments.seconds, arguments.turns)
        finally:
            server.remove()


def bench(home: Path, server: EmbeddedServer, readers: int, seconds: float, turns: int) -> None:
    """A line a way."""
    node = shutil.which("npm") is not None
    folder = install(home / "project") if node else home / "project"
    shutil.rmtree(folder / "prisma" / "migrations", ignore_errors=True)
    files = read_migrations(write_migrations(folder, MIGRATIONS))
    project = discover(folder) if node else None
    stage = Stage(home=home, server=server, project=project, files=files, readers=readers, seconds=seconds)
    print(f"{readers} readers, a blocker of {seconds:g} s, the worst of {turns}; seconds")
    print(f"  {'':54}  delayed reads     p50     p99     max   migration")
    for way in ways(node=node):
        found = [scene(stage, way) for _ in range(turns)]
        worst = max(found, key=lambda one: one.waits[-1])
        late = worst.delayed or [0.0]
        tally = f"{len(worst.delayed)} of {len(worst.waits)}"
        numbers = f"{share(late, 0.5):7.2f} {share(late, 0.99):7.2f} {worst.waits[-1]:7.2f}"
        failed = "" if all(one.through for one in found) else "  not applied"
        print(f"  {way.name:54}  {tally:>13} {numbers} {worst.took:11.2f}{failed}", flush=True)


class Stage(Struct, frozen=True, kw_only=True):
    """What all scenes share."""

    home: Path
    server: EmbeddedServer
    project: Project | None
    files: tuple[MigrationFile, ...]
    readers: int
    seconds: float


def scene(stage: Stage, way: Way) -> Suffered:
    """One way, on a fresh database."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    stage.server.create_database(name)
    url = parse(stage.server.url(name), "DATABASE_URL")
    with connect(url, purpose="shop") as blocker:
        list(apply_files(blocker, stage.files[:1]))
        blocker.script(b"SELECT pg_advisory_unlock_all()")
        blocker.script(b'BEGIN; SELECT FROM "Farm"')
        if way.older:
            threading.Event().wait(2.0)
        with Readers(url, stage.readers, '"Farm"') as crowd:
            going = threading.Thread(target=let_go, args=(url, blocker, stage.seconds, not way.older), daemon=True)
            going.start()
            began = time.monotonic()
            through = ends_well(how(stage, way), url)
            took = time.monotonic() - began
            going.join()
        if crowd.errors:
            raise SystemExit(f"a reader failed: {crowd.errors[0]}")
    return Suffered(crowd.waits(), took, through)


def how(stage: Stage, way: Way) -> Callable[[DatabaseUrl], None]:
    """What applies the file."""
    migrate, project, pending = way.migrate, stage.project, stage.files[1:]
    if migrate is None:
        assert project is not None
        return lambda url: run_cli(project, url)

    def ours(url: DatabaseUrl) -> None:
        with context(stage.home, url, migrate, pending) as run:
            apply(run, url, project or Unsplit(), pending, Place.PRODUCTION)  # type: ignore[arg-type]

    return ours


def ends_well(deed: Callable[[DatabaseUrl], None], url: DatabaseUrl) -> bool:
    """Whether the file was applied: a way may give up."""
    try:
        deed(url)
    except (DixisError, SystemExit, subprocess.CalledProcessError):
        return False
    return True


class Unsplit:
    """All that `direct` asks of a project."""

    splits_statements = False


def let_go(url: DatabaseUrl, blocker: Session, seconds: float, waits: bool) -> None:
    """End the blocker so many seconds after somebody waits for it."""
    with connect(url, purpose="bench") as admin:
        deadline = time.monotonic() + _SEEN_SECONDS
        while waits and not admin.value(_WAITS) and time.monotonic() < deadline:
            threading.Event().wait(0.02)
    threading.Event().wait(seconds)
    blocker.rollback()


if __name__ == "__main__":
    main()
