"""A notice as a mail, and the way to the server that takes it.

What the server has not taken for certain, and refused for now, is tried again. From the moment that the message itself
is on its way, only the server's answer tells: without one it is `unknown`, and not sent again.
"""

from __future__ import annotations

import hashlib
import ssl
import threading
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dixis_tui.errors import ToolError, UsageError
from dixis_tui.notice import Delivery, Outcome
from dixis_tui.notices.render import Rendered
from dixis_tui.secrets import clean
from dixis_tui.settings_records import MailSettings
from dixis_tui.web.in_time import in_time

if TYPE_CHECKING:
    import aiosmtplib

_TRIES = 3
_GRACE_SECONDS = 0.5


class Mail(Struct, frozen=True):
    """One mail as it goes out: the envelope, and the message with its lines ended by CR LF."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes


class _Try(Struct):
    """How far one try has come."""

    stage: str = "connecting"
    on_its_way: bool = False
    answer: str = ""
    """The server's, once it has taken the message: whatever happens then changes nothing."""


def address(text: str, key: str) -> Address:
    """`Name <address>`, with its domain in ASCII. Raises UsageError, naming `key` of the settings."""
    wrong = UsageError(f"{key}: '{clean(text)}' is no mail address", "Write it as Name <user@example.org>.")
    found = getaddresses([text])
    name, spec = found[0] if len(found) == 1 else ("", "")
    user, _, domain = spec.rpartition("@")
    # A line break would begin a header of its own.
    if not text.isprintable() or not user.isascii() or not user or not domain or spec != "".join(spec.split()):
        raise wrong
    try:
        return Address(name, user, domain.encode("idna").decode())
    except (ValueError, IndexError, HeaderParseError):
        raise wrong from None


def compose(made: Rendered, settings: MailSettings, key: str, now: datetime) -> Mail:
    """The mail: plain text and HTML as alternatives, every language in both.

    Raises:
        UsageError: an address of the settings is none.
    """
    sender = address(settings.sender, "notices.mail.sender")
    people = [address(one, "notices.mail.to") for one in settings.to]
    if not people:
        raise UsageError("notices.mail.to names nobody", "Name who gets the notices.")
    # By the notice itself: a server or a reader that gets a second copy sees that it is one.
    message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.domain}>"
    message = EmailMessage(policy=SMTP.clone(refold_source="none"))
    # Folded here: the library loses a blank between two encoded words now and then (seen with Python 3.11).
    message.set_raw("Subject", Header(made.subject, "utf-8", header_name="Subject").encode())
    message.set_raw("From", _named(sender))
    message.set_raw("To", ",\n ".join(map(_named, people)))
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(made.text, cte="quoted-printable")
    message.add_alternative(made.html, subtype="html", cte="quoted-printable")
    # Last: each of the two above takes away what there is of it.
    message["Content-Language"] = ", ".join(one.language for one in made.messages)
    return Mail(sender.addr_spec, tuple(dict.fromkeys(one.addr_spec for one in people)), message_id, bytes(message))


def _named(who: Address) -> str:
    if who.display_name.isascii():
        return str(who)
    return f"{Header(who.display_name, 'utf-8', maxlinelen=60).encode()}\n <{who.addr_spec}>"


def send(
    mail: Mail, settings: MailSettings, password: str, root: Path, *, seconds: float, pause_seconds: float = 1.0
) -> Outcome:
    """Hand it to the server, up to three times where that is safe and may help; `seconds` for each try."""
    outcome = Outcome(Delivery.FAILED, "")
    for attempt in range(_TRIES):
        if attempt:
            threading.Event().wait(pause_seconds * attempt)
        outcome, again = _once(mail, settings, password, root, seconds)
        if not again:
            break
    return outcome


def _once(mail: Mail, settings: MailSettings, password: str, root: Path, seconds: float) -> tuple[Outcome, bool]:
    """One try, and whether another one is safe and may help."""
    import asyncio

    import aiosmtplib

    came = _Try()
    try:
        talk = partial(_talk, mail, settings, password, _trust(settings, root), came)
        # A name that is looked up without end is waited for by asyncio itself: hence the thread around it.
        in_time(seconds + _GRACE_SECONDS, lambda: asyncio.run(asyncio.wait_for(talk(), seconds)))
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusals = [(one.code, f"{one.recipient}: {one.code} {one.message}") for one in error.recipients]
        passing = all(400 <= code < 500 for code, _ in refusals)
        return Outcome(Delivery.FAILED, f"refused {'; '.join(words for _, words in refusals)}"), passing
    except aiosmtplib.SMTPResponseException as error:
        return Outcome(Delivery.FAILED, f"refused {came.stage}: {error.code} {error.message}"), 400 <= error.code < 500
    except ToolError as error:
        return Outcome(Delivery.FAILED, str(error)), False
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return _broken_off(
            came, _words(error, came, seconds), again=isinstance(error, OSError) and not _untrusted(error)
        )
    if came.answer:
        return Outcome(Delivery.SENT, came.answer), False
    return _broken_off(came, _words(TimeoutError(), came, seconds), again=True)


def _broken_off(came: _Try, words: str, *, again: bool) -> tuple[Outcome, bool]:
    if came.answer:
        return Outcome(Delivery.SENT, came.answer), False
    if came.on_its_way:
        return Outcome(Delivery.UNKNOWN, f"{words}, after the message was sent"), False
    return Outcome(Delivery.FAILED, words), again


async def _talk(mail: Mail, settings: MailSettings, password: str, context: ssl.SSLContext, came: _Try) -> None:
    """All of the conversation; what came of it is in `came`."""
    import socket
    from contextlib import suppress

    import aiosmtplib

    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security == "tls",
        start_tls=False,  # below, so that it is never left out
        tls_context=context,
        local_hostname=socket.gethostname(),
        timeout=None,
    )
    await client.connect()
    try:
        if settings.security == "starttls":
            came.stage = "STARTTLS"
            await client.starttls(tls_context=context)
        if settings.user:
            came.stage = "the login"
            await client.login(settings.user, password)
        came.stage = f"the sender {mail.sender}"
        await client.mail(mail.sender)
        came.stage = "the recipients"
        refused = await _recipients(client, mail.recipients)
        came.stage, came.on_its_way = "the message", True
        answer = await client.data(mail.data)
        left_out = "".join(f"; not to {words}" for words in refused)
        came.answer = f"{answer.code} {answer.message} ({mail.message_id}){left_out}"
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=1.0)
    finally:
        client.close()


async def _recipients(client: aiosmtplib.SMTP, recipients: tuple[str, ...]) -> list[str]:
    """Name them; whom the server refuses, in words. Raises SMTPRecipientsRefused where it takes none."""
    import aiosmtplib

    refused = []
    for one in recipients:
        try:
            await client.rcpt(one)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused.append(error)
    if len(refused) == len(recipients):
        raise aiosmtplib.SMTPRecipientsRefused(refused)
    return [f"{error.recipient}: {error.code} {error.message}" for error in refused]


def _trust(settings: MailSettings, root: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(root / settings.ca_file) if settings.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise ToolError(f"notices.mail.ca_file can't be used: {error.strerror or error}") from None


def _untrusted(error: BaseException | None) -> bool:
    """Whether the server's certificate is what is wrong, however deep that lies."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _words(error: Exception, came: _Try, seconds: float) -> str:
    if _untrusted(error):
        return f"its certificate is not trusted ({error})"
    if isinstance(error, TimeoutError):
        return f"did not answer in {seconds:.0f} s, at {came.stage}"
    return f"broke off at {came.stage}: {error or type(error).__name__}"
