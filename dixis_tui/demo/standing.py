"""Whether a demo stands, seen from its files and processes alone: cheap enough to ask before anything else."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.demo.shop_process import ShopProcess
from dixis_tui.postgres.postmaster import Postmaster


def stands(folder: Path) -> bool:
    """Whether both servers of the demo in `folder` accept connections and its shop lives: nothing is to be prepared."""
    servers = (Postmaster(folder / name / "data") for name in ("production", "staging"))
    return all(server.ready for server in servers) and ShopProcess(folder).running is not None
