"""The values and errors that travel between the rooms."""

from __future__ import annotations

import dataclasses
import inspect

import msgspec
import pytest

from dixis_tui import errors, model
from dixis_tui.model import CheckState, HealthResult, Identity


def identity(**changes: object) -> Identity:
    whole = Identity("7423111122223333444", "dixis", "db.example", 5432, "app", 150008, False, False)
    return msgspec.structs.replace(whole, **changes)


def test_a_version_as_people_write_it() -> None:
    assert (identity().major, identity().version) == (15, "15.8")
    assert identity(server_version=180000).version == "18.0"


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"host": "10.0.0.5", "port": 6000, "user": "other"}, True),
        ({"database": "other"}, False),
        ({"system_identifier": "1"}, False),
        ({"system_identifier": ""}, True),
        ({"system_identifier": "", "port": 6000}, False),
        ({"system_identifier": "", "host": "10.0.0.5"}, False),
        ({"system_identifier": "", "database": "other"}, False),
    ],
)
def test_one_database_however_it_was_reached(changes: dict[str, object], same: bool) -> None:
    assert identity().same_database(identity(**changes)) is same
    assert identity(**changes).same_database(identity()) is same


def test_findings_and_health() -> None:
    assert model.passed("a").state is CheckState.PASSED
    assert model.warned("a", "b") == model.Finding(CheckState.WARNED, "a", "b")
    assert model.failed("a", "b").state is CheckState.FAILED
    assert model.unknown("a").state is CheckState.UNKNOWN
    assert HealthResult("API", "u", 200, 1.0).ok
    assert not HealthResult("API", "u", 500, 1.0, "answered 500").ok


def test_values_are_frozen() -> None:
    structs = [kind for _, kind in inspect.getmembers(model, inspect.isclass) if issubclass(kind, msgspec.Struct)]
    assert len(structs) > 4
    assert all(kind.__struct_config__.frozen for kind in structs if kind is not msgspec.Struct)
    assert not [kind for _, kind in inspect.getmembers(model, inspect.isclass) if dataclasses.is_dataclass(kind)]


def test_every_error_has_one_root_and_stands_in_the_drawn_tree() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
    drawn = errors.__doc__ or ""
    for kind in kinds:
        assert issubclass(kind, errors.DixisError)
        assert kind.__name__ in drawn
        assert kind.__doc__


def test_errors_carry_their_remedy_and_facts() -> None:
    url = errors.UrlError("DATABASE_URL", "is not set", "Set it.")
    assert (str(url), url.remedy, url.variable) == ("DATABASE_URL is not set", "Set it.", "DATABASE_URL")
    assert isinstance(url, errors.UsageError)
    query = errors.QueryError("23505", "duplicate", line=3, error_text="whole")
    assert (query.sqlstate, query.line, query.error_text, query.remedy) == ("23505", 3, "whole", "")
    connect = errors.ConnectError("tls", "no TLS", "Ask for it.")
    assert (connect.kind, connect.remedy) == ("tls", "Ask for it.")
