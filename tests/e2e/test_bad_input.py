"""What is given wrongly gets one clear sentence, a remedy and an exit code; never a traceback, never the password."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec import Struct

from dixis_tui.postgres.embedded import EmbeddedServer
from tests.conftest import fresh_database
from tests.e2e.hands import wait_for_prose
from tests.e2e.house import House, written
from tests.e2e.target import CONFIG, Site, apply_first, make_site, replica
from tests.needs import needs

PASSWORD = "n0t-for-y@u/r:eyes%"
WRITTEN = quote(PASSWORD, safe="")
_REMOTE = f"postgresql://dixis:{WRITTEN}@"


class Case(Struct, frozen=True):
    """One thing that is wrong: what spoils it, what is said, what to do about it, and the exit code.

    `url` stands for DATABASE_URL (None: unset; `{good}`: a database that is fine; `{replica}`: a replica's port).
    """

    name: str
    says: str
    remedy: str
    code: int
    url: str | None = "{good}"
    spoil: Callable[[Site], object] | None = None
    config: str = CONFIG


def _pin(version: str) -> Callable[[Site], None]:
    def spoil(site: Site) -> None:
        (site.project / "package-lock.json").unlink()
        package = site.project / "package.json"
        content = json.loads(package.read_text())
        for table in ("dependencies", "devDependencies"):
            if "prisma" in content.get(table, {}):
                content[table]["prisma"] = version
        package.write_text(json.dumps(content))

    return spoil


def _no_migrations(site: Site) -> None:
    shutil.rmtree(site.project / "prisma" / "migrations")


def _no_sql(site: Site) -> None:
    folder = sorted((site.project / "prisma" / "migrations").glob("2*"))[-1]
    (folder / "migration.sql").unlink()


def _no_project(site: Site) -> None:
    shutil.rmtree(site.project)


_SET = "Export it as postgresql://USER:"
_URLS = [
    Case("unset", "DATABASE_URL is not set", _SET, 2, None),
    Case("empty", "DATABASE_URL is not set", _SET, 2, ""),
    Case("mysql", "does not begin with postgresql://", "Use a PostgreSQL URL", 2, f"mysql://dixis:{WRITTEN}@h/db"),
    Case("no host", "names no host", "Write it as", 2, f"{_REMOTE}/db"),
    Case("no database", "names no database", "Add the database's name", 2, f"{_REMOTE}127.0.0.1:5432"),
    Case("no user", "names no user", "Write it as", 2, f"postgresql://:{WRITTEN}@127.0.0.1/db"),
    Case("port", "has a port that is not a number", "Write it as", 2, f"{_REMOTE}127.0.0.1:post/db"),
    Case("hash", "has a # that is not percent-encoded", "%23", 2, f"{_REMOTE[:-1]}#x@127.0.0.1/db"),
    Case("slash", "has a / or ? in its password", "%2F", 2, f"postgresql://dixis:{PASSWORD}@127.0.0.1/db"),
    Case("percent", "has a % in its password", "%25", 2, f"postgresql://dixis:{WRITTEN}%zz@127.0.0.1/db"),
    Case("quotes", "is wrapped in quotation marks", "Remove the quotation", 2, f'"{_REMOTE}127.0.0.1/db"'),
]
_TARGETS = [
    Case(
        "password", "the server refused user and password", "Check user and password", 3, _REMOTE + "{address}/{name}"
    ),
    Case("nobody listens", "nothing listens there", "Check that the server is running", 3, _REMOTE + "127.0.0.1:1/db"),
    Case("host", "the host's name can't be resolved", "DNS", 3, _REMOTE + "db.invalid/db"),
    Case("database", "has no database of this name", "Check the name after the last /", 3, "{server}/no_such_db"),
    Case("replica", "the server is a replica", "Put the primary's host", 3, "{replica}"),
    Case("pooled port", "port 6543 is a transaction pooler's", "direct connection", 3, _REMOTE + "127.0.0.1:6543/db"),
    Case("pgbouncer", "it says pgbouncer=true", "direct connection", 3, "{good}?pgbouncer=true"),
]
_PROJECTS = [
    Case("prisma 8", "Prisma 8.0.1 is not supported", "Pin Prisma 6 or 7", 3, spoil=_pin("8.0.1")),
    Case("prisma 4", "Prisma 4.16.2 is not supported", "Pin Prisma 6 or 7", 3, spoil=_pin("4.16.2")),
    Case("migrations", "There is no migrations folder", "Check out the project", 3, spoil=_no_migrations),
    Case("no sql", "holds no migration.sql", "Restore", 3, spoil=_no_sql),
    Case("project", "does not exist", "Set prisma.directory", 3, spoil=_no_project),
]
_ATHENS = CONFIG + '[window]\ntimezone = "{zone}"\nstart = {start}\n'
_CONFIGS = [
    Case("key", "unknown field `phrse`", "Mend that key", 2, config=CONFIG + '[confirm]\nphrse = "x"\n'),
    Case("table", "unknown field `windw`", "Mend that key", 2, config="[windw]\nminutes = 5\n"),
    Case("type", "Expected `int`", "Mend that key", 2, config='[window]\nminutes = "five"\n'),
    Case("toml", "is not valid TOML", "Mend the file at that place", 2, config="[prisma\n"),
    Case("zone", "is not a time zone", "Use a name such as", 2, config='[window]\ntimezone = "Europe/Atlantis"\n'),
    Case(
        "gap",
        "2027-03-28 03:30:00 does not exist in Europe/Athens (clocks go forward)",
        "Choose a time an hour earlier or later",
        2,
        config=_ATHENS.format(zone="Europe/Athens", start="2027-03-28T03:30:00"),
    ),
]
CASES = [*_URLS, *_TARGETS, *_PROJECTS, *_CONFIGS]
_ON_SCREEN = ("unset", "slash", "password", "database", "replica", "pooled port", "prisma 8", "migrations", "no sql")


def _named(case: Case) -> str:
    return case.name


@pytest.fixture(scope="module")
def good(embedded_server: EmbeddedServer) -> Iterator[str]:
    """A database that is fine: the sample's first migrations are applied."""
    with fresh_database(embedded_server) as url:
        apply_first(url)
        yield url.raw.reveal()


@pytest.fixture(scope="module")
def replica_url(embedded_server: EmbeddedServer, good: str) -> Iterator[str]:
    """The same database on a streaming replica."""
    with tempfile.TemporaryDirectory(prefix="dx-") as folder:
        Path(folder).chmod(0o755)
        with replica(embedded_server, Path(folder) / "replica") as port:
            yield good.replace(f":{embedded_server.port}/", f":{port}/")


@pytest.fixture
def site(case: Case, state_home: House, good: str, request: pytest.FixtureRequest) -> Site:
    """The case's project, `dixis.toml` and URL."""
    server, _, name = good.rpartition("/")
    url = case.url or ""
    if url == "{replica}":
        url = request.getfixturevalue("replica_url")
    url = url.replace("{good}", good).replace("{server}", server).replace("{name}", name)
    made = make_site(state_home.folder, url.replace("{address}", server.rpartition("@")[2]))
    made.config.write_text(case.config)
    if case.spoil:
        case.spoil(made)
    return made


def _environment(case: Case, site: Site) -> dict[str, str]:
    return {} if case.url is None else {"DATABASE_URL": site.url}


def _secrets(site: Site) -> list[str]:
    userinfo = site.url.partition("://")[2].rpartition("@")[0]
    password = userinfo.partition(":")[2]
    return [secret for secret in (PASSWORD, WRITTEN, password) if secret]


def _assert_no_secret(site: Site, *texts: str) -> None:
    for text in texts:
        assert not any(secret in text for secret in _secrets(site))


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_headless(case: Case, site: Site, state_home: House) -> None:
    words = ("--config", str(site.config), "check", "--json", "--waive", "DX121=a test")
    done = state_home.call(*words, extra=_environment(case, site))
    assert done.code == case.code, done.said
    assert case.says in done.err
    assert case.remedy in done.err
    assert "Traceback" not in done.said
    assert len(done.out.splitlines()) == 1
    assert done.result["verdict"] == ("usage" if case.code == 2 else "closed")
    _assert_no_secret(site, done.said, *(written(run) for run in state_home.runs()))
    if case.code == 2:
        assert len(done.err.splitlines()) == 2  # the sentence, and the remedy
        assert state_home.runs() == []
    else:
        failed = [check for check in done.result["checks"] if check["state"] == "failed"]
        assert any(case.says in check["evidence"] and case.remedy in check["remedy"] for check in failed), failed


@pytest.mark.tmux
@pytest.mark.parametrize("case", [case for case in CASES if case.name in _ON_SCREEN], ids=_named)
def test_in_the_cockpit(case: Case, site: Site, state_home: House) -> None:
    needs("tmux")
    with state_home.terminal(extra=_environment(case, site)) as terminal:
        terminal.wait_for(re.compile(r"Preflight is closed by \d+ checks?"))
        wait_for_prose(terminal, case.says, case.remedy, "Production is untouched.")
        terminal.keys("m")
        terminal.wait_for("The gate is closed by")
        assert "Type DIXIS-PROD-OK" not in terminal.screen()
        _assert_no_secret(site, terminal.history(), *(written(run) for run in state_home.runs()))
        terminal.keys("q")
        assert terminal.wait_exit() == 0
        assert "Traceback" not in terminal.history()
        _assert_no_secret(site, terminal.history())


@pytest.mark.tmux
@pytest.mark.parametrize("case", _CONFIGS[:1], ids=_named)
def test_a_broken_configuration_opens_no_cockpit(case: Case, site: Site, state_home: House) -> None:
    needs("tmux")
    with state_home.terminal(extra=_environment(case, site)) as terminal:
        assert terminal.wait_exit() == 2
        assert case.says in terminal.screen()
        assert case.remedy in terminal.screen()
    assert state_home.runs() == []


@pytest.mark.parametrize("case", [Case("state", "can't be made", "Set XDG_STATE_HOME", 2)], ids=_named)
def test_a_state_directory_that_cannot_be(case: Case, site: Site, state_home: House) -> None:
    taken = state_home.folder / "taken"
    taken.write_text("a file, not a folder")
    for words in (("check",), ("runs",), ("demo", "--unattended", "--confirm", "DIXIS-PROD-OK")):
        done = state_home.call(
            "--config", str(site.config), *words, extra={"DATABASE_URL": site.url, "XDG_STATE_HOME": str(taken)}
        )
        assert done.code == case.code, done.said
        assert case.says in done.err
        assert case.remedy in done.err
        assert "Traceback" not in done.said
        _assert_no_secret(site, done.said)
