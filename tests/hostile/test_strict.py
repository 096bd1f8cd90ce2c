"""The strict reader refuses what it should, and what it allows is what a harmless cockpit sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.model import Executor, Phase
from dixis_tui.postgres.embedded import EmbeddedServer
from tests.conftest import fresh_database
from tests.hostile import strict
from tests.hostile.evening import evening
from tests.hostile.look import look_at_everything
from tests.hostile.streams import STREAMS

HARMLESS = {"markup", "ten_megabytes", "million_lines"}
"""To a terminal."""


@pytest.mark.parametrize("name", sorted(set(STREAMS) - HARMLESS))
def test_every_stream_would_be_seen(name: str) -> None:
    assert strict.read(STREAMS[name].whole() + b" " * 64).refused


@pytest.mark.parametrize(
    "sent",
    [
        b"\x1b]52;c;aGk=\x07",
        b"\x1b]0;title\x1b\\",
        b"\x1b]22;wait\x07",
        b"\x1b[6n",
        b"\x1b[c",
        b"\x1b[2J",
        b"\x1b[?1003h",
        b"\x1b[1;5r",
        b"\x1bPq\x1b\\",
        b"\x1b_G\x1b\\",
        b"\x1bc",
        b"\x1b(0",
        b"\x07",
        b"\x08",
        b"\r",
        b"\x7f",
        "\x9b2J".encode(),
        "\u202e".encode(),
        "a\u200b".encode(),
        "a\u0301\u0301\u0301\u0301".encode(),
        b"\xff",
        b"\x1b]52;c;never ended",
    ],
)
def test_one_of_these_is_enough(sent: bytes) -> None:
    before, after = b"\x1b[1;31mtext \xce\xb1\x1b[0m\r\n", b"\x1b[3;4Hmore text, and more, and more, and more\r\n"
    assert not strict.read(before + after).refused
    assert strict.read(before + sent + after).refused


def test_what_is_allowed_is_what_a_harmless_cockpit_sends(folder: Path, embedded_server: EmbeddedServer) -> None:
    """All of it and nothing else, so that the list can't grow beyond what is needed."""
    migrations = {"20260101000000_one": "CREATE TABLE one (id int);"}
    with fresh_database(embedded_server) as database, evening(folder, database, migrations, Executor.DIRECT) as made:
        hand = made.begin()
        with made.cockpit() as line:
            hand.ended(Phase.PREFLIGHT)
            look_at_everything(line, "The schema is valid")
            line.leave()
            seen = strict.read(line.sent)
    assert not seen.refused
    assert set(seen.kinds) == strict.ALLOWED
    assert {kind: seen.kinds[kind] for kind in strict.ONCE} == dict.fromkeys(strict.ONCE, 1)
