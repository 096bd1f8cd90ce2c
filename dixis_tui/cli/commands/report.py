"""`dixis-tui report [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import Struct

from dixis_tui.cli.options import json_option
from dixis_tui.i18n import _

_PATH = click.Path(path_type=Path)


class ReportResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `provisional`: the run had not ended; `head` is the digest of the journal's last entry."""

    run: str
    verdict: str
    provisional: bool
    verifies: bool
    entries: int
    head: str
    html: str
    markdown: str


@click.command("report")
@click.argument("run", required=False, metavar="[RUN|PATH]")
@click.option("--output", type=_PATH, metavar="FOLDER", help="Where both files go (default: `reports` beside `runs`).")
@click.option("--html", "as_html", type=_PATH, metavar="FILE", help="The HTML file by name.")
@click.option("--markdown", "as_markdown", type=_PATH, metavar="FILE", help="The Markdown file by name.")
@json_option
def command(
    run: str | None, output: Path | None, as_html: Path | None, as_markdown: Path | None, *, as_json: bool
) -> None:
    """Write a run's report, one HTML file and one of Markdown, from its journal alone (default: the latest run).

    RUN is an id, a run's folder, or a journal from anywhere, whether the run has ended or not. Nothing is asked of a
    runner or of a database, and nothing is written into the run's folder.
    """
    from dixis_tui.cli.commands.status import latest_or
    from dixis_tui.report.write import write
    from dixis_tui.run.folders import find_record

    made = write(find_record(run or str(latest_or(None))), output, as_html, as_markdown)
    record = made.facts.record
    if as_json:
        from dixis_tui.cli.result import to_json

        result = ReportResult(
            run=made.facts.run,
            verdict=made.facts.verdict,
            provisional=made.facts.provisional,
            verifies=record.verifies,
            entries=record.entries,
            head=record.head,
            html=str(made.html),
            markdown=str(made.markdown),
        )
        click.echo(to_json(result))
        return
    if made.facts.provisional:
        click.echo(_("Provisional: the run has no end yet."))
    if not record.verifies:
        click.echo(_("The journal or its log does not verify: the report says what does not fit."))
    click.echo(str(made.html))
    click.echo(str(made.markdown))
