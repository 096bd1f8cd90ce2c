"""Log files for tests, and an app of nothing but the log pane."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from screens.widgets.log_lines import LogLines
from screens.widgets.log_view import LogView

ATHENS = ZoneInfo("Europe/Athens")


def entry(text: str, source: str = "prisma", level: str = "info", second: int = 59) -> str:
    """One well-formed line, with its line break."""
    return f"2026-11-25T20:50:{second:02d}.120Z\t{source}\t{level}\t{text}\n"


def append(path: Path, text: str) -> None:
    """Add to the file, as its writer does."""
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)


class LogApp(App[None]):
    """Counts how often a row was drawn: `drawn`."""

    def __init__(self, path: Path, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.view = LogView(path, ATHENS, frequency=50, ascii_only=ascii_only)
        self.drawn = 0
        self.looks = 0

    def compose(self) -> ComposeResult:
        lines, store = self.view.lines, self.view.store
        render, refresh = lines.render_line, store.refresh

        def counted_render(y: int):  # type: ignore[no-untyped-def]
            self.drawn += 1
            return render(y)

        def counted_refresh(budget_seconds: float = 0.008) -> bool:
            self.looks += 1
            return refresh(budget_seconds)

        lines.render_line = counted_render  # type: ignore[method-assign]
        store.refresh = counted_refresh  # type: ignore[method-assign]
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    @property
    def lines(self) -> LogLines:
        """The scrolling part of the pane."""
        return self.view.lines

    def rows(self) -> list[str]:
        """What the rows in sight say, as text."""
        return [self.lines.render_line(y).text.rstrip() for y in range(self.lines.size.height)]


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Let the app run until the condition holds; AssertionError once `seconds` have passed without it."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"waited {seconds} s in vain"
        await pilot.pause(0.01)
