"""What a workflow must know of a project: where it is in its repository, its tools, its Prisma."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ProjectError, ToolError, UsageError
from dixis_tui.prisma.project import Project, discover
from dixis_tui.prisma.versions import LOCKS, find_lock, parents, read_json
from dixis_tui.process import child_environment
from dixis_tui.secrets import clean
from dixis_tui.settings import Settings

_NODE_FILES = (".nvmrc", ".node-version")
_DEFAULT_SCHEMA = "prisma/schema.prisma"
_ADAPTER = re.compile(r"^\s*adapter\s*[:(]|^\s*async adapter\b", re.M)
_PNPM_OF_LOCK = {"5": "7", "6": "8"}
"""The pnpm that writes a lock file of that major; later ones read 9.0."""


class Facts(Struct, frozen=True, kw_only=True):
    """A project as its workflows see it. Paths are POSIX; those of folders and files are from the repository's root.

    `directory` and `install_directory` (where the lock file is) are empty for the root itself.
    """

    directory: str
    install_directory: str
    manager: str
    manager_version: str
    """For pnpm: what the lock file needs, empty where `manager_file` says it. For yarn: `classic` or `berry`."""
    manager_file: str
    """The package.json that names the package manager's version; empty: none does."""
    node_file: str
    """The file that says which Node.js; empty: none does."""
    prisma: str
    """The CLI, as a shell reads it."""
    prisma_version: str
    schema: str
    """From the project's own folder."""
    schema_option: bool
    """Whether the CLI must be told its schema."""
    adapter: bool
    """Whether prisma.config gives the CLI an adapter of its own."""
    migrations: str
    watched: tuple[str, ...]
    """Folders of the schema and the migrations, and files that decide over them."""
    url_variables: tuple[str, ...]
    shadow_variables: tuple[str, ...]
    """Only those that the project names itself."""
    default_branch: str
    """As the clone remembers it from its remote; empty: not known."""


def repository_of(start: Path) -> Path:
    """The root of the git repository that `start` is in, without symbolic links.

    Raises:
        UsageError: `start` is no folder, or in no repository.
        ToolError: git is missing.
    """
    if not start.is_dir():
        raise UsageError(f"{clean(str(start))} is not a folder", "Name a folder of the project's repository.")
    root = _git(start, "rev-parse", "--show-toplevel")
    if not root:
        raise UsageError(
            f"{clean(str(start))} is in no git repository that git would work in",
            "Call this in a clone of the project; `git status` there says more.",
        )
    return Path(root).resolve()


def gather(settings: Settings, root: Path, *, search: bool = False) -> Facts:
    """Read the project of `settings` in the repository `root`; `search`: the nearest one at or above that folder.

    Raises:
        ProjectError: there is no usable project, no lock file, or it is outside `root`.
    """
    project = _project(settings, root, search=search)
    lock = find_lock(project.directory)
    if lock is None:
        raise ProjectError(
            f"{project.directory} has no lock file: a workflow could not install what was tried",
            "Commit the package manager's lock file.",
        )
    if project.unsupported:
        raise ProjectError(project.unsupported, "Use a version of Prisma from 5 to 7.")
    config = project.config.read_text("utf-8", "replace") if project.config else ""
    install = _below(root, lock.parent)
    manager = LOCKS[lock.name]
    schema_option = project.config is None and project.schema != project.directory / _DEFAULT_SCHEMA
    return Facts(
        directory=_below(root, project.directory),
        install_directory=install,
        manager=manager,
        manager_version=_manager_version(manager, lock),
        manager_file=_manager_file(root, lock.parent, manager),
        node_file=_node_file(root, project.directory),
        prisma=shlex.join(project.command),
        prisma_version=project.prisma_version,
        schema=project.schema.relative_to(project.directory).as_posix()
        if project.schema.is_relative_to(project.directory)
        else str(project.schema),
        schema_option=schema_option,
        adapter=bool(_ADAPTER.search(config)),
        migrations=_below(root, project.migrations),
        watched=_watched(root, project, lock),
        url_variables=tuple(dict.fromkeys(("DATABASE_URL", *project.url_variables))),
        shadow_variables=tuple(name for name in project.shadow_variables if name in config),
        default_branch=_git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/"),
    )


def _project(settings: Settings, root: Path, *, search: bool) -> Project:
    place = settings.prisma_directory.resolve()
    if not place.is_relative_to(root):
        raise ProjectError(f"{place} is outside of the repository {root}", "Set prisma.directory in dixis.toml.")
    if search:
        above = (folder for folder in (place, *place.parents) if folder.is_relative_to(root))
        place = next((folder for folder in above if (folder / "package.json").is_file()), place)
    return discover(place, settings.prisma.schema, settings.prisma.command)


def _below(root: Path, place: Path) -> str:
    """`place` from `root`, empty for the root itself; links are followed first."""
    real = place.resolve()
    if not real.is_relative_to(root):
        raise ProjectError(f"{place} is outside of the repository {root}", "Keep the whole project in one repository.")
    shown = real.relative_to(root).as_posix()
    return "" if shown == "." else shown


def _manager_version(manager: str, lock: Path) -> str:
    if manager == "pnpm":
        found = re.search(r"^lockfileVersion:\s*['\"]?(\d+)", lock.read_text("utf-8", "replace"), re.M)
        return _PNPM_OF_LOCK.get(found[1], "10") if found else "10"
    if manager == "yarn":
        return "classic" if "# yarn lockfile v1" in lock.read_text("utf-8", "replace")[:500] else "berry"
    return ""


def _manager_file(root: Path, folder: Path, manager: str) -> str:
    package = folder / "package.json"
    named = (read_json(package) or {}).get("packageManager", "")
    return _below(root, package) if isinstance(named, str) and named.startswith(f"{manager}@") else ""


def _node_file(root: Path, directory: Path) -> str:
    for folder in parents(directory):
        for name in _NODE_FILES:
            if (folder / name).is_file():
                return _below(root, folder / name)
    for folder in parents(directory):
        engines = (read_json(folder / "package.json") or {}).get("engines")
        if isinstance(engines, dict) and engines.get("node"):
            return _below(root, folder / "package.json")
    return ""


def _watched(root: Path, project: Project, lock: Path) -> tuple[str, ...]:
    """Patterns of paths. A schema that lies in the project's own folder is watched alone, not the whole project."""
    schema = _below(root, project.schema)
    folder = project.schema if project.schema.is_dir() else project.schema.parent
    found = [schema if folder == project.directory else f"{_below(root, folder)}/**"]
    migrations = f"{_below(root, project.migrations)}/**"
    if not migrations.startswith(found[0].removesuffix("**")):
        found.append(migrations)
    found += [_below(root, path) for path in (project.config, lock) if path]
    return tuple(found)


def _git(folder: Path, *words: str) -> str:
    """What git says, without the line break; empty where it says no."""
    try:
        answer = subprocess.run(
            ["git", *words],
            cwd=folder,
            env=child_environment({"GIT_OPTIONAL_LOCKS": "0"}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except FileNotFoundError:
        raise ToolError("git can't be started: it is not installed", "Install git.") from None
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "surrogateescape").removesuffix("\n") if answer.returncode == 0 else ""
