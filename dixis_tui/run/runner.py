"""The runner: the one process of a run that acts. Takes commands on a socket, works in one thread, journals.

The socket speaks JSON lines. A client sends `{"id":1,"command":{…}}` and gets `{"id":1,"refused":""}`; whenever the
journal has grown every client gets `{"entries":N}` and reads the journal itself. Nothing a client does, or its going
away, touches the work. What a client of another account may do, :mod:`dixis_tui.run.accounts` says.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from dixis_tui import events as ev
from dixis_tui.run import accounts, folders, peers, policy_github, sharing, work
from dixis_tui.run import commands as cmd
from dixis_tui.run.accounts import Account, Asker
from dixis_tui.run.context import Context
from dixis_tui.run.protocol import Message, Request
from dixis_tui.run.state import RunState

IDLE_SECONDS = 12 * 3600.0
"""A runner that nobody has looked at for so long, with nothing at work, ends its run: it holds secrets in memory."""
_SLOW_CLIENT_BYTES = 64 * 1024
_STRANGERS_PAUSE_SECONDS = 0.2
"""After each line of another account: what it sends takes nothing from the work."""


class Runner:
    """Serves one run until it has ended."""

    def __init__(self, context: Context, group: int | None = None) -> None:
        """`group`: the number of the Unix group whose accounts may watch."""
        self._context = context
        self._group = group
        self._owner = peers.account_of(os.getuid())
        self._queue: queue.SimpleQueue[tuple[cmd.Command, Asker] | None] = queue.SimpleQueue()
        self._clients: dict[asyncio.StreamWriter, int] = {}
        """Each with its user's number."""
        self._refused: Counter[int] = Counter()
        self._news = False
        self._idle = False
        self._moved = asyncio.Event()
        self._ended = asyncio.Event()
        self._looked_at = time.monotonic()

    async def serve(self, first: cmd.Command | None) -> None:
        """Listen, work on `first`, take commands; returns once the run has ended and everyone was told."""
        loop = asyncio.get_running_loop()
        self._context.changed = lambda: self._tell_soon(loop)
        # Relative, since a socket's path may have only some 100 bytes: the runner's working directory is its folder.
        server = await asyncio.start_unix_server(self._client, path=folders.SOCKET)
        Path(folders.SOCKET).chmod(0o600)
        if self._group is not None:
            sharing.give(Path(folders.SOCKET), self._group, 0o660)
        worker = threading.Thread(target=self._work, name="worker", daemon=True)
        if first:
            self._put(first)
        worker.start()
        while not self._ended.is_set():
            try:
                await asyncio.wait_for(self._ended.wait(), 60)
            except TimeoutError:
                self._end_if_forgotten()
                self._void_if_old()
        self._queue.put(None)
        await asyncio.to_thread(worker.join)
        self._tell()
        server.close()
        for writer in list(self._clients):
            writer.close()
        Path(folders.SOCKET).unlink(missing_ok=True)

    def asked_to_go(self) -> None:
        """The machine goes down, or somebody ends us: stop where it is safe, and leave the run to be taken up again."""
        if self._context.state.running:
            self._context.stop()
        self._put(cmd.Leave(reason="asked to end (SIGTERM)"))

    def _work(self) -> None:
        while (asked := self._next()) is not None:
            command, asker = asked
            # Looked at again here: what was true when it was taken may not be true now.
            if reason := accounts.refusal_for(self._context.state, command, asker, datetime.now(UTC)):
                self._context.note(reason, "warning")
                continue
            try:
                work.perform(self._context, command, asker)
            except Exception as error:  # noqa: BLE001 - a fault of ours must be seen, and must not look like work
                self._say_fault(error)

    def _say_fault(self, error: Exception) -> None:
        try:
            self._context.give_up(self._context.fault(error))
        except OSError as unwritten:
            # What can't be journaled may not be done: without us the run shows as interrupted or unknown, which is so.
            sys.stderr.write(f"The journal can't be written: {unwritten.strerror}\n")
            sys.stderr.flush()
            os._exit(1)

    def _put(self, command: cmd.Command, asker: Asker | None = None) -> None:
        self._queue.put((command, asker or Asker(self._owner, self._owner)))

    def _next(self) -> tuple[cmd.Command, Asker] | None:
        if self._queue.empty():
            self._idle = True
            self._context.changed()
        return self._queue.get()

    def _end_if_forgotten(self) -> None:
        looking = self._owner.uid in self._clients.values()  # who only watches keeps no run open
        idle = not looking and self._context.state.running is None
        if not idle:
            self._looked_at = time.monotonic()
        elif time.monotonic() - self._looked_at > IDLE_SECONDS:
            self._context.note("Nobody has looked at this run for twelve hours: it ends here.", "warning")
            left = policy_github.left_open(self._context.state)
            self._put(
                cmd.Leave(reason="nobody looks at it, and its workflow run may be at work") if left else cmd.End()
            )

    def _void_if_old(self) -> None:
        state = self._context.settled()
        if state.first_confirmed and not accounts.standing(state, datetime.now(UTC)):
            minutes = int(accounts.FIRST_STANDS.total_seconds() // 60)
            self._context.emit(ev.FirstVoided(reason=f"No second person came within {minutes} minutes."))

    # Talking to clients, all in the event loop's thread.

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = peers.uid_of(writer.get_extra_info("socket"))
        owns = uid == self._owner.uid
        shut = not owns and self._group is None
        if shut or not accounts.has_seat(tuple(self._clients.values()), uid, self._owner.uid):
            writer.close()
            return
        self._clients[writer] = uid
        if owns:
            self._looked_at = time.monotonic()
        # What was written while this client was on its way in was told to the others only.
        _send(writer, Message(entries=self._context.state.entries))
        try:
            while line := await reader.readline():
                await self._answer(line, writer, uid)
                await writer.drain()
                if not owns:
                    await asyncio.sleep(_STRANGERS_PAUSE_SECONDS)
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # a client that goes away, sends a line without end, or stays to the end, is only a client
        finally:
            self._clients.pop(writer, None)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter, uid: int) -> None:
        try:
            request = msgspec.json.decode(line, type=Request)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            _send(writer, Message(refused="That is not a command of this version."))
            return
        # A name is looked up anew for each command: there are few, and what it says is written down.
        account = self._owner if uid == self._owner.uid else await asyncio.to_thread(peers.account_of, uid)
        refused = await self._take(request.command, Asker(account, self._owner))
        _send(writer, Message(id=request.id, refused=refused))

    async def _take(self, command: cmd.Command, asker: Asker) -> str:
        context, words = self._context, self._context.log.redactor.line
        if hasattr(command, "operator"):
            command = msgspec.structs.replace(command, operator=words(command.operator))
        reason = accounts.refusal_for(context.settled(), command, asker, datetime.now(UTC))
        if not reason and isinstance(command, cmd.Phrased):
            reason = work.wrong_phrase(context, command)
        if reason:
            self._write_refusal(command, asker.account, reason)
            return reason
        if policy_github.is_deed(context.settled(), command):
            return await asyncio.to_thread(work.github, context, command)
        match command:
            case cmd.Tick(code=code, operator=operator, on=on):
                context.emit(ev.Ticked(code=code, operator=operator, on=on))
            case cmd.Waive(code=code, operator=operator, reason=reason):
                context.emit(ev.Waived(code=code, operator=operator, reason=words(reason)))
                context.log.line("operator", f"{operator} waived {code}: {reason}", "warning")
                await asyncio.to_thread(work.watch_if_verified, context)
            case cmd.Stop(operator=operator) if context.settled().running is None:
                return _refused(context.decide(lambda state: _take_back(state, operator)))
            case cmd.Stop(now=now, operator=operator):
                if not context.stopping.is_set():
                    context.note("Stop asked: the run stops at its next safe point.", "warning")
                    context.stop()
                if now:
                    return await asyncio.to_thread(work.cancel, context, operator)
            case cmd.SignalBackend() | cmd.SendNotice() | cmd.EndAfter():
                return await asyncio.to_thread(work.beside, context, command)
            case _:
                return await self._hand_on(command, asker)
        return ""

    def _write_refusal(self, command: cmd.Command, account: Account, reason: str) -> None:
        """Journal that a phrase was refused; whatever else another account may not do leaves no trace."""
        owns = account.uid == self._owner.uid
        approves = isinstance(command, cmd.Confirm) and accounts.needs_second(self._context.settled())
        if not isinstance(command, cmd.Phrased) or not (owns or approves):
            return
        self._refused[account.uid] += 1
        if owns or self._refused[account.uid] <= accounts.REFUSALS_WRITTEN:
            by = command.operator if owns else f"{command.operator} ({account})"
            self._context.emit(ev.ConfirmationRefused(operator=by, reason=reason))

    async def _hand_on(self, command: cmd.Command, asker: Asker) -> str:
        """Give a command to the worker, unless it began something else since the sender looked."""
        begun = _attempts(self._context.settled())
        while not self._idle and _attempts(self._context.settled()) == begun:
            self._moved.clear()
            await self._moved.wait()
        if not self._idle or _attempts(self._context.settled()) != begun:
            return "Another step has begun meanwhile: look at it first."
        if reason := accounts.refusal_for(self._context.settled(), command, asker, datetime.now(UTC)):
            return reason
        self._idle = False
        self._put(command, asker)
        return ""

    def _tell_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._news:
            self._news = True
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._news = False
        self._moved.set()
        for writer in list(self._clients):
            if writer.transport.get_write_buffer_size() < _SLOW_CLIENT_BYTES:
                _send(writer, Message(entries=self._context.state.entries))
        if self._context.state.ended or self._context.state.left:
            self._ended.set()


def _attempts(state: RunState) -> int:
    return sum(view.attempts for view in state.phases.values())


def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    if not writer.is_closing():
        writer.write(msgspec.json.encode(message) + b"\n")


def _take_back(state: RunState, operator: str) -> ev.Event:
    if state.first_confirmed:
        who = operator or state.first_confirmed.operator
        return ev.FirstVoided(reason=f"{who} took the phrase back.", taken_back=True)
    return ev.Noted(text="There is no phrase to take back any more: look at the run.", level="warning")


def _refused(event: ev.Event) -> str:
    return event.text if isinstance(event, ev.Noted) else ""
