"""`dixis-tui` without a command: the cockpit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dixis_tui.cli.options import Common, with_token
from dixis_tui.cli.say import say
from dixis_tui.cli.terminal import cockpit, require_terminal
from dixis_tui.errors import UnderWayError, UrlError
from dixis_tui.run.runs import Run, live_runs
from dixis_tui.settings import DATABASE_URL, secrets_from

if TYPE_CHECKING:
    from dixis_tui.run.spawn import Starting


def open_cockpit(common: Common) -> int:
    """Attach to the run under way on this target, or start one; returns the exit code."""
    require_terminal()
    settings = common.settings()
    secrets = secrets_from(settings=settings)
    under_way = _under_way(secrets.get(DATABASE_URL))
    if under_way:
        return show(under_way.folder, common.person(), f"Attached to run {under_way.id}, under way.")
    from dixis_tui.run.spawn import resume, start

    secrets = with_token(secrets, settings)
    # The runner comes up while Textual is imported: both take about the same time.
    if left := left_behind(secrets.get(DATABASE_URL)):
        starting = resume(left.folder, settings, secrets, common.person())
        cockpit()
        return show(*begun(starting, common.person(), f"Run {left.id} had lost its runner and is taken up again."))
    starting = start(settings, secrets, common.person())
    cockpit()
    return show(*begun(starting, common.person()))


def begun(starting: Starting, operator: str, notice: str = "") -> tuple[Path, str, str]:
    """The run to show, to whom, and what to say.

    Where another has the target, and on this machine, it is that one: begun a moment before, or by another name of it.

    Raises:
        UnderWayError: it is on another machine, or another account's.
        RunnerError: the runner did not come up.
    """
    from dixis_tui.run.under_way import come_up

    try:
        return starting.wait(), operator, notice
    except UnderWayError as other:
        folder = come_up(other.run) if other.run else None
        if folder is None:
            raise
        return folder, operator, f"Attached to run {other.run}, under way."


def left_behind(text: str | None, runs: Path | None = None) -> Run | None:
    """The run on the target of this URL whose runner died or left, and that nobody has dealt with since."""
    from datetime import UTC, datetime

    from dixis_tui.postgres.url import parse
    from dixis_tui.run import resuming
    from dixis_tui.run.folders import all_runs
    from dixis_tui.run.runs import look

    try:
        target = parse(text, DATABASE_URL).masked
    except UrlError:
        return None  # preflight says what is wrong with it
    folders = [folder for folder in reversed(all_runs()) if folder.parent == runs or runs is None]
    return resuming.left_behind(map(look, folders), target, datetime.now(UTC))


def show(folder: Path, operator: str, notice: str = "") -> int:
    """Draw one run until the operator leaves; says where it went on."""
    from dixis_tui.run import policy
    from dixis_tui.run.client import Client
    from dixis_tui.run.folders import JOURNAL
    from dixis_tui.run.runs import look

    code = cockpit()(Client(folder), operator, notice)
    left = look(folder)
    if left.live and policy.came_to_nothing(left.state):
        from dixis_tui.cli.drive import end_run

        # It holds the settings and the environment that it was closed by: the next start shall read them anew.
        end_run(folder)
        left = look(folder)
    if not left.live:
        say(f"Journal: {folder / JOURNAL}")
    return code


def _under_way(text: str | None) -> Run | None:
    """The live run on the target that the environment names; without one, the latest live run there is."""
    from dixis_tui.postgres.url import parse

    runs = [run for run in live_runs() if run.state.run and run.state.run.environment != "demo"]
    if text is None:
        return runs[-1] if runs else None
    try:
        target = parse(text, DATABASE_URL).masked
    except UrlError:
        return None
    return next((run for run in reversed(runs) if run.target == target), None)
