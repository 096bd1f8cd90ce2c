"""The tables of `dixis.toml` for words and records: notices, maintenance page, after-watch, flows, access, history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from dixis_tui.secrets import clean

Language = Literal["", "en", "el"]
_Variable = Annotated[str, Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
"""Name of an environment variable; empty: none."""
_Timeout = Annotated[float, Meta(gt=0, le=600)]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of `dixis.toml`."""


class MailSettings(Table, frozen=True, kw_only=True):
    """`[notices.mail]`: the server that takes notices as mail, and whom they go to."""

    host: str = ""
    """Empty: no mail is sent."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str = ""
    """Certificates that the server's is checked against, relative to `dixis.toml`; empty: the system's."""
    user: str = ""
    """Empty: without logging in."""
    password_variable: _Variable = "SMTP_PASSWORD"  # noqa: S105 - its name
    sender: str = ""
    """`Name <address>`, as readers see it."""
    to: list[str] = []


class WebhookSettings(Table, frozen=True, kw_only=True):
    """`[[notices.webhooks]]`: an address that takes notices as JSON."""

    name: Annotated[str, Meta(min_length=1)]
    url: str = ""
    url_variable: _Variable = ""
    """The environment variable with the address, where that is a secret."""
    shape: Literal["generic", "slack", "teams"] = "generic"


class BannerSettings(Table, frozen=True, kw_only=True):
    """`[notices.banner]`: the application's own banner, by its endpoint or by a file that it reads."""

    url: str = ""
    method: Literal["POST", "PUT"] = "PUT"
    token_variable: _Variable = ""
    """The environment variable with a bearer token for the endpoint."""
    file: str = ""
    """JSON file, relative to `dixis.toml`."""


class NoticesSettings(Table, frozen=True, kw_only=True):
    """`[notices]`: what is told to people, in which languages, and how."""

    directory: str = ""
    """Folder with templates that stand in for the built-in ones of the same name, relative to `dixis.toml`."""
    languages: list[Literal["el", "en"]] = field(default_factory=lambda: ["el", "en"])
    """In this order, where a message holds several."""
    dry_run: bool = False
    """Whether everything is made, and nothing sent."""
    hours_before: Annotated[float, Meta(ge=0, le=8_760)] = 24.0
    """How long before the window the first notice has to be out."""
    timeout_seconds: _Timeout = 10.0
    mail: MailSettings = MailSettings()
    webhooks: list[WebhookSettings] = []
    banner: BannerSettings = BannerSettings()

    @property
    def secret_variables(self) -> tuple[str, ...]:
        """Names of the environment variables that hold its secrets."""
        hooks = (hook.url_variable for hook in self.webhooks)
        names = (self.mail.password_variable if self.mail.user else "", self.banner.token_variable, *hooks)
        return tuple(name for name in names if name)

    @property
    def wrong(self) -> str:
        """What can't be right in it, as one sentence; empty: nothing."""
        names = [hook.name for hook in self.webhooks]
        if not self.languages or len(set(self.languages)) < len(self.languages):
            return "notices.languages names each language once, and at least one"
        if twice := next((name for name in names if names.count(name) > 1), ""):
            return f"two [[notices.webhooks]] are called '{clean(twice)}'"
        for hook in self.webhooks:
            if bool(hook.url) == bool(hook.url_variable):
                return f"[[notices.webhooks]] '{clean(hook.name)}' needs either url or url_variable"
        if not self.mail.host:
            return ""
        if not self.mail.sender or not self.mail.to:
            return "notices.mail needs sender and to"
        if self.mail.user and self.mail.security == "none":
            return "notices.mail.user needs starttls or tls: the password would go out for all to read"
        return ""

    @property
    def any(self) -> bool:
        """Whether there is a channel at all."""
        return bool(self.mail.host or self.webhooks or self.banner.url or self.banner.file)


