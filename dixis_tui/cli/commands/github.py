"""`dixis-tui github`: what belongs to GitHub alone. Each of its commands has a module of its own beside this one."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = ("status", "permissions", "init")


class _Lazy(click.Group):
    """Imports a command's module, `github_NAME`, when it is called or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = import_module(f"dixis_tui.cli.commands.github_{cmd_name}").command
        return found


@click.group("github", cls=_Lazy)
def command() -> None:
    """Look at the repository that `[github]` names, and what its workflows need."""
