"""What counts as a proof of a backup, and which older ones may go because of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import Backup, CheckState, Phase, PhaseState, Place, Verdict, failed, passed, warned
from dixis_tui.postgres.manifest import load_manifest, read_proof
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.phases import proven
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState
from dixis_tui.run.views import PhaseView
from dixis_tui.secrets import Redactor
from dixis_tui.settings import BackupSettings, Settings
from tests.postgres.test_retention import made
from tests.unit.examples import IDENTITY, START, STARTED


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A run that keeps one backup, all in one folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "dixis-tui" / "runs" / "20261125-220000-0001"
    folder.mkdir(parents=True)
    settings = Settings(root=str(tmp_path), backup=BackupSettings(directory="dumps", keep=1))
    context = Context(folder, settings, {}, Journal(folder / "journal.jsonl"), Log(folder / "run.log", Redactor()))
    context.emit(STARTED)
    return context


def restored(context: Context, path: Path) -> Backup:
    """This backup is the run's, and came back equal."""
    backup = load_manifest(path).backup
    context.emit(ev.BackupMade(backup=backup, source=IDENTITY))
    for code in ("DX303", "DX309", "DX310"):
        context.found(code, passed("equal"))
    context.emit(ev.BackupRestored(place=Place.STAGING, where="staging", seconds=2.5, tables=1, rows=5))
    return backup


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return made(tmp_path / "dumps", "shop-1.dump", 1)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return made(tmp_path / "dumps", "shop-2.dump", 2)


def test_what_came_back_equal_is_proven_and_the_older_one_goes(context: Context, old: Path, new: Path) -> None:
    """Another major words its schema otherwise: that is a warning, and no difference."""
    backup = restored(context, new)
    context.found("DX310", warned("another major"))
    proven.record(context, backup, "staging")
    proof = read_proof(new)
    assert proof is not None
    assert (proof.passed, proof.seconds, proof.rows) == (True, 2.5, 5)
    assert proven.older(context, backup) == passed("removed: shop-1.dump")
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize("code", ["DX303", "DX309", "DX310"])
def test_what_was_waived_is_no_proof(context: Context, old: Path, new: Path, code: str) -> None:
    backup = restored(context, new)
    context.found(code, failed("public.Order is different", "Look."))
    context.emit(ev.Waived(code=code, reason="tonight it has to be", operator="Ελένη"))
    assert context.state.check(code).open
    proven.record(context, backup, "staging")
    proof = read_proof(new)
    assert proof is not None
    assert not proof.passed
    assert any(note.startswith(f"{code} waived") for note in proof.notes)
    assert proven.older(context, backup).state is CheckState.WARNED
    assert old.exists()


def test_a_run_that_cannot_be_read_may_need_any_of_a_common_folder(context: Context, old: Path, new: Path) -> None:
    broken = context.folder.parent / "20261124-220000-0001"
    broken.mkdir()
    (broken / "journal.jsonl").write_text("no entry\n")
    found = proven.older(context, restored(context, new))
    assert found.state is CheckState.WARNED
    assert broken.name in found.evidence
    assert old.exists()


def test_in_a_folder_of_its_own_only_its_own_stays(context: Context, tmp_path: Path) -> None:
    context.settings = replace(context.settings, backup=BackupSettings(keep=1))
    runs = context.folder.parent
    broken = runs / "20261124-220000-0001"
    for run in (broken, runs / "20261123-220000-0001", context.folder):
        run.mkdir(exist_ok=True)
    (broken / "journal.jsonl").write_text("no entry\n")
    needed = made(broken / "backup", "shop-1.dump", 1)
    free = made(runs / "20261123-220000-0001" / "backup", "shop-2.dump", 2)
    new = made(context.folder / "backup", "shop-3.dump", 3)
    assert proven.older(context, restored(context, new)) == passed("removed: shop-2.dump")
    assert (needed.exists(), free.exists(), new.exists()) == (True, False, True)


def run_of(verdict: Verdict, *, live: bool = False, making: bool = False, path: str = "/dumps/a.dump") -> Run:
    backup = Backup(path, 5, "ab", 1.0, 150008, {}) if path else None
    phases = {Phase.BACKUP: PhaseView(Phase.BACKUP, PhaseState.RUNNING, START)} if making else {}
    return Run("r", Path("/runs/r"), START, "shop", verdict, live, RunState(backup=backup, phases=phases))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_run_that_ended_well_needs_nothing(verdict: Verdict) -> None:
    needed = proven.needed_by([run_of(verdict)])
    may_go_back = verdict in (Verdict.OPEN, Verdict.FAILED, Verdict.UNKNOWN)
    assert needed.paths == ([Path("/runs/r/backup"), Path("/dumps/a.dump")] if may_go_back else [])
    assert needed.unclear == []
    assert proven.needed_by([run_of(verdict, live=True)]).paths != []


def test_what_a_live_run_just_makes_is_not_in_its_journal_yet() -> None:
    assert proven.needed_by([run_of(Verdict.OPEN, live=True, making=True)]).unclear == ["r"]
    assert proven.needed_by([run_of(Verdict.OPEN, live=True, path="")]).unclear == []
    assert proven.needed_by([run_of(Verdict.INTERRUPTED, making=True)]).unclear == []
