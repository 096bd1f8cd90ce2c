"""The project's git checkout as it stands: commit, branch, what was changed, and the migrations as git stores them.

Only reads: nothing is fetched, no lock is taken, nobody is asked for a password. All names are as the file system has
them; whoever shows one cleans it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ToolError
from dixis_tui.prisma.files import SCRIPT_NAME
from dixis_tui.process import ask
from dixis_tui.secrets import clean

_GIT = (
    "git",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),  # a hook of the checkout's, and a daemon that stays
    *("-c", "core.safecrlf=false"),
)
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_SECONDS = 10.0
_AT_ONCE = 200
"""Names in one call: a call has only so much room for them."""
_LOCK = "migration_lock.toml"
WORKFLOWS = ".github/workflows"


class StoredFile(Struct, frozen=True):
    """One file: its blob's hash as git would store it, and the hash of its bytes as they are on the disk."""

    stored: str
    exact: str


class Checkout(Struct, frozen=True, kw_only=True):
    """A checkout. `problem` is why nothing can be said of it, `remedy` what to do then; the rest is empty there."""

    problem: str = ""
    remedy: str = ""
    commit: str = ""
    """Of HEAD; empty before the first commit."""
    branch: str = ""
    """Empty: HEAD is detached."""
    upstream: str = ""
    shallow: bool = False
    submodule_of: str = ""
    """The repository around this one, where it is a submodule."""
    folder: str = ""
    """Of the migrations within the repository, as git writes it: `apps/shop/prisma/migrations`."""
    changed: tuple[str, ...] = ()
    """What differs from the commit and matters: tracked files of the project and workflows, staged or not, and
    untracked ones that Prisma or GitHub would read."""
    hidden: tuple[str, ...] = ()
    """Migration files that git was told not to look at (assume-unchanged, skip-worktree)."""
    migrations: dict[str, StoredFile] = {}
    """By path within the repository: each `migration.sql`, and the folder's `migration_lock.toml`."""


def look(directory: Path, migrations: Path, read: Sequence[Path] = ()) -> Checkout:
    """The checkout around the project in `directory`; `read`: more that Prisma reads. Never raises for what git says.

    All paths are absolute.
    """
    try:
        return _look(directory.resolve(), migrations.resolve(), [path.resolve() for path in read])
    except ToolError as error:
        return Checkout(problem=str(error), remedy=error.remedy)
    except OSError as error:
        return Checkout(problem=f"{migrations} can't be read: {error.strerror}", remedy="Make it readable.")


def _look(directory: Path, migrations: Path, read: Sequence[Path]) -> Checkout:
    top = Path(_line(directory, "rev-parse", "--show-toplevel"))
    if Path(_line(migrations, "rev-parse", "--show-toplevel")) != top:
        return Checkout(
            problem=f"{migrations} is in another git repository than the project",
            remedy="Keep the migrations in the project's own repository.",
        )
    around = _line(directory, "rev-parse", "--show-superproject-working-tree")
    status = _git(top, "status", *_STATUS, "--", directory, top / WORKFLOWS).split(b"\0")
    heads = dict(_head(line) for line in status if line.startswith(b"# "))
    folder = migrations.relative_to(top).as_posix()
    watched = [path.relative_to(top).as_posix() for path in (migrations, top / WORKFLOWS, *read) if _under(path, top)]
    changed = tuple(sorted(_changed(status, watched)))
    index, hidden = _index(top, migrations)
    return Checkout(
        commit=heads.get("branch.oid", "").replace("(initial)", ""),
        branch=heads.get("branch.head", "").replace("(detached)", ""),
        upstream=heads.get("branch.upstream", ""),
        shallow=_line(directory, "rev-parse", "--is-shallow-repository") == "true",
        submodule_of=Path(around).name if around else "",
        folder=folder,
        changed=changed,
        hidden=tuple(sorted(hidden)),
        migrations=_stored(top, folder, migrations, {*changed, *hidden}, index),
    )


