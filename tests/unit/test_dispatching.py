"""Which run is a dispatch's own, what is sent, and when there is none: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dixis_tui.github import JobView, StepView, WorkflowRun
from dixis_tui.model import Phase
from dixis_tui.plan import workflow_steps
from dixis_tui.plan.dispatching import SURE, Order, Seen, how_to_find_out, look_at, none_left, request_key, taken_inputs
from dixis_tui.run.phases.github_logs import plain

SENT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
KEY = request_key("20261124-210000-1a2b", "7f3ac2e1", 1, "9c2e")
ORDER = Order(
    request=KEY, workflow="prod-migration.yml", ref="main", sha="a" * 40, inputs=(("request", KEY),), login="eleni"
)
BARE = Order(request=KEY, workflow="prod-migration.yml", ref="main", sha="a" * 40, login="eleni")


def run(number: int, title: str = "Production Migration", **changes: object) -> WorkflowRun:
    values: dict[str, object] = {
        "id": number,
        "url": f"https://github.com/o/n/actions/runs/{number}",
        "title": title,
        "event": "workflow_dispatch",
        "sha": "a" * 40,
        "actor": "eleni",
        "created": SENT + timedelta(seconds=2),
    }
    return WorkflowRun(**(values | changes))  # type: ignore[arg-type]


def test_a_key_is_its_own_word_in_the_title() -> None:
    assert KEY == "20261124-210000-1a2b-7f3a-1-9c2e"
    near = [run(1, f"Production Migration · 7f3a·c2e1 · {KEY}f"), run(2, f"Production Migration · x-{KEY}")]
    assert look_at(near, ORDER, SENT).ours is None
    mine = run(3, f"Production Migration · 7f3a·c2e1 · {KEY}")
    assert look_at([*near, mine], ORDER, SENT) == Seen(mine)


@pytest.mark.parametrize(
    "other",
    [
        run(9, sha="b" * 40),
        run(9, event="push"),
        run(9, actor="somebody"),
        run(9, created=SENT - timedelta(seconds=30)),
    ],
)
def test_a_run_without_the_key_is_at_most_a_candidate(other: WorkflowRun) -> None:
    seen = look_at([run(8), other], BARE, SENT)
    assert (seen.ours, seen.candidates) == (None, (run(8),))
    assert run(8).url in how_to_find_out(Seen(None, (run(8),)), BARE, "https://page")


def test_there_is_none_once_long_after_it_nothing_that_may_be_it_is_at_work() -> None:
    over, at_work = run(8, status="completed"), run(8, status="queued")
    assert not none_left(Seen(), SENT, SENT + SURE - timedelta(seconds=1))
    assert none_left(Seen(), SENT, SENT + SURE)
    assert none_left(Seen(None, (over,)), SENT, SENT + SURE)
    # The branch may have moved before GitHub took it, and another account may look for it.
    moved = look_at([run(8, sha="b" * 40, status="waiting"), run(9, actor="x", status="waiting")], BARE, SENT)
    assert moved.candidates == ()
    assert not none_left(moved, SENT, SENT + SURE)
    assert not none_left(Seen(None, (over, at_work)), SENT, SENT + SURE)


def test_only_inputs_that_the_workflow_takes_are_sent() -> None:
    wanted = (("plan", "7f3a·c2e1"), ("request", KEY), ("commit", "a" * 40))
    assert taken_inputs(wanted, ("confirm", "request")) == (("request", KEY),)
    assert taken_inputs(wanted, None) == ()
    assert taken_inputs((*wanted, ("environment", "")), ("environment",)) == ()


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("prisma migrate status (before)", Phase.GO),
        ("Set up job", Phase.GO),
        ("Run actions/checkout@v4", Phase.GO),
        ("Install dependencies", Phase.GO),
        ("Run npm ci", Phase.GO),
        ("Run npx prisma migrate deploy", Phase.MIGRATE),
        ("Apply the migrations", Phase.MIGRATE),
        ("Migrate", Phase.MIGRATE),
        ("prisma migrate status", Phase.VERIFY),
        ("Prisma validate", Phase.VERIFY),
        ("Health check", Phase.VERIFY),
        ("Post Run actions/checkout@v4", None),
        ("Complete job", None),
        ("Notify", None),
    ],
)
def test_the_steps_belong_to_phases_by_their_names(name: str, phase: Phase | None) -> None:
    assert workflow_steps.phase_of(name) is phase


def test_where_a_run_stands_is_a_step() -> None:
    steps = tuple(
        StepView(number=number, name=name, status=status, conclusion=conclusion)
        for number, name, status, conclusion in (
            (1, "Set up job", "completed", "success"),
            (2, "Run npx prisma migrate deploy", "in_progress", ""),
            (3, "Health check", "queued", ""),
        )
    )
    job = JobView(id=7, name="migrate", status="in_progress", steps=steps)
    spot = workflow_steps.running([job])
    assert spot is not None
    assert (spot.number, spot.of, spot.phase) == (2, 3, Phase.MIGRATE)
    assert workflow_steps.broken([job]) is None
    lost = JobView(id=7, name="migrate", status="completed", conclusion="failure")
    assert workflow_steps.in_words(workflow_steps.broken([lost]) or spot) == "job migrate"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\ufeff2026-11-24T21:00:01.1234567Z Current runner version", ("Current runner version", "info")),
        ("2026-11-24T21:00:01.1234567Z ##[group]Run npx prisma", ("Run npx prisma", "info")),
        ("2026-11-24T21:00:01.1234567Z ##[endgroup]", ("", "info")),
        ("2026-11-24T21:00:01.1234567Z ##[error]Process completed", ("Process completed", "error")),
        ("2026-11-24T21:00:01Z ::warning file=a.sql,line=1::slow", ("slow", "warning")),
        ("2026-11-24T21:00:01Z ::add-mask::hunter2", ("", "info")),
        ("2026-11-24T21:00:01Z std::vector", ("std::vector", "info")),
        ("no stamp", ("no stamp", "info")),
    ],
)
def test_a_line_of_a_jobs_log_is_shown_without_githubs_marks(line: str, shown: tuple[str, str]) -> None:
    assert plain(line) == shown
