"""Phase 1: what the target is, what the project is, and whether both are fit for tonight. Reads only."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dixis_tui import events as ev
from dixis_tui.errors import ConnectError, DixisError
from dixis_tui.model import CheckState, Finding, Identity, Phase, failed, passed, warned
from dixis_tui.plan.checks import GITHUB_CODES
from dixis_tui.postgres import catalog
from dixis_tui.postgres.encryption import check_keys
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.tools import find_tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import OnDisk, scan_migrations, without_file
from dixis_tui.prisma.project import Project
from dixis_tui.prisma.truth import missing_database
from dixis_tui.run import outlive
from dixis_tui.run.context import Context
from dixis_tui.run.phases import access, after, alone, banner, facts, foresight, judges, soundness
from dixis_tui.run.phases.backup import backup_folder
from dixis_tui.settings import DATABASE_URL, SECRET_NAMES, WindowSettings

_ON_SERVER = ("DX104", "DX105", "DX106", "DX107", "DX118", "DX119", "DX122", "DX124")
_ON_PROJECT = ("DX112", "DX113")
_ON_BOTH = ("DX114", "DX115", "DX116", "DX117")


def run(context: Context) -> None:
    """Answer every check of preflight that can be looked up."""
    github = bool(context.settings.github.repository)
    codes = [*facts.phase_checks(Phase.PREFLIGHT), *((code, "") for code in GITHUB_CODES if github)]
    codes += [("DX135", "")] if context.settings.notices.any else []
    with context.phase(Phase.PREFLIGHT, codes):
        _look(context)
        if github:  # last: what is near is seen while GitHub lets us wait
            _github(context)
        if context.state.identity:
            after.baseline(context)


def _look(context: Context) -> None:
    context.check("DX121", lambda: _window(context.settings.window, datetime.now(UTC)))
    context.check("DX123", lambda: _contacts(context))
    context.check("DX125", outlive.look)
    if context.settings.notices.any:
        _notices(context)
    banner.left_behind(context)
    found, on_disk = _project(context)
    url = _url(context)
    if url is None:
        context.skip(("DX102", "DX103", *_ON_SERVER, *_ON_BOTH), f"{DATABASE_URL} can't be used")
        return
    context.check("DX102", lambda: _direct(url))
    _target(context, url, found, on_disk)
    if found and found.supported:
        context.check("DX113", lambda: judges.validate(context, found, url))


def _notices(context: Context) -> None:
    from dixis_tui.run.phases import notices  # templates and mails take a tenth of a second

    notices.look(context)


def _github(context: Context) -> None:
    from dixis_tui.run.phases import github_look  # httpx takes a tenth of a second

    github_look.look(context)


def _url(context: Context) -> DatabaseUrl | None:
    finding = context.check("DX101", lambda: _secrets(context))
    return facts.production(context) if finding.state is CheckState.PASSED else None


def _secrets(context: Context) -> Finding:
    facts.production(context)
    names = (*SECRET_NAMES, *context.settings.secret_variables)
    words = [f"{name} {'set' if name in context.secrets else 'not set'}" for name in names]
    return passed(", ".join(words))


def _direct(url: DatabaseUrl) -> Finding:
    if reason := url.pooled:
        return failed(reason, "Use the direct connection: Prisma's lock does not hold through a transaction pooler.")
    return passed(f"port {url.port}, no pooler in sight")


def _project(context: Context) -> tuple[Project | None, OnDisk | None]:
    seen: list[Project] = []
    disk: list[OnDisk] = []

    def look() -> Finding:
        found = facts.project(context)
        seen.append(found)
        disk.append(scan_migrations(found.migrations))
        context.emit(facts.project_seen(found))
        if disk[0].without_file:
            raise without_file(found.migrations, disk[0].without_file[0])
        return passed(f"{found.directory}, {len(disk[0].files)} migrations, {found.shown}")

    context.check("DX111", look)
    if not seen:
        context.skip(_ON_PROJECT, "the Prisma project could not be read")
        return None, None
    context.check("DX112", lambda: _version(seen[0]))
    if not seen[0].supported:
        context.skip(("DX113",), "this Prisma is not supported")
    return seen[0], disk[0] if disk else None


def _version(found: Project) -> Finding:
    if found.unsupported:
        return failed(found.unsupported, "Pin Prisma 6 or 7 in the project, or run this one by its own tools.")
    evidence = f"{found.prisma_version} ({found.version_source})"
    if found.version_warning:
        return warned(f"{evidence}; {found.version_warning}", "Pin the exact version.")
    if found.splits_statements:
        return warned(
            f"{evidence} commits each statement of a file by itself",
            "After a failure the statements before it stay, with the executor direct as with Prisma itself.",
        )
    return passed(evidence)


def _target(context: Context, url: DatabaseUrl, found: Project | None, on_disk: OnDisk | None) -> None:
    sessions: list[Session] = []

    def reach() -> Finding:
        try:
            session = connect(url, purpose="preflight", read_only=True, statement_timeout_seconds=60)
        except ConnectError as error:
            if error.kind == "missing_database" and on_disk is not None:
                context.emit(facts.truth_seen(context, missing_database(on_disk.files, url.database)))
            raise
        sessions.append(session)
        identity = catalog.identify(session, url)
        context.emit(ev.TargetSeen(identity=identity))
        return passed(f"{identity.database} on PostgreSQL {identity.version}, as {identity.user}")

    context.check("DX103", reach)
    identity = context.state.identity
    if not sessions or identity is None:
        context.skip((*_ON_SERVER, *_ON_BOTH), "the target can't be reached")
        return
    with sessions[0] as session:
        access.look(context, session, url)
        context.check("DX124", lambda: alone.look(context))
        context.check("DX104", lambda: _primary(identity))
        context.check("DX105", lambda: _tls(url, identity))
        context.check("DX106", lambda: _rights(session))
        context.check("DX107", lambda: _tools(context, identity))
        context.check("DX122", lambda: _disk(context, session))
        context.check("DX118", lambda: foresight.transactions(session))
        context.check("DX119", lambda: foresight.replicas(session))
        if found is None or on_disk is None:
            context.skip(_ON_BOTH, "the Prisma project could not be read")
        else:
            _history(context, session, found, on_disk)


def _primary(identity: Identity) -> Finding:
    if identity.in_recovery:
        return failed("the server is a replica (in recovery)", "Put the primary's host into DATABASE_URL.")
    if identity.read_only:
        return failed("the server takes no writes (default_transaction_read_only)", "Find out who set it, and why.")
    return passed("primary, takes writes")


def _tls(url: DatabaseUrl, identity: Identity) -> Finding:
    if identity.tls:
        return passed(f"{identity.tls} on our own connection")
    if url.host in ("localhost", "127.0.0.1", "::1") or url.host.startswith("/"):
        return passed("none, and the connection never leaves this machine")
    return warned("this connection is not encrypted", "Add sslmode=require (or verify-full) to DATABASE_URL.")


def _rights(session: Session) -> Finding:
    rights = catalog.rights(session)
    if not rights.create_in_schema:
        return failed("the role may not create in the schema", "Use the role that owns the schema's tables.")
    if rights.not_owned:
        names = ", ".join(table.table for table in rights.not_owned[:3])
        return failed(f"the role does not own {names}", "Use the owner: ALTER TABLE is refused to anybody else.")
    return passed("may create, owns every table")


def _tools(context: Context, identity: Identity) -> Finding:
    tools = find_tools(identity.major, pg_bindir=context.settings.backup.pg_bindir, tls=bool(identity.tls))
    recipient = context.settings.backup.age_recipient
    if recipient:
        check_keys(recipient, context.settings.age_identity)
    age = ", age and a key that opens what it encrypts" if recipient else ""
    return passed(f"pg_dump {tools.major} from {tools.source}{age}")


def _disk(context: Context, session: Session) -> Finding:
    needed = catalog.database_size(session)
    free = shutil.disk_usage(backup_folder(context)).free
    evidence = f"{_mb(free)} free, database {_mb(needed)}"
    if free < needed:
        return failed(evidence, "Make room, or set backup.directory to a bigger disk.")
    return passed(evidence)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _history(context: Context, session: Session, found: Project, on_disk: OnDisk) -> None:
    try:
        seen = facts.truth_at(session, found, on_disk, session.url.schema)
    except DixisError as error:
        context.found("DX114", failed(str(error), error.remedy or "Give the role the right to read it."))
        context.skip(("DX115", "DX116", "DX117"), "the history could not be read")
        return
    context.emit(facts.truth_seen(context, seen.truth))
    context.found("DX114", soundness.history(seen.truth))
    context.emit(ev.PendingSeen(applied=len(seen.history.applied), pending=list(seen.history.pending)))
    context.found("DX115", judges.pending(seen.history))
    foresight.look(context, session, found, seen.history.pending)


def _window(window: WindowSettings, now: datetime) -> Finding:
    opens, closes = window.opens(), window.closes()
    if opens is None or closes is None:
        return failed("no window is agreed in dixis.toml", "Set window.start (local time) and window.minutes.")
    zone = ZoneInfo(window.timezone)
    times = f"{opens.astimezone(zone):%a %d %b %H:%M}–{closes.astimezone(zone):%H:%M} {window.timezone}"
    if now >= closes:
        return failed(f"the window is over: {times}", "Agree on a new one and set it in dixis.toml.")
    if now < opens:
        return warned(f"not open yet: {times}", "Everything up to the go may be done before it opens.")
    return passed(f"open now: {times}")


def _contacts(context: Context) -> Finding:
    contacts = context.settings.contacts
    roles = {"on-call": contacts.on_call, "decision maker": contacts.decision_maker, "backup": contacts.backup}
    unnamed = [role for role, who in roles.items() if not who.name]
    if unnamed:
        return warned(f"not named: {', '.join(unnamed)}", "Name them in dixis.toml under [contacts].")
    return passed("on-call, backup and decision maker are named")
