"""What a call of `lint` found, ready to be said in any format."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from dixis_tui.hazard import FileForecast, Hazard, Severity
from dixis_tui.hazards.read import SourceFile


class Found(Struct, frozen=True):
    """The files, how each will be run, and the hazards chosen; suppressed ones are among them."""

    files: tuple[SourceFile, ...]
    forecasts: list[FileForecast]
    hazards: list[Hazard]

    @property
    def standing(self) -> list[Hazard]:
        """Those that no comment suppresses."""
        return [hazard for hazard in self.hazards if not hazard.suppressed]

    @property
    def closed(self) -> bool:
        """Whether one stands that is more than a notice."""
        return any(hazard.severity is not Severity.NOTICE for hazard in self.standing)

    @property
    def counts(self) -> dict[str, int]:
        """Standing hazards by severity, the worst first; those of none are named too."""
        counted = Counter(hazard.severity for hazard in self.standing)
        return {severity.value: counted[severity] for severity in Severity}

    @property
    def suppressed(self) -> int:
        """How many a comment lets stand."""
        return len(self.hazards) - len(self.standing)

    @property
    def summary(self) -> str:
        """`Found 3 hazards (1 danger, 2 warnings) in 2 of 14 files; 1 suppressed.`"""
        standing = self.standing
        files = _plural(len(self.files), "file")
        tail = f"; {self.suppressed} suppressed" if self.suppressed else ""
        if not standing:
            return f"No hazards in {files}{tail}."
        parts = [_plural(count, word) for word, count in self.counts.items() if count]
        touched = len({hazard.path for hazard in standing})
        where = f"{touched} of {files}" if len(self.files) > 1 else files
        return f"Found {_plural(len(standing), 'hazard')} ({', '.join(parts)}) in {where}{tail}."


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
