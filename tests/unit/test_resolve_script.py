"""What came of marking a failed row, and a provider's snapshot on the command line of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.cli.commands.run import parse_snapshot
from dixis_tui.cli.resolve_script import Answer, seen
from dixis_tui.cli.script import Script, next_step
from dixis_tui.errors import UsageError
from dixis_tui.model import CheckState, Phase, Snapshot
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.snapshots import taken_at
from dixis_tui.run.state import RunState, fold
from tests.screens.story import Story, stages
from tests.unit.test_script import PEOPLE

ATHENS = ZoneInfo("Europe/Athens")
NOW = datetime(2026, 11, 25, 20, 30, tzinfo=UTC)
NAMED = cmd.NameSnapshot(id="snap-7", taken_at=NOW, where="eu-south-1", operator="maria")
SCRIPT = Script(operator="maria", confirm="DIXIS-PROD-OK", ticks=PEOPLE, snapshot=NAMED)


def failed_name() -> str:
    return policy.failed_migration(fold(stages()["failed"].entries))


def test_an_answer_is_a_mark_or_a_word_that_came_after_the_question() -> None:
    story = stages()["failed"].write(ev.Noted(text="an old trouble.", level="error"))
    before, name = fold(story.entries), failed_name()
    answer = Answer(before, name)
    assert not answer.given(before), "what was said before the question answers nothing"
    refused = fold(story.write(ev.Noted(text="it can't be marked.", level="error")).entries)
    assert (answer.given(refused), answer.marked(refused), answer.problem(refused)) == (
        True,
        False,
        "it can't be marked.",
    )
    told = fold(story.write(ev.Noted(text="by the way.", level="info")).entries)
    assert answer.problem(told) == ""
    done = ev.MigrationResolved(name=name, applied=False, operator="maria", evidence="nothing of it is there")
    assert answer.marked(fold(story.write(done).entries))
    assert not Answer(before, "another").marked(fold(story.entries))


def test_what_was_never_looked_at_since_it_failed_is_not_told_as_seen() -> None:
    assert seen(RunState(), "20251110_zone") == "not looked at"
    assert seen(fold(stages()["failed"].entries), "no such file") == "not looked at"


def test_a_snapshot_is_named_once_preflight_is_over_and_the_dump_is_made_all_the_same() -> None:
    story = Story().begin().preflight()
    assert next_step(fold(story.entries), SCRIPT) == NAMED
    story.write(ev.SnapshotNamed(snapshot=Snapshot("snap-7", NOW, "eu-south-1"), operator="maria"))
    story.write(ev.CheckChanged(code="DX200", state=CheckState.WARNED, evidence="snap-7", remedy=""))
    story.tick(*sorted(PEOPLE))
    state = fold(story.entries)
    assert policy.current_phase(state) is not Phase.BACKUP, "the name alone opens that gate"
    assert next_step(state, SCRIPT) == cmd.StartPhase(phase=Phase.BACKUP)
    assert next_step(fold(story.backup().tick("DX311").entries), SCRIPT) == cmd.StartPhase(phase=Phase.REHEARSAL)


def test_without_a_dump_there_is_nothing_to_rehearse_on_and_the_run_ends() -> None:
    """A dump that failed and was waived: asking for the rehearsal would be refused for ever."""
    story = Story().begin().preflight().tick(*sorted(PEOPLE))
    story.start(Phase.BACKUP).found("DX200", CheckState.FAILED).over(Phase.BACKUP)
    story.write(ev.Waived(code="DX200", operator="maria", reason="a snapshot"))
    script = msgspec.structs.replace(SCRIPT, snapshot=None)
    assert next_step(fold(story.entries), script) == cmd.End(closed_by=["DX300"])


@pytest.mark.parametrize("name", stages())
def test_with_a_snapshot_it_never_asks_for_what_would_be_refused(name: str) -> None:
    story = stages()[name]
    for length in range(len(story.entries) + 1):
        state = fold(story.entries[:length])
        command = next_step(state, SCRIPT)
        assert command is None or policy.refusal(state, command) == "", f"{command} after {length} entries"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (" 2026-11-25 22:10 ", datetime(2026, 11, 25, 20, 10, tzinfo=UTC)),
        ("2026-11-25T20:10:05Z", datetime(2026, 11, 25, 20, 10, 5, tzinfo=UTC)),
        ("2026-11-25 21:10+01:00", datetime(2026, 11, 25, 20, 10, tzinfo=UTC)),
        ("2026-10-25 03:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # there twice: the earlier one
    ],
)
def test_when_a_snapshot_was_taken(text: str, moment: datetime) -> None:
    assert taken_at(text, ATHENS, NOW) == (moment, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-11-25 22:31", "in the future"),
        ("2026-11-25T22:31:00+01:00", "in the future"),
        ("2026-03-29 03:30", "does not exist"),
        ("2026-11-25", "Write when"),
        ("20261125", "Write when"),
        ("25/11/2026 22:10", "Write when"),
        ("0001-01-01 00:00", "Write when"),
        ("", "Write when"),
    ],
)
def test_a_time_that_is_none_says_why(text: str, problem: str) -> None:
    moment, said = taken_at(text, ATHENS, NOW)
    assert moment is None
    assert problem in said


def test_a_snapshots_three_options_belong_together() -> None:
    assert parse_snapshot(None, None, None, "maria", ATHENS.key) is None
    past = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
    found = parse_snapshot(" snap\x1b[31m-7 ", past, "eu-south-1", "maria", ATHENS.key)
    assert found is not None
    assert "\x1b" not in found.id
    for given in ((None, past, "x"), ("x", None, "x"), ("x", past, None), (" ", past, "x")):
        with pytest.raises(UsageError, match="its id, its time and its place"):
            parse_snapshot(*given, "maria", ATHENS.key)
    with pytest.raises(UsageError, match="--snapshot-at"):
        parse_snapshot("x", "yesterday", "x", "maria", ATHENS.key)
