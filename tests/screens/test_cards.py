"""What the NOW card says: the answer to "what now?" in every situation."""

from __future__ import annotations

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationFile, Phase, PhaseState, Place, Verdict
from screens.cards import Card, card
from screens.view import Link
from tests.screens.story import MIGRATIONS, SHA, Story, stages
from tests.screens.test_guide import view_of

STAGES = stages()


def words_of(found: Card) -> str:
    lines = [f"{line.glyph} {line.text} {line.right}" for line in found.lines]
    bar = [found.bar.label] if found.bar else []
    keys = [f"{key} {does}" for key, does in ((found.key, found.does), *found.more)]
    return "\n".join([found.headline, *bar, *lines, *keys])


def card_of(stage: str, link: Link = Link.LIVE) -> Card:
    return card(view_of(STAGES[stage], link=link))


@pytest.mark.parametrize(
    ("stage", "headline", "key"),
    [
        ("empty", "Waiting for the runner's first entry", ""),
        ("begun", "Next: preflight", "enter"),
        ("preflight", "Preflight looks at production and the project; it only reads", "s"),
        ("preflight_failed", "Preflight is closed by 2 checks", "r"),
        ("answers", "Preflight found nothing wrong. 2 answers are yours", "enter"),
        ("backup_next", "Next: back production up", "enter"),
        ("backup", "Backing up production", "s"),
        ("rehearsal_next", "Next: rehearse on the restored backup", "enter"),
        ("rehearsal", "Rehearsing on the restored backup", "s"),
        ("banner", "Next: put the maintenance banner up, then say so", "enter"),
        ("go", "Every gate is open. Go or no-go?", "m"),
        ("too_early", "Everything is ready but the time", "m"),
        ("migrate", "Migrating PRODUCTION", "s"),
        ("failed", "Migration failed on production: 2 of 4 applied", "x"),
        ("lost", f"It is not known whether {MIGRATIONS[2]} was applied", "x"),
        ("verify_failed", "Verify is closed by 1 check", "r"),
        ("suffered", "Migrated and verified. Take the banner down, then sign off", "enter"),
        ("sign_off", "Migrated and verified. Take the banner down, then sign off", "enter"),
        ("roll_back", "Rolling production back to the backup", "s"),
        ("roll_back_failed", "The rollback is not whole", "x"),
        ("rolled_back", "Production is back at the backup. Sign off to end the run", "enter"),
        ("done", "DONE", "q"),
        ("unknown", "UNKNOWN", "q"),
    ],
)
def test_headline_and_the_key_that_goes_on(stage: str, headline: str, key: str) -> None:
    found = card_of(stage)
    assert (found.headline, found.key) == (headline, key)


def test_a_failed_migration_says_what_happened_what_it_means_and_what_to_do() -> None:
    said = words_of(card_of("failed"))
    assert f"✔ {MIGRATIONS[0]} applied in 1.9 s" in said
    assert f"✔ {MIGRATIONS[1]} applied" in said
    assert f"✖ {MIGRATIONS[2]} failed" in said
    assert "violates foreign key constraint" in said
    assert "HINT: none" not in said
    assert f"○ {MIGRATIONS[3]} not touched" in said
    assert "· window 14:49 left · way back 0:16 · decide by 23:14:43, in 09:33" in said
    assert "t what to do" in said
    assert "o contacts" in said
    assert "x roll back (14 MB, restored and compared ✔ 16 s)" in said


def test_an_unknown_migration_gives_no_advice_before_a_look() -> None:
    said = words_of(card_of("lost"))
    assert f"? {MIGRATIONS[2]} unknown" in said
    assert "look at the database before anything else" in said
    assert "resolve" not in said


def test_progress_tells_bytes_and_the_time_left() -> None:
    view = view_of(STAGES["backup"])
    view = msgspec.structs.replace(view, progress_at=STAGES["backup"].entries[-2].at)
    found = card(view)
    assert found.bar is not None
    assert found.bar.label == "dump: 8.8 MB of 14 MB, about 3.0 s left"
    assert found.bar.fraction == pytest.approx(8.8 / 14.3)


def test_what_preflight_warned_of_is_not_nothing() -> None:
    story = Story().begin().preflight(DX116=CheckState.WARNED, DX113=CheckState.WARNED)
    assert card(view_of(story)).headline == "Preflight is open, with 2 warnings. 3 answers are yours"


