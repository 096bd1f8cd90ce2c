"""The fleet's screen: what needs eyes first, its stop, and keys that only offer what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.fleet import TargetState
from dixis_tui.model import PhaseState, Verdict
from dixis_tui.run import commands as cmd
from screens import fleet_rows
from screens.fleet import FleetScreen, Targets
from screens.github import GithubScreen
from screens.view import Mode
from tests.screens.fleet_story import FleetStory, names
from tests.screens.stage import Stage, play

SIZES = ((120, 40), (80, 24))


def story(**more: int) -> FleetStory:
    return FleetStory().begin(**more)


def at_work() -> FleetStory:
    told = story().planned().answered().sealed().confirmed().dispatched("shop-001").seen("shop-001", 4)
    told.seen("shop-001", 4, conclusion="success").verified("shop-001").dispatched(*names(2, 5))
    return told.seen("shop-002", 3).seen("shop-003", 0, waits=True).seen("shop-004", 1)


STORIES: dict[str, tuple[Callable[[], FleetStory], tuple[str, ...]]] = {
    "reading": (story, ("READING EVERY TARGET", "no target was read yet")),
    "closed": (
        lambda: story().planned("it is a replica"),
        ("GATES ARE CLOSED", "DX152", "space ticks it", "it is a replica"),
    ),
    "ready": (lambda: story().planned().answered(), ("READY: 12 targets in 4 waves", "m go / no-go")),
    "at work": (
        at_work,
        ("WAVE 2 OF 4", "1 of 12 done", "4 at work", "waits for approval", "3 of 4 prisma migrate deploy", "s stop"),
    ),
    "stopped": (
        lambda: (
            at_work()
            .seen("shop-002", 3, conclusion="failure")
            .verified("shop-002", state=TargetState.FAILED, evidence="run 17001 ended as failure in job Migrate")
            .stopped("shop-002 failed")
        ),
        ("STOPPED: shop-002 failed", "1 failed", "followed to its end", "ended as fail"),
    ),
    "died": (
        lambda: (
            story().planned().answered().sealed().confirmed().dispatched("shop-001").verified("shop-001").over().died()
        ),
        ("A RUNNER DIED", "11 waiting", "m go / no-go"),
    ),
    "done": (
        lambda: (
            story(count=2, canaries=0)
            .planned()
            .answered()
            .sealed()
            .confirmed()
            .dispatched(*names(1, 2))
            .verified(*names(1, 2))
            .over()
        ),
        ("DONE: every target is verified", "2 of 2 done", "e end the run"),
    ),
    "ended": (
        lambda: at_work().over(PhaseState.FAILED).ended(Verdict.UNKNOWN, "1 of 12 targets migrated and verified."),
        ("1 of 12 targets migrated and verified.",),
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_every_moment_fits_and_says_what_it_is(name: str, tmp_path: Path) -> None:
    told, wanted = STORIES[name]

    async def scenario(at: Stage) -> None:
        assert isinstance(at.app.screen, FleetScreen)
        for size in SIZES:
            await at.pilot.resize_terminal(*size)
            await at.until(lambda size=size: len(at.rows()) == size[1])  # type: ignore[misc]
            text = at.text()
            assert "■ FLEET" in text
            assert [one for one in wanted if one not in text] == [], text
            assert all(cell_len(row) == size[0] for row in at.rows())

    play(told(), tmp_path, scenario, SIZES[0])


def test_what_needs_eyes_stands_first(tmp_path: Path) -> None:
    told = at_work().verified("shop-005", state=TargetState.UNKNOWN, evidence="its database could not be read")
    told.verified("shop-004", state=TargetState.FAILED, evidence="still pending")

    async def scenario(at: Stage) -> None:
        order = [key.name for key in at.app.screen.query_one(Targets).keys()]  # noqa: SIM118
        assert order[:4] == ["shop-004", "shop-005", "shop-003", "shop-002"]
        assert order[-1] == "shop-001"

    play(told, tmp_path, scenario)


def test_of_hundreds_only_those_in_sight_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = fleet_rows.target_parts

    def counted(view: object, name: str, *rest: object) -> object:
        made.append(name)
        return real(view, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(fleet_rows, "target_parts", counted)

    async def scenario(at: Stage) -> None:
        assert len(set(made)) <= 24
        await at.press("end")
        assert "▸" in at.rows()[-3]
        assert "shop-600" in at.text()
        assert len(set(made)) <= 48
        await at.press("home")
        assert "shop-001" in at.text()

    play(story(count=600, parallel=50).planned().answered(), tmp_path, scenario, (80, 24))


def test_the_cursor_stays_on_its_target_wherever_that_moves(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("down", "down")
        listed = at.app.screen.query_one(Targets)
        held = listed.selected()
        assert held is not None
        assert held.name == "shop-004"
        at.story.verified("shop-004", state=TargetState.FAILED, evidence="still pending")  # type: ignore[attr-defined]
        at.client.go_on()
        await at.until_shown("still pending")
        assert listed.selected() == held
        assert listed.at() == 0

    play(at_work(), tmp_path, scenario)


def test_a_check_is_ticked_and_keys_send_what_they_say(tmp_path: Path) -> None:
    told = story().planned()

    async def scenario(at: Stage) -> None:
        await at.press("space")
        assert at.client.sent == [cmd.Tick(code="DX131", operator="maria")]
        await at.press("m")
        assert "The gate is closed by" in at.text()
        await at.press("r")
        assert at.client.sent[-1] == cmd.StartPhase(phase="preflight")

    play(told, tmp_path, scenario)


def test_a_stop_is_asked_first_and_says_what_it_means(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("s")
        await at.until_shown("are not cancelled")
        await at.press("y")
        assert at.client.sent == [cmd.Stop(operator="maria")]

    play(at_work(), tmp_path, scenario)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_detail_has_the_steps_and_the_address(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("down", "enter")
        await at.until_shown("https://github.com/run/1")
        for wanted in ("shop-002", "✔ 2 Check out", "◐ 3 prisma migrate deploy", "20251118_item", "0001·c2e1"):
            assert wanted in at.text(), at.text()
        await at.press("escape")
        assert "WAVE 2 OF 4" in at.text()

    play(at_work(), tmp_path, scenario, size)


def test_the_phrase_is_asked_for_all_of_them(tmp_path: Path) -> None:
    told = story().planned().answered()

    async def scenario(at: Stage) -> None:
        at.client.told[cmd.Seal] = lambda story: story.sealed()  # type: ignore[attr-defined]
        await at.press("m")
        await at.until_shown("7f3a·c2e1")
        assert "MANY DATABASES" in at.text()
        assert "First wave   shop-001" in at.text()

    play(told, tmp_path, scenario, (80, 24))


def test_who_watches_is_offered_nothing(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("s")
        assert not at.client.sent
        assert "only watches" in at.text()

    play(at_work(), tmp_path, scenario, mode=Mode.WATCHER)


def test_names_from_outside_are_no_markup(tmp_path: Path) -> None:
    told = at_work().verified("shop-002", state=TargetState.FAILED, evidence="[red]\x1b[31mevil[/red]")

    async def scenario(at: Stage) -> None:
        assert "[red]" in at.text()
        assert "\x1b" not in at.text()

    play(told, tmp_path, scenario)


def test_a_runner_that_is_gone_is_said_and_nothing_is_counted_on(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "THE RUNNER IS GONE" not in at.text()
        at.client.die()
        await at.until_shown("THE RUNNER IS GONE: open dixis-tui fleet again; runs on GitHub go on")
        row = next(row for row in at.rows() if "shop-002" in row)
        assert "? shop-002" in row
        assert "not followed" in row
        await at.press("down", "enter")
        await at.until_shown("? 3 prisma migrate deploy")

    play(at_work(), tmp_path, scenario)


def test_the_second_person_approves_with_m_and_nothing_else(tmp_path: Path) -> None:
    told = story().planned().answered().sealed()
    told.write(ev.FirstConfirmed(operator="Μαρία", account="1000 maria", digest="7f3a" * 16))

    async def scenario(at: Stage) -> None:
        await at.press("e")
        assert "only watches" in at.text()
        await at.press("m")
        await at.until_shown("SECOND PERSON")
        await at.until_shown("Μαρία (account 1000 maria) confirmed this plan")
        assert "First wave   shop-001" in at.text()
        assert "Rehearsal" not in at.text()
        await at.press(*"DIXIS-PROD-OK", "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Confirm(phrase="DIXIS-PROD-OK", operator="maria", digest="7f3a" * 16)]

    play(told, tmp_path, scenario, mode=Mode.SECOND)


def test_g_opens_github_from_where_the_clinic_is_started(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("g")
        await at.until(lambda: isinstance(at.app.screen, GithubScreen))
        await at.press("r")
        assert at.client.sent == [cmd.LookAtGithub()]

    play(story().planned(), tmp_path, scenario)
