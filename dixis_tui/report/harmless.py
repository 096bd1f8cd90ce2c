"""A journal's texts made harmless, before they are escaped: no controls, no turning marks, no endless line."""

from __future__ import annotations

from dixis_tui.i18n import _
from dixis_tui.secrets import clean

_LONGEST = 4000
"""Characters of one line that are shown."""
_LINES = 400
"""Lines of one text that are shown."""


def line(text: str) -> str:
    """One line; line breaks become blanks."""
    words = clean(text[: 4 * _LONGEST])
    if len(words) <= _LONGEST and len(text) <= 4 * _LONGEST:
        return words
    told = _("… ({n} characters in all, see the journal)").format(n=len(text))
    return f"{words[:_LONGEST]}{told}"


def lines(text: str) -> list[str]:
    """The same for a text of several lines, whose breaks stay."""
    parts = text.split("\n")
    found = [line(part.removesuffix("\r")) for part in parts[:_LINES]]
    if len(parts) > _LINES:
        found.append(_("… ({n} lines in all, see the journal)").format(n=len(parts)))
    return found


def address(url: str) -> str:
    """The address where it may be opened, else empty: nothing but the web's own kinds ever becomes a link."""
    words = line(url)
    plain = words == url and not any(letter.isspace() or letter in "\"'<>\\`" for letter in url)
    return url if plain and url.startswith(("https://", "http://")) else ""
