"""Help in the language in use: put into it when a command is called, not when it is made.

Commands are imported, and their docstrings read, before anybody knows which language was asked for.
"""

from __future__ import annotations

import inspect
from typing import Any

import click
from click import core, decorators, exceptions, formatting, parser, termui, types

from dixis_tui import i18n
from dixis_tui.i18n import N_, _

OF_CLICK = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("%(prog)s, version %(version)s"),
    N_("default: {default}"),
    N_("Error: {message}"),
    N_("Error: invalid input"),
    N_("Try '{command} {option}' for help."),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Did you mean {possibility}?"),
    N_("(Did you mean one of: {possibilities}?)"),
    N_("Got unexpected extra argument ({args})"),
    N_("Got unexpected extra arguments ({args})"),
    N_("Option {name!r} requires an argument."),
    N_("Option {name!r} requires {nargs} arguments."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not {choice}."),
    N_("{value!r} is not one of {choices}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is not readable."),
    N_("Could not open file {filename!r}: {message}"),
    N_("Choose from:\n\t{choices}"),
)
"""What click itself says to a person; its other messages are for who writes a command."""
_wanted = False
_MODULES = (core, decorators, exceptions, formatting, parser, termui, types)


def translate_click(*, wanted: bool) -> None:
    """Have click take its own words from our catalogue.

    It asks gettext's global domain, which goes by the environment alone and not by `--lang`; so the functions that its
    modules imported from there are ours from now on.
    """
    global _wanted  # noqa: PLW0603 - as there is one language a process
    _wanted = wanted
    for module in _MODULES:
        names: dict[str, Any] = vars(module)
        for name, ours in (("_", _put), ("ngettext", _counted)):
            if name in names:
                names[name] = ours


def _put(text: str) -> str:
    return _(text) if _wanted else text


def _counted(one: str, many: str, number: int) -> str:
    return _put(one if number == 1 else many)


def shown(command: click.Command) -> click.Command:
    """The command itself, its help and that of its options and commands now in the language in use."""
    state: dict[str, Any] = vars(command)
    command.help = _paragraphs(state.setdefault("english_help", command.help or "")) or None
    state["_help_option"] = None  # click keeps the option `--help`, with its help as it was first
    for option in command.params:
        if isinstance(option, click.Option):
            english: str = vars(option).setdefault("english_help", option.help or "")
            option.help = _(" ".join(english.split())) or None
    if isinstance(command, click.Group):
        for one in command.commands.values():
            shown(one)
    return command


def _paragraphs(text: str) -> str:
    cleaned = inspect.cleandoc(text)
    return (
        cleaned if i18n.language() == "en" else "\n\n".join(_(" ".join(one.split())) for one in cleaned.split("\n\n"))
    )
