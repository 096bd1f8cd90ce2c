"""All logs of an after-watch: those of the settings and the server's own, each counted by kind of trouble."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.after import AfterFinding, AfterKind
from dixis_tui.plan.log_lines import Tally
from dixis_tui.postgres.server_log import LogNews
from dixis_tui.run.log import Log
from dixis_tui.run.log_sources import CommandTail, FileTail, Lines, News
from dixis_tui.settings import Settings
from dixis_tui.settings_records import LogSettings

SERVER = "server"
"""What the server's own log is called."""


class Logs:
    """Opens them at once, each at its end; one thread looks and closes."""

    def __init__(self, settings: Settings, database: str, log: Log) -> None:
        self._log = log
        self._sources = [(Tally(one.name), _source(one, Path(settings.root))) for one in settings.after.logs]
        self._server, self._server_lines = Tally(SERVER, database), Lines()
        self._server_read = False
        self._problems: dict[str, str] = {}

    def look(self, server: LogNews | None, problem: str = "") -> list[AfterFinding]:
        """Read what is new, and say what is wrong; `server` is what the server's log got.

        None: it can't be read, and `problem` says why, or the server was not reached.
        """
        for tally, source in self._sources:
            news = source.look() if source else News([], problem="neither a file nor a command is named")
            tally.see(news.lines)
            self._said(tally, news)
        if server:
            self._server_read = True
            self._server.see(self._server_lines.take(server.data))
            self._server.skipped += server.skipped
        if self._server_read:
            self._problems[SERVER] = problem
        return [*self._broken(), *(finding for tally in self._tallies for finding in tally.findings())]

    def _said(self, tally: Tally, news: News) -> None:
        tally.skipped += news.skipped
        self._problems[tally.name] = news.problem
        if news.note:
            self._log.line("after", f"{tally.name}: {news.note}")
        if news.skipped:
            self._log.line("after", f"{tally.name}: too much at once, {news.skipped:,} of it were not read", "warning")

    def _broken(self) -> list[AfterFinding]:
        return [
            AfterFinding(
                kind=AfterKind.LOG,
                subject=name,
                level="warning",
                evidence=f"it is not read: {problem}",
                remedy="Mend it under [[after.logs]] for the next time, and read that log by hand now.",
            )
            for name, problem in self._problems.items()
            if problem
        ]

    @property
    def _tallies(self) -> list[Tally]:
        return [*(tally for tally, _ in self._sources), *([self._server] if self._server_read else [])]

    @property
    def names(self) -> list[str]:
        """Those that are read."""
        return [tally.name for tally in self._tallies if not self._problems.get(tally.name)]

    @property
    def configured(self) -> bool:
        """Whether the settings name any."""
        return bool(self._sources)

    @property
    def lines(self) -> int:
        """Read since the watch began."""
        return sum(tally.lines for tally in self._tallies)

    @property
    def errors(self) -> int:
        """Of these, those that tell of an error."""
        return sum(tally.errors for tally in self._tallies)

    def close(self) -> None:
        """Read no more; commands are ended."""
        for _, source in self._sources:
            if source:
                source.close()


def _source(setting: LogSettings, root: Path) -> FileTail | CommandTail | None:
    if setting.file:
        return FileTail(root / setting.file)
    return CommandTail(setting.command, root) if setting.command else None
