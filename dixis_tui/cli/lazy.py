"""A group of commands whose modules are imported when they are called or listed: the first frame waits for none."""

from __future__ import annotations

from importlib import import_module

import click

from dixis_tui import i18n


def lazy_group(names: tuple[str, ...], module: str) -> type[click.Group]:
    """A group of the commands `names`, in that order; `module` with its `{}` filled is where each has its `command`."""

    class Lazy(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
            return list(names)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
            if cmd_name not in names:
                return None
            found: click.Command = import_module(module.format(cmd_name)).command
            if i18n.language() == "en" and "english_help" not in vars(found):
                return found  # as it was written; no help in another language was shown in this process
            from dixis_tui.cli.helping import shown

            return shown(found)

    return Lazy
