"""Evenings that a report is made of: straight, with everything in it, gone wrong in several ways, and hostile."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from dixis_tui import events as ev
from dixis_tui.access import SessionSeen
from dixis_tui.after import AfterFinding, AfterKind, Baseline, FlowResult, Latency, Sample, StepResult
from dixis_tui.model import (
    CheckState,
    HealthResult,
    MigrationState,
    Phase,
    PhaseState,
    Place,
    Recovery,
    Step,
    TableLoss,
    Verdict,
    Way,
    WayView,
)
from dixis_tui.notice import Channel, Delivery, NoticeKind, Receipt
from tests.screens.story import MIGRATIONS, SHA, Story
from tests.unit.examples import EVENTS

HOSTILE = (
    "<script>alert('ε')</script> | `pipe` ``two`` \x1b[31mred\x1b[0m \u202eesrever\u202c [a](javascript:x) "
    "![i](http://evil.example/i.png) <img src=http://evil.example/x onerror=x> </code></pre></svg> "
    "https://evil.example/ www.evil.example a@evil.example {{ 7*7 }} {% raw %} # * _under_ ~~gone~~ $x$ "
)


def everything() -> Story:
    """Done, with each kind of thing that a report may hold: retries, waits, notices, page, after-watch, access."""
    story = Story().begin()
    story.preflight(DX118=CheckState.FAILED).write(ev.Waived(code="DX118", operator="maria", reason="it is a report"))
    # Looked at once more: the waiver stands, another check is mended.
    story.preflight(DX106=CheckState.FAILED).preflight(DX118=CheckState.FAILED).answers()
    story.write(ev.Ticked(code="DX134", operator="maria", on=False)).tick("DX134")
    story.backup().rehearsal().backup().rehearsal()
    story.write(_baseline(), *_notice(NoticeKind.BEFORE, Delivery.SENT), *_notice(NoticeKind.DURING, Delivery.FAILED))
    end = story.now + timedelta(minutes=9)
    story.write(ev.PagePut(file="/srv/www/maintenance.html", sha256=SHA, ends_at=end)).wait(0.4)
    story.write(ev.PageSeen(url="https://dixis.example/", up=True, status=503, milliseconds=12.5))
    story.banner().into_window().seal(fits=False)
    story.write(ev.Waived(code="DX501", operator="maria", reason="it is agreed")).seal("7f3ac2e2" + "0" * 56)
    story.write(ev.ConfirmationRefused(operator="maria", reason="Wrong phrase. Nothing was done."))
    story.write(ev.FirstConfirmed(operator="maria", account="1000 maria", digest="7f3ac2e2" + "0" * 56)).wait(3)
    story.write(
        ev.Confirmed(
            operator="maria",
            digest="7f3ac2e2" + "0" * 56,
            account="1000 maria",
            second="νίκος",
            second_account="1001 nikos",
        )
    )
    story.start(Phase.MIGRATE).apply(Place.PRODUCTION, 2, begins=True)
    story.radar(blocked=True, victims=3).radar(victims=5).radar(victims=2).retried()
    blockers = story.entries[-4].event.radar.blockers  # type: ignore[union-attr]
    story.write(ev.Waited(name=MIGRATIONS[2], place=Place.PRODUCTION, peers=blockers))
    signal = ev.BackendSignalled(pid=4650, how="cancel", operator="maria", who="reports")
    story.write(signal, msgspec.structs.replace(signal, done=True))
    story.write(ev.PagePut(file="/srv/www/maintenance.html", sha256=SHA, ends_at=end, moved=True))
    story.migrated(slower=1.4).verify()
    story.write(_flow(1), _flow(3), ev.AfterStarted(until=story.now + timedelta(minutes=10), every_seconds=5))
    for milliseconds in (40.0, 180.5, 60.0):
        story.write(ev.AfterSeen(sample=_sample(milliseconds)), seconds=5)
    story.write(ev.AfterFound(finding=_finding(over=False))).wait(5).write(ev.AfterFound(finding=_finding(over=True)))
    story.write(ev.Reopened(operator="maria"), ev.PageTaken(file="/srv/www/maintenance.html", problem="busy"))
    story.wait(1.5).write(ev.PageTaken(file="/srv/www/maintenance.html"))
    story.write(ev.PageSeen(url="https://dixis.example/", up=False, status=200, milliseconds=9.5))
    story.write(*_notice(NoticeKind.AFTER, Delivery.UNKNOWN), _access(story), ev.AfterEnded(reason="its time has come"))
    story.tick("DX711", "DX811").start(Phase.SIGNOFF).found("DX801").over(Phase.SIGNOFF, seconds=0.3)
    return story.end(Verdict.DONE, "4 migrations applied in 13.0 s and verified.")


def back() -> Story:
    """A failure, a look at the ways, a rollback beside production that was begun twice, and the sign-off."""
    story = Story().go().failed()
    losses = [TableLoss("public.Order", 12, 3, 1, 500_000, 500_011), TableLoss("public.New", 7, 0, 0, -1, 7)]
    story.write(ev.WaysSeen(ways=[WayView(Way.SIDE, "", 17.0, measured=True)], losses=losses))
    for whole in (False, True):
        story.write(ev.RollbackConfirmed(operator="maria", sha256=SHA, way=Way.SIDE, side="dixis_b", kept="dixis_old"))
        story.start(Phase.ROLLBACK, ("API",)).found("DX900")
        for step in (Step.INTACT, Step.CREATE, Step.RESTORE, Step.COMPARE, Step.SWAP)[: 5 if whole else 3]:
            story.write(ev.StepStarted(step=step, detail="2 jobs" if step is Step.RESTORE else "")).wait(1)
            if whole or step is not Step.RESTORE:
                story.write(ev.StepEnded(step=step, seconds=1.2))
        if not whole:
            story.found("DX901", CheckState.FAILED, "pg_restore ended with 1", "Roll back again.")
            story.over(Phase.ROLLBACK, PhaseState.FAILED, 3.5, "Stopped by the operator. Start the phase again.")
    story.write(ev.Swapped(database="dixis_prod", kept="dixis_old", seconds=0.41, ended=6))
    restored = ev.BackupRestored(
        place=Place.PRODUCTION, where="dixis_prod", seconds=11.9, tables=4, rows=1_750_484, compare_seconds=2.5, jobs=2
    )
    story.write(restored, ev.HealthSeen(result=HealthResult("API", "https://dixis.example/api", 200, 44.0)))
    story.found("DX901").found("DX902").found("DX903", subject="API").over(Phase.ROLLBACK, seconds=14.2)
    return story.end(Verdict.ROLLED_BACK, "Production was restored from this run's backup and compared with it.")


def resumed() -> Story:
    """The runner dies in the third file; another one looks, finds it in, and the run is still open."""
    story = Story().go().apply(Place.PRODUCTION, 2, begins=True).wait(75)
    story.write(ev.RunnerResumed(operator="νίκος", host="ops2", ssh="10.0.0.9", pid=99, version="0.1.0", cut_bytes=31))
    story.write(
        ev.RecoverySeen(outcome=Recovery.REST, evidence="3 of 4 are in", remedy="Seal the rest."),
        ev.MigrationSettled(name=MIGRATIONS[2], state=MigrationState.APPLIED, evidence="its row is finished"),
    )
    return story.write(ev.Noted(text="The disk was full.", level="error"), ev.RunnerLeft(reason="interrupted"))


def hostile() -> Story:
    """Every text that comes from outside is an attack."""
    story = Story().begin(name=HOSTILE).preflight().found("DX118", CheckState.FAILED, HOSTILE, HOSTILE + "x" * 50_000)
    story.write(ev.Waived(code="DX118", operator=HOSTILE, reason=HOSTILE), ev.Noted(text=HOSTILE, level="error"))
    story.answers().backup().rehearsal().banner().into_window().seal().confirm()
    story.start(Phase.MIGRATE).write(ev.MigrationStarted(name=MIGRATIONS[0], place=Place.PRODUCTION))
    sent = ev.StatementStarted(name=MIGRATIONS[0], place=Place.PRODUCTION, number=1, of=1, line=1, text=HOSTILE * 40)
    error = "\n".join([HOSTILE] * 3 + ["``` x", "~~~"])
    story.write(
        sent,
        ev.MigrationEnded(name=MIGRATIONS[0], place=Place.PRODUCTION, seconds=0.2, error=error, sqlstate=HOSTILE),
    )
    return story.write(ev.PageSeen(url="javascript:alert(1)", up=True, status=200, milliseconds=1, problem=HOSTILE))


def at_github() -> Story:
    """A workflow's run approved and ended, one that could not be dispatched, and a fleet that was stopped."""
    story = Story().begin().preflight()
    of_github = ("dispatch", "workflow", "deployment", "fleet", "target_d", "target_v", "target_r")
    story.write(*(event for event in EVENTS if event.__struct_config__.tag.startswith(of_github)))
    run = next(event for event in EVENTS if isinstance(event, ev.WorkflowSeen))
    return story.write(msgspec.structs.replace(run, jobs=())).write(ev.FleetStopped(reason="maria", operator="maria"))


