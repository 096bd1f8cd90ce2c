"""A page that was up before this run put its own there: for whom it has to stay, whatever becomes of this run."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.model import Verdict
from dixis_tui.notices.page import BY_HAND
from dixis_tui.run import folders, runs
from dixis_tui.run.context import Context
from dixis_tui.run.runs import Run

_MENDED = (Verdict.DONE, Verdict.ROLLED_BACK)
"""Production was looked at, and is sound."""
SOUND = (Verdict.CHECKED, Verdict.CLOSED, Verdict.ABANDONED, *_MENDED)
"""That run changed nothing, or what it changed is known to be sound: which says nothing of the runs before it."""


def stays_for(context: Context, verdict: Verdict) -> str:
    """Whose page it was that has to stay though this run ends so; empty: nobody's.

    What an earlier run broke is mended by one that ends well on the same target, and by no other.
    """
    state, mends = context.state, verdict in _MENDED
    target = state.run.target if state.run else ""
    for name, run in _before(context):
        if name == BY_HAND:
            stays = not mends
        elif run is None:
            stays = True  # what came of it is known to another account
        else:
            stays = run.verdict not in SOUND and not (mends and run.target == target)
        if stays:
            return name
    return ""


def _before(context: Context) -> Iterator[tuple[str, Run | None]]:
    """Whose page this run's has replaced, whose that one had, and so on; None: no run of this account."""
    name = context.state.page.inherited if context.state.page else ""
    seen = {context.folder.name}
    while name and name not in seen:
        seen.add(name)
        folder = folders.named(name, context.folder.parent) if name != BY_HAND else None
        run = runs.look(folder) if folder else None
        yield name, run
        name = run.state.page.inherited if run and run.state.page else ""
