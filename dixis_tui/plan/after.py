"""How it goes after a migration against how it was before: what has become slow, and what is as before again. Pure.

Every judgement is of the last few looks, so that what was mended is soon seen to be; sums are since the migration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.after import AfterFinding, AfterKind, Baseline, DatabaseStat, Pool, ScanStat, ServerLook, StatementStat
from dixis_tui.plan.after_counts import Courses, Gain
from dixis_tui.settings_records import AfterSettings

CALLS, SCANS = 5, 3
"""So many calls, or scans, say something."""
_NEW_SLOW = 10.0
"""A statement that was not there before is slow from so many times `slower_milliseconds` on."""
_OFTEN, _SHARE = 20, 0.1
"""Scans in a table's whole past, and their share of all its scans, from which on scans are nothing new there."""
_ROLLBACKS, _ROLLBACK_SHARE = 10, 0.05
_NEARLY_FULL, _FULL = 0.85, 0.95
_IDLE_SECONDS = 60.0
_REPEAT_LOOKS = 12
"""Of a finding whose numbers alone have changed not every change is worth an entry."""
_TOP, _SHOWN = 10, 160
"""Statements of a sample, and how much of each."""
ASK_EXPLAIN = "Look at it with EXPLAIN (ANALYZE, BUFFERS) in psql."


class Suspect(Struct, frozen=True, kw_only=True):
    """A statement that takes longer than before, in milliseconds a call; `before` is None where it is a new one."""

    query_id: str
    before: float | None
    now: Gain


class Scanned(Struct, frozen=True, kw_only=True):
    """A big table that is read from end to end, as it was not before. Scans a minute; None: not known."""

    table: str
    rows: int
    now: Gain
    before: float | None


