"""Passwords that a URL, a shell or a password file could trip over: they work everywhere and are found nowhere."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg
import pytest
from psycopg import sql

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import DatabaseUrl, parse
from tests.conftest import fresh_database
from tests.e2e.house import PHRASE, House, ended
from tests.e2e.target import apply_first, make_site, ticks
from tests.waiting import until

PASSWORDS = ["p@ss:w/ord %#?&=1", " leads and \"quotes\" it's 'all'", "back\\slash\\:κωδικός+%40 "]
_WINDOW = ("--waive", "DX121=a test")


def _forms(password: str) -> list[bytes]:
    """How it may be written down."""
    texts = [password, quote(password, safe=""), quote(password), quote_plus(password), password.replace("\\", "\\\\")]
    encoded = base64.b64encode(password.encode()).rstrip(b"=")
    return [*{text.encode() for text in texts}, encoded, encoded.translate(bytes.maketrans(b"+/", b"-_"))]


@pytest.fixture
def urls(password: str, embedded_server: EmbeddedServer) -> Iterator[tuple[DatabaseUrl, DatabaseUrl]]:
    """Production and staging, owned by a role with this password."""
    with fresh_database(embedded_server) as first, fresh_database(embedded_server) as second:
        role = f"role_{first.database}"
        with psycopg.connect(embedded_server.url("postgres"), autocommit=True) as session:
            name = sql.Identifier(role)
            session.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password)))
            for url in (first, second):
                session.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(url.database), name))
        yield _as(first, role, password), _as(second, role, password)
    with psycopg.connect(embedded_server.url("postgres"), autocommit=True) as session:
        session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _as(url: DatabaseUrl, role: str, password: str) -> DatabaseUrl:
    text = f"postgresql://{role}:{quote(password, safe='')}@{url.host}:{url.port}/{url.database}"
    return parse(text, "DATABASE_URL")


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_whole_run(
    password: str, urls: tuple[DatabaseUrl, DatabaseUrl], state_home: House, embedded_server: EmbeddedServer
) -> None:
    production, staging = urls
    apply_first(production)
    site = make_site(state_home.folder, production.raw.reveal())
    environment = {"DATABASE_URL": site.url, "STAGING_DATABASE_URL": staging.raw.reveal()}
    words = ("--config", str(site.config), "run", "--json", "--confirm", PHRASE, *ticks(), *_WINDOW)
    process = state_home.start(*words, extra=environment)
    forms, shown = _forms(password), set[str]()
    until(lambda: _look(process, forms, shown), 120, "the run to end")
    done = ended(process)
    assert (done.code, done.result["verdict"]) == (0, "done"), done.said
    assert {"pg_dump", "pg_restore"} <= shown  # the looks were close enough to see the tools at work
    assert not any(form in done.said.encode() for form in forms)
    files = [path for path in state_home.state.rglob("*") if path.is_file()]
    assert Path(done.result["journal"]) in files
    for path in files:
        content = path.read_bytes()
        assert not any(form in content for form in forms), path


def _look(process: subprocess.Popen[str], forms: list[bytes], shown: set[str]) -> bool:
    """Look at every command line of the machine; true once the run has ended."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        assert not any(form in words for form in forms), words
        shown.add(Path(words.split(b"\0")[0].decode(errors="replace")).name)
    return process.poll() is not None
