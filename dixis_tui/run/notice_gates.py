"""What the receipts of notices say to a gate, and to a person. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dixis_tui.model import Finding, failed, passed, warned
from dixis_tui.notice import Delivery, NoticeKind, NoticeWay, Receipt, settled
from dixis_tui.run.notice_log import NoticeRecord

_SEND = "Send it with n, or `dixis-tui notice send before`"
_OTHERWISE = "tick it where people were told in another way"


def told_before(
    ways: Sequence[NoticeWay], kept: Sequence[NoticeRecord], opens: datetime | None, hours: float
) -> Finding:
    """DX133: whether the first notice went out on every channel, and soon enough. Pure."""
    if opens is None:
        return failed("no window is agreed in dixis.toml", f"Set window.start, then: {_SEND}.")
    good: list[str] = []
    bad: list[str] = []
    for way in ways:
        mine = [one for one in kept if (one.receipt.channel, one.receipt.name) == (way.channel, way.name)]
        sent = next((one for one in mine if one.receipt.delivery is Delivery.SENT), None)
        if sent is None:
            last = settled(mine[-1].receipt) if mine else None
            bad.append(f"{_way(way)}: {f'{last.delivery} ({last.evidence})' if last else 'not sent'}")
            continue
        ahead = (opens - sent.at).total_seconds() / 3600
        told = f"{_way(way)} {sent.at:%Y-%m-%d %H:%M} UTC by {sent.operator}, {_ahead(ahead)}"
        (good if ahead >= hours else bad).append(
            told if ahead >= hours else f"{told}: {hours:g} h before are asked for"
        )
    if good and not bad:
        return passed("; ".join(good))
    if good:
        return warned("; ".join((*good, *bad)), f"{_SEND}; or tell the others in another way.")
    return failed("; ".join(bad), f"{_SEND}; {_OTHERWISE}; or waive it by name.")


def out(receipts: Sequence[Receipt]) -> Finding:
    """DX402: whether people were told that it begins. Nothing waits for it. Pure."""
    good = [receipt for receipt in receipts if receipt.delivery in (Delivery.SENT, Delivery.TRIED)]
    words = "; ".join(f"{one.channel} to {one.to}: {one.delivery} {one.evidence}".rstrip() for one in receipts)
    if len(good) == len(receipts):
        return passed(words or "there is no channel")
    return (warned if good else failed)(words, "Tell them in another way; `dixis-tui notice send during` tries again.")


def _ahead(hours: float) -> str:
    return f"{hours:.1f} h before the window" if hours >= 0 else f"{-hours:.1f} h after the window had opened"


def _way(way: NoticeWay) -> str:
    return f"{way.channel} to {way.to}"


def summary(kind: NoticeKind, receipts: Sequence[Receipt], begun: datetime) -> str:
    """What came of what was begun then, as one sentence that begins with the notice. Pure."""
    parts = []
    for receipt in receipts:
        word = str(receipt.delivery) if receipt.at and receipt.at >= begun else f"{receipt.delivery} before, not again"
        why = f" ({receipt.evidence})" if receipt.delivery in (Delivery.FAILED, Delivery.UNKNOWN) else ""
        parts.append(f"{receipt.channel} to {receipt.to}: {word}{why}")
    return f"{begins(kind)} {'; '.join(parts) or 'there is no channel'}."


def begins(kind: NoticeKind) -> str:
    """How that sentence begins."""
    return f"Notice '{kind}':"
