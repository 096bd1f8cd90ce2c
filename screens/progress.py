"""How far the deed at work is, as a bar with its words. Pure."""

from __future__ import annotations

from dixis_tui.i18n import _, sentence
from screens import words
from screens.cards import Bar
from screens.view import View


def progress_bar(view: View) -> Bar | None:
    """`restore: 5 of 9 tables, about 12 s left`; None where nothing says how far it is."""
    progress = view.state.progress
    if progress is None:
        return None
    fraction = min(progress.done / progress.total, 1.0) if progress.total else 0.0
    label = f"{sentence(progress.what)}: {words.amount(progress.done, progress.total, progress.unit)}"
    elapsed = view.elapsed(view.progress_at)
    if 0.02 < fraction < 1.0 and elapsed >= 2.0:
        label += _(", about {time} left").format(time=words.duration(round(elapsed * (1 - fraction) / fraction)))
    return Bar(fraction, label)
