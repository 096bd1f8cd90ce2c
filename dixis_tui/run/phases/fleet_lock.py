"""The run locks of the targets at work: each is held from before its dispatch until what came of it is known."""

from __future__ import annotations

import socket
from types import TracebackType

from dixis_tui.errors import DixisError
from dixis_tui.postgres.run_lock import HeldBy, NotTaken, RunLock
from dixis_tui.run import under_way
from dixis_tui.run.context import Context
from dixis_tui.run.phases import fleet_plan
from dixis_tui.settings_github import TargetSettings


class Locks:
    """A context manager: whatever is still held goes back at its end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._held: dict[str, RunLock] = {}

    def take(self, target: TargetSettings) -> None:
        """Hold a target's lock, where one can be held there.

        Raises:
            UnderWayError: another run has it.
            ConnectError, QueryError: it could not be asked.
        """
        url = fleet_plan.url_of(self._context, target)
        run = self._context.state.run
        lock = RunLock(url, self._context.folder.name, f"{run.operator if run else ''}@{socket.gethostname()}")
        outcome = lock.ensure()
        if isinstance(outcome, HeldBy):
            raise under_way.elsewhere(outcome, under_way.target(url), self._context.folder.name)
        if isinstance(outcome, NotTaken):
            self._context.log.line("runner", f"{target.name}: no lock was taken: {outcome.reason}", "warning")
            return
        self._held[target.name] = lock

    def take_again(self, target: TargetSettings) -> None:
        """The same for one that is at work already: what is in the way is only said."""
        try:
            self.take(target)
        except DixisError as error:
            self._context.log.line("runner", f"{target.name}: no lock was taken: {error}", "warning")

    def give_back(self, name: str) -> None:
        """Release one; nothing to do where it was not held."""
        if lock := self._held.pop(name, None):
            lock.release()

    def __enter__(self) -> Locks:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name in list(self._held):
            self.give_back(name)
