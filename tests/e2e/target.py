"""Command lines for a target that the environment names."""

from __future__ import annotations

from dixis_tui.demo.lifecycle import DemoReady
from tests.e2e.house import PHRASE

PEOPLE = ("DX131", "DX132", "DX133", "DX400")
"""Gates that a person answers."""


def ticks(*codes: str) -> list[str]:
    """`--tick` for each code."""
    return [word for code in codes or PEOPLE for word in ("--tick", code)]


def run_words(ready: DemoReady) -> list[str]:
    """A whole run on the demo's production, every person's gate ticked."""
    return ["--config", str(ready.config), "run", "--confirm", PHRASE, *ticks()]
