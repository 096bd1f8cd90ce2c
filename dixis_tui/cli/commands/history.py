"""`dixis-tui history`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option
from dixis_tui.cli.say import say
from dixis_tui.i18n import _

if TYPE_CHECKING:
    from dixis_tui.run.history import History, RunRecord


@click.command("history")
@click.option("--all", "everything", is_flag=True, help="Every target, and the runs that ended before the phrase too.")
@click.option(
    "--export",
    "export_to",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="FILE",
    help="Put the table into a Markdown file of the project (default: history.file).",
)
@json_option
@click.pass_obj
def command(common: Common, *, everything: bool, export_to: str | None, as_json: bool) -> int:
    """Show the runs on a target: verdict, durations against the prediction, operator. The runbook's appendix.

    Of the target of DATABASE_URL where that is set, else of each.
    """
    from dixis_tui.cli.result import to_json
    from dixis_tui.run.history import places, read

    history = _of_interest(read(places()), everything=everything)
    if export_to is not None:
        return _export(common, history, export_to)
    if as_json:
        click.echo(to_json({"runs": history.records, "problem": history.problem}))
        return Exit.DONE
    if history.problem:
        say(f"dixis-tui: {history.problem}", err=True)
    if not history.records:
        click.echo(_("No run has migrated anything yet."))
    for found in history.targets().values():
        _print(found)
    return Exit.DONE


def _of_interest(history: History, *, everything: bool) -> History:
    """What is asked for: the target of the environment, and what came as far as the phrase."""
    from msgspec.structs import replace

    from dixis_tui.errors import UrlError
    from dixis_tui.postgres.url import parse
    from dixis_tui.settings import DATABASE_URL, secrets_from

    if everything:
        return history
    went = [record for record in history.records if record.went]
    try:
        target = parse(secrets_from().get(DATABASE_URL), DATABASE_URL).masked
    except UrlError:
        return replace(history, records=tuple(went))
    # The same server by another name is the same target.
    theirs = {record.place for record in history.records if record.target == target}
    return replace(history, records=tuple(record for record in went if record.place in theirs))


def _print(found: tuple[RunRecord, ...]) -> None:
    from dixis_tui.run.history_table import WORDS, migrations, spark, told, trend
    from dixis_tui.secrets import clean

    last = found[-1]
    click.echo(clean(f"{last.database}  {last.target}".strip()))
    for record in reversed(found):
        who = f"{record.operator}, {record.second}" if record.second else record.operator
        took = f"{told(record.seconds)} / {told(record.predicted_seconds)}"
        words = f"{record.at.astimezone():%Y-%m-%d %H:%M}  {_(WORDS[record.verdict]):<13}{took:<20}{who:<18}"
        click.echo(clean(f"  {words}{migrations(record)}  {record.run}"))
    if len(seconds := trend(found)) > 1:
        range_ = f"{told(min(seconds))} – {told(max(seconds))}"
        click.echo(f"  {_('took, oldest first:')} {spark(seconds)}  {range_}")


def _export(common: Common, history: History, named: str) -> int:
    from dixis_tui.errors import UsageError
    from dixis_tui.run.history_table import export, markdown

    settings = common.settings()
    file = named or settings.history.file
    if not file:
        raise UsageError("--export needs a file", "Name it, or set history.file in dixis.toml.")
    path = Path(file) if named else Path(settings.root, file)
    changed = export(path, markdown(history, settings.window.timezone))
    written = _("{runs} runs written to {path}") if changed else _("{path} has these {runs} runs already")
    click.echo(written.format(runs=len(history.records), path=path))
    return Exit.DONE
