"""`dixis.toml`, the environment and the flags, as one frozen value.

`dixis.toml` never holds a secret; database URLs come from the environment alone, under the runbook's names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from dixis_tui.errors import UsageError
from dixis_tui.model import Executor
from dixis_tui.secrets import clean
from dixis_tui.settings_flows import check as check_flows
from dixis_tui.settings_github import FleetSettings, GithubSettings, TargetSettings
from dixis_tui.settings_records import (
    AccessSettings,
    AfterSettings,
    FlowSettings,
    HistorySettings,
    Language,
    MaintenanceSettings,
    NoticesSettings,
    RotationSettings,
    Table,
)

CONFIG_NAME = "dixis.toml"
DATABASE_URL = "DATABASE_URL"
SHADOW_DATABASE_URL = "SHADOW_DATABASE_URL"
STAGING_DATABASE_URL = "STAGING_DATABASE_URL"
SECRET_NAMES = (DATABASE_URL, STAGING_DATABASE_URL, SHADOW_DATABASE_URL)
GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - its name
GH_TOKEN = "GH_TOKEN"  # noqa: S105 - its name
GH_CLI = "gh"
"""Stands for the token that `gh` gave."""
TOKEN_NAMES = (GITHUB_TOKEN, GH_TOKEN, GH_CLI)
"""Where a token for GitHub may come from, the first that is there."""
_SHORTEST_TOKEN = 8

_Phrase = Annotated[str, Meta(min_length=1, pattern=r"^\S(.*\S)?$")]
"""Something to type: never nothing, and no blank at its ends that nobody sees."""
_Seconds = Annotated[float, Meta(ge=0, le=86_400)]
_WEEK_MINUTES = 7 * 24 * 60


class PrismaSettings(Table, frozen=True, kw_only=True):
    """`[prisma]`: where the project is."""

    directory: str = "."
    """Where `package.json` and `prisma/` are, relative to `dixis.toml`."""
    schema: str = "prisma/schema.prisma"
    """The schema file (or folder), relative to `directory`; `migrations/` lies beside it."""
    command: list[str] = msgspec.field(default_factory=list)
    """The CLI as a list of words; empty: found by the lock file (`pnpm prisma`, `npx prisma`, …)."""


class ConfirmSettings(Table, frozen=True, kw_only=True):
    """`[confirm]`: the phrases that are typed."""

    phrase: _Phrase = "DIXIS-PROD-OK"
    rollback_phrase: _Phrase = "DIXIS-ROLLBACK-OK"
    second_operator: bool = False
    """Whether the go needs a second person, from another account of this machine."""


class WindowSettings(Table, frozen=True, kw_only=True):
    """`[window]`: the agreed maintenance window. Without `start` the window check fails until it is waived."""

    timezone: str = "Europe/Athens"
    start: datetime | None = None
    """Local date and time in `timezone`, without an offset."""
    minutes: Annotated[int, Meta(gt=0, le=_WEEK_MINUTES)] = 20

    def opens(self) -> datetime | None:
        """The window's first moment in UTC, or None where none was agreed."""
        if self.start is None:
            return None
        return self.start.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)

    def closes(self) -> datetime | None:
        """The window's end in UTC, or None where none was agreed."""
        opens = self.opens()
        return opens + timedelta(minutes=self.minutes) if opens else None


class MigrateSettings(Table, frozen=True, kw_only=True):
    """`[migrate]`: who applies the migrations, and with what manners."""

    executor: Executor = Executor.DIRECT
    lock_timeout_seconds: _Seconds = 2.0
    """How long a statement, or those of a transaction together, may wait for locks; who comes later waits behind it."""
    statement_timeout_seconds: _Seconds = 0.0
    """0: no limit."""
    lock_retries: Annotated[int, Meta(ge=0, le=1_000)] = 20
    """How often what was refused a lock is tried again, where nothing of it stayed; 0: never."""
    retry_seconds: _Seconds = 300.0
    """After that many seconds since its first try nothing is tried again."""
    quiet_seconds: _Seconds = 60.0
    """How long a file waits, before it begins, for older transactions that hold its tables; 0: not at all."""
    victim_sessions: Annotated[int, Meta(ge=0, le=10_000)] = 5
    """When more sessions than that wait behind our statement for over `victim_seconds`, it is cancelled; 0: never."""
    victim_seconds: _Seconds = 2.0


class LimitsSettings(Table, frozen=True, kw_only=True):
    """`[limits]`: what the server has, where it can't be asked."""

    disk_free_gb: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    """Gigabytes (of 10^9 bytes) free on the server's disk, as the provider's console says; 0: not known."""


