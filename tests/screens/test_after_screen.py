"""AFTER-WATCH: the answer, what became worse with its cause and remedy, the numbers, and the empty states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.after import Sample
from dixis_tui.model import CheckState, Phase
from dixis_tui.run.commands import EndAfter
from screens.after import AfterAnswer, AfterRows
from screens.after_words import standing
from screens.cards import card
from screens.view import Mode
from screens.widgets.now_card import NowCard
from tests.screens import after_story as told
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import Story
from tests.screens.test_guide import view_of


def said(at: Stage) -> str:
    return at.pane(AfterRows)


@pytest.mark.parametrize("size", SIZES)
def test_what_became_worse_stands_first_with_cause_and_remedy(tmp_path: Path, size: tuple[int, int]) -> None:
    async def script(at: Stage) -> None:
        await at.press("f")
        shown = said(at)
        places = [
            'SELECT * FROM "Order"',
            "3.1 ms before, 412 ms now",
            "Order_status_createdAt_idx",
            "→ CREATE INDEX CONCURRENTLY",
            told.LONG,
            "▲ flow Αγορά",
            "HEALTH AND FLOWS",
        ]
        assert [shown.index(place) for place in places] == sorted(shown.index(place) for place in places), shown
        answer = at.pane(AfterAnswer)
        assert ("3 WORSE" in answer) == (size[1] < 30), "larger where there is room"
        assert "12 looks, the last at 23:06:20" in answer

    play(told.watched(worse=True), tmp_path, script, size)


def test_every_number_beside_how_it_was(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("f")
        shown = said(at)
        for part in (
            "21 ms → 25 ms",
            "38 ms → 46 ms",
            "step 2: answered 500, expected 200",
            "77 of 100, before 11",
            "active 61, idle in transaction 2, idle 14",
            "pool_waiting 4",
            "12,411 commits, 3 rollbacks, 1 deadlock, 0 conflicts",
            "96× 0.80 ms → 0.80 ms",
            "96 scans, 120,000,000 rows",
            "2,151 lines read, 2 of them errors",
        ):
            assert part in shown
        [row] = [row for row in at.rows() if "flow Login" in row]
        assert "▇✖▇" in row, "a look that broke is a cross, without any colour"

    play(told.watched(worse=True), tmp_path, script, (120, 60))


def test_it_scrolls_and_says_what_is_below(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("f")
        assert "more rows below" in said(at)
        assert "SLOWEST" not in said(at)
        await at.press("end")
        assert "lines read" in said(at)
        assert "below" not in said(at)
        await at.press("home")
        assert said(at).startswith('✖ SELECT * FROM "Order"')

    play(told.watched(worse=True), tmp_path, script, (80, 24))


def test_nothing_worse_is_said_in_large_letters(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("f")
        assert at.pane(AfterAnswer).count("█") > 10
        assert at.pane(AfterAnswer).startswith("✔")
        assert said(at).startswith("─ HEALTH AND FLOWS")

    async def small(at: Stage) -> None:
        await at.press("f")
        assert "✔ AS BEFORE" in at.pane(AfterAnswer)

    play(told.watched(), tmp_path, script)
    play(told.watched(), tmp_path, small, (80, 24))


@pytest.mark.parametrize(
    ("story", "answer", "row"),
    [
        (Story().begin(), "It begins once the migration is verified", ""),
        (told.verified(), "the watch begins once verify has passed", "4.0 ms → –"),
        (told.watched(0), "0 looks", "11 of 100"),
        (
            told.watched(statements=False),
            "▲ as before, as far as was looked at",
            "CREATE EXTENSION pg_stat_statements here.",
        ),
        (told.over(), "no longer watched: its 10 minutes are over; 12 looks", "✔ API"),
    ],
)
def test_empty_states(tmp_path: Path, story: Story, answer: str, row: str) -> None:
    async def script(at: Stage) -> None:
        await at.press("f")
        assert answer.casefold() in at.pane(AfterAnswer).casefold()
        assert row in said(at)

    play(story, tmp_path, script, (100, 28))


def test_its_end_is_asked_first(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("f", "e", "n")
        assert at.client.sent == []
        await at.press("e", "y")
        assert at.client.sent == [EndAfter(operator="maria")]

    async def refused(at: Stage) -> None:
        await at.press("f", "e")
        assert at.client.sent == []
        assert "Nothing is watched now." in at.text()
        assert "end the watch" not in at.text()

    async def looks_on(at: Stage) -> None:
        await at.press("f", "e")
        assert "This screen only watches" in at.text()

    play(told.watched(), tmp_path, script)
    play(told.over(), tmp_path, refused)
    play(told.watched(), tmp_path, looks_on, mode=Mode.WATCHER)


def test_the_now_card_and_the_way_to_it(tmp_path: Path) -> None:
    async def well(at: Stage) -> None:
        assert "✔ After-watch: as before; 08:58 left" in at.pane(NowCard)
        assert not card(at.app.view).alarm

    async def worse(at: Stage) -> None:
        shown = at.pane(NowCard)
        assert "but 3 things are worse than before" in shown
        assert "3.1 ms before, 412 ms now" in shown
        assert "and 1 more: f shows" in shown
        assert " f after-watch" in shown

    play(told.watched(), tmp_path, well, (80, 24))
    play(told.watched(worse=True), tmp_path, worse, (80, 24))


def test_everybody_on_the_call_sees_that_something_is_worse(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        assert "✖ SELECT * FROM" in at.text()
        assert " f after-watch" in at.text()
        await at.press("f")
        await at.until_shown("→ CREATE INDEX CONCURRENTLY")
        await at.press("escape")
        assert "Can we still go back?" in at.text()

    play(told.watched(worse=True), tmp_path, script, presents=True, mode=Mode.WATCHER)


def test_a_flow_that_broke_in_verify_is_told(tmp_path: Path) -> None:
    story = told.verified().write(ev.PhaseStarted(phase=Phase.VERIFY, checks=[("DX701", ""), ("DX707", "Login")]))
    story.write(ev.FlowSeen(result=told.flow(problem="answered 500, expected 200")))
    story.found("DX707", CheckState.FAILED, "step 2 of 2: answered 500", "Look.", subject="Login")

    async def script(at: Stage) -> None:
        assert "✖ Login: step 2: answered 500, expected 200" in at.pane(NowCard)

    play(story, tmp_path, script)


def broken() -> Story:
    """The newest look at one flow failed; a finding needs more than one."""
    one = told.sample(12)
    looks = tuple(replace(look, problem="answered 500" if look.name == "API" else "") for look in one.latencies)
    return told.watched().write(ev.AfterSeen(sample=replace(one, latencies=looks)))


def without_baseline() -> Story:
    story = Story().ready().into_window().seal().confirm().start(Phase.MIGRATE).migrated().verify()
    story.write(ev.AfterStarted(until=story.now + timedelta(minutes=10), every_seconds=5))
    return story.write(ev.AfterSeen(sample=Sample()))


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize(
    ("story", "word", "tone"),
    [
        (broken, "a look failed", "warn"),
        (without_baseline, "nothing to compare", "quiet"),
        (partial(told.watched, statements=False), "as before, as far as was looked at", "warn"),
        (told.watched, "as before", "good"),
    ],
)
def test_green_is_only_what_was_compared_whole(story: Callable[[], Story], word: str, tone: str, *, over: bool) -> None:
    made = story()
    if over:
        made.write(ev.AfterEnded(reason="its 10 minutes are over"))
    found = standing(view_of(made))
    assert (found.word, found.tone) == (word, tone)


def test_a_watch_that_ended_before_its_first_look_looks_no_more() -> None:
    ended = told.watched(0).write(ev.AfterEnded(reason="its 10 minutes are over"))
    assert (standing(view_of(told.watched(0))).word, standing(view_of(ended)).word) == ("looking", "not looked at")


def test_its_sentence_is_whole_where_the_terminal_is_narrow(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("f")
        assert at.pane(AfterAnswer).endswith("after.minutes says for how long.")

    play(Story().begin(), tmp_path, script, (60, 24))
