"""`dixis-tui notice send KIND`."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from msgspec import Struct

from dixis_tui.cli.commands.notice_preview import KINDS
from dixis_tui.cli.exits import Exit
from dixis_tui.cli.lines_records import notice_line
from dixis_tui.cli.options import Common, json_option, operator_option
from dixis_tui.errors import UsageError
from dixis_tui.notice import Delivery, NoticeKind, Receipt
from dixis_tui.run.commands import SendNotice
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState
from dixis_tui.settings import DATABASE_URL, Settings, secrets_from

_GOOD = (Delivery.SENT, Delivery.TRIED)


class SendResult(Struct, frozen=True, kw_only=True):
    """The last line of `dixis-tui notice send --json`. `run` is empty where none was under way."""

    kind: str
    run: str
    refused: str
    receipts: tuple[Receipt, ...]


@click.command("send")
@click.argument("kind", type=KINDS)
@click.option("--dry-run", is_flag=True, help="Make everything, and send nothing.")
@click.option("--again", is_flag=True, help="Also where it went out already, or may have.")
@json_option
@operator_option
@click.pass_context
def command(ctx: click.Context, *, kind: str, dry_run: bool, again: bool, as_json: bool, operator: str | None) -> None:
    """Send one notice on every channel that has not had it, and print what came of each.

    Where a run is under way on this target it goes out of that run. Exit 1: a channel did not get it, or may not have.
    """
    from dixis_tui.cli.result import to_json
    from dixis_tui.notices import channels, render

    common: Common = ctx.obj
    settings = common.settings()
    if not settings.notices.any:
        raise UsageError("dixis.toml names no channel for notices", "Add [notices.mail], a webhook or a banner to it.")
    render.check(settings)
    channels.check(settings)
    secrets = secrets_from(settings=settings)
    asked = SendNotice(kind=NoticeKind(kind), operator=common.person(operator), again=again, dry_run=dry_run)
    run = _under_way(settings, secrets)
    refused = ""
    if run:
        refused, receipts = _in_run(run, asked, quiet=as_json)
    else:
        receipts = _without(asked, settings, secrets, quiet=as_json)
    if refused:
        click.echo(refused, err=True)
    if as_json:
        click.echo(to_json(SendResult(kind=kind, run=run.id if run else "", refused=refused, receipts=receipts)))
    good = bool(receipts) and all(receipt.delivery in _GOOD for receipt in receipts)
    ctx.exit(Exit.CLOSED if refused else Exit.DONE if good else Exit.ERROR)


def _many(settings: Settings, secrets: dict[str, str]) -> bool:
    """Whether the notice is about a fleet: it names targets, and DATABASE_URL names none."""
    return bool(settings.targets) and not secrets.get(DATABASE_URL)


def _under_way(settings: Settings, secrets: dict[str, str]) -> Run | None:
    """The run on this target whose runner lives. Raises UrlError where no target is named."""
    from dixis_tui.postgres.url import parse
    from dixis_tui.run import under_way
    from dixis_tui.run.runs import live_runs

    if _many(settings, secrets):
        target = under_way.fleet(settings)
    else:
        target = parse(secrets.get(DATABASE_URL), DATABASE_URL).masked
    return next((run for run in reversed(live_runs()) if run.target == target and not run.state.drill), None)


def _in_run(run: Run, asked: SendNotice, *, quiet: bool) -> tuple[str, tuple[Receipt, ...]]:
    from dixis_tui.cli.drive import ask_once, run_driver

    before = _told(run.state, asked.kind)
    if refused := ask_once(run.folder, asked):
        return refused, ()
    driver = run_driver(
        run.folder,
        lambda _: None,
        quiet=quiet,
        watching=True,
        enough=lambda state: _told(state, asked.kind) > before,
        shown=run.state.entries,
    )
    # What went out again has an earlier receipt as well: the last word counts.
    told = driver.state.receipts.values()
    last = {(one.channel, one.name): one for one in told if one.kind is asked.kind}
    return "", tuple(last.values())


def _told(state: RunState, kind: NoticeKind) -> int:
    """How often the run has said what came of this notice: its last word on it."""
    from dixis_tui.run.notice_gates import begins

    return sum(note.text.startswith(begins(kind)) for note in state.notes)


def _without(asked: SendNotice, settings: Settings, secrets: dict[str, str], *, quiet: bool) -> tuple[Receipt, ...]:
    from dixis_tui.notices import channels
    from dixis_tui.run import notice_log, telling
    from dixis_tui.run.notice_facts import facts_of, target_of
    from dixis_tui.secrets import Redactor

    redactor = Redactor([*secrets.values(), *channels.secrets_in(settings, secrets)])
    order = telling.Order(
        kind=asked.kind,
        facts=facts_of(RunState(), settings, asked.kind, datetime.now(UTC)),
        settings=settings,
        secrets=secrets,
        log=notice_log.path(),
        target=target_of(settings, secrets, many=_many(settings, secrets)),
        operator=redactor.line(asked.operator),
        words=redactor.line,
        again=asked.again,
        dry_run=asked.dry_run,
    )
    begun = datetime.now(UTC)
    receipts = telling.tell(order, lambda _: None)
    for receipt in () if quiet else receipts:
        click.echo(notice_line(receipt) if receipt.at and receipt.at >= begun else _standing(receipt))
    return receipts


def _standing(receipt: Receipt) -> str:
    """That it is not sent now, since it was before, or may have been."""
    whom, at = f"{receipt.channel} to {receipt.to}", f"{receipt.at:%Y-%m-%d %H:%M}"
    return (
        f" ○ notice '{receipt.kind}' by {whom}: {receipt.delivery} at {at} UTC by {receipt.operator}, and not again; "
        "--again sends it once more"
    )
