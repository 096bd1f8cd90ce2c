"""`dixis-tui notice list`."""

from __future__ import annotations

import click
from msgspec import Struct

from dixis_tui.cli.options import json_option
from dixis_tui.cli.say import say
from dixis_tui.run.notice_log import NoticeRecord
from dixis_tui.secrets import clean


class NoticeList(Struct, frozen=True):
    """The last line of `dixis-tui notice list --json`. `problem`: what could not be read, or empty."""

    notices: tuple[NoticeRecord, ...]
    problem: str


@click.command("list")
@json_option
def command(*, as_json: bool) -> None:
    """List which notices went out from this machine, how, to whom and what came of each, oldest first."""
    from dixis_tui.cli.result import to_json
    from dixis_tui.run.notice_log import all_notices

    found = all_notices()
    if found.problem:
        say(f"{found.problem}.", err=True)
    if as_json:
        click.echo(to_json(NoticeList(found.records, found.problem)))
        return
    if not found.records:
        say("No notices yet.")
    for one in found.records:
        receipt = one.receipt
        window = f"window {one.opens:%Y-%m-%d %H:%M} UTC" if one.opens else "no window"
        whom = (
            f"{receipt.channel} {receipt.name} to {receipt.to}"
            if receipt.channel == "webhook"
            else (f"{receipt.channel} to {receipt.to}")
        )
        click.echo(
            f"{one.at.astimezone():%Y-%m-%d %H:%M}  {receipt.kind:<11}  {receipt.delivery:<7}  {clean(whom)}  "
            f"{clean(one.target)}, {window}, {one.run or 'without a run'}, by {clean(one.operator)}"
        )
        if receipt.evidence:
            say(f"    {clean(receipt.evidence)}")
