"""What is under the cursor: the check's state in words, what was seen, what to do."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import Phase
from dixis_tui.plan import phases
from dixis_tui.run.state import CheckView
from screens import words
from screens.spots import check_at, check_mark, phase_mark
from screens.view import Mode, View
from screens.widgets.painted import Painted, line, spread, wrapped

ABOUT: dict[Phase, str] = {
    Phase.PREFLIGHT: N_("Is the target what we think, is the project sound, is everyone ready? Only reads."),
    Phase.BACKUP: N_("pg_dump of production with its size, digest, and rows per table: the way back."),
    Phase.REHEARSAL: N_("The backup restored into staging and compared; the same migrations tried and timed there."),
    Phase.BANNER: N_("The maintenance page or banner is up, so that nobody orders into the migration."),
    Phase.GO: N_("The board: every gate, the sealed plan, the time left. The phrase is typed here."),
    Phase.MIGRATE: N_("The files of the sealed plan on production, in order; stops at the first that fails."),
    Phase.VERIFY: N_("History, schema, catalog and the application: looked at, not believed."),
    Phase.SIGNOFF: N_("Banner down, notice sent, and the run is closed with its verdict."),
    Phase.ROLLBACK: N_(
        "Production put back by the way that was chosen, compared with the backup, and looked at again."
    ),
}


def check_words(view: View, check: CheckView) -> tuple[str, str]:
    """Evidence, and what to do: from the check itself, or before it was answered what it looks at."""
    evidence = sentence(check.evidence) or _("looks at: {looks}").format(looks=_(check.spec.looks))
    if check.at and check.who:
        evidence += _(" at {time}").format(time=view.at(check.at))
    remedy = sentence(check.remedy)
    if check.spec.person and not check.open and view.mode is Mode.OPERATOR:
        remedy = _("space: it is so. Kept with your name and the time; space takes it back.")
        if not check.spec.gate:
            remedy = _("space: it is so. Closes no gate.")
    return evidence, remedy


class Detail(Painted):
    """Two or three rows: code, title and state; evidence; remedy."""

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        width, height = cells
        check = check_at(self.view)
        if check is None:
            return self._phase(width, height)
        mark = check_mark(self.view, check)
        name = f"{_(check.spec.title)} · {check.subject}" if check.subject else _(check.spec.title)
        rows = [
            spread(
                width,
                [(f" {mark.glyph} ", mark.tone), (f"{check.code} ", "quiet"), (name, "strong")],
                [(f"{mark.word} ", mark.tone)],
            )
        ]
        evidence, remedy = check_words(self.view, check)
        after = wrapped(remedy, width - 4)[:1] if remedy and (height > 2 or not evidence) else []
        room = height - 1 - len(after)
        seen = wrapped(evidence, width - 4)
        if len(seen) > room > 0:
            seen = [*seen[: room - 1], words.cut(" ".join(seen[room - 1 :]), width - 4)]
        rows += [line(("   ", ""), (text, "text")) for text in seen[: max(room, 0)]]
        rows += [line(("   ", ""), (words.cut(text, width - 4), "quiet")) for text in after]
        return Content("\n").join(rows[:height])

    def _phase(self, width: int, height: int) -> Content:
        phase = self.view.spot.phase
        mark = phase_mark(self.view, phase)
        own = self.view.state.phase(phase)
        took = _(", took {seconds}").format(seconds=words.duration(own.seconds)) if own.seconds else ""
        right = _("{word}{took}, planned {planned} ").format(
            word=mark.word, took=took, planned=words.duration(phases.PLANNED_SECONDS[phase])
        )
        head = [(f" {mark.glyph} ", mark.tone), (f"{phases.number(phase)} {words.phase(phase)}", "strong")]
        rows = [spread(width, head, [(right, "quiet")])]
        rows += [line(("   ", ""), (text, "quiet")) for text in wrapped(_(ABOUT[phase]), width - 4)]
        return Content("\n").join(rows[:height])
