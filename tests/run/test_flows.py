"""Flows through an evening: before, in verify, and afterwards, while a shop breaks and is mended."""

from __future__ import annotations

from pathlib import Path

import msgspec

from dixis_tui import events as ev
from dixis_tui.after import AfterKind
from dixis_tui.model import CheckState, Phase
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.journal import read
from dixis_tui.run.state import RunState
from dixis_tui.settings_records import AfterSettings, FlowSettings
from tests.run.conftest import Begin, settings_for, write_project
from tests.unit.flow_site import PASSWORD, served


def broken(state: RunState, *, over: bool) -> bool:
    found = state.after.findings.get((AfterKind.FLOW, "Shop")) if state.after else None
    return found is not None and found.over is over


def test_an_evening(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    with served() as site:
        steps = [
            {"url": "/login", "extract": {"token": 'value="([^"]+)"'}},
            {"url": "/login", "method": "POST", "form": {"csrf": "{token}", "password": "{SECRET}"}},
            {"url": "/shop", "contains": "open"},
        ]
        shop = {"name": "Shop", "base": site.base, "variables": ["SECRET"], "before": True, "steps": steps}
        settings = msgspec.structs.replace(
            settings_for(write_project(tmp_path / "shop")),
            flows=[msgspec.convert(shop, FlowSettings)],
            after=AfterSettings(every_seconds=0.2, slower=1_000, slower_milliseconds=60_000),
        )
        hand = begin(settings, SECRET=PASSWORD)
        hand.to_go(rehearsed=False)
        baseline = hand.state.baseline
        assert baseline is not None
        assert [(look.name, look.problem, look.flow) for look in baseline.latencies] == [("Shop", "", True)]
        site.broken = True
        assert hand.confirm() == ""
        state = hand.ended(Phase.VERIFY)
        check = state.check("DX707", "Shop")
        assert check.state is CheckState.FAILED
        assert check.evidence == f"step 3 of 3, GET {site.base}/shop: answered 500, expected 200"
        assert state.after is None, "what is not verified is not watched yet"
        site.broken = False
        assert hand.send(cmd.StartPhase(phase=Phase.VERIFY)) == ""
        state = hand.ended(Phase.VERIFY, 2)
        assert state.check("DX707", "Shop").evidence.startswith("3 steps in ")
        hand.wait(lambda state: state.after and state.after.looks, "a look")
        site.broken = True
        hand.wait(lambda state: broken(state, over=False), "the flow to be worse")
        site.broken = False
        hand.wait(lambda state: broken(state, over=True), "the flow to be as before")
        journal = hand.folder / "journal.jsonl"
        told = [entry.event.result.ok for entry in read(journal) if isinstance(entry.event, ev.FlowSeen)]
        assert told == [True, False, True, False, True], "before, twice in verify, and only news afterwards"
        assert "pass word" not in journal.read_text() + (hand.folder / "run.log").read_text()
        assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
        hand.wait(lambda state: state.ended, "the end")
