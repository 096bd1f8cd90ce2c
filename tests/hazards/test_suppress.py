"""Comments that let a hazard stand: by name, with a reason, for the next statement or the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.hazard import Severity
from tests.hazards.judged import codes, judged

TWO = "{}TRUNCATE t;\nTRUNCATE u;\n"


def told(tmp_path: Path, comment: str, sql: str = TWO) -> list[tuple[str, str]]:
    return [(one.code, one.suppressed) for one in judged(tmp_path, sql.format(comment)) if one.code != "DH105"]


def test_the_next_statement_alone(tmp_path: Path) -> None:
    assert told(tmp_path, "-- dixis-ignore DH102: ticket 123\n") == [("DH102", "ticket 123"), ("DH102", "")]
    assert told(tmp_path, "-- dixis-ignore DH101, DH102: both\n\n-- more words\n") == [("DH102", "both"), ("DH102", "")]


def test_the_whole_file_from_anywhere_in_it(tmp_path: Path) -> None:
    all_of_it = [("DH102", "why"), ("DH102", "why")]
    assert told(tmp_path, "-- dixis-ignore-file DH102: why\n") == all_of_it
    assert told(tmp_path, "-- dixis-ignore-file DH102: why", TWO.replace("{}", "") + "{}\n") == all_of_it


def test_squawk_rules_by_their_names(tmp_path: Path) -> None:
    sql = "{}ALTER TABLE t RENAME TO u;"
    assert told(tmp_path, "-- dixis-ignore renaming-table: old name is a view\n", sql) == [
        ("renaming-table", "old name is a view")
    ]
    assert told(tmp_path, "-- squawk-ignore renaming-table\n", sql) == []


@pytest.mark.parametrize(
    "comment",
    [
        "-- dixis-ignore DH102\n",
        "-- dixis-ignore DH102:   \n",
        "-- dixis-ignore DH102 but no colon\n",
        "-- dixis-ignore: no code\n",
        "-- dixis-ignore DH998: no such rule\n",
    ],
)
def test_without_reason_or_rule_it_does_not_count_and_is_a_notice(comment: str, tmp_path: Path) -> None:
    found = [one for one in judged(tmp_path, TWO.format(comment)) if one.code != "DH105"]
    assert [(one.code, one.line, one.suppressed) for one in found] == [
        ("DH199", 1, ""),
        ("DH102", 2, ""),
        ("DH102", 3, ""),
    ]
    assert found[0].severity is Severity.NOTICE


def test_text_that_is_no_comment_before_a_statement_ignores_nothing(tmp_path: Path) -> None:
    assert codes(judged(tmp_path, "TRUNCATE t -- dixis-ignore DH102: too late\n;")) == ["DH102"]
    assert codes(judged(tmp_path, "SELECT '-- dixis-ignore-file DH102: no'; TRUNCATE t;")) == ["DH102"]
