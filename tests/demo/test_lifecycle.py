"""A demo from its first start to its removal, on real servers."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from dixis_tui.demo.folder import LOCK, demo_folder
from dixis_tui.demo.lifecycle import Demo, DemoReady
from dixis_tui.errors import ToolError, UsageError
from dixis_tui.model import Executor
from dixis_tui.postgres.after_stats import AfterReader
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.prisma.steps import Applied, Failed
from dixis_tui.settings import DATABASE_URL, STAGING_DATABASE_URL, load
from tests.demo.conftest import ROWS, history, migrate, open_production, processes_of

PREPARE = """
import sys
from pathlib import Path
from dixis_tui.demo.lifecycle import Demo
Demo(Path(sys.argv[1]), fsync=False).prepare(int(sys.argv[2]), on_line=lambda line: print(line, flush=True))
"""


@pytest.fixture
def used(shared: tuple[Demo, DemoReady]) -> Iterator[Demo]:
    """A demo to work on; put back afterwards."""
    demo, _ = shared
    yield demo
    demo.prepare(ROWS, broken=False, new_window=True)
    demo.reset()


def test_a_fresh_demo_stands_before_four_migrations(shared: tuple[Demo, DemoReady]) -> None:
    _, ready = shared
    found = history(ready)
    assert (len(found.applied), len(found.pending)) == (8, 4)
    assert found.consistent
    assert not found.failed
    with open_production(ready) as session:
        assert session.value('SELECT count(*) FROM "Order"') == ROWS
        assert (
            session.value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'dixis_prod'") == "dixis_app"
        )
    with connect(parse(ready.environment[STAGING_DATABASE_URL], STAGING_DATABASE_URL), purpose="test") as session:
        assert session.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0


def test_the_password_needs_encoding(shared: tuple[Demo, DemoReady]) -> None:
    url = parse(shared[1].environment[DATABASE_URL], DATABASE_URL)
    assert set("@:/% #") <= set(url.password.reveal())
    assert url.password.reveal() not in url.raw.reveal()
    assert url.raw.reveal() not in repr(shared[1])


def test_the_configuration_is_what_the_cockpit_reads(shared: tuple[Demo, DemoReady]) -> None:
    settings = load(shared[1].config)
    assert settings.environment == "demo"
    assert settings.migrate.executor is Executor.DIRECT
    assert (settings.prisma_directory / "prisma" / "schema.prisma").exists()
    assert [entry.url.removeprefix(shared[1].shop) for entry in settings.health] == [
        "/api/health",
        "/",
        "/login",
        "/products",
        "/checkout",
    ]
    assert settings.limits.disk_free_gb == pytest.approx(shutil.disk_usage(shared[0].folder).free / 1e9, rel=0.5)
    opens, closes = settings.window.opens(), settings.window.closes()
    assert opens is not None
    assert closes is not None
    assert opens <= datetime.now(UTC) < closes
    assert (closes - opens).total_seconds() == 3600


def test_nobody_else_can_look_into_the_folder(shared: tuple[Demo, DemoReady]) -> None:
    demo, ready = shared
    assert stat.S_IMODE(demo.folder.stat().st_mode) == 0o700
    for file in [*demo.folder.iterdir(), *(demo.folder / "production").iterdir()]:
        if file.is_file() and file.name not in ("server.log", "shop.log"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    for file in demo.folder.rglob("*"):
        if file.is_file() and file.name != "application-password" and "data" not in file.parts:
            content = file.read_bytes().decode(errors="replace")
            url = parse(ready.environment[DATABASE_URL], DATABASE_URL)
            assert not any(secret in content for secret in url.secrets), file


def test_prepared_again_it_uses_what_is_there(used: Demo) -> None:
    first = used.prepare(ROWS)
    processes = processes_of(used.folder)
    migrate(first)
    said: list[str] = []
    second = used.prepare(on_line=said.append)
    assert not any("Filling" in line for line in said)
    assert (second.environment, second.shop) == (first.environment, first.shop)
    assert set(processes) <= set(processes_of(used.folder))
    assert history(second).up_to_date


def test_stopped_and_prepared_again_the_data_are_still_there(demo: Demo) -> None:
    migrate(demo.prepare(ROWS))
    demo.stop()
    assert processes_of(demo.folder) == []
    assert (demo.running, demo.prepared) == (False, True)
    again = demo.prepare(ROWS)
    assert demo.running
    assert history(again).up_to_date
    assert httpx.get(f"{again.shop}/api/health").status_code == 200


def test_other_rows_make_it_anew(demo: Demo) -> None:
    said: list[str] = []
    demo.prepare(ROWS, on_line=said.append)
    ready = demo.prepare(ROWS // 2, on_line=said.append)
    assert [line for line in said if "Filling" in line] == [
        "Filling the marketplace: 2,000 orders",
        "Filling the marketplace: 1,000 orders",
    ]
    with open_production(ready) as session:
        assert session.value('SELECT count(*) FROM "Order"') == ROWS // 2


def test_reset_takes_every_migration_back(used: Demo) -> None:
    ready = used.prepare(ROWS)
    for _ in range(2):
        with open_production(ready):  # an idle session is in nobody's way
            assert len([step for step in migrate(ready) if isinstance(step, Applied)]) == 4
            assert history(ready).up_to_date
            used.reset()
        assert len(history(ready).pending) == 4
        assert httpx.get(f"{ready.shop}/checkout").status_code == 200


def test_broken_fails_on_the_third_and_so_does_drift(used: Demo) -> None:
    ready = used.prepare(ROWS, broken=True)
    last = migrate(ready)[-1]
    assert isinstance(last, Failed)
    assert last.name == "20251110152244_backfill_shipping_zone"
    used.reset()
    assert isinstance(migrate(used.prepare())[-1], Failed)
    ready = used.prepare(ROWS, broken=False)
    assert len(history(ready).pending) == 4
    used.break_production()
    assert isinstance(migrate(ready)[-1], Failed)
    used.reset()
    assert isinstance(migrate(ready)[-1], Applied)


def test_slow_adds_a_migration_and_takes_it_away(used: Demo) -> None:
    ready = used.prepare(ROWS, slow=True)
    assert [file.name for file in history(ready).pending][4:] == ["20251121090000_order_item_unused_index"]
    assert len(history(used.prepare(ROWS)).pending) == 5
    assert len(history(used.prepare(ROWS, slow=False)).pending) == 4
    url = parse(ready.environment["DATABASE_URL"], "DATABASE_URL")
    reader = AfterReader(url, big_table_rows=1)
    reader.begin()
    assert reader.problem == ""  # statements are counted here, as the shop's own role sees them
    assert reader.look().statements


def test_the_window_is_kept_while_it_is_open(used: Demo) -> None:
    config = used.prepare(ROWS).config
    first = load(config).window
    assert first.start is not None
    hour, minute = first.start.hour, first.start.minute
    text = config.read_text()

    def begin(written: str) -> None:
        config.write_text(text.replace(f"{hour:02}:{minute:02}:00\nminutes = 60", written))

    begin(f"{hour:02}:{minute:02}:00\nminutes = 77")
    used.prepare(ROWS)
    assert load(config).window.minutes == 77
    used.prepare(ROWS, new_window=True)
    assert load(config).window.minutes == 60
    config.write_text(text.replace(f"start = {first.start.year}", "start = 2019"))
    used.prepare(ROWS)
    opens = load(config).window.opens()
    assert opens is not None
    assert opens.year > 2019


def test_a_second_demo_stands_beside_it(shared: tuple[Demo, DemoReady], demo: Demo) -> None:
    first, ready = shared
    other = demo.prepare(ROWS)
    assert other.shop != ready.shop
    assert other.environment[DATABASE_URL] != ready.environment[DATABASE_URL]
    demo.clean()
    assert first.running
    assert httpx.get(f"{ready.shop}/api/health").status_code == 200


def test_clean_leaves_nothing(demo: Demo, tmp_path: Path) -> None:
    demo.prepare(ROWS)
    assert len(processes_of(demo.folder)) >= 3
    demo.clean()
    assert processes_of(demo.folder) == []
    assert list(tmp_path.iterdir()) == []
    demo.clean()
    demo.stop()


def test_two_starts_at_once_make_one_demo(demo: Demo) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        starts = [pool.submit(Demo(demo.folder, fsync=False).prepare, ROWS, on_line=said.append) for _ in range(2)]
        first, second = (start.result() for start in starts)
    assert first.environment == second.environment
    assert len([line for line in said if "Filling" in line]) == 1
    assert len([line for line in said if "waiting" in line]) == 1


@pytest.mark.parametrize("moment", ["Creating", "Filling", "Opening"])
def test_a_start_that_was_killed_is_repaired_by_the_next(demo: Demo, moment: str) -> None:
    words = [sys.executable, "-c", PREPARE, str(demo.folder), str(ROWS * 10)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as start:
        assert start.stdout is not None
        assert any(moment in line for line in start.stdout)
        start.kill()
    assert start.returncode == -signal.SIGKILL
    ready = demo.prepare(ROWS)
    assert len(history(ready).pending) == 4
    assert httpx.get(f"{ready.shop}/products").status_code == 200
    demo.clean()
    assert processes_of(demo.folder) == []


def test_a_killed_reset_is_repaired_by_the_next_start(used: Demo) -> None:
    ready = used.prepare(ROWS, broken=True)
    with connect(parse(used._servers.production.url("postgres"), "admin"), purpose="test") as session:
        session.execute("DROP DATABASE dixis_prod WITH (FORCE)")
        session.execute("CREATE DATABASE dixis_next")
    assert httpx.get(f"{ready.shop}/").status_code == 500
    ready = used.prepare()
    assert httpx.get(f"{ready.shop}/").status_code == 200
    assert isinstance(migrate(ready)[-1], Failed)


def test_a_folder_that_is_no_demo_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    demo = Demo(tmp_path)
    demo.clean()
    with pytest.raises(UsageError, match="not a demo"):
        demo.prepare(ROWS)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_full_disk_is_seen_before_anything_begins(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=300_000_000))
    with pytest.raises(ToolError, match=r"needs 0\.4 GB, and .* has 0\.3 GB free"):
        demo.prepare(ROWS)
    assert [file.name for file in demo.folder.iterdir()] == [LOCK]


def test_what_needs_a_demo_says_so_without_one(demo: Demo) -> None:
    with pytest.raises(ToolError, match="no demo"):
        demo.reset()
    with pytest.raises(ToolError, match="no demo"):
        demo.break_production()
    with pytest.raises(UsageError, match="too few"):
        demo.prepare(5)
    assert not demo.folder.exists()


def test_demos_live_in_the_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert demo_folder() == tmp_path / "dixis-tui" / "demo" / "default"
    for name in ("", "..", "a/b"):
        with pytest.raises(UsageError):
            demo_folder(name)


def test_without_node_the_executor_prisma_says_what_to_do(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, *_, **__: None if name in ("node", "npm") else f"/usr/bin/{name}")
    with pytest.raises(ToolError, match=r"Node\.js") as raised:
        demo.prepare(ROWS, executor="prisma")
    assert "--executor direct" in raised.value.remedy
    assert not demo.folder.exists()
