"""A run driven by any commands in any order, against gates that are counted here once more, in another way."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationFile, MigrationState, Phase, PhaseState, Place, Verdict
from dixis_tui.plan.checks import CATALOGUE, SPECS, key_of, of_phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import CheckView, Entry, RunState, apply
from tests.unit.examples import BACKUP, IDENTITY, START, STARTED

GOOD = st.sampled_from([CheckState.PASSED, CheckState.PASSED, CheckState.WARNED])
MIXED = st.sampled_from([CheckState.PASSED] * 6 + [CheckState.WARNED, CheckState.FAILED, CheckState.UNKNOWN])
MOODS = st.sampled_from([GOOD, GOOD, GOOD, MIXED])
CODES = st.sampled_from(sorted(SPECS))
PEOPLE = st.sampled_from([spec.code for spec in CATALOGUE if spec.person])
BEFORE_GO = [Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.BANNER]
REACHED: set[str] = set()
"""How far the evenings came, so that the machine can't pass by never trying."""
LET_PASS = {CheckState.PASSED, CheckState.WARNED, CheckState.WAIVED}


class Evening(RuleBasedStateMachine):
    """A runner that does what the policy lets it do, and finds whatever hypothesis wants it to find."""

    def __init__(self) -> None:
        super().__init__()
        self.state = RunState()
        self.backups = 0
        self.restored_backup = 0
        self.rehearsed_files: list[str] = []
        self.seen_files: list[str] = []
        self.answered: set[str] = set()
        self.waived: set[str] = set()
        self.production: list[str] = []

    def write(self, *events: ev.Event) -> None:
        for event in events:
            number = self.state.entries + 1
            before = self.state
            kept = msgspec.json.encode((before.run, before.identity, before.backup, before.plan, before.ended))
            checks, phases, migrations = dict(before.checks), dict(before.phases), dict(before.migrations)
            self.state = apply(self.state, Entry(number, START + timedelta(seconds=number), event))
            assert (checks, phases, migrations) == (before.checks, before.phases, before.migrations)
            assert kept == msgspec.json.encode((before.run, before.identity, before.backup, before.plan, before.ended))

    def allowed(self, command: cmd.Command) -> bool:
        refused = policy.refusal(self.state, command)
        assert refused == "" or refused.endswith("."), refused
        return not refused

    @initialize(start=st.sampled_from(["nothing", "nothing", "adopted", "ready", "ready", "migrated"]))
    def begin(self, start: str) -> None:
        self.write(STARTED)
        if start == "adopted":
            self.write(ev.BackupAdopted(run="earlier", identity=IDENTITY, backup=BACKUP))
        if start in ("ready", "migrated"):
            self.tick_all()
            self.preflight(None, ["a", "b"])
            self.backup(None)
            self.rehearsal(None)
        if start == "migrated":
            self.seal(None)
            self.confirm(None, "applied")

    # -- people

    @rule(code=PEOPLE, on=st.sampled_from([True, True, True, False]))
    def tick(self, code: str, on: bool) -> None:
        if self.allowed(cmd.Tick(code=code, operator="maria", on=on)):
            self.write(ev.Ticked(code=code, operator="maria", on=on))

    @rule()
    def tick_all(self) -> None:
        for spec in CATALOGUE:
            if spec.person:
                self.tick(spec.code, True)

    @rule(data=st.data())
    def go_on(self, data: st.DataObject | None) -> None:
        """Whatever the runbook wants next, so that evenings come far enough to go wrong late."""
        match policy.current_phase(self.state):
            case Phase.PREFLIGHT:
                self.preflight(data, ["a", "b"])
                self.tick_all()
            case Phase.BACKUP:
                self.backup(data)
            case Phase.REHEARSAL:
                self.rehearsal(data)
            case Phase.BANNER:
                self.tick_all()
            case Phase.GO:
                self.seal(data)
                self.confirm(data, "applied")
            case Phase.VERIFY:
                self.verify(data)

    @rule(code=CODES, reason=st.sampled_from(["agreed by phone", "", " "]))
    def waive(self, code: str, reason: str) -> None:
        allowed = self.allowed(cmd.Waive(code=code, operator="maria", reason=reason))
        assert not allowed or (SPECS[code].waivable and reason.strip())
        if allowed:
            self.write(ev.Waived(code=code, operator="maria", reason=reason))
            self.waived.add(code)
            assert all(view.state is CheckState.WAIVED for view in self.of_code(code))

    def of_code(self, code: str) -> list[CheckView]:
        return [view for view in self.state.checks.values() if view.code == code]

    # -- phases

    def work(self, phase: Phase, answers: st.DataObject | None, *between: ev.Event) -> None:
        codes = [spec.code for spec in of_phase(phase) if not spec.person]
        assert not (self.production and phase in (*BEFORE_GO, Phase.GO)), "that belongs before the phrase"
        self.write(ev.PhaseStarted(phase=phase, checks=[(code, "") for code in codes]))
        assert self.state.running is phase
        assert not self.allowed(cmd.StartPhase(phase=phase))
        assert not self.allowed(cmd.Seal())
        self.write(*between)
        # Other files than before: what was waived of the earlier ones is to be judged anew.
        self.waived -= {code for code in self.waived for view in self.of_code(code) if view.state is CheckState.WAITING}
        mood = answers.draw(MOODS, label="mood") if answers else GOOD
        for code in codes:
            found = answers.draw(mood, label=code) if answers else CheckState.PASSED
            waived = code in self.waived
            self.write(ev.CheckChanged(code=code, state=found, evidence=str(found)))
            view = self.state.check(code)
            # A waiver outlives another failure, and makes room for what passes.
            assert view.state is (CheckState.WAIVED if waived and found not in LET_PASS else found)
            if waived and found in LET_PASS:
                self.waived.discard(code)
        bad = any(SPECS[code].gate and not self.state.check(code).open for code in codes)
        self.write(
            ev.PhaseEnded(phase=phase, state=PhaseState.FAILED if bad else PhaseState.PASSED, seconds=1.0, reason="")
        )

    @rule(data=st.data(), files=st.sampled_from([["a"], ["a", "b"], ["a", "B"]]))
    def preflight(self, data: st.DataObject | None, files: list[str]) -> None:
        if self.allowed(cmd.StartPhase(phase=Phase.PREFLIGHT)):
            pending = [MigrationFile(name.lower(), name, name, 1) for name in files]
            self.work(Phase.PREFLIGHT, data, ev.PendingSeen(applied=1, pending=pending))
            self.seen_files = files

    @rule(data=st.data())
    def backup(self, data: st.DataObject | None) -> None:
        if self.allowed(cmd.StartPhase(phase=Phase.BACKUP)):
            self.work(Phase.BACKUP, data, ev.BackupMade(backup=BACKUP))
            self.backups += 1

    @rule(data=st.data())
    def rehearsal(self, data: st.DataObject | None) -> None:
        if self.allowed(cmd.StartPhase(phase=Phase.REHEARSAL)):
            restored = ev.BackupRestored(place=Place.STAGING, where="staging", seconds=1.0, tables=1, rows=5)
            ran = [ev.MigrationEnded(name=name.lower(), place=Place.STAGING, seconds=1.0) for name in self.seen_files]
            self.work(Phase.REHEARSAL, data, restored, *ran)
            self.restored_backup, self.rehearsed_files = self.backups, self.seen_files

    @rule(data=st.data())
    def seal(self, data: st.DataObject | None) -> None:
        if self.allowed(cmd.Seal()):
            self.work(Phase.GO, data, ev.PlanSealed(hash="x", digest="x", lines=[]))

    @rule(data=st.data(), how=st.sampled_from(["applied", "failed", "lost", "stopped"]))
    def confirm(self, data: st.DataObject | None, how: str) -> None:
        if not self.allowed(cmd.Confirm(phrase="x", operator="maria", digest="x")):
            return
        self.every_gate_is_open()
        self.write(ev.Confirmed(operator="maria", digest="x"))
        self.production.append("migrated")
        REACHED.add(how)
        names = [view.name for view in self.state.migrations.values()]
        events: list[ev.Event] = []
        for name in names if how != "stopped" else []:
            events.append(ev.MigrationStarted(name=name, place=Place.PRODUCTION))
            error = "" if how == "applied" else "error"
            events.append(
                ev.MigrationEnded(name=name, place=Place.PRODUCTION, seconds=1.0, error=error, unknown=how == "lost")
            )
            if error:
                break
        if how != "applied":
            events.append(ev.CheckChanged(code="DX600", state=CheckState.FAILED, evidence="not all applied"))
        self.work(Phase.MIGRATE, data, *events)

    @rule(data=st.data())
    def verify(self, data: st.DataObject | None) -> None:
        if self.allowed(cmd.StartPhase(phase=Phase.VERIFY)):
            assert self.production == ["migrated"]
            self.work(Phase.VERIFY, data)

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject | None) -> None:
        if self.allowed(cmd.Rollback(phrase="x", operator="maria")):
            assert self.state.backup
            assert self.state.phase(Phase.ROLLBACK).state is not PhaseState.PASSED or not self.state.rollback
            self.write(ev.RollbackConfirmed(operator="maria", sha256="x"))
            self.work(Phase.ROLLBACK, data)
            self.production.append("rolled back")
            REACHED.add("rolled back")

    @precondition(lambda self: self.production)
    @rule()
    def sign_off(self) -> None:
        if self.allowed(cmd.SignOff(operator="maria")):
            verdict = policy.verdict(self.state)
            assert verdict in (Verdict.DONE, Verdict.ROLLED_BACK) or self.waived
            self.write(ev.RunEnded(verdict=verdict, summary="signed off"))

    @precondition(lambda self: self.state.entries > 40)
    @rule(sure=st.sampled_from([False] * 9 + [True]))
    def end(self, sure: bool) -> None:
        if sure and self.allowed(cmd.End()):
            self.write(ev.RunEnded(verdict=policy.verdict(self.state), summary="ended"))

    # -- what holds at every moment

    def every_gate_is_open(self) -> None:
        """Counted over the catalogue, not by the policy's own way."""
        for phase in BEFORE_GO:
            key = key_of(phase)
            if key and self.state.check(key.code).state is CheckState.WAIVED:
                assert key.code in self.waived
                continue
            for spec in of_phase(phase):
                assert not spec.gate or self.state.check(spec.code).state in LET_PASS, spec.code
            assert phase is Phase.BANNER or self.state.phase(phase).attempts, phase
        if self.state.check("DX300").state is not CheckState.WAIVED:
            assert self.restored_backup == self.backups, "the present backup was never restored"
            assert self.rehearsed_files == self.seen_files, "other files were rehearsed"
        assert self.state.check("DX501").state in LET_PASS
        assert self.state.check("DX502").state in LET_PASS
        assert self.state.plan
        assert not self.production, "one phrase, one migration"
        assert not self.state.adopted

    @invariant()
    def closed_gates_and_the_phrase_agree(self) -> None:
        if not self.state.run:
            return
        may = self.allowed(cmd.Seal())
        assert not may or not policy.closed_gates(self.state)
        if policy.closed_gates(self.state) and not self.state.running:
            assert not self.allowed(cmd.Confirm(phrase="x", operator="maria", digest="x"))
        for gate in policy.closed_gates(self.state):
            assert gate.title
            assert gate.state not in LET_PASS

    @invariant()
    def the_verdict_tells_the_truth(self) -> None:
        verdict = policy.verdict(self.state)
        if not self.production:
            assert verdict in (Verdict.CLOSED, Verdict.ABANDONED, Verdict.CHECKED)
            assert not policy.production_changed(self.state)
            return
        assert verdict not in (Verdict.CLOSED, Verdict.ABANDONED, Verdict.CHECKED)
        if verdict is Verdict.ROLLED_BACK:
            assert self.production[-1] == "rolled back"
        if verdict is Verdict.DONE:
            assert self.production == ["migrated"]
            migrations = self.state.migrations.values()
            assert all(view.state is not MigrationState.UNKNOWN and not view.error for view in migrations)

    @invariant()
    def after_the_end_nothing_is_allowed(self) -> None:
        if self.state.ended:
            assert not self.allowed(cmd.End())
            assert not self.allowed(cmd.Tick(code="DX131", operator="maria"))
            assert self.state.ended.verdict is self.state.verdict is policy.seen_verdict(self.state, live=False)

    @invariant()
    def a_run_always_stands_somewhere(self) -> None:
        assert isinstance(policy.current_phase(self.state), Phase)
        assert policy.seen_verdict(self.state, live=True) is self.state.verdict


def test_any_order_of_commands() -> None:
    REACHED.clear()
    run_state_machine_as_test(Evening, settings=settings(max_examples=100, stateful_step_count=20, deadline=None))
    assert {"applied", "rolled back"} <= REACHED
