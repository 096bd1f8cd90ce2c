"""Database URLs: what is read from them, what is refused, and what never shows."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.errors import UrlError
from dixis_tui.postgres.url import parse
from dixis_tui.secrets import MASK, Redactor

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(user=words, password=words, database=words)
def test_any_character_survives_when_percent_encoded(user: str, password: str, database: str) -> None:
    text = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@db.example:5433/{quote(database, safe='')}"
    url = parse(text, "DATABASE_URL")
    assert (url.user, url.password.reveal(), url.database) == (user, password, database)
    assert (url.host, url.port) == ("db.example", 5433)
    prisma = url.prisma_url(application_name="x", lock_timeout_seconds=1, statement_timeout_seconds=0).reveal()
    again = parse(prisma, "DATABASE_URL")
    assert (again.user, again.password, again.database) == (url.user, url.password, url.database)
    assert text in url.secrets
    assert password in url.secrets


@given(text=st.text(max_size=60))
def test_nothing_but_a_url_error_comes_out(text: str) -> None:
    for candidate in (text, f"postgresql://{text}", f"postgresql://u:{text}@h/d", f"postgres://u:p@h/d?{text}"):
        error = _refusal(candidate)
        assert error is None or error.remedy


@given(secret=st.text(st.characters(categories=["L", "N"]), min_size=8), after=st.sampled_from("#/?% @"))
def test_a_refusal_never_shows_the_value(secret: str, after: str) -> None:
    error = _refusal(f"postgresql://u:{secret}{after}{secret}@h:x/d")
    assert error is not None
    assert secret not in str(error)
    assert secret not in error.remedy


def _refusal(text: str) -> UrlError | None:
    try:
        parse(text, "DATABASE_URL")
    except UrlError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "is not set"),
        ("", "is not set"),
        ("mysql://u:p@h/d", "does not begin with"),
        ("postgresql:u", "does not begin with"),
        ("prisma://accelerate.example/?api_key=x", "Accelerate"),
        (" postgresql://u:p@h/d", "white space"),
        ("postgresql://u:p@h/d\n", "white space"),
        ("postgresql://u:p w@h/d", "white space"),
        ('"postgresql://u:p@h/d"', "quotation marks"),
        ("postgresql://u:p#w@h/d", "# that is not"),
        ("postgresql://u:p/w@h/d", "/ or ?"),
        ("postgresql://u:12/34@h/d", "/ or ?"),
        ("postgresql://u:p?w@h/d", "/ or ?"),
        ("postgresql://u:p%w@h/d", "% in its password"),
        ("postgresql://u:p%ff@h/d", "not UTF-8"),
        ("postgresql://u:p%00@h/d", "%00"),
        ("postgresql://u:p@/d", "no host"),
        ("postgresql://h/d", "no user"),
        ("postgresql://:p@h/d", "no user"),
        ("postgresql://u:p@h", "no database"),
        ("postgresql://u:p@h/", "no database"),
        ("postgresql://u:p@h/a/b", "second /"),
        ("postgresql://u:p@h:0/d", "port"),
        ("postgresql://u:p@h:65536/d", "port"),
        ("postgresql://u:p@h:٥/d", "port"),
        ("postgresql://u:p@::1/d", "malformed port"),
        ("postgresql://u:p@[::1/d", "IPv6"),
        ("postgresql://u:p@h1,h2/d", "several hosts"),
        ("postgresql://u:p@h/d?sslmode", "without a value"),
        ("postgresql://u:p@h/d?hostaddr=10.0.0.1", "`hostaddr`"),
    ],
)
def test_each_mistake_has_its_sentence(text: str | None, problem: str) -> None:
    with pytest.raises(UrlError) as caught:
        parse(text, "DATABASE_URL")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("DATABASE_URL ")
    assert caught.value.remedy
    assert caught.value.__cause__ is None


def test_parameters_go_where_they_are_understood() -> None:
    url = parse(
        "postgres://u@h/d?schema=shop&sslmode=require&pgbouncer=true&connection_limit=1&options=-c%20a%3Db&new=1", "X"
    )
    assert url.libpq == {"sslmode": "require", "options": "-c a=b"}
    assert url.prisma == {"schema": "shop", "pgbouncer": "true", "connection_limit": "1", "new": "1"}
    assert (url.schema, url.port, bool(url.password)) == ("shop", 5432, False)


def test_sockets_and_ipv6() -> None:
    socket = parse("postgresql://u:p@localhost/d?host=/run/postgresql", "X")
    assert socket.host == "/run/postgresql"
    encoded = parse("postgresql://u:p@%2Frun%2Fpostgresql/d", "X")
    assert encoded.host == "/run/postgresql"
    again = encoded.prisma_url(application_name="x", lock_timeout_seconds=1, statement_timeout_seconds=0)
    assert parse(again.reveal(), "X").host == "/run/postgresql"
    six = parse("postgresql://u:p@[fe80::1]:6000/d", "X")
    assert (six.host, six.port) == ("fe80::1", 6000)
    assert six.masked == f"postgresql://u:{MASK}@[fe80::1]:6000/d"


@pytest.mark.parametrize(
    ("text", "pooled"),
    [
        ("postgresql://u:p@h:6543/d", True),
        ("postgresql://u:p@h/d?pgbouncer=true", True),
        ("postgresql://u:p@ep-x-pooler.eu.neon.example/d", True),
        ("postgresql://u:p@ep-x.eu.neon.example/d", False),
        ("postgresql://u:p@h/d?pgbouncer=false", False),
    ],
)
def test_poolers_are_told(text: str, pooled: bool) -> None:
    assert bool(parse(text, "X").pooled) is pooled


@pytest.mark.parametrize(
    ("query", "wants"),
    [
        ("", False),
        ("?sslmode=prefer", False),
        ("?sslmode=require", True),
        ("?sslmode=verify-full", True),
        ("?sslaccept=strict&sslcert=/ca.pem", True),
    ],
)
def test_tls_wishes(query: str, wants: bool) -> None:
    assert parse(f"postgresql://u:p@h/d{query}", "X").wants_tls is wants


def test_prismas_url_is_bounded_and_keeps_its_own_options() -> None:
    url = parse("postgresql://u:p@h/d?options=-c%20search_path%3Dx&sslmode=verify-full&sslrootcert=/ca.pem", "X")
    text = url.prisma_url(application_name="dixis-tui migrate", lock_timeout_seconds=2.5, statement_timeout_seconds=60)
    query = {key: value[0] for key, value in parse_qs(urlsplit(text.reveal()).query).items()}
    assert query["options"] == (
        "-c search_path=x -c lock_timeout=2500 -c statement_timeout=60000 -c client_connection_check_interval=500"
    )
    assert query["application_name"] == "dixis-tui migrate"
    # Prisma's engine would take verify-full for prefer
    assert (query["sslmode"], query["sslaccept"], query["sslcert"]) == ("require", "strict", "/ca.pem")
    assert "+" not in text.reveal()


def test_no_way_of_printing_shows_a_secret() -> None:
    url = parse("postgresql://u:hunter%232@h/d?sslpassword=keypass&sslkey=/k&sslcert=/c", "X")
    shown = f"{url!r} {url} {url.masked} {url.replace_database('other')!r}"
    for secret in ("hunter", "keypass"):
        assert secret not in shown
    redactor = Redactor(url.secrets)
    for form in ("hunter#2", "hunter%232", "keypass"):
        assert form not in redactor.line(f"look: {form}!")
    assert url.replace_database("other").database == "other"
