"""Which run `dixis-tui rollback` goes back to."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui.errors import UsageError
from dixis_tui.model import Phase, PhaseState
from dixis_tui.run import policy
from dixis_tui.run.folders import all_runs
from dixis_tui.run.runs import Run, look


def latest_that_changed() -> Run:
    """Never by time alone: the latest run may be on another target, or one that was opened since. Raises UsageError."""
    from dixis_tui.cli.options import secrets_for_headless
    from dixis_tui.postgres.url import parse
    from dixis_tui.settings import DATABASE_URL, secrets_from

    changed = [run for run in map(look, all_runs()) if run.state.backup and policy.production_changed(run.state)]
    if DATABASE_URL in secrets_from():
        target = parse(secrets_for_headless()[DATABASE_URL], DATABASE_URL).masked
        found = [run for run in changed if run.target == target][-1:]
    else:
        found = [run for run in changed if run.live]  # it needs nothing from this environment
    if len(found) == 1:
        return found[0]
    raise UsageError(
        "There is no run that alone could be meant: none has changed the database that DATABASE_URL names",
        "Name the run; list them with `dixis-tui runs`.",
    )


def where_it_stands(run: Run) -> Run:
    """`run`, or the later one that began to go back to its backup and did not finish. Raises UsageError."""
    state = run.state
    if state.drill:
        raise UsageError(f"Run {run.id} was a drill on staging: there is nothing to go back to", "Name another run.")
    if state.run is None or (state.backup is None and not (run.live and state.snapshot)):
        raise UsageError(f"Run {run.id} has no backup to go back to", "List the runs with `dixis-tui runs`.")
    return unfinished(run, [look(folder) for folder in all_runs() if folder.name > run.id])


def unfinished(run: Run, later: Sequence[Run]) -> Run:
    """The last of `later`, oldest first, that began to go back to this run's backup, unless it came to its end."""
    same = [one for one in later if one.state.adopted and one.state.backup == run.state.backup]
    attempts = [one for one in same if one.state.rollback]
    last = attempts[-1] if attempts else run
    passed = policy.phase_state(last.state, Phase.ROLLBACK) is PhaseState.PASSED
    return run if passed else last
