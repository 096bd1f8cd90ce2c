"""One look after another over HTTP, at real sockets: endpoints together, metrics bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from dixis_tui.plan.after_latency import medians, numbers
from dixis_tui.run.after_watch import metrics
from dixis_tui.secrets import clean
from dixis_tui.settings import HealthSettings
from dixis_tui.web.prober import Prober

PAGES = {
    "/ok": (200, b"fine"),
    "/broken": (500, b"no"),
    "/metrics": (200, b"# TYPE x gauge\nprisma_pool_connections_busy 4\nprisma_client_queries_wait 2\n"),
    "/json": (200, b'{"waitingCount": 3}'),
    "/html": (200, b"<html>\x1b]0;owned\x07</html>"),
}


@contextmanager
def site() -> Iterator[tuple[str, list[str]]]:
    """An application of a few pages; what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = PAGES.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_endpoints_and_metrics() -> None:
    with site() as (url, asked):
        prober = Prober(clean)
        settings = [HealthSettings(name=name, url=f"{url}/{name}") for name in ("ok", "broken")]
        ok, broken = medians(prober.look(settings, 3))
        assert (ok.name, ok.problem) == ("ok", "")
        assert ok.milliseconds > 0
        assert broken.problem == f"{url}/broken answered 500, expected 200"
        assert sorted(asked) == ["/broken", "/ok", "/ok", "/ok"]  # what fails is not asked again
        assert metrics(f"{url}/metrics", prober)[0]["prisma_client_queries_wait"] == 2
        assert metrics(f"{url}/json", prober) == ({"waitingCount": 3.0}, "")
        assert metrics(f"{url}/html", prober) == ({}, f"{url}/html neither JSON nor Prometheus' text")
        assert metrics(f"{url}/none", prober) == ({}, f"{url}/none answered 404")
        prober.close()
    away = Prober(clean)
    assert "can't be reached" in metrics(f"{url}/metrics", away)[1]
    away.close()


@pytest.mark.parametrize("page", ["prisma_x nan\nprisma_y 1e999\nprisma_z 3\n"])
def test_numbers_that_are_none(page: str) -> None:
    assert numbers(page) == {"prisma_z": 3.0}
