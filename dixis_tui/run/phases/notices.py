"""Notices out of a run: journaled before and after, answered where a gate asks for one, and in nobody's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from dixis_tui import events as ev
from dixis_tui.errors import UrlError, UsageError
from dixis_tui.model import Finding, failed, passed
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeText, NoticeWay, Receipt, settled
from dixis_tui.notices import channels, preview, render
from dixis_tui.run import commands as cmd
from dixis_tui.run import notice_log, telling
from dixis_tui.run.context import Context
from dixis_tui.run.notice_facts import facts_of, target_of
from dixis_tui.run.notice_gates import out, summary, told_before
from dixis_tui.settings import Settings

_PATIENCE_SECONDS = 15.0


def send(context: Context, kind: NoticeKind, operator: str, only: Channel | None = None) -> tuple[Receipt, ...]:
    """Send it on every channel (or `only` that kind) that has not had it; one receipt a channel.

    In any thread, one after the other.

    Never raises for what the world does. Waits some seconds at most: what is still on its way by then is `sending` in
    what it returns, and its receipt is journaled when it comes.
    """
    thread = _begin(context, cmd.SendNotice(kind=kind, operator=operator), only)
    thread.join(_PATIENCE_SECONDS)
    told = [receipt for receipt in context.settled().receipts.values() if receipt.kind is kind]
    # What went out again has an earlier receipt as well: the last word counts.
    return tuple({(receipt.channel, receipt.name): receipt for receipt in told}.values())


def start(context: Context, command: cmd.SendNotice) -> str:
    """Send it in a thread of its own: whatever stands at the other end, nobody waits for it. "" or why not."""
    if not context.settings.notices.any:
        return "No channel for notices is named: see [notices] of dixis.toml."
    _begin(context, command)
    return ""


def _begin(context: Context, command: cmd.SendNotice, only: Channel | None = None) -> threading.Thread:
    # As a daemon: what hangs holds no process back.
    thread = threading.Thread(target=_work, args=(context, command, only), name="notices", daemon=True)
    context.tellers.append(thread)
    thread.start()
    return thread


def _work(context: Context, command: cmd.SendNotice, only: Channel | None) -> None:
    try:
        with context.telling:
            _tell(context, command, only)
    except Exception as error:  # noqa: BLE001 - a fault of ours ends the notice, not the run
        with suppress(OSError):  # a journal that can't be written says so at the next deed
            context.fault(error)


def _tell(context: Context, command: cmd.SendNotice, only: Channel | None) -> None:
    kind, operator = command.kind, command.operator
    state, settings = context.settled(), context.settings
    show(context)
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
        only=only,
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
    show(context)
    gate(context)


def show(context: Context) -> None:
    """Journal what every notice would say now, where that is another than was shown before."""
    state, settings, now = context.settled(), context.settings, datetime.now(UTC)
    if not settings.notices.any:
        return
    words = context.log.redactor.line
    facts = {kind: facts_of(state, settings, kind, now) for kind in NoticeKind}
    made = preview.previews(facts, settings, context.folder.name, now)
    event = ev.NoticesMade(
        ways=tuple(
            NoticeWay(way.channel, words(way.name), words(way.to)) for way in channels.ways(settings, context.secrets)
        ),
        texts=tuple(
            NoticeText(one.kind, one.language, words(one.subject), _rows(one.text, words), words(one.banner))
            for one in made.texts
        ),
        page=_rows(made.page, words),
        sender=words(settings.notices.mail.sender),
        hours_before=settings.notices.hours_before,
        dry_run=settings.notices.dry_run,
        problem=words(made.problem),
    )
    if event != state.notices:
        context.emit(event, flush=False)


def _rows(text: str, words: Callable[[str], str]) -> str:
    return "\n".join(map(words, text.splitlines()))


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


def _target(context: Context) -> str:
    """Empty where there is none."""
    try:
        return target_of(context.settings, context.secrets, many=context.settled().many)
    except UrlError:
        return ""
