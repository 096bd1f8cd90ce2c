"""The channels of the settings: which there are, and how one notice goes out on one of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import UsageError
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeWay, Outcome
from dixis_tui.notices import shapes
from dixis_tui.notices.facts import EXAMPLE, Facts
from dixis_tui.notices.render import Rendered, texts
from dixis_tui.secrets import clean, masked
from dixis_tui.settings import Settings
from dixis_tui.settings_records import WebhookSettings

ENDPOINT, FILE = "endpoint", "file"
"""The two ways to an application's banner."""
_SECRET_PATH = 12
"""Characters of a webhook's path that are a secret, and no word."""
_READABLE = 0o644


class Notice(Struct, frozen=True):
    """One notice, ready for any channel. `key` is the same in a second copy of it."""

    made: Rendered
    facts: Facts
    key: str


def ways(settings: Settings, secrets: Mapping[str, str]) -> tuple[NoticeWay, ...]:
    """All the channels, in the order in which they are used."""
    found, notices = [], settings.notices
    if notices.mail.host:
        found.append(NoticeWay(Channel.MAIL, str(Channel.MAIL), clean(", ".join(notices.mail.to))))
    for hook in notices.webhooks:
        url = address(hook, secrets)
        found.append(
            NoticeWay(Channel.WEBHOOK, clean(hook.name), masked(url) if url else f"{hook.url_variable} is not set")
        )
    if notices.banner.url:
        found.append(NoticeWay(Channel.BANNER, ENDPOINT, masked(notices.banner.url)))
    if notices.banner.file:
        found.append(NoticeWay(Channel.BANNER, FILE, clean(notices.banner.file)))
    return tuple(found)


def address(hook: WebhookSettings, secrets: Mapping[str, str]) -> str:
    """Where a webhook is; empty where its variable is not set."""
    return secrets.get(hook.url_variable, "").strip() if hook.url_variable else hook.url


def secrets_in(settings: Settings, secrets: Mapping[str, str]) -> list[str]:
    """What must be shown nowhere: addresses of webhooks, and their paths by themselves."""
    urls = [address(hook, secrets) for hook in settings.notices.webhooks]
    paths = [url.partition("://")[2].partition("/")[2] for url in (*urls, settings.notices.banner.url)]
    return [*filter(None, urls), *(path for path in paths if len(path) >= _SECRET_PATH)]


def check(settings: Settings) -> None:
    """Make a whole mail with the example, where mail is sent. Raises UsageError where an address is none."""
    if settings.notices.mail.host:
        from dixis_tui.notices import mail

        made = texts(NoticeKind.BEFORE, EXAMPLE, settings)
        mail.compose(made, settings.notices.mail, "example", datetime.now(UTC))


def problem(settings: Settings, secrets: Mapping[str, str]) -> str:
    """What is missing for a channel of the settings, as one sentence; empty: nothing that could be seen from here."""
    notices = settings.notices
    if notices.mail.host and notices.mail.user and not secrets.get(notices.mail.password_variable):
        return f"{notices.mail.password_variable} is not set: the mail server asks for it"
    for hook in notices.webhooks:
        if not address(hook, secrets):
            return f"{hook.url_variable} is not set: it has the address of the webhook {clean(hook.name)}"
    if notices.banner.url and notices.banner.token_variable and not secrets.get(notices.banner.token_variable):
        return f"{notices.banner.token_variable} is not set: the banner's endpoint asks for it"
    return ""


def send(
    way: NoticeWay, notice: Notice, settings: Settings, secrets: Mapping[str, str], pause_seconds: float = 1.0
) -> Outcome:
    """One notice on one channel. Never raises for what the world does."""
    try:
        match way.channel:
            case Channel.MAIL:
                return _mail(notice, settings, secrets, pause_seconds)
            case Channel.WEBHOOK:
                return _webhook(way, notice, settings, secrets, pause_seconds)
            case Channel.BANNER if way.name == ENDPOINT:
                return _endpoint(notice, settings, secrets, pause_seconds)
        return _file(notice, settings)
    except UsageError as error:
        return Outcome(Delivery.FAILED, str(error))


