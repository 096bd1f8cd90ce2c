"""`docs/hazards.md` from the program's own rules: ``python -m docs.make_hazards``."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.hazards.catalogue import OTHERS, RULES
from dixis_tui.hazards.rulings import RULINGS
from dixis_tui.hazards.weigh import LARGE_BYTES, LARGE_ROWS, SMALL_BYTES, SMALL_ROWS, number, size

PAGE = Path(__file__).with_name("hazards.md")
_HEAD = f"""\
# Hazards

Made from the program by `python -m docs.make_hazards`. `dixis-tui lint` looks for them without a database.

A *danger* stands where the application stops, rows are lost, or the file fails; a *warning* where some wait or fail; a
*notice* is worth a look. `lint` fails on the first two. Each is shown on a real server by `tests/hazards/`.

Where the live sizes are known, hazards whose time grows with the table weigh less on a small one (under
{number(SMALL_ROWS)} rows and {size(SMALL_BYTES)}: a notice) and more on a large one (from {number(LARGE_ROWS)} rows or
{size(LARGE_BYTES)} on: a danger), and what the catalog proves harmless is not said. Tables that the same pending files
make are exempt.

To let one stand, say why above the statement, or anywhere for the whole file. Without a reason it does not count:

```sql
-- dixis-ignore DH102: it is filled anew every night (ticket 123)
TRUNCATE price_import;
-- dixis-ignore-file renaming-table, DH105: the shop is closed meanwhile
```

`-- squawk-ignore RULE` and `-- squawk-ignore-file RULE` work for squawk's rules as squawk has them.
"""
_COLUMNS = "| code | severity | hazard | why |\n|---|---|---|---|"


def page() -> str:
    """The whole page."""
    ours = {rule.code: (rule.title, rule.severity, rule.why) for rule in RULES} | OTHERS
    squawk = {name: (law.title, law.severity, law.why) for name, law in RULINGS.items() if law.severity}
    left_out = "\n".join(f"| {name} | {law.why} |" for name, law in RULINGS.items() if not law.severity)
    return "\n".join(
        [
            _HEAD,
            f"## Rules of our own\n\n{_COLUMNS}",
            *(f"| {code} | {level} | {title} | {why} |" for code, (title, level, why) in sorted(ours.items())),
            f"\n## squawk's rules\n\n{_COLUMNS}",
            *(f"| {code} | {level} | {title} | {why} |" for code, (title, level, why) in squawk.items()),
            "\nA rule of a newer squawk that is in neither table is a notice, in squawk's words.",
            f"\n## squawk's rules that are left out\n\n| rule | because |\n|---|---|\n{left_out}",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
