"""The real app on a run that a story tells: a fake client, a clock that stands still, what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from textual.pilot import Pilot
from textual.widget import Widget

from dixis_tui.run.commands import Command
from dixis_tui.run.state import Entry
from screens.app import CockpitApp
from screens.view import Clock, Mode
from tests.screens.story import Story

SIZES = ((80, 24), (100, 30), (120, 40), (200, 60))


class StillClock(Clock):
    """Stands where the story is."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def utc(self) -> datetime:
        return self._story.now + timedelta(seconds=1)


class FakeClient:
    """Reads from the story, remembers what was sent, and answers `refusals` by the command's type."""

    def __init__(self, story: Story, folder: Path, *, live: bool = True) -> None:
        self.run_id = "20261125-223000-dixis_prod"
        self.folder = folder
        self.log = folder / "run.log"
        self.live = False
        self.seen = True
        self.sent: list[Command] = []
        self.answers: dict[type, str] = {}
        self.told: dict[type, Callable[[Story], object]] = {}
        self._story = story
        self._taken = 0
        self._runs = live
        self._gone = asyncio.Event()
        self._changed: Callable[[], None] = lambda: None

    def read(self) -> list[Entry]:
        fresh = self._story.entries[self._taken :]
        self._taken += len(fresh)
        return fresh

    async def follow(self, changed: Callable[[], None]) -> None:
        if not self._runs:
            changed()
            return
        self.live, self._changed = True, changed
        changed()
        await self._gone.wait()
        self.live = False
        changed()

    async def send(self, command: Command) -> str:
        self.sent.append(command)
        refused = self.answers.get(type(command), "")
        if tell := self.told.get(type(command)):
            tell(self._story)
            self._changed()
        return refused

    def go_on(self) -> None:
        """The story has grown."""
        self._changed()

    def die(self) -> None:
        """The runner is gone."""
        self._gone.set()


class Stage:
    """One app in a test."""

    def __init__(self, app: CockpitApp, client: FakeClient, story: Story, pilot: Pilot[str]) -> None:
        self.app, self.client, self.story, self.pilot = app, client, story, pilot

    def rows(self) -> list[str]:
        """What is on the screen, row by row."""
        return ["".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.rows())

    def pane(self, kind: type[Widget]) -> str:
        """What stands on the screen where the topmost screen's widget of that kind is, as running text."""
        at = self.app.screen.query_one(kind).region
        strips = self.app.screen._compositor.render_strips()[at.y : at.bottom]
        return " ".join(" ".join(strip.crop(at.x, at.right).text for strip in strips).split())

    async def press(self, *keys: str) -> None:
        """Keys, and what comes of them."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait for a condition; AssertionError with the screen where it does not come."""
        deadline = monotonic() + seconds
        while not condition():
            assert monotonic() < deadline, self.text()
            await self.pilot.pause()

    async def until_shown(self, wanted: str) -> None:
        """Wait until the screen says it."""
        await self.until(lambda: wanted in self.text())


def play(
    story: Story,
    folder: Path,
    scenario: Callable[[Stage], Awaitable[None]],
    size: tuple[int, int] = (120, 40),
    *,
    live: bool = True,
    notice: str = "",
    log: Sequence[str] = (),
    mode: Mode = Mode.OPERATOR,
    presents: bool = False,
) -> None:
    """Run the app on `story` and play `scenario` in it."""

    async def act() -> None:
        client = FakeClient(story, folder, live=live)
        if log:
            client.log.write_text("".join(log))
        app = CockpitApp(client, "maria", notice, clock=StillClock(story), mode=mode, presents=presents)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scenario(Stage(app, client, story, pilot))

    asyncio.run(act())
