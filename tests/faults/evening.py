"""One evening on a database of its own: a run from its first check to its sign-off, taken up again whenever it died.

What the database itself says is asked here with psycopg and SQL of the test's own: the product's word is on trial.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from msgspec import Struct

from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Recovery, Verdict
from dixis_tui.plan.checks import CATALOGUE
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy, spawn
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live, look
from dixis_tui.run.state import RunState, fold
from dixis_tui.settings import Settings
from tests.faults.strike import gone
from tests.run.conftest import Hand
from tests.waiting import until

ONE, TWO, THREE = "20260101000000_one", "20260102000000_two", "20260103000000_three"
MIGRATIONS = {
    ONE: f"CREATE TABLE ran (name text NOT NULL); INSERT INTO ran VALUES ('{ONE}');",
    TWO: f"ALTER TABLE ran ADD COLUMN two int; INSERT INTO ran VALUES ('{TWO}'); CREATE TABLE two (id int);",
    THREE: f"CREATE TABLE three (id int); INSERT INTO ran VALUES ('{THREE}');",
}
"""Each leaves its name once for every time that it ran, and something for the catalog to tell."""
OPERATOR = "Ελένη"
_UNCLEAR = (MigrationState.RUNNING, MigrationState.UNKNOWN)


class Seen(Struct, frozen=True):
    """What stands in the database: how often each migration ran, and its rows in the history."""

    ran: dict[str, int]
    finished: dict[str, int]
    unfinished: tuple[str, ...]


def ask(url: str) -> Seen:
    """Look, with plain SQL."""
    with psycopg.connect(url, connect_timeout=10, options="-c lock_timeout=10000") as connection:

        def tally(table: str, sql: str) -> dict[str, int]:
            there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
            return dict(connection.execute(sql).fetchall()) if there and there[0] else {}  # type: ignore[call-overload]

        rows = (
            "SELECT migration_name, count(*) FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS "
        )
        return Seen(
            tally("ran", "SELECT name, count(*) FROM ran GROUP BY name"),
            tally("_prisma_migrations", f"{rows} NOT NULL GROUP BY 1"),
            tuple(tally("_prisma_migrations", f"{rows} NULL GROUP BY 1")),
        )


class Evening:
    """A run, its databases and its operator. `short`: backup and rehearsal are waived."""

    def __init__(self, server: EmbeddedServer, settings: Settings, *, short: bool = False) -> None:
        name = f"night_{uuid.uuid4().hex[:10]}"
        for database in (name,) if short else (name, f"{name}_staging"):
            server.create_database(database)
        self.server = server
        self.settings = settings
        self.name = name
        self.short = short
        self.hand = Hand(Path())
        self.through = ""
        """Another URL by which the runner reaches the database."""

    @property
    def url(self) -> str:
        """Of the database; its port may change with a restart."""
        return self.server.url(self.name)

    @property
    def secrets(self) -> dict[str, str]:
        """What the runner is given."""
        staging = {} if self.short else {"STAGING_DATABASE_URL": self.server.url(f"{self.name}_staging")}
        return {"DATABASE_URL": self.through or self.url} | staging

    @property
    def journal(self) -> Path:
        """Of the present run."""
        return self.hand.folder / JOURNAL

    @property
    def pid(self) -> int:
        """The runner's."""
        state = self.hand.look()
        assert state.run is not None
        return state.run.pid

    def begin(self) -> None:
        """Start a run, as if nothing had been before."""
        self.hand = Hand(spawn.start(self.settings, self.secrets, OPERATOR).wait())

    def take_up(self) -> RunState:
        """Take up the run whose runner died, and let it look."""
        spawn.resume(self.hand.folder, self.settings, self.secrets, OPERATOR).wait()
        return self.hand.wait(lambda state: state.recovery and not state.running, "the look at what is left", 60)

    def recover(self) -> RunState:
        """Take the run up, and hold what it says against the database."""
        self.take_up()
        return self.look_again()

    def look_again(self, meanwhile: Callable[[Evening], None] = lambda _: None) -> RunState:
        """Until nothing of the dead runner is at work and production was seen; then the run has to say what is so."""
        state = self.hand.look()
        while state.recovery and state.recovery.outcome in (Recovery.AT_WORK, Recovery.UNKNOWN):
            # A backend takes a moment to see that its client is gone.
            before = state.recovery_at
            meanwhile(self)
            assert self._send(cmd.Recover()) == ""
            state = self.hand.wait(lambda state, then=before: state.recovery_at != then, "another look", 60)
        self.hold_against_the_database()
        return state

    def hold_against_the_database(self) -> None:
        """Nothing ran twice, and what the run says of each migration is so."""
        state, seen = fold(read(self.journal)), ask(self.url)
        assert all(count == 1 for count in seen.ran.values()), f"ran twice: {seen}"
        assert all(count == 1 for count in seen.finished.values()), f"twice in the history: {seen}"
        if state.confirmed is None and not live_before(self.hand.folder, state):
            assert seen == Seen({}, {}, ()), "something was written before the phrase"
        for name, view in state.migrations.items():
            told, there = view.state, name in seen.ran
            unclear = told in _UNCLEAR and (state.recovery is None or state.running)
            if told is MigrationState.FAILED and name in seen.unfinished:
                continue  # it is recorded as that, whatever of it is there
            assert unclear or (told is MigrationState.APPLIED) is there, f"{name} is told as {told}: {seen}"

    def hold_dead(self) -> None:
        """How the run shows to whoever comes, before anybody has taken it up."""
        found = look(self.hand.folder)
        assert not found.live
        assert found.state.ended is None
        begun = found.state.confirmed is not None
        assert found.verdict is (Verdict.UNKNOWN if begun else Verdict.INTERRUPTED)
        assert found.state.entries, "the chain does not verify"
        self.hold_against_the_database()

    def drive(self, goal: Callable[[RunState], object], seconds: float = 60) -> RunState:
        """Do what an operator does next, as the policy allows it, until the goal is reached."""
        deadline = time.monotonic() + seconds
        while not goal(state := self.hand.look()):
            assert time.monotonic() < deadline, f"not reached, and refused: {self.refusals(state)} {state.notes[-3:]}"
            if not live(self.hand.folder):
                assert self.hand.look().ended, (self.hand.folder / "runner.err").read_text()
                continue
            if state.running:
                until(lambda then=state.entries: self.hand.look().entries > then, 60, "the phase to go on")
                continue
            command = self.next_command(state)
            if command is None or self._send(command):
                soon = time.monotonic() + 0.2  # the runner is between two steps
                until(lambda then=state.entries, soon=soon: self.hand.look().entries > then or time.monotonic() > soon)
                continue
            if not isinstance(command, cmd.Tick | cmd.Waive):
                until(lambda then=state.entries: self.hand.look().entries > then, 60, f"{command} to begin")
        return state

    def next_command(self, state: RunState) -> cmd.Command | None:
        """The first of an operator's errands that the policy allows; None: none, as between two phases."""
        return next((one for one in self._errands(state) if not policy.refusal(state, one)), None)

    def refusals(self, state: RunState) -> dict[str, str]:
        """Why none of an operator's errands can be done."""
        return {str(one): policy.refusal(state, one) for one in self._errands(state)}

    def _errands(self, state: RunState) -> Iterator[cmd.Command]:
        if state.must_look:
            yield cmd.Recover()
        for name, view in state.migrations.items():
            if view.state in (MigrationState.FAILED, *_UNCLEAR) and name not in state.resolved:
                applied = name in ask(self.url).ran
                phrase = self.settings.confirm.rollback_phrase
                yield cmd.Resolve(migration=name, applied=applied, phrase=phrase, operator=OPERATOR)
        if state.confirmed is None:
            yield from self._before_go(state)
        if all(view.state is MigrationState.APPLIED for view in state.migrations.values()):
            if policy.phase_state(state, Phase.VERIFY) is PhaseState.PASSED:
                yield cmd.SignOff(operator=OPERATOR)
            yield cmd.StartPhase(phase=Phase.VERIFY)
        elif state.plan is None or state.phase(Phase.GO).state is not PhaseState.PASSED or _sealed_before(state):
            yield cmd.Seal()
        else:
            phrase = self.settings.confirm.phrase
            yield cmd.Confirm(phrase=phrase, operator=OPERATOR, digest=state.plan.digest)

    def _before_go(self, state: RunState) -> Iterator[cmd.Command]:
        if (
            policy.phase_state(state, Phase.PREFLIGHT) is not PhaseState.PASSED
            and state.phase(Phase.PREFLIGHT).state is not PhaseState.PASSED
        ):
            yield cmd.StartPhase(phase=Phase.PREFLIGHT)
        for spec in CATALOGUE:
            if spec.person and spec.phase is not Phase.ROLLBACK and not state.check(spec.code).open:
                yield cmd.Tick(code=spec.code, operator=OPERATOR)
        for phase, key in ((Phase.BACKUP, "DX200"), (Phase.REHEARSAL, "DX300")):
            if self.short and state.check(key).state is not CheckState.WAIVED:
                yield cmd.Waive(code=key, operator=OPERATOR, reason="a short evening")
            elif not self.short and policy.phase_state(state, phase) is not PhaseState.PASSED:
                yield cmd.StartPhase(phase=phase)

    def ready_for(self, phase: Phase) -> cmd.Command:
        """Do all that comes before a phase; the command that begins it, be it once more."""
        if self.over(phase):
            return cmd.Seal() if phase is Phase.GO else cmd.StartPhase(phase=phase)
        if phase is Phase.GO:
            return self._up_to(cmd.Seal)
        if phase is Phase.MIGRATE:
            return self._up_to(cmd.Confirm)
        if phase is Phase.PREFLIGHT:
            self.drive(lambda state: not state.running and state.phase(Phase.PREFLIGHT).attempts)
            return cmd.StartPhase(phase=phase)
        if phase is Phase.SIGNOFF:
            return self._up_to(cmd.SignOff)
        return self._up_to(cmd.StartPhase, phase)

    def pending(self) -> bool:
        """Whether some of the plan is still to come, by the database."""
        return set(ask(self.url).ran) != set(MIGRATIONS)

    def over(self, phase: Phase) -> bool:
        """Whether a phase is behind us, so that nothing begins it again."""
        state = self.hand.look()
        if phase is Phase.GO:
            return state.plan is not None and state.phase(phase).state is PhaseState.PASSED
        return phase is not Phase.PREFLIGHT and policy.phase_state(state, phase) is PhaseState.PASSED

    def _up_to(self, kind: type, phase: Phase | None = None) -> cmd.Command:
        def there(state: RunState) -> bool:
            if state.running or not state.phase(Phase.PREFLIGHT).attempts:
                return False
            command = self.next_command(state)
            return isinstance(command, kind) and getattr(command, "phase", None) is phase

        command = self.next_command(self.drive(there))
        assert command is not None
        return command

    def _send(self, command: cmd.Command) -> str:
        return self.hand.send(command)

    def start_phase(self, command: cmd.Command) -> None:
        """Send the command without waiting for its answer: who takes it may die of it, or stand still."""
        threading.Thread(target=self._send, args=(command,), daemon=True).start()

    def leave(self) -> None:
        """Let the runner go, where the run has come to a stand that only a look from outside resolves."""
        pid = self.pid
        assert self._send(cmd.Leave(reason="to be looked at anew")) == ""
        until(lambda: gone(pid), 30, "the runner to leave")

    def kill(self) -> None:
        """kill -9 of the runner, whatever it is at."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid), 10, "its death")

    def may_be_unknown(self) -> bool:
        """Whether the phrase was taken, and the runner can't say that all is in and the history agrees."""
        state = self.hand.wait(lambda state: not state.running, "the end of what runs")
        return state.confirmed is not None and policy.phase_state(state, Phase.MIGRATE) is not PhaseState.PASSED

    def recovered(self) -> None:
        """Whatever it was: taken up again where its runner is dead, or can't tell what it did."""
        if live(self.hand.folder):
            unknown = self.may_be_unknown()
            self.hold_against_the_database()
            if not unknown:
                return
            self.leave()
        self.hold_dead()
        self.recover()

    def finish(self) -> RunState:
        """Bring the run to its right end: all is in, once, verified and signed off."""
        state = self.drive(lambda state: state.ended)
        assert state.ended is not None
        assert state.ended.verdict is Verdict.DONE
        self.hold_against_the_database()
        seen, all_once = ask(self.url), dict.fromkeys(MIGRATIONS, 1)
        assert seen == Seen(all_once, all_once, ())
        return state

    def end(self) -> None:
        """Kill what is left of it, and drop its databases."""
        if self.hand.folder != Path() and live(self.hand.folder):
            if self.hand.look().running:
                self._send(cmd.Stop())
                self.hand.wait(lambda state: not state.running, "the end of what runs")
            self._send(cmd.End())
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            for database in (self.name, f"{self.name}_staging"):
                connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")  # type: ignore[call-overload]


def _sealed_before(state: RunState) -> bool:
    """Whether the plan is that of the runner that died: a part of it is in."""
    sealed = state.phase(Phase.GO).started
    return bool(state.go_again and sealed and state.recovery_at and sealed < state.recovery_at)


def live_before(folder: Path, state: RunState) -> bool:
    """Whether an earlier run had the phrase on this database already."""
    return state.applied_before is not None and state.applied_before > 0
