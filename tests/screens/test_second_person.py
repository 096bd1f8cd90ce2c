"""While a second person is waited for: what the room sees, and what that person's own screen lets them do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.run import accounts
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import Entry, fold
from screens import cards, guide
from screens.view import Link, Mode, View
from screens.widgets.now_card import NowCard
from screens.widgets.phrase_field import PhraseField
from tests.screens.stage import Stage, play
from tests.screens.story import Story, stages

PHRASE = "DIXIS-PROD-OK"
DIGEST = "7f3ac2e1" + "0" * 56
FIRST = ev.FirstConfirmed(operator="Μαρία", account="1000 maria", digest=DIGEST)
BOTH = ev.Confirmed(operator="Μαρία", account="1000 maria", second="Νίκος", second_account="1001 nikos", digest=DIGEST)


@dataclass
class Typist:
    """Strikes letters this far apart, whatever the machine's load."""

    now: float = 0.0

    def typed_at(self, *_: object) -> float:
        self.now += 0.15
        return self.now


@pytest.fixture(autouse=True)
def typist(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Typist()
    monkeypatch.setattr(PhraseField, "typed_at", lambda *_: hand.typed_at())


def needing_two() -> Story:
    """At the go, in a run that needs a second person."""
    story = stages()["go"]
    begun = story.entries[0]
    assert isinstance(begun.event, ev.RunStarted)
    story.entries[0] = Entry(begun.number, begun.at, msgspec.structs.replace(begun.event, second_operator=True))
    return story


def waiting() -> Story:
    """The first has typed the phrase."""
    return needing_two().seal().write(FIRST)


def view_of(story: Story, mode: Mode = Mode.OPERATOR, **later: float) -> View:
    return View(
        state=fold(story.entries), now=story.now + timedelta(**later), link=Link.LIVE, operator="maria", mode=mode
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_room_reads_how_to_approve_which_plan(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        said = at.pane(NowCard)
        assert "Waiting for the second person: plan 7f3a·c2e1" in said
        assert "From another account of this machine:" in said
        assert f"dixis-tui approve {tmp_path}"[:50] in said
        assert "Μαρία (account 1000 maria) typed the phrase at" in said
        assert "void at" in said
        assert "take the phrase back" in said

    play(waiting(), tmp_path, scenario, size)


def test_the_board_closes_once_the_first_phrase_is_taken(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.told[cmd.Seal] = lambda story: story.seal()
        await at.press("m")
        await at.until_shown(f"Type {PHRASE} to change PRODUCTION; then a second person does.")
        await at.press(*PHRASE, "enter")
        await at.until(lambda: len(at.client.sent) == 2)
        at.story.write(FIRST)
        at.client.go_on()
        await at.until(lambda: len(at.app.screen_stack) == 1)
        await at.until_shown("Waiting for the second person")

    play(needing_two(), tmp_path, scenario)


def test_the_first_can_take_it_back_and_nothing_is_sealed_by_mistake(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for key in ("m", "enter"):
            await at.press(key)
            assert len(at.app.screen_stack) == 1
        await at.until_shown("s takes it back")
        await at.press("s")
        await at.until_shown("Take the phrase back?")
        await at.press("y")
        await at.until(lambda: at.client.sent == [cmd.Stop(operator="maria")])
        at.story.write(ev.FirstVoided(reason="Μαρία took the phrase back.", taken_back=True))
        at.client.go_on()
        await at.until_shown("The phrase is void: Μαρία took the phrase back.")

    play(waiting(), tmp_path, scenario)


def test_the_wait_is_over_when_it_is(tmp_path: Path) -> None:
    minutes = accounts.FIRST_STANDS.total_seconds() / 60
    assert cards.card(view_of(waiting(), minutes=minutes - 1)).headline.startswith("Waiting")
    assert cards.card(view_of(waiting(), minutes=minutes)).headline == "Every gate is open. Go or no-go?"
    assert cards.card(view_of(waiting().write(BOTH))).headline != "Waiting"


def test_what_was_refused_to_the_second_is_shown_to_the_first(tmp_path: Path) -> None:
    story = waiting().write(ev.ConfirmationRefused(operator="Νίκος (1001 nikos)", reason="Wrong phrase."))
    assert any("Wrong phrase." in line.text for line in cards.card(view_of(story)).lines)


def test_the_second_reads_the_plan_and_approves_it(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.until_shown("Plan 7f3a·c2e1 waits for you")
        await at.press("m")
        await at.until_shown("SECOND PERSON")
        text = at.text()
        assert "Μαρία (account 1000 maria) confirmed this plan" in text
        assert "4 pending, checksums 1b2c3d4e" in text
        assert f"Type {PHRASE} to change PRODUCTION" in text
        assert at.client.sent == [], "nothing is sealed anew: that would make the first one's phrase void"
        await at.press(*PHRASE, "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Confirm(phrase=PHRASE, operator="maria", digest=DIGEST)]
        at.story.write(BOTH)
        at.client.go_on()
        await at.until(lambda: len(at.app.screen_stack) == 1)

    play(waiting(), tmp_path, scenario, mode=Mode.SECOND)


def test_the_seconds_board_shuts_when_the_first_takes_it_back(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("m")
        await at.until_shown("SECOND PERSON")
        await at.press(*PHRASE)
        at.story.write(ev.FirstVoided(reason="Μαρία took the phrase back.", taken_back=True))
        at.client.go_on()
        await at.until_shown("There is nothing to approve")
        await at.press("enter")
        assert at.client.sent == []
        assert not at.app.screen.query_one(PhraseField).display

    play(waiting(), tmp_path, scenario, mode=Mode.SECOND)


@pytest.mark.parametrize("name", sorted(stages()))
def test_no_other_key_of_the_second_does_anything(name: str, tmp_path: Path) -> None:
    """At every moment of an evening, whatever is pressed, nothing is sent and nothing that acts is opened."""
    view = view_of(stages()[name], Mode.SECOND)
    assert guide.looks_on(view), "the boards of locks and of trouble ask this one"
    offered = guide.offers(view)
    assert offered
    assert all(offer.refusal for offer in offered)
    assert not any(offer.command for offer in offered)


def test_the_second_is_told_no_other_keys(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for key in ("enter", "space", "w", "r", "p", "x", "s", "e", "z"):
            await at.press(key)
        assert at.client.sent == []
        assert len(at.app.screen_stack) == 1

    play(waiting(), tmp_path, scenario, mode=Mode.SECOND)
    for name, story in stages().items():
        assert cards.card(view_of(story, Mode.SECOND)).key == "", name
