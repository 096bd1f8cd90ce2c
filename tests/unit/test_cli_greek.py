"""The command line in Greek: help, plain lines, refusals; what a program reads stays English."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest

from dixis_tui import i18n
from dixis_tui.cli.lines import describe
from dixis_tui.cli.main import cli, run
from dixis_tui.run.state import Entry
from tests.screens import story
from tests.unit.examples import EVENTS


@pytest.fixture(autouse=True)
def english_again(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    run(["--lang", "en", "--help"])
    capsys.readouterr()
    i18n.use("en")


def test_help_is_greek_with_clicks_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "el", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Χρήση: dixis-tui [OPTIONS] [COMMAND] [ARGS]...")
    assert "Επιλογές:" in out
    assert "Εντολές:" in out
    assert "Δείχνει αυτό το μήνυμα και τελειώνει." in out
    assert "Τρέχει μόνο τον προέλεγχο" in out


@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
def test_no_line_of_a_commands_help_is_english(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert run(["--lang", "el", name, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Χρήση:" in said
    words = (" the ", " of ", " and ", " is ", " with ", "Options", "Usage")
    assert [line for line in said.splitlines() if any(word in line for word in words)] == []


def test_english_is_english_again_in_the_same_process(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--lang", "el", "run", "--help"])
    run(["--lang", "en", "run", "--help"])
    english = capsys.readouterr().out.partition("Usage: dixis-tui run")[2]
    assert "Options:" in english
    assert "Run the whole runbook without a person" in english


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "--nope"], 2, "Σφάλμα: Δεν υπάρχει επιλογή '--nope'."),
        (["nope"], 2, "Σφάλμα: Δεν υπάρχει εντολή 'nope'."),
        (["check"], 2, "dixis-tui: DATABASE_URL δεν έχει οριστεί"),
        (["status"], 2, "dixis-tui: Δεν υπάρχουν ακόμη runs"),
        (["report", "no-such-run"], 2, "δεν ταιριάζει με κανένα run"),
    ],
)
def test_refusals_are_greek_with_the_same_exit_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert run(["--lang", "el", *arguments]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["check", "--json"], ["status", "--json"], ["run", "--json", "--nope"]])
def test_json_stays_english_whatever_the_language(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    codes, said = [], []
    for language in ("en", "el"):
        codes.append(run(["--lang", language, *arguments]))
        said.append(json.loads(capsys.readouterr().out))
    assert codes[0] == codes[1]
    assert said[0] == said[1]


def test_the_list_of_checks_is_greek_in_words_and_english_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--lang", "el", "checks"])
    assert "DX121  Παράθυρο συντήρησης  (από το πρόγραμμα, πύλη" in capsys.readouterr().out
    run(["--lang", "el", "checks", "--json"])
    assert "Maintenance window" in capsys.readouterr().out


def test_plain_lines_are_greek_and_keep_what_is_named() -> None:
    entries = [Entry(at, story.START, event) for at, event in enumerate(EVENTS)]
    english = [describe(entry) for entry in entries]
    i18n.use("el")
    told = [describe(entry) for entry in entries]
    said = [(one, other) for one, other in zip(english, told, strict=True) if one]
    assert sum(one != other for one, other in said) > 0.7 * len(said)
    assert [bool(one) for one in english] == [bool(one) for one in told]
