"""The last row: the keys that work at this moment, and above it the one sentence that was last said."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.run import trouble
from screens import radar_words
from screens.guide import offers
from screens.view import Mode, View
from screens.widgets.painted import Painted, Part, line

_LOG_KEYS = (
    ("/", "search"),
    ("n N", "next"),
    ("f", "follow"),
    ("s", "source"),
    ("esc", "back"),
)
_ALWAYS = (("c", "checks"), ("l", "log"), ("?", "help"), ("q", "leave"))
_REPLAY_KEYS = (("← →", "step"), ("[ ]", "phase"), ("1 0", "speed"))
_GIVE_UP = ("e", "l", "c", "r", "w", "h", "p", "g", "s", "m", "o")
_REPLAY_GIVES_UP = ("l", "c", "b", "h", "g", "1 0")
"""Which keys the row leaves out first where the room is short; `?` names them all."""


def keys_of(view: View, *, log: bool = False) -> list[tuple[str, str]]:
    """Key and what it does, refused ones left out."""
    if log:
        return [*_LOG_KEYS, ("q", "leave")]
    if view.reel:
        over = view.reel.at_end and not view.reel.live
        first = ("home", "again") if over else ("space", "pause" if view.reel.playing else "play")
        looks = [("h", "migrations")] if view.state.migrations else []
        looks += [("b", "locks")] if radar_words.live(view) else []
        looks += [("g", "GitHub")] if view.state.workflow else []
        return [first, *_REPLAY_KEYS, *looks, *_ALWAYS]
    open_ones = [offer for offer in offers(view) if not offer.refusal]
    letters = {offer.label for offer in open_ones if offer.key != "enter"}
    # Where a letter does the same, Enter works too and need not be named twice.
    acting = [(made.key, made.label) for made in open_ones if made.key != "enter" or made.label not in letters]
    looks = [("h", "migrations")] if view.state.migrations else []
    looks += [("b", "locks")] if radar_words.live(view) else []
    looks += [("g", "GitHub")] if view.state.run and view.state.run.github else []
    # Named where they are looked for: when something went wrong.
    looks += [("t", "what to do")] if trouble.case_of(view.state) else []
    looks += [("o", "contacts")] if trouble.case_of(view.state) or view.state.rollback else []
    looks += [("v", "present")] if view.mode is Mode.WATCHER else []
    return [*acting, *looks, *_ALWAYS]


class KeyLine(Painted):
    """Never a key that would be refused."""

    for_log = False
    """Whether the log pane has the focus: then the keys are its."""

    def draw(self, cells: Size) -> Content:
        """One row; the keys that matter least go first where it is short."""
        width = cells.width
        keys = keys_of(self.view, log=self.for_log)
        give_up = _REPLAY_GIVES_UP if self.view.reel else _GIVE_UP
        for name in ("", *(() if self.for_log else give_up)):
            keys = [(key, label) for key, label in keys if key != name]
            if sum(len(key) + len(label) + 4 for key, label in keys) <= width:
                break
        parts: list[Part] = []
        for key, label in keys:
            parts += [(" ", ""), (key, "key"), (f" {label}  ", "quiet")]
        return line(*parts)

    def focus_on_log(self, on: bool) -> None:
        """The keys of the log pane, or the cockpit's again."""
        self.for_log = on
        self.show(self.view)


class Says(Painted):
    """The sentence that was last said: a refusal, a notice, or what the runner noted."""

    def __init__(self, view: View, text: str = "") -> None:
        super().__init__(view)
        self.sentence: Part = (text, "text")

    def say(self, text: str, tone: str = "text") -> None:
        """Say it until something else is said."""
        self.sentence = (text, tone)
        self.show(self.view)

    def draw(self, cells: Size) -> Content:
        """One row, cut with an ellipsis."""
        width = cells.width
        text, tone = self.sentence
        if not text:
            return line()
        glyph = {"bad": "✖", "warn": "▲", "good": "✔"}.get(tone, "·")
        found = line((f" {glyph} ", tone), (text, tone))
        return found.truncate(width, ellipsis=True) if found.cell_length > width else found
