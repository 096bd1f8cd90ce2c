"""`dixis-tui notice preview KIND`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dixis_tui.cli.options import Common, json_option
from dixis_tui.cli.say import say
from dixis_tui.notice import NoticeKind

if TYPE_CHECKING:
    from dixis_tui.notices.facts import Facts
    from dixis_tui.notices.render import Rendered
    from dixis_tui.settings import Settings

KINDS = click.Choice([str(kind) for kind in NoticeKind])


class PreviewResult(Struct, frozen=True, kw_only=True):
    """The last line of `dixis-tui notice preview --json`. `text` is what is printed without `--json`."""

    kind: str
    shape: str
    text: str


@click.command("preview")
@click.argument("kind", type=KINDS)
@click.option(
    "--as",
    "shape",
    type=click.Choice(["mail", "html", "banner", "page", "slack", "teams", "generic"]),
    default="mail",
    help="As what it goes out: a mail, its HTML, the banner, the maintenance page, or a webhook's JSON.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, *, kind: str, shape: str, as_json: bool) -> None:
    """Print one notice as it would go out now. Nothing is sent; every template is tried first."""
    from dixis_tui.cli.result import to_json
    from dixis_tui.notices import channels, render
    from dixis_tui.run.notice_facts import facts_of
    from dixis_tui.run.state import RunState

    common: Common = ctx.obj
    settings = common.settings()
    render.check(settings)
    channels.check(settings)
    facts = facts_of(RunState(), settings, NoticeKind(kind), datetime.now(UTC))
    if facts.opens is None:
        say("No window is agreed in dixis.toml: its date and time are missing here.", err=True)
    text = _shown(shape, render.texts(NoticeKind(kind), facts, settings), facts, settings)
    click.echo(to_json(PreviewResult(kind=kind, shape=shape, text=text)) if as_json else text)


def _shown(shape: str, made: Rendered, facts: Facts, settings: Settings) -> str:
    from dixis_tui.notices import preview, shapes

    match shape:
        case "mail":
            told = settings.notices.mail
            head = f"Subject: {made.subject}\nFrom: {told.sender or '–'}\nTo: {', '.join(told.to) or '–'}"
            return f"{head}\n\n{made.text.rstrip()}"
        case "html":
            return made.html
        case "page":
            return preview.as_text(preview.page_html(facts, settings, "preview", datetime.now(UTC)))
    body = {
        "banner": lambda: shapes.banner(made, facts, "preview", datetime.now(UTC)),
        "slack": lambda: shapes.slack(made),
        "teams": lambda: shapes.teams(made),
        "generic": lambda: shapes.generic(made, facts, "preview"),
    }[shape]()
    import json

    return json.dumps(body, ensure_ascii=False, indent=2)
