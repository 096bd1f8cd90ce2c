"""An evening as its journal would tell it: entries from the first look to the sign-off, and the ways it can go wrong.

A story is built by calling chapters in order; each writes the entries that the runner would have written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dixis_tui import events as ev
from dixis_tui.locks import LockMode, Peer, Progress, Radar, TableLock
from dixis_tui.measures import HeldLock, Prediction, StatementForecast, StatementMeasure
from dixis_tui.model import (
    Backup,
    CheckState,
    Executor,
    HealthResult,
    Identity,
    MigrationFile,
    Phase,
    PhaseState,
    Place,
    Verdict,
)
from dixis_tui.plan.checks import FLOWS, GITHUB_CODES, NOTICE_CODES, of_phase
from dixis_tui.run.state import Entry
from tests.screens.foreseen import FORECASTS, HAZARDS, TRUTH

START = datetime(2026, 11, 25, 20, 30, tzinfo=UTC)
OPENS = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
MIGRATIONS = (
    "20251027081530_order_status_index",
    "20251103101207_order_shipping_zone",
    "20251110152244_backfill_shipping_zone",
    "20251118093011_order_item_product",
)
SECONDS = (1.9, 0.4, 5.8, 1.2)
ORDER = 'public."Order"'
STATEMENTS = (
    'CREATE INDEX "Order_status_createdAt_idx" ON "Order"("status", "createdAt" DESC)',
    'ALTER TABLE "Order" ADD COLUMN "shippingZone" "ShippingZone" NOT NULL DEFAULT \'MAINLAND\'',
    "DO $$ DECLARE batch CONSTANT INTEGER := 50000; … $$",
    'ALTER TABLE "OrderItem" ADD CONSTRAINT "OrderItem_productId_fkey" FOREIGN KEY ("productId") REFERENCES "Product"',
)
COUNTS = {"public.Order": 500_000, "public.OrderItem": 1_250_000, "public.Product": 420, "public.Producer": 64}
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ERROR = (
    'ERROR: insert or update on table "OrderItem" violates foreign key constraint "OrderItem_productId_fkey"\n'
    'DETAIL: Key (productId)=(4711) is not present in table "Product".\n'
    'STATEMENT: ALTER TABLE "OrderItem" ADD CONSTRAINT "OrderItem_productId_fkey" FOREIGN KEY ("productId") …\n'
    "HINT: none"
)
_LEFT_OUT = ("DX905", FLOWS, *GITHUB_CODES, *NOTICE_CODES)
"""The story's way back is in place: there is nothing to swap. And no repository is named, nor a channel for notices."""
_EVIDENCE = {
    "DX101": "DATABASE_URL set, STAGING_DATABASE_URL set, SHADOW_DATABASE_URL not set",
    "DX102": "port 5432, no pooler in sight",
    "DX103": "dixis_prod on PostgreSQL 15.8, as dixis",
    "DX104": "primary, takes writes",
    "DX105": "TLSv1.3 on our own connection",
    "DX106": "may create, owns every table",
    "DX107": "pg_dump 15 from /usr/lib/postgresql/15/bin",
    "DX111": "/srv/dixis/frontend, 12 migrations, pnpm prisma",
    "DX112": "6.19.0 (package.json)",
    "DX113": "the schema is valid",
    "DX114": "8 applied, files and rows agree",
    "DX115": "4 pending: " + ", ".join(MIGRATIONS),
    "DX116": "2 dangers and 1 warning: 20251103101207_order_shipping_zone:6 adding-field-with-default and 2 more",
    "DX117": "4 files, each in one transaction",
    "DX118": "none open for over 60 s",
    "DX119": "none that stream from here",
    "DX121": "23:00 to 23:20 Europe/Athens, opens in 29 min",
    "DX122": "48,120 MB free, database 214 MB",
    "DX123": "on call: Νίκος Παπαδόπουλος",
    "DX124": "a lock in PostgreSQL, held since 20:31:02 UTC",
    "DX125": "no logout ends it: it is in no login's scope",
}


