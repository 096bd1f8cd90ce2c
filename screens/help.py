"""What the keys do and what the words and glyphs mean. Says nothing that is not true at this moment."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from dixis_tui.i18n import N_, _
from screens import guide, words
from screens.dialog import Dialog, Words, key_row
from screens.widgets.painted import line

KEYS = (
    ("↑ ↓", N_("select a phase or a check; esc: back to what needs you")),
    ("enter", N_("the next step of the selected phase")),
    ("space", N_("tick the selected check; space again takes it back")),
    ("w", N_("waive the selected closed gate, with a reason")),
    ("r", N_("look again, rehearse again, verify again")),
    ("m", N_("go / no-go: the board, the sealed plan, the phrase")),
    ("x", N_("roll back: the ways, what is lost, until when; has its own phrase")),
    ("p", N_("name a provider's snapshot, on the backup phase")),
    ("n", N_("notices: which went out and to whom, how each looks; there s sends one")),
    ("t", N_("what to do: what went wrong, what is known, the ways out")),
    ("o", N_("contacts: whom to call, and who decides; ctrl+o from every dialog")),
    (
        "s",
        N_("stop what runs at its next safe point, or take back a phrase that waits for the second person; asks first"),
    ),
    ("e", N_("end this run where it stands; asks first")),
    ("c", N_("all checks with what was seen")),
    ("h", N_("migrations: how each runs, its hazards, what it will take and took")),
    ("y", N_("history: the runs on this target, what each took")),
    ("b", N_("locks: who blocks us, who waits behind us; c cancels, t ends one")),
    ("f", N_("after-watch: as before, or what became worse and why; there e ends it")),
    ("u", N_("access: who was connected to production, and who was not expected")),
    ("g", N_("GitHub: gates, the run's steps; there d clinic, j reject, z cancel")),
    ("a", N_("approve what the workflow run on GitHub waits for, with a comment")),
    ("v", N_("the presenter layout: large, for a shared screen; v again: back")),
    ("l", N_("the log: / search, n N next, f follow, s source, esc")),
    ("q", N_("leave; the run goes on, dixis-tui attaches to it again")),
    ("ctrl+l", N_("paint the screen anew, where something else wrote over it")),
)
REPLAY_KEYS = (
    ("space", N_("play, or pause")),
    ("← →", N_("one entry back, and pause; one entry on, over any wait")),
    ("[ ]", N_("back to where a phase began; to where the next begins")),
    ("1 0", N_("as fast as it was; ten times as fast")),
    ("home end", N_("the first entry; the last")),
    ("↑ ↓", N_("select a phase or a check; esc: back to what needed someone")),
    ("c", N_("all checks with what was seen")),
    ("h", N_("migrations: how each ran, its hazards, what it took")),
    ("y", N_("history: the runs on this target")),
    ("b", N_("locks: who blocked us, who waited behind us")),
    ("f", N_("after-watch: as before, or what became worse and why")),
    ("u", N_("access: who was connected to production")),
    ("g", N_("GitHub as it was seen: gates, secrets, the workflow run")),
    ("n", N_("notices: which went out and to whom, how each looked")),
    ("t", N_("what to do: what went wrong, what was known, the ways out")),
    ("o", N_("contacts")),
    ("l", N_("the log up to this moment: / search, f follow, s source")),
    ("q", N_("leave the replay")),
)
_MEANINGS = (
    (N_("✔ passed"), "good", N_("seen, and well")),
    (N_("▲ warned"), "warn", N_("worth knowing; the gate is open")),
    (N_("● waived"), "warn", N_("opened by a person, with a reason")),
    (N_("✖ failed"), "bad", N_("the gate is closed until it is mended or waived")),
    (N_("? unknown"), "bad", N_("could not be looked at: as closed as failed")),
    (N_("◐ running"), "work", N_("at work now")),
    (N_("○ waiting"), "quiet", N_("not looked at, or not answered yet")),
    ("▶", "key", N_("the phase that waits for you")),
)
_LISTED = (
    (N_("✖ danger"), "bad", N_("does harm, or fails, unless the file is changed")),
    (N_("▲ warning"), "warn", N_("others wait, or it may go wrong")),
    (N_("· notice"), "quiet", N_("worth knowing, nothing else")),
    (N_("● accepted"), "quiet", N_("a comment in the file accepts it, with a reason")),
    ("▸", "key", N_("the row that c, t and page down are about")),
)
"""What MIGRATIONS and LOCKS mark."""
_WORDS = (
    ("T −", N_("time until the agreed window opens")),
    (N_("predicted"), N_("seconds, from what the rehearsal measured; then the range")),
    (N_("standing"), N_("where a migration stands: applied, pending, failed, edited …")),
    (N_("blockers"), N_("sessions that hold what we wait for")),
    (N_("victims"), N_("sessions that wait behind us; too many, and we give way")),
    (N_("way back"), N_("the measured seconds of restoring, comparing and swapping")),
    (N_("decide by"), N_("until then a rollback still ends, verified, in the window")),
    (N_("plan"), N_("digest of what the phrase confirms; changes with it")),
    (N_("gate"), N_("a check that must be open before the phrase is asked")),
)
_LEAST = 11
"""Cells of a mark or a word, where none of them is longer."""


class HelpScreen(Dialog):
    """Scrolls where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "close", show=False)]
    AUTO_FOCUS = "#help"

    def compose(self) -> ComposeResult:
        """Keys, glyphs, words."""
        with VerticalScroll(classes="dialog", id="help") as box:
            box.border_title = _("HELP")
            yield Words(self._keys())
            yield Words(self._meanings())
            yield Words(key_row(("↑ ↓", _("scroll")), ("esc", _("back"))), classes="keys")

    def _keys(self) -> Content:
        now = {made.key: made.refusal for made in guide.offers(self.view)}
        rows = []
        for key, label in REPLAY_KEYS if self.view.reel else KEYS:
            works = bool(self.view.reel) or not now.get(key)
            mark, key_look, look = ("  ", "key", "text") if works else ("– ", "quiet", "quiet")
            rows.append(line((mark, "quiet"), (f"{key:<9}", key_look), (_(label), look)))
        if any(now.values()) and not self.view.reel:
            rows.append(line((_("– not now; pressed anyway, it says why"), "quiet")))
        return Content("\n").join(rows)

    def _meanings(self) -> Content:
        rows: list[Content] = []
        for listed in (_MEANINGS, _LISTED, tuple((word, "strong", meaning) for word, meaning in _WORDS)):
            cells = max(_LEAST, *(len(_(mark)) + 1 for mark, *_rest in listed))
            rows.append(line())
            rows += [line((f"{_(mark):<{cells}}", tone), (_(meaning), "text")) for mark, tone, meaning in listed]
        run = self.view.state.run
        if run and run.contacts:
            rows += [line(), line((_("CONTACTS"), "quiet"))]
            width = max(len(_(person[0])) for person in run.contacts) + 2
            rows += [
                line((f"{_(role):<{width}}", "quiet"), (f"{address}  ", "text"), (words.cut(name, 40), "text"))
                for role, name, address in run.contacts
            ]
        return Content("\n").join(rows)
