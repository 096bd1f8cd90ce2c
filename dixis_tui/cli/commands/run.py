"""`dixis-tui run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dixis_tui.cli.options import (
    Common,
    finish,
    json_option,
    parse_ticks,
    parse_waivers,
    person_options,
    secrets_for_headless,
)
from dixis_tui.cli.say import say
from dixis_tui.errors import UnknownOutcomeError, UsageError
from dixis_tui.secrets import clean
from dixis_tui.settings import DATABASE_URL

if TYPE_CHECKING:
    from dixis_tui.run.commands import NameSnapshot


@click.command("run")
@click.option("--confirm", metavar="PHRASE", help="The phrase, exactly; without it nothing is started.")
@json_option
@person_options
@click.option("--snapshot-id", metavar="ID", help="A provider's snapshot as one more way back; needs the next two.")
@click.option("--snapshot-at", metavar="TIME", help="When it was taken: local time of the window, or with an offset.")
@click.option("--snapshot-where", metavar="WHERE", help="Where it is: the provider's console, project, region.")
@click.option(
    "--after",
    "after_minutes",
    metavar="MINUTES",
    type=click.FloatRange(0, 1_440),
    default=0.0,
    show_default=True,
    help="Watch what becomes of it for so long before the sign-off; 0: not at all.",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    confirm: str | None,
    as_json: bool,
    ticks: tuple[str, ...],
    waivers: tuple[str, ...],
    operator: str | None,
    snapshot_id: str | None,
    snapshot_at: str | None,
    snapshot_where: str | None,
    after_minutes: float,
) -> None:
    """Run the whole runbook without a person: preflight, backup, rehearsal, migration, verification, sign-off.

    Checks that only a person can answer need --tick CODE; a closed gate ends the run before production is touched.
    """
    from msgspec.structs import replace

    from dixis_tui.cli.drive import drive
    from dixis_tui.cli.script import Script
    from dixis_tui.run.spawn import start

    common: Common = ctx.obj
    settings = common.settings()
    require_phrase(confirm, settings.confirm.phrase)
    # Nobody would look at a watch that nothing waits for.
    settings = replace(settings, after=replace(settings.after, minutes=after_minutes))
    person = common.person(operator)
    script = Script(
        operator=person,
        confirm=confirm or "",
        ticks=parse_ticks(ticks),
        waivers=parse_waivers(waivers),
        snapshot=parse_snapshot(snapshot_id, snapshot_at, snapshot_where, person, settings.window.timezone),
        after_minutes=after_minutes,
    )
    secrets = secrets_for_headless(settings)
    require_nothing_left(secrets[DATABASE_URL])
    folder = start(settings, secrets, script.operator).wait()
    driver = drive(folder, script, quiet=as_json)
    ctx.exit(finish(folder, as_json=as_json, interrupted=driver.interrupted))


def require_nothing_left(url: str) -> None:
    """A run that died after the phrase comes first; one that died before it is told of. Raises UnknownOutcomeError."""
    from dixis_tui.cli.commands.cockpit import left_behind
    from dixis_tui.run.resuming import touched

    left = left_behind(url)
    if left is None:
        return
    if touched(left.state):
        raise UnknownOutcomeError(
            f"Run {left.id} lost its runner after the phrase: what it did to {left.target} is not known",
            f"Look first: `dixis-tui recover {left.id}`, or `dixis-tui` for the cockpit. Nothing was done.",
        )
    say(f"Run {left.id} lost its runner before the phrase and changed nothing; a new run begins.", err=True)


def require_phrase(typed: str | None, wanted: str) -> None:
    """Say at once what the runner would refuse at the end. Raises UsageError."""
    if typed is None:
        raise UsageError("The phrase is missing. Nothing was done.", f"Pass --confirm {wanted}.")
    if typed != wanted:
        raise UsageError("Wrong phrase. Nothing was done.", f"The phrase is exactly {wanted}.")


def parse_snapshot(
    name: str | None, taken: str | None, where: str | None, operator: str, timezone: str
) -> NameSnapshot | None:
    """The provider's snapshot that the three options name; None where none of them was given. Raises UsageError."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from dixis_tui.run.commands import NameSnapshot
    from dixis_tui.run.snapshots import taken_at

    if name is None and taken is None and where is None:
        return None
    named, place = clean(name or "").strip(), clean(where or "").strip()
    if not named or not taken or not place:
        raise UsageError(
            "A snapshot needs its id, its time and its place. Nothing was done.",
            "Pass --snapshot-id, --snapshot-at and --snapshot-where together.",
        )
    moment, problem = taken_at(taken, ZoneInfo(timezone), datetime.now(UTC))
    if moment is None:
        raise UsageError(
            f"--snapshot-at {clean(taken)}: {problem} Nothing was done.",
            f"It is local time of {timezone}, or has an offset such as +02:00.",
        )
    return NameSnapshot(id=named, taken_at=moment, where=place, operator=operator)