def test_a_migration_runs_against_its_prediction() -> None:
    found = card_of("migrate")
    assert found.bar is not None
    assert found.bar.label == "migration 3 of 4, about 3.7 s left"
    assert f"◐ {MIGRATIONS[2]} 3.3 s of about 5.8 s" in words_of(found)


def test_a_runner_that_is_gone_says_what_it_did_last_and_what_is_unknown() -> None:
    said = words_of(card_of("migrate", Link.GONE))
    assert "The runner is gone since 23:05" in said
    assert f"{MIGRATIONS[2]} began on production" in said
    assert f"? {MIGRATIONS[2]} unknown" in said
    assert "unknown until somebody looks" in said
    assert "running" not in said
    before = words_of(card_of("backup", Link.GONE))
    assert "backup was running" in before
    assert "this run has not changed production" in before


def test_a_run_that_ended_says_its_verdict_even_without_a_runner() -> None:
    found = card_of("done", Link.GONE)
    assert found.large
    assert "Journal" in words_of(found)
    assert "7f3a·c2e1" in words_of(found)


def test_many_migrations_are_counted_and_what_matters_is_named() -> None:
    story = Story().begin()
    files = [MigrationFile(f"2025{number:04}_step", "", SHA, 1) for number in range(40)]
    story.write(ev.PendingSeen(applied=0, pending=files)).write(ev.Confirmed(operator="maria", digest="d"))
    for number in range(11):
        story.write(ev.MigrationStarted(name=files[number].name, place=Place.PRODUCTION))
        error = "no" if number == 10 else ""
        story.write(ev.MigrationEnded(name=files[number].name, place=Place.PRODUCTION, seconds=1, error=error))
    found = card(view_of(story))
    assert len(found.lines) < 10
    said = words_of(found)
    assert "10 migrations to 20250009_step applied" in said
    assert "✖ 20250010_step failed" in said
    assert "29 migrations from 20250011_step not touched" in said


def test_a_refused_phrase_is_still_told_on_the_cockpit() -> None:
    story = stages()["go"].seal().write(ev.ConfirmationRefused(operator="maria", reason="The plan changed."))
    assert "Last refused: The plan changed." in words_of(card(view_of(story)))


def test_a_phase_that_broke_off_says_why_though_no_check_did() -> None:
    story = Story().begin().preflight().answers().start(Phase.BACKUP)
    story.over(Phase.BACKUP, PhaseState.FAILED, reason="No space left on the disk. Make room.")
    found = card(view_of(story))
    assert found.headline == "Backup did not get through"
    assert "No space left on the disk" in words_of(found)


def test_who_blocks_is_said_before_the_retry_and_both_stay_on_a_small_terminal() -> None:
    said = words_of(card_of("retry"))
    assert said.index("Blocked by Metabase") < said.index("▲ Gave way 2 times: it begins anew; canceling statement")
    assert said.index(f"◐ {MIGRATIONS[2]}") < said.index("statement 1 of 1, line 2") < said.index("Blocked by")
    assert "Nobody waits" not in said


def test_the_rehearsals_radar_says_nothing_on_a_migration_that_has_just_begun() -> None:
    story = stages()["banner"].radar(victims=3).into_window().seal().confirm().start(Phase.MIGRATE)
    story.apply(Place.PRODUCTION, 0, begins=True)
    assert "wait behind us" not in words_of(card(view_of(story)))


@pytest.mark.parametrize("ended", [False, True])
def test_what_others_suffered_and_how_often_we_gave_way_is_said_when_it_is_over(ended: bool) -> None:
    story = stages()["suffered"]
    if ended:
        story.end(Verdict.DONE, "4 migrations applied.")
    said = "Up to 14 sessions had to wait behind us, the longest for 1.9 s"
    assert f"{said}; we gave way once and began again." in words_of(card(view_of(story)))
    failed = stages()["queue"].retried().over(Phase.MIGRATE, PhaseState.FAILED)
    assert f"▲ {said}; we gave way once and began again." in words_of(card(view_of(failed)))
    for stage in ("done", "sign_off", "failed"):
        assert "had to wait" not in words_of(card_of(stage))
        assert "gave way" not in words_of(card_of(stage))


def test_a_waived_preflight_goes_on() -> None:
    story = Story().begin().preflight(DX114=CheckState.FAILED)
    story.write(ev.Waived(code="DX114", operator="maria", reason="known")).answers()
    assert card(view_of(story)).headline == "Next: back production up"
