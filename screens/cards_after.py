"""What NOW says of the after-watch: one line while it is as before, and what is worse, worst first, where it is not."""

from __future__ import annotations

from dixis_tui.i18n import _, ngettext
from screens import after_words
from screens.cards import Line
from screens.view import View

_NAMED = 2


def worse(view: View) -> str:
    """The headline where something is worse than before; empty where nothing is."""
    found = view.state.after.worse if view.state.after else ()
    if not found:
        return ""
    told = ngettext(
        "Migrated and verified, but {number} thing is worse than before",
        "Migrated and verified, but {number} things are worse than before",
        len(found),
    )
    return told.format(number=len(found))


def lines(view: View) -> list[Line]:
    """The watch in a line, or what is worse; nothing where there is none."""
    after = view.state.after
    if after is None:
        return []
    if after.worse:
        drawn = [_line(finding.level == "error", after_words.told(finding)) for finding in after.worse[:_NAMED]]
        if more := len(after.worse[_NAMED:]):
            told = ngettext(
                "and {number} more: f shows cause and remedy", "and {number} more: f shows causes and remedies", more
            )
            return [*drawn, Line(f"  {told.format(number=more)}", "text")]
        return [*drawn, Line("  " + _("f shows cause and remedy."), "text")]
    found = after_words.standing(view)
    return [
        Line(
            _("After-watch: {word}; {time}.").format(word=found.word, time=found.line), "text", found.glyph, found.tone
        )
    ]


def _line(bad: bool, text: str) -> Line:
    return Line(text, "strong", "✖" if bad else "▲", "bad" if bad else "warn")
