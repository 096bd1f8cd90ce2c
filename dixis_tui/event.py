"""What every event is: a frozen struct, told apart by its `type`."""

from __future__ import annotations

from msgspec import Struct


class BaseEvent(Struct, frozen=True, tag_field="type", kw_only=True):
    """One thing that a run says of itself."""
