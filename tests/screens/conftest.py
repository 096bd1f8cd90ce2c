"""What several tests of dialogs need."""

from __future__ import annotations

import pytest
from textual.events import Key

from screens.widgets.phrase_field import PhraseField


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typist who is never taken for a paste."""
    now = [0.0]

    def typed_at(_: PhraseField, __: Key) -> float:
        now[0] += 0.15
        return now[0]

    monkeypatch.setattr(PhraseField, "typed_at", typed_at)
