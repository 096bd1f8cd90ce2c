"""SQLSTATEs are told by PostgreSQL's own names."""

from __future__ import annotations

import pytest
from psycopg.errors import lookup

from dixis_tui.plan.sqlstates import CLASSES, STATES, meaning, told


def _as_in_psycopg(condition: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in condition.split("_")).lower()


@pytest.mark.parametrize("sqlstate", STATES)
def test_the_condition_is_the_one_that_postgresql_documents(sqlstate: str) -> None:
    name = lookup(sqlstate).__name__.lower().rstrip("_")
    assert name.removesuffix("error") == _as_in_psycopg(STATES[sqlstate].condition).removesuffix("error")


@pytest.mark.parametrize("known", [*STATES.values(), *CLASSES.values()], ids=lambda known: known.condition)
def test_the_words_are_one_plain_sentence(known: object) -> None:
    words = getattr(known, "words", "")
    assert 8 < len(words) < 75
    assert not words.endswith(".")


def test_every_code_has_a_class_to_fall_back_to() -> None:
    assert {code[:2] for code in STATES} - CLASSES.keys() == {"2B", "3D", "3F"}, "those have one code each"


def test_what_is_not_known_is_told_by_its_class_or_called_unknown() -> None:
    assert told("23503") == "SQLSTATE 23503 foreign_key_violation: a row points to one that is not there"
    assert told("23999") == "SQLSTATE 23999 integrity_constraint_violation (its class): a row breaks a constraint"
    assert meaning("ZZ999") is None
    assert "look it up" in told("ZZ999")
    assert told("") == ""
