"""NOTICES: the six, what came of each, how they look, and that one goes out only on a second press."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui import i18n
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeText, NoticeWay, Receipt
from dixis_tui.notices import preview
from dixis_tui.notices.facts import EXAMPLE
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState, fold
from dixis_tui.settings import Settings
from screens.notice_words import TITLES, expected
from screens.notices import Kinds, Look, NoticeKeys
from screens.view import Mode
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import Story, stages

WAYS = (
    NoticeWay(Channel.MAIL, "mail", "Πελάτες της Δίξις <all@dixis.example>"),
    NoticeWay(Channel.WEBHOOK, "ops", "https://hooks.example/•••"),
    NoticeWay(Channel.BANNER, "endpoint", "https://dixis.example/•••"),
)


def made(story: Story) -> ev.NoticesMade:
    facts = dict.fromkeys(NoticeKind, replace(EXAMPLE, name="Δίξις"))
    found = preview.previews(facts, Settings(), "run", story.now)
    return ev.NoticesMade(ways=WAYS, texts=found.texts, page=found.page, sender="Δίξις <info@dixis.example>")


def told(story: Story, kind: NoticeKind, *deliveries: Delivery) -> Story:
    """Receipts of one notice on the first channels."""
    for way, delivery in zip(WAYS, deliveries, strict=False):
        receipt = Receipt(
            kind=kind,
            channel=way.channel,
            name=way.name,
            to=way.to,
            key=f"{kind}-{way.name}",
            delivery=delivery,
            evidence="did not answer in 10 s" if delivery is Delivery.UNKNOWN else "250 OK",
            at=story.now,
            operator="Μαρία",
        )
        story.write(ev.NoticeSent(receipt=receipt))
    return story


def ready() -> Story:
    story = stages()["begun"]
    return story.write(made(story))


@pytest.mark.parametrize("size", SIZES)
def test_what_went_out_and_what_is_next(tmp_path: Path, size: tuple[int, int]) -> None:
    story = told(ready(), NoticeKind.BEFORE, Delivery.SENT, Delivery.UNKNOWN, Delivery.SENT)

    async def script(at: Stage) -> None:
        await at.press("n")
        kinds = at.app.screen.query_one(Kinds)
        rows = at.rows()[kinds.region.y : kinds.region.bottom]
        assert [title in row for title, row in zip(TITLES.values(), rows, strict=True)] == [True] * 6
        assert "? unknown" in rows[0]
        assert "2 of 3 channels" in rows[0]
        assert "▸ during" in rows[1]
        assert "▶ next" in rows[1]
        await at.press("up")
        shown = at.text()
        assert "did not answer in 10 s" in shown
        assert "✔ sent" in at.pane(Look)
        assert "info@dixis.example" in shown

    play(story, tmp_path, script, size)


def test_each_looks_as_it_will_look_there(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("n", "home", *["up"] * 6)
        shown = at.text()
        assert "Subject" in shown
        assert "Διάρκεια: ~20 λεπτά" in shown
        assert "Duration: ~20 minutes" in shown
        await at.press("tab")
        assert "Προγραμματισμένη συντήρηση: Τετάρτη 25 Νοεμβρίου 2026, 23:00 Europe/Athens. Διάρκεια" in at.text()
        await at.press("tab")
        page = [row for row in at.rows() if "│ " in row and "Θα επιστρέψουμε σύντομα!" in row]
        assert len(page) == 1
        await at.press("tab")
        assert "Subject" in at.text()

    play(ready(), tmp_path, script, (120, 40))


def test_one_goes_out_on_the_second_press_alone(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("n", "up", "up", "s")
        assert "s again sends 'before' by mail, webhook ops, banner" in at.text()
        await at.press("down")
        assert "s again" not in at.text()
        await at.press("s")
        assert at.client.sent == []
        await at.press("s")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.SendNotice(kind=NoticeKind.DURING, operator="maria")]

    play(ready(), tmp_path, script)


def test_what_can_not_be_sent_is_said(tmp_path: Path) -> None:
    async def too_early(at: Stage) -> None:
        await at.press("n", *["down"] * 3, "s")
        assert "Nothing was done yet that could be said to be over." in at.text()

    async def watching(at: Stage) -> None:
        await at.press("n", "s", "s")
        assert "This screen only watches" in at.text()
        assert at.client.sent == []

    async def nowhere(at: Stage) -> None:
        await at.press("n", "up", "up")
        assert "names no channel for notices" in " ".join(at.text().split())
        await at.press("s", "s")
        assert at.client.sent == []

    play(ready(), tmp_path, too_early)
    play(ready(), tmp_path, watching, mode=Mode.WATCHER)
    play(stages()["begun"], tmp_path, nowhere)


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    story = stages()["begun"]
    words = "[bold]x[/bold] \x1b[2J \u202e" + "w" * 300
    text = NoticeText(NoticeKind.DURING, "el", words, words, words)
    story.write(ev.NoticesMade(ways=WAYS, texts=(text,), page=words))

    async def script(at: Stage) -> None:
        await at.press("n", "down")
        for _turn in range(3):
            await at.press("tab")
            assert "[bold]x[/bold]" in at.text()
            assert "\x1b[2J" not in at.text()

    play(story, tmp_path, script, (80, 24))


def test_what_comes_next() -> None:
    story = ready()
    opens = story.now + timedelta(hours=30)
    state = replace(
        state_of(story),
        run=replace(state_of(story).run, window_opens=opens),  # type: ignore[type-var]
    )
    assert expected(state, story.now) is NoticeKind.BEFORE
    assert expected(state_of(told(ready(), NoticeKind.BEFORE, Delivery.SENT)), opens) is NoticeKind.DURING
    during = told(ready(), NoticeKind.DURING, Delivery.SENT)
    assert expected(state_of(during), during.now) is NoticeKind.AFTER
    assert expected(state_of(during), during.now + timedelta(days=2)) is NoticeKind.DELAYED
    assert expected(state_of(stages()["sign_off"]), story.now) is NoticeKind.AFTER


def state_of(story: Story) -> RunState:
    return fold(story.entries)


def test_a_channel_without_a_receipt_is_counted(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("n")
        assert "1 of 3 channels" in at.pane(Kinds)

    play(told(ready(), NoticeKind.BEFORE, Delivery.SENT), tmp_path, script, (80, 24))


def test_without_a_channel_nothing_is_next_and_esc_is_the_only_key(tmp_path: Path) -> None:
    async def script(at: Stage) -> None:
        await at.press("n")
        assert "▶" not in at.pane(Kinds)
        assert at.pane(NoticeKeys) == "esc back"

    play(stages()["begun"], tmp_path, script, (80, 24))


@pytest.mark.parametrize("language", ["en", "el"])
def test_the_way_out_and_the_sender_are_in_sight_on_a_small_terminal(tmp_path: Path, language: str) -> None:
    async def script(at: Stage) -> None:
        await at.press("n", "s")
        assert "esc" in at.pane(NoticeKeys)
        await at.press("home", "up")
        assert "Μαρία" in at.pane(Look)

    i18n.use(language)
    try:
        play(told(ready(), NoticeKind.BEFORE, Delivery.SENT), tmp_path, script, (80, 24))
    finally:
        i18n.use("en")
