"""The last row: the keys that work at this moment, and above it the one sentence that was last said."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.run import trouble
from screens import radar_words
from screens.guide import offers
from screens.view import Mode, View
from screens.widgets.painted import Painted, Part, line

_LOG_KEYS = (
    ("/", N_("search")),
    ("n N", N_("next")),
    ("f", N_("follow")),
    ("s", N_("source")),
    ("esc", N_("back")),
)
_ALWAYS = (("c", N_("checks")), ("l", N_("log")), ("?", N_("help")), ("q", N_("leave")))
_REPLAY_KEYS = (("← →", N_("step")), ("[ ]", N_("phase")), ("1 0", N_("speed")))
_GIVE_UP = ("n", "e", "l", "c", "r", "w", "h", "p", "g", "s", "m", "o")
_REPLAY_GIVES_UP = ("l", "c", "b", "h", "f", "g", "1 0")
"""Which keys the row leaves out first where the room is short; `?` names them all."""


def keys_of(view: View, *, log: bool = False) -> list[tuple[str, str]]:
    """Key and what it does, refused ones left out."""
    if log:
        return [*_told(_LOG_KEYS), ("q", _("leave"))]
    if view.reel:
        over = view.reel.at_end and not view.reel.live
        first = ("home", _("again")) if over else ("space", _("pause") if view.reel.playing else _("play"))
        looks = [("h", _("migrations"))] if view.state.migrations else []
        looks += [("b", _("locks"))] if radar_words.live(view) else []
        looks += [("f", _("after-watch"))] if view.state.after else []
        looks += [("g", "GitHub")] if view.state.workflow else []
        return [first, *_told(_REPLAY_KEYS), *looks, *_told(_ALWAYS)]
    open_ones = [offer for offer in offers(view) if not offer.refusal]
    letters = {offer.label for offer in open_ones if offer.key != "enter"}
    # Where a letter does the same, Enter works too and need not be named twice.
    acting = [(made.key, made.label) for made in open_ones if made.key != "enter" or made.label not in letters]
    looks = [("h", _("migrations"))] if view.state.migrations else []
    looks += [("b", _("locks"))] if radar_words.live(view) else []
    looks += [("f", _("after-watch"))] if view.state.after else []
    looks += [("g", "GitHub")] if view.state.run and view.state.run.github else []
    looks += [("n", _("notices"))] if view.state.notices else []
    # Named where they are looked for: when something went wrong.
    looks += [("t", _("what to do"))] if trouble.case_of(view.state) else []
    looks += [("o", _("contacts"))] if trouble.case_of(view.state) or view.state.rollback else []
    looks += [("v", _("present"))] if view.mode is Mode.WATCHER else []
    return [*acting, *looks, *_told(_ALWAYS)]


def _told(keys: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(key, _(label)) for key, label in keys]


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
        self.sentence: Part = (sentence(text), "text")

    def say(self, text: str, tone: str = "text") -> None:
        """Say it until something else is said."""
        self.sentence = (sentence(text), tone)
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
