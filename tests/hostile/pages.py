"""A web server that answers with the hostile texts: as a body, as a reason, as a header, and as where to go on."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hostile.streams import STREAMS

PLACES = ("body", "reason", "header", "location")
_HEAD = 2_000
"""Bytes of a text that are sent in a header: a server that sends more is refused unread."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve `/<place>/<name>` on loopback; gives the address."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        thread = threading.Thread(target=_serve, args=(server,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed: the test is over
        while True:
            peer, _ = server.accept()
            threading.Thread(target=_answer, args=(peer,), daemon=True).start()


def _answer(peer: socket.socket) -> None:
    with peer, contextlib.suppress(OSError):  # who has seen enough hangs up
        asked = b""
        while b"\r\n\r\n" not in asked and (more := peer.recv(4096)):
            asked += more
        _, place, name = asked.split(b" ")[1].decode().split("/")
        text = STREAMS[name].whole()
        line = text.replace(b"\r", b"").replace(b"\n", b"")[:_HEAD]
        reason = line if place == "reason" else b"OK"
        status = b"302" if place == "location" else b"200"
        headers = b"X-Hostile: " + line + b"\r\n" if place == "header" else b""
        headers += b"Location: http://127.0.0.1/" + line + b"\r\n" if place == "location" else b""
        peer.sendall(b"HTTP/1.1 " + status + b" " + reason + b"\r\nConnection: close\r\n" + headers + b"\r\n")
        if place == "body":
            peer.sendall(text)
