"""One line of a log, judged: whether it tells of an error, of which kind, with PostgreSQL's SQLSTATE by name. Pure.

Shapes: PostgreSQL's stderr, csv and json logs, JSON lines with a level (pino, winston, bunyan, structlog), Prisma's
`P2002`, a SQLSTATE wherever it stands, and plain words such as `ERROR` or `TypeError:`.
"""

from __future__ import annotations

import csv
import json
import re
from typing import Any

from msgspec import Struct

from dixis_tui.after import AfterFinding, AfterKind
from dixis_tui.plan.sqlstates import STATES, meaning, told
from dixis_tui.sql.literals import without_literals

_LOOKED_AT = 8000
"""Characters of a line that are looked at."""
_KINDS = 40
"""Kinds of trouble of one log that are told apart."""
_OTHERS = "other errors"
_SHOWN = 240
_QUIET_LOOKS = 24
OWN = "dixis-tui"
"""What our own sessions are called: what they are refused is told elsewhere."""

PRISMA: dict[str, tuple[str, str]] = {
    "P1001": ("", "the database can't be reached"),
    "P1008": ("57014", "the operation timed out"),
    "P1017": ("08006", "the server has closed the connection"),
    "P2000": ("22001", "a value is too long for its column"),
    "P2002": ("23505", "a unique constraint failed"),
    "P2003": ("23503", "a foreign key constraint failed"),
    "P2004": ("23514", "a constraint failed"),
    "P2010": ("", "a raw query failed"),
    "P2011": ("23502", "a null constraint failed"),
    "P2014": ("23503", "a required relation would be violated"),
    "P2021": ("42P01", "the table does not exist"),
    "P2022": ("42703", "the column does not exist"),
    "P2024": ("", "no connection of the pool was free in time"),
    "P2028": ("", "the transaction could not be kept"),
    "P2034": ("40001", "a write conflict or a deadlock"),
    "P2037": ("53300", "too many connections"),
}
"""Prisma Client's codes with the SQLSTATE behind each, by its error reference. `P2025`, nothing found, is daily."""
_MESSAGES = (
    ("violates foreign key constraint", "23503"),
    ("duplicate key value violates unique constraint", "23505"),
    ("violates check constraint", "23514"),
    ("violates not-null constraint", "23502"),
    ("violates exclusion constraint", "23P01"),
    ("deadlock detected", "40P01"),
    ("could not serialize access", "40001"),
    ("due to lock timeout", "55P03"),
    ("canceling statement due to", "57014"),
    ("terminating connection due to administrator command", "57P01"),
    ("too many clients already", "53300"),
    ("remaining connection slots", "53300"),
    ("permission denied for", "42501"),
    ("invalid input syntax for", "22P02"),
    ("invalid input value for enum", "22P02"),
    ("could not resize shared memory segment", "53100"),
    ("No space left on device", "53100"),
)
_MISSING = re.compile(r"\b(relation|table|column|function|type) .{1,200}? does not exist")
_MISSING_STATES = {"relation": "42P01", "table": "42P01", "column": "42703", "function": "42883", "type": "42704"}
_SEVERITY = re.compile(r"\b(ERROR|FATAL|PANIC):  ?(?:([0-9A-Z]{5}): )?(.*)")
_STATE = re.compile(r"""(?i:sqlstate|\bcode|\berrcode)["']?[\s:=(\[]{1,4}["']?([0-9A-Z]{5})\b""")
_PRISMA = re.compile(r"\b(P[12]\d{3})\b")
_DETAIL = re.compile(r"(\([^()]{1,200}\))=\((?:[^()]|\([^()]*\))*\)")
_WORDS = re.compile(
    r"\b(FATAL|PANIC|CRITICAL|EMERG|ALERT|SEVERE|ERROR)\b|\[(error|fatal|crit|emerg|alert)\]|\blevel=(error|fatal|panic)"
    r"|\b((?:[A-Z]\w*)?(?:Error|Exception)): |^(Traceback) \(most|\b(Unhandled|Uncaught)"
)
_FATAL = ("FATAL", "PANIC", "CRITICAL", "EMERG", "ALERT", "fatal", "panic", "crit", "emerg", "alert")
_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\d+|'[^']*'|\"[^\"]*\"")
_LEVELS = ("level", "severity", "levelname", "lvl", "log.level", "error_severity")
_MESSAGE_KEYS = ("message", "msg", "event", "error", "err")
_CSV_COLUMNS, _CSV_MESSAGE = 23, 13
_PINO_ERROR, _PINO_FATAL = 50, 60

