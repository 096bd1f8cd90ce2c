"""The server's side of an after-watch: a look at its counters, and why what is slow is slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from dixis_tui.after import AfterFinding, AfterKind, Baseline, IndexSeen, Pool, Sample, ServerLook, TableFacts
from dixis_tui.errors import DixisError
from dixis_tui.plan.after import Comparison, Scanned, Suspect
from dixis_tui.plan.after_why import (
    Gone,
    Why,
    gone,
    of_users,
    scanned_table,
    shown,
    slow_statement,
    tables_of,
    why_scanned,
    why_slow,
)
from dixis_tui.postgres.after_stats import STATEMENTS, AfterReader
from dixis_tui.postgres.server_log import LogNews
from dixis_tui.settings_records import AfterSettings
from dixis_tui.sql.literals import without_literals

_SUSPECTS = 10
"""Statements that are told of at once."""
_WHY_LOOKS = 12
"""For so many looks a cause is not looked for again."""
_UNREAD = "pg_stat_statements"


class ServerWatch:
    """Looks at one database. `words` cleans and redacts what comes from it."""

    def __init__(
        self,
        reader: AfterReader,
        baseline: Baseline,
        rules: AfterSettings,
        *,
        schema: str,
        drops: dict[str, str],
        words: Callable[[str], str],
    ) -> None:
        """`drops`: what the run's migrations drop, by :func:`dixis_tui.plan.after_why.drops`."""
        self._reader, self._baseline, self._schema, self._drops = reader, baseline, schema, drops
        self._words = words
        self._other_logs = bool(rules.logs)
        """Whether logs are named: the server's is then among them, or nobody asked for it."""
        self._comparison = Comparison(baseline, rules, limit=STATEMENTS)
        self._texts: dict[str, str] = {}
        self._whys: dict[str, tuple[Why, int]] = {}
        self._subjects: dict[str, str] = {}
        self._looks = 0
        self._indexes: tuple[IndexSeen, ...] | None = None
        self._found = False
        self._unread, self._unread_looks = "", 0
        self.pool: Pool | None = None
        self.log_news: LogNews | None = None
        """What the server's log got since the look before; None: it can't be read."""
        self.log_problem = ""
        """Why it can't, or could not at the last look."""

    def look(self, at: float) -> list[AfterFinding]:
        """One look, at that second of any clock: what is worse. Raises ConnectError and QueryError."""
        if not self._found:
            self._reader.begin()
            self._found = True
        seen = self._reader.look()
        self._looks += 1
        self.log_problem = self._words(self._reader.log.problem or self._reader.log_missed)
        self.log_news = None if self.log_problem else self._reader.log_news
        self._indexes = None
        look = cleaned(seen, self._words)
        self.pool = look.pool
        self._comparison.see(look, at)
        return [*self._statements(look.unread), *self._scans(), *self._comparison.counted()]

    def _statements(self, unread: str) -> list[AfterFinding]:
        """Those that became slow; or that they could not be read, although they could, or can at other times."""
        told = bool(self._reader.missed) or self._unread_looks < self._looks - 1
        suspects = self._comparison.suspects()
        if not unread:
            try:
                self._read_texts([*(one.query_id for one in suspects[: 3 * _SUSPECTS]), *self._comparison.busiest()])
            except DixisError as error:  # everything else is still seen
                unread, told = f"the statements' texts could not be read: {error}", True
        self._unread = self._words(unread)
        if not unread:
            return [found for one in suspects if (found := self._statement(one))][:_SUSPECTS]
        self._unread_looks += 1
        if not told:
            return []
        return [AfterFinding(kind=AfterKind.DATABASE, subject=_UNREAD, level="warning", evidence=self._unread)]

    @property
    def kinds(self) -> tuple[AfterKind, ...]:
        """What the last look has looked at: a statement is not as before again because nobody saw it."""
        return (AfterKind.SCAN, AfterKind.DATABASE, *(() if self._unread else (AfterKind.STATEMENT,)))

    @property
    def unwatched(self) -> tuple[str, ...]:
        """What this server did not tell, each in a few words."""
        found = []
        if self._unread_looks:
            all_of_them = self._unread_looks == self._looks
            found.append("statements" if all_of_them else f"statements in {self._unread_looks} of {self._looks} looks")
        elif self._reader.hides:
            found.append("statements of other roles")
        if self.log_problem and not self._other_logs:
            found.append("the server's log")
        return tuple(found)

    @property
    def reset(self) -> bool:
        """Whether the server's counters were reset since the look before."""
        return self._comparison.reset

    @property
    def now(self) -> dict[str, str]:
        """How the statements that were told of are now, by subject."""
        found = {}
        for query_id, subject in self._subjects.items():
            lately = self._comparison.lately(query_id)
            found[subject] = f"{lately.mean:.1f} ms a call over its last {lately.calls} calls"
        return found

    def sample(self) -> Sample:
        """What the last look has seen, since the watch began."""
        texts = {key: self._words(without_literals(text)) for key, text in self._texts.items() if text}
        return Sample(
            pool=self.pool,
            database=self._comparison.database(),
            statements=self._comparison.statements(texts),
            scans=self._comparison.scans(),
        )

    def _read_texts(self, ids: Iterable[str]) -> None:
        wanted = [one for one in dict.fromkeys(ids) if one not in self._texts]
        if wanted:
            found = self._reader.texts(wanted)
            # What is not the application's is kept as nothing, and never asked for again.
            self._texts |= {one: text if of_users(text := found.get(one, "")) else "" for one in wanted}

    def _statement(self, suspect: Suspect) -> AfterFinding | None:
        text = self._texts.get(suspect.query_id, "")
        if not text:
            return None
        clean = self._words(without_literals(text))
        known = self._comparison.statement_of(suspect.query_id, clean)
        before = known.mean if known and known.calls else None
        if before is None and not self._comparison.knows:
            return None  # nobody can say that it is new
        if before is not None and not self._comparison.slow(before, suspect.now.mean):
            return None  # the same statement had another number before its table was made anew
        why = self._cached(suspect.query_id, lambda: self._why(text))
        self._subjects[suspect.query_id] = shown(clean, suspect.query_id)
        return slow_statement(suspect, clean, before, why)

    def _scans(self) -> list[AfterFinding]:
        return [scanned_table(one, self._why_scanned(one)) for one in self._comparison.scanned()]

    def _why_scanned(self, found: Scanned) -> Why:
        return self._cached(
            f"table {found.table}", lambda: why_scanned(found, self._lost(), self._facts([found.table]))
        )

    def _why(self, text: str) -> Why:
        known = dict.fromkeys([*(one.table for one in self._baseline.indexes), *(one.table for one in self._now())])
        facts = self._facts(tables_of(text, known, self._schema))
        return why_slow(text, self._lost(), facts, self._now(), self._schema)

    def _cached(self, key: str, look: Callable[[], Why]) -> Why:
        why, at = self._whys.get(key, (None, 0))
        if why is None or self._looks - at >= _WHY_LOOKS:
            try:
                why = look()
            except DixisError as error:
                why = Why(f"why could not be looked up: {error}", "")
            self._whys[key] = (why, self._looks)
        return why

    def _lost(self) -> tuple[Gone, ...]:
        return gone(self._baseline.indexes, self._now(), self._drops)

    def _facts(self, tables: Iterable[str]) -> dict[str, TableFacts]:
        return self._reader.facts(list(tables))

    def _now(self) -> tuple[IndexSeen, ...]:
        if self._indexes is None:
            self._indexes = tuple(cleaned_index(one, self._words) for one in self._reader.indexes())
        return self._indexes


def cleaned(look: ServerLook, words: Callable[[str], str]) -> ServerLook:
    """The look with names that may be shown."""
    scans = tuple(replace(one, table=words(one.table)) for one in look.scans)
    return replace(look, scans=scans)


def cleaned_index(one: IndexSeen, words: Callable[[str], str]) -> IndexSeen:
    """The same for an index."""
    return IndexSeen(table=words(one.table), index=words(one.index), definition=words(one.definition))
