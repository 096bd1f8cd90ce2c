"""Notices out of a real runner, to real receivers: an evening, a runner killed in between, and the command line."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.cli import main
from dixis_tui.model import CheckState, Phase
from dixis_tui.notice import Delivery, NoticeKind
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import resume
from dixis_tui.run.state import RunState
from dixis_tui.settings import NoticesSettings, Settings
from dixis_tui.settings_records import BannerSettings, WebhookSettings
from tests.postbox import PASSWORD, Postbox, _starttls, certificates, starttls
from tests.receiver import SECRET, Receiver, receiver
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.waiting import until

__all__ = ["_starttls", "certificates", "receiver", "starttls"]


@pytest.fixture
def settings(tmp_path: Path, starttls: Postbox) -> Settings:
    """A project that tells by mail, by a webhook and by a file; its window opened a minute ago."""
    told = NoticesSettings(
        hours_before=0,
        mail=starttls.settings,
        webhooks=[WebhookSettings(name="ops", url_variable="HOOK", shape="slack")],
        banner=BannerSettings(file="banner.json"),
    )
    return replace(settings_for(write_project(tmp_path / "shop")), name="Δίξις", notices=told)


def tell(hand: Hand, kind: NoticeKind, **more: bool) -> RunState:
    """Send one, and wait for what came of it."""
    begins = f"Notice '{kind}':"
    before = sum(note.text.startswith(begins) for note in hand.look().notes)
    assert hand.send(cmd.SendNotice(kind=kind, operator="Ελένη", **more)) == ""
    return hand.wait(
        lambda state: sum(note.text.startswith(begins) for note in state.notes) > before, f"the notice {kind}"
    )


def deliveries(state: RunState, kind: NoticeKind) -> list[Delivery]:
    return [receipt.delivery for receipt in state.receipts.values() if receipt.kind is kind]


def test_an_evening_tells_its_people(
    begin: Begin, settings: Settings, starttls: Postbox, receiver: Receiver, tmp_path: Path
) -> None:
    hand = begin(settings, HOOK=receiver.url, SMTP_PASSWORD=PASSWORD)
    state = hand.ended(Phase.PREFLIGHT)
    assert state.check("DX135").state is CheckState.PASSED
    assert state.check("DX133").state is CheckState.FAILED, "nothing went out"
    assert state.notices is not None
    assert len(state.notices.ways) == 3
    # The window has begun: what goes out now is too late, and that is said.
    state = tell(hand, NoticeKind.BEFORE)
    assert deliveries(state, NoticeKind.BEFORE) == [Delivery.SENT] * 3
    assert state.check("DX133").state is CheckState.FAILED
    assert "h after the window had opened: 0 h before are asked for" in state.check("DX133").evidence
    hand.answer_everything()
    assert hand.look().check("DX133").open, "a person may answer it all the same"
    for code in ("DX200", "DX300"):
        assert hand.send(cmd.Waive(code=code, operator="Ελένη", reason="not what is tested")) == ""
    assert hand.do(Phase.BANNER).check("DX402").state is CheckState.PASSED
    told = json.loads((tmp_path / "shop" / "banner.json").read_bytes())
    assert (told["kind"], told["active"]) == ("during", True)
    tell(hand, NoticeKind.DELAYED)
    tell(hand, NoticeKind.DELAYED)
    assert len(receiver.got) == len(starttls.got) == 3, "never twice in one run"
    journal = (hand.folder / JOURNAL).read_text() + (hand.folder / LOG).read_text()
    assert SECRET not in journal
    assert PASSWORD not in journal


def test_a_runner_killed_between_sending_and_sent(
    begin: Begin, settings: Settings, receiver: Receiver, database: DatabaseUrl
) -> None:
    hooks = NoticesSettings(webhooks=settings.notices.webhooks)
    hand = begin(replace(settings, notices=hooks), HOOK=receiver.url)
    hand.ended(Phase.PREFLIGHT)
    receiver.go_on.clear()
    assert hand.send(cmd.SendNotice(kind=NoticeKind.DURING, operator="Ελένη")) == ""
    until(lambda: receiver.got, 30, "the notice on its way")
    # While it hangs there, the run goes on.
    assert hand.send(cmd.Tick(code="DX132", operator="Ελένη")) == ""
    assert deliveries(hand.look(), NoticeKind.DURING) == [Delivery.SENDING]
    pid = hand.state.run.pid if hand.state.run else 0
    os.kill(pid, signal.SIGKILL)
    until(lambda: not live(hand.folder), 30, "its end")
    receiver.go_on.set()
    secrets = {"DATABASE_URL": database.raw.reveal(), "HOOK": receiver.url}
    resume(hand.folder, replace(settings, notices=hooks), secrets, "Νίκος").wait()
    state = hand.wait(lambda state: state.resumed and not state.must_look, "the look", 30)
    assert deliveries(state, NoticeKind.DURING) == [Delivery.UNKNOWN]
    assert deliveries(tell(hand, NoticeKind.DURING), NoticeKind.DURING) == [Delivery.UNKNOWN]
    assert len(receiver.got) == 1
    state = tell(hand, NoticeKind.DURING, again=True)
    assert deliveries(state, NoticeKind.DURING) == [Delivery.UNKNOWN, Delivery.SENT]
    assert len(receiver.got) == 2


def test_the_command_line_a_day_ahead_and_in_the_run(
    begin: Begin,
    tmp_path: Path,
    database: DatabaseUrl,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = write_project(tmp_path / "shop")
    settings = settings_for(shop, opens_in=timedelta(hours=25))
    told = NoticesSettings(banner=BannerSettings(file="banner.json"))
    settings = replace(settings, notices=told)
    start = settings.window.start
    assert start is not None
    (shop / "dixis.toml").write_text(
        f'[window]\nstart = {start.isoformat()}\nminutes = 60\n[notices.banner]\nfile = "banner.json"\n'
    )
    monkeypatch.chdir(shop)
    monkeypatch.setenv("DATABASE_URL", database.raw.reveal())

    def run(*words: str, code: int = 0) -> str:
        assert main.run(["notice", *words]) == code
        return capsys.readouterr().out

    assert "No notices yet." in run("list")
    assert "○ notice 'before' by banner to banner.json: dry run. made, and not sent" in run(
        "send", "before", "--dry-run"
    )
    assert not (shop / "banner.json").exists()
    assert "✔ notice 'before' by banner to banner.json: sent. written" in run("send", "before", "--operator", "Μαρία")
    said = run("send", "before", "--operator", "Νίκος")
    assert said.startswith(" ○ notice 'before' by banner to banner.json: sent at ")
    assert said.endswith("UTC by Μαρία, and not again; --again sends it once more\n")
    hand = begin(settings)
    state = hand.ended(Phase.PREFLIGHT)
    assert state.check("DX133").state is CheckState.PASSED
    assert "by Μαρία, 25.0 h before the window" in state.check("DX133").evidence
    # From now on it goes through the run.
    assert "✔ notice 'delayed' by banner to banner.json: sent." in run("send", "delayed")
    assert deliveries(hand.look(), NoticeKind.DELAYED) == [Delivery.SENT]
    given = json.loads(run("send", "delayed", "--json").splitlines()[-1])
    assert (given["run"], [one["delivery"] for one in given["receipts"]]) == (hand.folder.name, ["sent"])
    assert json.loads(run("send", "after", "--json", code=3).splitlines()[-1])["refused"]
    listed = json.loads(run("list", "--json"))["notices"]
    assert [(one["receipt"]["kind"], one["run"] == hand.folder.name) for one in listed] == [
        ("before", False),
        ("delayed", True),
    ]