_MISFIT = (
    "The application asks for what the migration took away or renamed: deploy the version that fits, or roll back."
)
_REMEDIES = {
    "23503": "Find the rows that point to nothing, and which statement writes them.",
    "23505": "Find who writes the value twice; a new unique index may refuse what was allowed before.",
    "23502": "Deploy the version that fills the column, or give it a default.",
    "23514": "Find which value a new constraint refuses.",
    "42P01": _MISFIT,
    "42703": _MISFIT,
    "42704": _MISFIT,
    "42883": _MISFIT,
    "42501": "GRANT the application's role what it had: a table that was made anew has no grants.",
    "40P01": "The server's log names both statements: have them take their locks in the same order.",
    "53300": "Make the application's pool smaller, or raise max_connections.",
}


class Trouble(Struct, frozen=True, kw_only=True):
    """What one line tells of. `kind` is the same for all lines that tell of the same; `text` is raw, without values."""

    kind: str
    level: str
    text: str
    sqlstate: str = ""


def judge(line: str, database: str = "") -> Trouble | None:
    """What a raw line tells of; None: nothing bad. `database`: of the server's log, only its lines count."""
    line = line[:_LOOKED_AT].strip()
    if not line:
        return None
    if line.startswith("{") and (found := _json(line)) is not None:
        return _of_fields(found, database)
    fields = _csv(line)
    if fields:
        if fields["application_name"].startswith(OWN) or (database and fields["dbname"] not in (database, "")):
            return None
        return _of_server(fields["error_severity"], fields["state_code"], fields["message"])
    if match := _SEVERITY.search(line):
        if OWN in line[: match.start()]:
            return None
        return _of_server(match[1], match[2] or "", match[3])
    return _of_words(line)


