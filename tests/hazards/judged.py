"""Files written and judged, as the tests need it in one line."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.hazard import Hazard
from dixis_tui.hazards.judge import SourceFile, judge
from dixis_tui.postgres.table_facts import Sizes


def written(folder: Path, *texts: str) -> list[SourceFile]:
    """The texts as migrations `1`, `2` and so on, in a folder."""
    files = []
    for number, text in enumerate(texts, 1):
        path = folder / str(number) / "migration.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        files.append(SourceFile(str(number), str(path), path.read_bytes()))
    return files


def judged(
    folder: Path,
    *texts: str,
    splits: bool = False,
    server_version: int = 150000,
    sizes: Sizes | None = None,
    one_set: bool = True,
) -> list[Hazard]:
    """The hazards of these texts, each a migration of its own."""
    files = written(folder, *texts)
    found = judge(files, splits=splits, server_version=server_version, sizes=sizes, one_set=one_set)
    return found[1]


def codes(hazards: list[Hazard]) -> list[str]:
    """The codes that stand, in the order in which they were found."""
    return [hazard.code for hazard in hazards if not hazard.suppressed]
