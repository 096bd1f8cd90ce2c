"""NOTICES: which went out, when and to whom, what is next, how each looks; and sends one, on a second press."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from dixis_tui.notice import NoticeKind
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from screens import notice_words as told
from screens.dialog import Dialog
from screens.guide import Offer, open_now
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, line, spread, wrapped


def offer(view: View, kind: NoticeKind) -> Offer:
    """What `s` does now."""
    command = cmd.SendNotice(kind=kind, operator=view.operator)
    refusal = policy.refusal(view.state, command)
    if view.state.notices is None and not refusal:
        refusal = _(told.NO_CHANNEL)
    return open_now(view, [Offer(key="s", label=_("send"), command=command, refusal=refusal)])[0]


class _Chosen(Painted):
    """A part that is about the notice under the cursor."""

    kind = NoticeKind.BEFORE
    shape = "mail"
    armed = False


class Kinds(_Chosen):
    """The six, one a row."""

    def draw(self, cells: Size) -> Content:
        """One row each, the cursor on one of them."""
        label = max(len(_(title)) for title in told.TITLES.values()) + 2
        rows = []
        for kind, title in told.TITLES.items():
            here = kind is self.kind
            head = (f"{'▸' if here else ' '} {_(title):<{label}}", "cursor" if here else "text")
            rows.append(spread(cells.width, [head, (" ", ""), *told.row(self.view, kind)]))
        return Content("\n").join(rows[: cells.height])


class Look(_Chosen):
    """Its channels and what came of each, then how it will look; scrolls."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.first = 0

    def draw(self, cells: Size) -> Content:
        """At most `height` rows; where there are more, it says how many."""
        width, height = cells
        made = self.view.state.notices
        if made is None:
            rows: list[list[Part]] = [[(f" {text}", "warn")] for text in wrapped(_(told.NO_CHANNEL), width - 2)]
        else:
            dry = [[("  ", ""), (_("dry run: nothing is sent"), "warn")]] if made.dry_run else []
            rows = [*dry, *told.channel_rows(self.view, self.kind, width), self._heads(width)]
            rows += told.preview(self.view, self.kind, self.shape, width)
        self.first = min(max(self.first, 0), max(len(rows) - height, 0))
        shown = [line(*row) for row in rows[self.first : self.first + height]]
        if height > 2 and self.first + height < len(rows):
            shown[-1] = line((_("   ↓ {count} more").format(count=len(rows) - self.first - height + 1), "quiet"))
        return Content("\n").join(shown)

    def _heads(self, width: int) -> list[Part]:
        """`── mail │ banner │ page ──`, with the one that is shown."""
        parts: list[Part] = [("──", "faint")]
        for shape in told.SHAPES:
            parts += [(f" {_(shape)} ", "cap" if shape == self.shape else "quiet"), ("─", "faint")]
        used = sum(len(text) for text, _look in parts)
        return [*parts, ("─" * max(width - used, 0), "faint")]


class NoticeKeys(_Chosen):
    """The keys that work now."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        sends = [] if offer(self.view, self.kind).refusal else [("s", _("yes, send it") if self.armed else _("send"))]
        out = ("esc", _("back"))
        keys = [*sends, out, ("↑ ↓", _("notice")), ("tab", _("mail, banner, page")), ("pgdn", _("scroll"))]
        if self.view.state.notices is None:
            keys = [out]  # there is nothing to choose, to look at or to send
        # The way out stays in sight: those after it go first where the row is short.
        while keys[-1] != out and sum(cell_len(key) + cell_len(label) + 4 for key, label in keys) > cells.width:
            keys.pop()
        parts: list[Part] = [(" ", "")]
        for key, label in keys:
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return spread(cells.width, parts)


class NoticesScreen(Dialog):
    """The list above, the notice under the cursor below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("tab,right", "turn(1)", show=False),
        Binding("shift+tab,left", "turn(-1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("s", "send", show=False),
        Binding("n,q", "close", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._kind = told.expected(view.state, view.now) or NoticeKind.BEFORE
        self._shape = 0
        self._armed = False

    def compose(self) -> ComposeResult:
        """The six, the one under the cursor, what is said, the keys."""
        with Vertical(classes="dialog") as box:
            box.border_title = _("NOTICES")
            yield Kinds(self.view)
            yield Look(self.view)
            yield Says(self.view)
            yield NoticeKeys(self.view)

    def on_mount(self) -> None:
        """The cursor on what is next."""
        self._spread()

    def _spread(self) -> None:
        for part in self.query(_Chosen):
            part.kind, part.shape, part.armed = self._kind, told.SHAPES[self._shape], self._armed
        self.show(self.view)

    def _choose(self, kind: NoticeKind) -> None:
        self._kind, self._armed = kind, False
        self.query_one(Look).first = 0
        self.query_one(Says).say("")
        self._spread()

    def action_move(self, steps: int) -> None:
        """Another notice; what was half confirmed is not any more."""
        at = min(max(told.ORDER.index(self._kind) + steps, 0), len(told.ORDER) - 1)
        self._choose(told.ORDER[at])

    def action_turn(self, steps: int) -> None:
        """As mail, as banner, as page."""
        self._shape = (self._shape + steps) % len(told.SHAPES)
        self._choose(self._kind)

    def action_page(self, pages: int) -> None:
        """A page on or back."""
        look = self.query_one(Look)
        look.first += pages * max(look.size.height - 2, 1)
        self._spread()

    def action_send(self) -> None:
        """Ask; and on the second press, send it."""
        made, says = offer(self.view, self._kind), self.query_one(Says)
        if made.refusal or made.command is None:
            says.say(made.refusal, "warn")
            return
        if not self._armed:
            self._armed = True
            title, ways = _(told.TITLES[self._kind]), told.channels(self.view)
            says.say(_("s again sends '{title}' by {channels}").format(title=title, channels=ways), "warn")
        else:
            self._armed = False
            says.say("")
            self.cockpit_app.ask(made.command, _("the notice"))
        self._spread()
