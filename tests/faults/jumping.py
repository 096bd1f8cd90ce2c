"""A runner whose wall clock is off by as many seconds as a file says at that moment; its monotonic clock is true.

Run as a script in the place of `-m dixis_tui.run`. (libfaketime is of no use here: preloaded into CPython it locks up
now and then, and programs started from under it fail.)
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any


class _Jumping:
    """Stands for `datetime` in a module that asks it for the time."""

    def __init__(self, offset: Path) -> None:
        self._offset = offset

    def __getattr__(self, name: str) -> Any:
        return getattr(datetime, name)

    def now(self, zone: tzinfo | None = None) -> datetime:
        """What the clock says."""
        return datetime.now(zone) + timedelta(seconds=float(self._offset.read_text()))


def main() -> int:
    """Be a runner with that clock."""
    import dixis_tui.postgres
    import dixis_tui.run.phases

    runner = importlib.import_module("dixis_tui.run.__main__")
    for package in (dixis_tui.run, dixis_tui.run.phases, dixis_tui.postgres):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    clock = _Jumping(Path(os.environ["CLOCK_OFFSET"]))
    for name, module in list(sys.modules.items()):
        source = getattr(module, "__file__", None)
        if name.startswith("dixis_tui.") and source and "datetime.now(" in Path(source).read_text("utf-8"):
            module.datetime = clock  # type: ignore[attr-defined]
    return int(runner.main())


if __name__ == "__main__":
    sys.exit(main())
