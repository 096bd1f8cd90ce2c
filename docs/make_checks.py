"""`docs/checks.md` from the program's own catalogue: ``python -m docs.make_checks``."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.model import Phase
from dixis_tui.plan.checks import FLEET, CheckSpec, of_phase
from dixis_tui.plan.phases import ORDER, TITLES

PAGE = Path(__file__).with_name("checks.md")
_HEAD = """\
# Checks

Made from the program by `python -m docs.make_checks`; `dixis-tui checks` lists the same.

A *gate* keeps the phrase from being asked until it is open: passed, warned, or waived by a person with a reason
(`w` in the cockpit, `--waive CODE=REASON` on the command line). *Advice* closes nothing. A *person's* check is ticked
(`space`, `--tick CODE`); all others are looked up. The check that stands for its whole phase lets that phase be left
out when it is waived.
"""
_TABLE = "| code | check | looks at | who | closes |\n|---|---|---|---|---|"


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for phase in (*ORDER, Phase.ROLLBACK):
        if specs := of_phase(phase):
            rows = "\n".join(map(_row, specs))
            parts.append(
                f"## {TITLES[phase]}\n\n| code | check | looks at | who | closes |\n|---|---|---|---|---|\n{rows}\n"
            )
    rows = "\n".join(map(_row, FLEET))
    parts.append(f"## Many databases\n\nAsked in a [fleet](fleet.md) alone.\n\n{_TABLE}\n{rows}\n")
    return "\n".join(parts)


def _row(spec: CheckSpec) -> str:
    who = "person" if spec.person else "looked up"
    closes = "gate" if spec.gate else "advice"
    closes += ", can't be waived" if spec.gate and not spec.waivable else ""
    closes += ", the whole phase" if spec.key else ""
    return f"| {spec.code} | {spec.title} | {spec.looks} | {who} | {closes} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
