"""`dixis-tui github permissions`."""

from __future__ import annotations

import click
from msgspec import Struct

from dixis_tui.cli.options import Common, json_option, with_token
from dixis_tui.cli.say import say
from dixis_tui.settings import secrets_from, token_in


class RequestResult(Struct, frozen=True, kw_only=True):
    """One request; `permission` is a fine-grained token's, `scope` a classic one's."""

    method: str
    path: str
    permission: str
    scope: str
    what: str


class PermissionsResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `missing` is null where no repository and token are there to be asked."""

    requests: list[RequestResult]
    missing: list[str] | None
    problem: str


@click.command("permissions")
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Print every request that the program makes of GitHub, with the permission that a token needs for it.

    Where a repository is named and there is a token, a look tells which of the reads it lacks.
    """
    from dixis_tui.web.github.requests import TABLE

    missing, problem = _missing(ctx.obj)
    if as_json:
        from dixis_tui.cli.result import to_json

        requests = [
            RequestResult(method=one.method, path=one.path, permission=one.permission, scope=one.scope, what=one.what)
            for one in TABLE
        ]
        click.echo(to_json(PermissionsResult(requests=requests, missing=missing, problem=problem)))
        return
    for permission in sorted({one.permission for one in TABLE}):
        say(permission or "No permission")
        for one in TABLE:
            if one.permission == permission:
                say(f"    {one.method:4} {one.path}  ({one.what})")
    say("A classic token needs the scope repo for all of them.")
    if problem:
        say(f"✖ {problem}")
    for lacking in missing or ():
        say(f"✖ This token lacks {lacking}")
    if missing == []:
        say("✔ This token lacks none of the reads; what it may change shows when it is asked to.")


def _missing(common: Common) -> tuple[list[str] | None, str]:
    settings = common.settings()
    if not settings.github.repository:
        return None, ""
    secrets = with_token(secrets_from(), settings)
    token, _ = token_in(secrets)
    if not token:
        return None, ""
    from dixis_tui.run.phases.github_ask import gather
    from dixis_tui.secrets import Redactor

    words, look = Redactor([token]).line, gather(settings, secrets).look
    return (None if look.problem else list(map(words, look.missing))), words(look.problem)
