"""LOCKS: who blocks us is the largest thing, nothing of the past looks live, and every key says why it does nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.locks import LockMode, Peer, Radar, TableLock
from dixis_tui.model import Phase, Place
from screens import radar_words
from screens.radar import IDLE, NOBODY
from screens.radar_panes import Summary
from screens.view import Link
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import Story, stages
from tests.screens.test_guide import view_of

GREEK = "Αναφορές_παραγγελιών_του_τμή"
LONG_TABLE = 'public."' + "Παραγγελία" * 3 + '"'


def seen(story: Story) -> Radar:
    """What the story's radar saw last."""
    return next(entry.event.radar for entry in reversed(story.entries) if isinstance(entry.event, ev.RadarSeen))


def see(story: Story, place: Place = Place.PRODUCTION, **changes: object) -> Story:
    """Another look, with these differences."""
    return story.write(ev.RadarSeen(place=place, radar=msgspec.structs.replace(seen(story), **changes)))


def peers(story: Story, count: int, **changes: object) -> tuple[Peer, ...]:
    """So many sessions like the one that blocks."""
    one = msgspec.structs.replace(seen(story).blockers[0], **changes)
    return tuple(msgspec.structs.replace(one, pid=4650 + at, application=f"report {at}") for at in range(count))


@pytest.mark.parametrize("size", SIZES)
def test_the_blocker_comes_first_then_who_waits_then_what_we_want(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b")
        assert at.client.sent == []
        assert at.pane(Summary).startswith(
            "✖ Blocked by Metabase Ελλάδα (process 4650), idle in transaction for 6 m 53 s; 3 sessions wait behind us"
        )
        assert 'waits for ACCESS EXCLUSIVE on public."Order"' in at.text()
        assert next(row for row in at.rows() if "▸" in row).count("holds ACCESS SHARE") == 1
        assert "WAIT BEHIND US  3" in at.text()

    play(stages()["locked"], tmp_path, scenario, size)


@pytest.mark.parametrize("size", SIZES)
def test_names_longer_than_a_row_never_hide_what_matters(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b")
        assert {cell_len(row) for row in at.rows()} == {size[0]}
        row = next(row for row in at.rows() if "▸" in row)
        assert "idle in transaction" in row
        assert "6 m 53 s" in row
        assert "holds ACCESS SHARE" in row
        victim = next(row for row in at.rows() if " 4720 " in row)
        assert "waits for ACCESS SHARE" in victim
        assert "(process 4650), idle in transaction for 6 m 53 s; 3 sessions wait" in at.pane(Summary)

    story = stages()["locked"]
    lock = TableLock(LONG_TABLE, LockMode.ACCESS_SHARE, story.now - timedelta(seconds=412))
    blocker = msgspec.structs.replace(seen(story).blockers[0], application=GREEK, user="ρ" * 31, lock=lock)
    victims = tuple(
        msgspec.structs.replace(peer, application=GREEK, user="x" * 63, lock=lock) for peer in seen(story).victims
    )
    see(story, blockers=(blocker,), victims=victims, waits_for=lock)
    play(story, tmp_path, scenario, size)


@pytest.mark.parametrize("size", SIZES)
def test_of_twenty_blockers_the_one_under_the_cursor_is_in_sight_and_stays_under_it(
    size: tuple[int, int], tmp_path: Path
) -> None:
    story = stages()["locked"]
    everyone = peers(story, 20)
    see(story, blockers=everyone)

    def at_cursor(at: Stage) -> str:
        return next(row for row in at.rows() if "▸" in row)

    async def scenario(at: Stage) -> None:
        await at.press("b")
        assert "BLOCK US  20" in at.text()
        for number in range(1, 20):
            await at.press("down")
            assert f" {4650 + number} report {number} " in at_cursor(at)
            assert "OURS ON PRODUCTION" in at.text()
            assert "WAIT BEHIND US  3" in at.text()
        await at.press("pageup")
        assert " 4664 " in at_cursor(at)
        see(story, blockers=everyone[3:])
        at.client.go_on()
        await at.until_shown("BLOCK US  17")
        assert " 4664 " in at_cursor(at)
        await at.press("home")
        assert " 4653 " in at_cursor(at)
        await at.press("end")
        assert " 4669 " in at_cursor(at)

    play(story, tmp_path, scenario, size)


@pytest.mark.parametrize("size", SIZES)
def test_five_hundred_victims_are_counted_whether_they_fit_or_not(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b")
        assert "500 sessions wait behind us" in at.text()
        assert "WAIT BEHIND US  500" in at.text()
        listed = sum(1 for number in range(4720, 4740) if f" {number} " in at.text())
        assert listed >= 1
        assert f"… {500 - listed} more wait" in at.text()

    story = stages()["queue"].radar(victims=20)
    play(see(story, unlisted_victims=480), tmp_path, scenario, size)


def test_comments_before_our_statement_do_not_stand_for_it(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b")
        assert "4711 DO $$ DECLARE" in at.text()
        assert "zone's token" not in at.text()

    play(see(stages()["locked"], query="-- AlterTable -- The zone's token DO $$"), tmp_path, scenario)


def test_a_tree_is_indented_by_who_waits_for_whom(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b")
        rows = [next(row for row in at.rows() if f"{4720 + depth} web" in row) for depth in range(3)]
        places = [row.index("472") for row in rows]
        assert places == [places[0], places[0] + 4, places[0] + 6]
        assert rows[2][places[2] - 2] == "└"

    story = stages()["queue"]
    deep = tuple(msgspec.structs.replace(peer, depth=at + 1) for at, peer in enumerate(seen(story).victims[:3]))
    play(see(story, victims=deep), tmp_path, scenario)


def test_without_anything_at_work_nothing_looks_live(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("b")
        await at.until_shown("Nothing of ours takes locks now")
        assert "It looked last at 23:05:0" in at.text()
        assert "Up to 14 sessions had to wait behind us, the longest for 1.9 s." in at.text()
        assert "WAIT BEHIND US" not in at.text()
        assert "4720" not in at.text()
        await at.press("t")
        await at.until_shown("Nothing of ours is at work")
        assert len(at.app.screen_stack) == 2

    play(stages()["suffered"], tmp_path, scenario)


def test_before_the_first_look_and_without_a_runner_it_says_so(tmp_path: Path) -> None:
    async def unseen(at: Stage) -> None:
        await at.press("b")
        await at.until_shown("The radar has not looked yet")
        await at.press("escape")
        assert len(at.app.screen_stack) == 1

    async def dead(at: Stage) -> None:
        await at.press("b")
        at.client.die()
        await at.until_shown("The runner is gone: nobody looks any more")
        assert "▸" not in at.text()
        await at.press("t")
        await at.until_shown("Nothing can be asked of this run any more")
        assert at.client.sent == []

    async def nothing(at: Stage) -> None:
        await at.press("b")
        await at.until_shown("Nothing of ours takes locks now")
        assert "looked last" not in at.text()

    play(stages()["migrate"], tmp_path, unseen)
    play(stages()["locked"], tmp_path, dead)
    play(stages()["begun"], tmp_path, nothing)


def test_a_look_of_the_rehearsal_says_nothing_of_the_migration() -> None:
    story = stages()["migrate"].radar(blocked=True)
    assert radar_words.live(view_of(story)) is not None
    see(story, Place.STAGING)
    assert radar_words.live(view_of(story)) is None
    again = stages()["locked"].over(Phase.MIGRATE).start(Phase.MIGRATE)
    assert radar_words.live(view_of(again)) is None
    assert radar_words.live(view_of(stages()["locked"], link=Link.GONE)) is None


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_keys_that_can_do_nothing_say_why(size: tuple[int, int], tmp_path: Path) -> None:
    story = stages()["queue"]
    blocked = seen(stages()["locked"]).blockers

    async def scenario(at: Stage) -> None:
        await at.press("b", "c")
        assert NOBODY in at.text()
        see(story, blockers=blocked)
        at.client.go_on()
        await at.until_shown("t end its session")
        assert "c cancel" not in at.text()
        await at.press("c")
        assert IDLE in at.text()
        prepared = msgspec.structs.replace(
            blocked[0], pid=0, application="", query="order_17", state="prepared transaction"
        )
        see(story, blockers=(prepared,))
        at.client.go_on()
        await at.until_shown("Blocked by a prepared transaction")
        await at.press("t")
        assert any("ROLLBACK PREPARED" in row and "order_17" in row and "▲" in row for row in at.rows())
        assert "end its session" not in at.text()
        see(story, blockers=(msgspec.structs.replace(blocked[0], state="active"),))
        at.client.go_on()
        await at.until_shown("c cancel its statement")
        assert len(at.app.screen_stack) == 2
        assert at.client.sent == []
        await at.press("q")
        assert len(at.app.screen_stack) == 1

    play(story, tmp_path, scenario, size)


def test_a_hidden_blocker_is_said_to_be_hidden() -> None:
    story = stages()["locked"]
    view = view_of(see(story, blockers=()))
    text, tone = radar_words.summary(view, seen(story))
    assert text.startswith("Blocked by somebody our role may not see; 3 sessions wait")
    assert tone == "bad"
