"""What several commands share: options, the settings they give, and last words with an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from dixis_tui.cli.exits import Exit, of_verdict
from dixis_tui.cli.say import put, say
from dixis_tui.errors import UrlError, UsageError
from dixis_tui.i18n import _
from dixis_tui.model import CheckState, Verdict
from dixis_tui.process import login_name
from dixis_tui.secrets import clean
from dixis_tui.settings import DATABASE_URL, Settings, load

if TYPE_CHECKING:
    from dixis_tui.run.state import RunState


class Common(Struct, frozen=True):
    """The group's own options."""

    config: Path | None = None
    executor: str | None = None
    operator: str | None = None

    def settings(self) -> Settings:
        """The settings as the call gives them. Raises UsageError."""
        return load(self.config, self.executor)

    def person(self, operator: str | None = None) -> str:
        """Who is at the keyboard, as far as we were told."""
        name = operator or self.operator or os.environ.get("SUDO_USER") or login_name()
        return clean(name).strip() or "unknown"


json_option = click.option("--json", "as_json", is_flag=True, help="The last line of stdout is one JSON object.")
operator_option = click.option("--operator", help="Your name in the journal (default: the login name).")


def person_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--tick`, `--waive` and `--operator`."""
    tick = click.option("--tick", "ticks", multiple=True, metavar="CODE", help="Answer a person's check with yes.")
    waive = click.option(
        "--waive", "waivers", multiple=True, metavar="CODE=REASON", help="Open a closed gate by name, with a reason."
    )
    return operator_option(tick(waive(function)))


def parse_waivers(waivers: tuple[str, ...]) -> dict[str, str]:
    """`CODE=REASON` as a mapping; raises UsageError."""
    from dixis_tui.plan.checks import SPECS

    parsed = {}
    for waiver in waivers:
        code, equals, reason = waiver.partition("=")
        if not equals or not reason.strip():
            raise UsageError(f"--waive {code} has no reason", "Write --waive CODE=REASON.")
        if code not in SPECS:
            raise UsageError(f"--waive {code}: there is no such check", "List them with `dixis-tui checks`.")
        if not SPECS[code].waivable:
            raise UsageError(f"--waive {code}: {SPECS[code].title} can't be waived", "Mend what it finds.")
        parsed[code] = clean(reason).strip()
    return parsed


def parse_ticks(ticks: tuple[str, ...]) -> frozenset[str]:
    """Codes of person's checks; raises UsageError."""
    from dixis_tui.plan.checks import SPECS

    for code in ticks:
        if code not in SPECS:
            raise UsageError(f"--tick {code}: there is no such check", "List them with `dixis-tui checks`.")
        if not SPECS[code].person:
            raise UsageError(f"--tick {code}: {SPECS[code].title} is looked up, not ticked", "Waive it if you must.")
    return frozenset(ticks)


def secrets_for_headless(settings: Settings | None = None) -> dict[str, str]:
    """The secrets, where the target's URL is usable; `settings`: with a token for the repository that they name.

    Raises UrlError otherwise: nothing could be looked at.
    """
    from dixis_tui.postgres.url import parse
    from dixis_tui.settings import secrets_from

    secrets = secrets_from(settings=settings)
    parse(secrets.get(DATABASE_URL), DATABASE_URL)
    return with_token(secrets, settings) if settings else secrets


def with_token(secrets: dict[str, str], settings: Settings) -> dict[str, str]:
    """The same with the token of `gh`, where a repository is named and the environment has no token."""
    from dixis_tui.cli.gh import token
    from dixis_tui.settings import GH_CLI, token_in

    if not settings.github.repository or token_in(secrets)[0]:
        return secrets
    found = token(settings.github.host)
    return secrets | {GH_CLI: found} if found else secrets


def tell_whom_to_call(state: RunState, verdict: Verdict) -> None:
    """The contacts on stderr, in their order, where something failed on production or nobody knows what is there."""
    from dixis_tui.run import escalation

    lost = verdict is Verdict.OPEN and state.confirmed is not None and escalation.grave(state)
    if state.drill or not (verdict in (Verdict.FAILED, Verdict.UNKNOWN) or lost):
        return
    click.echo(_("Call now, in this order:"), err=True)
    for one in escalation.calls(state):
        who = "  ".join(text for text in (one.address, one.name) if text)
        nobody = _("nobody is named in dixis.toml, [contacts] {key}").format(key=escalation.KEYS[one.role])
        click.echo(f"  {_(one.role)}: {who or nobody} ({_(one.when)})", err=True)


def finish(folder: Path, *, as_json: bool, interrupted: bool = False, watched: bool = False) -> int:
    """Last words about a run: what closed it, where its journal is; returns the exit code.

    `watched`: nobody expected the run to have ended. Else a run that is still open is one that we lost sight of.
    """
    from dixis_tui.cli.result import of_run, to_json
    from dixis_tui.cli.script import closed
    from dixis_tui.run.folders import JOURNAL
    from dixis_tui.run.runs import look

    run = look(folder)
    journal = str(folder / JOURNAL)
    if run.verdict in (Verdict.CLOSED, Verdict.ABANDONED):
        gates = closed(run.state)
        failed = [gate for gate in gates if gate.state is CheckState.FAILED]
        for gate in failed or gates:
            state = f"{gate.code} {put(gate.title)}: {put(gate.state)}"
            click.echo(f"{put('closed')}: {state}. {put(gate.evidence)} {put(gate.remedy)}".rstrip(), err=True)
    say(f"Verdict {run.verdict}. Journal: {journal}", err=as_json)
    if run.state.left and not run.state.ended:
        say(f"It was left open: `dixis-tui recover {run.id}` goes on with it.", err=True)
    tell_whom_to_call(run.state, run.verdict)
    if as_json:
        click.echo(to_json(of_run(run, journal)))
    changed = run.verdict in (Verdict.FAILED, Verdict.UNKNOWN, Verdict.DONE, Verdict.ROLLED_BACK)
    if run.verdict is Verdict.OPEN and not watched:
        say(f"This run was lost sight of: look at it with `dixis-tui attach {run.id}`.", err=True)
        return Exit.UNKNOWN
    return Exit.INTERRUPTED if interrupted and not changed else of_verdict(run.verdict)


__all__ = ["Common", "UrlError", "finish", "json_option", "operator_option", "person_options"]
