"""The parts of LOCKS: the answer, the tree, the blocker under the cursor, the keys."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import N_, _
from dixis_tui.locks import Peer, Progress, Radar
from dixis_tui.model import MigrationState, Place
from dixis_tui.run.state import MigrationView
from screens import radar_words, words
from screens.view import Link, View
from screens.widgets.painted import Painted, Part, bar, line, spread, style, wrapped

_HOLDS = 4
"""Locks of ours by name, where there is room."""
_ROOMY = 16
"""Rows of the tree from which there is."""
_SIGNALS = 5


class Summary(Painted):
    """The answer, as large as text can be."""

    def draw(self, cells: Size) -> Content:
        """One sentence, in as many rows as there are."""
        width, height = cells
        radar = radar_words.live(self.view)
        if radar is None:
            return line((f" ○ {_absent(self.view)}", "quiet")).stylize(".title")
        text, tone = radar_words.summary(self.view, radar)
        glyph = {"bad": "✖", "warn": "▲"}.get(tone, "✔")
        texts = wrapped(text, width - 4)
        if len(texts) > height > 0:
            texts = [*texts[: height - 1], words.cut(" ".join(texts[height - 1 :]), width - 4)]
        rows = [line((f" {glyph if at == 0 else ' '} {part}", tone)) for at, part in enumerate(texts)]
        return Content("\n").join(rows).stylize(".title")


def _absent(view: View) -> str:
    if view.link is Link.GONE and view.state.ended is None:
        return _("The runner is gone: nobody looks any more.")
    if view.state.running in radar_words.AT_WORK:
        return _("The radar has not looked yet.")
    return _("Nothing of ours takes locks now.")


class Around(Painted):
    """Blockers above, ours in the middle, victims below. The cursor is on a blocker and stays on it."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self._at = 0
        self._on: tuple[int, datetime | None] | None = None

    def selected(self) -> Peer | None:
        """The blocker under the cursor; another one where that is gone."""
        radar = radar_words.live(self.view)
        return radar.blockers[self._index(radar)] if radar and radar.blockers else None

    def move(self, steps: int) -> None:
        """Another blocker."""
        radar = radar_words.live(self.view)
        if radar and radar.blockers:
            self._at = max(min(self._index(radar) + steps, len(radar.blockers) - 1), 0)
            self._on = _who(radar.blockers[self._at])

    def _index(self, radar: Radar) -> int:
        """Where the one that the cursor was put on stands in this look."""
        at = min(self._at, len(radar.blockers) - 1)
        if self._on is None or _who(radar.blockers[at]) == self._on:
            return at
        return next((number for number, peer in enumerate(radar.blockers) if _who(peer) == self._on), at)

    def draw(self, cells: Size) -> Content:
        """At most `height` rows. What is short of room is scrolled or counted: blockers first, victims after them."""
        width, height = cells
        radar = radar_words.live(self.view)
        if radar is None:
            return Content("\n").join(_past(self.view, width)[:height])
        ours = self._ours(radar, width, _HOLDS if height >= _ROOMY else 1)
        behind = 1 + min(max(radar.victim_count, 1), 2)
        above = self._above(radar, width, max(height - len(ours) - behind, 2))
        below = self._below(radar, width, height - len(ours) - len(above))
        return Content("\n").join([*above, *ours, *below][:height])

    def _above(self, radar: Radar, width: int, room: int) -> list[Content]:
        rows = []
        at = self._index(radar) if radar.blockers else 0
        for number, peer in enumerate(radar.blockers):
            mark: Part = ("▸", "key") if number == at else (" ", "")
            left, right = radar_words.peer_parts(self.view, peer, width - 1, victim=False)
            row = spread(width, [mark, *left], right)
            rows.append(row.stylize(style("cursor")) if number == at else row)
        rows = rows or [line((_("   nobody"), "quiet"))]
        shown = min(len(rows), room - 1)
        first = min(max(at - shown // 2, 0), len(rows) - shown)
        part = (
            _(", {first} to {last} here").format(first=first + 1, last=first + shown)
            if shown < radar.blocker_count
            else ""
        )
        return [
            _rule(
                _("BLOCK US  {number}{part}").format(number=words.number(radar.blocker_count), part=part),
                width,
            ),
            *rows[first : first + shown],
        ]

    def _ours(self, radar: Radar, width: int, most: int) -> list[Content]:
        where = _("production") if self.view.state.radar_place is Place.PRODUCTION else _("staging")
        rows = [_rule(_("OURS ON {where}").format(where=words.upper(where)), width)]
        if not radar.pid:
            return [*rows, line((_("   no session of ours"), "quiet"))]
        running = words.duration(radar_words.age(self.view, radar.query_since))
        query: list[Part] = [(f"   {radar.pid} ", "quiet"), (self._query(radar) or _("runs nothing now"), "strong")]
        rows.append(spread(width, query, [(f"{running} ", "work")] if radar.query else []))
        if radar.waits_for:
            rows.append(
                self._lock(_("waits for"), radar_words.lock_words(radar.waits_for), radar.waits_for.since, width)
            )
        rows += [self._lock(_("holds"), radar_words.lock_words(lock), lock.since, width) for lock in radar.holds[:most]]
        if more := len(radar.holds[most:]) + radar.unlisted_holds:
            rows.append(
                line(
                    (
                        _("   … and {more_locks}").format(more_locks=words.count(more, "more lock", "more locks")),
                        "quiet",
                    )
                )
            )
        if radar.progress:
            rows.append(_progress(radar.progress, width))
        elif radar.wait_event and not radar.waits_for:
            rows.append(line((_("   waits for "), "quiet"), (radar.wait_event, "text")))
        wal = _("   WAL {wal_rate}/s").format(wal_rate=words.size(round(radar.wal_rate)))
        rows.append(line((wal, "quiet"), (f"   {radar_words.lag_words(radar.lag)}", "quiet")))
        return rows

    def _query(self, radar: Radar) -> str:
        """What the server says that we run; where comments stand before it, the statement that the runner has sent."""
        running = (found for found in self.view.state.migrations.values() if MigrationState.RUNNING in _states(found))
        sent = next((found.statement for found in running if found.statement), None)
        return sent.text if sent and radar.query.startswith(("--", "/*")) else radar.query

    def _lock(self, verb: str, lock: str, since: datetime | None, width: int) -> Content:
        seconds = f"{words.duration(radar_words.age(self.view, since))} " if since else ""
        return spread(width, [(f"   {verb} ", "quiet"), (lock, "text")], [(seconds, "quiet")])

    def _below(self, radar: Radar, width: int, room: int) -> list[Content]:
        rows = [
            spread(width, [(" ", ""), *left], right)
            for left, right in (
                radar_words.peer_parts(self.view, peer, width - 1, victim=True) for peer in radar.victims
            )
        ]
        listed, total = max(room - 1, 0), radar.victim_count
        if total > len(rows) or len(rows) > listed:
            rows = rows[: max(listed - 1, 0)]
            rows.append(line((_("   … {number} more wait").format(number=words.number(total - len(rows))), "warn")))
        return [
            _rule(_("WAIT BEHIND US  {number}").format(number=words.number(total)), width),
            *(rows if total else [line((_("   nobody"), "quiet"))]),
        ]


def _states(found: MigrationView) -> tuple[MigrationState, MigrationState]:
    return found.state, found.rehearsal_state


def _who(peer: Peer) -> tuple[int, datetime | None]:
    return peer.pid, peer.started


def _past(view: View, width: int) -> list[Content]:
    """What is left to tell where nothing is looked at: never a tree, which would look live."""
    state = view.state
    rows = _said(_("The radar looks while a rehearsal or a migration is at work."), width, "quiet")
    if state.radar_at:
        place = _("production") if state.radar_place is Place.PRODUCTION else _("staging")
        rows += _said(
            _("It looked last at {time}, on {place}.").format(time=view.at(state.radar_at, seconds=True), place=place),
            width,
            "quiet",
        )
    if told := radar_words.suffered(view):
        rows += [line(), *_said(f"{told}.", width, "text")]
    answered = [one for one in state.signals if one.done is not None][-_SIGNALS:]
    for one in answered:
        verb = {"cancel": _("cancelled"), "terminate": _("ended")}.get(one.how, one.how)
        done = verb if one.done else _("could not have {verb}").format(verb=verb)
        who = _("our own statement") if one.ours else _("process {pid}: {who}").format(pid=one.pid, who=one.who)
        rows += _said(f"{one.operator} {done} {who}", width, "text")[:2]
    return rows


def _said(text: str, width: int, tone: str) -> list[Content]:
    return [line((f"   {part}", tone)) for part in wrapped(text, width - 4)]


def _progress(progress: Progress, width: int) -> Content:
    label = f" {progress.command.lower()}: {progress.phase}"
    if progress.fraction is None:
        return spread(width, [("  ", ""), (label, "text")])
    done = bar(max(min(width // 3, 30), 6), progress.fraction)
    return spread(width, [("   ", ""), *done, (f" {progress.fraction:.0%}", "strong"), (label, "text")])


class Blocker(Painted):
    """The blocker under the cursor: who it is and what it ran last, in full."""

    def __init__(self, view: View, around: Around) -> None:
        super().__init__(view)
        self._around = around

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        width, height = cells
        peer = self._around.selected()
        if peer is None:
            return line((_(" Nobody blocks us."), "quiet")) if radar_words.live(self.view) else line()
        if not peer.pid:
            return Content("\n").join(_said_here(_(PREPARED).format(name=peer.query or _("its name")), width)[:height])
        place = _(" from {address}").format(address=peer.address) if peer.address else ""
        who = _(" {application}, user {user}{place}: ").format(
            application=peer.application or _("no name"), user=peer.user or _("unknown"), place=place
        )
        rows = [spread(width, [(who, "quiet")], [(f"{peer.state or _('state unknown')} ", "warn")])]
        rows += _said_here(peer.query or _("Its statement is hidden from our role."), width)
        if len(rows) > height > 0:
            rows[height - 1] = spread(width, [(rows[height - 1].plain, "text")], [("… ", "quiet")])
        return Content("\n").join(rows[:height])


PREPARED = N_("No session to end. In psql: ROLLBACK PREPARED '{name}', or COMMIT.")
"""The sentence where a key would signal what is no process."""


def _said_here(text: str, width: int) -> list[Content]:
    return [line((f" {part}", "text")) for part in wrapped(text, width - 2)]


class Keys(Painted):
    """The keys that work now."""

    def __init__(self, view: View, around: Around) -> None:
        super().__init__(view)
        self._around = around

    def draw(self, _cells: Size) -> Content:
        """One row."""
        peer = self._around.selected()
        acting: list[tuple[str, str]] = []
        if peer and peer.pid and self.view.acting:
            acting = [] if radar_words.idle(peer) else [("c", _("cancel its statement"))]
            acting.append(("t", _("end its session")))
        radar = radar_words.live(self.view)
        if radar and len(radar.blockers) > 1:
            acting.insert(0, ("↑ ↓", _("select")))
        parts: list[Part] = [(" ", "")]
        for key, label in [*acting, ("esc", _("back"))]:
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


def _rule(title: str, width: int) -> Content:
    return line(("─ ", "faint"), (f"{title} ", "quiet"), ("─" * max(width - len(title) - 3, 0), "faint"))