class Comparison:
    """Takes look by look at the server and holds it against the baseline."""

    def __init__(self, baseline: Baseline, rules: AfterSettings, *, limit: int = 1000) -> None:
        """`limit`: with so many statements in a look, more may be there than were read."""
        self._baseline, self._rules, self._limit = baseline, rules, limit
        self._before = {one.query_id: one for one in baseline.statements}
        self._texts = {one.query: one for one in baseline.statements if one.query}
        self._statements, self._scans, self._database = Courses(rare=True), Courses(rare=False), Courses(rare=False)
        self._look: ServerLook | None = None
        self._knows_tables = not baseline.problem or baseline.database is not None
        self.knows = len(baseline.statements) < limit and not (baseline.problem and not baseline.statements)
        """Whether a statement that is not in the baseline was not there before."""
        self.reset = False
        """Whether the server's counters were reset since the look before."""

    def see(self, look: ServerLook, at: float) -> None:
        """One look, at that second of any clock."""
        self._statements.reset = False
        if not look.unread:
            counts = {one.query_id: (one.calls, one.milliseconds) for one in look.statements}
            self._statements.see(counts, at, whole=len(look.statements) < self._limit)
        self._scans.see({one.table: (one.scans, float(one.rows_read)) for one in look.scans}, at)
        numbers = look.database
        each = {name: getattr(numbers, name) for name in DatabaseStat.__struct_fields__}
        self._database.see({name: (count, 0.0) for name, count in each.items()}, at)
        self.reset = self._statements.reset or self._database.reset
        self._look = look

    def statement_of(self, query_id: str, text: str) -> StatementStat | None:
        """The statement as it was before, by its id, or by its text where a table was made anew."""
        return self._before.get(query_id) or self._texts.get(text)

    def suspects(self) -> tuple[Suspect, ...]:
        """Statements that lately take too long, those that cost most first."""
        found = []
        for query_id in self._statements:
            now = self._statements.lately(query_id)
            if now.calls < CALLS or not now.mean:
                continue
            known = self._before.get(query_id)
            before = known.mean if known and known.calls else None
            if self.slow(before, now.mean):
                found.append(Suspect(query_id=query_id, before=before, now=now))
        found.sort(key=lambda one: -(one.now.mean - (one.before or 0)) * one.now.calls)
        return tuple(found if self.knows else sorted(found, key=lambda one: one.before is None))

    def slow(self, before: float | None, now: float) -> bool:
        """Whether so many milliseconds a call are worth a word."""
        if before is None:
            return now >= _NEW_SLOW * self._rules.slower_milliseconds
        return now >= before * self._rules.slower and now - before >= self._rules.slower_milliseconds

    def lately(self, query_id: str) -> Gain:
        """A statement's last calls."""
        return self._statements.lately(query_id)

    def busiest(self) -> list[str]:
        """The statements that took most of the time since the watch began."""
        return self._statements.busiest(3 * _TOP)

    def statements(self, texts: Mapping[str, str]) -> tuple[StatementStat, ...]:
        """Of those whose text is known, the ones that took most of the time."""
        found = []
        for query_id in self.busiest():
            if text := texts.get(query_id):
                gain = self._statements.since(query_id)
                stat = StatementStat(
                    query_id=query_id, query=text[:_SHOWN], calls=gain.calls, milliseconds=round(gain.total, 2)
                )
                found.append(stat)
        return tuple(found[:_TOP])

    def scanned(self) -> tuple[Scanned, ...]:
        """Big tables that are lately read from end to end, and were not before."""
        found = []
        before = {one.table: one for one in self._baseline.scans}
        for stat in self._look.scans if self._look else ():
            now = self._scans.lately(stat.table)
            # A LIMIT ends a scan early: that is no reading of the whole table.
            if now.calls < SCANS or now.mean < self._rules.big_table_rows / 2:
                continue
            rate = self._baseline.scans_per_minute.get(stat.table)
            if rate is None and not self._knows_tables:
                continue
            usual = rate if rate is not None else _usual(before.get(stat.table), now)
            if _per_minute(now) >= usual * self._rules.slower:
                found.append(Scanned(table=stat.table, rows=stat.rows, now=now, before=rate))
        return tuple(found)

    def scans(self) -> tuple[ScanStat, ...]:
        """What was scanned since the watch began."""
        found = []
        for stat in self._look.scans if self._look else ():
            gain = self._scans.since(stat.table)
            if gain.calls:
                counted = {"scans": gain.calls, "rows_read": int(gain.total), "index_scans": 0}
                found.append(replace(stat, **counted))
        return tuple(sorted(found, key=lambda one: -one.rows_read)[:_TOP])

    def database(self) -> DatabaseStat:
        """What the database has counted since the watch began."""
        return DatabaseStat(**{name: self._database.since(name).calls for name in DatabaseStat.__struct_fields__})

    def counted(self) -> list[AfterFinding]:
        """Deadlocks, conflicts, rollbacks out of proportion, and connections near their limit."""
        found = [*self._locked(), *self._rolled_back()]
        if self._look:
            found += pool_findings(self._look.pool, self._baseline.pool, self._look.idle_seconds)
        return found

    def _locked(self) -> Iterable[AfterFinding]:
        lately, since = self._database.lately, self._database.since
        if lately("deadlocks").calls:
            yield AfterFinding(
                kind=AfterKind.DATABASE,
                subject="deadlocks",
                level="error",
                evidence=f"{since('deadlocks').calls} since the migration was verified",
                cause="SQLSTATE 40P01 deadlock_detected: two transactions waited for each other",
                remedy="The server's log names both statements: have them take their locks in the same order.",
            )
        if lately("conflicts").calls:
            yield AfterFinding(
                kind=AfterKind.DATABASE,
                subject="conflicts with recovery",
                level="warning",
                evidence=f"{since('conflicts').calls} statements cancelled since the migration was verified",
                cause="this server is a replica, and replay was in their way",
                remedy="DATABASE_URL should lead to the primary.",
            )

    def _rolled_back(self) -> Iterable[AfterFinding]:
        undone, done = self._database.lately("rollbacks").calls, self._database.lately("commits").calls
        share, before = _share(undone, done), 0.0
        if self._baseline.database:
            before = _share(self._baseline.database.rollbacks, self._baseline.database.commits)
        if undone >= _ROLLBACKS and share >= max(_ROLLBACK_SHARE, before * self._rules.slower):
            yield AfterFinding(
                kind=AfterKind.DATABASE,
                subject="rollbacks",
                level="warning",
                evidence=f"{share:.0%} of the last {undone + done} transactions, {before:.1%} before",
                cause="transactions of the application fail",
                remedy="Its log, and the server's, say which statement is refused.",
            )


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part else 0.0


