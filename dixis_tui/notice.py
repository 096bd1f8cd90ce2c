"""Notices, and the ways they go: the values that travel from the runner to the screen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class NoticeKind(StrEnum):
    """The runbook's three, and what else may have to be told."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    DELAYED = "delayed"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"


class Channel(StrEnum):
    """How a notice goes out."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    BANNER = "banner"


class Delivery(StrEnum):
    """What came of one notice on one channel."""

    SENDING = "sending"
    """About to be sent, and not heard of since."""
    SENT = "sent"
    TRIED = "dry run"
    """Made, and not sent, as was asked."""
    FAILED = "failed"
    """Nobody got it."""
    UNKNOWN = "unknown"
    """It broke off when it may have been taken: it is not sent again by itself."""


class Receipt(Struct, frozen=True, kw_only=True):
    """One notice on one channel. `to` names the receiver as far as it is no secret; `key` tells this sending.

    `evidence` is the server's answer where it was taken (a status, a message's id); else why it was not.
    """

    kind: NoticeKind
    channel: Channel
    name: str
    """Of the webhook; else the channel's."""
    to: str
    key: str
    delivery: Delivery
    evidence: str = ""
    at: datetime | None = None
    """When it came to this (UTC)."""
    operator: str = ""


class NoticeWay(Struct, frozen=True):
    """One channel. `name` tells it from others of its kind; `to` is who gets it, as far as that is no secret."""

    channel: Channel
    name: str
    to: str


class NoticeText(Struct, frozen=True):
    """What one notice says in one language, as plain text. `text` alone has more than one line."""

    kind: NoticeKind
    language: str
    subject: str
    text: str
    banner: str


class Outcome(Struct, frozen=True):
    """What came of one notice on one channel; `evidence`: the other side's answer, or why it has not got it."""

    delivery: Delivery
    evidence: str


_DIED = "the program ended while it was on its way; whether it was taken is not known"


def settled(receipt: Receipt) -> Receipt:
    """A receipt whose sender is gone: what was begun, and never heard of again, is unknown."""
    if receipt.delivery is not Delivery.SENDING:
        return receipt
    return replace(receipt, delivery=Delivery.UNKNOWN, evidence=_DIED)
