"""Who was connected: what is expected, how looks add up, and what the security checklist says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.access import MOST, Seen, SessionSeen, expected, merged, told_alike
from dixis_tui.errors import ConnectError
from dixis_tui.model import CheckState
from dixis_tui.run.access_log import AccessLog
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.phases.access import person, review
from dixis_tui.run.state import RunState, fold
from dixis_tui.secrets import Redactor
from dixis_tui.settings import AccessSettings, Settings
from tests.unit.examples import STARTED, entries

NINE = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)


def seen(
    user: str = "shop", address: str = "10.0.0.7", application: str = "web", minute: int = 0, **more: object
) -> SessionSeen:
    at = NINE + timedelta(minutes=minute)
    made = SessionSeen(user=user, address=address, application=application, first=at, last=at)
    return replace(made, **more)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("shop", True), ("sho?", True), ("*", True), ("Shop", False), ("shop@10.0.0.7", True), ("shop@10.0.0.8", False),
        ("shop@10.0.0.*", True), ("*@*/web", True), ("*@*/psql", False), ("shop@10.0.0.0/24", True),
        ("shop@10.0.1.0/24", False), ("shop@10.0.0.0/24/web", True), ("shop@10.0.0.0/24/psql", False),
        ("shop@10.0.0.7/w*", True), ("nikos@10.0.0.0/8", False), ("shop@local", False), ("shop@::/0", False),
    ],
)  # fmt: skip
def test_a_pattern_names_user_address_and_application(pattern: str, fits: bool) -> None:
    assert expected(seen(), [pattern]) is fits
    assert expected(seen(), ["nobody", pattern]) is fits


def test_a_socket_is_local_and_a_hidden_address_is_none_that_can_be_named() -> None:
    assert expected(seen(address=""), ["shop@local/web"])
    assert not expected(seen(address="", hidden=True), ["shop@local"])
    assert not expected(seen(address="", hidden=True), ["shop@10.0.0.0/8"])
    assert expected(seen(address="", hidden=True), ["shop@*"])
    assert expected(seen(address="fe80::1%eth0"), ["shop@fe80::/10"])


def test_looks_add_up_in_the_order_of_their_first() -> None:
    first = merged(Seen(), [seen(count=3), seen("nikos", application="psql")])
    second = merged(first, [seen(minute=5, count=2)])
    assert [(one.user, one.first, one.last, one.count) for one in second.sessions] == [
        ("shop", NINE, NINE + timedelta(minutes=5), 3),
        ("nikos", NINE, NINE, 1),
    ]
    assert told_alike(first, second), "only a time is another"
    assert not told_alike(first, merged(first, [seen(minute=5, count=4)]))
    assert not told_alike(first, merged(first, [seen("eve")]))


def test_a_crowd_is_counted_and_not_listed() -> None:
    crowd = [seen(application=f"worker {number}") for number in range(MOST + 20)]
    found = merged(Seen(), crowd)
    assert (len(found.sessions), found.more) == (MOST, 20)
    assert merged(found, [seen(application="worker 3", minute=9)]).sessions[3].last == NINE + timedelta(minutes=9)


OURS = seen("dixis", application="dixis-tui run", ours=True)
PSQL = seen("nikos", "85.74.1.2", "psql", minute=4)


def state_of(*sessions: SessionSeen, more: int = 0, events: tuple[ev.Event, ...] = ()) -> RunState:
    return fold(entries(STARTED, ev.AccessSeen(sessions=sessions, more=more), *events))


@pytest.mark.parametrize(
    ("state", "known", "outcome", "says"),
    [
        (RunState(), ["shop"], CheckState.UNKNOWN, "nobody could look"),
        (state_of(OURS), [], CheckState.PASSED, "nobody but this run"),
        (state_of(OURS, seen(known=True)), ["shop"], CheckState.PASSED, "1 kind of connection, all of them known"),
        (
            state_of(OURS, seen(known=True), PSQL),
            ["shop"],
            CheckState.WARNED,
            "1 of 2 kinds of connection unknown: nikos@85.74.1.2/psql 21:04 UTC",
        ),
        (
            state_of(OURS, seen(), PSQL, more=4000),
            [],
            CheckState.WARNED,
            "shop@10.0.0.7/web 21:00 UTC; nikos@85.74.1.2/psql 21:04 UTC, and others that were not listed",
        ),
        (
            state_of(OURS, seen(address="", hidden=True)),
            ["x"],
            CheckState.WARNED,
            "shop@address hidden/web 21:00 UTC (this role may not see addresses: grant it pg_monitor)",
        ),
    ],
)
def test_the_review_names_who_was_not_expected(
    state: RunState, known: list[str], outcome: CheckState, says: str
) -> None:
    found = review(state, known)
    assert found.state is outcome
    assert says in found.evidence
    assert found.remedy or outcome is CheckState.PASSED


def test_the_person_s_check_is_answered_where_all_are_named_and_else_has_the_list() -> None:
    answered = person(state_of(OURS, seen(known=True)), ["shop"])
    assert answered is not None
    assert answered.state is CheckState.PASSED
    assert review(state_of(seen(known=True), more=3), ["shop"]).state is CheckState.WARNED, "nobody knows all of them"
    listed = person(state_of(OURS, seen(), PSQL), [])
    assert listed is not None
    assert listed.state is CheckState.WAITING
    assert "nikos@85.74.1.2/psql" in listed.evidence
    ticked = state_of(OURS, seen(), events=(ev.Ticked(code="DX813", operator="maria"),))
    assert person(ticked, []) is None, "a person's answer stands"
    changed = ev.CheckChanged(code="DX813", state=CheckState.PASSED, evidence=answered.evidence)
    late = person(state_of(OURS, seen(known=True), PSQL, events=(changed,)), ["shop"])
    assert late is not None
    assert late.state is CheckState.WAITING, "who came since is nobody that was looked at"


class Looks:
    """What a server would say, look by look."""

    def __init__(self, *answers: tuple[SessionSeen, ...] | ConnectError) -> None:
        self.answers = list(answers)

    def __call__(self) -> tuple[SessionSeen, ...]:
        found = self.answers.pop(0)
        if isinstance(found, ConnectError):
            raise found
        return found


@pytest.fixture
def context(tmp_path: Path) -> Context:
    settings = Settings(access=AccessSettings(known=["shop@10.0.0.0/8"]))
    made = Context(tmp_path, settings, {}, Journal(tmp_path / "journal.jsonl"), Log(tmp_path / "log", Redactor([])))
    made.emit(STARTED)
    return made


def journaled(context: Context) -> list[ev.AccessSeen]:
    return [entry.event for entry in read(context.folder / "journal.jsonl") if isinstance(entry.event, ev.AccessSeen)]


def test_the_journal_has_each_change_and_at_the_end_each_last_time(context: Context) -> None:
    log = AccessLog(context, seconds=0, tell_seconds=0)
    looks = Looks((OURS,), (OURS, seen(minute=1)), (OURS, seen(minute=2)), (OURS, seen(minute=3), PSQL))
    for _ in range(4):
        log.look(looks)
    assert [len(told.sessions) for told in journaled(context)] == [1, 2, 3]
    assert [one.known for one in context.state.access] == [False, True, False]
    log.look(Looks((seen(minute=9),)))
    assert context.state.access[1].last == NINE + timedelta(minutes=3)
    log.close()
    assert context.state.access[1].last == NINE + timedelta(minutes=9)
    log.look(Looks(()), now=True)  # too late: an answer would be taken
    assert len(journaled(context)) == 4


def test_changes_of_a_moment_are_one_entry_and_looks_are_not_too_many(context: Context) -> None:
    log = AccessLog(context, seconds=0, tell_seconds=3600)
    for number in range(5):
        log.look(Looks((seen(application=f"worker {number}"),)))
    assert len(journaled(context)) == 1
    log.tell()
    assert len(context.state.access) == 5
    slow = AccessLog(context, seconds=3600)
    slow.look(Looks((seen("first"),)))
    slow.look(Looks())  # would fail, were it asked
    slow.look(Looks((seen("second"),)), now=True)
    slow.tell()
    assert [one.user for one in context.state.access][-2:] == ["first", "second"]


def test_a_look_that_fails_is_said_once_and_stops_nothing(context: Context) -> None:
    log = AccessLog(context, seconds=0, tell_seconds=0)
    gone = ConnectError("unreachable", "the server is gone", "")
    log.look(Looks(gone))
    log.look(Looks(gone))
    log.look(Looks((seen(),)))
    assert (context.folder / "log").read_text("utf-8").count("the server is gone") == 1
    assert len(context.state.access) == 1


def test_a_name_that_can_t_be_read_ends_no_thread(context: Context) -> None:
    def ask() -> tuple[SessionSeen, ...]:
        raise UnicodeDecodeError("utf-8", b"\xcc\xdc\xf1", 0, 1, "invalid continuation byte")

    log = AccessLog(context, seconds=0, tell_seconds=0)
    log.look(ask)
    log.look(ask)
    log.look(Looks((seen(),)))
    assert (context.folder / "log").read_text("utf-8").count("invalid continuation byte") == 1
    assert len(context.state.access) == 1


def test_another_runner_goes_on_with_the_list(context: Context) -> None:
    AccessLog(context, tell_seconds=0).look(Looks((PSQL,)))
    second = AccessLog(context, seconds=0, tell_seconds=0)
    second.look(Looks((seen(minute=30),)))
    assert [one.user for one in context.state.access] == ["nikos", "shop"]
