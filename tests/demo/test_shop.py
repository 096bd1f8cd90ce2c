"""The sample shop on its real database: before, while and after it is migrated, and without it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from dixis_tui.demo.lifecycle import Demo, DemoReady
from dixis_tui.demo.shop_pages import ROUTES
from dixis_tui.demo.shop_process import ShopProcess, ShopState, birth, write_state
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.prisma.steps import Failed
from dixis_tui.settings import DATABASE_URL, load, secrets_from
from dixis_tui.web import health
from dixis_tui.web.flows import go_through
from tests.demo.conftest import migrate, open_production, processes_of
from tests.waiting import until

SHOP_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dixis-tui demo shop'"


@pytest.fixture
def production(shared: tuple[Demo, DemoReady]) -> Iterator[DemoReady]:
    """Production as it was first; put back afterwards."""
    demo, ready = shared
    yield ready
    demo.reset()


def problems(ready: DemoReady) -> dict[str, str]:
    """What the configured health checks, five of them, find wrong."""
    with health.client() as client:
        results = [health.probe(setting, client) for setting in load(ready.config).health]
    assert len(results) == 5
    return {result.name: result.problem for result in results if not result.ok}


def shop_state(folder: Path) -> ShopState:
    state = ShopProcess(folder).running
    assert state is not None
    return state


def test_five_routes_before_and_after_the_migrations(production: DemoReady) -> None:
    assert problems(production) == {}
    assert not any(isinstance(step, Failed) for step in migrate(production))
    assert problems(production) == {}
    answer = httpx.get(f"{production.shop}/api/health").json()
    assert answer == {"status": "ok", "database": "dixis_prod", "migration": "20251118093011_order_item_product"}


def flows(ready: DemoReady) -> dict[str, str]:
    """What the three configured flows find wrong."""
    settings = load(ready.config)
    results = [go_through(flow, secrets_from(ready.environment, settings)) for flow in settings.flows]
    assert [(result.name, result.planned) for result in results] == [
        ("Login", 2),
        ("Product listing", 2),
        ("Checkout", 4),
    ]
    return {result.name: result.problem for result in results if not result.ok}


def test_a_customer_logs_in_looks_and_checks_out_before_and_after(production: DemoReady) -> None:
    assert flows(production) == {}
    assert not any(isinstance(step, Failed) for step in migrate(production))
    assert flows(production) == {}
    with open_production(production) as session:
        session.execute('ALTER TABLE "Product" RENAME COLUMN "slug" TO "sluggish"')
    assert set(flows(production)) == {"Product listing", "Checkout"}


def test_the_shop_believes_no_stranger(production: DemoReady) -> None:
    with httpx.Client(base_url=production.shop) as web:
        assert web.get("/account").status_code == 401
        assert web.get("/account", headers={"Cookie": "session=00.00"}).status_code == 401
        assert web.post("/login", data={"email": "x", "password": "demo"}).status_code == 403
        token = re.findall('name="csrf" value="([^"]+)"', web.get("/login").text)[0]
        assert web.post("/login", data={"csrf": token, "email": "x", "password": "demo"}).status_code == 401
        assert httpx.post(f"{production.shop}/login", data={"csrf": token}).status_code == 403, "without its cookie"
        assert web.post("/api/price", json={"slug": "x", "quantity": 100}).status_code == 404
        assert web.post("/api/price", content=b"[" * 10_000, headers={"Content-Type": "json"}).status_code == 400
        assert web.post("/login", content=b"x" * 40_000).status_code in (400, 403)
        assert web.post("/").status_code == 404


def test_pages_are_greek_html(production: DemoReady) -> None:
    for route in ROUTES[1:]:
        answer = httpx.get(production.shop + route.path)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.text.startswith('<!doctype html><html lang="el">')
        head = httpx.head(production.shop + route.path)
        assert (head.status_code, head.content) == (200, b"")
    assert httpx.get(f"{production.shop}/wp-login.php").status_code == 404


def test_a_failed_migration_makes_health_an_error(shared: tuple[Demo, DemoReady], production: DemoReady) -> None:
    shared[0].break_production()
    assert isinstance(migrate(production)[-1], Failed)
    answer = httpx.get(f"{production.shop}/api/health")
    assert answer.status_code == 500
    assert answer.json() == {
        "status": "error",
        "error": "the migration 20251110152244_backfill_shipping_zone is half-done",
    }
    assert set(problems(production)) == {"API"}


def test_an_emptied_database_makes_every_route_an_error_until_it_is_back(
    shared: tuple[Demo, DemoReady], production: DemoReady
) -> None:
    with open_production(production) as session:
        session.execute("DROP SCHEMA public CASCADE")
    for route in ROUTES:
        answer = httpx.get(production.shop + route.path)
        assert answer.status_code == 500
        assert json.loads(answer.text)["status"] == "error"
    shared[0].reset()
    assert problems(production) == {}


def test_an_error_names_no_password(shared: tuple[Demo, DemoReady], production: DemoReady) -> None:
    url = parse(production.environment[DATABASE_URL], DATABASE_URL)
    admin = shared[0]._servers.production.url("postgres")
    with connect(parse(admin, "admin"), purpose="test") as session:
        session.execute("ALTER ROLE dixis_app NOLOGIN")
        try:
            answer = httpx.get(f"{production.shop}/api/health")
        finally:
            session.execute("ALTER ROLE dixis_app LOGIN")
    assert answer.status_code == 500
    assert not any(secret in answer.text for secret in url.secrets)


def test_it_holds_no_session_between_requests(production: DemoReady) -> None:
    with open_production(production) as session:
        assert httpx.get(f"{production.shop}/checkout").status_code == 200
        until(lambda: session.value(SHOP_SESSIONS) == 0, what="the shop's session to end")


def test_no_secret_in_its_arguments_environment_or_log(production: DemoReady) -> None:
    url = parse(production.environment[DATABASE_URL], DATABASE_URL)
    process = Path("/proc", str(shop_state(production.folder).pid))
    for place in (process / "cmdline", process / "environ", production.folder / "shop.log"):
        content = place.read_text(errors="replace")
        assert content
        assert not any(secret in content for secret in url.secrets), place


def test_a_stranger_with_its_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        own = birth(stranger.pid)
        assert own
        write_state(tmp_path / "shop.json", ShopState(stranger.pid, own + "0", 1, "postgresql://somewhere"))
        ShopProcess(tmp_path).stop()
        assert stranger.poll() is None
        write_state(tmp_path / "shop.json", ShopState(stranger.pid, own, 1, "postgresql://somewhere"))
        ShopProcess(tmp_path).stop()
        assert stranger.wait() == -signal.SIGTERM


def test_a_killed_shop_comes_back_on_its_port(shared: tuple[Demo, DemoReady], production: DemoReady) -> None:
    demo, _ = shared
    before = shop_state(production.folder)
    subprocess.run(["kill", "-KILL", str(before.pid)], check=True)
    until(lambda: not birth(before.pid), what="the shop to be gone")
    assert demo.prepare(2_000).shop == production.shop
    assert problems(production) == {}


def test_stopped_means_that_its_process_is_gone(shared: tuple[Demo, DemoReady], production: DemoReady) -> None:
    demo, _ = shared
    shop, before = ShopProcess(demo.folder), shop_state(demo.folder)
    shop.stop()
    assert birth(before.pid) == ""
    demo.prepare()


def test_it_closes_when_its_folder_is_gone(shared: tuple[Demo, DemoReady], tmp_path: Path) -> None:
    url = parse(shared[1].environment[DATABASE_URL], DATABASE_URL)
    folder = tmp_path / "other"
    folder.mkdir()
    ShopProcess(folder).start(url)
    pid = shop_state(folder).pid
    assert len(processes_of(folder)) == 1
    (folder / "shop.json").unlink()
    until(lambda: not birth(pid), what="the shop to close")


def test_a_shop_that_cannot_start_says_why(tmp_path: Path) -> None:
    state = msgspec.json.encode({"nothing": 1})
    (tmp_path / "shop.json").write_bytes(state)
    assert ShopProcess(tmp_path).running is None
    done = subprocess.run(
        [sys.executable, "-m", "dixis_tui.demo.shop", "--state", str(tmp_path / "shop.json")],
        input=b"postgresql://u:geheim@127.0.0.1\n",
        capture_output=True,
    )
    assert done.returncode == 1
    assert b"geheim" not in done.stderr
    assert (tmp_path / "shop.json").read_bytes() == state
