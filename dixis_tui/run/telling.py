"""Sends one notice on all channels, each at most once: the receipt is on disk before anything goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import UsageError
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeWay, Outcome, Receipt, settled
from dixis_tui.notices import channels
from dixis_tui.notices.channels import Notice
from dixis_tui.notices.facts import Facts
from dixis_tui.notices.render import Rendered, texts
from dixis_tui.run import notice_log
from dixis_tui.run.notice_log import NoticeRecord
from dixis_tui.settings import Settings

_STANDS = (Delivery.SENT, Delivery.UNKNOWN, Delivery.SENDING)
"""It was taken, or may have been: not sent again unless somebody asks for that."""
_DOWN = (NoticeKind.AFTER, NoticeKind.ROLLED_BACK, NoticeKind.CANCELLED)
_SHOWS = (NoticeKind.DURING, NoticeKind.DELAYED)
"""What takes a banner down, and what it shows while work is done."""
_OTHERS_SECONDS = 60.0
"""How long another process may be at sending before this one gives up."""

Say = Callable[[Receipt], None]
"""Told of each receipt: before the sending, and after it."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be sent. `run` is empty where none is under way; `words` cleans and redacts outside text.

    `known`: receipts of the run's own journal. `again`: also what was taken already, or may have been.
    `only`: on channels of that kind alone.
    """

    kind: NoticeKind
    facts: Facts
    settings: Settings
    secrets: Mapping[str, str]
    log: Path
    target: str
    operator: str
    words: Callable[[str], str]
    run: str = ""
    known: tuple[Receipt, ...] = ()
    again: bool = False
    dry_run: bool = False
    only: Channel | None = None
    pause_seconds: float = 1.0


def tell(order: Order, say: Say) -> tuple[Receipt, ...]:
    """Send it; one receipt a channel, of now or of an earlier sending. Never raises for what the world does."""
    every = channels.ways(order.settings, order.secrets)
    ways = tuple(way for way in every if order.only in (None, way.channel))
    try:
        _require_known(order)
        made = texts(order.kind, order.facts, order.settings)
    except UsageError as error:
        return tuple(_over(order, way, error, say) for way in ways)
    try:
        with notice_log.locked(order.log, _OTHERS_SECONDS) as free:
            if not free:
                return tuple(_over(order, way, "another process is still sending notices", say) for way in ways)
            past = tuple(record.receipt for record in notice_log.read(order.log).records)
            return tuple(_one(order, way, made, past, say) for way in ways)
    except OSError as error:
        return tuple(_over(order, way, f"{order.log.parent} can't be written: {error.strerror}", say) for way in ways)


def _require_known(order: Order) -> None:
    """Raises UsageError where it can't be told what was announced, and for when."""
    if order.kind is not NoticeKind.BEFORE:
        return
    if order.facts.opens is None:
        raise UsageError("no window is agreed in dixis.toml: the notice could not say when")
    if not order.target:
        raise UsageError("DATABASE_URL can't be used: which target the notice is about is not known")


def _over(order: Order, way: NoticeWay, why: object, say: Say) -> Receipt:
    """Nothing was tried."""
    receipt = _receipt(order, way, _key(order, way), Outcome(Delivery.FAILED, str(why)))
    say(receipt)
    return receipt


def _one(order: Order, way: NoticeWay, made: Rendered, past: tuple[Receipt, ...], say: Say) -> Receipt:
    base = _key(order, way)
    # The journal's own first: where both know a key, the file has the later word.
    known = {receipt.key: receipt for receipt in (*order.known, *past)}
    earlier = notice_log.of_key(base, known.values())
    standing = next((receipt for receipt in reversed(earlier) if receipt.delivery in _STANDS), None)
    if standing and standing.delivery is Delivery.SENDING:
        # We have the lock: whoever began that is gone.
        standing = settled(standing)
        _keep(order, standing)
        say(standing)
    elif standing and standing not in order.known:
        say(standing)  # of another run or a command: this run's journal knows it from now on
    if standing and not order.again and not _undone(order, way, standing, known.values()):
        return standing
    key = f"{base}-{len(earlier) + 1}" if standing else base
    if order.dry_run or order.settings.notices.dry_run:
        outcome = channels.tried(way, Notice(made, order.facts, key), order.settings)
        return _finished(order, _receipt(order, way, key, outcome), say)
    sending = _receipt(order, way, key, Outcome(Delivery.SENDING, ""))
    if problem := _keep(order, sending):
        return _over(order, way, problem, say)
    say(sending)
    outcome = _sent(order, way, Notice(made, order.facts, key))
    return _finished(order, _receipt(order, way, key, outcome), say)


def _undone(order: Order, way: NoticeWay, standing: Receipt, known: Iterable[Receipt]) -> bool:
    """Whether an application's banner, which shows one notice, was put up or taken down since by another one."""
    if way.channel is not Channel.BANNER:
        return False
    others = _SHOWS if order.kind in _DOWN else _DOWN
    bases = {notice_log.key(kind, way, order.run, order.target, order.facts.opens) for kind in others}
    since = [one for one in known if one.key.partition("-")[0] in bases and one.delivery in _STANDS]
    return any(one.at and standing.at and one.at > standing.at for one in since)


def _sent(order: Order, way: NoticeWay, notice: Notice) -> Outcome:
    try:
        return channels.send(way, notice, order.settings, order.secrets, order.pause_seconds)
    except Exception as error:  # noqa: BLE001 - a fault of ours; the receipt says what is known
        return Outcome(Delivery.UNKNOWN, f"a fault of dixis-tui itself ({type(error).__name__})")


def _finished(order: Order, receipt: Receipt, say: Say) -> Receipt:
    problem = _keep(order, receipt)
    if problem:
        receipt = replace(receipt, evidence=f"{receipt.evidence}; {problem}")
    say(receipt)
    return receipt


def _key(order: Order, way: NoticeWay) -> str:
    return notice_log.key(order.kind, way, order.run, order.target, order.facts.opens)


def _receipt(order: Order, way: NoticeWay, key: str, outcome: Outcome) -> Receipt:
    words = order.words
    return Receipt(
        kind=order.kind,
        channel=way.channel,
        name=words(way.name),
        to=words(way.to),
        key=key,
        delivery=outcome.delivery,
        evidence=words(outcome.evidence),
        at=datetime.now(UTC),
        operator=order.operator,
    )


def _keep(order: Order, receipt: Receipt) -> str:
    record = NoticeRecord(
        at=datetime.now(UTC),
        run=order.run,
        target=order.target,
        opens=order.facts.opens,
        operator=order.operator,
        receipt=receipt,
    )
    return notice_log.append(order.log, record)
