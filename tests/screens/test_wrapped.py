"""Breaking text into the rows of a pane, however narrow the pane is."""

from __future__ import annotations

import pytest

from screens.widgets.painted import wrapped

PATH = "/home/operator/.local/state/dixis-tui/runs/20261122-234932-fa81/journal.jsonl"


@pytest.mark.parametrize("width", [-4, 0, 1, 2, 3, 20, 200])
@pytest.mark.parametrize("indent", ["", "  ", "      "])
def test_it_ends_and_loses_nothing_in_a_pane_of_any_width(width: int, indent: str) -> None:
    text = f"  Journal {PATH}"
    lines = wrapped(text, width, indent)
    assert "".join("".join(lines).split()) == "Journal" + PATH
    assert all(len(line) <= max(width, len(indent) + 3) for line in lines)
