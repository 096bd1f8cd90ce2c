"""Each notice goes out once on each channel, whoever sends it; and what the receipts say to the gate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.cli import main
from dixis_tui.measures import Prediction
from dixis_tui.model import CheckState, Phase
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeWay, Receipt, settled
from dixis_tui.notices import channels
from dixis_tui.notices.facts import EXAMPLE
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, notice_log, policy, telling
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.notice_facts import facts_of
from dixis_tui.run.notice_gates import out, summary, told_before
from dixis_tui.run.notice_log import NoticeRecord
from dixis_tui.run.phases import notices
from dixis_tui.run.state import Entry, RunState, fold
from dixis_tui.secrets import Redactor
from dixis_tui.settings import NoticesSettings, Settings, WindowSettings
from dixis_tui.settings_records import BannerSettings, WebhookSettings
from tests.receiver import SECRET, Receiver, receiver
from tests.screens.story import stages
from tests.unit.examples import EVENTS, START, STARTED
from tests.waiting import until

__all__ = ["receiver"]

OPENS = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
LOCAL = OPENS.astimezone(ZoneInfo("Europe/Athens")).replace(tzinfo=None)
MAIL = NoticeWay(Channel.MAIL, "mail", "all@dixis.example")
BANNER = NoticeWay(Channel.BANNER, "file", "banner.json")


@pytest.fixture
def order(tmp_path: Path, receiver: Receiver) -> telling.Order:
    """To a webhook whose address is a secret, and to a file."""
    hooks = [WebhookSettings(name="ops", url_variable="HOOK")]
    told = NoticesSettings(webhooks=hooks, banner=BannerSettings(file="banner.json"))
    settings = Settings(root=str(tmp_path), notices=told)
    secrets = {"HOOK": receiver.url}
    return telling.Order(
        kind=NoticeKind.BEFORE,
        facts=EXAMPLE,
        settings=settings,
        secrets=secrets,
        log=tmp_path / notice_log.FILE,
        target="db.example:5432/dixis",
        operator="Μαρία",
        words=Redactor(channels.secrets_in(settings, secrets)).line,
        pause_seconds=0,
    )


def deliveries(receipts: tuple[Receipt, ...]) -> list[Delivery]:
    return [receipt.delivery for receipt in receipts]


def test_the_receipt_is_on_disk_before_anything_goes_out(order: telling.Order, receiver: Receiver) -> None:
    said: list[Receipt] = []
    lines: list[int] = []

    def say(receipt: Receipt) -> None:
        said.append(receipt)
        lines.append(len(order.log.read_bytes().splitlines()))
        assert len(receiver.got) == sum(
            one.channel is Channel.WEBHOOK and one.delivery is Delivery.SENT for one in said
        )

    assert deliveries(telling.tell(order, say)) == [Delivery.SENT, Delivery.SENT]
    assert deliveries(tuple(said)) == [Delivery.SENDING, Delivery.SENT] * 2
    assert lines == [1, 2, 3, 4]
    kept = notice_log.read(order.log)
    assert kept.problem == ""
    assert [(one.target, one.opens, one.operator, one.run) for one in kept.records] == [
        ("db.example:5432/dixis", OPENS, "Μαρία", "")
    ] * 2
    assert SECRET not in order.log.read_text()
    assert "Δίξις" not in order.log.read_text()


def test_before_goes_out_once_for_a_window_whoever_sends_it(order: telling.Order, receiver: Receiver) -> None:
    telling.tell(order, lambda _: None)
    in_a_run = replace(order, run="20261125-200000-abcd", operator="Νίκος")
    said: list[Receipt] = []
    assert [receipt.operator for receipt in telling.tell(in_a_run, said.append)] == ["Μαρία"] * 2
    assert [receipt.operator for receipt in said] == ["Μαρία"] * 2, "the run's journal knows of them from now on"
    assert len(receiver.got) == 1
    later = replace(order, facts=replace(EXAMPLE, opens=OPENS + timedelta(days=1)))
    assert deliveries(telling.tell(later, lambda _: None)) == [Delivery.SENT] * 2
    assert len(receiver.got) == 2


def test_the_others_go_out_once_a_run(order: telling.Order, receiver: Receiver) -> None:
    for run in ("one", "one", "two"):
        telling.tell(replace(order, kind=NoticeKind.DURING, run=run), lambda _: None)
    assert len(receiver.got) == 2
    assert len({headers["Idempotency-Key"] for _, headers, _ in receiver.got}) == 2


def test_what_nobody_got_goes_again_and_what_was_taken_only_by_name(order: telling.Order, receiver: Receiver) -> None:
    receiver.answers = [404]
    assert deliveries(telling.tell(order, lambda _: None)) == [Delivery.FAILED, Delivery.SENT]
    receiver.answers = [200]
    assert deliveries(telling.tell(order, lambda _: None)) == [Delivery.SENT, Delivery.SENT]
    telling.tell(replace(order, again=True), lambda _: None)
    keys = [headers["Idempotency-Key"] for _, headers, _ in receiver.got]
    assert keys == [keys[0], keys[0], f"{keys[0]}-2"]
    telling.tell(order, lambda _: None)
    assert len(receiver.got) == 3


def test_a_sender_that_died_leaves_unknown_which_is_not_sent_again_by_itself(
    order: telling.Order, receiver: Receiver
) -> None:
    class Killed(BaseException):
        pass

    def die(receipt: Receipt) -> None:
        raise Killed

    with pytest.raises(Killed):
        telling.tell(order, die)
    [record] = notice_log.read(order.log).records
    assert record.receipt.delivery is Delivery.SENDING
    assert [one.receipt.delivery for one in notice_log.seen(order.log).records] == [Delivery.UNKNOWN]
    receipts = telling.tell(order, lambda _: None)
    assert deliveries(receipts) == [Delivery.UNKNOWN, Delivery.SENT]
    assert receipts[0].evidence.startswith("the program ended while it was on its way")
    assert receiver.got == []
    assert deliveries(telling.tell(replace(order, again=True), lambda _: None)) == [Delivery.SENT] * 2
    assert len(receiver.got) == 1


def test_two_at_once_send_it_once(order: telling.Order, receiver: Receiver) -> None:
    receiver.go_on.clear()
    threads = [threading.Thread(target=telling.tell, args=(order, lambda _: None)) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: receiver.got, 20, "the first of them")
    with notice_log.locked(order.log, 0) as free:
        assert not free
    assert notice_log.seen(order.log).records[0].receipt.delivery is Delivery.SENDING, "somebody is at it"
    receiver.go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(receiver.got) == 1


def test_a_dry_run_sends_nothing_and_stands_in_no_ones_way(order: telling.Order, receiver: Receiver) -> None:
    assert deliveries(telling.tell(replace(order, dry_run=True), lambda _: None)) == [Delivery.TRIED] * 2
    assert receiver.got == []
    assert not (order.log.parent / "banner.json").exists()
    assert deliveries(telling.tell(order, lambda _: None)) == [Delivery.SENT] * 2


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        (lambda order: replace(order, facts=replace(EXAMPLE, opens=None)), "no window is agreed"),
        (lambda order: replace(order, target=""), "DATABASE_URL can't be used"),
        (lambda order: replace(order, log=order.log.parent / "nowhere" / "notices.jsonl"), "No such file or directory"),
    ],
)
def test_what_can_not_be_said_or_kept_is_not_sent(
    order: telling.Order, receiver: Receiver, change: Callable[[telling.Order], telling.Order], evidence: str
) -> None:
    receipts = telling.tell(change(order), lambda _: None)
    assert deliveries(receipts) == [Delivery.FAILED] * 2
    assert all(evidence in receipt.evidence for receipt in receipts)
    assert receiver.got == []


def record(way: NoticeWay, delivery: Delivery, hours: float) -> NoticeRecord:
    at = OPENS - timedelta(hours=hours)
    receipt = Receipt(
        kind=NoticeKind.BEFORE, channel=way.channel, name=way.name, to=way.to, key=way.name, delivery=delivery, at=at
    )
    return NoticeRecord(at=at, run="", target="t", opens=OPENS, operator="Μαρία", receipt=receipt)


@pytest.mark.parametrize(
    ("kept", "state", "evidence"),
    [
        (
            [record(MAIL, Delivery.SENT, 26), record(BANNER, Delivery.SENT, 24)],
            CheckState.PASSED,
            "mail to all@dixis.example 2026-11-24 19:00 UTC by Μαρία, 26.0 h before the window; banner to",
        ),
        ([], CheckState.FAILED, "mail to all@dixis.example: not sent"),
        (
            [record(MAIL, Delivery.SENT, 3), record(BANNER, Delivery.SENT, 2)],
            CheckState.FAILED,
            "24 h before are asked for",
        ),
        ([record(MAIL, Delivery.SENT, 30)], CheckState.WARNED, "banner to banner.json: not sent"),
        ([record(MAIL, Delivery.FAILED, 30)], CheckState.FAILED, "mail to all@dixis.example: failed"),
        ([record(MAIL, Delivery.TRIED, 30)], CheckState.FAILED, "dry run"),
        ([record(MAIL, Delivery.SENDING, 30)], CheckState.FAILED, "unknown (the program ended"),
    ],
)
def test_the_gate_of_the_day_before(kept: list[NoticeRecord], state: CheckState, evidence: str) -> None:
    found = told_before((MAIL, BANNER), kept, OPENS, 24)
    assert found.state is state
    assert evidence in found.evidence
    assert ("notice send before" in found.remedy) is (state is not CheckState.PASSED)


def test_without_a_window_there_is_no_day_before() -> None:
    assert told_before((MAIL,), [], None, 24).evidence == "no window is agreed in dixis.toml"


def test_what_came_of_it_is_one_sentence() -> None:
    sent, failed = record(MAIL, Delivery.SENT, 1).receipt, record(BANNER, Delivery.FAILED, 1).receipt
    assert summary(NoticeKind.BEFORE, (sent, replace(failed, evidence="answered 404")), OPENS - timedelta(hours=2)) == (
        "Notice 'before': mail to all@dixis.example: sent; banner to banner.json: failed (answered 404)."
    )
    assert "sent before, not again" in summary(NoticeKind.BEFORE, (sent,), OPENS)
    assert [out(told).state for told in ((sent, sent), (sent, failed), (failed,))] == [
        CheckState.PASSED,
        CheckState.WARNED,
        CheckState.FAILED,
    ]


def test_it_takes_as_long_as_the_window_until_a_rehearsal_knows_better() -> None:
    settings = Settings(name="Dixis", window=WindowSettings(start=LOCAL, minutes=90))
    before = facts_of(RunState(), settings, NoticeKind.BEFORE, START)
    assert (before.minutes, before.opens, before.name) == (90, OPENS, "Dixis")
    prediction = Prediction(rehearsed=True, seconds=30, low=20, high=45)
    state = fold([Entry(1, START, STARTED), Entry(2, START, ev.Predicted(prediction=prediction))])
    assert facts_of(state, settings, NoticeKind.BEFORE, START).minutes == 10
    put = ev.PagePut(file="f", sha256="", ends_at=OPENS + timedelta(minutes=7))
    promised = fold([Entry(3, START, put)], state)
    assert facts_of(promised, settings, NoticeKind.DURING, START).ends == put.ends_at, "as the page has it"


@pytest.fixture
def context(tmp_path: Path, order: telling.Order) -> Context:
    """A run with the same channels, whose window is that of the example."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    window = WindowSettings(start=LOCAL, minutes=20)
    settings = replace(order.settings, window=window)
    secrets = {"DATABASE_URL": "postgresql://app:pw@db.example/dixis", **order.secrets}
    log = Log(folder / folders.LOG, Redactor(channels.secrets_in(settings, secrets)))
    made = Context(folder, settings, secrets, Journal(folder / folders.JOURNAL), log)
    made.emit(STARTED)
    return made


