"""A recorded fleet: the same list, with the keys of a player."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from screens.fleet import FleetScreen


class ReplayFleet(FleetScreen):
    """The keys that act stay refused."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"app.drive('{key}')", show=False) for key in ("space", "home", "end")
    ]
