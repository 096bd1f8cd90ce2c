"""A screen's end of a recorded run: gives it the entries up to the moment that the replay has come to. Asks nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import JournalError, UsageError
from dixis_tui.run.commands import Command
from dixis_tui.run.folders import Record
from dixis_tui.run.journal import JournalReader
from dixis_tui.run.log_tape import LogTape
from dixis_tui.run.replay import Player, Tape
from dixis_tui.run.runs import live
from dixis_tui.run.state import Entry
from dixis_tui.secrets import clean

_NOBODY = "This is a replay: nobody is there to be asked."
_BEAT_SECONDS = 0.25
_LONGEST_BEAT_SECONDS = 2.0
"""A machine that slept, a terminal that was stopped: the evening does not run away meanwhile."""
_LOOK_SECONDS = 1.0
"""How often the journal is looked at for more."""
_LIVE_SECONDS = 10.0
"""How often a run that was alive is asked whether it still is."""


class ReplayClient:
    """Plays one record. `player` says where it stands; whoever puts another there calls `changed` of :meth:`follow`.

    Raises:
        JournalError: the journal's chain breaks, or a line is not an entry; the message names the line.
        UsageError: it has no whole entry.
    """

    live = True
    seen = True

    def __init__(
        self,
        record: Record,
        *,
        speed: int = 1,
        playing: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.run_id, self.folder, self.log = record.id, record.folder, record.log
        self.journal = record.journal
        self.problem = ""
        """Why the journal can't be followed any further; empty while it can."""
        self._monotonic, self._utc = monotonic, utc
        self._reader = JournalReader(record.journal)
        tape = Tape().longer(self._reader.read())
        if not tape.entries:
            raise UsageError(f"{clean(str(record.journal))} has no whole entry", "There is nothing to replay in it.")
        self._alive = _lives(record.folder)
        self._log_tape = LogTape(record.log)
        self._given = 0
        self._beaten = self._looked = self._asked = monotonic()
        self.player = Player(tape=tape, speed=speed, playing=playing)
        self._grow(self._beaten)

    @property
    def cut(self) -> bool:
        """Whether the journal ends in the middle of a line, and nobody is there who writes on."""
        return self._reader.cut and not self.player.live

    # -- a run's client

    def read(self) -> list[Entry]:
        """The entries that came since the last call, up to the replay's moment."""
        entries = self.player.tape.entries[self._given : self.player.shown]
        self._given += len(entries)
        return list(entries)

    def went_back(self) -> bool:
        """Whether the moment lies before what :meth:`read` gave; then it begins again with the first entry."""
        back = self.player.shown < self._given
        if back:
            self._given = 0
        return back

    async def follow(self, changed: Callable[[], None]) -> None:
        """Call `changed` at once, and whenever the evening has gone on."""
        changed()
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            if self.beat():
                changed()

    async def send(self, _: Command) -> str:
        """Nothing can be asked of a recording."""
        return _NOBODY

    def log_end(self) -> int | None:
        """How many bytes of the log were there at the moment; None at the end: all of it."""
        player = self.player
        return None if player.at_end and not player.live else self._log_tape.end(player.moment)

    # -- time

    def beat(self) -> bool:
        """Let the time since the last call pass, and look for more entries; whether a screen has to be drawn anew."""
        now, before = self._monotonic(), self.player
        passed, self._beaten = now - self._beaten, now
        follows = before.playing and before.live and before.at_end
        self._grow(now)
        played = self.player.after(min(passed, _LONGEST_BEAT_SECONDS))
        self.player = played.to_end() if follows else played
        return _seen(before) != _seen(self.player)

    def _grow(self, now: float) -> None:
        """What the journal has by now, and how far the present is from its last entry."""
        tape = self.player.tape
        if now - self._looked >= _LOOK_SECONDS and not self.problem:
            self._looked = now
            try:
                tape = tape.longer(fresh) if (fresh := self._reader.read()) else tape
            except (JournalError, OSError) as error:
                self.problem = str(error)
        if self._alive and now - self._asked >= _LIVE_SECONDS:
            self._asked, self._alive = now, _lives(self.folder)
        over = isinstance(tape.entries[-1].event, ev.RunEnded | ev.RunnerLeft)
        alive = self._alive and not over and not self.problem
        lead = (self._utc() - tape.entries[-1].at).total_seconds() if alive else 0.0
        self.player = self.player.grown(tape, lead, live=alive)


def _lives(folder: Path) -> bool:
    try:
        return live(folder)
    except OSError:
        return False  # another user's run: its journal is read, and nothing more is known


def _seen(player: Player) -> tuple[object, ...]:
    """What of a player shows on the screen."""
    return player.shown, int(player.at), len(player.tape.entries), player.at_end, player.live
