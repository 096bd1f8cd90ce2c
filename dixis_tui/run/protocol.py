"""The two kinds of lines on a run's socket."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.run.commands import Command


class Request(Struct, frozen=True):
    """One line from a client."""

    id: int
    command: Command


class Message(Struct, frozen=True, omit_defaults=True):
    """One line to a client: an answer (`id`, `refused`) or news (`entries`)."""

    id: int = 0
    refused: str | None = None
    entries: int = 0
