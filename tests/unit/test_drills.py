"""Records of drills on the disk, and what sign-off makes of them."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.cli.main import run as run_line
from dixis_tui.model import CheckState, Phase, Step, Verdict, Way
from dixis_tui.run import drills, policy
from dixis_tui.run.drills import DrillRecord
from dixis_tui.run.phases.signoff import backup_verified, rollback_tested
from dixis_tui.run.state import RunState, fold
from tests.screens.story import Story, stages
from tests.unit.examples import BACKUP, IDENTITY

NOW = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
RECORD = DrillRecord(
    at=NOW - timedelta(days=3),
    run="20261122-100000-0000",
    target="postgresql://app:***@staging:5432/σταθμός",
    database="σταθμός",
    system_identifier="7423111122223333444",
    backup_bytes=14_300_000,
    backup_seconds=6.1,
    restore_seconds=11.0,
    compare_seconds=2.0,
    swap_seconds=0.25,
    passed=True,
    operator="Μαρία",
)
FAILED = replace(RECORD, passed=False, run="later")


def drilled(*, whole: bool) -> Story:
    story = Story(environment="drill").begin().identity().write(ev.BackupMade(backup=BACKUP, source=IDENTITY))
    story.write(ev.RollbackConfirmed(operator="maria", sha256="a", way=Way.SIDE, side="s", kept="k"))
    codes = ["DX900", "DX901", "DX902", "DX904", "DX905", "DX906", "DX907", "DX908"]
    story.write(ev.PhaseStarted(phase=Phase.ROLLBACK, checks=[(code, "") for code in codes]))
    story.write(ev.StepStarted(step=Step.RESTORE), ev.StepEnded(step=Step.RESTORE, seconds=11.0))
    story.write(ev.StepStarted(step=Step.COMPARE))
    if not whole:
        return story.found("DX902", CheckState.FAILED).over(Phase.ROLLBACK)
    story.write(ev.StepEnded(step=Step.COMPARE, seconds=2.0))
    story.write(ev.Swapped(database="d", kept="k", seconds=0.25, ended=3))
    for code in codes:
        story.found(code)
    return story.over(Phase.ROLLBACK)


def test_a_record_says_what_the_drill_took() -> None:
    state = fold(drilled(whole=True).entries)
    record = drills.of_state(state, "maria", NOW)
    assert (record.passed, record.at, record.operator) == (True, NOW, "maria")
    assert (record.database, record.target) == ("dixis_prod", "postgresql://dixis@db.dixis.example:5432/dixis_prod")
    assert (record.backup_bytes, record.backup_seconds) == (BACKUP.bytes, BACKUP.seconds)
    assert (record.restore_seconds, record.compare_seconds, record.swap_seconds) == (11.0, 2.0, 0.25)


def test_a_drill_that_failed_is_recorded_as_such() -> None:
    record = drills.of_state(fold(drilled(whole=False).entries), "maria", NOW)
    assert (record.passed, record.restore_seconds, record.compare_seconds, record.swap_seconds) == (False, 11.0, 0, 0)
    nothing = drills.of_state(RunState(), "maria", NOW)
    assert (nothing.passed, nothing.backup_bytes) == (False, 0)


def test_a_drill_that_did_not_come_to_its_rollback_failed() -> None:
    story = Story(environment="drill").begin().start(Phase.BACKUP)
    assert policy.verdict(fold(story.entries)) is Verdict.FAILED


def test_records_are_added_and_private(tmp_path: Path) -> None:
    path = drills.path_for(tmp_path / "runs" / "1")
    assert path == tmp_path / "drills.jsonl"
    assert drills.read(path) == drills.Drills()
    assert drills.append(path, RECORD) == ""
    assert drills.append(path, FAILED) == ""
    assert drills.read(path) == drills.Drills((RECORD, FAILED))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_half_written_line_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "drills.jsonl"
    drills.append(path, RECORD)
    path.write_bytes(path.read_bytes()[:-40])
    drills.append(path, FAILED)
    with path.open("ab") as file:
        file.write(b"\xff{}\n{}\n")
    found = drills.read(path)
    assert found.records == (FAILED,)
    assert found.problem == f"3 damaged lines of {path} were left out"


def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    path = tmp_path / "drills.jsonl"
    path.symlink_to(tmp_path / "elsewhere")
    assert "could not be written" in drills.append(path, RECORD)
    assert not (tmp_path / "elsewhere").exists()
    path.unlink()
    path.mkdir()
    assert "can't be read" in drills.read(path).problem


@pytest.mark.parametrize(
    ("records", "state", "said"),
    [
        ([], CheckState.WARNED, "no drill is recorded"),
        ([RECORD], CheckState.PASSED, "drill of 2026-11-22 on postgresql://app:***@staging:5432/σταθμός: 14,300,000"),
        ([RECORD], CheckState.PASSED, "back in 13.2 s"),
        ([replace(RECORD, at=NOW - timedelta(days=90))], CheckState.PASSED, "drill of 2026-08-27"),
        ([replace(RECORD, at=NOW - timedelta(days=91))], CheckState.WARNED, "more than 90 days ago"),
        ([RECORD, FAILED], CheckState.WARNED, "failed (run later)"),
        ([FAILED, RECORD], CheckState.PASSED, "drill of 2026-11-22"),
    ],
)
def test_whether_the_rollback_is_tested(records: list[DrillRecord], state: CheckState, said: str) -> None:
    found = rollback_tested(fold(stages()["sign_off"].entries), records, 90, NOW)
    assert found.state is state
    assert said in found.evidence
    assert bool(found.remedy) is (state is CheckState.WARNED)
    assert "`dixis-tui drill`" in (found.remedy or "`dixis-tui drill`")


def test_a_run_that_rolled_back_has_tested_it_itself() -> None:
    found = rollback_tested(fold(stages()["rolled_back"].entries), [], 90, NOW)
    assert (found.state, found.evidence) == (CheckState.PASSED, "this run rolled dixis_prod back in 13.0 s")
    failed = rollback_tested(fold(stages()["roll_back_failed"].entries), [], 90, NOW)
    assert failed.state is CheckState.WARNED


def test_whether_the_backup_is_verified() -> None:
    done = backup_verified(fold(stages()["sign_off"].entries))
    assert done.state is CheckState.PASSED
    assert "staging.dixis.example:5432 in 11.3 s" in done.evidence
    assert backup_verified(fold(stages()["rehearsal_next"].entries)).state is CheckState.WARNED
    assert backup_verified(fold(stages()["backup_next"].entries)).evidence == "this run has no backup"
    unequal = Story().begin().write(ev.BackupAdopted(run="earlier", identity=IDENTITY, backup=BACKUP)).roll_back()
    unequal.found("DX902", CheckState.FAILED)
    assert backup_verified(fold(unequal.entries)).state is CheckState.WARNED


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of its own, and no target in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in ("DATABASE_URL", "STAGING_DATABASE_URL", "SHADOW_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "dixis-tui"


@pytest.mark.parametrize(
    ("urls", "words", "said"),
    [
        ({}, ("--yes",), "STAGING_DATABASE_URL is not set"),
        ({"STAGING_DATABASE_URL": "nonsense"}, ("--yes",), "STAGING_DATABASE_URL"),
        ({"STAGING_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x"}, (), "Nobody can be asked here"),
        (
            {
                "STAGING_DATABASE_URL": "postgresql://a:b@LOCALHOST:1/x",
                "DATABASE_URL": "postgresql://c:d@localhost:1/x?schema=public",
            },
            ("--yes",),
            "lead to the same database",
        ),
        (
            {
                "STAGING_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x",
                "DATABASE_URL": "postgresql://a:b@localhost:1/x",
            },
            ("--yes",),
            "It can't be told whether staging is production",
        ),
    ],
)
def test_a_drill_that_is_not_safe_starts_nothing(
    urls: dict[str, str],
    words: tuple[str, ...],
    said: str,
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in urls.items():
            patch.setenv(name, value)
        assert run_line(["drill", *words]) in (1, 2)
    assert said in capsys.readouterr().err
    assert not elsewhere.exists()


def test_drills_are_listed_of_everywhere(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_line(["drill", "--list"]) == 0
    assert "No drills yet." in capsys.readouterr().out
    own, demo = elsewhere / "drills.jsonl", elsewhere / "demo" / "default" / "drills.jsonl"
    demo.parent.mkdir(parents=True)
    drills.append(own, RECORD)
    drills.append(demo, replace(FAILED, at=NOW - timedelta(days=9)))
    own.write_bytes(own.read_bytes() + b"{half")
    assert run_line(["drill", "--list"]) == 0
    shown = capsys.readouterr()
    assert ["failed" in line for line in shown.out.splitlines()] == [True, False]
    assert "1 damaged lines" in shown.err
    assert run_line(["drill", "--list", "--json"]) == 0
    assert '"run":"later"' in capsys.readouterr().out
