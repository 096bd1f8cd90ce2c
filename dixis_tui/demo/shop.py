"""The sample shop: the application whose database is migrated. Run as `python -m dixis_tui.demo.shop --state FILE`.

The database's URL comes in on standard input, never as an argument. One short read-only session a request, so that no
open transaction stands in a migration's way and nothing needs mending after the database was replaced.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from dixis_tui.demo.shop_pages import HEALTH, ROUTES, Page, ShopError, json_page
from dixis_tui.demo.shop_process import PAGE, ShopState, birth, read_state, write_state
from dixis_tui.demo.shop_visits import BODY_LIMIT, VISITS, Asked, Reply, Signer, Visit, asked
from dixis_tui.errors import DixisError
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.process import no_core_dumps

_PATIENCE_SECONDS = 5.0
"""A page that waits longer for the database is an error to its visitor."""
_RETRY_AFTER_SECONDS = "60"
_OURS = "dixis-tui "
"""How the program's own looks call themselves: they see the shop behind its maintenance page."""
_PAGES = {route.path: route for route in ROUTES}


class Shop(ThreadingHTTPServer):
    """Serves the pages until it is told to stop, or until its state file is no longer its own."""

    daemon_threads = True

    def __init__(self, port: int, database: DatabaseUrl, state: Path) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._database = database
        self._state = state
        self._shut = state.with_name(PAGE)
        self._signer = Signer()
        self._me = ShopState(os.getpid(), birth(os.getpid()), self.server_address[1], database.masked)

    def announce(self) -> None:
        """Say where we are; from here on requests are answered."""
        write_state(self._state, self._me)

    def service_actions(self) -> None:
        """Called twice a second: whoever deleted the demo's folder by hand has closed the shop."""
        if read_state(self._state) != self._me:
            threading.Thread(target=self.shutdown, daemon=True).start()

    def maintenance(self, path: str, agent: str) -> Page | None:
        """What visitors get while its file is there: not at the health route, and not who looks for dixis-tui."""
        if path == HEALTH or agent.startswith(_OURS):
            return None
        try:
            return Page(self._shut.read_text("utf-8"))
        except FileNotFoundError:
            return None

    def answer(self, show: Callable[[Session], Reply]) -> Reply:
        """What `show` gives, or what keeps it from being shown."""
        try:
            with connect(
                self._database,
                purpose="demo shop",
                read_only=True,
                lock_timeout_seconds=_PATIENCE_SECONDS,
                statement_timeout_seconds=_PATIENCE_SECONDS,
            ) as session:
                return show(session)
        except (DixisError, ShopError) as error:
            problem = json_page({"status": "error", "error": str(error)})
            return Reply(page=problem, status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def visited(self, visit: Visit, request: Asked) -> Reply:
        """The same for what a customer does."""
        return self.answer(lambda session: visit(session, request, self._signer))


class _Handler(BaseHTTPRequestHandler):
    server: Shop
    server_version = "DixisShop"
    sys_version = ""
    timeout = 15.0

    def do_GET(self) -> None:
        body = self._body()
        place = urlsplit(self.path)
        if page := self.server.maintenance(place.path, self.headers.get("User-Agent", "")):
            self._send(Reply(page=page, status=HTTPStatus.SERVICE_UNAVAILABLE), retry_after=_RETRY_AFTER_SECONDS)
            return
        visit = VISITS.get((self.command.replace("HEAD", "GET"), place.path))
        route = _PAGES.get(place.path)
        if visit is not None:
            try:
                words = self.headers
                request = asked(place.query, body, words.get("Content-Type", ""), words.get("Cookie", ""))
            except ShopError as error:
                problem = json_page({"status": "error", "error": str(error)})
                self._send(Reply(page=problem, status=HTTPStatus.BAD_REQUEST))
                return
            self._send(self.server.visited(visit, request))
        elif route is None or self.command == "POST":
            missing = json_page({"status": "error", "error": "no such page"})
            self._send(Reply(page=missing, status=HTTPStatus.NOT_FOUND))
        else:
            self._send(self.server.answer(lambda session: Reply(page=route.show(session))))

    do_HEAD = do_POST = do_GET  # noqa: N815 - the names that http.server looks for

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isascii() and length.isdigit() else 0
        self.close_connection = size > BODY_LIMIT  # the rest of it is nothing to us
        return self.rfile.read(min(size, BODY_LIMIT))

    def _send(self, reply: Reply, retry_after: str = "") -> None:
        body = reply.page.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.page.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if retry_after:
            self.send_header("Retry-After", retry_after)
        if reply.location:
            self.send_header("Location", reply.location)
        if reply.cookie[0]:
            self.send_header("Set-Cookie", f"{reply.cookie[0]}={reply.cookie[1]}; Path=/; HttpOnly; SameSite=Lax")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="where to write process and port")
    parser.add_argument("--port", type=int, default=0, help="preferred port; another one where it is taken")
    options = parser.parse_args(arguments)
    no_core_dumps()
    database = parse(sys.stdin.readline().rstrip("\n"), "the shop's database")
    try:
        shop = Shop(options.port, database, options.state)
    except OSError:
        shop = Shop(0, database, options.state)

    def stop(*_: object) -> None:
        threading.Thread(target=shop.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    with shop:
        shop.announce()
        shop.serve_forever()
    options.state.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
