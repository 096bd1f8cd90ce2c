"""The left column: phases and the checks of the one under the cursor, secrets, and the backup."""

from __future__ import annotations

from datetime import timedelta

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from dixis_tui.model import Phase
from dixis_tui.plan import phases, way_back
from dixis_tui.run import policy
from screens import github_words as told
from screens import words
from screens.clock_words import likely_way
from screens.spots import check_mark, phase_mark, rows, shown_phases, tally
from screens.view import Spot, View
from screens.widgets.painted import Painted, Part, line, spread, style

_OPTIONAL = ("SHADOW_DATABASE_URL", "STAGING_DATABASE_URL", "GITHUB_TOKEN")


def phase_row(view: View, phase: Phase, width: int) -> Content:
    """` ✔ 2 Backup   14 MB`."""
    state = view.state
    mark = phase_mark(view, phase)
    right = tally(state, phase)
    if phase is Phase.BACKUP and state.backup and not state.running:
        right = words.size(state.backup.bytes)
    title_look = "strong" if phase is policy.current_phase(state) and not state.ended else "text"
    left: list[Part] = [(f" {mark.glyph} ", mark.tone), (f"{phases.number(phase)} {words.phase(phase)}", title_look)]
    return spread(width, left, [(f"{right} ", "quiet")])


def check_row(view: View, spot: Spot, width: int) -> Content:
    """`   ✖ DX114 History is sound`; the state's word too where there is room."""
    check = view.state.check(spot.code, spot.subject)
    name = f"{_(check.spec.title)} · {spot.subject}" if spot.subject else _(check.spec.title)
    mark = check_mark(view, check)
    left: list[Part] = [
        (f"   {mark.glyph} ", mark.tone),
        (f"{check.code} ", "quiet"),
        (name, "text" if check.state != "waiting" else "quiet"),
    ]
    right: list[Part] = [(f"{mark.word} ", mark.tone)] if width >= 44 else []
    return spread(width, left, right)


def tree(view: View) -> tuple[list[Spot], int]:
    """All rows, and which of them the cursor is on; only those in sight are worth a :func:`tree_row`."""
    found = rows(view.state, view.spot)
    return found, found.index(view.spot) if view.spot in found else 0


def tree_row(view: View, spot: Spot, width: int) -> Content:
    """One of them."""
    row = check_row(view, spot, width) if spot.code else phase_row(view, spot.phase, width)
    return row.stylize(style("cursor")) if spot == view.spot else row


def backup_rows(view: View, width: int) -> list[Content]:
    """None yet; made; proven by a restore, and what going back will take; a snapshot that was named."""
    backup, restored, snapshot = view.state.backup, view.state.restored, view.state.snapshot
    named = []
    if snapshot:
        named = [
            spread(
                width,
                [(" ▲ ", "warn"), (_("snapshot {id}").format(id=snapshot.id), "text")],
                [(_("not proven "), "warn")],
            )
        ]
    if backup is None:
        return named or [line((" ○ ", "quiet"), (_("none yet"), "quiet"))]
    made = spread(
        width,
        [
            (" ✔ ", "good"),
            (_("made {time}{size}").format(time=_made_at(view), size=words.size(backup.bytes)), "text"),
        ],
        [(f"sha256 {backup.sha256[:8]}… " if width >= 42 else f"{backup.sha256[:8]}… ", "quiet")],
    )
    if restored is None:
        return [made, line((" ○ ", "quiet"), (_("never restored"), "quiet")), *named]
    took, _measured = way_back.seconds(restored, likely_way(view.state))
    proof = [(" ✔ ", "good"), (_("restored and compared {time}").format(time=view.at(view.state.restored_at)), "text")]
    short = [(" ✔ ", "good"), (_("restored and compared"), "text")]
    right = [(f"{words.duration(took)} ", "quiet")]
    long = width >= sum(len(text) for text, _ in (*proof, *right)) + 1
    return [made, spread(width, proof if long else short, right), *named]


def _made_at(view: View) -> str:
    own = view.state.phase(Phase.BACKUP)
    return f"{view.at(own.started + timedelta(seconds=own.seconds))}  " if own.started else ""


