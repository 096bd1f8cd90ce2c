"""`dixis-tui flows`."""

from __future__ import annotations

import click
from msgspec import Struct

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option
from dixis_tui.errors import UsageError
from dixis_tui.i18n import _, ngettext
from dixis_tui.settings import Settings, secrets_from
from dixis_tui.settings_records import FlowSettings


class StepLine(Struct, frozen=True, kw_only=True):
    """One step that was taken. `status` is 0 where no answer came; `problem` is empty where it was as it should be."""

    number: int
    method: str
    url: str
    status: int
    milliseconds: float
    problem: str


class FlowLine(Struct, frozen=True, kw_only=True):
    """One flow. `planned`: how many steps it has."""

    name: str
    ok: bool
    planned: int
    milliseconds: float
    steps: list[StepLine]


class FlowsResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `verdict` is `open` or `closed`."""

    verdict: str
    flows: list[FlowLine]


@click.command("flows")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.pass_obj
def command(common: Common, *, names: tuple[str, ...], as_json: bool) -> None:
    """Go through the flows of dixis.toml now, step by step; NAME: only those.

    Asks the application alone: no run, no database. Exit 3: one is not as it should be.
    """
    settings = common.settings()
    flows = _named(settings, names)
    secrets = secrets_from(settings=settings)
    for flow in flows:
        if unset := [name for name in flow.variables if name not in secrets]:
            raise UsageError(f"flow '{flow.name}': {unset[0]} is not set", "Set it in the environment.")
    seen = [_gone(flow, secrets, quiet=as_json) for flow in flows]
    broken = not all(flow.ok for flow in seen)
    if as_json:
        from dixis_tui.cli.result import to_json

        click.echo(to_json(FlowsResult(verdict="closed" if broken else "open", flows=seen)))
    click.get_current_context().exit(Exit.CLOSED if broken else Exit.DONE)


def _named(settings: Settings, names: tuple[str, ...]) -> list[FlowSettings]:
    if not settings.flows:
        raise UsageError("There are no flows", "Add [[flows]] to dixis.toml: docs/flows.md shows one.")
    known = [flow.name for flow in settings.flows]
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"There is no flow '{unknown[0]}'", f"There are: {', '.join(known)}.")
    return [flow for flow in settings.flows if not names or flow.name in names]


def _gone(flow: FlowSettings, secrets: dict[str, str], *, quiet: bool) -> FlowLine:
    from dixis_tui.secrets import Redactor
    from dixis_tui.web.flows import steps

    words = Redactor().line  # what a server said was masked where it came in
    said = _silent if quiet else click.echo
    said(words(flow.name))
    taken: list[StepLine] = []
    for step in steps(flow, secrets):
        line = StepLine(
            number=step.number,
            method=step.method,
            url=words(step.url),
            status=step.status,
            milliseconds=round(step.milliseconds, 1),
            problem=words(step.problem),
        )
        taken.append(line)
        glyph = "✖" if line.problem else "✔"
        what = line.problem or _("answered {status}").format(status=line.status)
        said(f" {glyph} {line.number}  {line.milliseconds:7.0f} ms  {line.method} {line.url}  {what}")
    ok = len(taken) == len(flow.steps) and not taken[-1].problem
    total = sum(step.milliseconds for step in taken)
    if left := len(flow.steps) - len(taken):
        told = ngettext("{left} more step was not gone through", "{left} more steps were not gone through", left)
        said(f"   {told.format(left=left)}")
    return FlowLine(name=words(flow.name), ok=ok, planned=len(flow.steps), milliseconds=round(total, 1), steps=taken)


def _silent(_: str) -> None:
    """Where only JSON is wanted."""