class Story:
    """Entries with a clock of their own; `entries` is what a client reads."""

    def __init__(self, *, environment: str = "production") -> None:
        self.entries: list[Entry] = []
        self.now = START
        self._environment = environment

    def write(self, *events: ev.Event, seconds: float = 0.2) -> Story:
        """Append `events`, `seconds` after each other."""
        for event in events:
            self.now += timedelta(seconds=seconds)
            self.entries.append(Entry(len(self.entries) + 1, self.now, event))
        return self

    def wait(self, seconds: float) -> Story:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self

    # -- chapters

    def begin(self, *, window: bool = True, name: str = "Dixis", host: str = "db.dixis.example") -> Story:
        """The first entry."""
        return self.write(
            ev.RunStarted(
                run="20261125-223000-dixis_prod",
                version="0.1.0",
                operator="maria",
                host="ops1",
                pid=4711,
                name=name,
                environment=self._environment,
                target=f"postgresql://dixis@{host}:5432/dixis_prod",
                executor=Executor.DIRECT,
                window_opens=OPENS if window else None,
                window_closes=OPENS + timedelta(minutes=20) if window else None,
                phrase="DIXIS-PROD-OK",
                rollback_phrase="DIXIS-ROLLBACK-OK",
                contacts=[
                    ("On-call engineer", "Νίκος Παπαδόπουλος", "+30 210 0000000"),
                    ("Decision maker", "CTO", "+30 210 0000001"),
                ],
                secrets={"DATABASE_URL": True, "STAGING_DATABASE_URL": True, "SHADOW_DATABASE_URL": False},
            )
        )

    def start(self, phase: Phase, subjects: Sequence[str] = ()) -> Story:
        """A phase begins."""
        codes = [(spec.code, "") for spec in of_phase(phase) if not spec.person and spec.code not in _LEFT_OUT]
        if subjects:
            health = "DX706" if phase is Phase.VERIFY else "DX903"
            codes = [code for code in codes if code[0] != health] + [(health, subject) for subject in subjects]
        return self.write(ev.PhaseStarted(phase=phase, checks=codes))

    def found(
        self, code: str, state: CheckState = CheckState.PASSED, evidence: str = "", remedy: str = "", subject: str = ""
    ) -> Story:
        """A check is looked at and answered."""
        return self.write(
            ev.CheckChanged(code=code, subject=subject, state=CheckState.RUNNING),
            ev.CheckChanged(
                code=code, subject=subject, state=state, evidence=evidence or _EVIDENCE.get(code, "seen"), remedy=remedy
            ),
        )

    def over(
        self, phase: Phase, state: PhaseState = PhaseState.PASSED, seconds: float = 3.2, reason: str = ""
    ) -> Story:
        """A phase's own work is over."""
        return self.write(ev.PhaseEnded(phase=phase, state=state, seconds=seconds, reason=reason))

    def identity(self, host: str = "db.dixis.example") -> Story:
        """Production says what it is."""
        seen = Identity("7423111122223333444", "dixis_prod", host, 5432, "dixis", 150008, False, False, "TLSv1.3")
        return self.write(ev.TargetSeen(identity=seen))

    def pending(self) -> Story:
        """Four of twelve are pending."""
        files = [MigrationFile(name, f"prisma/migrations/{name}", SHA, 300) for name in MIGRATIONS]
        return self.write(ev.PendingSeen(applied=8, pending=files))

    def preflight(self, **states: CheckState) -> Story:
        """All of preflight; by code the checks that are not passed."""
        self.start(Phase.PREFLIGHT).identity()
        self.write(
            ev.ProjectSeen(
                directory="/srv/dixis/frontend", prisma_version="6.19.0", command="pnpm prisma", commit="4f2a91c0"
            )
        )
        for spec in of_phase(Phase.PREFLIGHT):
            if spec.person or spec.code in _LEFT_OUT:
                continue
            if spec.code == "DX115":
                self.write(ev.TruthSeen(truth=TRUTH)).pending()
            if spec.code == "DX116":
                self.write(ev.HazardsSeen(forecasts=list(FORECASTS), hazards=list(HAZARDS)))
            state = states.get(spec.code, CheckState.PASSED)
            bad = state in (CheckState.FAILED, CheckState.UNKNOWN)
            evidence = (
                "20251103101207_order_shipping_zone is recorded as failed" if spec.code == "DX114" and bad else ""
            )
            remedy = "Look whether its changes are there, then `prisma migrate resolve`, and look again." if bad else ""
            self.found(spec.code, state, evidence, remedy)
        broken = any(state in (CheckState.FAILED, CheckState.UNKNOWN) for state in states.values())
        return self.over(Phase.PREFLIGHT, PhaseState.FAILED if broken else PhaseState.PASSED)

    def tick(self, *codes: str) -> Story:
        """Maria answers."""
        return self.write(*(ev.Ticked(code=code, operator="maria") for code in codes), seconds=2)

    def answers(self) -> Story:
        """All of preflight's questions."""
        return self.tick("DX131", "DX132", "DX133", "DX134")

    def backup_begins(self) -> Story:
        """The dump is half-way."""
        self.start(Phase.BACKUP).write(
            ev.Progress(phase=Phase.BACKUP, what="dump", done=1_000_000, total=14_300_000), seconds=1
        )
        return self.wait(3).write(ev.Progress(phase=Phase.BACKUP, what="dump", done=8_800_000, total=14_300_000))

    def backup(self) -> Story:
        """The dump is whole."""
        self.backup_begins().wait(3)
        self.write(ev.BackupMade(backup=Backup("/srv/backup/dixis_prod.dump", 14_300_000, SHA, 6.1, 150008, COUNTS)))
        for code in ("DX201", "DX202", "DX200"):
            self.found(code)
        return self.over(Phase.BACKUP, seconds=7.4)

    def restored(self) -> Story:
        """The backup lies in staging, and its rows are equal."""
        self.start(Phase.REHEARSAL).found(
            "DX301", evidence="dixis_staging @ staging.dixis.example:5432, PostgreSQL 15.8"
        )
        self.found("DX302", evidence="into staging in 11.3 s").found(
            "DX303", evidence="4 tables, 1,750,484 rows, all equal"
        )
        self.found("DX309", evidence="contents and 3 sequences equal").found("DX310").found("DX312")
        return self.write(
            ev.BackupRestored(
                place=Place.STAGING,
                where="dixis_staging @ staging.dixis.example:5432",
                seconds=11.3,
                tables=4,
                rows=1_750_484,
            )
        )

    def apply(
        self,
        place: Place,
        count: int = 4,
        *,
        fails: bool = False,
        begins: bool = False,
        unknown: bool = False,
        slower: float = 1.0,
    ) -> Story:
        """The first `count` migrations are applied, `slower` times as long; then one fails, begins, or is lost."""
        for at, name in enumerate(MIGRATIONS[:count]):
            seconds = SECONDS[at] * slower
            self.write(ev.MigrationStarted(name=name, place=place), self._sent(at, place)).wait(seconds)
            self.write(ev.StatementEnded(name=name, place=place, measure=self._measured(at, seconds)))
            self.write(ev.MigrationEnded(name=name, place=place, seconds=seconds))
        if fails or begins or unknown:
            name = MIGRATIONS[count]
            self.write(ev.MigrationStarted(name=name, place=place), self._sent(count, place)).wait(2.1)
            if fails or unknown:
                error = ERROR if fails else "server closed the connection unexpectedly"
                self.write(
                    ev.MigrationEnded(
                        name=name, place=place, seconds=2.1, error=error, sqlstate="23503", unknown=unknown
                    )
                )
        return self

    def _sent(self, at: int, place: Place) -> ev.StatementStarted:
        return ev.StatementStarted(name=MIGRATIONS[at], place=place, number=1, of=1, line=2, text=STATEMENTS[at])

    def _measured(self, at: int, seconds: float) -> StatementMeasure:
        mode = (LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE, LockMode.ROW_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE)[at]
        return StatementMeasure(
            number=1, of=1, line=2, text=STATEMENTS[at], seconds=seconds, locks=(HeldLock(ORDER, mode, seconds),)
        )

    def predicted(self) -> Story:
        """From the rehearsal: 9.3 s, at most 16."""
        statements = tuple(
            StatementForecast(
                migration=name,
                number=1,
                line=2,
                text=STATEMENTS[at],
                seconds=SECONDS[at],
                low=SECONDS[at] / 2,
                high=SECONDS[at] * 1.7,
                held=self._measured(at, SECONDS[at]).locks,
                why=f"measured, scaled by 1.00 (rows of {ORDER})",
            )
            for at, name in enumerate(MIGRATIONS)
        )
        found = Prediction(
            rehearsed=True,
            seconds=sum(SECONDS),
            low=5.6,
            high=16.0,
            wal_bytes=180_000_000,
            disk_bytes=96_000_000,
            statements=statements,
        )
        return self.write(ev.Predicted(prediction=found))

    def radar(self, *, blocked: bool = False, victims: int = 0, progress: bool = False) -> Story:
        """What the radar sees of the third migration: who blocks it, who waits behind it."""
        lock = TableLock(ORDER, LockMode.ACCESS_EXCLUSIVE, self.now - timedelta(seconds=3))
        blocker = Peer(
            pid=4650,
            depth=1,
            user="reports",
            application="Metabase Ελλάδα",
            address="10.0.0.31",
            state="idle in transaction",
            query='SELECT sum("total") FROM "Order"',
            since=self.now - timedelta(seconds=412),
            started=self.now - timedelta(seconds=900),
            lock=TableLock(ORDER, LockMode.ACCESS_SHARE, self.now - timedelta(seconds=412)),
        )
        behind = tuple(
            Peer(
                pid=4720 + number,
                depth=1,
                user="shop",
                application="web",
                address="10.0.0.7",
                state="active",
                query='SELECT "id", "status" FROM "Order" WHERE "id" = $1',
                since=self.now - timedelta(seconds=2),
                waits_on=(4711,),
                waiting_seconds=1.9 - number / 10,
                lock=TableLock(ORDER, LockMode.ACCESS_SHARE, self.now - timedelta(seconds=2)),
            )
            for number in range(victims)
        )
        seen = Radar(
            at=self.now,
            pid=4711,
            query=STATEMENTS[2],
            query_since=self.now - timedelta(seconds=3),
            transaction_since=self.now - timedelta(seconds=3),
            wait_event="Lock: relation" if blocked else "",
            holds=() if blocked else (lock,),
            waits_for=lock if blocked else None,
            blockers=(blocker,) if blocked else (),
            victims=behind,
            longest_wait_seconds=behind[0].waiting_seconds if behind else 0.0,
            progress=Progress("CREATE INDEX", "building index: scanning table", 4_210, 9_800, "blocks")
            if progress
            else None,
            wal_rate=12_400_000.0,
        )
        return self.write(ev.RadarSeen(place=Place.PRODUCTION, radar=seen))

    def retried(self) -> Story:
        """The third gave way, and waits before it begins anew."""
        return self.write(
            ev.Retried(
                name=MIGRATIONS[2],
                place=Place.PRODUCTION,
                attempt=2,
                sqlstate="55P03",
                reason="canceling statement due to lock timeout (statement 1 of 1)",
                seconds=0.9,
                whole=True,
                statement=1,
            )
        )

    def rehearsal(self) -> Story:
        """Restored, migrated, measured."""
        self.restored().apply(Place.STAGING).predicted()
        for code in ("DX313", "DX304", "DX305", "DX306", "DX307", "DX308", "DX300"):
            self.found(code)
        return self.over(Phase.REHEARSAL, seconds=24.8)

    def banner(self) -> Story:
        """The banner is up."""
        return self.tick("DX400")

    def ready(self) -> Story:
        """Everything before the go."""
        return self.begin().preflight().answers().backup().rehearsal().banner()

    def into_window(self) -> Story:
        """Five past eleven in Athens."""
        self.now = OPENS + timedelta(minutes=5)
        return self

    def seal(self, digest: str = "7f3ac2e1" + "0" * 56, *, fits: bool = True) -> Story:
        """The plan is sealed, whether the time fits or not."""
        self.start(Phase.GO)
        if fits:
            self.found(
                "DX501", evidence="migration of at most 16.0 s and way back 11.3 s fit into the 14 min 58 s left"
            )
        else:
            self.found(
                "DX501",
                CheckState.FAILED,
                "the window opens in 24 min 0 s",
                "Wait for it, or waive DX501 with a reason.",
            )
        self.found("DX502", evidence="taken 2026-11-25 20:34 UTC, 0 h 31 min ago; sizes and SHA-256 as written")
        self.write(
            ev.PlanSealed(
                hash=f"{digest[:4]}·{digest[4:8]}",
                digest=digest,
                lines=[
                    ("Target", "dixis_prod @ db.dixis.example:5432 as dixis"),
                    ("Server", "PostgreSQL 15.8, system 7423111122223333444"),
                    ("Migrations", "4 pending, checksums 1b2c3d4e"),
                    ("Executor", "direct"),
                    ("Prisma", "6.19.0"),
                    ("Commit", "4f2a91c0"),
                    ("Backup", SHA[:12]),
                    ("Rehearsal", "done on the restored backup"),
                    ("Waived", "nothing"),
                ],
            )
        )
        return self.over(Phase.GO, PhaseState.PASSED if fits else PhaseState.FAILED, 1.1)

    def confirm(self) -> Story:
        """The phrase was right."""
        return self.write(ev.Confirmed(operator="maria", digest="7f3ac2e1" + "0" * 56))

    def go(self) -> Story:
        """From the first entry to the phrase."""
        return self.ready().into_window().seal().confirm().start(Phase.MIGRATE)

    def migrated(self, *, slower: float = 1.0) -> Story:
        """All four are in."""
        self.apply(Place.PRODUCTION, slower=slower).found(
            "DX601", evidence="4 rows of this run are finished, none failed"
        )
        self.found("DX600", evidence="4 of 4 applied")
        self.found("DX602", evidence="9.3 s, predicted 9.3 s (5.6 to 16.0)")
        return self.over(Phase.MIGRATE, seconds=9.6)

    def failed(self) -> Story:
        """The third of four failed."""
        self.apply(Place.PRODUCTION, 2, fails=True)
        self.found(
            "DX601", CheckState.FAILED, f"recorded as failed: {MIGRATIONS[2]}", "Roll back (x), or mend it and resolve."
        )
        self.found(
            "DX600",
            CheckState.FAILED,
            f"2 of 4 applied; {MIGRATIONS[2]} failed; not touched: {MIGRATIONS[3]}",
            "Roll back (x).",
        )
        return self.over(Phase.MIGRATE, PhaseState.FAILED, 5.1)

    def lost(self) -> Story:
        """The connection went in the third of four."""
        self.apply(Place.PRODUCTION, 2, unknown=True)
        self.found("DX601", CheckState.FAILED, "the target can't be reached", "Look at it.")
        self.found(
            "DX600", CheckState.FAILED, f"2 of 4 applied; {MIGRATIONS[2]} ended in a way that is not known", "Look."
        )
        return self.over(Phase.MIGRATE, PhaseState.FAILED, 5.1, "server closed the connection unexpectedly")

    def verify(self, *, healthy: bool = True) -> Story:
        """History, catalog, endpoints."""
        self.start(Phase.VERIFY, ("API", "Home", "Checkout"))
        for code in ("DX701", "DX702", "DX703", "DX704", "DX705"):
            self.found(code)
        for name, url in (("API", "/api/health"), ("Home", "/"), ("Checkout", "/checkout")):
            bad = not healthy and name == "Checkout"
            problem = "answered 500, 200 was expected" if bad else ""
            self.write(
                ev.HealthSeen(
                    result=HealthResult(name, f"https://dixis.example{url}", 500 if bad else 200, 41.0, problem)
                )
            )
            self.found(
                "DX706", CheckState.FAILED if bad else CheckState.PASSED, problem or "200 in 41 ms", subject=name
            )
        return self.over(Phase.VERIFY, PhaseState.PASSED if healthy else PhaseState.FAILED, 2.2)

    def roll_back_begins(self) -> Story:
        """The restore into production is half-way."""
        self.write(ev.RollbackConfirmed(operator="maria", sha256=SHA)).start(Phase.ROLLBACK, ("API",)).found("DX900")
        self.write(ev.Progress(phase=Phase.ROLLBACK, what="restore", done=1, total=9, unit="items"), seconds=1)
        return self.wait(4).write(ev.Progress(phase=Phase.ROLLBACK, what="restore", done=5, total=9, unit="items"))

    def roll_back(self, *, whole: bool = True) -> Story:
        """Production is back at the backup, or not."""
        self.roll_back_begins()
        if not whole:
            self.found(
                "DX901", CheckState.FAILED, "pg_restore ended with 1", "Look into the log, then roll back again."
            )
            return self.over(Phase.ROLLBACK, PhaseState.FAILED, 6.0)
        self.found("DX901", evidence="in 11.9 s, one transaction").found("DX902", evidence="4 tables, all equal")
        self.write(
            ev.BackupRestored(place=Place.PRODUCTION, where="dixis_prod", seconds=11.9, tables=4, rows=1_750_484)
        )
        for code in ("DX904", "DX906", "DX907", "DX908"):
            self.found(code)
        return self.found("DX903", subject="API").over(Phase.ROLLBACK, seconds=13.0)

    def end(self, verdict: Verdict, summary: str) -> Story:
        """The last entry."""
        return self.write(ev.RunEnded(verdict=verdict, summary=summary))