def test_a_command_of_the_day_before_answers_the_run_of_the_evening(
    context: Context, order: telling.Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices.look(context)
    check = context.state.check("DX133")
    assert (check.state, check.spec.person) == (CheckState.FAILED, True)
    assert context.state.check("DX135").state is CheckState.PASSED
    telling.tell(order, lambda _: None)
    kept = notice_log.read(order.log).records
    early = [replace(one, at=OPENS - timedelta(hours=30)) for one in kept]
    order.log.unlink()
    for one in early:
        notice_log.append(order.log, one)
    notices.gate(context)
    assert context.state.check("DX133").state is CheckState.PASSED
    assert "30.0 h before the window" in context.state.check("DX133").evidence
    assert deliveries(tuple(context.state.receipts.values())) == [Delivery.SENT] * 2
    context.emit(ev.Ticked(code="DX133", operator="Ελένη"))
    order.log.unlink()
    notices.gate(context)
    assert context.state.check("DX133").who == "Ελένη", "what a person answered stands"


def test_a_run_says_what_came_of_it_and_waits_for_nobody_for_long(
    context: Context, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.go_on.clear()
    monkeypatch.setattr(notices, "_PATIENCE_SECONDS", 0.05)
    with context.phase(Phase.BANNER, []):
        receipts = notices.send(context, NoticeKind.DURING, "Μαρία")
    assert deliveries(receipts) in ([], [Delivery.SENDING])
    receiver.go_on.set()
    notices.finish(context, 20)
    assert context.state.check("DX402").state is CheckState.PASSED
    assert context.state.notes[-1].text.startswith("Notice 'during': webhook to http://127.0.0.1:")
    assert SECRET not in (context.folder / folders.JOURNAL).read_text() + (context.folder / folders.LOG).read_text()
    again = notices.send(context, NoticeKind.DURING, "Νίκος")
    notices.finish(context, 20)
    assert deliveries(again) == [Delivery.SENT] * 2
    assert len(receiver.got) == 1
    kinds = [type(entry.event) for entry in read(context.folder / folders.JOURNAL)]
    assert kinds.count(ev.NoticeSending) == 2
    assert kinds.index(ev.NoticeSending) < kinds.index(ev.NoticeSent)


def test_a_runner_that_takes_over_knows_that_nobody_sends_any_more() -> None:
    sending = replace(record(MAIL, Delivery.SENDING, 1).receipt, kind=NoticeKind.DURING)
    resumed = ev.RunnerResumed(
        operator="x", host="h", ssh="", pid=1, version="1", window_opens=None, window_closes=None, cut_bytes=0
    )
    events = [STARTED, ev.NoticeSending(receipt=sending, operator="x"), resumed]
    state = fold([Entry(number, START, event) for number, event in enumerate(events, 1)])
    assert state.receipts[sending.key] == settled(sending)
    assert state.receipts[sending.key].delivery is Delivery.UNKNOWN


def test_previews_are_journaled_once_for_what_they_say(context: Context) -> None:
    notices.show(context)
    notices.show(context)
    made = [entry.event for entry in read(context.folder / folders.JOURNAL) if isinstance(entry.event, ev.NoticesMade)]
    [one] = made
    assert [(way.channel, way.name) for way in one.ways] == [("webhook", "ops"), ("banner", "file")]
    assert len(one.texts) == 12
    assert "Θα επιστρέψουμε σύντομα!\n" in one.page
    assert one.problem == ""


def at_once(kind: NoticeKind, *events: ev.Event) -> str:
    state = fold([Entry(number, START, event) for number, event in enumerate((STARTED, *events), 1)])
    return policy.refusal(state, cmd.SendNotice(kind=kind, operator="x"))


def test_what_would_not_be_true_is_not_sent() -> None:
    going = next(event for event in EVENTS if isinstance(event, ev.Confirmed))
    assert at_once(NoticeKind.AFTER) == at_once(NoticeKind.ROLLED_BACK)
    assert at_once(NoticeKind.AFTER) == "Nothing was done yet that could be said to be over."
    assert at_once(NoticeKind.CANCELLED) == at_once(NoticeKind.BEFORE) == at_once(NoticeKind.DURING) == ""
    for kind in (NoticeKind.BEFORE, NoticeKind.CANCELLED):
        assert at_once(kind, going) == "The migration has begun: that notice comes too late."
    assert at_once(NoticeKind.DELAYED, going) == ""
    for kind in (NoticeKind.AFTER, NoticeKind.ROLLED_BACK):
        assert at_once(kind, going).startswith("That is not known to be so")
    verified = fold(stages()["sign_off"].entries)
    assert policy.refusal(verified, cmd.SendNotice(kind=NoticeKind.AFTER, operator="x")) == ""
    assert policy.refusal(verified, cmd.SendNotice(kind=NoticeKind.ROLLED_BACK, operator="x")) != ""


def test_the_command_refuses_a_broken_template_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "after.el.txt").write_text("{% block subject %}\n{{ nothing }}{% endblock %}")
    (tmp_path / "dixis.toml").write_text('[notices]\ndirectory = "words"\n[notices.banner]\nfile = "b.json"\n')
    for words in (["send", "before"], ["preview", "before"]):
        assert main.run(["notice", *words]) == 2
        assert f"{tmp_path}/words/after.el.txt, line 2: 'nothing' is undefined" in capsys.readouterr().err
    (tmp_path / "dixis.toml").write_text("")
    assert main.run(["notice", "send", "before"]) == 2
    assert "names no channel" in capsys.readouterr().err


@pytest.mark.parametrize("shape", ["mail", "html", "banner", "page", "slack", "teams", "generic"])
def test_a_preview_in_every_shape(
    tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dixis.toml").write_text('name = "Δίξις"\n[window]\nstart = 2026-11-25T23:00:00\n')
    assert main.run(["notice", "preview", "during", "--as", shape]) == 0
    shown = capsys.readouterr().out
    assert "Θα επιστρέψουμε σύντομα!" in shown
    assert "We will be back soon!" in shown