STORIES = {
    "everything": everything,
    "github": at_github,
    "back": back,
    "resumed": resumed,
    "hostile": hostile,
    "closed": lambda: Story().begin().preflight(DX114=CheckState.FAILED).end(Verdict.CLOSED, "Closed by DX114."),
    "failed": lambda: Story().go().failed().end(Verdict.FAILED, f"{MIGRATIONS[2]} failed on production."),
    "lost": lambda: Story().go().lost(),
    "drill": lambda: Story(environment="drill").begin().preflight().backup(),
    "begun": lambda: Story().begin(window=False),
    "open": lambda: Story().go().apply(Place.PRODUCTION, 2, begins=True).radar(victims=14, progress=True),
    "in place": lambda: Story().go().failed().roll_back().end(Verdict.ROLLED_BACK, "Production was restored."),
}


def _baseline() -> ev.BaselineTaken:
    latencies = (Latency(name="API", milliseconds=38.0), Latency(name="Checkout flow", milliseconds=120.0))
    return ev.BaselineTaken(baseline=Baseline(latencies=latencies, problem="no pg_stat_statements"))


def _sample(milliseconds: float) -> Sample:
    slow = Latency(name="API", milliseconds=milliseconds, problem="" if milliseconds < 100 else "slower than before")
    return Sample(latencies=(slow, Latency(name="Home", milliseconds=11.0)), log_lines=4)


