"""The truth about the history: for each migration where it stands, and for the database as a whole.

Files, rows, the holder of the advisory lock and a few facts of the database go in; :func:`judge` is pure. What Prisma's
own `migrate status` makes of each case was seen by running 6.19.3 (`tests/prisma/test_blind_spots.py`).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from itertools import pairwise

from msgspec import Struct

from dixis_tui.model import MigrationFile
from dixis_tui.prisma.files import order_key, same_checksum
from dixis_tui.prisma.history import History, HistoryRow, LockHolder, compare
from dixis_tui.secrets import clean
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Reconciled, Reconciliation, Standing, Truth

UP_TO_DATE = "Database schema is up to date!"
_NOTHING = "nothing of it"
_SILENT_ORDER = "not yet applied, and nothing of the order: `migrate deploy` runs it without a word"


class Evidence(Struct, frozen=True, kw_only=True):
    """All that the truth is made of. `rows` is None where there is no history table, `tables` then what else is there.

    `reconciled`: what the catalog says of unfinished files, and of all files of a database without a history.
    `cli` is Prisma's CLI as people type it.
    """

    files: tuple[MigrationFile, ...] = ()
    without_file: tuple[str, ...] = ()
    rows: tuple[HistoryRow, ...] | None = ()
    holder: LockHolder | None = None
    tables: tuple[str, ...] = ()
    replica: bool = False
    reconciled: Mapping[str, Reconciliation] = {}
    cli: str = "prisma"

    @property
    def history(self) -> History:
        """Files against rows."""
        return compare(self.files, self.rows, self.tables)


def missing_database(files: Sequence[MigrationFile], database: str) -> Truth:
    """The truth where the server has no such database (ConnectError of kind `missing_database`)."""
    return Truth(
        database=DatabaseStanding.MISSING,
        remedy=f"Check the name {clean(database)} in DATABASE_URL: `prisma migrate deploy` would create it, empty.",
        migrations=tuple(MigrationStanding(name=file.name, standing=Standing.PENDING) for file in files),
    )


def judge(evidence: Evidence) -> Truth:
    """Where everything stands; pure. Migrations in Prisma's order, files and rows together."""
    judged = _Judge(evidence)
    names = {file.name for file in evidence.files} | set(evidence.without_file) | set(judged.standing_rows)
    return Truth(
        database=judged.database,
        remedy=judged.remedy,
        migrations=tuple(judged.migration(name) for name in sorted(names, key=order_key)),
    )


