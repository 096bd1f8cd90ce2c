"""What of a grid of cases is run: by default a part that has every kind of case, with DIXIS_FAULTS=all every case."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count, product
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

ALL = os.environ.get("DIXIS_FAULTS") == "all"


def steps(every: int, first: int = 1, *, whole: tuple[int, int] = (1, 1)) -> Iterator[int]:
    """Every n-th step, from `first` on; of the whole grid those of `whole`: its first, and of how many parts."""
    return count(*whole) if ALL else count(first, every)


def pairs(one: Iterable[A], other: Iterable[B]) -> list[tuple[A, B]]:
    """Every pair of the whole grid; by default as few as have each value of either, one beside the next."""
    first, second = list(one), list(other)
    if ALL:
        return list(product(first, second))
    return [(first[i % len(first)], second[i % len(second)]) for i in range(max(len(first), len(second)))]


def some(cases: Iterable[A], kept: Iterable[A]) -> list[A]:
    """Every case of the whole grid, or those that were chosen; a choice that is no case is a mistake."""
    every, chosen = list(cases), list(kept)
    assert all(one in every for one in chosen), chosen
    return every if ALL else chosen
