"""Applying the pending migrations with the chosen executor; staging and production alike."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui.model import Executor, MigrationFile, Place
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases.apply_direct import with_direct
from dixis_tui.run.phases.apply_prisma import with_prisma


def apply(context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile], place: Place) -> None:
    """Apply `files` to `url` in order, an event before and after each; stops at the first failure.

    What came of it stands in the state's migrations, and in the database: read that before saying so.
    """
    executor = context.settings.migrate.executor
    # What the workflow runs is the project's own CLI: the rehearsal does so too.
    if executor is Executor.PRISMA or (executor is Executor.GITHUB and place is Place.STAGING):
        with_prisma(context, url, project, files, place)
    elif executor is Executor.GITHUB:
        from dixis_tui.run.phases.apply_github import with_github  # httpx takes a tenth of a second

        with_github(context, url, project, files)
    else:
        with_direct(context, url, files, place, splits=project.splits_statements)
