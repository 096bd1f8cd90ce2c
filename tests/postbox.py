"""A mail server of the tests: a real one, with a certificate of its own, that takes and refuses as it is told."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dixis_tui.settings_records import MailSettings

USER, PASSWORD = "notices", "correct-horse-βattery"


class Postbox:
    """What came, and what is said at each stage; a reply stays until it is taken away, a list is used up in turn."""

    def __init__(self, host: str, port: int, ca_file: Path, security: str) -> None:
        self.settings = MailSettings(
            host=host,
            port=port,
            security=security,  # type: ignore[arg-type]
            ca_file=str(ca_file) if security != "none" else "",
            user=USER if security != "none" else "",
            sender="Δίξις <info@dixis.example>",
            to=["Πελάτες της Δίξις <all@dixis.example>", "ops@dixis.example"],
        )
        self.clear()

    def clear(self) -> None:
        """As on the first day."""
        self.replies: dict[str, list[str]] = {}
        self.got: list[Envelope] = []
        self.logins: list[bytes] = []
        self.stages: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def message(self) -> EmailMessage:
        """The one mail that came, parsed back."""
        [envelope] = self.got
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def reply(self, stage: str, otherwise: str) -> str:
        """What is said at this stage now."""
        self.stages.append(stage)
        told = self.replies.get(stage, [])
        return (told.pop(0) if len(told) > 1 else told[0]) if told else otherwise

    # aiosmtpd's hooks; their names and arguments are its own.

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = sender
        return self.reply("mail", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:  # noqa: N802
        said = self.reply(to if to in self.replies else "rcpt", "250 OK")
        if said.startswith("2"):
            envelope.rcpt_tos.append(to)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        while not self.go_on.is_set():
            await asyncio.sleep(0.01)
        said = self.reply("data", "250 2.0.0 OK: queued as 4711")
        if said == "hang up":
            assert server.transport is not None
            server.transport.abort()
        elif said.startswith("2"):
            self.got.append(envelope)
        return said

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)


@contextmanager
def _serving(folder: Path, security: str) -> Iterator[Postbox]:
    box = Postbox("localhost", 0, folder / "ca.pem", security)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    shut = security != "none"
    more: dict[str, Any] = {"tls_context": context, "require_starttls": True} if security == "starttls" else {}
    if shut:
        first = security == "starttls"
        more |= {"authenticator": box.login, "auth_required": first, "auth_require_tls": first}
    controller = Controller(
        box, hostname="localhost", port=0, ssl_context=context if security == "tls" else None, **more
    )
    controller.port = _free()
    controller.start()
    try:
        box.settings = _on(box.settings, controller.port)
        yield box
    finally:
        controller.stop()


def _on(settings: MailSettings, port: int) -> MailSettings:
    from msgspec.structs import replace

    return replace(settings, port=port)


def _free() -> int:
    import socket

    with socket.socket() as peer:
        peer.bind(("localhost", 0))
        return int(peer.getsockname()[1])


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem`, `server.pem` and `server.key`, for localhost; and `other.pem`, which signed nothing."""
    folder = tmp_path_factory.mktemp("certificates")
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    for name, subject in (("ca", "/CN=localhost"), ("other", "/CN=elsewhere")):
        subprocess.run(
            [*make, "-subj", subject, *names, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
            check=True,
            capture_output=True,
        )
    (folder / "server.pem").write_bytes((folder / "ca.pem").read_bytes())
    (folder / "server.key").write_bytes((folder / "ca.key").read_bytes())
    return folder


@pytest.fixture(scope="session")
def _starttls(certificates: Path) -> Iterator[Postbox]:
    with _serving(certificates, "starttls") as box:
        yield box


@pytest.fixture(scope="session")
def _tls(certificates: Path) -> Iterator[Postbox]:
    with _serving(certificates, "tls") as box:
        yield box


@pytest.fixture
def starttls(_starttls: Postbox) -> Postbox:
    """One that speaks nothing but STARTTLS, and takes mail from whom it knows."""
    _starttls.clear()
    return _starttls


@pytest.fixture
def tls(_tls: Postbox) -> Postbox:
    """The same with TLS from the first byte."""
    _tls.clear()
    return _tls
