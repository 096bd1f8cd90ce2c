"""What is looked at before a password is changed: the role, who is connected with it, what was begun before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.access import SessionSeen
from dixis_tui.errors import ConnectError, RunnerError
from dixis_tui.postgres import catalog, roles
from dixis_tui.postgres.access import connected
from dixis_tui.postgres.roles import RoleSeen
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, with_login
from dixis_tui.run import rotations
from dixis_tui.run.rotation import PURPOSE, in_file
from dixis_tui.run.rotations import Rotation

_ENV_FILES = (".env", ".env.local", ".env.production", "prisma/.env")
_LIMIT = 256 * 1024
_NAME = b"DATABASE_URL"


class Looked(Struct, frozen=True, kw_only=True):
    """How the role stands, and who is connected with it in any database of the server."""

    role: RoleSeen
    sessions: tuple[SessionSeen, ...]
    system_identifier: str
    url: DatabaseUrl
    """With the password that the server takes now."""
    unfinished: Rotation | None = None


def look(url: DatabaseUrl, role: str, records: Path, words: Callable[[str], str]) -> Looked:
    """Look; nothing is changed.

    Raises:
        ConnectError: neither the URL's password nor that of an unfinished rotation lets us in.
        QueryError: there is no such role.
        RunnerError: the records can't be read.
    """
    found, problem = rotations.read(records)
    if problem:
        raise RunnerError(f"{problem}", "Mend that file before a password is changed: it says what was begun.")
    server = rotations.server_of(url.host, url.port)
    left = _left(rotations.of_role(found, role, server))
    session, way_in = _connected(url, role, left)
    with session:
        identity = catalog.identify(session, url)
        sessions = tuple(one for one in connected(session, "", words) if one.user == words(role) and not one.ours)
        left = _left(rotations.of_role(found, role, server, identity.system_identifier))
        return Looked(
            role=roles.look(session, role),
            sessions=sessions,
            system_identifier=identity.system_identifier,
            url=way_in,
            unfinished=left,
        )


def _left(found: tuple[Rotation, ...]) -> Rotation | None:
    """The last one, where it has not come to its end."""
    return found[-1] if found and not found[-1].over else None


def _connected(url: DatabaseUrl, role: str, left: Rotation | None) -> tuple[Session, DatabaseUrl]:
    try:
        return connect(url, purpose=PURPOSE, read_only=True), url
    except ConnectError as error:
        if error.kind != "authentication" or left is None or url.user != role:
            raise
        new = in_file(Path(left.last.file), role)
        if new is None:
            raise ConnectError(
                error.kind,
                f"{error}, and {left.last.file}, which held the new one, can't be read",
                "Let somebody who may alter the role give it a password: "
                f"ALTER ROLE … PASSWORD, as another role; then put that into {url.variable}.",
            ) from None
        known = replace(with_login(url, role, new.password.reveal()), tls_password=url.tls_password)
        return connect(known, purpose=PURPOSE, read_only=True), known


def env_files(*folders: Path) -> tuple[Path, ...]:
    """`.env` files that may hold the URL: they are named, and never touched."""
    found: dict[Path, None] = {}
    for folder in folders:
        for name in _ENV_FILES:
            path = folder / name
            try:
                with path.open("rb") as file:
                    if _NAME in file.read(_LIMIT):
                        found[path.resolve()] = None
            except OSError:
                continue
    return tuple(found)
