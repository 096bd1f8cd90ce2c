"""Phase 4: visitors get the maintenance page and people are told; and how visitors are let in again.

Whatever goes wrong here is said and journaled; before the go DX400 is left to a person, from then on it stops nothing.
"""

from __future__ import annotations

from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.model import CheckState, Finding, Phase, Verdict, failed, passed, warned
from dixis_tui.notice import Channel, Delivery, NoticeKind, Receipt
from dixis_tui.run import policy
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, page, page_before

_BY_HAND = "Mend it and do the phase again (r); or tick DX400 where visitors are kept out in another way."
_SHOWN = (Delivery.SENT, Delivery.UNKNOWN)
"""The application shows that banner, or may."""


def run(context: Context) -> None:
    """Put the page up, see that visitors get it, tell people, and answer DX400 where all of that says it."""
    shows = bool(context.settings.maintenance.file)
    with context.phase(Phase.BANNER, facts.phase_checks(Phase.BANNER, *(() if shows else ("DX401",)))):
        seen = _show(context) if shows else None
        receipts = _tell(context, NoticeKind.DURING, _operator(context))
        if answer := _answer(seen, receipts):
            context.found("DX400", answer)


def move(context: Context) -> None:
    """Have the page promise another end, where the estimate or the clock has moved. Never raises."""
    page.move(context)


def reopen(context: Context, operator: str) -> None:
    """Let visitors in again: page away, looked at, and the notice of how it ended. Never raises.

    A page that has to stay for an earlier run stays, and nobody is told that it is over.
    """
    shown = context.state.page is not None
    begun = context.state.confirmed is not None or context.state.rollback is not None
    whose = _stays_for(context, policy.verdict(context.state))
    if whose and not begun:
        context.note(_stays(context, whose), "warning")
        return
    context.emit(ev.Reopened(operator=operator))
    if whose:
        context.found("DX811", warned(_stays(context, whose), "Mend that first, then tell people by hand."))
        return
    seen = _take(context) if shown else None
    if not begun:
        _clear(context, operator)
        # Nothing was done, and the way to the go leads by this phase again.
        context.found("DX400", Finding(CheckState.WAITING, "visitors were let in again", "Put the page up again."))
        return
    kind = NoticeKind.ROLLED_BACK if context.state.rollback else NoticeKind.AFTER
    up = context.state.page
    # What is still there keeps visitors out: nobody is told that it is over.
    told = () if up and up.put else _tell(context, kind, operator)
    context.found("DX811", _down(seen, told))


def end(context: Context, verdict: Verdict) -> None:
    """What becomes of the page when the run ends so: where production may not be sound it stays."""
    state = context.state
    if state.page and state.page.put:
        whose = page_before.stays_for(context, verdict)
        if verdict in page_before.SOUND and whose:
            context.note(_stays(context, whose), "warning")
            return
        if verdict in page_before.SOUND:
            seen = _take(context)
            if seen.state is CheckState.FAILED:
                context.note(f"{seen.evidence}. {seen.remedy}", "error")
        else:
            context.note(
                f"The maintenance page stays up: production is not known to be sound. "
                f"Once it is, `dixis-tui page down` takes {state.page.file} away.",
                "warning",
            )
    if state.confirmed or state.rollback:
        return
    _clear(context, _operator(context))
    sent = [receipt for receipt in state.receipts.values() if receipt.delivery is Delivery.SENT]
    if any(receipt.kind is NoticeKind.DURING for receipt in sent):
        context.note("People were told of the maintenance: `dixis-tui notice send cancelled` tells that it is off.")


def look_again(context: Context) -> None:
    """After a runner's death: what stands of its page, and what it had begun is brought to its end. Never raises."""
    up = context.state.page
    if up is None or not up.put:
        return
    if context.state.reopened:
        reopen(context, _operator(context))
        return
    try:
        whose = page.owner_at(Path(up.file))
        if whose is None and (context.state.confirmed or context.state.rollback):
            page.put(context)
        elif whose != context.folder.name:
            context.emit(ev.PageTaken(file=up.file))
            context.found("DX400", Finding(CheckState.WAITING, "the page is not there", "Put it up again."))
            return
    except DixisError as error:
        context.note(f"{error}. {error.remedy}", "warning")
        return
    page.move(context)
    page.keep(context)
    page.visitors(context, up=True)


