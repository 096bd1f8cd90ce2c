"""`dixis.toml`: every key with its default, and one sentence with a remedy for whatever is wrong in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dixis_tui.errors import UsageError
from dixis_tui.model import Executor
from dixis_tui.settings import SECRET_NAMES, HealthSettings, Settings, load, secrets_from

NOBODY = {"name": "", "phone": "", "url": ""}
DEFAULTS: dict[str, Any] = {
    "name": "",
    "environment": "production",
    "language": "",
    "prisma": {"directory": ".", "schema": "prisma/schema.prisma", "command": []},
    "confirm": {"phrase": "DIXIS-PROD-OK", "rollback_phrase": "DIXIS-ROLLBACK-OK", "second_operator": False},
    "window": {"timezone": "Europe/Athens", "start": None, "minutes": 20},
    "migrate": {
        "executor": "direct",
        "lock_timeout_seconds": 2.0,
        "statement_timeout_seconds": 0.0,
        "lock_retries": 20,
        "retry_seconds": 300.0,
        "quiet_seconds": 60.0,
        "victim_sessions": 5,
        "victim_seconds": 2.0,
    },
    "limits": {"disk_free_gb": 0.0},
    "backup": {
        "directory": "",
        "pg_bindir": "",
        "format": "auto",
        "directory_gb": 4.0,
        "jobs": 0,
        "keep": 0,
        "max_age_hours": 4.0,
        "sample_gb": 1.0,
        "sample_one_in": 16,
        "age_recipient": "",
        "age_identity": "",
    },
    "rollback": {"polite_seconds": 10.0, "drill_days": 90},
    "watch": {"group": ""},
    "audit": {"webhook": ""},
    "health": [],
    "contacts": {"on_call": NOBODY, "backup": NOBODY, "provider": NOBODY, "decision_maker": NOBODY},
    "notices": {
        "directory": "",
        "languages": ["el", "en"],
        "dry_run": False,
        "hours_before": 24.0,
        "timeout_seconds": 10.0,
        "mail": {
            "host": "",
            "port": 587,
            "security": "starttls",
            "ca_file": "",
            "user": "",
            "password_variable": "SMTP_PASSWORD",
            "sender": "",
            "to": [],
        },
        "webhooks": [],
        "banner": {"url": "", "method": "PUT", "token_variable": "", "file": ""},
    },
    "maintenance": {"file": "", "url": "", "retry_after_seconds": 300, "seen_within_seconds": 15.0},
    "after": {
        "minutes": 10.0,
        "every_seconds": 5.0,
        "slower": 2.0,
        "slower_milliseconds": 5.0,
        "big_table_rows": 100_000,
        "pool_url": "",
        "logs": [],
    },
    "flows": [],
    "access": {"known": []},
    "rotation": {"role": "", "days": 90},
    "history": {"file": ""},
    "github": {
        "repository": "",
        "api_url": "",
        "branch": "main",
        "clinic_workflow": "migration-clinic.yml",
        "migrate_workflow": "prod-migration.yml",
        "environment": "production",
        "secret": "DATABASE_URL_PROD",
        "shadow_secret": "SHADOW_DATABASE_URL_PROD",
        "branch_locked": False,
        "no_deployments": False,
        "poll_seconds": 3.0,
        "silent_minutes": 30.0,
    },
    "targets": [],
    "fleet": {"parallel": 4, "stop_share": 0.0},
    "root": ".",
}
WHOLE = """
name = "Dixis"
[prisma]
directory = "frontend"
command = ["pnpm", "prisma"]
[confirm]
phrase = "GO ON"
[window]
timezone = "Europe/Athens"
start = 2026-11-25T23:00:00
minutes = 45
[migrate]
executor = "prisma"
lock_timeout_seconds = 2
[[health]]
name = "API"
url = "https://dixis.example/api/health"
[contacts]
on_call = { name = "Νίκος", phone = "+30 210 0000000" }
[github]
repository = "owner/name"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "dixis.toml"


def written(config: Path, text: str) -> Path:
    config.write_text(text, "utf-8")
    return config


