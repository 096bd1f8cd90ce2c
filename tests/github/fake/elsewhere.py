"""Another host: where job logs lie, and where a redirect leads. A token that arrives here has leaked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.github.fake.shapes_runs import log

if TYPE_CHECKING:
    from tests.github.fake.states import JobState


class Elsewhere:
    """A server of its own port. `leaks` are the paths of requests that brought `Authorization` or a cookie along."""

    def __init__(self) -> None:
        self.leaks: list[str] = []
        self.asked: list[str] = []
        self.broken = 0
        """So many logs more break off in the middle."""
        self._jobs: dict[str, JobState] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else a body waits 40 ms for its headers to be acknowledged

            def do_GET(self) -> None:
                outer._answer(self)

            do_POST = do_GET  # noqa: N815 - the base class looks for it by this name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Keeps the output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def log_address(self, job: JobState) -> str:
        """A signed address of a job's log."""
        self._jobs[f"/logs/{job.id}"] = job
        return f"{self.url}/logs/{job.id}?se=2026-11-25T21%3A10%3A00Z&sig=c2lnbmVk&sp=r"

    def close(self) -> None:
        """No more answers."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        self.asked.append(path)
        if handler.headers.get("Authorization") or handler.headers.get("Cookie"):
            self.leaks.append(path)
        job = self._jobs.get(path)
        body = log(job) if job else b'{"login": "mallory", "id": 666}'
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain" if job else "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.broken > 0 and job:
            self.broken -= 1
            handler.wfile.write(body[: len(body) // 2])
            handler.close_connection = True
            return
        handler.wfile.write(body)
