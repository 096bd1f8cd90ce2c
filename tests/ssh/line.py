"""A line to a server on loopback: as slow and as long as asked for, counted, and cut in the ways in which lines are."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

SLOW_RATE = 8_000.0
"""Bytes a second of a line of 64 kbit/s."""
SLOW_DELAY = 0.15
"""Seconds each way: 300 ms from a key to its answer, before anything was sent."""
_PIECE = 512
_NO_LINGER = struct.pack("ii", 1, 0)


class Line:
    """Listens on `port` and passes on to `target`; a context manager. Without `rate` and `delay` as fast as loopback.

    `rate`: bytes a second each way; `delay`: seconds each way. `down` and `up` count the bytes that came through.
    """

    def __init__(self, target: int, rate: float = 0.0, delay: float = 0.0) -> None:
        self.down = self.up = 0
        self.port = 0
        self._target, self._rate, self._delay = target, rate, delay
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends: list[asyncio.StreamWriter] = []
        self._passing: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Both ends hear that the connection is no more (RST), at once and in the midst of whatever is sent."""
        self._do(self._reset())

    def silence(self) -> None:
        """Nothing comes through any more and nobody is told: the laptop was closed, the mast is gone."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._do(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        self._server.close()
        await self._reset()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _reset(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            end.transport.abort()
        self._ends.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._ends += [writer, far_writer]
        for source, sink, is_down in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.create_task(self._pass_on(source, sink, is_down))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_down: bool) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(under_way, sink, is_down))
        try:
            while piece := await source.read(_PIECE):
                if self._rate:
                    await asyncio.sleep(len(piece) / self._rate)
                under_way.put_nowait((self._loop.time() + self._delay, piece))
            under_way.put_nowait((self._loop.time() + self._delay, b""))
            await arriving
        except OSError:
            pass  # an end was reset: that is what the other one hears, too
        finally:
            arriving.cancel()
            if self._flows.is_set():
                sink.close()

    async def _arrive(
        self, under_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter, is_down: bool
    ) -> None:
        while True:
            due, piece = await under_way.get()
            if not piece:
                return
            await asyncio.sleep(due - self._loop.time())
            await self._flows.wait()
            sink.write(piece)
            await sink.drain()
            if is_down:
                self.down += len(piece)
            else:
                self.up += len(piece)