_STATUS = ("--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none")


def _git(directory: Path, *words: str | Path) -> bytes:
    """What git writes. Raises ToolError: it is missing, does not end, or refuses."""
    answer = ask([*_GIT, *words], environment=_QUIET, directory=directory, seconds=_SECONDS)
    if answer.code == 0:
        return answer.stdout
    said = next((line for line in answer.stderr.decode("utf-8", "replace").splitlines() if line.strip()), "")
    if "not a git repository" in said:
        raise ToolError(f"{directory} is in no git repository", "Run this from a checkout of the repository.")
    raise ToolError(
        f"git {words[0]} ended with {answer.code}: {clean(said).removeprefix('fatal: ')[:200]}",
        f"Try `git {words[0]}` by hand in {directory}.",
    )


def _line(directory: Path, *words: str) -> str:
    return os.fsdecode(_git(directory, *words).removesuffix(b"\n"))


def _under(path: Path, top: Path) -> bool:
    return path.is_relative_to(top)


def _head(line: bytes) -> tuple[str, str]:
    name, _, value = os.fsdecode(line).removeprefix("# ").partition(" ")
    return name, value


def _changed(status: Sequence[bytes], watched: Sequence[str]) -> Iterator[str]:
    for line in status:
        kind, _, rest = os.fsdecode(line).partition(" ")
        if kind == "?":
            # Notes and dumps beside the code are in nobody's way.
            if any(rest == path or rest.startswith(f"{path}/") for path in watched):
                yield rest
        elif kind in ("1", "u"):
            yield rest.split(" ", 7 if kind == "1" else 9)[-1]


def _index(top: Path, migrations: Path) -> tuple[dict[str, str], set[str]]:
    """Hashes of the index by path, and the paths that git does not look at on the disk."""
    index: dict[str, str] = {}
    hidden: set[str] = set()
    for line in _git(top, "ls-files", "-z", "-s", "-v", "--", migrations).split(b"\0"):
        told, _, path = os.fsdecode(line).partition("\t")
        if path:
            tag, _, blob, _ = told.split(" ")
            index[path] = blob
            if tag.islower() or tag == "S":
                hidden.add(path)
    return index, hidden


def _stored(
    top: Path, folder: str, migrations: Path, doubtful: set[str], index: dict[str, str]
) -> dict[str, StoredFile]:
    """Of what git holds for unchanged its own hash counts: it alone knows what it did to line endings back then."""
    found = {f"{folder}/{path.relative_to(migrations).as_posix()}": path for path in _files(migrations)}
    asked = [path for path in found if path in doubtful or path not in index]
    hashed: dict[str, str] = {}
    for start in range(0, len(asked), _AT_ONCE):
        part = asked[start : start + _AT_ONCE]
        hashed |= zip(part, _git(top, "hash-object", "--", *part).decode().split(), strict=True)
    return {name: StoredFile(hashed.get(name) or index[name], blob_hash(path)) for name, path in found.items()}


def _files(migrations: Path) -> list[Path]:
    lock = migrations / _LOCK
    files = [entry / SCRIPT_NAME for entry in migrations.iterdir() if entry.is_dir() and not entry.is_symlink()]
    return sorted(path for path in (*files, lock) if path.is_file())


def migration_files(tree: dict[str, str], folder: str) -> dict[str, str]:
    """The part of a commit's tree, by path within the repository, that a :class:`Checkout` has as `migrations`."""
    found = {}
    for path, blob in tree.items():
        parts = path.removeprefix(f"{folder}/").split("/") if path.startswith(f"{folder}/") else []
        if parts == [_LOCK] or (len(parts) == 2 and parts[1] == SCRIPT_NAME):
            found[path] = blob
    return found


def blob_hash(path: Path) -> str:
    """SHA-1 that git gives to a file's bytes as they are. Raises OSError."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
