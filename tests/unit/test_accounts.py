"""Who may ask what: whatever the state of a run, another account watches, and at most approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui import events as ev
from dixis_tui.model import Phase, Way
from dixis_tui.notice import NoticeKind
from dixis_tui.run import accounts, policy
from dixis_tui.run import commands as cmd
from dixis_tui.run.accounts import FIRST_STANDS, Account, Asker, has_seat, refusal_for, standing
from dixis_tui.run.state import Entry, RunState, fold
from tests.unit.examples import EVENTS, STARTED

NOW = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
MARIA, NIKOS = Account(1000, "maria"), Account(1001, "nikos")
ROOT, NAMELESS = Account(0, "root"), Account(100_001)
CONFIRM = cmd.Confirm(phrase="DIXIS-PROD-OK", operator="Νίκος", digest="a" * 64)
COMMANDS: tuple[cmd.Command, ...] = (
    *(cmd.StartPhase(phase=phase) for phase in Phase),
    cmd.Tick(code="DX131", operator="x"),
    cmd.Tick(code="DX131", operator="x", on=False),
    cmd.Waive(code="DX501", operator="x", reason="because"),
    cmd.Seal(),
    CONFIRM,
    msgspec.structs.replace(CONFIRM, digest="b" * 64),
    *(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="x", way=way) for way in Way),
    cmd.NameSnapshot(id="x", taken_at=NOW, where="x", operator="x"),
    cmd.LookBack(),
    cmd.Resolve(migration="x", applied=True, phrase="DIXIS-ROLLBACK-OK", operator="x"),
    cmd.Drill(operator="x"),
    cmd.Stop(operator="x"),
    cmd.Stop(operator="x", now=True),
    cmd.Recover(),
    cmd.Leave(reason="x"),
    cmd.SignalBackend(pid=1, how="terminate", typed="1", operator="x"),
    cmd.LookAtGithub(),
    cmd.DispatchClinic(operator="x"),
    cmd.ReviewDeployment(environment="production", approve=True, comment="x", operator="x"),
    cmd.CancelWorkflow(operator="x"),
    cmd.SendNotice(kind=NoticeKind.BEFORE, operator="x"),
    cmd.Reopen(operator="x"),
    cmd.EndAfter(operator="x"),
    cmd.SignOff(operator="x"),
    cmd.End(),
)


def first(digest: str = "a" * 64, account: Account = MARIA) -> ev.FirstConfirmed:
    return ev.FirstConfirmed(operator="Μαρία", account=str(account), digest=digest)


def state_with(*, second: bool = True, **changes: object) -> RunState:
    """A run whose plan is sealed and confirmed by the first, but for what is changed."""
    run = msgspec.structs.replace(STARTED, second_operator=second)
    plan = ev.PlanSealed(hash="aaaa·aaaa", digest="a" * 64, lines=[])
    fields = {"run": run, "plan": plan, "first_confirmed": first(), "first_confirmed_at": NOW, "started": NOW}
    return msgspec.structs.replace(RunState(), **(fields | changes))


def test_every_command_is_tried() -> None:
    assert {type(command) for command in COMMANDS} == set(cmd.Command.__args__)


PEOPLE = (MARIA, NIKOS, ROOT, NAMELESS, Account(1000), Account(1001, "maria"))
AGES = (timedelta(), FIRST_STANDS / 2, FIRST_STANDS, -FIRST_STANDS)
SEALED = (None, *(ev.PlanSealed(hash="x", digest=digest, lines=[]) for digest in ("a" * 64, "b" * 64)))
FIRSTS = (None, first(), first("b" * 64), first(account=NIKOS), first(account=ROOT))
people = st.sampled_from(PEOPLE)


def assert_let_through_rightly(state: RunState, command: cmd.Command, account: Account) -> None:
    """What another account was allowed is the second half of what the first confirmed, and nothing else."""
    assert isinstance(command, cmd.Confirm)
    assert state.run is not None
    assert state.run.second_operator
    assert account.uid != 0
    assert account.name
    waiting, at = state.first_confirmed, state.first_confirmed_at
    assert waiting is not None
    assert at is not None
    assert abs(NOW - at) < FIRST_STANDS
    assert waiting.account != str(account)
    assert state.plan is not None
    assert command.digest == waiting.digest == state.plan.digest


@pytest.mark.parametrize("account", PEOPLE, ids=str)
def test_another_account_gets_nothing_but_an_approval(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every combination of what matters, where nothing else stands in the way: the rule has to hold alone."""
    monkeypatch.setattr(policy, "refusal", lambda *_: "")
    let_through = 0
    for second, plan, waiting, age in product((True, False), SEALED, FIRSTS, AGES):
        state = state_with(second=second, plan=plan, first_confirmed=waiting, first_confirmed_at=NOW - age)
        for command, owner in product(COMMANDS, (MARIA, NIKOS)):
            if account.uid != owner.uid and not refusal_for(state, command, Asker(account, owner), NOW):
                assert_let_through_rightly(state, command, account)
                let_through += 1
    assert bool(let_through) == (account.uid != 0 and bool(account.name)), "who may approve can"


