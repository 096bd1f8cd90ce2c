"""DH106: a name that PostgreSQL cuts off."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.sql.names import NAME_BYTES, quote
from dixis_tui.sql.parts import long_names


class LongName(Rule):
    """An identifier of more than 63 bytes; a Greek letter takes two."""

    code = "DH106"
    title = "Name of more than 63 bytes"
    severity = Severity.WARNING
    why = (
        "PostgreSQL cuts the name off and only says so in a NOTICE. Whoever looks for the whole name in the catalog"
        " does not find it, and two names with one beginning are one and the same."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        seen: dict[str, str] = {}
        for statement in context.statements:
            for name in long_names(statement):
                other = seen.setdefault(name.kept, name.name)
                same = f" So is {quote(other)}, which becomes the same name." if other != name.name else ""
                yield self.found(
                    context,
                    statement,
                    f"{quote(name.name)} has {len(name.name.encode())} bytes, {NAME_BYTES} are kept.{same}",
                    safer=f'-- Give it a shorter name (in Prisma: map: "…"). What PostgreSQL would make of it:\n'
                    f"-- {quote(name.kept)}",
                    severity=Severity.DANGER if same else self.severity,
                    span=(name.start, name.end),
                )
