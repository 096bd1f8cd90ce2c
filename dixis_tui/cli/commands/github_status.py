"""`dixis-tui github status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option, with_token
from dixis_tui.cli.result import CheckResult
from dixis_tui.cli.say import say
from dixis_tui.errors import UsageError
from dixis_tui.model import CheckState
from dixis_tui.settings import Settings, secrets_from, token_in

if TYPE_CHECKING:
    from dixis_tui.plan.github_sight import Sight

_MARKS = {CheckState.PASSED: "✔", CheckState.WARNED: "▲", CheckState.FAILED: "✖", CheckState.UNKNOWN: "?"}


_SHUT = (CheckState.FAILED, CheckState.UNKNOWN)


class StatusResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `verdict` is `open` or `closed`; `problem` is why GitHub could not be asked, or empty."""

    verdict: str
    repository: str
    host: str
    login: str
    token_from: str
    problem: str
    missing: list[str]
    checks: list[CheckResult]


@click.command("status")
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Look at the repository once and print every gate that GitHub answers. Reads only.

    Exit 3: one is closed, or GitHub could not be asked.
    """
    from dixis_tui.cli.result import to_json
    from dixis_tui.plan.checks import SPECS

    settings, secrets = asked(ctx.obj)
    sight, checks = _look(settings, secrets)
    # Whoever asks this wants GitHub's word, whoever migrates in the end.
    closed = bool(sight.look.problem) or any(one.state in _SHUT and SPECS[one.code].gate for one in checks)
    if as_json:
        look = sight.look
        result = StatusResult(
            verdict="closed" if closed else "open",
            repository=look.repository,
            host=look.host,
            login=look.login,
            token_from=look.token_from,
            problem=look.problem,
            missing=list(look.missing),
            checks=checks,
        )
        click.echo(to_json(result))
    else:
        for one in checks:
            say(f"{_MARKS[CheckState(one.state)]} {one.code} {one.title}: {one.evidence}")
            if one.remedy:
                say(f"    {one.remedy}")
    ctx.exit(Exit.CLOSED if closed else Exit.DONE)


def asked(common: Common) -> tuple[Settings, dict[str, str]]:
    """The settings, and the secrets with a token. Raises UsageError where no repository is named."""
    settings = common.settings()
    if not settings.github.repository:
        raise UsageError("No GitHub repository is named", "Set github.repository in dixis.toml, owner/name.")
    return settings, with_token(secrets_from(), settings)


def _look(settings: Settings, secrets: dict[str, str]) -> tuple[Sight, list[CheckResult]]:
    from msgspec.structs import replace

    from dixis_tui.plan.checks import SPECS
    from dixis_tui.plan.github_gates import findings
    from dixis_tui.run.phases.github_ask import gather
    from dixis_tui.secrets import Redactor

    words = Redactor([*secrets.values(), token_in(secrets)[0]]).line
    sight = gather(settings, secrets)
    checks = [
        CheckResult(code, "", SPECS[code].title, found.state, words(found.evidence), words(found.remedy))
        for code, found in findings(sight).items()
    ]
    look = sight.look
    told = replace(look, login=words(look.login), problem=words(look.problem), missing=tuple(map(words, look.missing)))
    return replace(sight, look=told), checks
