"""What a command says to a person, in the language in use; what a program reads goes out by `click.echo` as it is."""

from __future__ import annotations

import click

from dixis_tui.i18n import sentence


def put(text: str) -> str:
    """Each line of a text in the language in use, with its indent."""
    return "\n".join(map(sentence, text.split("\n")))


def say(text: str, *, err: bool = False) -> None:
    """Print it, on stderr with `err`."""
    click.echo(put(text), err=err)