def secret_rows(view: View, width: int) -> list[Content]:
    """Environment variables by name: set or not, never a value."""
    run = view.state.run
    found = []
    for name, is_set in (run.secrets if run else {}).items():
        glyph, tone, word = ("✔", "good", _("set")) if is_set else ("✖", "bad", _("not set"))
        if not is_set and name in _OPTIONAL:
            glyph, tone, word = "○", "quiet", _("optional")
        found.append(
            spread(width, [(f" {glyph} ", tone), (name, "text" if is_set else "quiet")], [(f"{word} ", "quiet")])
        )
    return found


def _secrets_title(view: View) -> str:
    """With the time of the look that those on GitHub are from."""
    seen = view.state.github_at if github_rows(view, 0) else None
    return _("SECRETS · GitHub seen {time}").format(time=view.at(seen)) if seen else _("SECRETS")


def github_rows(view: View, width: int) -> list[Content]:
    """The secrets on GitHub by name, with their last change, once it was looked at."""
    look = view.state.github.look if view.state.github else None
    if look is None or look.problem:
        return []
    found = []
    for number, name in enumerate(told.secret_names(view.state)):
        seen = told.secret(look, name)
        glyph, tone = ("✔", "good") if seen else ("○", "quiet") if number else ("✖", "bad")
        day = told.day(view, seen.updated) if seen else ""
        tries = (
            [_("on GitHub {day}").format(day=day), _("GitHub {day}").format(day=day), "GitHub"]
            if seen
            else [_("optional") if number else _("not on GitHub")]
        )
        if seen is None and look.secrets is None:
            glyph, tone, tries = "?", "warn", [_("not to be seen"), _("unseen")]
        room = width - len(name) - 5
        right = next((word for word in tries if len(word) <= room), tries[-1])
        found.append(
            spread(width, [(f" {glyph} ", tone), (name, "text" if seen else "quiet")], [(f"{right} ", "quiet")])
        )
    return found


class Runbook(Painted):
    """Phases and checks above, secrets and backup at the foot as long as the checks leave room for them."""

    def draw(self, cells: Size) -> Content:
        """Exactly `height` rows, scrolled so that the cursor is in sight."""
        width, height = cells
        found, at = tree(self.view)
        secrets, there = secret_rows(self.view, width), github_rows(self.view, width)
        backup = [_rule(_("BACKUP"), width), *backup_rows(self.view, width)]
        title = _rule(_secrets_title(self.view), width)
        foot = [title, *secrets, *there, *backup]
        if len(found) + len(foot) > height:
            # What is set here is a check of its own; what is on GitHub stays in sight.
            foot = [title, *there, *backup] if there else backup
        if len(foot) > height // 3:
            foot = []
        room = height - len(foot)
        first = min(max(at - room // 2, 0), max(len(found) - room, 0))
        shown = [tree_row(self.view, spot, width) for spot in found[first : first + room]]
        if first + room < len(found):
            shown[-1] = line((_("   ↓ {number} more").format(number=len(found) - first - room + 1), "quiet"))
        if first:
            shown[0] = line((_("   ↑ {number} more").format(number=first + 1), "quiet"))
        shown += [line()] * (room - len(shown))
        return Content("\n").join([*shown, *foot])


def _rule(title: str, width: int) -> Content:
    return line(("─ ", "faint"), (f"{title} ", "quiet"), ("─" * (width - len(title) - 3), "faint"))


_LONGEST = 12
"""Cells of a phase's name; in a row that is short of room less."""


class PhaseMarks(Painted):
    """The runbook in one row, where the terminal is small: a mark and a name for each phase."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        row = self._row("" if Phase.ROLLBACK in shown_phases(self.view.state) else " ", _LONGEST)
        for most in range(_LONGEST, 2, -1):
            if row.cell_length <= cells.width:
                break
            row = self._row("", most)
        return row

    def _row(self, gap: str, most: int) -> Content:
        """With so much air behind a mark, and names of at most so many cells."""
        current = policy.current_phase(self.view.state)
        parts: list[Part] = [(" ", "")]
        for phase in shown_phases(self.view.state):
            mark = phase_mark(self.view, phase)
            name = words.cut(_("Go") if phase is Phase.GO else words.phase(phase), most)
            parts += [(mark.glyph + gap, mark.tone), (name, "strong" if phase is current else "quiet"), (" ", "")]
        return line(*parts[:-1])
