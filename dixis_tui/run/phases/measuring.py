"""Making the rehearsal's copy fit to be measured, and measuring statements where the executor does not tell of them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dixis_tui.errors import DixisError, StoppedError
from dixis_tui.measures import TableSize
from dixis_tui.model import CheckState, MigrationFile, Place
from dixis_tui.postgres.copying import copied
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.table_sizes import table_sizes
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts
from dixis_tui.run.phases.apply_direct import with_direct


def settle(context: Context, url: DatabaseUrl) -> None:
    """Bring the copy into the state that production is in: with statistics, and rows that were read before.

    Without it the first scan writes every page, and the planner guesses: both would be measured.
    """
    began = time.monotonic()
    with connect(url, purpose="rehearsal") as session:
        session.execute("VACUUM (ANALYZE)")
    context.log.line("runner", f"The copy's statistics were brought up to date in {time.monotonic() - began:.1f} s")


def sizes(context: Context, url: DatabaseUrl) -> dict[str, TableSize]:
    """The copy's tables before anything is migrated."""
    with facts.reading(context, url, "sizes") as session:
        return table_sizes(session)


def on_a_copy(context: Context, url: DatabaseUrl, found: Project, pending: Sequence[MigrationFile]) -> None:
    """Measure each statement with our own executor on a copy of staging: Prisma's CLI tells of files only.

    What is rehearsed with Prisma itself afterwards is what counts; where no copy can be made, its files are all that is
    measured.
    """
    if context.state.check("DX301").state is not CheckState.PASSED:
        # On production's own server a copy would take its room, and that before the phrase.
        context.log.line(
            "runner", "Statements are not measured on a copy: staging is on production's server", "warning"
        )
        return

    def left_behind(name: str) -> None:
        context.note(f'The copy {name} could not be dropped: DROP DATABASE "{name}" on staging.', "warning")

    try:
        with copied(url, left_behind) as copy:
            context.note(f"Measuring each statement on a copy, {copy.database}, before Prisma rehearses.")
            with_direct(context, copy, pending, Place.STAGING, splits=found.splits_statements)
    except StoppedError:
        raise
    except DixisError as error:
        words = context.log.redactor.line(f"Statements were not measured, only files: {error}")
        context.log.line("runner", words, "warning")
