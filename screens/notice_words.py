"""What NOTICES says of each notice: whether it went out, what is next, and how it will look. Pure, over a view."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import Phase, PhaseState
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeText, NoticeWay, Receipt
from dixis_tui.run import policy
from dixis_tui.run.state import RunState
from screens.view import View
from screens.widgets.painted import Part, wrapped

TITLES = {
    NoticeKind.BEFORE: N_("before"),
    NoticeKind.DURING: N_("during"),
    NoticeKind.DELAYED: N_("delayed"),
    NoticeKind.AFTER: N_("after"),
    NoticeKind.ROLLED_BACK: N_("rolled back"),
    NoticeKind.CANCELLED: N_("cancelled"),
}
"""In the order of an evening."""
ORDER = tuple(TITLES)
_WHEN = {
    NoticeKind.BEFORE: N_("ahead of the window, for the gate DX133"),
    NoticeKind.DURING: N_("goes out with the banner phase"),
    NoticeKind.DELAYED: N_("when it takes longer than was announced"),
    NoticeKind.AFTER: N_("goes out when visitors are let in again"),
    NoticeKind.ROLLED_BACK: N_("goes out instead, after a rollback"),
    NoticeKind.CANCELLED: N_("when the evening is called off"),
}
SHAPES = (N_("mail"), N_("banner"), N_("page"))
_DELIVERY = {
    Delivery.SENDING: ("◐", "work", N_("being sent")),
    Delivery.SENT: ("✔", "good", N_("sent")),
    Delivery.TRIED: ("○", "quiet", N_("dry run")),
    Delivery.FAILED: ("✖", "bad", N_("failed")),
    Delivery.UNKNOWN: ("?", "bad", N_("unknown")),
}
_WORST = (Delivery.SENDING, Delivery.FAILED, Delivery.UNKNOWN, Delivery.TRIED, Delivery.SENT)
_CHANNELS = {Channel.MAIL: N_("mail"), Channel.WEBHOOK: N_("webhook"), Channel.BANNER: N_("banner")}
_MAIL_WIDTH, _PAGE_WIDTH = 72, 60
"""Columns of a mail in most readers, and of the page in a browser."""
NO_CHANNEL = N_(
    "dixis.toml names no channel for notices: people are told by hand, and DX133 is ticked. docs/notices.md shows how."
)


def expected(state: RunState, now: datetime) -> NoticeKind | None:
    """The notice that comes next; None: none does."""
    sent = {receipt.kind for receipt in state.receipts.values() if receipt.delivery is not Delivery.FAILED}
    opens = state.run.window_opens if state.run else None
    closes = state.run.window_closes if state.run else None
    if state.ended:
        off = NoticeKind.DURING in sent and not state.confirmed and not state.rollback
        wanted = NoticeKind.CANCELLED if off else None
    elif state.rollback:
        wanted = NoticeKind.ROLLED_BACK
    elif state.confirmed and policy.phase_state(state, Phase.VERIFY) is PhaseState.PASSED:
        wanted = NoticeKind.AFTER
    elif NoticeKind.DURING in sent:
        wanted = NoticeKind.DELAYED if closes and now > closes else NoticeKind.AFTER
    elif NoticeKind.BEFORE not in sent and opens and now < opens:
        wanted = NoticeKind.BEFORE
    else:
        wanted = NoticeKind.DURING
    return None if wanted in sent else wanted


def receipts_of(state: RunState, kind: NoticeKind) -> list[Receipt]:
    """What came of it on each channel, in the order of sending."""
    return [receipt for receipt in state.receipts.values() if receipt.kind is kind]


def row(view: View, kind: NoticeKind) -> list[Part]:
    """One notice in the list: whether it went out, when, and what is next."""
    found = receipts_of(view.state, kind)
    if not found:
        # Without a channel none is: nothing can be sent.
        is_next = view.state.notices is not None and expected(view.state, view.now) is kind
        told = _("next") if is_next else _(_WHEN[kind])
        return [("▶ " if is_next else "○ ", "key" if is_next else "quiet"), (told, "strong" if is_next else "quiet")]
    worst = min((receipt.delivery for receipt in found), key=_WORST.index)
    glyph, tone, word = _DELIVERY[worst]
    last = max((receipt.at for receipt in found if receipt.at), default=None)
    good = sum(receipt.delivery is Delivery.SENT for receipt in found)
    every = max(len(found), len(view.state.notices.ways) if view.state.notices else 0)
    count = _("{good} of {all} channels").format(good=good, all=every)
    told = f"   {_moment(view, last)}   "
    return [(f"{glyph} ", tone), (_(word), tone), (told, "text"), (count, "warn" if good < every else "text")]


def _moment(view: View, at: datetime | None) -> str:
    if at is None:
        return "–"
    return f"{at.astimezone(view.zone):%d/%m %H:%M}"


def channel_rows(view: View, kind: NoticeKind, width: int) -> list[list[Part]]:
    """Each channel, whom it reaches, and what came of it."""
    made = view.state.notices
    rows: list[list[Part]] = []
    found = receipts_of(view.state, kind)
    for way in made.ways if made else ():
        mine = [one for one in found if (one.channel, one.name) == (way.channel, way.name)]
        rows += _channel(view, way, mine[-1] if mine else None, width)
    return rows


def channels(view: View) -> str:
    """All of them in a row."""
    made = view.state.notices
    return ", ".join(_name(way) for way in (made.ways if made else ()))


def _name(way: NoticeWay) -> str:
    return f"{_(_CHANNELS[way.channel])} {way.name}" if way.channel is Channel.WEBHOOK else _(_CHANNELS[way.channel])


def _channel(view: View, way: NoticeWay, receipt: Receipt | None, width: int) -> list[list[Part]]:
    head: list[Part] = [("  ", ""), (f"{_name(way)}  ", "strong"), (way.to, "text")]
    if receipt is None:
        return [head]
    glyph, tone, word = _DELIVERY[receipt.delivery]
    by = f"{_moment(view, receipt.at)}  {receipt.operator}"
    told: list[list[Part]] = [[*head, (f"   {glyph} {_(word)}", tone)]]
    told += [[("      ", ""), (text, "quiet")] for text in wrapped(by, width - 8)]
    # What a server said as it took it stands in the journal; why it did not is what a person acts on.
    if receipt.evidence and receipt.delivery in (Delivery.FAILED, Delivery.UNKNOWN):
        told += [[("      ", ""), (text, "quiet")] for text in wrapped(sentence(receipt.evidence), width - 8)]
    return told


def preview(view: View, kind: NoticeKind, shape: str, width: int) -> list[list[Part]]:
    """How it will look, at the width that it has there."""
    made = view.state.notices
    texts = [text for text in (made.texts if made else ()) if text.kind is kind]
    if made is None or (made.problem and not texts):
        return [[(f"  {text}", "bad")] for text in wrapped(made.problem if made else "", width - 3)] if made else []
    match shape:
        case "banner":
            return _banner(texts, width)
        case "page":
            return _page(made.page or made.problem, width)
    return _mail(view, texts, width)


def _mail(view: View, texts: list[NoticeText], width: int) -> list[list[Part]]:
    made = view.state.notices
    room = min(_MAIL_WIDTH, width - 4)
    to = ", ".join(way.to for way in (made.ways if made else ()) if way.channel is Channel.MAIL)
    rows: list[list[Part]] = []
    heads = ((_("From"), made.sender if made else ""), (_("To"), to))
    subject = " / ".join(text.subject for text in texts)
    label = max(cell_len(name) for name in (*(name for name, _value in heads), _("Subject"))) + 2
    for name, value in (*heads, (_("Subject"), subject)):
        first, *more = wrapped(value or _("(no mail is sent)"), room - label)
        rows.append([("  ", ""), (name + " " * (label - cell_len(name)), "quiet"), (first, "strong")])
        rows += [[(" " * (label + 2), ""), (text, "strong")] for text in more]
    for number, text in enumerate(texts):
        rows += [[("  ", ""), ("─" * room, "faint")] if number else []]
        rows += [[("  ", ""), (part, "text")] for line in text.text.splitlines() for part in wrapped(line, room)]
    return rows


def _banner(texts: list[NoticeText], width: int) -> list[list[Part]]:
    """From edge to edge, as it stands above a site."""
    rows: list[list[Part]] = []
    for text in texts:
        for part in wrapped(text.banner, width - 6):
            rows.append([("  ", ""), (f" {part}{' ' * max(width - 6 - cell_len(part), 0)} ", "warn-cap")])
        rows.append([])
    return rows


def _page(page: str, width: int) -> list[list[Part]]:
    """A card in the middle of the window."""
    room = min(_PAGE_WIDTH, width - 8)
    margin = " " * max((width - room - 4) // 2, 0)
    rows: list[list[Part]] = [[(f"{margin}╭{'─' * (room + 2)}╮", "faint")]]
    for text in page.splitlines():
        for part in wrapped(text, room) if text else [""]:
            filled = part + " " * max(room - cell_len(part), 0)
            rows.append([(f"{margin}│ ", "faint"), (filled, "text"), (" │", "faint")])
    return [*rows, [(f"{margin}╰{'─' * (room + 2)}╯", "faint")]]
