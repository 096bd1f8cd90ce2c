"""`dixis-tui rotate`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dixis_tui.cli.options import Common, json_option, operator_option, secrets_for_headless
from dixis_tui.cli.say import say
from dixis_tui.errors import GithubError, RunnerError, UsageError
from dixis_tui.i18n import _
from dixis_tui.postgres.url import DatabaseUrl, parse, with_login
from dixis_tui.settings import DATABASE_URL, Settings, token_in

if TYPE_CHECKING:
    from dixis_tui.run.rotation import Order
    from dixis_tui.run.rotation_github import Seen
    from dixis_tui.run.rotation_look import Looked


class RotateResult(Struct, frozen=True, kw_only=True):
    """The last line of `dixis-tui rotate --json`. `file` holds the new URL; `sessions` are of before."""

    rotation: str
    role: str
    target: str
    file: str
    seen: tuple[str, ...]
    sessions: tuple[str, ...]


class _Asked(Struct, frozen=True, kw_only=True):
    """What the command line asks for. `form` is the URL as its users have it, `given` whether it was named."""

    settings: Settings
    role: str
    url: DatabaseUrl
    form: DatabaseUrl
    given: bool
    token: str
    file: Path | None
    operator: str

    @property
    def github(self) -> bool:
        """Whether the secret on GitHub is this role's."""
        return bool(self.settings.github.repository) and (self.given or self.url.user == self.role)


@click.command("rotate")
@click.option("--look", "only_look", is_flag=True, help="Show the role, who is connected with it, where it is used.")
@click.option("--confirm", metavar="ROLE", help="The role's name, exactly; asked for where it is missing.")
@click.option("--url-variable", metavar="NAME", help="Environment variable with the role's URL as its users have it.")
@click.option("--file", type=click.Path(path_type=Path), help="Where the new URL is written, 0600; must not exist yet.")
@click.option("--without-github", is_flag=True, help="Leave the secret on GitHub as it is.")
@json_option
@operator_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    only_look: bool,
    confirm: str | None,
    url_variable: str | None,
    file: Path | None,
    without_github: bool,
    as_json: bool,
    operator: str | None,
) -> None:
    """Give the database's role a new password, tell GitHub, and see that the old one is refused.

    After sign-off: not while a run needs the old one. What was begun and did not come to its end is gone on with. The
    new URL is written to a file that only you may read, and shown nowhere.
    """
    from dixis_tui.run import rotation

    common: Common = ctx.obj
    asked = _asked(common, url_variable, file, operator)
    if only_look is False and confirm is not None and confirm != asked.role:
        raise UsageError("Wrong role. Nothing was done.", f"The role is exactly {asked.role}.")
    if not only_look and confirm is None and as_json:
        raise UsageError("Nobody is asked with --json. Nothing was done.", f"Pass --confirm {asked.role}.")
    with ExitStack() as stack:
        order, looked = _order(asked, stack, without_github=without_github, only_look=only_look, quiet=as_json)
        if only_look:
            return
        if confirm is None:
            typed = click.prompt(_("Type {role} to change its password").format(role=asked.role), err=True)
            if typed != asked.role:
                raise UsageError("Wrong role. Nothing was done.", f"The role is exactly {asked.role}.")
        outcome = rotation.rotate(order, lambda sentence: say(f"   {sentence}", err=True))
    result = RotateResult(
        rotation=order.id,
        role=order.role,
        target=order.form.masked,
        file=str(outcome.file),
        seen=outcome.seen,
        sessions=tuple(map(str, looked.sessions)),
    )
    _tell(result, looked, asked, as_json=as_json)


def _asked(common: Common, url_variable: str | None, file: Path | None, operator: str | None) -> _Asked:
    """Raises UsageError and UrlError."""
    settings = common.settings()
    secrets = secrets_for_headless(settings)
    url = parse(secrets[DATABASE_URL], DATABASE_URL)
    role = settings.rotation.role or url.user
    if url_variable:
        form = parse(os.environ.get(url_variable), url_variable)
        if form.user != role:
            raise UsageError(
                f"{url_variable} is the URL of another role than {role}. Nothing was done.",
                "Name the role as rotation.role in dixis.toml, or another variable.",
            )
    else:
        form = url if url.user == role else with_login(url, role, "")
    return _Asked(
        settings=settings,
        role=role,
        url=url,
        form=form,
        given=bool(url_variable),
        token=token_in(secrets)[0],
        file=file.absolute() if file else None,
        operator=common.person(operator),
    )


def _order(
    asked: _Asked, stack: ExitStack, *, without_github: bool, only_look: bool, quiet: bool
) -> tuple[Order, Looked]:
    """Look at everything, show it, and hold what nobody else may touch meanwhile. Raises any DixisError."""
    from dixis_tui.run import rotation_github, rotation_look, rotations
    from dixis_tui.run.rotation import Order, Places
    from dixis_tui.secrets import Redactor

    records = rotations.path_here()
    if not only_look:
        stack.enter_context(_alone(records))
    words = Redactor([*asked.url.secrets, *asked.form.secrets, asked.token]).line
    looked = rotation_look.look(asked.url, asked.role, records, words)
    before = looked.unfinished
    identifier = before.id if before else rotations.new_id()
    github, places = rotation_github.Seen(), Places()
    if asked.github and not without_github:
        try:
            repository = stack.enter_context(rotation_github.opened(asked.settings.github, asked.token))
        except GithubError as error:  # no token
            github = rotation_github.Seen(problem=str(error), remedy=error.remedy)
        else:
            github = rotation_github.look(repository, asked.settings.github, asked.token)
            places = rotation_github.places(repository, asked.settings.github, github)
    if not only_look and (asked.url.user == asked.role or places.names):
        stack.enter_context(_held(looked.url, identifier, asked.operator))
    order = Order(
        id=identifier,
        role=asked.role,
        url=asked.url,
        form=asked.form,
        file=Path(before.last.file) if before else asked.file or rotations.file_for(records, identifier),
        records=records,
        operator=asked.operator,
        system_identifier=looked.system_identifier,
        places=places,
        resumes=before,
    )
    if not quiet:
        _show(asked, order, looked, github)
    if not only_look:
        _require(asked, looked, github)
    return order, looked


