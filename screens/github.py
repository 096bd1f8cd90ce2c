"""GITHUB: before the go what is closed there and what to do; from the dispatch on, the workflow run step by step."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import N_, _
from dixis_tui.run.views import WorkflowView
from screens import github_gates, github_run, guide_github, words
from screens.cards import Line
from screens.dialog import Dialog
from screens.view import View
from screens.widgets.key_line import Says
from screens.widgets.now_card import lines_of
from screens.widgets.painted import Painted, Part, line, spread

_ANSWER = 4
_OTHER_FACE = N_("There is one face only: nothing was dispatched to migrate yet.")


class Answer(Painted):
    """The answer: large, with what to do under it."""

    def __init__(self, view: View, listed: Listed) -> None:
        super().__init__(view)
        self._listed = listed

    _wanted = 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """Rows that it takes."""
        self._wanted = len(self._rows(width))
        return self._wanted

    def show(self, view: View) -> None:
        """Draw this moment; another layout only where it needs another height."""
        super().show(view)
        if self.size and len(self._rows(self.size.width)) != self._wanted:
            self.refresh(layout=True)

    def _rows(self, width: int) -> list[Content]:
        run = self._listed.run(self.view)
        head, *rest = github_run.answer(self.view, run) if run else github_gates.answer(self.view)
        rows = [row.stylize(".title") for row in lines_of(head, width - 1, 2)]
        for one in rest:
            rows += lines_of(one, width - 1, max(_ANSWER - len(rows), 1))
        return [*rows[:_ANSWER], line()]

    def draw(self, cells: Size) -> Content:
        """As many rows as it asked for."""
        return Content("\n").join(self._rows(cells.width)[: cells.height])


class Listed(Painted):
    """What is known, scrolled so that what runs is in sight, until somebody scrolls it."""

    def __init__(self, view: View, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(view, id=id)
        self._first: int | None = None
        self._shown_first = 0
        self._gates = False

    @property
    def follows(self) -> bool:
        """Whether it scrolls by itself."""
        return self._first is None

    def run(self, view: View) -> WorkflowView | None:
        """The run whose face is shown; None: that of the gates is."""
        return None if self._gates or view.state.many else view.state.workflow

    def turn(self) -> bool:
        """The other face; False where there is none."""
        if self.view.state.workflow is None or self.view.state.many:
            return False
        self._gates, self._first = not self._gates, None
        return True

    def follow(self) -> None:
        """By itself again."""
        self._first = None

    def move_rows(self, rows: int) -> None:
        """So many rows on or back."""
        self._first = max(self._shown_first + rows, 0)

    def _rows(self) -> tuple[list[Line], int]:
        run = self.run(self.view)
        return github_run.rows(self.view, run) if run else (github_gates.rows(self.view), 0)

    def draw(self, cells: Size) -> Content:
        """At most `height` rows; where there are more, it says how many."""
        width, height = cells
        found, wanted = self._rows()
        drawn: list[Content] = []
        at = 0
        for number, one in enumerate(found):
            if number == wanted:
                at = len(drawn)
            drawn += lines_of(one, width - 1) if one.text else [line()]
        last = max(len(drawn) - height, 0)
        by_itself = 0 if at < height - 3 else at - height // 2
        first = by_itself if self._first is None else self._first
        first = self._shown_first = min(max(first, 0), last)
        shown = drawn[first : first + height]
        if height > 2 and first + height < len(drawn):
            shown[-1] = line(
                (_("   ↓ {number} more").format(number=words.number(len(drawn) - first - height + 1)), "quiet")
            )
        if height > 2 and first:
            shown[0] = line((_("   ↑ {number} more").format(number=words.number(first + 1)), "quiet"))
        return Content("\n").join(shown)


class GithubKeys(Painted):
    """The keys that work now, and how old the look is."""

    def __init__(self, view: View, listed: Listed) -> None:
        super().__init__(view)
        self._listed = listed

    def draw(self, cells: Size) -> Content:
        """One row."""
        run = self._listed.run(self.view)
        acting = [(made.key, made.label) for made in guide_github.offers(self.view) if not made.refusal]
        acting += [] if self._listed.follows else [("f", _("follow"))]
        acting += (
            [("tab", _("gates") if run else _("the run"))]
            if self.view.state.workflow and not self.view.state.many
            else []
        )
        seen = f"{github_gates.seen_words(self.view, run)} "
        keys = [*acting, ("↑ ↓", _("scroll")), ("esc", _("back"))]
        parts: list[Part] = []
        for dropped in ("", "tab", "↑ ↓", "f"):
            keys = [(key, label) for key, label in keys if key != dropped]
            parts = [(" ", "")]
            for key, label in keys:
                parts += [(key, "key"), (f" {label}   ", "quiet")]
            room = cells.width - sum(len(text) for text, _ in parts)
            if room >= len(seen):
                return spread(cells.width, parts, [(seen, "quiet")])
        return line(*parts)


class GithubScreen(Dialog):
    """Two faces; the run's from its dispatch on. Tab shows the other one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"act('{key}')", show=False) for key in ("r", "d", "a", "j", "z")),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home", "scroll(-99999)", show=False),
        Binding("end", "scroll(99999)", show=False),
        Binding("f", "follow", show=False),
        Binding("tab", "turn", show=False),
        Binding("g,q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The answer, what is known, the keys."""
        listed = Listed(self.view, id="listed")
        run = self.view.state.run
        with Vertical(classes="dialog") as box:
            box.border_title = Content(
                _("GITHUB {github}").format(github=run.github) if run and run.github else _("GITHUB")
            )
            yield Answer(self.view, listed)
            yield listed
            yield Says(self.view)
            yield GithubKeys(self.view, listed)

    def action_act(self, key: str) -> None:
        """What the guide offers for this key, or its sentence."""
        self.query_one(Says).say("")
        self.cockpit_app.act(guide_github.offer(self.view, key))

    def action_scroll(self, rows: int) -> None:
        """Rows on or back; it stays there until `f`."""
        self.query_one(Listed).move_rows(rows)
        self.show(self.view)

    def action_page(self, pages: int) -> None:
        """A page on or back."""
        listed = self.query_one(Listed)
        listed.move_rows(pages * max(listed.size.height - 2, 1))
        self.show(self.view)

    def action_follow(self) -> None:
        """What runs in sight again."""
        self.query_one(Listed).follow()
        self.show(self.view)

    def action_turn(self) -> None:
        """The other face."""
        if not self.query_one(Listed).turn():
            self.query_one(Says).say(_(_OTHER_FACE))
        self.show(self.view)
