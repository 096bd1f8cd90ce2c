"""`dixis-tui github permissions`."""

from __future__ import annotations

import click


@click.command("permissions")
def command() -> None:
    """Print every request that the program makes of GitHub, with the permission that a token needs for it."""
