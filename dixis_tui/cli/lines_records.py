"""Notices, the maintenance page, the after-watch and what was written of it all, as plain lines."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.notice import Delivery, Receipt

_GLYPHS = {Delivery.SENT: "✔", Delivery.TRIED: "○", Delivery.FAILED: "✖", Delivery.UNKNOWN: "?"}


def records_line(event: ev.Event) -> str:
    """One plain line for an event of words and records, or nothing."""
    match event:
        case ev.NoticeSent(receipt=receipt):
            return notice_line(receipt)
        case ev.PagePut(file=file, moved=moved):
            return f"   maintenance page {'promises another end' if moved else 'up'}: {file}"
        case ev.PageTaken(file=file, problem=problem):
            return f" ✖ maintenance page {file} is still there: {problem}" if problem else "   maintenance page down"
        case ev.PageSeen(url=url, problem=problem) if problem:
            return f" ✖ {url} {problem}"
        case ev.PageSeen(url=url, up=up, status=status):
            return f" ✔ {url} answers {status}, {'the maintenance page' if up else 'the application'}"
        case ev.Reopened(operator=operator):
            return f"   {operator} lets visitors in again"
    return _after(event)


def notice_line(receipt: Receipt) -> str:
    """What came of one notice on one channel."""
    glyph = _GLYPHS.get(receipt.delivery, " ")
    told = f"{receipt.channel} to {receipt.to}: {receipt.delivery}"
    return f" {glyph} notice '{receipt.kind}' by {told}. {receipt.evidence}".rstrip()


def _after(event: ev.Event) -> str:
    match event:
        case ev.AfterStarted(until=until):
            return f"   watched until {until:%H:%M:%SZ}"
        case ev.AfterFound(finding=finding) if finding.over:
            return f" ✔ {finding.subject}: as before again. {finding.evidence}"
        case ev.AfterFound(finding=finding):
            cause = f"; {finding.cause}" if finding.cause else ""
            todo = f" → {finding.remedy}" if finding.remedy else ""
            return f" {'✖' if finding.level == 'error' else '▲'} {finding.subject}: {finding.evidence}{cause}{todo}"
        case ev.AfterEnded(reason=reason):
            return f"   no longer watched: {reason}"
        case ev.FlowSeen(result=result):
            glyph = "✔" if result.ok else "✖"
            return f" {glyph} flow {result.name}: {result.problem or f'{result.milliseconds:.0f} ms'}"
        case ev.ReportMade(file=file, what=what):
            return f"   {what} written to {file}"
    return ""