def _require(asked: _Asked, looked: Looked, github: Seen) -> None:
    """Raises UsageError for what would go wrong half way."""
    if looked.role.refusal:
        raise UsageError(
            f"The password can't be changed from here: {looked.role.refusal}. Nothing was done.",
            "Let DATABASE_URL be of a role that may.",
        )
    if github.problem:
        raise UsageError(
            f"The secrets on GitHub could not be looked at: {github.problem}. Nothing was done.",
            f"{github.remedy} Or pass --without-github, and change the secret by hand.".strip(),
        )
    if github.places and not asked.given and _only_here(asked.form.host):
        raise UsageError(
            f"GitHub can't use a URL that leads to {asked.form.host}. Nothing was done.",
            "Put the URL as GitHub has it into an environment variable and name it with --url-variable, or pass "
            "--without-github.",
        )


def _only_here(host: str) -> bool:
    return host.startswith(("/", "127.")) or host.lower() in ("localhost", "::1")


@contextmanager
def _alone(records: Path) -> Iterator[None]:
    """One rotation at a time in this state directory. Raises RunnerError."""
    import fcntl

    descriptor = os.open(records.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunnerError("Another rotation is under way here. Nothing was done.", "Wait for its end.") from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _held(url: DatabaseUrl, identifier: str, operator: str) -> Iterator[None]:
    """No run that would lose its way into the database, from here or on GitHub, is under way, or begins meanwhile.

    Raises UnderWayError, and where nobody can say whether one is: UsageError, ConnectError or QueryError.
    """
    from dixis_tui.postgres.run_lock import NotTaken, RunLock
    from dixis_tui.run import under_way

    lock = RunLock(url, identifier, operator)
    try:
        outcome = lock.ensure()
        under_way.require_ours(outcome, under_way.target(url), identifier)
        if isinstance(outcome, NotTaken):
            raise UsageError(
                f"Whether a run is under way can't be known: {outcome.reason}. Nothing was done.",
                "Let DATABASE_URL lead to PostgreSQL itself.",
            )
        yield
    finally:
        lock.release()


def _show(asked: _Asked, order: Order, looked: Looked, github: Seen) -> None:
    """What is about to be done, and to whom."""
    from dixis_tui.run.rotation_look import env_files

    def row(text: str) -> None:
        click.echo(text, err=True)

    row(_("Role {role}: {target}").format(role=order.role, target=order.form.masked))
    row("  " + (looked.role.refusal or _("its password may be changed by {me}").format(me=looked.role.me)))
    if looked.role.valid_until:
        row("  " + _("valid until {when} UTC; that stays").format(when=f"{looked.role.valid_until:%Y-%m-%d %H:%M}"))
    row("  " + _("connected with it now:") + ("" if looked.sessions else " " + _("nobody")))
    for one in looked.sessions:
        row(f"    {one}")
    for secret in github.secrets:
        changed = f"{secret.updated:%Y-%m-%d %H:%M} UTC" if secret.updated else "–"
        row(
            "  "
            + _("GitHub: {name} of the {where}, changed {when}").format(
                name=secret.name, where=secret.where, when=changed
            )
        )
        if secret.where not in github.places:
            row("    " + _("it is others' as well: change it there by hand"))
    if github.problem:
        row("  " + _("GitHub: {problem}").format(problem=github.problem))
    for path in env_files(asked.settings.prisma_directory, Path(asked.settings.root)):
        row("  " + _("may hold it, and is not touched: {path}").format(path=path))
    if order.resumes:
        row(
            _("Rotation {id} of {when} UTC did not come to its end: it is gone on with.").format(
                id=order.id, when=f"{order.resumes.began:%Y-%m-%d %H:%M}"
            )
        )
    row("  " + _("the new URL goes to {path}").format(path=order.file))


def _tell(result: RotateResult, looked: Looked, asked: _Asked, *, as_json: bool) -> None:
    """What came of it, and what is left to do for people."""
    if as_json:
        from dixis_tui.cli.result import to_json

        click.echo(to_json(result))
        return
    for sentence in result.seen:
        say(f" ✔ {sentence}")
    for one in looked.sessions:
        told = _(
            "{count} × {application} from {place} had the old password: they stay connected, and their next "
            "connection fails. Restart it with the new URL."
        )
        click.echo(" ▲ " + told.format(count=one.count, application=one.application or one.user, place=one.place))
    click.echo(_("The new URL is in {path}: put it where it is needed, then delete the file.").format(path=result.file))
    if asked.url.user == asked.role:
        click.echo(_("DATABASE_URL of this terminal has the old one."))