class BackupSettings(Table, frozen=True, kw_only=True):
    """`[backup]`: where dumps go and with which tools."""

    directory: str = ""
    """Empty: the run's own folder in the state directory."""
    pg_bindir: str = ""
    """Where `pg_dump`, `pg_restore` and `psql` of the server's major are; empty: looked for."""
    format: Literal["auto", "custom", "directory"] = "auto"
    """`auto`: a folder made by several jobs where the database has at least `directory_gb`, else one file."""
    directory_gb: Annotated[float, Meta(ge=0, le=1_000_000)] = 4.0
    jobs: Annotated[int, Meta(ge=0, le=64)] = 0
    """Of dump and restore; 0: as many as this machine has processors, at most 4."""
    keep: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """How many whole backups of the same database stay once a newer one is proven; 0: all."""
    max_age_hours: Annotated[float, Meta(gt=0, le=10_000)] = 4.0
    """An older backup closes the gate."""
    sample_gb: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0
    """Of a table larger than that only one row in `sample_one_in` is compared by its content; all are counted."""
    sample_one_in: Annotated[int, Meta(ge=1, le=1_000_000)] = 16
    age_recipient: str = ""
    """Encrypt with `age` for this public key; empty: not at all."""
    age_identity: str = ""
    """File with the secret key that opens it again, relative to `dixis.toml`."""


class RollbackSettings(Table, frozen=True, kw_only=True):
    """`[rollback]`: with what manners production goes back."""

    polite_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 10.0
    """How long other sessions may finish what they are at before they are ended for the swap."""
    drill_days: Annotated[int, Meta(gt=0, le=10_000)] = 90
    """A drill older than that no longer shows that the rollback works."""


class WatchSettings(Table, frozen=True, kw_only=True):
    """`[watch]`: who else on this machine may look at a run."""

    group: str = ""
    """Unix group that may read the run's journal and log and connect to its socket; empty: nobody but its owner."""


class AuditSettings(Table, frozen=True, kw_only=True):
    """`[audit]`: where the journal's head goes at each gate."""

    webhook: str = ""
    """URL that gets it as JSON; empty: none."""


class HealthSettings(Table, frozen=True, kw_only=True):
    """`[[health]]`: one endpoint of the application, looked at after the migration."""

    name: str
    url: str
    status: int = 200
    contains: str = ""
    """Text that the body must hold; empty: any body."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=3_600)] = 10.0


class Contact(Table, frozen=True, kw_only=True):
    """One person or line to call."""

    name: str = ""
    phone: str = ""
    url: str = ""


class ContactsSettings(Table, frozen=True, kw_only=True):
    """`[contacts]`: whom to call, as the runbook's last chapter asks."""

    on_call: Contact = Contact()
    backup: Contact = Contact()
    provider: Contact = Contact()
    decision_maker: Contact = Contact()


class Settings(Table, frozen=True, kw_only=True):
    """All of `dixis.toml`, plus where it was found. Immutable; travels to the runner as it is."""

    name: str = ""
    """What the production system is called on the screen; empty: the database's name."""
    environment: str = "production"
    """`production`, or `demo` where the target is the built-in one."""
    language: Language = ""
    """Of the interface; empty: as the environment says."""
    prisma: PrismaSettings = PrismaSettings()
    confirm: ConfirmSettings = ConfirmSettings()
    window: WindowSettings = WindowSettings()
    migrate: MigrateSettings = MigrateSettings()
    limits: LimitsSettings = LimitsSettings()
    backup: BackupSettings = BackupSettings()
    rollback: RollbackSettings = RollbackSettings()
    watch: WatchSettings = WatchSettings()
    audit: AuditSettings = AuditSettings()
    health: list[HealthSettings] = msgspec.field(default_factory=list)
    contacts: ContactsSettings = ContactsSettings()
    notices: NoticesSettings = NoticesSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    after: AfterSettings = AfterSettings()
    flows: list[FlowSettings] = msgspec.field(default_factory=list)
    access: AccessSettings = AccessSettings()
    rotation: RotationSettings = RotationSettings()
    history: HistorySettings = HistorySettings()
    github: GithubSettings = GithubSettings()
    targets: list[TargetSettings] = msgspec.field(default_factory=list)
    fleet: FleetSettings = FleetSettings()
    root: str = "."
    """Absolute folder of `dixis.toml`; never read from the file."""

    @property
    def prisma_directory(self) -> Path:
        """Absolute path of the Prisma project."""
        return Path(self.root, self.prisma.directory).absolute()

    @property
    def secret_variables(self) -> tuple[str, ...]:
        """Names of the environment variables, beside the runbook's own, whose values are secrets."""
        words = (name for flow in self.flows for name in flow.variables)
        return tuple(dict.fromkeys((*self.notices.secret_variables, *words)))

    @property
    def words_in_flows(self) -> frozenset[str]:
        """Names of the variables that flows alone use: such a value may be an ordinary word, like a test's password."""
        named = {name for flow in self.flows for name in flow.variables}
        return frozenset(named - {*self.notices.secret_variables, *SECRET_NAMES, GITHUB_TOKEN, GH_TOKEN})

    @property
    def page_file(self) -> Path | None:
        """Absolute path of the maintenance page; None: a person puts one up."""
        return Path(self.root, self.maintenance.file).absolute() if self.maintenance.file else None

    @property
    def notices_directory(self) -> Path | None:
        """Absolute path of the user's own templates; None: there are none."""
        return Path(self.root, self.notices.directory).absolute() if self.notices.directory else None

    @property
    def age_identity(self) -> Path | None:
        """Absolute path of the key that opens backups again; None: none is named."""
        return Path(self.root, self.backup.age_identity).absolute() if self.backup.age_identity else None


