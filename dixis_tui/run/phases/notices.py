"""Notices out of a run: journaled before and after, answered where a gate asks for one, and in nobody's way."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from dixis_tui import events as ev
from dixis_tui.errors import UrlError, UsageError
from dixis_tui.model import Finding, Phase, failed, passed, warned
from dixis_tui.notice import Delivery, NoticeKind, Receipt, settled
from dixis_tui.notices import channels, render
from dixis_tui.notices.channels import Way
from dixis_tui.notices.facts import Facts
from dixis_tui.plan.phases import IN_WINDOW, PLANNED_SECONDS
from dixis_tui.plan.prediction import needed_seconds
from dixis_tui.run import commands as cmd
from dixis_tui.run import estimate, notice_log, telling
from dixis_tui.run.context import Context
from dixis_tui.run.notice_log import NoticeRecord
from dixis_tui.run.state import RunState
from dixis_tui.run.under_way import fleet, target
from dixis_tui.settings import DATABASE_URL, Settings

_STEP_MINUTES = 5
_PATIENCE_SECONDS = 15.0
_SEND = "Send it with n, or `dixis-tui notice send before`"
_OTHERWISE = "tick it where people were told in another way"


def send(context: Context, kind: NoticeKind, operator: str) -> tuple[Receipt, ...]:
    """Send it on every channel that has not had it; one receipt a channel. In any thread, one after the other.

    Never raises for what the world does. Waits some seconds at most: what is still on its way by then is `sending` in
    what it returns, and its receipt is journaled when it comes.
    """
    thread = _begin(context, cmd.SendNotice(kind=kind, operator=operator))
    thread.join(_PATIENCE_SECONDS)
    return tuple(receipt for receipt in context.settled().receipts.values() if receipt.kind is kind)


def start(context: Context, command: cmd.SendNotice) -> str:
    """Send it in a thread of its own: whatever stands at the other end, nobody waits for it. "" or why not."""
    if not context.settings.notices.any:
        return "No channel for notices is named: see [notices] of dixis.toml."
    _begin(context, command)
    return ""


def _begin(context: Context, command: cmd.SendNotice) -> threading.Thread:
    # As a daemon: what hangs holds no process back.
    thread = threading.Thread(target=_work, args=(context, command), name="notices", daemon=True)
    context.tellers.append(thread)
    thread.start()
    return thread


def _work(context: Context, command: cmd.SendNotice) -> None:
    try:
        with context.telling:
            _tell(context, command)
    except Exception as error:  # noqa: BLE001 - a fault of ours ends the notice, not the run
        with suppress(OSError):  # a journal that can't be written says so at the next deed
            context.fault(error)


def _tell(context: Context, command: cmd.SendNotice) -> None:
    kind, operator = command.kind, command.operator
    state, settings = context.settled(), context.settings
    order = telling.Order(
        kind=kind,
        facts=facts_of(state, settings, kind, datetime.now(UTC)),
        settings=settings,
        secrets=context.secrets,
        log=notice_log.path_for(context.folder),
        target=_target(context),
        operator=operator,
        words=context.log.redactor.line,
        run=context.folder.name,
        known=tuple(state.receipts.values()),
        again=command.again,
        dry_run=command.dry_run,
    )
    begun = datetime.now(UTC)

    def say(receipt: Receipt) -> None:
        going = receipt.delivery is Delivery.SENDING
        context.emit(ev.NoticeSending(receipt=receipt, operator=operator) if going else ev.NoticeSent(receipt=receipt))

    receipts = telling.tell(order, say)
    lost = any(receipt.delivery in (Delivery.FAILED, Delivery.UNKNOWN) for receipt in receipts)
    if kind is NoticeKind.BEFORE:
        gate(context)
    if kind is NoticeKind.DURING:
        context.found("DX402", out(receipts))
    context.note(summary(kind, receipts, begun), "warning" if lost else "info")


def finish(context: Context, seconds: float) -> None:
    """Before the run ends: wait for what is on its way, at most so long. Its receipts go to `notices.jsonl` anyway."""
    deadline = time.monotonic() + seconds
    for thread in context.tellers:
        thread.join(max(deadline - time.monotonic(), 0))


def summary(kind: NoticeKind, receipts: Sequence[Receipt], begun: datetime) -> str:
    """What came of what was begun then, as one sentence that begins with the notice. Pure."""
    parts = []
    for receipt in receipts:
        word = str(receipt.delivery) if receipt.at and receipt.at >= begun else f"{receipt.delivery} before, not again"
        why = f" ({receipt.evidence})" if receipt.delivery in (Delivery.FAILED, Delivery.UNKNOWN) else ""
        parts.append(f"{receipt.channel} to {receipt.to}: {word}{why}")
    return f"Notice '{kind}': {'; '.join(parts) or 'there is no channel'}."


def facts_of(state: RunState, settings: Settings, kind: NoticeKind, now: datetime) -> Facts:
    """What its texts are filled from: the window, and what the rehearsal has measured. Pure.

    Without a rehearsal it takes as long as the window. The end is the one that the maintenance page promises.
    """
    minutes, opens = _minutes(state, settings), settings.window.opens()
    ends = opens + timedelta(minutes=minutes) if opens else None
    if kind in (NoticeKind.DURING, NoticeKind.DELAYED):
        page = state.page
        ends = page.ends_at if page and page.put and page.ends_at else estimate.ends_at(state, now)
    return Facts(name=settings.name, zone=settings.window.timezone, opens=opens, ends=ends, minutes=minutes)


def _minutes(state: RunState, settings: Settings) -> int:
    prediction = state.prediction
    if prediction is None or not prediction.rehearsed:
        return settings.window.minutes
    others = sum(PLANNED_SECONDS[phase] for phase in IN_WINDOW if phase is not Phase.MIGRATE)
    minutes = (others + needed_seconds(prediction)) / 60
    return math.ceil(minutes / _STEP_MINUTES) * _STEP_MINUTES


def can_be_made(settings: Settings, secrets: dict[str, str]) -> Finding:
    """DX135: whether every template renders, and every channel has what it needs from here."""
    try:
        number = render.check(settings)
        channels.check(settings)
    except UsageError as error:
        return failed(str(error), error.remedy)
    if problem := channels.problem(settings, secrets):
        return failed(problem, "Set it before the run begins.")
    told = ", ".join(f"{way.channel} to {way.to}" for way in channels.ways(settings, secrets))
    dry = "; dry run: nothing is sent" if settings.notices.dry_run else ""
    return passed(f"{number} templates in {' and '.join(settings.notices.languages)}; {told}{dry}")


def look(context: Context) -> None:
    """Preflight's part: DX133 and DX135, where there is a channel."""
    if not context.settings.notices.any:
        return
    context.check("DX135", lambda: can_be_made(context.settings, context.secrets))
    gate(context)