def _per_minute(gain: Gain) -> float:
    return gain.calls / gain.seconds * 60 if gain.seconds > 0 else float(gain.calls)


def _usual(before: ScanStat | None, now: Gain) -> float:
    """Scans a minute that are nothing new, where no rate is known: a table that was often scanned before still is."""
    if before is None or before.scans < _OFTEN:
        return 0.0
    share = before.scans / (before.scans + before.index_scans)
    return _per_minute(now) if share >= _SHARE else 0.0


def pool_findings(pool: Pool, before: Pool | None, idle_seconds: float = 0.0) -> list[AfterFinding]:
    """Connections near their limit, more than before; and a session that idles in its transaction."""
    found = []
    full = pool.total / pool.limit if pool.limit > 0 else 0.0
    was = before.total if before else 0
    if full >= _NEARLY_FULL and pool.total > was:
        states = ", ".join(f"{count} {state}" for state, count in sorted(pool.states.items(), key=lambda kv: -kv[1]))
        found.append(
            AfterFinding(
                kind=AfterKind.POOL,
                subject="connections",
                level="error" if full >= _FULL else "warning",
                evidence=f"{pool.total} of {pool.limit}, {was} before; in this database {states}",
                cause="at the limit new ones are refused: SQLSTATE 53300 too_many_connections" if full >= 1 else "",
                remedy="Find who opens them (pg_stat_activity); make the application's pool smaller, or end idle ones.",
            )
        )
    if idle_seconds >= _IDLE_SECONDS:
        found.append(
            AfterFinding(
                kind=AfterKind.POOL,
                subject="idle in transaction",
                level="warning",
                evidence=f"{pool.states.get('idle in transaction', 1)}, the longest for {idle_seconds:.0f} s",
                cause="such a session keeps its locks, and VACUUM from cleaning up",
                remedy="Look what the application waits for there; end it with pg_terminate_backend where it is stuck.",
            )
        )
    return found


class Standing:
    """The findings as they stand, and which of a look's are news."""

    def __init__(self, findings: Iterable[AfterFinding] = ()) -> None:
        """`findings` are those that a runner before this one has told."""
        self._told: dict[tuple[str, str], tuple[AfterFinding, int]] = {(f.kind, f.subject): (f, 0) for f in findings}
        self._looks = 0

    def news(
        self, found: Iterable[AfterFinding], kinds: Iterable[AfterKind], now: Mapping[str, str] | None = None
    ) -> list[AfterFinding]:
        """What to tell of a look that `kinds` were looked at in: what stood before and was not found is over.

        `now` are words on how a subject is now, for what is over.
        """
        self._looks += 1
        current = {(finding.kind, finding.subject): finding for finding in found}
        told = [finding for key, finding in current.items() if self._is_news(key, finding)]
        looked, words = set(kinds), now or {}
        for key, (before, _) in self._told.items():
            if key not in current and before.kind in looked and not before.over:
                how = f"{words[before.subject]}; it was: " if before.subject in words else "it was: "
                told.append(replace(before, over=True, evidence=f"{how}{before.evidence}"))
        self._told |= {(finding.kind, finding.subject): (finding, self._looks) for finding in told}
        return told

    def _is_news(self, key: tuple[str, str], finding: AfterFinding) -> bool:
        if key not in self._told:
            return not finding.over
        before, at = self._told[key]
        numbers: dict[str, Any] = {"evidence": ""}
        if replace(before, **numbers) != replace(finding, **numbers):
            return True
        return not finding.over and before.evidence != finding.evidence and self._looks - at >= _REPEAT_LOOKS

    @property
    def worse(self) -> list[AfterFinding]:
        """What is worse than before now."""
        return [finding for finding, _ in self._told.values() if not finding.over]

    @property
    def all(self) -> list[AfterFinding]:
        """Whatever was worse at some time."""
        return [finding for finding, _ in self._told.values()]
