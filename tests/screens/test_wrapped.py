"""Breaking text into the rows of a pane, however narrow the pane is."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from screens.widgets.painted import wrapped

PATH = "/home/operator/.local/state/dixis-tui/runs/20261122-234932-fa81/journal.jsonl"


def test_letters_of_two_cells_and_of_none_count_as_what_they_take() -> None:
    text = "字" * 30 + " και Ά" + "\u0301" * 9 + " τέλος"
    lines = wrapped(text, 21)
    assert all(cell_len(line) <= 21 for line in lines)
    assert lines[0] == "字" * 10
    assert "".join(lines).replace(" ", "").count("字") == 30
    assert wrapped("\u3000\u3000x字", 3)[-1].endswith("字")


@pytest.mark.parametrize("width", [-4, 0, 1, 2, 3, 20, 200])
@pytest.mark.parametrize("indent", ["", "  ", "      "])
def test_it_ends_and_loses_nothing_in_a_pane_of_any_width(width: int, indent: str) -> None:
    text = f"  Journal {PATH}"
    lines = wrapped(text, width, indent)
    assert "".join("".join(lines).split()) == "Journal" + PATH
    assert all(len(line) <= max(width, len(indent) + 3) for line in lines)
