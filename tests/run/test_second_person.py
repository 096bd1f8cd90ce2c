"""Other accounts on a real run: what they see, what they may not do, and the one thing that they may."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import cycle
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState, Place
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, policy
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from dixis_tui.run.state import RunState
from dixis_tui.settings import ConfirmSettings, Settings, WatchSettings
from tests.accounts import (
    ANOTHER_IN_THE_GROUP,
    GROUP,
    IN_THE_GROUP,
    NAMELESS,
    OUTSIDE,
    Somebody,
    as_somebody,
    needs_root,
)
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.unit.served import Hand as BareHand
from tests.unit.test_accounts import COMMANDS
from tests.waiting import until

PHRASE = "DIXIS-PROD-OK"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others can get to; pytest's own let nobody pass. It outlives the runs in it."""
    needs_root()
    with tempfile.TemporaryDirectory(prefix="dx-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        for run in Path(folder).glob("dixis-tui/runs/*"):
            until(partial(_gone, run), 30, "the runner to be gone before its folder is")


def _gone(run: Path) -> bool:
    return not live(run)


@pytest.fixture(autouse=True)
def state_home(open_folder: Path, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs of `begin` are, instead of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(open_folder))
    return open_folder


def shared(settings: Settings, *, second: bool) -> Settings:
    """The same settings with a group that may watch."""
    confirm = ConfirmSettings(second_operator=second)
    return msgspec.structs.replace(settings, watch=WatchSettings(group=GROUP), confirm=confirm)


@pytest.fixture
def hand(begin: Begin, tmp_path: Path) -> Hand:
    """A run that needs a second person, its plan sealed."""
    started = begin(shared(settings_for(write_project(tmp_path / "shop")), second=True))
    state = started.to_go(rehearsed=False)
    assert state.plan is not None
    assert ("2nd person", "needed") in state.plan.lines
    return started


def asked(who: Somebody, folder: Path, *commands: cmd.Command) -> list[str]:
    """What the runner answers to each command of that account."""

    def talk() -> list[str]:
        with BareHand(folder) as bare:
            return [bare.ask(command) for command in commands]

    return as_somebody(who, talk)


def asked_at_once(who: Somebody, folder: Path, *commands: cmd.Command) -> list[str]:
    """The same on ten lines: on one line of another account the runner takes a fifth of a second for each."""

    def talk() -> list[str]:
        with ExitStack() as stack:
            peers = [stack.enter_context(BareHand(folder)) for _ in range(10)]
            for peer, command in zip(cycle(peers), commands, strict=False):
                peer.post(command)
            return [peer.answer() for peer, _ in zip(cycle(peers), commands, strict=False)]

    return as_somebody(who, talk)


def confirm_of(state: RunState, phrase: str = PHRASE, digest: str = "") -> cmd.Confirm:
    """The second person's command."""
    sealed = state.plan.digest if state.plan else ""
    return cmd.Confirm(phrase=phrase, operator="Νίκος", digest=digest or sealed)


def first_confirms(hand: Hand) -> RunState:
    """The operator types the phrase, and it is taken."""
    assert hand.confirm() == ""
    state = hand.wait(lambda state: state.first_confirmed, "the first confirmation")
    assert_nothing_done(hand)
    return state


def assert_nothing_done(hand: Hand) -> None:
    state = hand.look()
    assert state.confirmed is None
    assert not state.phase(Phase.MIGRATE).attempts
    entries = [entry.event for entry in read(hand.folder / folders.JOURNAL)]
    started = [event for event in entries if isinstance(event, ev.MigrationStarted)]
    assert all(event.place is not Place.PRODUCTION for event in started)


def reached(folder: Path) -> list[str]:
    """What the process that runs this can read, write or connect to in and above a run's folder."""
    found = []
    for top in (folder, *folder.parents[:2]):
        try:
            paths = sorted(top.iterdir())
        except PermissionError:
            continue
        found += [f"{top.name}/" if top == folder else f"lists {top.name}"]
        for path in paths:
            kinds = [kind for kind, flag in (("r", os.R_OK), ("w", os.W_OK), ("x", os.X_OK)) if os.access(path, flag)]
            if kinds:
                found.append(f"{path.name} {''.join(kinds)}")
        if os.access(top, os.W_OK):
            found.append(f"writes {top.name}")
    return found


def test_who_is_outside_the_group_cannot_even_read(hand: Hand) -> None:
    assert as_somebody(OUTSIDE, lambda: reached(hand.folder)) == []

    def denied() -> list[str]:
        problems = []
        for name in (folders.JOURNAL, folders.LOG):
            try:
                (hand.folder / name).read_bytes()
            except PermissionError as error:
                problems.append(str(error.strerror))
        try:
            BareHand(hand.folder)
        except PermissionError as error:
            problems.append(str(error.strerror))
        return problems

    assert as_somebody(OUTSIDE, denied) == ["Permission denied"] * 3


def test_who_is_in_the_group_reads_journal_and_log_and_nothing_else(hand: Hand, state_home: Path) -> None:
    """After a whole way to the go: backup, its manifest, the runner's output and the locks stay the owner's."""
    hand.do(Phase.REHEARSAL)
    seen = as_somebody(IN_THE_GROUP, lambda: reached(hand.folder))
    assert seen == [f"{hand.folder.name}/", "journal.jsonl r", "run.log r", "runner.sock rw"]
    everything = list(state_home.rglob("*"))
    assert len(everything) > 10, "there has to be something to keep private"
    opened = {path.name: oct(path.stat().st_mode & 0o777) for path in everything if path.stat().st_mode & 0o077}
    assert opened == {
        "dixis-tui": "0o710",
        "runs": "0o710",
        hand.folder.name: "0o750",
        folders.JOURNAL: "0o640",
        folders.LOG: "0o640",
        folders.SOCKET: "0o660",
    }
    assert stat.S_IMODE((hand.folder / folders.SOCKET).stat().st_mode) == 0o660
    lines = as_somebody(IN_THE_GROUP, lambda: len(read(hand.folder / folders.JOURNAL)))
    assert lines == len(read(hand.folder / folders.JOURNAL))


@pytest.mark.parametrize("second", [False, True])
def test_nothing_but_an_approval_is_taken_from_another_account(begin: Begin, tmp_path: Path, *, second: bool) -> None:
    hand = begin(shared(settings_for(write_project(tmp_path / "shop")), second=second))
    hand.ended(Phase.PREFLIGHT)
    before = (hand.folder / folders.JOURNAL).read_bytes()
    commands = [command for command in COMMANDS if not (second and isinstance(command, cmd.Confirm))]
    answers = asked_at_once(IN_THE_GROUP, hand.folder, *commands)
    assert len(answers) == len(commands) > 25
    assert all("only be watched" in answer for answer in answers), answers
    assert (hand.folder / folders.JOURNAL).read_bytes() == before, "what another account asks leaves no trace"


def test_without_a_group_nobody_else_gets_near(begin: Begin, tmp_path: Path) -> None:
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.ended(Phase.PREFLIGHT)
    assert as_somebody(IN_THE_GROUP, lambda: reached(hand.folder)) == []
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (hand.folder, *hand.folder.rglob("*"))}
    assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    assert modes[hand.folder.name] == 0o700
    assert modes[folders.SOCKET] == 0o600
    # Had the folder let them in, the kernel's word would still keep them out.
    hand.folder.chmod(0o711)
    for parent in hand.folder.parents[:2]:
        parent.chmod(0o711)
    (hand.folder / folders.SOCKET).chmod(0o666)

    def heard() -> bool:
        os.chdir(hand.folder)
        import socket

        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(folders.SOCKET)
            return peer.recv(100) != b""

    assert not as_somebody(IN_THE_GROUP, heard)


def test_two_accounts_confirm_and_both_are_named(hand: Hand) -> None:
    state = first_confirms(hand)
    first = state.first_confirmed
    assert first is not None
    assert first.account == "0 root"
    how = f"`dixis-tui approve {hand.folder}` from another account"
    hand.wait(lambda now: any(how in note.text for note in now.notes), "the way to approve to be said")
    assert asked(IN_THE_GROUP, hand.folder, confirm_of(state)) == [""]
    done = hand.ended(Phase.VERIFY)
    assert done.phase(Phase.MIGRATE).state is PhaseState.PASSED
    assert done.plan is not None
    assert done.confirmed == ev.Confirmed(
        operator="Ελένη",
        account="0 root",
        second="Νίκος",
        second_account=IN_THE_GROUP.account,
        digest=done.plan.digest,
    )
    assert done.first_confirmed is None
    assert policy.production_changed(done)


def test_each_wrong_approval_is_refused_and_journaled(hand: Hand) -> None:
    state = hand.look()
    right = confirm_of(state)
    refusals = state.refusals
    assert "comes after the first" in asked(IN_THE_GROUP, hand.folder, right)[0]
    state = first_confirms(hand)
    assert "a second person types it too" in hand.confirm()
    assert "confirmed another plan" in asked(IN_THE_GROUP, hand.folder, confirm_of(state, digest="0" * 64))[0]
    assert "Wrong phrase" in asked(IN_THE_GROUP, hand.folder, confirm_of(state, "DIXIS-PROD-ok"))[0]
    assert "has no name on this machine" in asked(NAMELESS, hand.folder, right)[0]
    state = hand.look()
    assert state.refusals == refusals + 5
    assert_nothing_done(hand)
    refused = [entry.event for entry in read(hand.folder / folders.JOURNAL)]
    by = [event.operator for event in refused if isinstance(event, ev.ConfirmationRefused)]
    nobody = f"Νίκος ({IN_THE_GROUP.account})"
    assert by == [nobody, "Ελένη", nobody, nobody, f"Νίκος ({NAMELESS.uid})"]
    # None of that has cost the second person their turn.
    assert asked(ANOTHER_IN_THE_GROUP, hand.folder, confirm_of(state)) == [""]
    assert hand.ended(Phase.MIGRATE).confirmed is not None


def test_refusals_of_another_account_fill_no_journal(hand: Hand) -> None:
    answers = asked(IN_THE_GROUP, hand.folder, *[confirm_of(hand.look(), "no")] * 15)
    assert len(answers) == 15
    assert all(answers)
    assert hand.look().refusals == 10


@pytest.mark.parametrize("change", ["edited file", "answer taken back"])
def test_a_plan_that_changed_between_the_two_is_refused(hand: Hand, tmp_path: Path, change: str) -> None:
    state = first_confirms(hand)
    if change == "edited file":
        file = next((tmp_path / "shop").rglob("20260104000000_not_null/migration.sql"))
        file.write_text(file.read_text() + '\nDROP TABLE "Farm";\n')
        said = "The plan changed since it was sealed"
    else:
        assert hand.send(cmd.Tick(code="DX131", operator="Ελένη", on=False)) == ""
        said = "The gate is closed"
    answer = asked(IN_THE_GROUP, hand.folder, confirm_of(state))[0]
    refused = hand.wait(lambda now: now.refused, "the refusal").refused
    assert refused is not None
    assert said in (answer or refused.reason)
    assert_nothing_done(hand)


@pytest.mark.parametrize("how", ["taken back", "sealed anew", "another phase"])
def test_a_first_confirmation_that_is_void_opens_nothing(hand: Hand, how: str) -> None:
    state = first_confirms(hand)
    match how:
        case "taken back":
            assert hand.send(cmd.Stop(operator="Ελένη")) == ""
            voided = hand.look().first_voided
            assert voided is not None
            assert voided.taken_back
            assert hand.send(cmd.Stop()) == "Nothing is running."
        case "sealed anew":
            hand.seal()
        case _:
            hand.do(Phase.REHEARSAL)
            hand.seal()
    answer = asked(IN_THE_GROUP, hand.folder, confirm_of(hand.look(), digest=state.plan.digest if state.plan else ""))
    assert "comes after the first" in answer[0]
    assert_nothing_done(hand)
    state = first_confirms(hand)
    assert asked(IN_THE_GROUP, hand.folder, confirm_of(state)) == [""]
    assert hand.ended(Phase.MIGRATE).confirmed is not None


def test_going_back_does_not_wait_for_anybody(hand: Hand) -> None:
    state = first_confirms(hand)
    assert asked(IN_THE_GROUP, hand.folder, confirm_of(state)) == [""]
    hand.ended(Phase.VERIFY)
    rollback = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")
    assert "only be watched" in asked(IN_THE_GROUP, hand.folder, rollback)[0]
    assert hand.send(rollback) == ""
    assert hand.ended(Phase.ROLLBACK).phase(Phase.ROLLBACK).state is PhaseState.PASSED


def test_a_folder_above_that_keeps_the_group_out_is_said(begin: Begin, tmp_path: Path, state_home: Path) -> None:
    state_home.chmod(0o700)
    hand = begin(shared(settings_for(write_project(tmp_path / "shop")), second=True))
    notes = hand.ended(Phase.PREFLIGHT).notes
    found = [note for note in notes if str(state_home) in note.text and "XDG_STATE_HOME" in note.text]
    assert [note.level for note in found] == ["warning"]


def test_one_account_takes_nobody_elses_place(begin: Begin, tmp_path: Path) -> None:
    hand = begin(shared(settings_for(write_project(tmp_path / "shop")), second=True))
    hand.ended(Phase.PREFLIGHT)

    def crowd(number: int) -> list[bool]:
        peers = [BareHand(hand.folder) for _ in range(number)]
        return [peer.read() is not None for peer in peers]

    taken = as_somebody(IN_THE_GROUP, lambda: crowd(25))
    assert sorted(taken) == [False] * 5 + [True] * 20
    hand.wait(lambda _: as_somebody(IN_THE_GROUP, lambda: crowd(1)) == [True], "the places to be free again")
    assert as_somebody(ANOTHER_IN_THE_GROUP, lambda: crowd(20)) == [True] * 20
    assert hand.send(cmd.Tick(code="DX131", operator="Ελένη")) == ""


def test_a_flood_from_another_account_holds_nothing_up(begin: Begin, tmp_path: Path) -> None:
    hand = begin(shared(settings_for(write_project(tmp_path / "shop")), second=True))
    hand.ended(Phase.PREFLIGHT)
    before = (hand.folder / folders.JOURNAL).read_bytes()
    line = msgspec.json.encode({"id": 1, "command": {"type": "stop"}}) + b"\n"

    def flood() -> int:
        with BareHand(hand.folder) as bare:
            bare.send(line * 2_000)
            return len([bare.answer() for _ in range(3)])

    assert as_somebody(IN_THE_GROUP, flood) == 3
    assert (hand.folder / folders.JOURNAL).read_bytes() == before
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    assert hand.look().backup is not None
