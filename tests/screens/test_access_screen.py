"""ACCESS: everybody in one table, who was not expected first and by glyph and word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.access import SessionSeen
from screens.access import Answer, Below, Rows, listed, summary
from tests.screens.stage import Stage, play
from tests.screens.story import Story
from tests.screens.test_guide import view_of


def story_with(*sessions: tuple[str, str, str, str], more: int = 0, hidden: bool = False) -> Story:
    """A verified run, and who was connected: user, address, application, and `ours`, `known` or `unknown`."""
    story = Story().go().migrated().verify()
    seen = tuple(
        SessionSeen(
            user=user,
            address="" if hidden else address,
            application=application,
            first=story.now - timedelta(minutes=20 - number),
            last=story.now,
            count=number + 1,
            ours=how == "ours",
            known=how == "known",
            hidden=hidden,
        )
        for number, (user, address, application, how) in enumerate(sessions)
    )
    return story.write(ev.AccessSeen(sessions=seen, more=more))


EVENING = (
    ("dixis", "10.0.0.2", "dixis-tui run 20261125-223000-0001 maria@ops", "ours"),
    ("shop", "10.0.0.7", "web", "known"),
    ("nikos", "2a02:587:1234:5600:9a3b:1cff:fe00:1", "psql", "unknown"),
    ("Ελένη_λογιστήριο", "85.74.1.2", "DBeaver 24.1 – Αναφορές", "unknown"),
)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_who_was_not_expected_stands_first(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "u access" in at.text() or size[0] < 100
        await at.press("u")
        assert at.pane(Answer).startswith("▲ 2 kinds of connection are unknown")
        text = [row for row in at.rows() if any(glyph in row for glyph in ("▲ unknown", "✔ known", "· ours"))]
        marks = [next(word for word in ("unknown", "known", "ours") if f" {word} " in row) for row in text[:4]]
        assert marks == ["unknown", "unknown", "known", "ours"]
        assert "▲ unknown" in text[0]
        assert "✔ known" in text[2]
        assert all(cell_len(row) == size[0] for row in at.rows())
        assert "nikos from 2a02:587:1234:5600:9a3b:1cff:fe00:1 as psql: first seen" in at.pane(Below)
        assert "Ask who that is." in at.pane(Below)
        await at.press("down", "down")
        assert "expects it" in at.pane(Below)
        await at.press("end")
        assert "This run's own" in at.pane(Below)
        await at.press("u")
        assert "ACCESS" not in at.text()
        assert at.client.sent == []

    play(story_with(*EVENING), tmp_path, scenario, size)


def test_a_crowd_is_scrolled_and_counted(tmp_path: Path) -> None:
    crowd = [("shop", f"10.0.0.{number}", "web", "unknown") for number in range(60)]

    async def scenario(at: Stage) -> None:
        await at.press("u")
        assert "more" in at.pane(Rows)
        await at.press("end")
        assert "10.0.0.59" in at.pane(Rows)
        assert "↑" in at.pane(Rows)
        assert "shop from 10.0.0.59" in at.pane(Below)

    play(story_with(*crowd), tmp_path, scenario, (80, 24))


def test_what_the_role_may_not_see_is_said(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("u")
        assert "grant it pg_monitor" in at.pane(Answer)
        assert "hidden" in at.pane(Rows)

    play(story_with(*EVENING, hidden=True), tmp_path, scenario, (80, 24))


def test_the_answer_is_a_sentence_whoever_was_there() -> None:
    assert summary(view_of(Story().go()))[0].startswith("Nobody has looked yet")
    assert summary(view_of(story_with(EVENING[0]))) == ("Nobody but this run was connected.", "good")
    assert summary(view_of(story_with(*EVENING[:2]))) == ("1 kind of connection, expected.", "good")
    assert [one.user for one in listed(view_of(story_with(*EVENING)))][-2:] == ["shop", "dixis"]


def test_where_nobody_has_looked_there_is_no_table(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("u")
        assert "Nobody has looked yet" in at.pane(Answer)
        assert at.pane(Rows) == ""

    play(Story().go(), tmp_path, scenario, (80, 24))


def test_its_sentences_are_whole_where_the_terminal_is_small(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("u")
        assert at.pane(Answer) == (
            "▲ 2 kinds of connection are unknown: nobody named them in access.known. "
            "This role may not see addresses: grant it pg_monitor."
        )

    play(story_with(*EVENING, hidden=True), tmp_path, scenario, (80, 24))
