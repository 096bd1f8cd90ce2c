"""The ways back in words: what each does, its point of no return, what stays, and what would be lost. Pure."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import Step, TableLoss, Way, WayView
from dixis_tui.run import policy
from dixis_tui.run.commands import Rollback
from dixis_tui.run.state import RunState
from screens import words
from screens.cards import Line
from screens.clock_words import way_seconds
from screens.view import View


class Told(Struct, frozen=True):
    """One way: its name in a list, how it goes, the point of no return, and what stays."""

    name: str
    how: str
    no_return: str
    stays: str


TOLD: dict[Way, Told] = {
    Way.SIDE: Told(
        N_("beside it"),
        N_("restore beside, compare, swap names"),
        N_("the swap at its very end; until then production is untouched"),
        N_("the failed database, under a dated name"),
    ),
    Way.IN_PLACE: Told(
        N_("in place"),
        N_("one transaction: whole or not at all"),
        N_("the transaction's COMMIT; until then production is as it was"),
        N_("nothing of the failed database but what you dump of it before"),
    ),
    Way.SNAPSHOT: Told(
        N_("snapshot"),
        N_("by hand: a checklist, not proven"),
        N_("outside of this program: in the provider's console"),
        N_("what the provider keeps"),
    ),
}

STEPS: dict[Way, tuple[Step, ...]] = {
    Way.SIDE: (Step.INTACT, Step.CREATE, Step.RESTORE, Step.COMPARE, Step.CLEAR, Step.SWAP, Step.VERIFY),
    Way.IN_PLACE: (Step.INTACT, Step.RESTORE, Step.COMPARE, Step.VERIFY),
    Way.SNAPSHOT: (Step.VERIFY,),
}
"""Those that are to come; what the runner does beyond them is shown as it comes."""

STEP_WORDS: dict[Step, str] = {
    Step.INTACT: N_("verify the backup"),
    Step.CREATE: N_("create the database beside production"),
    Step.RESTORE: N_("restore the backup"),
    Step.COMPARE: N_("compare it with what the backup held"),
    Step.CLEAR: N_("end production's sessions"),
    Step.SWAP: N_("swap the names"),
    Step.VERIFY: N_("verify production"),
}


def ways(state: RunState, operator: str) -> tuple[WayView, ...]:
    """Every way as it was looked at; before that, as the policy and the rehearsal know it."""
    seen = {one.way: one for one in (state.ways.ways if state.ways else [])}
    found = []
    for way in Way:
        refused = policy.refusal(state, Rollback(phrase="", operator=operator, way=way))
        known = seen.get(way) or WayView(way)
        seconds, measured = way_seconds(state, way)
        found.append(WayView(way, refused or known.refused, seconds, measured))
    return tuple(found)


def way_line(one: WayView, *, chosen: bool) -> Line:
    """`▸ ✔ beside it   2 m 05 s measured   restore beside, compare, swap names`."""
    told = TOLD[one.way]
    glyph, tone = ("✖", "bad") if one.refused else ("✔", "good")
    took = f"{words.duration(one.seconds)} {_('measured') if one.measured else _('planned')}"
    rest = _("refused: {refused}").format(refused=sentence(one.refused)) if one.refused else f"{took:<19} {_(told.how)}"
    mark = "▸" if chosen else " "
    look = "strong" if chosen else "quiet" if one.refused else "text"
    return Line(f"{mark} {_(told.name):<10} {rest}", look, glyph, tone)


def kept_words(state: RunState, way: Way) -> str:
    """What stays after this way, by name where the name is known."""
    begun = state.rollback or (state.adopted.unfinished if state.adopted else None)
    if way is Way.SIDE and begun and begun.kept:
        return _("the failed database, as {kept}").format(kept=begun.kept)
    return _(TOLD[way].stays)


def loss_lines(view: View, most: int, width: int) -> tuple[Line, ...]:
    """What would be lost: the sum, then the tables with most rows, at most so many."""
    state = view.state
    if state.ways is None:
        return (Line(_("Everything written to production since that backup will be lost."), "warn", "▲", "warn"),)
    if state.ways.loss_unknown:
        text = _("What will be lost is not known: {loss_unknown}.").format(
            loss_unknown=sentence(state.ways.loss_unknown)
        )
        return (Line(text, "warn", "?", "bad"),)
    losses = [one for one in state.ways.losses if one.inserted or one.updated or one.deleted]
    if not losses:
        return (Line(_("Nothing was written since the backup, by the server's statistics."), "text", "✔", "good"),)
    total = sum(one.inserted + one.updated + one.deleted for one in losses)
    tables = words.count(len(losses), "table", "tables")
    lines = [
        Line(
            _("{rows} in {tables} will be lost.").format(rows=words.count(total, "row", "rows"), tables=tables),
            "strong",
            "▲",
            "warn",
        )
    ]
    own = _("; the migration's own count too") if state.confirmed else ""
    shown = losses if len(losses) <= most else losses[: max(most - 1, 0)]
    lines += [Line(_loss(one, width), "text") for one in shown]
    if rest := losses[len(shown) :]:
        more = sum(one.inserted + one.updated + one.deleted for one in rest)
        lines.append(
            Line(
                _("  … {tables} more, {rows}").format(
                    tables=words.count(len(rest), "table", "tables"), rows=words.count(more, "row", "rows")
                ),
                "quiet",
            )
        )
    lines.append(Line(_("  + inserted  ~ updated  - deleted{own}").format(own=own), "quiet"))
    return tuple(lines)


def _loss(one: TableLoss, width: int) -> str:
    changed = f"+{words.number(one.inserted)} ~{words.number(one.updated)} -{words.number(one.deleted)}"
    rows = f"{_rows(one.rows_then)} → {_rows(one.rows_now)}"
    room = max(min(width - 49, 50), 12)
    return f"  {words.fill(one.table, room)} {changed:>18}  {rows:>23}"


def _rows(count: int) -> str:
    return words.number(count) if count >= 0 else _("not there")
