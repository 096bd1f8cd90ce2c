"""Two people, two accounts, two terminals: nothing happens to production before both have typed the phrase."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.model import Phase
from tests.accounts import GROUP, IN_THE_GROUP, OUTSIDE, Somebody, needs_root, program_of
from tests.e2e.database import assert_migrated, picture_of
from tests.e2e.hands import Hands, bring_to_go
from tests.e2e.house import PHRASE, Done, House, ended, state_of
from tests.e2e.target import ticks
from tests.needs import needs
from tests.terminal import TmuxTerminal
from tests.waiting import until

_MORE = f'\n[watch]\ngroup = "{GROUP}"\n\n[confirm]\nsecond_operator = true\n'


class Two(Struct, frozen=True):
    """A state directory that others can get to, and the demo's production behind a plan that needs two people."""

    house: House
    config: Path
    environment: dict[str, str]


@pytest.fixture
def two(house: House, ready: DemoReady, state_home: House) -> Two:
    needs_root()
    needs("setpriv", "unshare")
    state_home.folder.chmod(0o755)
    config = ready.config.with_name("two.toml")
    config.write_text(ready.config.read_text() + _MORE)
    return Two(state_home, config, ready.environment)


@pytest.fixture
def other_folder() -> Iterator[Path]:
    """Where another account's program is mounted."""
    with tempfile.TemporaryDirectory(prefix="dx-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def as_account(who: Somebody, folder: Path, *words: str) -> Done:
    """One command by another account, without a terminal."""
    with program_of(who, folder) as program:
        done = subprocess.run([*program, *words], capture_output=True, text=True, timeout=120, cwd="/")
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.tmux
def test_two_terminals(two: Two, house: House, other_folder: Path) -> None:
    needs("tmux")
    before = two.house.runs()
    with two.house.terminal("--config", str(two.config), extra=two.environment) as terminal:
        run = two.house.new_run(before)
        bring_to_go(run)
        untouched = picture_of(house)
        hands = Hands(terminal, run)
        hands.open_board()
        hands.type_phrase(PHRASE)
        terminal.keys("enter")
        screen = terminal.wait_for("Waiting for the second person")
        plan = state_of(run).plan
        assert plan is not None
        assert plan.hash in screen
        assert str(run) in screen
        with program_of(IN_THE_GROUP, other_folder) as program:
            second = TmuxTerminal([*program, "--operator", "Νίκος", "approve", str(run)], directory=Path("/"))
        with second:
            second.wait_for(f"Plan {plan.hash} waits for you")
            second.keys("x", "s", "e")
            second.wait_for("only watches")
            assert picture_of(house) == untouched
            second.keys("m")
            second.wait_for(f"Type {PHRASE}")
            theirs = Hands(second, run)
            theirs.type_phrase(PHRASE)
            second.keys("enter")
            theirs.until_passed(Phase.VERIFY)
            second.wait_for("Migrated and verified")
            second.keys("q")
            assert second.wait_exit() == 0
        assert_migrated(house)
        hands.sign_off()
    confirmed = state_of(run).confirmed
    assert confirmed is not None
    assert (confirmed.account, confirmed.second, confirmed.second_account) == (
        "0 root",
        "Νίκος",
        IN_THE_GROUP.account,
    )


def test_without_terminals(two: Two, house: House, other_folder: Path) -> None:
    """A script confirms and waits; whoever approves names the plan by its hash."""
    before = two.house.runs()
    words = ["--config", str(two.config), "run", "--confirm", PHRASE, *ticks()]
    process = two.house.start(*words, extra=two.environment)
    run = two.house.new_run(before)
    until(lambda: state_of(run).first_confirmed, 90, "the first confirmation")
    untouched = picture_of(house)
    plan = state_of(run).plan
    assert plan is not None
    outside = as_account(OUTSIDE, other_folder, "approve", str(run), "--confirm", PHRASE, "--plan", plan.hash)
    assert outside.code == 2
    assert "is not open to this account" in outside.err
    wrong = as_account(IN_THE_GROUP, other_folder, "approve", str(run), "--confirm", PHRASE, "--plan", "0000·0000")
    assert wrong.code == 2
    assert f"The sealed plan is {plan.hash}" in wrong.err
    blind = as_account(IN_THE_GROUP, other_folder, "approve", str(run))
    assert blind.code == 2
    assert "There is no terminal" in blind.err
    refused = as_account(
        IN_THE_GROUP, other_folder, "approve", str(run), "--confirm", "DIXIS", "--plan", plan.hash, "--json"
    )
    assert refused.code == 3
    assert (refused.result["approved"], refused.result["refused"]) == (False, "Wrong phrase. Nothing was done.")
    itself = two.house.call("approve", str(run), "--confirm", PHRASE, "--plan", plan.hash)
    assert itself.code == 3
    assert "from another account" in itself.err
    assert process.poll() is None, "a refused second person does not end the first one's wait"
    assert picture_of(house) == untouched
    dashed = plan.hash.replace("·", "-").upper()
    done = as_account(IN_THE_GROUP, other_folder, "approve", str(run), "--confirm", PHRASE, "--plan", dashed, "--json")
    assert done.code == 0, done.said
    assert done.result["approved"]
    waited = ended(process)
    assert waited.code == 0, waited.said
    assert f"waits for the second person: `dixis-tui approve {run}`" in waited.out
    assert "and nobody" in waited.out
    assert_migrated(house)
