"""The family of events is closed, and each of them survives the journal."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui import events_back, events_fleet, events_github, events_records, events_run, events_work
from tests.unit.examples import EVENTS

KINDS = get_args(ev.Event)


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(event) for event in EVENTS} == set(KINDS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_json(event: ev.Event) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event), type=ev.Event) == event


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_frozen_named_and_explained(kind: type[msgspec.Struct]) -> None:
    config = kind.__struct_config__
    assert config.frozen
    assert config.tag
    assert kind.__doc__
    # What must not be confused is named when it is made.
    with pytest.raises(TypeError):
        kind(*[None] * len(kind.__struct_fields__))


def test_no_two_kinds_share_a_tag() -> None:
    assert len({kind.__struct_config__.tag for kind in KINDS}) == len(KINDS)


def test_every_event_of_the_module_is_in_the_family() -> None:
    rooms = (ev, events_back, events_fleet, events_github, events_records, events_run, events_work)
    homes = {room.__name__ for room in rooms}
    found = [value for room in rooms for value in vars(room).values()]
    assert {kind for kind in found if isinstance(kind, type) and kind.__module__ in homes} == set(KINDS)
