"""`dixis-tui notice`: what is told to people. Each of its commands has a module of its own beside this one."""

from __future__ import annotations

import click

from dixis_tui.cli.lazy import lazy_group

_COMMANDS = ("preview", "send", "list")


@click.group("notice", cls=lazy_group(_COMMANDS, "dixis_tui.cli.commands.notice_{}"))
def command() -> None:
    """Look at the notices of `[notices]`, send one, and list which went out."""