def tried(way: NoticeWay, notice: Notice, settings: Settings) -> Outcome:
    """The same without sending: what can be wrong before anything goes out. Never raises for what the world does."""
    try:
        if way.channel is Channel.MAIL:
            from dixis_tui.notices import mail

            mail.compose(notice.made, settings.notices.mail, notice.key, datetime.now(UTC))
    except UsageError as error:
        return Outcome(Delivery.FAILED, str(error))
    return Outcome(Delivery.TRIED, "made, and not sent")


def _mail(notice: Notice, settings: Settings, secrets: Mapping[str, str], pause_seconds: float) -> Outcome:
    from dixis_tui.notices import mail  # what makes mails is slow to import

    told = settings.notices.mail
    if told.user and not secrets.get(told.password_variable):
        return Outcome(Delivery.FAILED, f"{told.password_variable} is not set")
    made = mail.compose(notice.made, told, notice.key, datetime.now(UTC))
    password, seconds = secrets.get(told.password_variable, ""), settings.notices.timeout_seconds
    return mail.send(made, told, password, Path(settings.root), seconds=seconds, pause_seconds=pause_seconds)


def _webhook(
    way: NoticeWay, notice: Notice, settings: Settings, secrets: Mapping[str, str], pause_seconds: float
) -> Outcome:
    hook = next(hook for hook in settings.notices.webhooks if clean(hook.name) == way.name)
    if not (url := address(hook, secrets)):
        return Outcome(Delivery.FAILED, f"{hook.url_variable} is not set")
    body = {
        "generic": lambda: shapes.generic(notice.made, notice.facts, notice.key),
        "slack": lambda: shapes.slack(notice.made),
        "teams": lambda: shapes.teams(notice.made),
    }[hook.shape]()
    # Neither Slack nor Teams knows a second copy from the first.
    return _post(url, body, notice.key, settings, pause_seconds, copies=hook.shape == "generic")


def _endpoint(notice: Notice, settings: Settings, secrets: Mapping[str, str], pause_seconds: float) -> Outcome:
    told = settings.notices.banner
    token = secrets.get(told.token_variable, "") if told.token_variable else ""
    if told.token_variable and not token:
        return Outcome(Delivery.FAILED, f"{told.token_variable} is not set")
    if not token.isascii() or not token.isprintable():
        return Outcome(Delivery.FAILED, f"{told.token_variable} has letters that no header can carry")
    body = shapes.banner(notice.made, notice.facts, notice.key, datetime.now(UTC))
    return _post(told.url, body, notice.key, settings, pause_seconds, method=told.method, token=token)


def _post(
    url: str,
    body: dict[str, object],
    key: str,
    settings: Settings,
    pause_seconds: float,
    *,
    method: str = "POST",
    token: str = "",
    copies: bool = True,
) -> Outcome:
    from dixis_tui.web.webhook import deliver  # httpx is slow to import

    sent = deliver(
        url,
        shapes.encode(body),
        key,
        method=method,
        token=token,
        seconds=settings.notices.timeout_seconds,
        copies=copies,
        pause_seconds=pause_seconds,
    )
    delivery = {True: Delivery.SENT, False: Delivery.FAILED, None: Delivery.UNKNOWN}[sent.taken]
    return Outcome(delivery, sent.words)


def _file(notice: Notice, settings: Settings) -> Outcome:
    """Written beside it first: whoever reads it sees the old one or the new one, and never half of one."""
    path = Path(settings.root, settings.notices.banner.file).absolute()
    body = shapes.encode(shapes.banner(notice.made, notice.facts, notice.key, datetime.now(UTC)))
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body + b"\n")
                file.flush()
                os.fchmod(handle, _READABLE)  # the application is another account
                os.fsync(handle)
            Path(beside).replace(path)
        except OSError:
            with suppress(OSError):
                Path(beside).unlink()
            raise
    except OSError as error:
        return Outcome(Delivery.FAILED, f"can't be written: {error.strerror}")
    return Outcome(Delivery.SENT, "written")
