"""Chapters of the way back: a snapshot is named, the ways are looked at, production goes back by each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, PhaseState, Snapshot, Step, TableLoss, Way, WayView
from dixis_tui.plan.checks import of_phase
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Reconciled, Reconciliation, Standing, Truth
from tests.screens.story import MIGRATIONS, SHA, START, Story

SNAPSHOT = Snapshot("rds:dixis-2026-11-25", START - timedelta(minutes=40), "AWS eu-south-1, έργο dixis")
SIDE, KEPT = "dixis_prod_restore_20261125_2310", "dixis_prod_failed_20261125_2310"
LOSSES = (
    TableLoss("public.Order", 412, 88, 3, 500_000, 500_409),
    TableLoss("public.OrderItem", 96, 0, 12, 1_250_000, 1_250_084),
    TableLoss("public.Επισκέπτης", 7, 0, 0, -1, 7),
    TableLoss("public.Product", 0, 2, 0, 420, 420),
)
BY_HAND = ("DX911", "DX912", "DX913")


def snapshot_named(story: Story) -> Story:
    """Maria names the provider's snapshot."""
    return story.write(ev.SnapshotNamed(snapshot=SNAPSHOT, operator="maria"))


def ways_seen(
    story: Story,
    losses: Sequence[TableLoss] = LOSSES,
    *,
    unknown: str = "",
    refused: dict[Way, str] | None = None,
) -> Story:
    """The ways were looked at."""
    shut = {Way.SNAPSHOT: "No provider's snapshot was named in this run."} if refused is None else refused
    ways = [
        WayView(way, shut.get(way, ""), seconds, way is not Way.SNAPSHOT)
        for way, seconds in ((Way.SIDE, 125.0), (Way.IN_PLACE, 210.0), (Way.SNAPSHOT, 300.0))
    ]
    return story.write(ev.WaysSeen(ways=ways, losses=list(losses), loss_unknown=unknown))


def truth_seen(story: Story, outcome: Reconciled, sentence: str = "", name: str = MIGRATIONS[2]) -> Story:
    """The catalog was asked what stayed of the one that failed."""
    found = Reconciliation(migration=name, outcome=outcome, statements=3, sentence=sentence)
    standing = MigrationStanding(name=name, standing=Standing.FAILED, detail="begun 21:05", reconciliation=found)
    return story.write(ev.TruthSeen(truth=Truth(database=DatabaseStanding.MANAGED, migrations=(standing,))))


def side_begins(story: Story, until: Step = Step.RESTORE) -> Story:
    """Going back beside it, up to a step that is at work."""
    story.write(ev.RollbackConfirmed(operator="maria", sha256=SHA, way=Way.SIDE, side=SIDE, kept=KEPT))
    codes = [spec.code for spec in of_phase(Phase.ROLLBACK) if not spec.person]
    story.write(
        ev.PhaseStarted(phase=Phase.ROLLBACK, checks=[(code, "API" if code == "DX903" else "") for code in codes])
    )
    return steps(story, until)


def steps(story: Story, until: Step) -> Story:
    """The steps before `until`, done; that one begun."""
    for step in Step:
        detail = SIDE if step is Step.CREATE else ""
        story.write(ev.StepStarted(step=step, detail=detail))
        if step is until:
            return story
        if step is Step.SWAP:
            story.write(ev.Swapped(database="dixis_prod", kept=KEPT, seconds=1.4, ended=3))
        story.wait(4).write(ev.StepEnded(step=step, seconds=4.0, detail=detail))
    return story


def restoring(story: Story) -> Story:
    """The restore beside it is half-way."""
    side_begins(story)
    story.write(ev.Progress(phase=Phase.ROLLBACK, what="restore", done=1, total=9, unit="tables"), seconds=1)
    return story.wait(4).write(ev.Progress(phase=Phase.ROLLBACK, what="restore", done=5, total=9, unit="tables"))


def stopped(story: Story, at: Step = Step.RESTORE) -> Story:
    """A step failed."""
    side_begins(story, at)
    code = "DX902" if story_swapped(story) else "DX901"
    story.found(code, CheckState.FAILED, "pg_restore ended with 1: no space left on device", "Make room, then x.")
    return story.over(Phase.ROLLBACK, PhaseState.FAILED, 12.0)


def story_swapped(story: Story) -> bool:
    """Whether the names were swapped."""
    return any(isinstance(entry.event, ev.Swapped) for entry in story.entries)


def swapped(story: Story) -> Story:
    """Back, by the swap."""
    side_begins(story, Step.VERIFY).write(ev.StepEnded(step=Step.VERIFY, seconds=2.0))
    for code in ("DX900", "DX901", "DX902", "DX904", "DX905", "DX906", "DX907", "DX908"):
        story.found(code)
    return story.found("DX903", subject="API").over(Phase.ROLLBACK, seconds=131.0)


def by_hand(story: Story, *ticked: str) -> Story:
    """Going back by the snapshot: three answers are a person's."""
    story.write(ev.RollbackConfirmed(operator="maria", sha256="", way=Way.SNAPSHOT))
    story.write(ev.PhaseStarted(phase=Phase.ROLLBACK, checks=[(code, "") for code in (*BY_HAND, "DX902")]))
    return story.over(Phase.ROLLBACK, PhaseState.FAILED, 0.4, "the snapshot is restored by hand").tick(*ticked)


def back_stages() -> dict[str, Story]:
    """Every moment of the way back, by name."""

    def failed() -> Story:
        return Story().go().failed()

    return {
        "named": snapshot_named(Story().begin().preflight().answers()),
        "failed": ways_seen(failed()),
        "restoring": restoring(failed()).wait(1),
        "clearing": side_begins(failed(), Step.CLEAR).wait(1),
        "swapping": side_begins(failed(), Step.SWAP).wait(1),
        "verifying": side_begins(failed(), Step.VERIFY).wait(1),
        "stopped": stopped(failed()),
        "stopped_in_swap": stopped(failed(), Step.SWAP),
        "stopped_after_swap": stopped(failed(), Step.VERIFY),
        "swapped": swapped(failed()),
        "by_hand": by_hand(snapshot_named(Story().begin().preflight().answers()).backup().rehearsal().banner()),
        "answered": by_hand(
            snapshot_named(Story().begin().preflight().answers()).backup().rehearsal().banner(), *BY_HAND
        ),
    }
