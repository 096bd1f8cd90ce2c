"""`dixis-tui github`: what belongs to GitHub alone. Each of its commands has a module of its own beside this one."""

from __future__ import annotations

import click

from dixis_tui.cli.lazy import lazy_group

_COMMANDS = ("status", "permissions", "init")


@click.group("github", cls=lazy_group(_COMMANDS, "dixis_tui.cli.commands.github_{}"))
def command() -> None:
    """Look at the repository that `[github]` names, and what its workflows need."""
