"""Mails, handed to real servers: parsed back as they came, and what is said where one does not take them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import UsageError
from dixis_tui.notice import Delivery, NoticeKind
from dixis_tui.notices.facts import EXAMPLE
from dixis_tui.notices.mail import Mail, Outcome, address, compose, send
from dixis_tui.notices.render import Rendered, texts
from dixis_tui.settings import Settings
from dixis_tui.settings_records import MailSettings
from tests.postbox import PASSWORD, Postbox, _starttls, _tls, certificates, starttls, tls

__all__ = ["_starttls", "_tls", "certificates", "starttls", "tls"]

NOW = datetime(2026, 11, 24, 20, 55, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> Rendered:
    return texts(NoticeKind.BEFORE, EXAMPLE, Settings())


def hand_over(mail: Mail, settings: MailSettings, *, password: str = PASSWORD, seconds: float = 10.0) -> Outcome:
    return send(mail, settings, password, Path(), seconds=seconds, pause_seconds=0)


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_a_mail_comes_whole_in_both_languages(kind: str, request: pytest.FixtureRequest, made: Rendered) -> None:
    box: Postbox = request.getfixturevalue(kind)
    mail = compose(made, box.settings, "key", NOW)
    outcome = hand_over(mail, box.settings)
    assert outcome == Outcome(Delivery.SENT, f"250 2.0.0 OK: queued as 4711 ({mail.message_id})")
    [envelope] = box.got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("info@dixis.example", ["all@dixis.example", "ops@dixis.example"])
    assert box.logins == [b"notices"]
    message = box.message()
    assert message["Subject"] == made.subject
    assert "Προγραμματισμένη συντήρηση: Τετάρτη 25 Νοεμβρίου 2026, 23:00" in message["Subject"]
    assert "Scheduled maintenance: Wednesday 25 November 2026, 23:00" in message["Subject"]
    assert str(message["From"]) == "Δίξις <info@dixis.example>"
    assert str(message["To"]) == "Πελάτες της Δίξις <all@dixis.example>, ops@dixis.example"
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "el, en"
    assert message["Bcc"] is None
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = message.iter_parts()
    assert [part.get_content_type() for part in (plain, rich)] == ["text/plain", "text/html"]
    assert plain.get_content().replace("\r\n", "\n") == made.text
    assert rich.get_content().replace("\r\n", "\n").strip() == made.html.strip()
    for one in made.messages:
        assert one.text in plain.get_content().replace("\r\n", "\n")
        assert f'<section lang="{one.language}">' in rich.get_content()
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii(), "servers without 8BITMIME take it too"
    assert max(map(len, envelope.content.splitlines())) < 998


def test_the_same_notice_has_the_same_id(made: Rendered) -> None:
    settings = MailSettings(sender="info@dixis.example", to=["a@b.example"])
    one, same, other = (compose(made, settings, key, NOW).message_id for key in ("1", "1", "2"))
    assert one == same != other


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("Δίξις <info@dixis.gr>", "info@dixis.gr"),
        ('"Dixis, the shop" <info@dixis.gr>', "info@dixis.gr"),
        ("info@δίξις.gr", "info@xn--hxahi4bj.gr"),
    ],
)
def test_addresses(text: str, spec: str) -> None:
    assert address(text, "k").addr_spec.startswith(spec.partition("@")[0])
    assert address(text, "k").addr_spec.isascii()


@pytest.mark.parametrize(
    "text",
    [
        *("", "nobody", "@dixis.gr", "a@", "Δίξις", "a@b.gr, c@d.gr", "κ@dixis.gr", "a b@c.gr", "a@b..gr"),
        *("Dixis\r\nBcc: all@x.gr <a@b.gr>", "a@b.gr\nBcc: x@y.gr", "a@b\r\n.gr", "a@" + "x" * 70 + ".gr"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        address(text, "notices.mail.sender")
    assert str(caught.value).startswith("notices.mail.sender: ")
    assert "\n" not in str(caught.value)


def test_no_text_begins_a_header(starttls: Postbox) -> None:
    name = "Shop\r\nBcc: all@example.org\r\n\r\n<b>x</b>"
    hostile = texts(NoticeKind.AFTER, replace(EXAMPLE, name=name), Settings())
    assert hand_over(compose(hostile, starttls.settings, "k", NOW), starttls.settings).delivery is Delivery.SENT
    message = starttls.message()
    assert message["Bcc"] is None
    assert "Bcc: all@example.org" in message["Subject"]
    assert len(starttls.got[0].rcpt_tos) == 2


def test_a_certificate_of_somebody_else_is_refused(starttls: Postbox, tls: Postbox, certificates: Path) -> None:
    for box in (starttls, tls):
        wrong = replace(box.settings, ca_file=str(certificates / "other.pem"))
        outcome = hand_over(compose(texts(NoticeKind.AFTER, EXAMPLE, Settings()), wrong, "k", NOW), wrong)
        assert outcome.delivery is Delivery.FAILED
        assert "its certificate is not trusted" in outcome.evidence
        assert box.got == []
        assert box.logins == [], "no password goes to a server that is not known"


def test_a_certificate_file_that_is_none(made: Rendered, starttls: Postbox, tmp_path: Path) -> None:
    settings = replace(starttls.settings, ca_file=str(tmp_path / "none.pem"))
    outcome = hand_over(compose(made, settings, "k", NOW), settings)
    assert outcome == Outcome(Delivery.FAILED, "notices.mail.ca_file can't be used: No such file or directory")


def test_a_wrong_password_is_said_and_stands_nowhere(made: Rendered, starttls: Postbox) -> None:
    outcome = hand_over(compose(made, starttls.settings, "k", NOW), starttls.settings, password="wrong-horse")
    assert outcome.delivery is Delivery.FAILED
    assert outcome.evidence.startswith("refused the login: 535")
    assert "wrong-horse" not in outcome.evidence


@pytest.mark.parametrize(
    ("stage", "replies", "delivery", "evidence", "tries"),
    [
        ("mail", ["550 not you"], Delivery.FAILED, "refused the sender info@dixis.example: 550 not you", 1),
        ("mail", ["451 later", "250 OK"], Delivery.SENT, "250 2.0.0 OK", 2),
        ("rcpt", ["550 nobody"], Delivery.FAILED, "refused all@dixis.example: 550 nobody; ops@", 2),
        ("rcpt", ["450 busy", "450 busy", "250 OK"], Delivery.SENT, "250 2.0.0 OK", 4),
        ("ops@dixis.example", ["550 left us"], Delivery.SENT, "; not to ops@dixis.example: 550 left us", 1),
        ("data", ["554 spam"], Delivery.FAILED, "refused the message: 554 spam", 1),
        ("data", ["452 full", "250 OK: queued"], Delivery.SENT, "250 OK: queued", 2),
        ("data", ["452 full"], Delivery.FAILED, "refused the message: 452 full", 3),
        ("data", ["hang up"], Delivery.UNKNOWN, "after the message was sent", 1),
    ],
)
def test_what_is_refused_for_now_is_tried_again_and_what_may_be_taken_never(
    made: Rendered, starttls: Postbox, *, stage: str, replies: list[str], delivery: Delivery, evidence: str, tries: int
) -> None:
    starttls.replies = {stage: replies}
    outcome = hand_over(compose(made, starttls.settings, "k", NOW), starttls.settings)
    assert outcome.delivery is delivery, outcome
    assert evidence in outcome.evidence
    assert starttls.stages.count(stage) == tries
    assert len(starttls.got) == (1 if delivery is Delivery.SENT else 0)


def test_no_answer_to_the_message_is_unknown_and_not_sent_again(made: Rendered, starttls: Postbox) -> None:
    starttls.go_on.clear()
    try:
        outcome = hand_over(compose(made, starttls.settings, "k", NOW), starttls.settings, seconds=0.6)
    finally:
        starttls.go_on.set()
    assert outcome == Outcome(Delivery.UNKNOWN, "did not answer in 1 s, at the message, after the message was sent")
    assert starttls.stages.count("mail") == 1


@contextmanager
def talking(say: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where each caller gets `say`."""
    server = socket.create_server(("localhost", 0))
    callers: list[socket.socket] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                callers.append(server.accept()[0])
                with suppress(OSError):
                    say(callers[-1])

    threading.Thread(target=take, daemon=True).start()
    yield server.getsockname()[1]
    for caller in (server, *callers):
        caller.close()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_hangs_takes_no_more_than_its_time(made: Rendered, starttls: Postbox, security: str) -> None:
    with talking(lambda _: None) as port:
        settings = replace(starttls.settings, port=port, security=security)
        outcome = hand_over(compose(made, settings, "k", NOW), settings, seconds=0.1)
    assert outcome == Outcome(Delivery.FAILED, "did not answer in 0 s, at connecting")


def test_without_starttls_no_password_goes_out(made: Rendered, starttls: Postbox) -> None:
    heard: list[bytes] = []

    def say(caller: socket.socket) -> None:
        caller.sendall(b"220 hello\r\n")
        for answer in (b"250-here\r\n250 AUTH PLAIN\r\n", b"502 no\r\n", b"221 bye\r\n"):
            heard.append(caller.recv(1000))
            caller.sendall(answer)

    with talking(say) as port:
        settings = replace(starttls.settings, port=port)
        outcome = hand_over(compose(made, settings, "k", NOW), settings)
    assert outcome.delivery is Delivery.FAILED
    assert "STARTTLS" in outcome.evidence
    assert not any(b"AUTH" in line for line in heard)


def test_nobody_there(made: Rendered, starttls: Postbox) -> None:
    with talking(lambda _: None) as port:
        pass
    settings = replace(starttls.settings, port=port)
    outcome = hand_over(compose(made, settings, "k", NOW), settings)
    assert outcome.delivery is Delivery.FAILED
    assert outcome.evidence.startswith("broke off at connecting")
