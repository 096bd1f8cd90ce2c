"""Taking up a run whose runner is gone: which run a start finds, whether it may be taken up, and with which settings.

Pure, over what `runs.look` read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from dixis_tui.errors import RunnerError
from dixis_tui.model import Executor, Verdict
from dixis_tui.run import policy
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState
from dixis_tui.settings import Settings

FRESH = timedelta(hours=24)
"""A run that changed nothing is taken up again within that time; afterwards its backup is of another day."""
_HARMLESS = (Verdict.CHECKED, Verdict.CLOSED, Verdict.ABANDONED)


def settings(state: RunState, now: Settings, target: str) -> Settings:
    """The settings to go on with: those of now, but for what the run has said of itself and screens show.

    Raises:
        RunnerError: the run has ended, is a drill, never began, or is on another target.
    """
    run = state.run
    if run is None:
        raise RunnerError("The run's journal has no whole entry: it never began", "Start a new run.")
    if state.ended:
        raise RunnerError(f"Run {run.run} has ended ({state.ended.verdict})", "Start a new run.")
    if state.drill:
        raise RunnerError(f"Run {run.run} is a drill", "Start another one with `dixis-tui drill`.")
    if run.target != target:
        raise RunnerError(
            f"Run {run.run} is on {run.target}, and DATABASE_URL names {target}",
            "Point DATABASE_URL at the run's own target.",
        )
    if run.executor is Executor.GITHUB and run.github != now.github.repository:
        raise RunnerError(
            f"Run {run.run} is on GitHub's {run.github}, and github.repository is {now.github.repository or 'not set'}",
            "Set github.repository to the run's own.",
        )
    if run.second_operator and not now.watch.group:
        raise RunnerError(
            f"Run {run.run} needs a second person, and watch.group is not set any more: nobody could reach it",
            "Set watch.group to the Unix group that both people are in.",
        )
    confirm = replace(
        now.confirm,
        phrase=run.phrase,
        rollback_phrase=run.rollback_phrase,
        second_operator=run.second_operator,
    )
    migrate = replace(now.migrate, executor=Executor(run.executor))
    return replace(now, confirm=confirm, migrate=migrate)


def left_behind(runs: Iterable[Run], target: str, now: datetime) -> Run | None:
    """The run on `target` that a runner died in, or left, and that nobody has dealt with since; None: there is none.

    `runs` newest first, read no further than is needed. A later run that changed something, or could have, stands for
    all before it.
    """
    for run in runs:
        if run.target != target or run.state.drill:
            continue
        if run.live:
            return None
        if run.verdict in _HARMLESS:
            continue
        if run.state.ended:
            return None
        if touched(run.state):
            return run
        if policy.in_progress(run.state) and now - (run.state.last_at or now) <= FRESH:
            return run
    return None


def touched(state: RunState) -> bool:
    """Whether production may have been changed by this run, or put back."""
    return policy.production_changed(state) or state.rollback is not None
