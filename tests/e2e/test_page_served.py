"""A real nginx and a real Caddy before the demo's shop, with the very lines that we print: a run switches the page on
and off, and whoever asks meanwhile gets a whole shop or a whole maintenance page."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from dixis_tui import events as ev
from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.notices import page
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from tests.e2e.house import PHRASE, House
from tests.e2e.target import ticks
from tests.needs import path_of
from tests.waiting import until

_NGINX = """
{user}
daemon off; pid nginx.pid; error_log error.log; worker_processes 2;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path b; proxy_temp_path p;
    fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    server {{
        listen 127.0.0.1:{port};
        include dixis.conf;
        location / {{ proxy_pass {shop}; }}
    }}
}}
"""
_CADDY = "{{\n\torder error first\n\tadmin off\n}}\nhttp://127.0.0.1:{port} {{\n{ours}\n\treverse_proxy {shop}\n}}\n"
_POLLERS = 2


class Crowd:
    """Visitors of one address, all evening long."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(_POLLERS)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self) -> None:
        with httpx.Client(follow_redirects=True, timeout=20) as client:
            while not self._stop.wait(0.01):
                try:
                    self.seen[_judged(client.get(self.url))] += 1
                except httpx.HTTPError as error:
                    self.seen[repr(error)] += 1


def _judged(answer: httpx.Response) -> str:
    """`shop`, `page`, or what else it was."""
    whole = answer.text.rstrip().endswith("</html>")
    ours = page.owner(answer.text)
    if answer.status_code == 200 and ours is None and whole and "Καλώς ήρθατε στο Dixis" in answer.text:
        return "shop"
    if answer.status_code == 503 and ours and whole and answer.headers.get("Retry-After") == "300":
        return "page" if answer.headers["Cache-Control"] == "no-store" else "a page that is kept"
    return f"{answer.status_code} {answer.text[:200]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Start = Callable[[list[str], str], str]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Start]:
    """Starts a web server and waits until it answers."""
    started: list[subprocess.Popen[bytes]] = []

    def start(words: list[str], url: str) -> str:
        room = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        log = (tmp_path / f"{Path(words[0]).name}.log").open("wb")
        started.append(subprocess.Popen(words, stdout=log, stderr=log, cwd=tmp_path, env=os.environ | room))
        until(lambda: _answers(url), 20, f"{words[0]} to answer")
        return url

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_run_switches_the_page_on_and_off_before_everybody_s_eyes(
    house: House, ready: DemoReady, front: Start, tmp_path: Path
) -> None:
    nginx, caddy = path_of("nginx"), path_of("caddy")
    ports = _free_port(), _free_port()
    urls = tuple(f"http://127.0.0.1:{port}/" for port in ports)
    (tmp_path / "www").mkdir()
    file = tmp_path / "www" / "maintenance.html"
    text = ready.config.read_text().replace('file = "maintenance.html"', f'file = "{file}"')
    # Everything goes by the web server: the program's own looks see the shop behind the page.
    config = ready.folder / "served.toml"
    config.write_text(text.replace(ready.shop, urls[0].rstrip("/")))

    def printed(name: str) -> str:
        return house.call("--config", str(config), "page", name).out

    user = "user root;" if os.getuid() == 0 else ""
    (tmp_path / "dixis.conf").write_text(printed("nginx"))
    (tmp_path / "nginx.conf").write_text(_NGINX.format(user=user, port=ports[0], shop=ready.shop))
    (tmp_path / "Caddyfile").write_text(_CADDY.format(port=ports[1], shop=ready.shop, ours=printed("caddy")))
    front([nginx, "-p", str(tmp_path), "-c", "nginx.conf"], urls[0])
    front([caddy, "run", "--config", "Caddyfile", "--adapter", "caddyfile"], urls[1])

    words = ("--config", str(config), "run", "--confirm", PHRASE, "--after", "0")
    with Crowd(urls[0]) as at_nginx, Crowd(urls[1]) as at_caddy:
        until(lambda: at_nginx.seen["shop"] and at_caddy.seen["shop"], what="the shop to be seen")
        done = house.call(*words, *ticks("DX131", "DX132", "DX133", "DX400"), extra=ready.environment)
        assert done.code == 0, done.said
        open_again = at_nginx.seen["shop"], at_caddy.seen["shop"]
        until(lambda: at_nginx.seen["shop"] > open_again[0] and at_caddy.seen["shop"] > open_again[1])
    for crowd in (at_nginx, at_caddy):
        assert set(crowd.seen) == {"shop", "page"}, crowd.seen
    assert not file.exists()
    seen = [entry.event for entry in read(house.runs()[-1] / JOURNAL) if isinstance(entry.event, ev.PageSeen)]
    assert [(one.up, one.status, one.problem) for one in seen] == [(True, 503, ""), (False, 200, "")]


@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_every_kind_of_request_gets_the_whole_page(
    house: House, ready: DemoReady, front: Start, tmp_path: Path, name: str
) -> None:
    program, port = path_of(name), _free_port()
    url = f"http://127.0.0.1:{port}/"
    file = tmp_path / "maintenance.html"
    config = ready.folder / f"{name}.toml"
    config.write_text(ready.config.read_text().replace('file = "maintenance.html"', f'file = "{file}"'))
    ours = house.call("--config", str(config), "page", name).out
    user = "user root;" if os.getuid() == 0 else ""
    (tmp_path / "dixis.conf").write_text(ours)
    (tmp_path / "nginx.conf").write_text(_NGINX.format(user=user, port=port, shop=ready.shop))
    (tmp_path / "Caddyfile").write_text(_CADDY.format(port=port, shop=ready.shop, ours=ours))
    words = {"nginx": ["-p", str(tmp_path), "-c", "nginx.conf"], "caddy": ["run", "--config", "Caddyfile"]}
    front([program, *words[name]], url)
    up = house.call("--config", str(config), "page", "up")
    assert "503, the maintenance page" not in up.out, "maintenance.url is the shop itself, and the page is elsewhere"
    kept = {"If-Modified-Since": "Wed, 01 Jan 2031 00:00:00 GMT", "Range": "bytes=0-9"}
    with httpx.Client(base_url=url) as client:
        for method in ("GET", "POST", "PUT", "DELETE"):
            for headers in ({}, kept):
                found = client.request(method, "/checkout?x=1", headers=headers)
                assert (found.status_code, page.owner(found.text), page.whole(found.text)) == (503, page.BY_HAND, True)
        assert client.get("/api/health").json()["status"] == "ok"
        assert client.get("/assets/x.js").status_code == 404, "the application answers"
        assert client.get("/", headers={"User-Agent": "dixis-tui health check"}).status_code == 200
        assert client.get("/.dixis-maintenance.html").status_code in (404, 503)
    assert house.call("--config", str(config), "page", "down").code == 0
    assert httpx.get(url).status_code == 200
