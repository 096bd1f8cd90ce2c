"""The command line: options, errors in one sentence, exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dixis_tui import __version__, i18n
from dixis_tui.cli.exits import Exit, of_error
from dixis_tui.cli.language import settle
from dixis_tui.cli.lazy import lazy_group
from dixis_tui.errors import DixisError
from dixis_tui.i18n import LANGUAGES

_COMMANDS = (
    "check",
    "run",
    "demo",
    "fleet",
    "attach",
    "replay",
    "approve",
    "watch",
    "tail",
    "status",
    "runs",
    "backups",
    "rollback",
    "resolve",
    "recover",
    "drill",
    "rotate",
    "flows",
    "migrations",
    "history",
    "lint",
    "notice",
    "github",
    "page",
    "audit",
    "report",
    "checks",
)


@click.group(
    cls=lazy_group(_COMMANDS, "dixis_tui.cli.commands.{}"),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--config", type=click.Path(path_type=Path), help="dixis.toml to use (default: ./dixis.toml if there).")
@click.option("--executor", type=click.Choice(["direct", "prisma", "github"]), help="Who applies the migrations.")
@click.option("--operator", help="Your name in the journal (default: the login name).")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    expose_value=False,  # `settle` has seen it before click's own first word
    help="The language of the interface (default: language in dixis.toml, then DIXIS_LANG, then the locale's).",
)
@click.version_option(__version__, prog_name="dixis-tui")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, executor: str | None, operator: str | None) -> None:
    """Run Prisma migrations on a production PostgreSQL, from the first check to the sign-off.

    Without a command: open the cockpit on the run that is under way, or on a new one. DATABASE_URL names the target;
    nothing but reads reaches it before the phrase is typed.

    Exit codes: 0 done, 2 wrong usage, 3 a gate is closed or another run has the target (lint: a danger or a
    warning stands), 4 a migration failed, 5 the state of the database is unknown, 6 the journal or a log does not
    verify, 130 interrupted, 1 anything else.
    """
    from dixis_tui.cli.options import Common

    ctx.obj = Common(config=config, executor=executor, operator=operator)
    if ctx.invoked_subcommand is None:
        from dixis_tui.cli.commands.cockpit import open_cockpit

        ctx.exit(open_cockpit(ctx.obj))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Never a traceback for what a user can cause."""
    settle(arguments)
    _help_in_words(arguments)
    try:
        code = cli.main(arguments, prog_name="dixis-tui", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.Abort:
        click.echo(i18n.sentence("Interrupted."), err=True)
        return Exit.INTERRUPTED
    except click.ClickException as error:
        said = error.format_message()
        error.show()
        _json_error(arguments, said, "See --help.", Exit.USAGE)
        return Exit.USAGE
    except DixisError as error:
        exit_code = of_error(error)
        click.echo(f"dixis-tui: {i18n.sentence(str(error))}", err=True)
        if error.remedy:
            click.echo(f"  {i18n.sentence(error.remedy)}", err=True)
        _json_error(arguments, str(error), error.remedy, exit_code)
        return exit_code
    except BrokenPipeError:
        # Whoever read us has gone; nothing more can be said to them.
        sys.stderr.close()
        return Exit.ERROR
    return int(code or 0)


def _help_in_words(arguments: list[str]) -> None:
    """Help in the language in use. With `--json` click's own words stay English: a program reads them."""
    if i18n.language() != "en" or "english_help" in vars(cli):
        from dixis_tui.cli import helping

        helping.shown(cli)
        helping.translate_click(wanted="--json" not in arguments)


def _json_error(arguments: list[str], sentence: str, remedy: str, code: Exit) -> None:
    if "--json" in arguments:
        from dixis_tui.cli.result import Refusal, to_json

        verdict = {Exit.USAGE: "usage", Exit.CLOSED: "closed"}.get(code, "error")
        click.echo(to_json(Refusal(verdict=verdict, error=sentence, remedy=remedy)))