def shut_out(context: Context) -> None:
    """Once a rollback is confirmed: have the page up, an earlier run's or none before. Never raises, never waits."""
    up = context.state.page
    if context.state.drill or not context.settings.maintenance.file or (up and up.put):
        return
    try:
        page.put(context)
    except DixisError as error:
        context.note(f"{error}. {error.remedy}", "warning")


def left_behind(context: Context) -> None:
    """Say where something stands in the page's place before anything was put there: visitors may be shut out."""
    path = context.settings.page_file
    own = context.state.page
    if path is None or (own and own.put):
        return
    try:
        whose = page.owner_at(path)
    except DixisError as error:
        context.note(f"{error}. {error.remedy}", "warning")
        return
    if whose is not None:
        context.note(
            f"A maintenance page ({whose}) is up at {path}: visitors are shut out. "
            "The banner phase puts this run's in its place; `dixis-tui page down` takes it away.",
            "warning",
        )


def _show(context: Context) -> Finding:
    try:
        page.put(context)
    except DixisError as error:
        return context.found("DX401", failed(str(error), error.remedy))
    return context.check("DX401", lambda: page.visitors(context, up=True))


def _stays_for(context: Context, verdict: Verdict) -> str:
    up = context.state.page
    return page_before.stays_for(context, verdict) if up and up.put else ""


def _stays(context: Context, whose: str) -> str:
    file = context.state.page.file if context.state.page else ""
    return (
        f"The maintenance page stays up: it was up before this run ({whose}), and production is not known to be sound. "
        f"Once it is, `dixis-tui page down` takes {file} away."
    )


def _take(context: Context) -> Finding:
    if problem := page.take(context):
        return failed(problem, "Remove it by hand, at once: visitors are shut out.")
    return page.visitors(context, up=False)


def _answer(seen: Finding | None, receipts: tuple[Receipt, ...]) -> Finding | None:
    """DX400, where the program can say it; None: a person does. Pure."""
    on = [receipt for receipt in receipts if receipt.channel is Channel.BANNER and receipt.delivery is Delivery.SENT]
    banner = f"in-app banner on ({on[0].to})" if on else ""
    if seen is None:
        return passed(banner) if banner else None
    if seen.state is CheckState.FAILED:
        return failed(f"the maintenance page: {seen.evidence}", _BY_HAND)
    up = "maintenance page up" if seen.state is CheckState.PASSED else "maintenance page in its place, not looked at"
    return passed(f"{up}; {banner}" if banner else up)


def _down(seen: Finding | None, told: tuple[Receipt, ...]) -> Finding:
    """DX811. Pure."""
    words = [] if seen is None else [f"maintenance page down: {seen.evidence}"]
    lost = [receipt for receipt in told if receipt.delivery is not Delivery.SENT]
    words += [f"notice {receipt.kind} by {receipt.channel} to {receipt.to}: {receipt.delivery}" for receipt in told]
    evidence = "; ".join(words) or "no page was up, and there is no channel for notices"
    if seen is not None and seen.state is CheckState.FAILED:
        return failed(evidence, seen.remedy)
    if lost:
        return warned(evidence, "Tell them by hand.")
    return passed(evidence)


def _tell(context: Context, kind: NoticeKind, operator: str) -> tuple[Receipt, ...]:
    if not context.settings.notices.any:
        return ()
    from dixis_tui.run.phases import notices  # templates and mail are needed only here

    return notices.send(context, kind, operator)


def _clear(context: Context, operator: str) -> None:
    """Nothing was done: the application's banner is taken down, and mails and messages are left to a person."""
    told = [one for one in context.state.receipts.values() if one.channel is Channel.BANNER and one.delivery in _SHOWN]
    if any(receipt.kind is NoticeKind.DURING for receipt in told) and context.settings.notices.any:
        from dixis_tui.run.phases import notices

        notices.send(context, NoticeKind.CANCELLED, operator, only=Channel.BANNER)


def _operator(context: Context) -> str:
    state = context.state
    if state.resumed:
        return state.resumed.operator
    return state.run.operator if state.run else ""