def load(config: Path | None = None, executor: str | None = None) -> Settings:
    """Read `config`, or `dixis.toml` in the working directory where there is one.

    Raises:
        UsageError: the file is missing though named, isn't TOML, has an unknown key or a value of the wrong type.
    """
    path = config or Path(CONFIG_NAME)
    settings = Settings()
    if path.exists():
        settings = _decode(path)
    elif config is not None:
        raise UsageError(f"{config} does not exist", "Name an existing dixis.toml with --config.")
    migrate = msgspec.structs.replace(settings.migrate, executor=Executor(executor)) if executor else settings.migrate
    if migrate.executor is Executor.GITHUB and not settings.github.repository:
        raise UsageError(
            f"{path}: the executor github needs github.repository", "Name the repository there, owner/name."
        )
    return msgspec.structs.replace(settings, root=str(path.absolute().parent), migrate=migrate)


def _decode(path: Path) -> Settings:
    try:
        settings = msgspec.toml.decode(path.read_bytes(), type=Settings)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{path}: {clean(str(error))}", "Mend that key; README's configuration table lists every key."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {clean(str(error))}", "Mend the file at that place.") from None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}", "Make it readable for this user.") from None
    if settings.root != Settings().root:
        raise UsageError(f"{path}: root is where this file is, and no key of it", "Leave it out.")
    _check_window(path, settings.window)
    _check_address(path, "audit.webhook", settings.audit.webhook)
    _check_address(path, "maintenance.url", settings.maintenance.url)
    _check_github(path, settings)
    check_flows(path, settings.flows)
    _check_notices(path, settings)
    if settings.confirm.second_operator and not settings.watch.group:
        raise UsageError(
            f"{path}: confirm.second_operator needs watch.group: the second person could not reach the run",
            "Name a Unix group that both people are in.",
        )
    return settings


def _check_github(path: Path, settings: Settings) -> None:
    _check_address(path, "github.api_url", settings.github.api_url)
    names = [target.name for target in settings.targets]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"{path}: two targets are called '{twice}'", "Give each a name of its own.")
    if settings.targets and not settings.github.repository:
        raise UsageError(f"{path}: [[targets]] need github.repository", "Name the repository, owner/name.")


def _check_notices(path: Path, settings: Settings) -> None:
    notices = settings.notices
    if reason := notices.wrong:
        raise UsageError(f"{path}: {reason}", "Mend that key; docs/notices.md shows each channel.")
    _check_address(path, "notices.banner.url", notices.banner.url)
    for hook in notices.webhooks:
        _check_address(path, f"the url of [[notices.webhooks]] '{clean(hook.name)}'", hook.url)


def _check_address(path: Path, key: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) and not re.search(r"\s", url)
        )
    except ValueError:
        usable = False
    if url and not usable:
        # Without the address itself: what is wrong with it may be a part of its secret.
        raise UsageError(f"{path}: {key} is not an http:// or https:// address", "Write it whole, with its host.")


def _check_window(path: Path, window: WindowSettings) -> None:
    try:
        zone = ZoneInfo(window.timezone)
    except (KeyError, ValueError, OSError):  # not found, no key at all, or a folder of zones
        raise UsageError(
            f"{path}: window.timezone '{clean(window.timezone)}' is not a time zone",
            "Use a name such as Europe/Athens.",
        ) from None
    if window.start is None:
        return
    if window.start.tzinfo is not None:
        raise UsageError(
            f"{path}: window.start has an offset of its own", "Write local time, such as 2026-11-25T23:00:00."
        )
    if not 2000 <= window.start.year < 9000:
        raise UsageError(f"{path}: window.start is in the year {window.start.year}", "Write the agreed date.")
    local = window.start.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != window.start:
        raise UsageError(
            f"{path}: {window.start} does not exist in {window.timezone} (clocks go forward)",
            "Choose a time an hour earlier or later.",
        )


def secrets_from(environment: Mapping[str, str] = os.environ, settings: Settings | None = None) -> dict[str, str]:
    """The secrets that are set, by the runbook's names and those that `settings` name.

    Nothing else is taken from the environment.
    """
    named = settings.secret_variables if settings else ()
    return {
        name: environment[name] for name in (*SECRET_NAMES, GITHUB_TOKEN, GH_TOKEN, *named) if environment.get(name)
    }


def token_in(secrets: Mapping[str, str]) -> tuple[str, str]:
    """The token for GitHub and where it is from, one of `TOKEN_NAMES`; both empty where there is none.

    A shorter one than any is none: it could not be masked without hiding ordinary words.
    """
    source = next((name for name in TOKEN_NAMES if len(secrets.get(name, "").strip()) >= _SHORTEST_TOKEN), "")
    return secrets.get(source, "").strip(), source
