"""The last look at production before sign-off: who is connected, and how old the password is."""

from __future__ import annotations

from datetime import UTC, datetime

from dixis_tui.errors import DixisError
from dixis_tui.model import CheckState, warned
from dixis_tui.plan import credential
from dixis_tui.postgres import roles
from dixis_tui.run import rotations
from dixis_tui.run.context import Context
from dixis_tui.run.phases import access, facts


def answer(context: Context) -> None:
    """DX812 to DX815. Never raises for what the world does."""
    if context.state.many:
        context.found("DX814", warned("a run over many databases has many credentials", "Look at each of them."))
    else:
        _credential(context)
    if context.access:
        context.access.tell()
    known = context.settings.access.known
    context.found("DX815", access.review(context.state, known))
    if answered := access.person(context.state, known):
        context.found("DX813", answered)


def _credential(context: Context) -> None:
    known = _known(context)
    context.found("DX814", credential.age(known, context.settings.rotation.days, datetime.now(UTC)))
    by_person = context.state.check("DX812").state is CheckState.PASSED
    considered = credential.considered(known.rotated, known.role, context.state.started)
    if considered and not by_person:
        context.found("DX812", considered)


def _known(context: Context) -> credential.Known:
    state, settings = context.state, context.settings
    url = facts.production(context)
    role = settings.rotation.role or url.user
    until: datetime | None = None
    try:
        with facts.reading(context, url, "sign-off") as session:
            access.look(context, session, url, now=True)
            until = roles.valid_until(session, role)
    except DixisError as error:
        context.log.line("runner", f"The last look at production failed: {error}", "warning")
    found, problem = rotations.read(rotations.path_for(context.folder))
    if problem:
        context.note(f"{problem}.", "warning")
    identifier = state.identity.system_identifier if state.identity else ""
    ours = rotations.of_role(found, role, rotations.server_of(url.host, url.port), identifier)
    look = state.github.look if state.github else None
    secret = (
        credential.secret_in_use(look.secrets, settings.github.secret, settings.github.environment) if look else None
    )
    return credential.Known(
        role=context.log.redactor.line(role),
        rotated=max((one.changed for one in ours if one.changed), default=None),
        secret=secret if not settings.rotation.role else None,
        valid_until=until,
    )
