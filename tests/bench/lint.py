"""What `dixis-tui lint` costs, as ratios of one run on one machine: ``python -m tests.bench.lint [files]``.

The whole process over a folder of migrations in the shapes that Prisma writes, against bare squawk over the same files,
against `dixis-tui --version` and against a Python that parses them and does nothing else. Taken in turns, medians.
Nothing is asserted: 600 files should stay under a second, and a ratio that moved much is worth a look.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from dixis_tui.hazards.squawk import program

SHAPES = (
    """-- AlterTable
ALTER TABLE "Order" ADD COLUMN "c{n}" TEXT;

-- CreateIndex
CREATE INDEX "Order_c{n}_idx" ON "Order"("c{n}");
""",
    """-- CreateTable
CREATE TABLE "T{n}" (
    "id" SERIAL NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "T{n}_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "T{n}_name_key" ON "T{n}"("name");

-- AddForeignKey
ALTER TABLE "Order" ADD CONSTRAINT "Order_t{n}_fkey" FOREIGN KEY ("t{n}") REFERENCES "T{n}"("id") ON DELETE RESTRICT;
""",
    """-- a backfill
UPDATE "Order" SET "c{n}" = 'x' WHERE "c{n}" IS NULL;
ALTER TABLE "Order" ALTER COLUMN "c{n}" SET NOT NULL;
DO $$ BEGIN PERFORM 1; END $$;
""",
    """-- AlterEnum
ALTER TYPE "Mood" ADD VALUE 'V{n}';
""",
)
PARSE = """
import sys
from pathlib import Path
from dixis_tui.sql.script import parse_script
for path in sorted(Path(sys.argv[1]).glob("*/migration.sql")):
    parse_script(path.read_bytes())
"""


def main() -> None:
    """Write the files, measure, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        paths = [str(_write(Path(folder), number)) for number in range(count)]
        dixis = [sys.executable, "-m", "dixis_tui"]
        commands = {
            "bare squawk": [program(), "--reporter", "json", *paths],
            "parsing alone": [sys.executable, "-c", PARSE, folder],
            "--version": [*dixis, "--version"],
            "lint": [*dixis, "lint", folder],
            "lint --format json": [*dixis, "lint", folder, "--format", "json"],
        }
        found = _measure(commands)
    floor = found["bare squawk"]
    print(f"{count} files, medians; aim under 1 s for 600")
    for name, seconds in found.items():
        print(f"  {name:18} {seconds * 1000:5.0f} ms  {seconds / floor:5.2f}")


def _write(folder: Path, number: int) -> Path:
    path = folder / f"{20250101000000 + number}_number_{number}" / "migration.sql"
    path.parent.mkdir()
    path.write_text(SHAPES[number % len(SHAPES)].replace("{n}", str(number)), encoding="utf-8")
    return path


def _measure(commands: dict[str, Sequence[str]], turns: int = 7) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(turns + 1):
        for name, command in commands.items():
            began = perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            if turn:  # the first turn only warms the file cache
                taken[name].append(perf_counter() - began)
    return {name: median(seconds) for name, seconds in taken.items()}


if __name__ == "__main__":
    main()