class _Judge:
    """One judgement: the evidence, looked through once."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        history = evidence.history
        self._files = {file.name: file for file in evidence.files}
        self._rows: dict[str, list[HistoryRow]] = {}
        for row in evidence.rows or ():
            self._rows.setdefault(row.migration_name, []).append(row)
        self.standing_rows = [name for name, rows in self._rows.items() if any(not row.rolled_back_at for row in rows)]
        self._out_of_order = {file.name for file in history.out_of_order}
        self._edited = {file.name for file in history.edited}
        self._newest = max((row.migration_name for row in history.applied), key=order_key, default="")
        # One deploy works on one file: the last that was begun. An error on record is written when a file has failed.
        at_work = [row for row in history.failed if not (row.logs or "").strip()]
        self._running = max(at_work, key=lambda row: row.started_at, default=None) if evidence.holder else None
        on_disk = [*self._files, *evidence.without_file]
        self._prisma_pending = any(name not in self._rows for name in on_disk)
        self._prisma_failed = bool(history.failed)
        self.database, self.remedy = self._database(history)

    def _database(self, history: History) -> tuple[DatabaseStanding, str]:
        if self._evidence.replica:
            return DatabaseStanding.REPLICA, "Put the primary's host into DATABASE_URL."
        if history.has_table:
            return DatabaseStanding.MANAGED, ""
        if not history.unmanaged:
            return DatabaseStanding.EMPTY, ""
        return DatabaseStanding.UNMANAGED, self._baseline_remedy()

    def _baseline(self) -> list[str]:
        """Migrations whose work is there: all up to the last one that the catalog proves, since they run in order."""
        names = [file.name for file in sorted(self._evidence.files, key=lambda file: order_key(file.name))]
        proven = [at for at, name in enumerate(names) if self._whole(name)]
        return names[: proven[-1] + 1] if proven else []

    def _whole(self, name: str) -> bool:
        found = self._evidence.reconciled.get(name)
        return found is not None and found.outcome is Reconciled.ALL and found.statements > 0

    def _baseline_remedy(self) -> str:
        names = self._baseline()
        if not names:
            resolve = self._resolve("applied", "NAME")
            return (
                f"Baseline it first, with `{resolve}` for each migration that it holds already; the catalog shows "
                f"none of them whole, so compare with `{self._evidence.cli} migrate diff`."
            )
        commands = "; ".join(f"`{self._resolve('applied', name)}`" for name in names)
        return f"Baseline it first, with what it holds already: {commands}."

    def _resolve(self, how: str, name: str) -> str:
        return f"{self._evidence.cli} migrate resolve --{how} {shlex.quote(name)}"

    def migration(self, name: str) -> MigrationStanding:
        """The worst that holds of one migration."""
        rows = self._rows.get(name, [])
        applied = [row for row in rows if row.applied]
        unfinished = [row for row in rows if row.unfinished]
        for holds, tell in (
            (bool(unfinished), self._unfinished),
            (name in self._evidence.without_file, self._no_file),
            (bool(applied) and name not in self._files, self._missing),
            (name in self._edited, self._was_edited),
            (len(applied) > 1, self._duplicate),
            (name in self._out_of_order, self._late),
            (bool(rows) and not applied, self._again),
        ):
            if holds:
                return tell(name, rows)
        if applied:
            return self._told(name, Standing.APPLIED, _when(applied[-1]))
        return self._pending(name)

    def _told(self, name: str, standing: Standing, detail: str, remedy: str = "", says: str = "") -> MigrationStanding:
        return MigrationStanding(
            name=name,
            standing=standing,
            detail=detail,
            remedy=remedy,
            attempts=len(self._rows.get(name, [])),
            prisma_says=says,
            reconciliation=self._evidence.reconciled.get(name) if standing is Standing.FAILED else None,
        )

    def _quiet(self) -> str:
        """What `migrate status` says where it has no word for something."""
        return _NOTHING if self._prisma_pending or self._prisma_failed else UP_TO_DATE

    def _unfinished(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        row = next(row for row in reversed(rows) if row.unfinished)
        gone = "" if name in self._files or name in self._evidence.without_file else ", and it is not on disk"
        if row is self._running:
            detail = f"begun {_at(row)}; Prisma's lock is held by {self._evidence.holder}{gone}"
            says = _NOTHING if self._prisma_pending else "failed"
            return self._told(name, Standing.RUNNING, detail, "Wait until it is done, then look again.", says)
        error = error_in(row.logs or "")
        detail = f"begun {_at(row)}{f': {error}' if error else ', without an error on record'}{gone}"
        says = _NOTHING if self._prisma_pending else ""
        return self._told(name, Standing.FAILED, detail, self._mend(name), says)

    def _mend(self, name: str) -> str:
        found = self._evidence.reconciled.get(name)
        if found is not None and found.commands and not found.unclear:
            what = found.sentence[:1].upper() + found.sentence[1:]
            return f"{what}. Type {', then '.join(f'`{command}`' for command in found.commands)}, and look again."
        seen = f"By the catalog: {found.sentence}. " if found is not None else ""
        return (
            f"{seen}Look whether its changes are there, then `{self._resolve('rolled-back', name)}` "
            "(or --applied), and look again."
        )

    def _no_file(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        applied = [row for row in rows if row.applied]
        detail = f"{_when(applied[-1])}, and its migration.sql is gone" if applied else "it holds no migration.sql"
        remedy = "Restore its migration.sql" + (" as it was applied." if applied else ", or remove the directory.")
        says = "" if applied else "not yet applied; only `migrate deploy` refuses it (P3015)"
        return self._told(name, Standing.NO_FILE, detail, remedy, says)

    def _missing(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        # With something pending, status does name it; deploy never does.
        says = "" if self._prisma_pending else self._quiet()
        remedy = "Check out the commit that has it: this database is ahead of these files."
        return self._told(name, Standing.MISSING, _when(rows[-1]), remedy, says)

    def _was_edited(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        row = [row for row in rows if row.applied][-1]
        found = self._files[name].checksum
        more = f"; {len(rows)} attempts on record" if len(rows) > 1 else ""
        detail = f"{_when(row)} with checksum {clean(row.checksum)[:8]}, now {found[:8]}{more}"
        remedy = "Restore the file as it was applied; put changes in a new one."
        return self._told(name, Standing.EDITED, detail, remedy, self._quiet())

    def _duplicate(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        applied = [row for row in rows if row.applied]
        detail = f"{len(applied)} finished rows, the last {_when(applied[-1])}"
        remedy = (
            "Find out whether it ran twice: two deploys at once, or a resolve after a deploy; it will not run again."
        )
        return self._told(name, Standing.DUPLICATE, detail, remedy, self._quiet())

    def _late(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        again = ", and it was rolled back once" if rows else ""
        detail = f"pending, though the later {self._newest} is applied{again}"
        remedy = "Make sure that it does not need to run first; if it was merged late, give it a newer name."
        return self._told(name, Standing.OUT_OF_ORDER, detail, remedy, self._quiet() if rows else _SILENT_ORDER)

    def _again(self, name: str, rows: list[HistoryRow]) -> MigrationStanding:
        at = rows[-1].rolled_back_at
        detail = f"marked rolled back {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
        same = same_checksum(self._files[name], rows[-1].checksum)
        detail += "" if same else "; the file has changed since"
        remedy = f"The next deploy runs it; if its work is there already: `{self._resolve('applied', name)}`."
        return self._told(name, Standing.WILL_RUN_AGAIN, detail, remedy, self._quiet())

    def _pending(self, name: str) -> MigrationStanding:
        if self.database is not DatabaseStanding.UNMANAGED:
            return self._told(name, Standing.PENDING, "")
        says = "not yet applied, whatever the database holds"
        if name in self._baseline():
            detail = self._evidence.reconciled[name].sentence if self._whole(name) else "before one that is there"
            return self._told(name, Standing.PENDING, detail, f"`{self._resolve('applied', name)}`", says)
        found = self._evidence.reconciled.get(name)
        return self._told(name, Standing.PENDING, found.sentence if found else "", "", says)


def error_in(logs: str) -> str:
    """The server's own sentence in a row's `logs`, cleaned; Prisma puts some of its own before it."""
    lines = [line.strip() for line in logs.splitlines() if line.strip()]
    after = [line for before, line in pairwise(lines) if before == "Database error:"]
    return clean(next(iter([*after, *lines]), ""))


def worded(truth: Truth, words: Callable[[str], str]) -> Truth:
    """The same truth with every text of it passed through `words`: before it is shown or written down."""
    from msgspec.structs import replace

    def settled(found: Reconciliation | None) -> Reconciliation | None:
        if found is None:
            return None
        commands = tuple(words(command) for command in found.commands)
        return replace(found, migration=words(found.migration), sentence=words(found.sentence), commands=commands)

    migrations = tuple(
        replace(
            one,
            name=words(one.name),
            detail=words(one.detail),
            remedy=words(one.remedy),
            prisma_says=words(one.prisma_says),
            reconciliation=settled(one.reconciliation),
        )
        for one in truth.migrations
    )
    return replace(truth, remedy=words(truth.remedy), migrations=migrations)


def _at(row: HistoryRow) -> str:
    return f"{row.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _when(row: HistoryRow) -> str:
    if row.finished_at is None:
        return f"begun {_at(row)}"
    return f"applied {row.finished_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
