"""The Prisma project: where it is, which Prisma it pins, how its CLI is called, which migrations it holds.

Nothing here runs Prisma or touches a database; the only program started is git, to name the commit.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ProjectError, ToolError
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.versions import LOCKS, PinnedVersion, find_lock, parents, pinned_version, read_json
from dixis_tui.process import ask
from dixis_tui.secrets import clean

__all__ = ["Project", "discover", "read_migrations"]

_TYPED = {
    "pnpm": ("pnpm", "prisma"),
    "npm": ("npx", "--no-install", "prisma"),
    "yarn": ("yarn", "prisma"),
    "bun": ("bunx", "--no-install", "prisma"),
}
"""What people type; none of these fetches another version."""

_CONFIGS = [
    f"{place}{suffix}"
    for place in ("prisma.config.", ".config/prisma.")
    for suffix in ("ts", "mts", "cts", "js", "mjs", "cjs")
]
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.S)
_DATASOURCE = re.compile(r"^\s*datasource\s+\w+\s*\{(.*?)\}", re.S | re.M)
_SETTING = re.compile(r"^\s*(\w+)\s*=\s*(?:env\(\s*\"([^\"]*)\"\s*\)|\"([^\"]*)\")", re.M)
_CONFIG_VARIABLE = re.compile(r"(?:env\(\s*['\"]|process\.env\.|process\.env\[\s*['\"])([A-Za-z_]\w*)")
_DATABASE_VARIABLE = re.compile(r"(?:DATABASE|DIRECT|POSTGRES|PG|DB).*UR[LI]", re.I)
_CONFIG_MIGRATIONS = re.compile(r"migrations\s*:\s*\{[^}]*?path\s*:\s*['\"]([^'\"]+)['\"]", re.S)
_OLDEST, _NEWEST = 5, 7


class Project(Struct, frozen=True, kw_only=True):
    """A Prisma project as found on disk. All paths are absolute.

    `command` is what people type; `argv` what is run: the project's own `node_modules/.bin/prisma` where it is
    installed, so that nothing can be fetched, else empty (or `command`, where it was configured or Yarn runs without
    `node_modules`). `url_variables` are the environment variables from which Prisma will read the target's URL,
    `shadow_variables` those for the shadow database. `literal_url` says that the schema holds a URL itself.
    """

    directory: Path
    schema: Path
    migrations: Path
    provider: str
    prisma_version: str
    prisma_major: int
    version_source: str
    version_warning: str
    package_manager: str
    command: tuple[str, ...]
    argv: tuple[str, ...]
    config: Path | None
    commit: str
    url_variables: tuple[str, ...]
    shadow_variables: tuple[str, ...]
    literal_url: bool

    @property
    def supported(self) -> bool:
        """Whether this program knows how the pinned Prisma migrates."""
        return _OLDEST <= self.prisma_major <= _NEWEST

    @property
    def unsupported(self) -> str:
        """Why the pinned Prisma can't be used, in a sentence; empty where it can."""
        if self.supported:
            return ""
        if self.prisma_major > _NEWEST:
            return f"Prisma {self.prisma_version} is not supported: since 8 it has no `migrate deploy`."
        return f"Prisma {self.prisma_version} is not supported: it is older than {_OLDEST}."

    @property
    def splits_statements(self) -> bool:
        """Whether `migrate deploy` commits each statement of a file by itself: so from 7.4 on."""
        minor = int(self.prisma_version.split(".")[1])
        return (self.prisma_major, minor) >= (7, 4)

    @property
    def shown(self) -> str:
        """The CLI as people type it."""
        return " ".join(self.command)


def discover(directory: Path, schema: str = "prisma/schema.prisma", command: list[str] | None = None) -> Project:
    """Read the project in `directory`; `schema` is its schema file or folder, `command` the CLI where configured.

    Raises:
        ProjectError: no such directory, no package.json, no Prisma in it or no version, no schema, no provider
            postgresql, no migrations folder, or one of another provider.
    """
    directory = directory.absolute()
    specifier = _specifier(directory)
    lock = find_lock(directory)
    version = _version(directory, specifier, lock)
    schema_path = directory / schema
    config = next((directory / name for name in _CONFIGS if (directory / name).is_file()), None)
    config_text = _text(config) if config else ""
    datasource = _datasource(schema_path)
    manager = LOCKS[lock.name] if lock else "npm"
    typed = tuple(command) if command else _TYPED[manager]
    return Project(
        directory=directory,
        schema=schema_path,
        migrations=_migrations(directory, schema_path, config_text),
        provider="postgresql",
        prisma_version=version.version,
        prisma_major=int(version.version.split(".")[0]),
        version_source=version.source,
        version_warning=version.warning,
        package_manager=manager,
        command=typed,
        argv=typed if command else _own_binary(directory, typed),
        config=config,
        commit=_commit(directory),
        url_variables=_variables(datasource, config_text, shadow=False),
        shadow_variables=_variables(datasource, config_text, shadow=True),
        literal_url=any(name in ("url", "directUrl") and not variable for name, variable in datasource.items()),
    )


