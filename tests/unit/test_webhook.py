"""Heads on their way to a webhook, against real sockets: whatever stands there, the run goes on and says what came."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import UsageError
from dixis_tui.model import Phase, Verdict
from dixis_tui.run import folders, heads
from dixis_tui.run.audit_run import verify_run
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.secrets import Redactor, masked
from dixis_tui.settings import AuditSettings, Settings, load
from dixis_tui.web import webhook
from dixis_tui.web.webhook import post
from tests.receiver import SECRET, Receiver, receiver, served
from tests.unit.examples import STARTED
from tests.waiting import until

__all__ = ["receiver"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def begun(folder: Path, url: str) -> Context:
    run = folder / "runs" / "20261125-220000-0001"
    run.mkdir(parents=True)
    settings = Settings(audit=AuditSettings(webhook=url))
    context = Context(run, settings, {}, Journal(run / folders.JOURNAL), Log(run / folders.LOG, Redactor([url])))
    context.emit(STARTED)
    return context


def gate(context: Context) -> None:
    with context.phase(Phase.BACKUP, []):
        pass


def sent(context: Context) -> list[ev.HeadSent]:
    events = [entry.event for entry in read(context.folder / folders.JOURNAL)]
    return [event for event in events if isinstance(event, ev.HeadSent)]


def wait_for_receipt(context: Context) -> ev.HeadSent:
    return until(lambda: sent(context), 30, "the receipt of a head")[-1]


def test_each_gate_reaches_the_webhook_and_its_receipt_the_journal(tmp_path: Path, receiver: Receiver) -> None:
    context = begun(tmp_path, receiver.url)
    gate(context)
    receipt = wait_for_receipt(context)
    [(path, headers, body)] = receiver.got
    assert path == f"/{SECRET}"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == f"{context.folder.name}-{receipt.number}"
    assert body == {
        "number": 4,
        "sha256": receipt.head,
        "run": context.folder.name,
        "gate": "backup",
        "target": STARTED.target,
        "at": body["at"],
    }
    assert (receipt.number, receipt.problem) == (4, "")
    assert verify_run(context.folder).chain.lines[4].digest == body["sha256"]
    context.emit(ev.RunEnded(verdict=Verdict.CHECKED, summary="done"))
    assert context.courier.finish(20)
    [_, (_, _, last)] = receiver.got
    assert (last["gate"], last["sha256"]) == ("end", context.head)
    assert len(sent(context)) == 1, "after the end nothing is journaled"
    assert verify_run(context.folder).verifies


def test_the_address_stands_nowhere(tmp_path: Path, receiver: Receiver) -> None:
    context = begun(tmp_path, receiver.url)
    receiver.answers = [302]
    gate(context)
    receipt = wait_for_receipt(context)
    assert receipt.to == f"http://127.0.0.1:{receiver.url.split(':')[2].split('/')[0]}/•••"
    for path in tmp_path.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert SECRET not in text
            assert "very-secret" not in text


@pytest.mark.parametrize(
    ("answers", "problem", "times"),
    [
        ([204], "", 1),
        ([500, 200], "", 2),
        ([429, 503, 200], "", 3),
        ([500], "answered 500", 3),
        ([404], "answered 404", 1),
        ([302], "answered 302", 1),
        ([401], "answered 401", 1),
    ],
)
def test_what_is_tried_again(receiver: Receiver, answers: list[int], problem: str, times: int) -> None:
    receiver.answers = answers
    assert post(receiver.url, b'{"a":1}', "key", pause_seconds=0) == problem
    assert len(receiver.got) == times
    assert {headers["Idempotency-Key"] for _, headers, _ in receiver.got} == {"key"}
    assert {path for path, _, _ in receiver.got} == {f"/{SECRET}"}, "no redirect is followed"


def test_nobody_listens_or_speaks_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/{SECRET}", b"{}", "key", 0) == "can't be reached"
    assert post(f"https://nobody.invalid/{SECRET}", b"{}", "key", 0) == "can't be reached"


@pytest.mark.parametrize("url", ["ftp://x/", "http://[::1", "nonsense", "http://exa mple/\ud800"])
def test_what_is_no_address(url: str) -> None:
    assert post(url, b"{}", "key", 0) == "is not an http:// or https:// address"


@pytest.mark.parametrize("answer", [b"", b"220 smtp ready\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: nope\r\n\r\n"])
def test_an_answer_that_is_none(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        said = post(f"http://127.0.0.1:{server.getsockname()[1]}/{SECRET}", b"{}", "key", 0)
        assert said.startswith("broke off")
        assert SECRET not in said
        server.shutdown(socket.SHUT_RDWR)


def test_a_body_without_end_is_not_waited_for() -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    with served(endless) as port:
        assert post(f"http://127.0.0.1:{port}/", b"{}", "key") == ""


def test_a_webhook_that_hangs_holds_nothing_up(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.go_on.clear()
    context = begun(tmp_path, receiver.url)
    gate(context)
    until(lambda: receiver.got, 20, "the first head to arrive")
    # It hangs now. All of the rest of the run goes by.
    for _ in range(20):
        gate(context)
    context.emit(ev.RunEnded(verdict=Verdict.CHECKED, summary="done"))
    assert len(receiver.got) == 1
    assert sent(context) == []
    assert verify_run(context.folder).fitting == 22
    assert not context.courier.finish(0.05)
    receiver.go_on.set()
    assert context.courier.finish(20)


def test_no_answer_in_time_is_said_and_tried_again(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.1)
    receiver.go_on.clear()
    assert post(receiver.url, b"{}", "key", 0) == "did not answer in 0 s"
    until(lambda: len(receiver.got) == 3, 20, "three tries")


def test_after_the_end_a_problem_goes_to_the_runners_errors(
    tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answers = [404]
    context = begun(tmp_path, receiver.url)
    context.emit(ev.RunEnded(verdict=Verdict.CHECKED, summary="done"))
    assert context.courier.finish(20)
    said = capsys.readouterr().err
    assert said.startswith(f"head 2 {context.head} to http://127.0.0.1:")
    assert said.endswith("/•••: answered 404\n")


def test_a_journal_that_is_closed_takes_no_receipt(tmp_path: Path, receiver: Receiver) -> None:
    receiver.go_on.clear()
    context = begun(tmp_path, receiver.url)
    context.emit(ev.RunnerLeft(reason="asked to"))
    until(lambda: receiver.got, 20, "the head to arrive")
    context._journal.close()
    before = (context.folder / folders.JOURNAL).read_bytes()
    receiver.go_on.set()
    assert context.courier.finish(20)
    assert (context.folder / folders.JOURNAL).read_bytes() == before


def test_without_a_webhook_there_is_no_thread(tmp_path: Path) -> None:
    context = begun(tmp_path, "")
    gate(context)
    assert context.courier._thread is None
    assert context.courier.finish(0)
    assert sent(context) == []
    assert len(heads.kept(context.folder / folders.JOURNAL, {context.folder.name})[0]) == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example/services/T0/B0/x", "https://hooks.example/•••"),
        ("https://user:pass@hooks.example:8443/x?token=y#z", "https://hooks.example:8443/•••"),
        ("http://[::1", "•••"),
        ("http://h:99999999/x", "•••"),
        ("http://h\x1b]52;c;x\x07/x", "•••"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example/secret",
        "ftp://hooks.example/secret",
        "https:///secret",
        "https://h:x/secret",
        "http://h/a secret",
    ],
)
def test_a_setting_that_is_no_address_is_refused_without_its_secret(tmp_path: Path, url: str) -> None:
    path = tmp_path / "dixis.toml"
    path.write_text(f'[audit]\nwebhook = "{url}"\n')
    with pytest.raises(UsageError) as caught:
        load(path)
    assert "audit.webhook is not an http:// or https:// address" in str(caught.value)
    assert "secret" not in str(caught.value) + caught.value.remedy


def test_a_setting_that_is_one(tmp_path: Path) -> None:
    path = tmp_path / "dixis.toml"
    path.write_text('[audit]\nwebhook = "https://hooks.example:8443/secret?x=1"\n')
    assert load(path).audit.webhook == "https://hooks.example:8443/secret?x=1"
