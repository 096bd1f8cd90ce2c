"""What the keys do and what the words and glyphs mean. Says nothing that is not true at this moment."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from screens import guide, words
from screens.dialog import Dialog, Words, key_row
from screens.widgets.painted import line

KEYS = (
    ("↑ ↓", "select a phase or a check; esc: back to what needs you"),
    ("enter", "the next step of the selected phase"),
    ("space", "tick the selected check; space again takes it back"),
    ("w", "waive the selected closed gate, with a reason"),
    ("r", "look again, rehearse again, verify again"),
    ("m", "go / no-go: the board, the sealed plan, the phrase"),
    ("x", "roll back: the ways, what is lost, until when; has its own phrase"),
    ("p", "name a provider's snapshot, on the backup phase"),
    ("t", "what to do: what went wrong, what is known, the ways out"),
    ("o", "contacts: whom to call"),
    ("s", "stop what runs at its next safe point, or take back a phrase that waits for the second person; asks first"),
    ("e", "end this run where it stands; asks first"),
    ("c", "all checks with what was seen"),
    ("h", "migrations: how each runs, its hazards, what it will take and took"),
    ("y", "history: the runs on this target, what each took"),
    ("b", "locks: who blocks us, who waits behind us; c cancels, t ends one"),
    ("g", "GitHub: gates, the run's steps; there d clinic, j reject, z cancel"),
    ("a", "approve what the workflow run on GitHub waits for, with a comment"),
    ("v", "the presenter layout: large, for a shared screen; v again: back"),
    ("l", "the log: / search, n N next, f follow, s source, esc"),
    ("q", "leave; the run goes on, dixis-tui attaches to it again"),
    ("ctrl+l", "paint the screen anew, where something else wrote over it"),
)
REPLAY_KEYS = (
    ("space", "play, or pause"),
    ("← →", "one entry back, and pause; one entry on, over any wait"),
    ("[ ]", "back to where a phase began; to where the next begins"),
    ("1 0", "as fast as it was; ten times as fast"),
    ("home end", "the first entry; the last"),
    ("↑ ↓", "select a phase or a check; esc: back to what needed someone"),
    ("c", "all checks with what was seen"),
    ("h", "migrations: how each ran, its hazards, what it took"),
    ("y", "history: the runs on this target"),
    ("b", "locks: who blocked us, who waited behind us"),
    ("g", "GitHub as it was seen: gates, secrets, the workflow run"),
    ("t", "what to do: what went wrong, what was known, the ways out"),
    ("o", "contacts"),
    ("l", "the log up to this moment: / search, f follow, s source"),
    ("q", "leave the replay"),
)
_MEANINGS = (
    ("✔ passed", "good", "seen, and well"),
    ("▲ warned", "warn", "worth knowing; the gate is open"),
    ("● waived", "warn", "opened by a person, with a reason"),
    ("✖ failed", "bad", "the gate is closed until it is mended or waived"),
    ("? unknown", "bad", "could not be looked at: as closed as failed"),
    ("◐ running", "work", "at work now"),
    ("○ waiting", "quiet", "not looked at, or not answered yet"),
    ("▶", "key", "the phase that waits for you"),
)
_LISTED = (
    ("✖ danger", "bad", "does harm, or fails, unless the file is changed"),
    ("▲ warning", "warn", "others wait, or it may go wrong"),
    ("· notice", "quiet", "worth knowing, nothing else"),
    ("● accepted", "quiet", "a comment in the file accepts it, with a reason"),
    ("▸", "key", "the row that c, t and page down are about"),
)
"""What MIGRATIONS and LOCKS mark."""
_WORDS = (
    ("T −", "time until the agreed window opens"),
    ("predicted", "seconds, from what the rehearsal measured; then the range"),
    ("standing", "where a migration stands: applied, pending, failed, edited …"),
    ("blockers", "sessions that hold what we wait for"),
    ("victims", "sessions that wait behind us; too many, and we give way"),
    ("way back", "the measured seconds of restoring, comparing and swapping"),
    ("decide by", "until then a rollback still ends, verified, in the window"),
    ("plan", "digest of what the phrase confirms; changes with it"),
    ("gate", "a check that must be open before the phrase is asked"),
)


class HelpScreen(Dialog):
    """Scrolls where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "close", show=False)]
    AUTO_FOCUS = "#help"

    def compose(self) -> ComposeResult:
        """Keys, glyphs, words."""
        with VerticalScroll(classes="dialog", id="help") as box:
            box.border_title = "HELP"
            yield Words(self._keys())
            yield Words(self._meanings())
            yield Words(key_row(("↑ ↓", "scroll"), ("esc", "back")), classes="keys")

    def _keys(self) -> Content:
        now = {made.key: made.refusal for made in guide.offers(self.view)}
        rows = []
        for key, label in REPLAY_KEYS if self.view.reel else KEYS:
            works = bool(self.view.reel) or not now.get(key)
            mark, key_look, look = ("  ", "key", "text") if works else ("– ", "quiet", "quiet")
            rows.append(line((mark, "quiet"), (f"{key:<9}", key_look), (label, look)))
        if any(now.values()) and not self.view.reel:
            rows.append(line(("– not now; pressed anyway, it says why", "quiet")))
        return Content("\n").join(rows)

    def _meanings(self) -> Content:
        rows = [line()]
        rows += [line((f"{mark:<11}", tone), (meaning, "text")) for mark, tone, meaning in _MEANINGS]
        rows.append(line())
        rows += [line((f"{mark:<11}", tone), (meaning, "text")) for mark, tone, meaning in _LISTED]
        rows.append(line())
        rows += [line((f"{word:<11}", "strong"), (meaning, "text")) for word, meaning in _WORDS]
        run = self.view.state.run
        if run and run.contacts:
            rows += [line(), line(("CONTACTS", "quiet"))]
            width = max(len(role) for role, _, _ in run.contacts) + 2
            rows += [
                line((f"{role:<{width}}", "quiet"), (f"{address}  ", "text"), (words.cut(name, 40), "text"))
                for role, name, address in run.contacts
            ]
        return Content("\n").join(rows)
