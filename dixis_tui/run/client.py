"""A screen's end of a run: reads its journal, follows it while the runner lives, sends it commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from dixis_tui.run import folders
from dixis_tui.run.commands import Command
from dixis_tui.run.journal import JournalReader
from dixis_tui.run.protocol import Message, Request
from dixis_tui.run.state import Entry

_GONE = "The runner is gone: nothing was done. Open dixis-tui again to look at what it left."
_ANSWER_SECONDS = 20.0


class Client:
    """Attached to one run. `live` says whether its runner answered at the last look."""

    seen = True
    """`live` is what was seen, not what can only be hoped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_id = folder.name
        self.log = folder / folders.LOG
        self.live = False
        self._journal = JournalReader(folder / folders.JOURNAL)
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._connected: asyncio.Event | None = None
        self._last_id = 0
        self._news = False

    def read(self) -> list[Entry]:
        """The entries added since the last call."""
        return self._journal.read()

    async def follow(self, changed: Callable[[], None]) -> None:
        """Call `changed` at once and whenever entries were added; returns when the runner is gone."""
        self._connected = self._connected or asyncio.Event()
        try:
            reader, self._writer = await _open(self.folder)
        except OSError:
            self._connected.set()
            changed()
            return
        self.live = True
        self._connected.set()
        changed()
        try:
            while line := await reader.readline():
                self._take(msgspec.json.decode(line, type=Message), changed)
        except (ConnectionError, ValueError, msgspec.MsgspecError):
            pass  # the same as an end: the runner can't be talked to any more
        finally:
            self.live = False
            for future in self._waiting.values():
                if not future.done():
                    future.set_result(_GONE)
            self._writer.close()
            self._writer = None
            changed()

    def _take(self, message: Message, changed: Callable[[], None]) -> None:
        if message.refused is None:
            self._tell_soon(changed)
        elif (future := self._waiting.pop(message.id, None)) and not future.done():
            future.set_result(message.refused)

    def _tell_soon(self, changed: Callable[[], None]) -> None:
        """Once for all that came at once: told of each by itself, a screen would paint while keys wait."""

        def tell() -> None:
            self._news = False
            changed()

        if not self._news:
            self._news = True
            asyncio.get_running_loop().call_soon(tell)

    async def send(self, command: Command) -> str:
        """Send a command; "" when it was taken, else why not, as one sentence. Needs :meth:`follow` running."""
        self._connected = self._connected or asyncio.Event()
        try:
            await asyncio.wait_for(self._connected.wait(), _ANSWER_SECONDS)
        except TimeoutError:
            return _GONE
        if self._writer is None:
            return _GONE
        self._last_id += 1
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_id] = future
        self._writer.write(msgspec.json.encode(Request(self._last_id, command)) + b"\n")
        try:
            return await asyncio.wait_for(future, _ANSWER_SECONDS)
        except TimeoutError:
            return "The runner did not answer in time; whether it took the command shows in what follows."


async def _open(folder: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return await asyncio.open_unix_connection(folders.socket_path(folder, handle))
    finally:
        os.close(handle)
