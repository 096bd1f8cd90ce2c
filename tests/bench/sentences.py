"""What a sentence costs in Greek: ``python -m tests.bench.sentences``.

Microseconds for a sentence of a real evening, told anew and from memory, and as a ratio against a plain lookup of
gettext in the same run; and what taking up the catalogues costs once. Nothing is asserted.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from dixis_tui import i18n

REAL = Path(__file__).parents[1] / "unit" / "engine_sentences.txt"


def main() -> None:
    """Measure and print."""
    i18n.use("el")
    lines = REAL.read_text(encoding="utf-8").splitlines()
    begun = perf_counter()
    i18n.sentence("every row is changed")
    print(f"taking up the catalogues {(perf_counter() - begun) * 1000:8.1f} ms, once")
    anew = [_microseconds(line) for line in lines]
    again = [_microseconds(line) for line in lines]
    plain = median(_plain(line) for line in lines)
    for what, taken in (("told anew", anew), ("from memory", again)):
        middle, worst = median(taken), quantiles(taken, n=20)[-1]
        print(f"{what:24} {middle:8.1f} us, one of twenty over {worst:8.1f} us {middle / plain:8.1f}")


def _microseconds(line: str) -> float:
    begun = perf_counter()
    i18n.sentence(line)
    return (perf_counter() - begun) * 1e6


def _plain(line: str) -> float:
    begun = perf_counter()
    i18n._(line)
    return (perf_counter() - begun) * 1e6


if __name__ == "__main__":
    main()