@st.composite
def states(draw: st.DrawFn) -> RunState:
    """Any that a journal can lead to."""
    events = draw(st.lists(st.sampled_from(EVENTS), max_size=20))
    begun = (msgspec.structs.replace(STARTED, second_operator=draw(st.booleans())), *events)
    return fold(Entry(number, NOW, event) for number, event in enumerate(begun, 1))


@given(states(), st.sampled_from(COMMANDS), people, people)
def test_no_journal_opens_more(state: RunState, command: cmd.Command, account: Account, owner: Account) -> None:
    if account.uid != owner.uid and not refusal_for(state, command, Asker(account, owner), NOW):
        assert_let_through_rightly(state, command, account)
        assert policy.refusal(state, command) == ""


@given(states(), st.sampled_from(COMMANDS), people)
def test_the_owner_is_as_free_as_without_anybody_else(state: RunState, command: cmd.Command, owner: Account) -> None:
    """But for one thing: a phrase that waits for the second person is not taken twice."""
    refused = refusal_for(state, command, Asker(owner, owner), NOW)
    waits = isinstance(command, cmd.Confirm) and accounts.needs_second(state) and standing(state, NOW) is not None
    if not waits:
        assert refused == policy.refusal(state, command)
    else:
        assert refused


@pytest.fixture
def open_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "refusal", lambda *_: "")


@pytest.mark.usefixtures("open_gates")
@pytest.mark.parametrize(
    ("state", "command", "account", "said"),
    [
        (state_with(), CONFIRM, NIKOS, ""),
        (state_with(second=False), CONFIRM, NIKOS, "only be watched"),
        (state_with(), cmd.Seal(), NIKOS, "only be watched"),
        (state_with(), CONFIRM, ROOT, "root is nobody's account"),
        (state_with(), CONFIRM, NAMELESS, "Account 100001 has no name"),
        (state_with(first_confirmed=None), CONFIRM, NIKOS, "comes after the first"),
        (state_with(plan=None), CONFIRM, NIKOS, "comes after the first"),
        (state_with(first_confirmed=first("b" * 64)), CONFIRM, NIKOS, "comes after the first"),
        (state_with(first_confirmed_at=NOW - FIRST_STANDS), CONFIRM, NIKOS, "comes after the first"),
        (state_with(first_confirmed_at=NOW + timedelta(hours=1)), CONFIRM, NIKOS, "comes after the first"),
        (state_with(first_confirmed_at=NOW - FIRST_STANDS + timedelta(seconds=1)), CONFIRM, NIKOS, ""),
        (state_with(first_confirmed=first(account=NIKOS)), CONFIRM, NIKOS, "has another account"),
        (state_with(), msgspec.structs.replace(CONFIRM, digest="b" * 64), NIKOS, "confirmed another plan"),
        (state_with(), CONFIRM, MARIA, "a second person types it too"),
        (state_with(first_confirmed=None), CONFIRM, MARIA, ""),
        (state_with(first_confirmed_at=NOW - FIRST_STANDS), CONFIRM, MARIA, ""),
        (state_with(), cmd.Rollback(phrase="x", operator="x"), MARIA, ""),
        (state_with(), cmd.Rollback(phrase="x", operator="x"), NIKOS, "only be watched"),
    ],
)
def test_each_refusal_has_its_sentence(state: RunState, command: cmd.Command, account: Account, said: str) -> None:
    refused = refusal_for(state, command, Asker(account, MARIA), NOW)
    assert said in refused if said else refused == ""


@pytest.mark.usefixtures("open_gates")
def test_the_closed_gate_is_closed_to_the_second_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "refusal", lambda *_: "The gate is closed.")
    assert refusal_for(state_with(), CONFIRM, Asker(NIKOS, MARIA), NOW) == "The gate is closed."


@pytest.mark.parametrize(
    "event",
    [
        ev.PhaseStarted(phase=Phase.GO),
        ev.PhaseStarted(phase=Phase.BACKUP),
        ev.PlanSealed(hash="aaaa·aaaa", digest="a" * 64, lines=[]),
        ev.FirstVoided(reason="taken back", taken_back=True),
        ev.RunnerResumed(operator="x", host="x", pid=1, version="x"),
        ev.Confirmed(operator="x", digest="a" * 64),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_ends_the_wait(event: ev.Event) -> None:
    before = state_with()
    assert standing(before, NOW) is not None
    after = fold([Entry(2, NOW, event)], before)
    assert after.first_confirmed is None
    assert standing(after, NOW) is None


def test_no_account_takes_anothers_place() -> None:
    assert has_seat([], 1, 0)
    assert not has_seat([1] * 20, 1, 0)
    assert has_seat([1] * 20, 2, 0), "one who holds all of theirs keeps nobody out"
    crowd = [uid for uid in range(1, 6) for _ in range(20)]
    assert not has_seat(crowd, 99, 0)
    assert has_seat(crowd, 0, 0), "the owner always gets in"
    assert has_seat([0] * 500, 1, 0), "the owner's screens take no watcher's place"