def refused(config: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(written(config, text))
    assert str(caught.value).startswith(str(config))
    assert caught.value.remedy
    return caught.value


def test_every_default_is_the_documented_one() -> None:
    assert msgspec.to_builtins(Settings()) == DEFAULTS
    health = msgspec.to_builtins(HealthSettings(name="API", url="https://x"))
    assert health == {"name": "API", "url": "https://x", "status": 200, "contains": "", "timeout_seconds": 10.0}


def test_no_file_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load() == msgspec.structs.replace(Settings(), root=str(tmp_path))


def test_the_file_of_the_working_directory_is_read(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(config, 'name = "here"')
    monkeypatch.chdir(config.parent)
    assert load().name == "here"


def test_a_whole_file(config: Path) -> None:
    settings = load(written(config, WHOLE))
    assert settings.name == "Dixis"
    assert settings.prisma.command == ["pnpm", "prisma"]
    assert settings.prisma.schema == "prisma/schema.prisma"
    assert settings.confirm.phrase == "GO ON"
    assert settings.confirm.rollback_phrase == "DIXIS-ROLLBACK-OK"
    assert settings.migrate.executor is Executor.PRISMA
    assert settings.migrate.lock_timeout_seconds == 2.0
    assert [endpoint.name for endpoint in settings.health] == ["API"]
    assert settings.contacts.on_call.name == "Νίκος"
    assert settings.root == str(config.parent)
    assert settings.prisma_directory == config.parent / "frontend"
    assert settings.window.opens() == datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
    assert settings.window.closes() == datetime(2026, 11, 25, 21, 45, tzinfo=UTC)


def test_settings_travel_to_the_runner_unchanged(config: Path) -> None:
    settings = load(written(config, WHOLE))
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("executor", list(Executor))
def test_the_call_names_the_executor_over_the_file(config: Path, executor: Executor) -> None:
    github = '[github]\nrepository = "dixis/shop"\n'
    assert load(written(config, f'{github}[migrate]\nexecutor = "prisma"\n'), executor).migrate.executor is executor
    kept = load(written(config, f"{github}[migrate]\nlock_timeout_seconds = 1\n"), executor).migrate
    assert (kept.executor, kept.lock_timeout_seconds) == (executor, 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmae = 'x'", "unknown field `nmae`"),
        ("[prisma]\ndir = 'x'", "`$.prisma`"),
        ("[window]\nminutes = '20'", "`$.window.minutes`"),
        ("[window]\nminutes = 0", "`$.window.minutes`"),
        ("[window]\nminutes = -5", "`$.window.minutes`"),
        ("[window]\nminutes = 99999999999", "`$.window.minutes`"),
        ("[window]\nminutes = 20.5", "`$.window.minutes`"),
        ("[window]\nstart = 2026-11-25", "`$.window.start`"),
        ("[window]\nstart = 'tonight'", "`$.window.start`"),
        ("[migrate]\nexecutor = 'gitlab'", "`$.migrate.executor`"),
        ("[migrate]\nexecutor = 'github'", "github needs github.repository"),
        ("[github]\nrepository = 'dixis'", "`$.github.repository`"),
        ("[github]\napi_url = 'github.example'", "github.api_url"),
        ("[[targets]]\nname = 'a'\nurl_variable = 'A'", "need github.repository"),
        ("[migrate]\nlock_timeout_seconds = -1", "`$.migrate.lock_timeout_seconds`"),
        ("[migrate]\nlock_timeout_seconds = nan", "`$.migrate.lock_timeout_seconds`"),
        ("[migrate]\nstatement_timeout_seconds = inf", "`$.migrate.statement_timeout_seconds`"),
        ("[confirm]\nphrase = ''", "`$.confirm.phrase`"),
        ("[confirm]\nphrase = ' GO '", "`$.confirm.phrase`"),
        ("[confirm]\nrollback_phrase = ''", "`$.confirm.rollback_phrase`"),
        ("[[health]]\nname = 'API'", "`url`"),
        ("[[health]]\nname = 'API'\nurl = 'x'\ntimeout_seconds = 0", "timeout_seconds"),
        ("[health]\nname = 'API'", "`$.health`"),
        ("[contacts]\non_call = 'Nikos'", "`$.contacts.on_call`"),
        ("name = 5", "`$.name`"),
        ("root = '/elsewhere'", "root"),
    ],
)
def test_what_is_wrong_is_named(config: Path, text: str, said: str) -> None:
    assert said in str(refused(config, text))


@pytest.mark.parametrize("name", ["database_url", "DATABASE_URL", "password", "github_token", "url"])
@pytest.mark.parametrize("table", ["", "[prisma]\n", "[github]\n", "[backup]\n", "[migrate]\n"])
def test_a_secret_has_no_place_in_the_file_and_is_not_repeated(config: Path, table: str, name: str) -> None:
    error = refused(config, f'{table}{name} = "postgresql://u:geheim@h/d"')
    assert name in str(error)
    assert "geheim" not in f"{error} {error.remedy}"


@pytest.mark.parametrize("text", ["name = ", "[window\n", "name = 'a'\nname = 'b'", "\x00"])
def test_no_toml_at_all(config: Path, text: str) -> None:
    assert "is not valid TOML" in str(refused(config, text))


def test_bytes_that_are_no_text(config: Path) -> None:
    config.write_bytes(b"name = '\xff'")
    with pytest.raises(UsageError, match="is not valid TOML"):
        load(config)


def test_terminal_escapes_in_the_file_are_not_repeated(config: Path) -> None:
    assert "\x1b" not in str(refused(config, '"\\u001b[2J" = 1'))
    assert "\x1b" not in str(refused(config, '[window]\ntimezone = "\\u001b]0;x"'))


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load(tmp_path / "missing.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        load(tmp_path)


@pytest.mark.parametrize("zone", ["", "Athens", "Europe", "Europe/", "/etc/localtime", "../UTC", "x" * 5000])
def test_a_time_zone_that_is_none(config: Path, zone: str) -> None:
    assert "is not a time zone" in str(refused(config, f"[window]\ntimezone = '{zone}'\n"))


@pytest.mark.parametrize("start", ["2026-11-25T23:00:00Z", "2026-11-25T23:00:00+02:00"])
def test_a_window_with_an_offset_of_its_own(config: Path, start: str) -> None:
    assert "has an offset of its own" in str(refused(config, f"[window]\nstart = {start}\n"))


def test_a_window_in_the_hour_that_is_left_out(config: Path) -> None:
    # Athens goes from 03:00 to 04:00 on 29 March 2026.
    error = refused(config, "[window]\nstart = 2026-03-29T03:30:00\n")
    assert "does not exist in Europe/Athens" in str(error)
    assert load(written(config, "[window]\nstart = 2026-03-29T03:30:00\ntimezone = 'UTC'\n")).window.opens()


def test_a_window_in_the_hour_that_comes_twice_is_the_first_one(config: Path) -> None:
    settings = load(written(config, "[window]\nstart = 2026-10-25T03:30:00\nminutes = 90\n"))
    assert settings.window.opens() == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert settings.window.closes() == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_year_that_is_surely_wrong(config: Path, year: str) -> None:
    text = f"[window]\nstart = {year}-12-31T23:59:00\ntimezone = 'America/New_York'\n"
    assert "in the year" in str(refused(config, text))


def test_secrets_come_from_the_environment_by_name_alone() -> None:
    environment = {name: f"postgresql://{name}" for name in SECRET_NAMES}
    others = {"PGPASSWORD": "x", "DATABASE_URL_PROD": "x", "database_url": "x", "PATH": "/bin"}
    assert secrets_from(environment | others) == environment
    assert secrets_from({"DATABASE_URL": "", "PATH": "/bin"}) == {}


def test_a_second_person_has_to_be_able_to_reach_the_run(config: Path) -> None:
    error = refused(config, "[confirm]\nsecond_operator = true\n")
    assert "confirm.second_operator needs watch.group" in str(error)
    assert "both people" in error.remedy
    found = load(written(config, '[confirm]\nsecond_operator = true\n[watch]\ngroup = "ops"\n'))
    assert (found.confirm.second_operator, found.watch.group) == (True, "ops")
