"""Which keys work at which moment, and what they send: pure, over the stories."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import fold
from screens import guide, spots
from screens.view import Link, Spot, View
from tests.screens.story import Story, stages

STAGES = stages()


def view_of(story: Story, spot: Spot | None = None, link: Link = Link.LIVE, asked: str = "") -> View:
    state = fold(story.entries)
    now = story.now + timedelta(seconds=1)
    return View(state=state, now=now, link=link, operator="maria", spot=spot or spots.home(state), asked=asked)


def open_keys(view: View) -> list[str]:
    return [offer.key for offer in guide.offers(view) if not offer.refusal]


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("empty", []),
        ("begun", ["enter", "e"]),
        ("preflight", ["s"]),
        ("preflight_failed", ["enter", "w", "r", "e"]),
        ("answers", ["enter", "space", "w", "r", "e"]),
        ("backup_next", ["enter", "p", "e"]),
        ("backup", ["s"]),
        ("rehearsal_next", ["enter", "x", "e"]),
        ("rehearsal", ["s"]),
        ("banner", ["enter", "space", "w", "r", "x", "e"]),
        ("go", ["enter", "r", "m", "x", "e"]),
        ("too_early", ["enter", "w", "r", "m", "x", "e"]),
        ("migrate", ["s"]),
        ("failed", ["r", "x", "e"]),
        ("lost", ["r", "x", "e"]),
        ("verify_failed", ["enter", "w", "r", "x", "e"]),
        ("sign_off", ["enter", "r", "x", "e"]),
        ("roll_back", ["s"]),
        ("roll_back_failed", ["enter", "x", "e"]),
        ("rolled_back", ["enter", "e"]),
        ("done", []),
        ("unknown", []),
    ],
)
def test_keys_that_work(stage: str, keys: list[str]) -> None:
    assert open_keys(view_of(STAGES[stage])) == keys


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_what_is_offered_is_never_refused_by_the_policy(stage: str) -> None:
    for spot in spots.rows(fold(STAGES[stage].entries), Spot(Phase.PREFLIGHT)):
        view = view_of(STAGES[stage], spot)
        for offer in guide.offers(view):
            if offer.command is not None and not offer.refusal:
                assert policy.refusal(view.state, offer.command) == ""
            assert offer.refusal or offer.command or offer.opens


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_nothing_is_offered_without_a_runner(stage: str) -> None:
    view = view_of(STAGES[stage], link=Link.GONE)
    assert open_keys(view) == []
    assert all(offer.refusal for offer in guide.offers(view))


def test_what_was_just_asked_is_not_asked_twice() -> None:
    view = view_of(STAGES["backup_next"], asked="Start the backup")
    assert "Start the backup was just asked" in guide.offer(view, "enter").refusal
    ticking = view_of(STAGES["answers"], asked="Look again")
    assert guide.offer(ticking, "space").refusal == ""


def test_enter_is_the_next_step_of_the_phase_under_the_cursor() -> None:
    def entered(stage: str, spot: Spot | None = None) -> guide.Offer:
        return guide.offer(view_of(STAGES[stage], spot), "enter")

    assert entered("begun").command == cmd.StartPhase(phase=Phase.PREFLIGHT)
    assert (entered("answers").opens, entered("answers").code) == ("tick", "DX132")
    assert entered("answers", Spot(Phase.BACKUP)).command == cmd.StartPhase(phase=Phase.BACKUP)
    assert entered("rehearsal_next").command == cmd.StartPhase(phase=Phase.REHEARSAL)
    assert entered("banner").code == "DX400"
    assert entered("go").opens == "go"
    assert "follows the phrase" in entered("go", Spot(Phase.MIGRATE)).refusal
    assert entered("go", Spot(Phase.BACKUP)).refusal == "Backup is done: r to back up again."
    assert entered("sign_off").command == cmd.SignOff(operator="maria")
    assert entered("preflight_failed", Spot(Phase.BACKUP)).refusal.startswith("Preflight is not clear")


def test_a_second_backup_asks_first_and_a_second_rehearsal_does_not() -> None:
    backup = guide.offer(view_of(STAGES["go"], Spot(Phase.BACKUP)), "r")
    assert (backup.opens, backup.command) == ("again", cmd.StartPhase(phase=Phase.BACKUP))
    rehearsal = guide.offer(view_of(STAGES["go"], Spot(Phase.REHEARSAL)), "r")
    assert (rehearsal.opens, rehearsal.command) == ("", cmd.StartPhase(phase=Phase.REHEARSAL))


def test_space_takes_a_tick_back() -> None:
    ticked = guide.offer(view_of(STAGES["answers"], Spot(Phase.PREFLIGHT, "DX131")), "space")
    assert ticked.command == cmd.Tick(code="DX131", operator="maria", on=False)
    machine = guide.offer(view_of(STAGES["answers"], Spot(Phase.PREFLIGHT, "DX103")), "space")
    assert "looked up by the program" in machine.refusal
    assert "Select a check" in guide.offer(view_of(STAGES["go"]), "space").refusal


def test_only_closed_waivable_gates_are_waived() -> None:
    def waived(stage: str, code: str) -> str:
        return guide.offer(view_of(STAGES[stage], Spot(Phase.PREFLIGHT, code)), "w").refusal

    assert waived("preflight_failed", "DX114") == ""
    assert "nothing to waive" in waived("preflight_failed", "DX102")
    assert "closes no gate" in waived("answers", "DX134")
    assert "can't be waived" in guide.offer(view_of(STAGES["failed"], Spot(Phase.MIGRATE, "DX600")), "w").refusal


def test_go_says_which_gate_is_closed() -> None:
    assert "DX132 Code freeze agreed" in guide.offer(view_of(STAGES["answers"]), "m").refusal
    assert guide.offer(view_of(STAGES["migrate"]), "m").refusal.startswith("Migrate is running")


def test_the_cursor_stands_at_what_needs_the_operator() -> None:
    def at(stage: str) -> str:
        return spots.home(fold(STAGES[stage].entries)).code

    assert at("answers") == "DX132"
    assert at("preflight_failed") == "DX106"
    assert at("banner") == "DX400"
    assert at("too_early") == "DX501"
    assert at("backup") == ""
    assert at("verify_failed") == "DX706"


def test_the_cursor_moves_through_phases_and_the_checks_of_one() -> None:
    state = fold(STAGES["go"].entries)
    spot = spots.home(state)
    assert spots.moved(state, spot, -1) == Spot(Phase.BANNER)
    into = spots.moved(state, Spot(Phase.BANNER), 1)
    assert into == Spot(Phase.BANNER, "DX400")
    assert spots.moved(state, spot, -100) == Spot(Phase.PREFLIGHT)
    assert spots.moved(state, spot, 100) == Spot(Phase.SIGNOFF)