def gate(context: Context) -> None:
    """Answer DX133 by the receipts, where there is a channel; what a person has answered stands."""
    check = context.settled().check("DX133")
    if not context.settings.notices.any or check.who:
        return
    settings, log = context.settings, notice_log.path_for(context.folder)
    opens, aim = settings.window.opens(), _target(context)
    if not aim:
        return  # preflight says why there is no target
    ways = channels.ways(settings, context.secrets)
    kept = [
        record
        for record in notice_log.read(log).records
        if (record.target, record.opens) == (aim, opens) and record.receipt.kind is NoticeKind.BEFORE
    ]
    for record in kept:
        if record.receipt.key not in context.settled().receipts:
            context.emit(ev.NoticeSent(receipt=settled(record.receipt)))  # the evidence stands in this journal too
    context.found("DX133", told_before(ways, kept, opens, settings.notices.hours_before))


def told_before(ways: Sequence[Way], kept: Sequence[NoticeRecord], opens: datetime | None, hours: float) -> Finding:
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
        told = f"{_way(way)} {sent.at:%Y-%m-%d %H:%M} UTC by {sent.operator}, {ahead:.1f} h before the window"
        (good if ahead >= hours else bad).append(told if ahead >= hours else f"{told}: {hours:g} h are asked for")
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


def _way(way: Way) -> str:
    return f"{way.channel} to {way.to}"


def _target(context: Context) -> str:
    """Empty where there is none."""
    try:
        return target_of(context.settings, context.secrets, many=context.settled().many)
    except UrlError:
        return ""


def target_of(settings: Settings, secrets: dict[str, str], *, many: bool = False) -> str:
    """What a notice is about: the database of DATABASE_URL, or the fleet.

    Raises:
        UrlError: DATABASE_URL is unset or malformed.
    """
    if many:
        return fleet(settings)
    from dixis_tui.postgres.url import parse

    return target(parse(secrets.get(DATABASE_URL), DATABASE_URL))
