"""The screens in Greek: everything fits the smallest terminal, and nothing of ours stays English."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from dixis_tui import i18n
from tests.screens.back_story import back_stages
from tests.screens.github_story import github_stages
from tests.screens.stage import Stage, play
from tests.screens.story import stages
from tests.thorough import some

SMALL = (80, 24)
EVERY = [*stages(), *(f"back {name}" for name in back_stages()), *(f"github {name}" for name in github_stages())]
DIALOGS = {
    "x": "ΕΠΑΝΑΦΟΡΑ",
    "t": "ΤΙ ΚΑΝΩ",
    "o": "ΕΠΑΦΕΣ",
    "c": "ΕΛΕΓΧΟΙ",
    "b": "ΚΛΕΙΔΩΜΑΤΑ",
    "question_mark": "ΒΟΗΘΕΙΑ",
}


@pytest.fixture(autouse=True)
def greek() -> Iterator[None]:
    i18n.use("el")
    yield
    i18n.use("en")


@pytest.mark.parametrize("name", some(EVERY, ["failed", "rehearsal", "back swapped", "github waiting"]))
def test_every_stage_fits_a_small_terminal_in_greek(name: str, tmp_path: Path) -> None:
    kind, _, own = name.rpartition(" ")
    story = {"back": back_stages, "github": github_stages}.get(kind, stages)()[own]

    async def scenario(at: Stage) -> None:
        rows = at.rows()
        assert {cell_len(row) for row in rows} == {80}
        assert "ΤΩΡΑ" in at.text()
        assert "? βοήθεια" in rows[-1]
        assert "q έξοδος" in rows[-1]
        if story.entries:
            assert "Αθήνα" in rows[0]
            assert "Υπογραφή" in rows[1]

    play(story, tmp_path, scenario, SMALL)


def test_every_dialog_has_a_greek_title_and_a_way_out(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for key, title in DIALOGS.items():
            await at.press(key)
            assert title in at.text()
            assert "esc" in at.text()
            await at.press("escape")

    play(stages()["failed"], tmp_path, scenario, SMALL)


def test_the_presenter_draws_greek_letters_large(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "██████████" in at.text()  # the bar of a Τ
        assert "Γυρίζουμε ακόμη πίσω;  ✔ ναι, σε 16 δ" in at.text()

    play(stages()["failed"], tmp_path, scenario, (120, 40), presents=True)
