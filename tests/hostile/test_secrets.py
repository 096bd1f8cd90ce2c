"""The secret hunt: passwords in every URL, in `.env`, in the server's words and Prisma's; afterwards they are nowhere.

Looked at are all files under the state directory, every byte that reached a terminal, and every command line of the
machine while the run goes on; looked for is each password as it is, percent-encoded, and in base64 at all alignments.
A password of one or two letters can't be masked without masking the log itself: the redactor leaves it.
"""

from __future__ import annotations

import base64
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg
import pytest
from psycopg import sql

from dixis_tui.model import Executor, Phase, PhaseState
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run import commands as cmd
from tests.conftest import fresh_database
from tests.hostile.evening import Evening, evening
from tests.hostile.look import look_at_everything, visit
from tests.hostile.talking_prisma import Said

PRODUCTION = "pr0d@:/%41 \"quote\" 'and' κωδικός+1"
STAGING = "st4ging/Κρυφό%:@#?&=\\back"
SHADOW = "sh4dow'\"@ λέξη:%2F/ end"
DOTENV = "d0tenv@/:%25 Μυστικό"
MAIL = "smtp-m4il pass%word:@/'ά"
ALL = (PRODUCTION, STAGING, SHADOW, DOTENV, MAIL)


def forms(secret: str) -> set[bytes]:
    """How it may be written down: whole, or as what of it stays the same inside something longer in base64."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), secret.replace("\\", "\\\\")}
    texts |= {"".join(f"%{byte:02x}" for byte in secret.encode()), "".join(f"%{byte:02X}" for byte in secret.encode())}
    texts |= {quote(secret, safe="").lower(), secret.replace('"', '\\"')}
    found = {text.encode() for text in texts}
    for before in range(3):
        whole = base64.b64encode(b"x" * before + secret.encode() + b"yyy")
        inner = whole[-(-before * 8 // 6) : (before + len(secret.encode())) * 8 // 6]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


FORMS = {secret: forms(secret) for secret in ALL}


def found_in(data: bytes) -> list[tuple[str, bytes]]:
    """Which secrets stand there, and how."""
    return [(secret, form) for secret, written in FORMS.items() for form in written if form in data]


class Sampler:
    """Reads every command line of the machine as fast as it can, in a thread of its own."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bytes]] = []
        self.programs: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(0.005):
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = place.read_bytes()
                except OSError:
                    continue
                self.programs.add(Path(words.split(b"\0")[0].decode(errors="replace")).name)
                self.found += found_in(words)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)


@contextmanager
def _owned(server: EmbeddedServer, password: str, variable: str) -> Iterator[DatabaseUrl]:
    """A database that a role with this password owns; the server asks for it (SCRAM)."""
    with fresh_database(server) as url:
        role = f"role_{url.database}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as session:
            name = sql.Identifier(role)
            made = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
            session.execute(made.format(name, sql.Literal(password)))
            session.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(url.database), name))
        text = f"postgresql://{role}:{quote(password, safe='')}@{url.host}:{url.port}/{url.database}"
        yield parse(text, variable)
    with psycopg.connect(server.url("postgres"), autocommit=True) as session:
        # The database as it was before the rollback is kept beside the one that was swapped in.
        kept = session.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{url.database}%",)
        ).fetchall()
        for (found,) in kept:
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(found)))
        session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _leaks(*urls: DatabaseUrl) -> list[str]:
    """What a careless program prints: each password bare, in its URL, encoded, in base64 at each alignment."""
    lines = ["Environment variables loaded from .env"]
    for secret in ALL:
        lines += [f"password is {secret} indeed", f"mail://robot:{quote(secret, safe='')}@host/x", quote_plus(secret)]
        lines += [base64.b64encode(b"u" * before + secret.encode() + b":z").decode() for before in range(3)]
        lines += [f"url: postgres://u:{secret}@db/x", "".join(f"%{byte:02x}" for byte in secret.encode())]
    return [*lines, *(url.raw.reveal() for url in urls)]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _migrations(production: str) -> dict[str, str]:
    """One that goes through with a notice, one that fails on production; the server says the passwords in both."""
    said = " · ".join(_leaks())
    return {
        "20260101000000_one": f"DO $x$ BEGIN RAISE NOTICE USING MESSAGE = {_literal(said)}; END $x$;\n"
        "CREATE TABLE one (id int);",
        "20260102000000_two": f"DO $x$ BEGIN IF current_database() = '{production}' THEN "
        f"RAISE EXCEPTION USING MESSAGE = {_literal(said)}, DETAIL = {_literal(said)}; END IF; END $x$; SELECT 1;",
    }


@pytest.mark.parametrize("executor", [Executor.DIRECT, Executor.PRISMA])
def test_a_failed_run_and_its_rollback(executor: Executor, embedded_server: EmbeddedServer) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dx-") as name,
        _owned(embedded_server, PRODUCTION, "DATABASE_URL") as production,
        _owned(embedded_server, STAGING, "STAGING_DATABASE_URL") as staging,
        _owned(embedded_server, SHADOW, "SHADOW_DATABASE_URL") as shadow,
        evening(Path(name), production, _migrations(production.database), executor) as made,
        Sampler() as sampler,
    ):
        urls = (production, staging, shadow)
        made.secrets |= {"STAGING_DATABASE_URL": staging.raw.reveal(), "SHADOW_DATABASE_URL": shadow.raw.reveal()}
        (made.project / ".env").write_text(
            f'DATABASE_URL="postgresql://dev:{quote(DOTENV, safe="")}@localhost/dev"\nSMTP_PASSWORD="{MAIL}"\n'
        )
        for word in ("validate", "status"):
            made.tell(word, Said(lines=_leaks(*urls)))
        hand = made.begin()
        with made.cockpit() as line:
            hand.to_go()
            if executor is Executor.PRISMA:
                made.tell("deploy", Said(lines=[*_leaks(*urls), "Error: P1000", *_leaks(*urls)]))
            assert hand.confirm() == ""
            assert hand.ended(Phase.MIGRATE).phase(Phase.MIGRATE).state is PhaseState.FAILED
            look_at_everything(line, "password is")
            visit(line, "t", "WHAT TO DO")
            assert hand.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")) == ""
            assert hand.ended(Phase.ROLLBACK).phase(Phase.ROLLBACK).state is PhaseState.PASSED
            line.leave()
            sent = line.sent
        hand.send(cmd.End())
        hand.wait(lambda state: state.ended, "the end")
        _assert_nowhere(made, sent, sampler)


def _assert_nowhere(made: Evening, sent: bytes, sampler: Sampler) -> None:
    assert {"pg_dump", "pg_restore"} <= sampler.programs  # the looks were close enough to see the tools at work
    assert sampler.found == []
    assert found_in(sent) == []
    files = [path for path in made.state.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"journal.jsonl", "run.log", "runner.err"} <= names, names
    assert b"password is \xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 indeed" in (made.hand.folder / "run.log").read_bytes()
    for path in files:
        assert found_in(path.read_bytes()) == [], path
        assert found_in(str(path).encode()) == []


@pytest.mark.parametrize("secret", ALL)
def test_the_hunt_finds_what_it_hunts(secret: str) -> None:
    for form in FORMS[secret]:
        assert (secret, form) in found_in(b"before " + form + b" after")
