"""HISTORY: the runs on this target, newest first: how each ended, what it took against the prediction, who ran it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.model import Verdict
from dixis_tui.run.history import History, RunRecord
from dixis_tui.run.history_table import WORDS, migrations, spark, trend
from screens import words
from screens.dialog import Dialog
from screens.view import View
from screens.widgets.painted import Painted, Part, line, spread, style, wrapped

_BAR_CELLS = 12
_NAME_CELLS = 20
_TREND_RUNS = 40


def of_target(history: History, view: View, *, everything: bool) -> list[RunRecord]:
    """The runs on the target that is shown, newest first; without `everything` only those that took the phrase."""
    target = view.state.run.target if view.state.run else ""
    places = {record.place for record in history.records if record.target == target}
    found = [record for record in history.records if record.place in places and (record.went or everything)]
    return found[::-1]


class _Shown(Painted):
    """A part of the screen, drawn from the records that were read."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self.records: Sequence[RunRecord] | None = None
        """None: they are being read."""
        self.problem = ""
        self.at = 0


class Answer(_Shown):
    """The answer, and the trend."""

    def draw(self, cells: Size) -> Content:
        """Two rows."""
        text, tone = summary(self.records, self.problem)
        head = line((f" {words.cut(text, cells.width - 2)}", tone)).stylize(".title")
        seconds = trend((self.records or ())[::-1])[-min(_TREND_RUNS, cells.width // 3) :]
        if len(seconds) < 2:
            return Content("\n").join([head, line()])
        told = _("took, oldest first:")
        between = f"{words.duration(min(seconds))} – {words.duration(max(seconds))}"
        return Content("\n").join(
            [head, line((f" {told} ", "quiet"), (spark(seconds), "work"), (f"  {between}", "quiet"))]
        )


def summary(records: Sequence[RunRecord] | None, problem: str) -> tuple[str, str]:
    """The answer in a sentence, and its tone."""
    if records is None:
        return _("Reading the journals …"), "quiet"
    if problem:
        return sentence(problem), "warn"
    if not records:
        return _("No run on this target has taken the phrase yet."), "text"
    done = sum(record.verdict is Verdict.DONE for record in records)
    told = ngettext("{done} of {runs} run done", "{done} of {runs} runs done", len(records))
    last = next((record for record in records if record.seconds is not None), None)
    if last is None or last.seconds is None:
        return told.format(done=done, runs=len(records)), "text"
    took = _("the last migration took {seconds}").format(seconds=words.duration(last.seconds))
    if last.predicted_seconds is not None:
        took += _(", predicted {seconds}").format(seconds=words.duration(last.predicted_seconds))
    return words.joined(told.format(done=done, runs=len(records)), took), "text"


class Runs(_Shown):
    """One run a row."""

    def draw(self, cells: Size) -> Content:
        """At most `height` rows, scrolled so that the cursor is in sight."""
        records = self.records or ()
        width, height = cells.width, cells.height - 1
        self.at = max(min(self.at, len(records) - 1), 0)
        first = min(max(self.at - height // 2, 0), max(len(records) - height, 0))
        most = max((max(one.seconds or 0, one.predicted_seconds or 0) for one in records), default=0.0)
        rows = [self._head(width)] if records else []
        for number, record in enumerate(records[first : first + height], first):
            mark: Part = ("▸", "key") if number == self.at else (" ", "")
            drawn = spread(
                width,
                [mark, *self._parts(record, most, width)],
                [(f"{words.cut(record.operator, _NAME_CELLS)} ", "quiet")],
            )
            rows.append(drawn.stylize(style("cursor")) if number == self.at else drawn)
        return Content("\n").join(rows)

    def _head(self, width: int) -> Content:
        left = f" {_('began'):<17}{'':2}{_('verdict'):<12}{_('took'):>9} ┃ {_('predicted')}"
        return spread(width, [(left, "quiet")], [(f"{_('operator')} ", "quiet")])

    def _parts(self, record: RunRecord, most: float, width: int) -> list[Part]:
        _word, glyph, tone = words.VERDICTS[record.verdict]
        took = words.duration(record.seconds) if record.seconds is not None else "–"
        parts: list[Part] = [
            (f"{record.at.astimezone(self.view.zone):%Y-%m-%d %H:%M} ", "text"),
            (f"{glyph} {words.fill(_(WORDS[record.verdict]), 12)}", tone),
            (f"{took:>9} ", "strong"),
            *_bar(record, most),
        ]
        return [*parts, (f" {migrations(record)}", "quiet")] if width >= 100 else parts


def _bar(record: RunRecord, most: float) -> list[Part]:
    """What it took as a bar; the prediction as a mark on the same scale."""
    if not most:
        return [(" " * (_BAR_CELLS + 1), "")]
    done = round((record.seconds or 0) / most * _BAR_CELLS)
    bar = ["█"] * done + [" "] * (_BAR_CELLS + 1 - done)
    tone = "work"
    if record.predicted_seconds is not None:
        at = round(record.predicted_seconds / most * _BAR_CELLS)
        bar[at] = "┃"
        tone = "warn" if done > at else "work"
    return [("".join(bar), tone)]


class Chosen(_Shown):
    """The run under the cursor, in full."""

    def draw(self, cells: Size) -> Content:
        """What fits."""
        if not self.records:
            return line()
        record = self.records[max(min(self.at, len(self.records) - 1), 0)]
        who = f"{record.operator}, {record.second}" if record.second else record.operator
        predicted = "–" if record.predicted_seconds is None else words.duration(record.predicted_seconds)
        took = "–" if record.seconds is None else words.duration(record.seconds)
        rows = [
            (_("Run"), record.run),
            (_("Migrations"), migrations(record)),
            (_("Took"), _("{took}, predicted {predicted}").format(took=took, predicted=predicted)),
            (_("Operator"), who),
            (_("Plan"), record.plan or "–"),
            (_("Waived"), ", ".join(record.waived) or "–"),
            (_("Came to"), record.summary or _(WORDS[record.verdict])),
        ]
        label = max(len(name) for name, _value in rows) + 2
        drawn = []
        for name, value in rows:
            texts = wrapped(value, cells.width - label - 3)
            drawn.append(line((f" {name:<{label}}", "quiet"), (texts[0], "text")))
            drawn += [line((" " * (label + 1), ""), (text, "text")) for text in texts[1:]]
        return Content("\n").join(drawn[: cells.height])


class HistoryKeys(Painted):
    """The keys."""

    everything = False

    def draw(self, _cells: Size) -> Content:
        """One row."""
        shown = _("only those with the phrase") if self.everything else _("all runs")
        parts: list[Part] = [(" ", "")]
        for key, label in (("↑ ↓", _("select")), ("space", shown), ("esc", _("back"))):
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


class HistoryScreen(Dialog):
    """The list above, the run under its cursor below. The journals are read in a thread: there may be many."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("home", "move(-9999)", show=False),
        Binding("end", "move(9999)", show=False),
        Binding("space", "all", show=False),
        Binding("y,q", "close", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._history: History | None = None
        self._everything = False

    def compose(self) -> ComposeResult:
        """The answer, the runs, the one under the cursor, the keys."""
        with Vertical(classes="dialog") as box:
            box.border_title = _("HISTORY")
            yield Answer(self.view)
            yield Runs(self.view, id="listed")
            yield Chosen(self.view)
            yield HistoryKeys(self.view)

    def on_mount(self) -> None:
        """Read what is beside this run."""
        place = self.cockpit_app.client.folder.absolute().parents[1]
        self.run_worker(lambda: self._read(place), thread=True, group="history", exit_on_error=True)

    def _read(self, place: Path) -> None:
        from dixis_tui.run.history import read

        found = read([place])
        self.app.call_from_thread(self._put, found)

    def _put(self, found: History) -> None:
        self._history = found
        if self.is_mounted:
            self._spread()

    def _spread(self) -> None:
        if self._history is not None:
            records = of_target(self._history, self.view, everything=self._everything)
            for part in self.query(_Shown):
                part.records, part.problem, part.at = records, self._history.problem, self.query_one(Runs).at
        self.query_one(HistoryKeys).everything = self._everything
        self.show(self.view)

    def action_move(self, steps: int) -> None:
        """Another run."""
        self.query_one(Runs).at = max(self.query_one(Runs).at + steps, 0)
        self._spread()

    def action_all(self) -> None:
        """Those that ended before the phrase too, or only the others."""
        self._everything = not self._everything
        self._spread()
