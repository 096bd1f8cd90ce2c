"""Readers of a table, and the log of what they suffer: each reads over and over and writes down how long it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType

from dixis_tui.errors import DixisError
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from tests.waiting import until

DELAYED_SECONDS = 0.1
"""A read of a row that takes longer has waited for somebody."""
_BETWEEN_SECONDS = 0.02
_BOUND_SECONDS = 120.0


class Readers:
    """A context manager: so many sessions of the application that read until its end. None gives up."""

    def __init__(self, url: DatabaseUrl, count: int, *tables: str) -> None:
        self._url = url
        self._sql = [f"SELECT FROM {table} LIMIT 1".encode() for table in tables]
        self._over = threading.Event()
        self._waits: list[float] = []
        self._begun: dict[int, float] = {}
        self.errors: list[DixisError] = []
        self._threads = [threading.Thread(target=self._read, args=(number,), daemon=True) for number in range(count)]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        until(lambda: len(self._waits) >= len(self._threads), what="every reader's first read")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(_BOUND_SECONDS)

    def waits(self) -> list[float]:
        """Seconds of each read, shortest first; those that still wait count with what they have waited so far."""
        now = time.monotonic()
        return sorted([*self._waits, *(now - began for began in list(self._begun.values()))])

    @property
    def longest(self) -> float:
        """Seconds of the longest read so far."""
        return self.waits()[-1]

    @property
    def delayed(self) -> int:
        """How many reads had to wait."""
        return sum(wait > DELAYED_SECONDS for wait in self.waits())

    def _read(self, number: int) -> None:
        try:
            with connect(
                self._url, purpose="reader", lock_timeout_seconds=0, statement_timeout_seconds=_BOUND_SECONDS
            ) as session:
                session.execute("SELECT set_config('application_name', 'shop', false)")
                while not self._over.wait(_BETWEEN_SECONDS):
                    for sql in self._sql:
                        self._begun[number] = began = time.monotonic()
                        session.script(sql)
                        self._begun.pop(number)
                        self._waits.append(time.monotonic() - began)
        except DixisError as error:
            self.errors.append(error)


def share(waits: Sequence[float], part: float) -> float:
    """The wait that so much of them (0.99: p99) did not exceed; `waits` are sorted."""
    return waits[min(int(len(waits) * part), len(waits) - 1)]