def _finding(*, over: bool) -> AfterFinding:
    return AfterFinding(
        kind=AfterKind.STATEMENT,
        subject='SELECT * FROM "Order"',
        level="error",
        evidence="180 ms, 38 ms before",
        cause="the index Order_status_idx is gone",
        remedy="Create it again, concurrently.",
        over=over,
    )


def _flow(steps: int) -> ev.FlowSeen:
    done = tuple(
        StepResult(number=n, method="GET", url="https://dixis.example/", status=200, milliseconds=20.5 * n)
        for n in range(1, steps + 1)
    )
    return ev.FlowSeen(result=FlowResult(name="Checkout flow", steps=done, planned=3))


def _notice(kind: NoticeKind, delivery: Delivery) -> tuple[ev.NoticeSending, ev.NoticeSent]:
    receipt = Receipt(
        kind=kind,
        channel=Channel.MAIL,
        name="mail",
        to="customers@dixis.example",
        key=f"{kind}-mail",
        delivery=Delivery.SENDING,
    )
    done = msgspec.structs.replace(receipt, delivery=delivery, evidence="250 2.0.0 Ok: queued as 4XyZ")
    return ev.NoticeSending(receipt=receipt, operator="maria"), ev.NoticeSent(receipt=done)


def _access(story: Story) -> ev.AccessSeen:
    now = story.now
    return ev.AccessSeen(
        sessions=(
            SessionSeen(user="dixis", address="", application="dixis-tui", first=now, last=now, count=2, ours=True),
            SessionSeen(user="shop", address="10.0.0.7", application="web", first=now, last=now, count=9, known=True),
            SessionSeen(user="reports", address="10.0.0.31", application="Metabase Ελλάδα", first=now, last=now),
        )
    )