def stages() -> dict[str, Story]:
    """Every moment of an evening that a person may look at, by name."""

    def story() -> Story:
        return Story()

    return {
        "empty": story(),
        "begun": story().begin(),
        "preflight": story().begin().start(Phase.PREFLIGHT).found("DX121").found("DX123").found("DX111").found("DX101"),
        "preflight_failed": story().begin().preflight(DX114=CheckState.FAILED, DX106=CheckState.UNKNOWN),
        "answers": story().begin().preflight().tick("DX131"),
        "backup_next": story().begin().preflight().answers(),
        "backup": story().begin().preflight().answers().backup_begins().wait(1),
        "rehearsal_next": story().begin().preflight().answers().backup(),
        "rehearsal": story().begin().preflight().answers().backup().restored().apply(Place.STAGING, 2, begins=True),
        "banner": story().begin().preflight().answers().backup().rehearsal(),
        "go": story().ready().into_window(),
        "too_early": story().ready().seal(fits=False),
        "migrate": story().go().apply(Place.PRODUCTION, 2, begins=True),
        "locked": story().go().apply(Place.PRODUCTION, 2, begins=True).radar(blocked=True, victims=3),
        "queue": story().go().apply(Place.PRODUCTION, 2, begins=True).radar(victims=14, progress=True),
        "retry": story().go().apply(Place.PRODUCTION, 2, begins=True).radar(blocked=True).retried(),
        "failed": story().go().failed(),
        "lost": story().go().lost(),
        "verify_failed": story().go().migrated().verify(healthy=False),
        "suffered": story()
        .go()
        .apply(Place.PRODUCTION, 2, begins=True)
        .radar(victims=14)
        .retried()
        .migrated()
        .verify(),
        "sign_off": story().go().migrated().verify(),
        "roll_back": story().go().failed().roll_back_begins().wait(1),
        "roll_back_failed": story().go().failed().roll_back(whole=False),
        "rolled_back": story().go().failed().roll_back(),
        "done": story().go().migrated().verify().end(Verdict.DONE, "4 migrations applied in 9.3 s and verified."),
        "unknown": story().go().lost().end(Verdict.UNKNOWN, "The state of production is not known."),
    }
