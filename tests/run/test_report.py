"""The sign-off writes the report by itself, from a real run with a retry, a killed runner and a rollback in it."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.model import Phase, Verdict
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.report.write import write
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL, find_record
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import resume
from tests.report.reading import Read
from tests.report.test_numbers import compare
from tests.run.conftest import Begin, settings_for, write_project
from tests.waiting import until


def test_a_real_evening_with_all_that_goes_wrong(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    settings = settings_for(write_project(tmp_path / "shop"))
    hand = begin(settings)
    hand.ended(Phase.PREFLIGHT)
    hand.do(Phase.PREFLIGHT)
    os.kill(hand.look().run.pid, signal.SIGKILL)  # type: ignore[union-attr]
    until(lambda: not live(hand.folder), 10, "the runner to be gone")
    resume(hand.folder, settings, {"DATABASE_URL": database.raw.reveal()}, "Νίκος").wait()
    hand.wait(lambda state: state.resumed and not state.must_look, "the look")
    hand.to_go()
    assert hand.confirm("nonsense") != ""
    assert hand.confirm() == ""
    hand.ended(Phase.VERIFY)
    assert hand.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")) == ""
    hand.ended(Phase.ROLLBACK)
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    assert hand.wait(lambda state: state.ended, "the end").verdict is Verdict.ROLLED_BACK
    until(lambda: not live(hand.folder), 10, "the runner to be gone")

    # What the run says of its report is there, private, beside the runs, and provisional: its last entry was to come.
    entries = read(hand.folder / JOURNAL)
    told = [entry.event.file for entry in entries if isinstance(entry.event, ev.ReportMade)]
    first = Path(told[0])
    assert first == hand.folder.parents[1] / "reports" / f"{hand.folder.name}.html"
    assert first.stat().st_mode & 0o777 == 0o600
    assert "Rolled back (provisional)" in first.read_text()
    assert first.with_suffix(".md").exists()
    assert database.raw.reveal() not in first.read_text() + first.with_suffix(".md").read_text()

    counted = compare(hand.folder)
    assert len(counted["runners"]) == 2
    assert [span["attempt"] for span in counted["spans"] if span["phase"] == "preflight"][:2] == [1, 2]
    assert counted["rollback"]["steps"]
    final = write(find_record(hand.folder.name))
    assert final.html == first
    page = Read(first.read_text())
    last = (hand.folder / JOURNAL).read_bytes().split(b"\n")[-2]
    assert page.terms["Head: SHA-256 of the last entry"] == hashlib.sha256(last).hexdigest()
    assert page.terms["Audit"] == "✔ It verifies."
    assert "provisional" not in page.text
    assert "Wrong phrase" in page.text
