"""One event of every kind, and entries around events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from dixis_tui import events as ev
from dixis_tui.access import SessionSeen
from dixis_tui.after import (
    AfterFinding,
    AfterKind,
    Baseline,
    DatabaseStat,
    FlowResult,
    IndexSeen,
    Latency,
    Pool,
    Sample,
    ScanStat,
    StatementStat,
    StepResult,
)
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.github import (
    Approval,
    BranchHead,
    EnvironmentSeen,
    JobView,
    Look,
    Purpose,
    Rate,
    SecretSeen,
    StepView,
    WorkflowFile,
    WorkflowRun,
)
from dixis_tui.hazard import Execution, FileForecast, Hazard, Severity
from dixis_tui.locks import Lag, LockMode, Peer, Radar, TableLock
from dixis_tui.locks import Progress as ServerProgress
from dixis_tui.measures import HeldLock, Prediction, StatementForecast, StatementMeasure
from dixis_tui.model import (
    Backup,
    CheckState,
    Executor,
    HealthResult,
    Identity,
    MigrationFile,
    MigrationState,
    Phase,
    PhaseState,
    Place,
    Recovery,
    Snapshot,
    Step,
    TableLoss,
    Verdict,
    Way,
    WayView,
)
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeText, NoticeWay, Receipt
from dixis_tui.run.state import Entry
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth

START = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
IDENTITY = Identity("7423111122223333444", "dixis", "db.example", 5432, "app", 150008, False, False, "TLSv1.3")
BACKUP = Backup("/srv/backup/dixis.dump", 1000, "a" * 64, 1.5, 150008, {"public.Order": 5})
FILE = MigrationFile("20251110_zone", "prisma/migrations/20251110_zone", "c" * 64, 30)
TARGET = TargetPlan(
    name="shop-gr",
    canary=True,
    environment="shop-gr",
    target="postgresql://app:•••@db.example:5432/shop_gr",
    identity=IDENTITY,
    applied=8,
    pending=(FILE.name,),
    migrations="c" * 64,
    digest="7f3ac2e1" * 8,
)
STARTED = ev.RunStarted(
    run="20261125-200000-abcd",
    version="0.1.0",
    operator="Μαρία",
    host="ops@host",
    pid=4711,
    name="Dixis",
    environment="production",
    target="postgresql://app:•••@db.example:5432/dixis",
    executor=Executor.DIRECT,
    window_opens=START,
    window_closes=START + timedelta(hours=1),
    phrase="DIXIS-PROD-OK",
    rollback_phrase="DIXIS-ROLLBACK-OK",
    contacts=[("On-call engineer", "Νίκος", "+30 210 0000000")],
    secrets={"DATABASE_URL": True},
)
TABLE = 'public."Order"'
HELD = HeldLock(TABLE, LockMode.ACCESS_EXCLUSIVE, 0.4)
MEASURE = StatementMeasure(
    number=1, of=2, line=3, text="ALTER TABLE …", seconds=0.4, locks=(HELD,), rewritten={TABLE: 5}
)
FORECAST = FileForecast(migration=FILE.name, execution=Execution.ONE_TRANSACTION, statements=2, why="one query")
HAZARD = Hazard(
    code="DH101",
    title="UPDATE without WHERE",
    severity=Severity.DANGER,
    source="dixis",
    migration=FILE.name,
    path=FILE.path,
    line=3,
    column=1,
    end_line=3,
    end_column=30,
    statement=1,
    what="every row is changed",
    why="each stays locked until the end",
    safer="UPDATE … WHERE …;",
)
VICTIM = Peer(
    pid=4720,
    depth=1,
    user="shop",
    application="web",
    address="10.0.0.7",
    state="active",
    query="SELECT 1",
    since=START,
    waits_on=(4711,),
    waiting_seconds=0.7,
    lock=TableLock(TABLE, LockMode.ACCESS_SHARE, START),
)
RADAR = Radar(
    at=START,
    pid=4711,
    query="ALTER TABLE …",
    query_since=START,
    holds=(TableLock(TABLE, LockMode.ACCESS_EXCLUSIVE, START),),
    victims=(VICTIM,),
    longest_wait_seconds=0.7,
    progress=ServerProgress("CREATE INDEX", "building index", 1, 2, "blocks"),
    lag=(Lag("standby", 0.1, 100),),
)
WORKFLOW_RUN = WorkflowRun(
    id=901,
    url="https://github.com/dixis/shop/actions/runs/901",
    workflow="Production Migration",
    title="Production Migration · 7f3a·c2e1 · r1",
    status="waiting",
    branch="main",
    sha="4f2a",
    event="workflow_dispatch",
    actor="maria",
    created=START,
)
JOB = JobView(
    id=77,
    name="migrate",
    status="in_progress",
    started=START,
    steps=(
        StepView(number=1, name="Set up job", status="completed", conclusion="success", started=START, ended=START),
        StepView(number=2, name="prisma migrate deploy", status="in_progress", started=START),
    ),
)
APPROVAL = Approval(environment="production", environment_id=5, mine=True, reviewers=("maria", "team dba"))
LOOK = Look(
    repository="dixis/shop",
    login="maria",
    token_from="GITHUB_TOKEN",
    branch=BranchHead(name="main", sha="4f2a", protected=True, locked=False),
    clinic=WORKFLOW_RUN,
    migrate=WorkflowFile(
        id=3,
        name="Production Migration",
        path=".github/workflows/prod-migration.yml",
        state="active",
        inputs=("confirm",),
    ),
    secrets=(SecretSeen(name="DATABASE_URL_PROD", where="environment production", updated=START),),
    environment=EnvironmentSeen(name="production", reviewers=("maria",), can_approve=True),
    rate=Rate(limit=5000, remaining=4990, resets=START),
)
RECEIPT = Receipt(
    kind=NoticeKind.DURING,
    channel=Channel.MAIL,
    name="mail",
    to="people@shop.example",
    key="during-mail",
    delivery=Delivery.SENDING,
)
LATENCY = Latency(name="API", milliseconds=12.0)
STATEMENT = StatementStat(query_id="17", query='SELECT … FROM "Order"', calls=40, milliseconds=80.0)
SCAN = ScanStat(table="Order", scans=4, rows_read=2_000_000, index_scans=70, rows=500_000)
COUNTS = DatabaseStat(commits=100, rollbacks=1, conflicts=0, deadlocks=0)
POOL = Pool(states={"active": 2, "idle": 5}, total=7, limit=100)
EVENTS: tuple[ev.Event, ...] = (
    STARTED,
    ev.TargetSeen(identity=IDENTITY),
    ev.ProjectSeen(directory="/srv/app", prisma_version="6.19.0", command="pnpm prisma", commit="4f2a"),
    ev.PendingSeen(applied=8, pending=[FILE]),
    ev.TruthSeen(
        truth=Truth(
            database=DatabaseStanding.MANAGED,
            migrations=(MigrationStanding(name=FILE.name, standing=Standing.PENDING),),
        )
    ),
    ev.HazardsSeen(forecasts=[FORECAST], hazards=[HAZARD]),
    ev.Predicted(
        prediction=Prediction(
            rehearsed=True,
            seconds=0.5,
            low=0.4,
            high=0.7,
            statements=(
                StatementForecast(
                    migration=FILE.name, number=1, line=3, text="ALTER TABLE …", seconds=0.5, low=0.4, high=0.7
                ),
            ),
        )
    ),
    ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX101", ""), ("DX121", "")]),
    ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.FAILED, seconds=1.0, reason="why"),
    ev.CheckChanged(code="DX121", state=CheckState.FAILED, evidence="seen", remedy="do"),
    ev.Ticked(code="DX131", operator="Μαρία"),
    ev.Waived(code="DX121", operator="Μαρία", reason="agreed by phone"),
    ev.Progress(phase=Phase.BACKUP, what="dump", done=1, total=2),
    ev.BackupMade(backup=BACKUP),
    ev.BackupAdopted(run="earlier", identity=IDENTITY, backup=BACKUP),
    ev.SnapshotNamed(snapshot=Snapshot("snap-0a1b", START, "eu-south-1"), operator="Μαρία"),
    ev.WaysSeen(
        ways=[WayView(Way.SIDE, "", 95.0, True), WayView(Way.SNAPSHOT, "no snapshot was named")],
        losses=[TableLoss(TABLE, 3, 2, 1, 5, 7)],
    ),
    ev.BackupRestored(place=Place.STAGING, where="staging", seconds=2.0, tables=1, rows=5),
    ev.MigrationStarted(name=FILE.name, place=Place.PRODUCTION),
    ev.MigrationEnded(name=FILE.name, place=Place.PRODUCTION, seconds=0.5),
    ev.StatementStarted(name=FILE.name, place=Place.STAGING, number=1, of=2, line=3, text="ALTER TABLE …"),
    ev.StatementEnded(name=FILE.name, place=Place.STAGING, measure=MEASURE),
    ev.Waited(place=Place.PRODUCTION, name=FILE.name, peers=(VICTIM,)),
    ev.Retried(
        name=FILE.name,
        place=Place.PRODUCTION,
        attempt=1,
        sqlstate="55P03",
        reason="lock timeout",
        seconds=0.5,
        whole=True,
    ),
    ev.RadarSeen(place=Place.PRODUCTION, radar=RADAR),
    ev.BackendSignalled(pid=4720, how="cancel", operator="Μαρία", who="shop (web)"),
    ev.PlanSealed(hash="7f3a·c2e1", digest="7f3ac2e1", lines=[("Target", "dixis")]),
    ev.FirstConfirmed(operator="Μαρία", account="1000 maria", digest="7f3ac2e1"),
    ev.FirstVoided(reason="Μαρία took the phrase back.", taken_back=True),
    ev.ConfirmationRefused(operator="Μαρία", reason="Wrong phrase. Nothing was done."),
    ev.Confirmed(operator="Μαρία", digest="7f3ac2e1"),
    ev.RollbackConfirmed(
        operator="Μαρία", sha256="a" * 64, way=Way.SIDE, side="dixis_back_2020", kept="dixis_failed_2020"
    ),
    ev.StepStarted(step=Step.SWAP, detail="dixis_back_2020"),
    ev.StepEnded(step=Step.SWAP, seconds=0.2, detail="3 sessions ended"),
    ev.Swapped(database="dixis", kept="dixis_failed_2020", seconds=0.2, ended=3),
    ev.MigrationResolved(name=FILE.name, applied=False, operator="Μαρία", evidence="none of it is there"),
    ev.HealthSeen(result=HealthResult("API", "https://x/api/health", 200, 12.0)),
    ev.Noted(text="a sentence", level="warning"),
    ev.RunnerLeft(reason="asked to end (SIGTERM)"),
    ev.RunnerResumed(operator="Νίκος", host="ops@host", pid=4712, version="0.1.0", cut_bytes=12),
    ev.RecoverySeen(
        outcome=Recovery.AT_WORK, evidence="a session of it is still at work", remedy="Wait.", sessions=(VICTIM,)
    ),
    ev.MigrationSettled(name=FILE.name, state=MigrationState.APPLIED, evidence="its row is finished"),
    ev.Checkpointed(gate="go", log_bytes=1000, log_sha256="d" * 64),
    ev.HeadSent(number=12, head="e" * 64, to="heads.jsonl"),
    ev.GithubSeen(look=LOOK),
    ev.GithubWaits(reason="GitHub answered 502", until=START),
    ev.DispatchStarted(
        request="r1",
        purpose=Purpose.MIGRATE,
        workflow="prod-migration.yml",
        ref="main",
        sha="4f2a",
        inputs=(("plan", "7f3a·c2e1"),),
        operator="Μαρία",
    ),
    ev.Dispatched(request="r1", run_id=901, url="https://github.com/dixis/shop/actions/runs/901"),
    ev.DispatchFailed(request="r1", problem="the answer was lost", remedy="Look there.", unknown=True),
    ev.WorkflowSeen(request="r1", run=WORKFLOW_RUN, jobs=(JOB,), approvals=(APPROVAL,)),
    ev.DeploymentReviewed(
        request="r1", environment="production", approved=True, comment="agreed", operator="Μαρία", done=True
    ),
    ev.WorkflowCancelled(request="r1", operator="Μαρία", done=False, problem="it is over"),
    ev.FleetPlanned(targets=(TARGET,), parallel=4, stop_share=0.1, commit="4f2a", workflow="prod-migration.yml"),
    ev.TargetDispatching(name="shop-gr", request="r1"),
    ev.TargetVerified(name="shop-gr", state=TargetState.DONE, evidence="1 of 1 applied, none pending, none failed"),
    ev.TargetReopened(name="shop-gr"),
    ev.FleetStopped(reason="Μαρία stopped it", operator="Μαρία"),
    ev.NoticeSending(receipt=RECEIPT, operator="Μαρία"),
    ev.NoticesMade(
        ways=(
            NoticeWay(Channel.MAIL, "mail", "people@shop.example"),
            NoticeWay(Channel.WEBHOOK, "ops", "https://hooks.example/•••"),
        ),
        texts=(NoticeText(NoticeKind.DURING, "el", "Συντήρηση", "Συντήρηση σε εξέλιξη\nΘα επιστρέψουμε", "Συντήρηση"),),
        page="Συντήρηση σε εξέλιξη",
    ),
    ev.NoticeSent(receipt=msgspec.structs.replace(RECEIPT, delivery=Delivery.SENT, evidence="250 queued")),
    ev.PagePut(file="/srv/page.html", sha256="f" * 64, ends_at=START + timedelta(minutes=20)),
    ev.PageTaken(file="/srv/page.html"),
    ev.PageSeen(url="https://shop.example/", up=True, status=503, milliseconds=4.0),
    ev.Reopened(operator="Μαρία"),
    ev.BaselineTaken(
        baseline=Baseline(
            latencies=(LATENCY,),
            statements=(STATEMENT,),
            scans=(SCAN,),
            indexes=(IndexSeen(table="Order", index="Order_at_idx", definition="CREATE INDEX …"),),
            database=COUNTS,
            pool=POOL,
        )
    ),
    ev.AfterStarted(until=START + timedelta(minutes=10), every_seconds=5.0),
    ev.AfterSeen(
        sample=Sample(latencies=(LATENCY,), pool=POOL, database=COUNTS, statements=(STATEMENT,), scans=(SCAN,))
    ),
    ev.AfterFound(
        finding=AfterFinding(
            kind=AfterKind.STATEMENT,
            subject='SELECT … FROM "Order"',
            level="warning",
            evidence="4.1 ms before, 212 ms now",
            cause="Order_at_idx is gone",
            remedy="Create it again.",
        )
    ),
    ev.AfterEnded(reason="its time has come"),
    ev.FlowSeen(
        result=FlowResult(
            name="Login",
            steps=(StepResult(number=1, method="GET", url="https://x/login", status=200, milliseconds=8.0),),
            planned=1,
        )
    ),
    ev.AccessSeen(
        sessions=(SessionSeen(user="shop", address="10.0.0.7", application="web", first=START, last=START, known=True),)
    ),
    ev.ReportMade(file="report.html"),
    ev.RunEnded(verdict=Verdict.DONE, summary="done"),
)


def entries(*events: ev.Event) -> list[Entry]:
    """`events` as a journal would hold them, a second apart."""
    return [Entry(number, START + timedelta(seconds=number), event) for number, event in enumerate(events, 1)]
