"""What a run has come to, judged from the truth; which run a start takes up; what `recover` does next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.cli.exits import Exit
from dixis_tui.cli.recover_script import RecoverScript, exit_of
from dixis_tui.errors import RunnerError
from dixis_tui.locks import Peer
from dixis_tui.model import Executor, MigrationState, Phase, Recovery, Verdict
from dixis_tui.plan.recovery import judge, settle
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy, resuming
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState, fold
from dixis_tui.settings import Settings
from dixis_tui.settings_github import GithubSettings
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Reconciled, Reconciliation, Standing, Truth
from tests.screens.story import Story, stages
from tests.screens.test_recovery_cards import in_migration, looked, resumed
from tests.unit.examples import VICTIM

NOW = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
TARGET = fold(stages()["migrate"].entries).run.target  # type: ignore[union-attr]


def truth(*standings: Standing) -> Truth:
    found = Reconciliation(migration="x", outcome=Reconciled.NONE, statements=1, sentence="none of it is there")
    return Truth(
        database=DatabaseStanding.MANAGED,
        migrations=tuple(
            MigrationStanding(
                name=f"m{number}",
                standing=standing,
                detail="begun 22:00",
                reconciliation=found if standing is Standing.FAILED else None,
            )
            for number, standing in enumerate(standings)
        ),
    )


@pytest.mark.parametrize(
    ("standings", "outcome"),
    [
        ((Standing.APPLIED, Standing.APPLIED), Recovery.APPLIED),
        ((Standing.APPLIED, Standing.PENDING), Recovery.REST),
        ((Standing.PENDING, Standing.PENDING), Recovery.REST),
        ((Standing.APPLIED, Standing.WILL_RUN_AGAIN), Recovery.REST),
        ((Standing.APPLIED, Standing.FAILED), Recovery.UNFINISHED),
        ((Standing.FAILED, Standing.RUNNING), Recovery.UNKNOWN),
        ((Standing.APPLIED, Standing.EDITED), Recovery.UNKNOWN),
        ((Standing.MISSING, Standing.PENDING), Recovery.UNKNOWN),
        ((Standing.APPLIED,), Recovery.UNKNOWN),
    ],
)
def test_what_it_has_come_to(standings: tuple[Standing, ...], outcome: Recovery) -> None:
    settled = settle(["m0", "m1"], truth(*standings))
    found = judge(settled, (), "")
    assert found.outcome is outcome
    assert found.evidence
    assert found.remedy
    assert judge(settled, (VICTIM,), "").outcome is Recovery.AT_WORK
    assert judge(settled, (), "process 4711").outcome is Recovery.AT_WORK


def test_who_is_at_work_is_named_with_the_way_to_end_it() -> None:
    peer = Peer(
        pid=4711,
        depth=1,
        user="app",
        application="dixis-tui migrate x",
        address="",
        state="active",
        query="",
        since=None,
    )
    found = judge([], (peer,), "")
    assert "process 4711" in found.evidence
    assert "pg_terminate_backend(4711)" in found.remedy


def run_of(story: Story, *, live: bool = False, name: str = "one") -> Run:
    state = fold(story.entries)
    target = state.run.target if state.run else ""
    verdict = policy.seen_verdict(state, live=live)
    return Run(name, Path("/srv") / name, state.started, target, verdict, live, state)


class TestLeftBehind:
    """Which run a start takes up."""

    def test_one_that_died_after_the_phrase_however_old(self) -> None:
        run = run_of(in_migration())
        assert resuming.left_behind([run], TARGET, NOW + timedelta(days=300)) == run

    def test_one_that_died_before_it_within_a_day(self) -> None:
        run = run_of(stages()["rehearse"] if "rehearse" in stages() else Story().begin().preflight().backup_begins())
        last = run.state.last_at
        assert last is not None
        assert resuming.left_behind([run], TARGET, last + timedelta(hours=23)) == run
        assert resuming.left_behind([run], TARGET, last + timedelta(hours=25)) is None

    def test_not_one_that_only_looked(self) -> None:
        assert resuming.left_behind([run_of(Story().begin().preflight())], TARGET, NOW) is None

    def test_a_later_run_that_was_whole_stands_for_it(self) -> None:
        done = run_of(stages()["done"])
        assert resuming.left_behind([done, run_of(in_migration())], TARGET, NOW) is None

    def test_a_later_check_does_not(self) -> None:
        check = run_of(Story().begin().preflight().end(Verdict.CHECKED, "looked"))
        assert resuming.left_behind([check, run_of(in_migration())], TARGET, NOW) == run_of(in_migration())

    def test_not_one_that_lives_nor_one_on_another_target(self) -> None:
        assert resuming.left_behind([run_of(in_migration(), live=True)], TARGET, NOW) is None
        assert resuming.left_behind([run_of(in_migration())], "postgresql://elsewhere/x", NOW) is None


class TestSettings:
    """With which settings it goes on."""

    def test_phrase_and_executor_are_the_runs_own(self) -> None:
        state = fold(in_migration().entries)
        now = Settings()
        now = replace(now, confirm=replace(now.confirm, phrase="ANOTHER"))
        assert resuming.settings(state, now, TARGET).confirm.phrase == "DIXIS-PROD-OK"

    @pytest.mark.parametrize(
        ("story", "target", "words"),
        [
            (in_migration(), "postgresql://elsewhere/x", "names postgresql://elsewhere/x"),
            (stages()["done"], TARGET, "has ended"),
        ],
    )
    def test_refused(self, story: Story, target: str, words: str) -> None:
        with pytest.raises(RunnerError, match=words):
            resuming.settings(fold(story.entries), Settings(), target)

    def test_a_workflow_run_is_looked_for_in_its_own_repository(self) -> None:
        state = fold(in_migration().entries)
        assert state.run is not None
        state = replace(state, run=replace(state.run, executor=Executor.GITHUB, github="dixis/shop"))
        with pytest.raises(RunnerError, match="is not set"):
            resuming.settings(state, Settings(), TARGET)
        now = Settings(github=GithubSettings(repository="dixis/shop"))
        assert resuming.settings(state, now, TARGET).migrate.executor is Executor.GITHUB

    def test_a_journal_without_an_entry_never_began(self) -> None:
        with pytest.raises(RunnerError, match="never began"):
            resuming.settings(RunState(), Settings(), TARGET)


SCRIPT = RecoverScript(operator="niki")
LEAVE = cmd.Leave(reason="it was looked at")


def next_step(story: Story, script: RecoverScript = SCRIPT) -> cmd.Command | None:
    return script.next_step(fold(story.entries))


class TestScript:
    """What `recover` does next."""

    def test_it_waits_for_the_look(self) -> None:
        assert next_step(resumed(in_migration())) is None

    @pytest.mark.parametrize("outcome", [Recovery.UNFINISHED, Recovery.REST, Recovery.UNKNOWN, Recovery.UNTOUCHED])
    def test_it_acts_on_nothing_by_itself(self, outcome: Recovery) -> None:
        story = looked(in_migration(), outcome)
        assert next_step(story) == LEAVE
        stays = RecoverScript(operator="niki", stay=True)
        assert next_step(story, stays) is None
        assert stays.enough(fold(story.entries))
        assert exit_of(fold(story.entries)) is not Exit.DONE

    def test_what_is_all_in_is_verified(self) -> None:
        assert next_step(looked(in_migration(), Recovery.APPLIED)) == cmd.StartPhase(phase=Phase.VERIFY)

    def test_with_the_phrase_the_rest_is_sealed_first(self) -> None:
        script = RecoverScript(operator="niki", confirm="DIXIS-PROD-OK")
        story = looked(in_migration(), Recovery.REST)
        assert next_step(story, script) == cmd.Seal()
        story.write(ev.MigrationSettled(name=next(iter(fold(story.entries).migrations)), state=MigrationState.APPLIED))
        story.seal()
        sealed = fold(story.entries)
        assert sealed.plan is not None
        assert next_step(story, script) == cmd.Confirm(
            phrase="DIXIS-PROD-OK", operator="niki", digest=sealed.plan.digest
        )
        story.write(ev.Confirmed(operator="niki", digest=sealed.plan.digest))
        assert next_step(story, script) is None, "the runner goes on by itself"

    def test_at_work_is_waited_for(self) -> None:
        assert SCRIPT.at_work(fold(looked(in_migration(), Recovery.AT_WORK).entries))
