"""LOCKS: who blocks us, what we do and hold, who waits behind us; and a way to end what is in the way."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.locks import Peer, Progress, Radar
from dixis_tui.model import Place
from screens import radar_words, words
from screens.dialog import Dialog
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, bar, line, spread, style, wrapped


class Summary(Painted):
    """The answer, as large as text can be."""

    def draw(self, cells: Size) -> Content:
        """One sentence, in up to two rows."""
        radar = radar_words.live(self.view)
        if radar is None:
            return line((" ○ Nothing of ours takes locks now.", "quiet")).stylize(".title")
        text, tone = radar_words.summary(self.view, radar)
        glyph = {"bad": "✖", "warn": "▲"}.get(tone, "✔")
        texts = wrapped(text, cells.width - 4)
        rows = [line((f" {glyph if at == 0 else ' '} {part}", tone)) for at, part in enumerate(texts[: cells.height])]
        return Content("\n").join(rows).stylize(".title")


class Around(Painted):
    """Blockers above, ours in the middle, victims below."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self.at = 0

    def draw(self, cells: Size) -> Content:
        """At most `height` rows; those behind us are cut first."""
        width, height = cells
        radar = self.view.state.radar
        if radar is None:
            return line(("   The radar looks while a rehearsal or a migration is at work.", "quiet"))
        above, ours = self._above(radar, width), self._ours(radar, width)
        below = self._below(radar, width)
        room = max(height - len(above) - len(ours), 0)
        if len(below) > room > 0:
            hidden = radar.victim_count - max(room - 2, 0)
            below = [*below[: room - 1], line((f"   … {hidden:,} more wait", "warn"))]
        return Content("\n").join([*above, *ours, *below][:height])

    def _above(self, radar: Radar, width: int) -> list[Content]:
        rows = [_rule(f"BLOCKS US  {radar.blocker_count}", width)]
        for number, peer in enumerate(radar.blockers):
            row = spread(width, *radar_words.peer_parts(self.view, peer, victim=False))
            rows.append(row.stylize(style("cursor")) if number == self.at else row)
        if radar.unlisted_blockers:
            rows.append(line((f"   … {radar.unlisted_blockers:,} more", "quiet")))
        if not radar.blockers:
            rows.append(line(("   nobody", "quiet")))
        return rows

    def _ours(self, radar: Radar, width: int) -> list[Content]:
        where = "production" if self.view.state.radar_place is Place.PRODUCTION else "staging"
        rows = [_rule(f"OURS ON {where.upper()}", width)]
        if not radar.pid:
            return [*rows, line(("   no backend of ours", "quiet"))]
        running = radar_words.age(self.view, radar.query_since)
        query: list[Part] = [(f"   {radar.pid} ", "quiet"), (radar.query or "runs nothing now", "strong")]
        rows.append(spread(width, query, [(f"{words.duration(running)} " if radar.query else "", "work")]))
        rows += [
            spread(
                width,
                [("   holds ", "quiet"), (radar_words.lock_words(lock), "text")],
                [(f"{words.duration(radar_words.age(self.view, lock.since))} ", "quiet")],
            )
            for lock in radar.holds[:4]
        ]
        if len(radar.holds) + radar.unlisted_holds > 4:
            rows.append(line((f"   … and {len(radar.holds) - 4 + radar.unlisted_holds} more locks", "quiet")))
        if radar.progress:
            rows.append(_progress(radar.progress, width))
        elif radar.wait_event and not radar.waits_for:
            rows.append(line(("   waits for ", "quiet"), (radar.wait_event, "text")))
        wal = f"   WAL {words.size(round(radar.wal_rate))}/s"
        rows.append(line((wal, "quiet"), (f"   {radar_words.lag_words(radar.lag)}", "quiet")))
        return rows

    def _below(self, radar: Radar, width: int) -> list[Content]:
        rows = [_rule(f"WAIT BEHIND US  {radar.victim_count}", width)]
        rows += [spread(width, *radar_words.peer_parts(self.view, peer, victim=True)) for peer in radar.victims]
        if not radar.victims:
            rows.append(line(("   nobody", "quiet")))
        return rows


def _progress(progress: Progress, width: int) -> Content:
    label = f" {progress.command.lower()}: {progress.phase}"
    if progress.fraction is None:
        return line(("  ", ""), (label, "text"))
    return line(
        ("   ", ""),
        *bar(max(min(width // 3, 30), 6), progress.fraction),
        (f" {progress.fraction:.0%}", "strong"),
        (label, "text"),
    )


class Blocker(Painted):
    """The blocker under the cursor: what it ran last, in full."""

    def __init__(self, view: View, around: Around) -> None:
        super().__init__(view)
        self._around = around

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        peer = selected(self.view, self._around.at)
        if peer is None:
            return line((" c and t cancel or end what blocks us, once there is something.", "quiet"))
        place = f" from {peer.address}" if peer.address else ""
        rows = [line((f" {radar_words.name(peer)}{place}: ", "quiet"), (peer.state, "warn"))]
        query = peer.query or "its statement is hidden from our role"
        rows += [line((f" {text}", "text")) for text in wrapped(query, cells.width - 2)]
        return Content("\n").join(rows[: cells.height])


class Keys(Painted):
    """The keys that work now."""

    def draw(self, _: Size) -> Content:
        """One row."""
        parts: list[Part] = [(" ", "")]
        radar = radar_words.live(self.view)
        acting = [("c", "cancel its statement"), ("t", "end its session")] if radar and radar.blockers else []
        for key, label in [*acting, ("esc", "back")]:
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


def selected(view: View, at: int) -> Peer | None:
    """The blocker under the cursor."""
    blockers = view.state.radar.blockers if view.state.radar else ()
    return blockers[min(at, len(blockers) - 1)] if blockers else None


def _rule(title: str, width: int) -> Content:
    return line(("─ ", "faint"), (f"{title} ", "quiet"), ("─" * max(width - len(title) - 3, 0), "faint"))


class RadarScreen(Dialog):
    """Drawn from the radar's last look, at most twice a second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("c", "signal('cancel')", show=False),
        Binding("t", "signal('terminate')", show=False),
        Binding("b,q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The answer, the tree, the blocker under the cursor, the keys."""
        around = Around(self.view, id="around")
        with Vertical(classes="dialog") as box:
            box.border_title = "LOCKS"
            yield Summary(self.view)
            yield around
            yield Blocker(self.view, around)
            yield Says(self.view)
            yield Keys(self.view)

    def action_move(self, steps: int) -> None:
        """Another blocker."""
        radar = self.view.state.radar
        around = self.query_one(Around)
        around.at = max(min(around.at + steps, len(radar.blockers) - 1 if radar else 0), 0)
        self.show(self.view)

    def action_signal(self, how: str) -> None:
        """Ask for the process id by hand; the runner decides."""
        peer = selected(self.view, self.query_one(Around).at)
        if peer is None or radar_words.live(self.view) is None:
            self.query_one(Says).say("Nobody blocks us: there is nothing to end.", "warn")
            return
        from screens.signal import SignalScreen

        self.app.push_screen(SignalScreen(self.view, peer, how))
