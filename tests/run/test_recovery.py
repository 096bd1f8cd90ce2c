"""A runner killed in the middle of its work: the next one looks and says what is there, and the run ends right."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import RunnerError
from dixis_tui.model import MigrationState, Phase, PhaseState, Recovery, Verdict
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.audit_run import verify_run
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live, look
from dixis_tui.run.spawn import resume
from dixis_tui.run.state import RunState
from dixis_tui.settings import Settings
from tests.run.conftest import MIGRATIONS, Begin, Hand, settings_for, write_project
from tests.waiting import until

SLOW = "SELECT pg_sleep(60);"
NAMES = list(MIGRATIONS)


def kill(hand: Hand) -> None:
    """As the kernel would."""
    pid = hand.look().run.pid  # type: ignore[union-attr]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not live(hand.folder), 10, "the runner to be gone")


def killed_when(hand: Hand, condition: Callable[[RunState], object], what: str) -> None:
    """Kill the runner as soon as its journal says so."""
    hand.wait(condition, what)
    kill(hand)


class Evening:
    """One run with whatever runners it has."""

    def __init__(self, begin: Begin, settings: Settings, database: DatabaseUrl) -> None:
        self._settings = settings
        self.database = database
        self.hand = begin(settings)

    def taken_up(self) -> RunState:
        """Another runner for the same run; the state once it has looked."""
        resume(self.hand.folder, self._settings, {"DATABASE_URL": self.database.raw.reveal()}, "Νίκος").wait()
        return self.hand.wait(lambda state: state.resumed and not state.must_look, "the look", 20)

    def value(self, sql: str) -> object:
        """Asked of production by somebody else."""
        with connect(self.database, purpose="test") as session:
            return session.value(sql)  # type: ignore[arg-type]

    def applied(self) -> list[str]:
        """Finished rows of the history, in order."""
        with connect(self.database, purpose="test") as session:
            names = session.value(
                "SELECT array_agg(migration_name ORDER BY started_at) FROM _prisma_migrations "
                "WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"
            )
        return list(names or [])


Start = Callable[..., Evening]


@pytest.fixture
def evening(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> Iterator[Start]:
    """Starts a run on these migrations."""
    started: list[Evening] = []

    def start(migrations: dict[str, str] = MIGRATIONS) -> Evening:
        started.append(Evening(begin, settings_for(write_project(tmp_path / "shop", migrations)), database))
        return started[-1]

    yield start
    for one in started:
        found = verify_run(one.hand.folder)
        assert found.verifies, found.flaws


def to_go(hand: Hand) -> None:
    """Sealed, without a rehearsal: what is tried here comes after it."""
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    for code in ("DX114", "DX300", "DX501"):
        assert hand.send(cmd.Waive(code=code, operator="Ελένη", reason="a test")) == ""
    hand.seal()
    assert hand.look().plan is not None, hand.state.phase(Phase.GO).reason


def finish(hand: Hand) -> RunState:
    """From an applied plan to the sign-off."""
    hand.do(Phase.VERIFY)
    assert hand.send(cmd.SignOff(operator="Νίκος")) == "", policy.closed_gates(hand.state)
    return hand.wait(lambda state: state.ended, "its end")


def test_before_the_phrase_the_phases_go_on(evening: Start) -> None:
    one = evening()
    one.hand.ended(Phase.PREFLIGHT)
    one.hand.answer_everything()
    assert one.hand.send(cmd.StartPhase(phase=Phase.BACKUP)) == ""
    killed_when(one.hand, lambda state: state.running is Phase.BACKUP, "the backup")
    found = look(one.hand.folder)
    assert (found.verdict, found.live) == (Verdict.INTERRUPTED, False)
    state = one.taken_up()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.UNTOUCHED
    assert state.phase(Phase.BACKUP).state is PhaseState.FAILED
    assert "runner died" in state.phase(Phase.BACKUP).reason
    assert state.check("DX131").open, "what a person answered stands"
    to_go_after = one.hand
    to_go_after.do(Phase.BACKUP)
    for code in ("DX114", "DX300"):
        assert one.hand.send(cmd.Waive(code=code, operator="Ελένη", reason="a test")) == ""
    one.hand.seal()
    assert one.hand.confirm() == ""
    one.hand.ended(Phase.VERIFY)
    assert one.hand.send(cmd.SignOff(operator="Νίκος")) == ""
    assert one.hand.wait(lambda state: state.ended, "its end").verdict is Verdict.DONE
    assert one.applied() == NAMES


def test_killed_in_the_middle_of_a_statement(evening: Start) -> None:
    slow = MIGRATIONS | {NAMES[1]: MIGRATIONS[NAMES[1]] + SLOW}
    one = evening(slow)
    to_go(one.hand)
    assert one.hand.confirm() == ""
    killed_when(one.hand, lambda state: _statement(state, NAMES[1]) == 2, "the slow statement")
    assert look(one.hand.folder).verdict is Verdict.UNKNOWN
    state = one.taken_up()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.UNFINISHED, state.recovery
    assert [view.state for view in state.migrations.values()] == [
        MigrationState.APPLIED,
        MigrationState.FAILED,
        MigrationState.PENDING,
        MigrationState.PENDING,
    ]
    assert one.hand.confirm() != "", "the phrase was taken"
    wrong = cmd.Resolve(migration=NAMES[1], applied=True, phrase="DIXIS-ROLLBACK-OK", operator="Νίκος")
    assert one.hand.send(wrong) == ""
    one.hand.wait(lambda state: any("can't be marked as applied" in note.text for note in state.notes), "its refusal")
    right = cmd.Resolve(migration=NAMES[1], applied=False, phrase="DIXIS-ROLLBACK-OK", operator="Νίκος")
    assert one.hand.send(right) == ""
    state = one.hand.wait(lambda state: state.go_again, "the rest to be offered")
    assert policy.current_phase(state) is Phase.GO
    one.hand.seal()
    assert one.hand.look().plan is not None, one.hand.state.phase(Phase.GO).reason
    assert one.hand.confirm() == ""
    killed_when(one.hand, lambda state: _statement(state, NAMES[1]) == 2, "the slow statement again")
    state = one.taken_up()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.UNFINISHED
    assert one.hand.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος")) == ""
    one.hand.ended(Phase.ROLLBACK)
    assert one.hand.send(cmd.SignOff(operator="Νίκος")) == ""
    assert one.hand.wait(lambda state: state.ended, "its end").verdict is Verdict.ROLLED_BACK
    assert one.value("SELECT to_regclass('\"Farm\"') IS NULL") is True


def _statement(state: RunState, name: str) -> int:
    view = state.migrations.get(name)
    return view.statement.number if view and view.statement and view.state is MigrationState.RUNNING else 0


def test_the_rest_is_sealed_and_confirmed_anew(evening: Start) -> None:
    one = evening(
        MIGRATIONS | {NAMES[1]: 'ALTER TABLE "Farm" ADD COLUMN region text; ALTER TABLE aside.old ADD COLUMN b int;'}
    )
    with connect(one.database, purpose="test") as other:
        other.execute("CREATE SCHEMA aside CREATE TABLE old (a int)")
        other.execute("BEGIN")
        other.execute("SELECT a FROM aside.old")
        to_go(one.hand)
        until(lambda: other.value("SELECT clock_timestamp() - now() > interval '1.5 s'"), 10, "it to be an older one")
        # The second file waits for this older transaction: between two files nothing is under way.
        assert one.hand.confirm() == ""
        killed_when(one.hand, lambda state: state.waited and state.waited.name == NAMES[1], "the second file to wait")
        other.execute("COMMIT")
    assert one.applied() == NAMES[:1]
    state = one.taken_up()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.REST, state.recovery
    assert policy.current_phase(state) is Phase.GO
    assert "No plan is sealed" in one.hand.confirm()
    one.hand.seal()
    assert one.hand.look().plan is not None, one.hand.state.phase(Phase.GO).reason
    assert ("Migrations", "3 pending") in [(label, value[:9]) for label, value in one.hand.state.plan.lines]
    assert one.hand.confirm() == ""
    one.hand.ended(Phase.VERIFY)
    assert one.hand.send(cmd.SignOff(operator="Νίκος")) == "", policy.closed_gates(one.hand.state)
    assert one.hand.wait(lambda state: state.ended, "its end").verdict is Verdict.DONE
    assert one.applied() == NAMES
    assert one.value('SELECT count(*) FROM "Farm"') == 100, "the first file ran once"


def test_a_migration_that_was_stopped_goes_on_with_the_rest(evening: Start) -> None:
    """No runner died: half way is half way, and a look says that nothing is half done."""
    one = evening(
        MIGRATIONS | {NAMES[1]: 'ALTER TABLE "Farm" ADD COLUMN region text; ALTER TABLE aside.old ADD COLUMN b int;'}
    )
    hand = one.hand
    with connect(one.database, purpose="test") as other:
        other.execute("CREATE SCHEMA aside CREATE TABLE old (a int)")
        other.execute("BEGIN")
        other.execute("SELECT a FROM aside.old")
        to_go(hand)
        assert "nothing to recover" in hand.send(cmd.Recover())
        until(lambda: other.value("SELECT clock_timestamp() - now() > interval '1.5 s'"), 10, "it to be an older one")
        assert hand.confirm() == ""
        hand.wait(lambda state: state.waited and state.waited.name == NAMES[1], "the second file to wait")
        assert hand.send(cmd.Stop(operator="Νίκος")) == ""
        state = hand.ended(Phase.MIGRATE)
        other.execute("COMMIT")
    assert policy.half_way(state)
    assert hand.send(cmd.Recover()) == ""
    state = hand.wait(lambda state: state.recovery, "the look")
    assert state.recovery.outcome is Recovery.REST  # type: ignore[union-attr]
    assert state.plan is None, "what was sealed is no plan any more"
    assert "No plan is sealed" in hand.confirm()
    hand.seal()
    assert hand.confirm() == ""
    hand.ended(Phase.VERIFY)
    assert hand.send(cmd.SignOff(operator="Νίκος")) == ""
    assert hand.wait(lambda state: state.ended, "its end").verdict is Verdict.DONE
    assert one.applied() == NAMES


def test_all_applied_and_only_the_look_is_missing(evening: Start) -> None:
    one = evening()
    to_go(one.hand)
    assert one.hand.confirm() == ""
    one.hand.ended(Phase.VERIFY)
    kill(one.hand)
    state = one.taken_up()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.APPLIED
    assert policy.phase_state(state, Phase.MIGRATE) is PhaseState.PASSED
    assert finish(one.hand).verdict is Verdict.DONE
    assert one.applied() == NAMES


def test_a_session_that_is_still_at_work_is_waited_for(evening: Start) -> None:
    one = evening()
    to_go(one.hand)
    assert one.hand.confirm() == ""
    one.hand.ended(Phase.VERIFY)
    kill(one.hand)
    with connect(one.database, purpose=f"migrate {one.hand.folder.name}") as left:
        state = one.taken_up()
        assert state.recovery is not None
        assert state.recovery.outcome is Recovery.AT_WORK
        assert [peer.pid for peer in state.recovery.sessions] == [left.pid]
        refused = one.hand.send(cmd.StartPhase(phase=Phase.VERIFY))
        assert "still at work" in refused
    assert one.hand.send(cmd.Recover()) == ""
    state = one.hand.wait(lambda state: state.recovery.outcome is not Recovery.AT_WORK, "another look")
    assert finish(one.hand).verdict is Verdict.DONE


def test_asked_to_end_it_leaves_the_run_open(evening: Start) -> None:
    one = evening()
    one.hand.ended(Phase.PREFLIGHT)
    one.hand.answer_everything()
    os.kill(one.hand.look().run.pid, signal.SIGTERM)  # type: ignore[union-attr]
    one.hand.wait(lambda state: state.left, "its leave")
    until(lambda: not live(one.hand.folder), 10, "the runner to be gone")
    assert look(one.hand.folder).verdict is Verdict.INTERRUPTED
    state = one.taken_up()
    assert state.left is None
    assert look(one.hand.folder).live


def test_who_may_not_be_taken_up(evening: Start) -> None:
    one = evening()
    one.hand.ended(Phase.PREFLIGHT)
    with pytest.raises(RunnerError, match="under way"):
        one.taken_up()
    assert one.hand.send(cmd.End()) == ""
    one.hand.wait(lambda state: state.ended, "its end")
    until(lambda: not live(one.hand.folder), 10, "the runner to be gone")
    with pytest.raises(RunnerError, match="has ended"):
        one.taken_up()
    assert (one.hand.folder / JOURNAL).exists()


def test_a_cut_last_line_is_dropped_and_said(evening: Start) -> None:
    one = evening()
    one.hand.ended(Phase.PREFLIGHT)
    kill(one.hand)
    journal = one.hand.folder / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"number":')
    state = one.taken_up()
    assert state.resumed is not None
    assert state.resumed.cut_bytes == 10
    assert isinstance(read(journal)[-1].event, ev.RecoverySeen)
