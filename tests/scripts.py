"""Hypothesis builds migration files: statements of many shapes, and every kind of gap between them.

Texts hold whatever may lead a splitter astray. Each statement can be applied, in any order, to a database prepared by
:data:`PREPARE`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

PREPARE = b"""
CREATE TABLE log (n SERIAL, what TEXT);
CREATE TABLE target (i INTEGER);
"""

BLANKS = " \t\n\r\f"
"""PostgreSQL 16 and later take a vertical tab too."""
_TRICKS = [
    ";",
    "'",
    '"',
    "--",
    "/*",
    "*/",
    "$$",
    "$a$",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "\f",
    " ",
    "BEGIN",
    "END;",
    "α",
    "🫒",
]
_TRICKS += ["\u00a0", "\u2028", "COMMIT;", "E'", "U&", ":x", "%", "0", "a\u0301"]

texts = st.lists(st.sampled_from(_TRICKS), max_size=6).map("".join)


def _escaped(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _dollars(text: str) -> str:
    tag = next(tag for tag in ("$$", "$q$", "$δ1$", "$_2$") if tag not in text + "$")
    return f"{tag}{text}{tag}"


def _unicode(text: str) -> str:
    body = "".join(f"\\{ord(char):04x}" if char in "\\'α" else char for char in text)
    return f"U&'{body}'"


def literal(text: str) -> str:
    """The text as a plain string."""
    return "'" + text.replace("'", "''") + "'"


literals = st.builds(lambda write, text: write(text), st.sampled_from([literal, _escaped, _dollars, _unicode]), texts)
names = texts.filter(lambda text: 0 < len(text.encode()) < 50).map(lambda text: '"' + text.replace('"', '""') + '"')

block_comments = st.recursive(
    st.sampled_from(["", ";", "'", '"', "$$", " -- ", "\n", "\r", "α;", "*", "🫒"]).map(lambda text: f"/*{text}*/"),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: "/* " + " ; ".join(parts) + " */"),
    max_leaves=4,
)
line_comments = st.builds(
    lambda text, end: "--" + "".join(char for char in text if char not in "\r\n") + end,
    texts,
    st.sampled_from(["\n", "\r", "\r\n"]),
)
gaps = st.lists(st.one_of(st.sampled_from(BLANKS), block_comments, line_comments), max_size=4).map("".join)
"""What may stand between two words; may be nothing."""


def _insert(gap: str, value: str) -> str:
    return f"INSERT INTO log{gap}(what) VALUES ({gap}{value}{gap})"


def _do(value: str) -> str:
    return "DO " + _dollars(f"BEGIN INSERT INTO log (what) VALUES ({value}); -- a ; here\nEND")


def _atomic(value: str) -> str:
    body = f"BEGIN ATOMIC SELECT {value}; ; SELECT CASE WHEN true THEN {value} END; END"
    return f"CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql {body}"


def _rule(value: str) -> str:
    actions = f"INSERT INTO log (what) VALUES ({value}); INSERT INTO log (what) VALUES (';')"
    return f"CREATE OR REPLACE RULE r AS ON INSERT TO target DO ALSO ({actions})"


def _sql_function(value: str) -> str:
    return f"CREATE OR REPLACE FUNCTION g() RETURNS text LANGUAGE sql AS {_dollars(f'SELECT {value};')}"


def _with(value: str) -> str:
    return f"WITH w AS (INSERT INTO log (what) VALUES ({value}) RETURNING *) UPDATE target SET i = n FROM w"


statements = st.one_of(
    st.builds(_insert, gaps, literals),
    st.builds(_do, literals),
    st.builds(_atomic, literals),
    st.builds(_rule, literals),
    st.builds(lambda value: f"COMMENT ON TABLE log IS {value}", literals),
    st.builds(lambda name: f"CREATE TABLE IF NOT EXISTS {name} ({name} INTEGER)", names),
    st.builds(lambda name: f"ALTER TABLE log ADD COLUMN IF NOT EXISTS {name} TEXT DEFAULT ';'", names),
    st.builds(lambda gap: f"SELECT 1 - {gap}2 *{gap} (3 / 4)", gaps),
    st.builds(_sql_function, literals),
    st.builds(_with, literals),
    st.builds(lambda gap: f"SELECT 1 NOT{gap or ' '}BETWEEN 0 AND 2", gaps),
    st.sampled_from(
        [
            "INSERT INTO target VALUES (1), (2)",
            "SELECT'a;b'",
            "SELECT 1",
            "(SELECT 1)",
            "VALUES (1, $$;$$)",
            "DELETE FROM log WHERE n % 2 = 0",
            "SET LOCAL lock_timeout = '5s'",
            "LOCK TABLE log",
        ]
    ),
)
failing = st.sampled_from(["SELECT 1 / 0", "DROP TABLE nowhere", "INSERT INTO target VALUES ('x;y')"])
"""Parsed by everyone, refused by the server."""


@dataclass(frozen=True)
class Written:
    """A script's text; of each statement where it begins, and its text with what stands up to its semicolon."""

    text: str
    places: tuple[tuple[int, str], ...]


@st.composite
def scripts(draw: st.DrawFn, body: st.SearchStrategy[str] = statements) -> Written:
    """Up to six statements with gaps and stray semicolons around them; the last semicolon may be missing."""
    text, places = "", []
    count = draw(st.integers(0, 6))
    for number in range(count):
        text += draw(gaps) + draw(st.sampled_from(["", "", "", ";", ";;", "; ;"])) + draw(gaps)
        statement, gap = draw(body), draw(gaps)
        places.append((len(text), statement + gap))
        ended = number < count - 1 or draw(st.booleans())
        text += statement + gap + (";" if ended else "")
    return Written(text + draw(gaps) if not places or text.endswith(";") else text, tuple(places))
