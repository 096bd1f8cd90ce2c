"""A role of its own on a server that asks for passwords, and all that a rotation of it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ConnectError, GithubError
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, with_login
from dixis_tui.run import rotations
from dixis_tui.run.rotation import Order, Places, in_file
from dixis_tui.run.rotations import Rotation

OLD = "παλιό/old?pw"


def works(url: DatabaseUrl, role: str, password: str) -> bool:
    """Whether the server lets that role in with that password."""
    try:
        connect(with_login(url, role, password), purpose="test").close()
    except ConnectError as error:
        if error.kind != "authentication":
            raise
        return False
    return True


class Vault:
    """GitHub's secrets as values; `refusing` is what the next puts raise, one after the other."""

    def __init__(self, *places: str) -> None:
        self.values = dict.fromkeys(places, "")
        self.puts = 0
        self.refusing: list[GithubError | None] = []

    def put(self, place: str, value: str) -> str:
        self.puts += 1
        error = self.refusing.pop(0) if self.refusing else None
        if error is None or error.taken:
            self.values[place] = value
        if error is not None:
            raise error
        return f"URL of the {place} changed"

    @property
    def places(self) -> Places:
        return Places(names=tuple(self.values), put=self.put)


class Scene:
    """One role, its old password, a folder for files and records."""

    def __init__(self, database: DatabaseUrl, role: str, folder: Path) -> None:
        self.database, self.role, self.folder = database, role, folder
        self.url = with_login(database, role, OLD)
        self.vault = Vault("repository", "environment production")
        self.vault.values = dict.fromkeys(self.vault.values, self.url.raw.reveal())

    @property
    def records(self) -> Path:
        return self.folder / rotations.FILE

    @property
    def last(self) -> Rotation:
        found, problem = rotations.read(self.records)
        assert problem == ""
        return found[-1]

    def order(self, **changes: object) -> Order:
        """A rotation of it; gone on with where one is unfinished."""
        found = rotations.read(self.records)[0]
        left = found[-1] if found and not found[-1].over else None
        made = Order(
            id=left.id if left else rotations.new_id(),
            role=self.role,
            url=self.url,
            form=self.url,
            file=Path(left.last.file) if left else self.folder / f"{len(found)}.url",
            records=self.records,
            operator="Ελένη",
            places=self.vault.places,
            resumes=left,
        )
        return replace(made, **changes)

    def new_password(self, order: Order) -> str:
        """What lies in the file; empty where there is none."""
        found = in_file(order.file, self.role)
        return found.password.reveal() if found else ""

    def old_works(self) -> bool:
        return works(self.database, self.role, OLD)

    def reset(self) -> None:
        """As before the first rotation."""
        with connect(self.database, purpose="test") as session:
            session.script(f"ALTER ROLE {self.role} PASSWORD '{OLD}'".encode())
        for path in self.folder.iterdir():
            path.unlink()
        self.vault.values = dict.fromkeys(self.vault.values, self.url.raw.reveal())


@contextmanager
def role_on(database: DatabaseUrl, role: str, more: str = "") -> Iterator[str]:
    """A role that can log in with the old password."""
    with connect(database, purpose="test") as session:
        session.script(f"CREATE ROLE {role} LOGIN {more} PASSWORD '{OLD}'".encode())
    yield role
    with connect(database, purpose="test") as session:
        session.script(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}".encode())


@pytest.fixture
def scene(database: DatabaseUrl, tmp_path: Path) -> Iterator[Scene]:
    """The role that rotates its own password."""
    folder = tmp_path / "state"
    folder.mkdir()
    with role_on(database, f"app_{database.database}") as role:
        yield Scene(database, role, folder)


def quiet(_: str) -> None:
    """Nobody is told."""
