"""Whom to call: reachable from every screen, there by itself when something fails, never without its number."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.cli.options import tell_whom_to_call
from dixis_tui.model import MigrationState, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run import escalation
from dixis_tui.run.state import Entry, fold
from screens import doors
from screens.contacts import ContactsScreen
from screens.fleet_detail import FleetDetail
from screens.guide import Offer
from screens.presenter import PresenterScreen
from screens.resolve import ResolveScreen
from screens.review import ReviewScreen
from screens.signal import SignalScreen
from screens.view import Link, View
from screens.widgets import call_strip
from screens.widgets.call_strip import CallStrip
from tests.screens.fleet_story import FleetStory
from tests.screens.stage import Stage, play
from tests.screens.story import MIGRATIONS, Story, stages
from tests.unit.examples import VICTIM

PEOPLE = [
    ("On-call engineer", "Παναγιώτα Παπαδημητρακοπούλου-Χατζηκωνσταντίνου", "+30 210 000 0001"),
    ("Backup contact", "Κωνσταντίνος Παπαχριστοδουλόπουλος", "+30 210 000 0002"),
    ("Database provider", "Υποστήριξη παρόχου βάσης", "https://status.example/"),
    ("Decision maker", "Αικατερίνη Τριανταφυλλοπούλου-Οικονόμου", "+30 210 000 0003"),
]


def with_people(story: Story, people: list[tuple[str, str, str]] = PEOPLE) -> Story:
    first = story.entries[0]
    assert isinstance(first.event, ev.RunStarted)
    story.entries[0] = Entry(first.number, first.at, msgspec.structs.replace(first.event, contacts=people))
    return story


@pytest.mark.parametrize(
    ("stage", "grave"),
    [
        ("preflight_failed", False),
        ("go", False),
        ("migrate", False),
        ("failed", True),
        ("lost", True),
        ("verify_failed", True),
        ("roll_back", True),
        ("roll_back_failed", True),
        ("rolled_back", False),
        ("sign_off", False),
        ("done", False),
    ],
)
def test_it_is_grave_where_production_may_be_harmed(stage: str, grave: bool) -> None:
    assert escalation.grave(fold(stages()[stage].entries)) is grave


def test_the_order_and_who_decides() -> None:
    found = escalation.in_order(PEOPLE[2:])
    assert [one.role for one in found] == [
        "On-call engineer",
        "Backup contact",
        "Decision maker",
        "Database provider",
    ]
    assert [one.named for one in found] == [False, False, True, True]
    assert "roll back" in found[2].when
    assert "server itself" in found[3].when


@pytest.mark.parametrize(("state", "server"), [("08006", True), ("53100", True), ("57P01", True), ("23503", False)])
def test_a_fault_of_the_server_calls_its_provider(state: str, server: bool) -> None:
    told = fold(stages()["failed"].entries)
    view = next(one for one in told.migrations.values() if one.state is MigrationState.FAILED)
    changed = msgspec.structs.replace(view, sqlstate=state)
    told = msgspec.structs.replace(told, migrations=told.migrations | {view.name: changed})
    assert escalation.server_at_fault(told) is server
    assert (escalation.calls(told)[3].when == escalation.SERVER_AT_FAULT) is server


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("people", [PEOPLE, PEOPLE[1:], []])
def test_a_number_is_whole_or_not_there(width: int, people: list[tuple[str, str, str]]) -> None:
    story = with_people(Story().go().failed(), people)
    view = View(state=fold(story.entries), now=story.entries[-1].at)
    text = "".join(part for part, _ in call_strip.parts(view, width))
    numbers = [address for _, _, address in people if address.startswith("+30")]
    assert text.count("+30") == sum(number in text for number in numbers)
    if people == PEOPLE:
        assert PEOPLE[0][2] in text
        assert PEOPLE[3][2] in text, "who decides stands beside who is called"
    else:
        assert "nobody is named (on_call)" in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("stage", ["failed", "lost", "roll_back_failed"])
def test_they_show_by_themselves(tmp_path: Path, stage: str, size: tuple[int, int]) -> None:
    async def look(at: Stage) -> None:
        await at.until_shown("+30 210 000 0001")
        assert "decides +30 210 000 0003" in at.text()
        await at.press("v")
        await at.until_shown("the operator's screen")
        assert "call +30 210 000 0001" in at.text()

    play(with_people(stages()[stage]), tmp_path, look, size)


def test_they_do_not_show_while_all_goes_well(tmp_path: Path) -> None:
    async def look(at: Stage) -> None:
        await at.until_shown("Every gate is open")
        assert not at.app.query_one(CallStrip).display

    play(with_people(stages()["go"]), tmp_path, look)


def test_one_key_from_every_screen_and_dialog(tmp_path: Path) -> None:
    """Also from those with a field for text, which takes every letter."""
    story = with_people(stages()["failed"])
    offers = {"waive": Offer(key="w", code="DX601"), "tick": Offer(key="space", code="DX711")}

    async def look(at: Stage) -> None:
        view = at.app.view
        names = (*doors._PLAIN, "go", "waive", "tick", "stop", "again", "end")
        screens = [doors.door(name, view, offers.get(name)) for name in names if name != "contacts"]
        screens += [
            ResolveScreen(view, MIGRATIONS[0], applied=True),
            ReviewScreen(view, cmd.ReviewDeployment(environment="x", approve=True, comment="", operator="x")),
            SignalScreen(view, VICTIM, "cancel"),
            PresenterScreen(view),
        ]
        for screen in [None, *screens]:
            if screen is not None:
                await at.app.push_screen(screen)
                await at.pilot.pause()
            await at.press("ctrl+o")
            assert isinstance(at.app.screen, ContactsScreen), f"{screen}: {at.text()}"
            assert PEOPLE[0][2] in at.text()
            await at.press("ctrl+o")
            assert not isinstance(at.app.screen, ContactsScreen), "the same key goes back"
            if screen is not None:
                assert at.app.screen is screen
                screen.dismiss()
                await at.pilot.pause()

    play(story, tmp_path, look, (80, 24))


def test_a_fleet_has_them_too(tmp_path: Path) -> None:
    async def look(at: Stage) -> None:
        await at.press("o")
        assert PEOPLE[0][2] in at.text()
        await at.press("escape", "ctrl+o")
        assert PEOPLE[0][2] in at.text()
        await at.press("escape")
        await at.app.push_screen(FleetDetail(at.app.view, next(iter(at.app.view.state.fleet.targets))))
        await at.press("ctrl+o")
        assert PEOPLE[0][2] in at.text()

    play(with_people(FleetStory().begin().planned()), tmp_path, look, (80, 24))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_all_four_are_read_with_when_they_are_called(tmp_path: Path, size: tuple[int, int]) -> None:
    async def look(at: Stage) -> None:
        await at.press("o")
        text = at.text()
        for _role, name, address in PEOPLE:
            assert name in text
            assert address in text
        assert text.index(PEOPLE[0][2]) < text.index(PEOPLE[1][2]) < text.index(PEOPLE[3][2]) < text.index("status")
        assert "where nobody answers" in text

    play(with_people(stages()["failed"]), tmp_path, look, size)


def test_who_is_missing_is_said(tmp_path: Path) -> None:
    async def look(at: Stage) -> None:
        assert "nobody is named (on_call)" in at.text()
        await at.press("o")
        assert "Nobody is named in dixis.toml: [contacts] on_call." in at.text()

    play(with_people(stages()["failed"], PEOPLE[1:]), tmp_path, look, (80, 24))


def test_a_runner_that_is_gone_calls_only_where_something_was_begun() -> None:
    for stage, shown in (("migrate", True), ("go", False)):
        story = with_people(stages()[stage])
        view = View(state=fold(story.entries), now=story.entries[-1].at, link=Link.GONE)
        assert call_strip.calls_for(view) is shown


def test_a_failed_run_without_a_screen_names_them_last(capsys: pytest.CaptureFixture[str]) -> None:
    state = fold(with_people(stages()["failed"], PEOPLE[:1]).entries)
    tell_whom_to_call(state, Verdict.FAILED)
    said = capsys.readouterr()
    assert said.out == ""
    assert "On-call engineer: +30 210 000 0001  Παναγιώτα" in said.err
    assert "Decision maker: nobody is named in dixis.toml, [contacts] decision_maker" in said.err
    tell_whom_to_call(state, Verdict.DONE)
    assert capsys.readouterr().err == ""
