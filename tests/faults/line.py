"""The line between runner and server: a TCP proxy that stands still, or is gone."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress


class Line:
    """Forwards to one port of this machine. A context manager; its threads end with it."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._gates = [self._flows]
        self._open: list[socket.socket] = []
        self._cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for gate in self._gates:
            gate.set()

    def stall(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._flows.clear()

    def flow(self) -> None:
        """What stood still goes on."""
        self._flows.set()

    def anew(self) -> None:
        """New connections come through; those that stand still do so for ever."""
        self._flows = threading.Event()
        self._flows.set()
        self._gates.append(self._flows)
        self._cut = False

    def leads_to(self, port: int) -> None:
        """New connections go to another server."""
        self._to = port

    def cut(self) -> None:
        """Every connection is closed, and every new one at once."""
        self._cut = True
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            if self._cut:
                near.close()
                continue
            threading.Thread(target=self._serve, args=(near, self._flows), daemon=True).start()

    def _serve(self, near: socket.socket, flows: threading.Event) -> None:
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as far:
            with self._lock:
                self._open += [near, far]
            try:
                while True:
                    for one in select.select([near, far], [], [])[0]:
                        flows.wait()
                        data = one.recv(65536)
                        if not data:
                            return
                        (far if one is near else near).sendall(data)
            finally:
                with self._lock:
                    self._open = [one for one in self._open if one not in (near, far)]