def _json(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _csv(line: str) -> dict[str, str] | None:
    """A line of PostgreSQL's csvlog, also one whose statement goes on in the next."""
    if line.count(",") < _CSV_MESSAGE:
        return None
    try:
        row = next(csv.reader([line]), [])
    except csv.Error:
        return None
    if len(row) <= _CSV_MESSAGE or row[11] not in ("ERROR", "FATAL", "PANIC", "LOG", "WARNING"):
        return None
    application = row[22] if len(row) >= _CSV_COLUMNS else ""
    keys = ("dbname", "error_severity", "state_code", "message", "application_name")
    return dict(zip(keys, (row[2], row[11], row[12], row[13], application), strict=True))


def _of_server(severity: str, state: str, message: str) -> Trouble | None:
    if severity not in ("ERROR", "FATAL", "PANIC"):
        return None
    state = state if state and state != "00000" else _state_in(message)
    level = "error" if severity == "PANIC" or _grave(state) else "warning"
    return Trouble(kind=_kind(state, "", message), level=level, text=_without_values(message), sqlstate=state)


def _of_fields(found: dict[str, Any], database: str) -> Trouble | None:
    """A JSON line: PostgreSQL's own jsonlog, or an application's."""
    if "error_severity" in found:
        ours = not str(found.get("application_name", "")).startswith(OWN)
        here = not database or found.get("dbname") in (database, None)
        severity, state = str(found["error_severity"]), str(found.get("state_code", ""))
        return _of_server(severity, state, str(found.get("message", ""))) if ours and here else None
    level = next((found[key] for key in _LEVELS if key in found), None)
    message = next((found[key] for key in _MESSAGE_KEYS if found.get(key)), "")
    words = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    if isinstance(level, int):
        bad, fatal = level >= _PINO_ERROR, level >= _PINO_FATAL
    else:
        name = str(level or "").lower()
        bad = name.startswith(("err", "fatal", "crit", "panic", "emerg", "alert", "severe"))
        fatal = bad and not name.startswith("err")
    whole = json.dumps(found, ensure_ascii=False)
    state, prisma = _state_in(whole), _prisma_in(whole)
    if not (bad or state or prisma):
        return None
    return _trouble(state, prisma, words or whole, fatal=fatal)


def _of_words(line: str) -> Trouble | None:
    state, prisma = _state_in(line), _prisma_in(line)
    match = _WORDS.search(line)
    if not (state or prisma or match):
        return None
    fatal = bool(match and next(filter(None, match.groups()), "") in _FATAL)
    return _trouble(state, prisma, line, fatal=fatal)


def _trouble(state: str, prisma: str, text: str, *, fatal: bool) -> Trouble:
    state = state or PRISMA.get(prisma, ("", ""))[0]
    level = "error" if fatal or _grave(state) else "warning"
    return Trouble(kind=_kind(state, prisma, text), level=level, text=_without_values(text), sqlstate=state)


def _state_in(text: str) -> str:
    """A SQLSTATE that stands there as such, or that PostgreSQL's words stand for."""
    for match in _STATE.finditer(text):
        if match[1] in STATES:
            return match[1]
    state = next((state for words, state in _MESSAGES if words in text), "")
    if not state and (missing := _MISSING.search(text)):
        state = _MISSING_STATES[missing[1]]
    return state


def _prisma_in(text: str) -> str:
    match = _PRISMA.search(text)
    return match[1] if match and match[1] in PRISMA else ""


def _grave(state: str) -> bool:
    """What does not pass by itself: broken constraints, names that are not there, damage."""
    known = meaning(state) if state else None
    return state[:2] in ("23", "42", "XX", "53") and not (known and known.passing and state[:2] != "53")


def _kind(state: str, prisma: str, text: str) -> str:
    if prisma:
        return f"{prisma}, {PRISMA[prisma][1]}"
    if state:
        known = meaning(state)
        return f"{state} {known.condition}" if known else state
    return _VARIABLE.sub("…", " ".join(text.split()))[:60]


def _without_values(text: str) -> str:
    """`Key (email)=(…)`: what rows hold is nobody's business here."""
    return without_literals(_DETAIL.sub(r"\1=(…)", text))


class Tally:
    """The lines of one log, counted by kind of trouble."""

    def __init__(self, name: str, database: str = "") -> None:
        self.name = name
        self.lines = self.errors = 0
        self.skipped = 0
        """Lines, or pieces of a flood, that nobody read."""
        self._database = database
        self._kinds: dict[str, tuple[int, Trouble, int]] = {}
        self._looks = 0

    def see(self, lines: list[str]) -> None:
        """The lines of one look, raw."""
        self._looks += 1
        for line in lines:
            self.lines += 1
            if trouble := judge(line, self._database):
                self.errors += 1
                known = trouble.kind in self._kinds or len(self._kinds) < _KINDS
                kind = trouble.kind if known else _OTHERS
                count = self._kinds[kind][0] if kind in self._kinds else 0
                self._kinds[kind] = (count + 1, trouble, self._looks)

    def findings(self) -> list[AfterFinding]:
        """One a kind, as long as it came up lately; words are raw."""
        found = []
        for kind, (count, last, at) in self._kinds.items():
            if self._looks - at < _QUIET_LOOKS:
                found.append(
                    AfterFinding(
                        kind=AfterKind.LOG,
                        subject=f"{self.name}: {kind}",
                        level=last.level,
                        evidence=f"×{count}, last: {last.text[:_SHOWN]}",
                        cause=told(last.sqlstate),
                        remedy=_REMEDIES.get(last.sqlstate, "Read that log."),
                    )
                )
        return found