def _specifier(directory: Path) -> str:
    if not directory.is_dir():
        raise ProjectError(
            f"The Prisma project's directory {directory} does not exist", "Set prisma.directory in dixis.toml."
        )
    path = directory / "package.json"
    if not path.exists():
        raise ProjectError(f"{directory} has no package.json", "Point prisma.directory in dixis.toml at the project.")
    package = read_json(path)
    if package is None:
        raise ProjectError(f"{path} is not a readable JSON object", "Mend package.json.")
    for table in ("dependencies", "devDependencies", "optionalDependencies"):
        entries = package.get(table)
        if isinstance(entries, dict) and isinstance(specifier := entries.get("prisma"), str):
            return specifier
    raise ProjectError(
        f"prisma is not among the dependencies of {path}", "Add prisma to the project's devDependencies, pinned."
    )


def _version(directory: Path, specifier: str, lock: Path | None) -> PinnedVersion:
    version = pinned_version(directory, specifier, lock)
    if version is None:
        raise ProjectError(
            f"Nothing in {directory} says which Prisma it uses: package.json only gives {clean(specifier)!r}",
            "Install the project's packages from its lock file.",
        )
    return version


def _datasource(schema: Path) -> dict[str, str]:
    """Settings of the datasource block: `url` and its like to the variable they name, empty for a literal."""
    if not schema.exists():
        raise ProjectError(f"There is no Prisma schema at {schema}", "Set prisma.schema in dixis.toml.")
    sources = sorted(schema.rglob("*.prisma")) if schema.is_dir() else [schema]
    for source in sources:
        # Strings are kept, since a URL holds `//`; comments go.
        text = _COMMENT.sub(lambda match: match[1] or "", _text(source))
        if block := _DATASOURCE.search(text):
            settings = {name: (variable, literal) for name, variable, literal in _SETTING.findall(block[1])}
            _check_provider(source, settings.pop("provider", ("", ""))[1])
            return {name: variable for name, (variable, _) in settings.items() if name.lower().endswith("url")}
    raise ProjectError(f"{schema} has no datasource block", "Set prisma.schema in dixis.toml to the project's schema.")


def _check_provider(source: Path, provider: str) -> None:
    if provider not in ("postgresql", "postgres"):
        raise ProjectError(
            f"The datasource in {source} has provider {clean(provider)!r}, not 'postgresql'",
            "Only PostgreSQL projects can be migrated with this program.",
        )


def _migrations(directory: Path, schema: Path, config_text: str) -> Path:
    """The folder named by prisma.config, else the one beside the schema, or in it where the schema is a folder."""
    candidates = [schema.parent / "migrations"]
    if schema.is_dir():
        candidates.insert(0, schema / "migrations")
    if named := _CONFIG_MIGRATIONS.search(_COMMENT.sub(lambda match: match[1] or "", config_text)):
        candidates.insert(0, directory / named[1])
    folder = next((candidate for candidate in candidates if candidate.is_dir()), None)
    if folder is None:
        raise ProjectError(
            f"There is no migrations folder at {candidates[0]}", "Check out the project with its migrations."
        )
    lock = folder / "migration_lock.toml"
    if lock.is_file() and (found := re.search(r"^provider\s*=\s*\"([^\"]*)\"", _text(lock), re.M)):
        _check_provider(lock, found[1])
    return folder


def _variables(datasource: dict[str, str], config_text: str, *, shadow: bool) -> tuple[str, ...]:
    """Variables named by the schema, then those that prisma.config reads and that look like database URLs."""
    names = [variable for name, variable in datasource.items() if variable and name.startswith("shadow") == shadow]
    for name in _CONFIG_VARIABLE.findall(config_text):
        if _DATABASE_VARIABLE.search(name) and ("SHADOW" in name.upper()) == shadow:
            names.append(name)
    return tuple(dict.fromkeys(names)) or (("SHADOW_DATABASE_URL",) if shadow else ("DATABASE_URL",))


def _own_binary(directory: Path, typed: tuple[str, ...]) -> tuple[str, ...]:
    for folder in parents(directory):
        binary = folder / "node_modules" / ".bin" / "prisma"
        if binary.exists():
            return (str(binary),)
    plug_and_play = any((folder / ".pnp.cjs").exists() for folder in parents(directory))
    return typed if plug_and_play else ()


def _commit(directory: Path) -> str:
    """HEAD's hash; empty outside git, without git, and before the first commit."""
    try:
        answer = ask(["git", "rev-parse", "HEAD"], environment={"GIT_OPTIONAL_LOCKS": "0"}, directory=directory)
    except ToolError:
        return ""
    return answer.stdout.decode("ascii", "replace").strip() if answer.code == 0 else ""


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise ProjectError(f"{path} can't be read: {error.strerror}", "Make it readable for this user.") from None