class MaintenanceSettings(Table, frozen=True, kw_only=True):
    """`[maintenance]`: the page that visitors get during the window. Without `file` a person puts it up."""

    file: str = ""
    """Where the web server looks for it, relative to `dixis.toml`: while it is there, visitors get it."""
    url: str = ""
    """Asked for, from here, to see that visitors really get it; empty: nobody looks."""
    retry_after_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    seen_within_seconds: _Timeout = 15.0
    """How long the web server may take until it shows it, or no longer does."""


class LogSettings(Table, frozen=True, kw_only=True):
    """`[[after.logs]]`: a log that is read along after the migration: a file, or what a command prints."""

    name: Annotated[str, Meta(min_length=1)]
    file: str = ""
    command: list[str] = []
    """A list of words, such as `["journalctl", "-fu", "shop"]`."""


class AfterSettings(Table, frozen=True, kw_only=True):
    """`[after]`: what is watched once the migration is verified, and for how long."""

    minutes: Annotated[float, Meta(ge=0, le=1_440)] = 10.0
    """0: not at all."""
    every_seconds: Annotated[float, Meta(ge=0.2, le=600)] = 5.0
    slower: Annotated[float, Meta(gt=1, le=1_000)] = 2.0
    """A statement or an endpoint that takes so many times as long as before has become slow."""
    slower_milliseconds: Annotated[float, Meta(ge=0, le=60_000)] = 5.0
    """What is slower by less than that is not worth a word."""
    big_table_rows: Annotated[int, Meta(ge=1)] = 100_000
    """Sequential scans count on tables with at least so many rows."""
    pool_url: str = ""
    """The application's own pool metrics: JSON, or Prometheus' text."""
    logs: list[LogSettings] = []


class StepSettings(Table, frozen=True, kw_only=True):
    """`[[flows.steps]]`: one request of a flow, and what its answer must be. `{name}` stands for what was extracted."""

    url: Annotated[str, Meta(min_length=1)]
    """Whole, or from `flows.base` on. Values in it are percent-encoded."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    form: dict[str, str] = {}
    json: dict[str, Any] = {}
    """The body as JSON, with tables and lists as deep as it needs."""
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    """Of the last answer, redirects followed."""
    contains: str = ""
    """Text that the answer must hold."""
    expect: dict[str, str | int | float | bool | None] = {}
    """JSON pointers into the answer, and the values that have to be there."""
    extract: dict[str, str] = {}
    """Names, and where their values are: a JSON pointer, or a regular expression with one group."""


class FlowSettings(Table, frozen=True, kw_only=True):
    """`[[flows]]`: what a customer does, as requests one after the other, with the cookies that they bring."""

    name: Annotated[str, Meta(min_length=1)]
    base: str = ""
    """Put before each step's url, as it is."""
    variables: list[_Variable] = []
    """Environment variables whose values steps may name as `{NAME}`; their values are secrets."""
    timeout_seconds: _Timeout = 10.0
    """Of each step."""
    before: bool = False
    """It writes nothing although not all of its steps are GETs: it may be gone through before the phrase too."""
    steps: list[StepSettings]

    @property
    def only_reads(self) -> bool:
        """Whether it may be gone through before anybody has confirmed anything."""
        return self.before or all(step.method == "GET" for step in self.steps)


class AccessSettings(Table, frozen=True, kw_only=True):
    """`[access]`: who is expected on production."""

    known: list[str] = []
    """`user`, `user@address` or `user@address/application`, each part with `*` and `?`."""


class RotationSettings(Table, frozen=True, kw_only=True):
    """`[rotation]`: the credential that is changed after a migration."""

    role: str = ""
    """Empty: the role of DATABASE_URL."""
    days: Annotated[int, Meta(ge=1, le=10_000)] = 90
    """An older password is worth a word."""


class HistorySettings(Table, frozen=True, kw_only=True):
    """`[history]`: the runbook's appendix."""

    file: str = ""
    """Markdown file of the project that takes the table, relative to `dixis.toml`."""
