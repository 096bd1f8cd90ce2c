"""Flows in a run: DX707 in verify, the looks of the after-watch, and what of their secrets is masked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.after import AfterKind, Baseline, DatabaseStat, Latency, Pool, ServerLook
from dixis_tui.model import CheckState
from dixis_tui.plan.after_latency import Endpoints
from dixis_tui.postgres.url import parse
from dixis_tui.run import folders
from dixis_tui.run.__main__ import _known_secrets
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.phases import after, flows
from dixis_tui.run.spawn import Handover
from dixis_tui.run.views import PageView
from dixis_tui.secrets import MASK, Redactor
from dixis_tui.settings import Settings, secrets_from
from dixis_tui.settings_records import AfterSettings
from tests.unit.examples import STARTED
from tests.unit.flow_site import PASSWORD, Site, served

GOOD: list[dict[str, Any]] = [
    {"url": "/login", "extract": {"token": 'value="([^"]+)"'}},
    {"url": "/login", "method": "POST", "form": {"csrf": "{token}", "password": "{SECRET}"}},
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with served() as found:
        yield found


def settings_for(site: Site, **flow: Any) -> Settings:
    login = {"name": "Login", "base": site.base, "variables": ["SECRET"], "steps": GOOD} | flow
    prices = {"name": "Prices", "base": site.base, "steps": [{"url": "/api"}]}
    return msgspec.convert({"flows": [login, prices]}, Settings)


def context_for(folder: Path, settings: Settings, started: ev.RunStarted = STARTED) -> Context:
    log = Log(folder / folders.LOG, Redactor([PASSWORD]))
    context = Context(folder, settings, {"SECRET": PASSWORD}, Journal(folder / folders.JOURNAL), log)
    context.emit(started)
    return context


def journaled(folder: Path) -> list[ev.Event]:
    return [entry.event for entry in read(folder / folders.JOURNAL)]


def test_each_flow_is_a_gate_of_its_own(site: Site, tmp_path: Path) -> None:
    steps = [*GOOD, {"url": "/boom"}, {"url": "/api"}]
    context = context_for(tmp_path, settings_for(site, steps=steps))
    assert flows.subjects_of(context) == [("DX707", "Login"), ("DX707", "Prices")]
    flows.look(context)
    login, prices = context.state.check("DX707", "Login"), context.state.check("DX707", "Prices")
    assert (login.state, prices.state) == (CheckState.FAILED, CheckState.PASSED)
    assert login.evidence == f"step 3 of 4, GET {site.base}/boom: answered 500, expected 200"
    assert "roll back" in login.remedy
    assert prices.evidence.startswith("1 step in ")
    assert [event.result.name for event in journaled(tmp_path) if isinstance(event, ev.FlowSeen)] == ["Login", "Prices"]
    assert "pass word" not in (tmp_path / folders.JOURNAL).read_text() + (tmp_path / folders.LOG).read_text()


def test_what_was_broken_before_is_said(site: Site, tmp_path: Path) -> None:
    context = context_for(tmp_path, settings_for(site, steps=[{"url": "/boom"}]))
    looks = (
        Latency(name="Login", milliseconds=9.0, problem="step 1: answered 502, expected 200", flow=True),
        Latency(name="Prices", milliseconds=3.0, flow=True),
    )
    context.emit(ev.BaselineTaken(baseline=Baseline(latencies=looks)))
    flows.look(context)
    login = context.state.check("DX707", "Login")
    assert "before the migration it was broken too (step 1: answered 502, expected 200)" in login.evidence
    assert "It may not be the migration" in login.remedy
    assert context.state.check("DX707", "Prices").evidence.endswith("; before 3 ms")


def test_the_rhythm_journals_only_what_is_news(site: Site, tmp_path: Path) -> None:
    context = context_for(tmp_path, settings_for(site))
    for _ in range(3):
        gone = flows.go(context)
        flows.tell(context, gone)
        looks = [flows.latency(one) for one in gone]
        assert [(look.name, look.problem, look.flow) for look in looks] == [("Login", "", True), ("Prices", "", True)]
        assert all(look.milliseconds > 0 for look in looks)
    assert sum(isinstance(event, ev.FlowSeen) for event in journaled(tmp_path)) == 2
    context.secrets = {}
    [broken, _] = gone = flows.go(context)
    assert sum(isinstance(event, ev.FlowSeen) for event in journaled(tmp_path)) == 2, "going through tells nothing"
    flows.tell(context, gone)
    assert broken.problem == "step 2: SECRET is not set: nothing was asked"
    assert sum(isinstance(event, ev.FlowSeen) for event in journaled(tmp_path)) == 3


def test_nothing_is_asked_in_a_drill_or_without_flows(site: Site, tmp_path: Path) -> None:
    drill = msgspec.structs.replace(STARTED, environment="drill")
    settings = settings_for(site)
    for name, context in (
        ("drill", lambda folder: context_for(folder, settings, drill)),
        ("none", lambda folder: context_for(folder, Settings())),
    ):
        folder = tmp_path / name
        folder.mkdir()
        site.asked.clear()
        made = context(folder)
        flows.look(made)
        assert (flows.go(made), flows.subjects_of(made), site.asked) == ((), [], [])


def masked(settings: Settings, environment: dict[str, str], text: str) -> str:
    handover = Handover(folder="/nowhere", settings=settings, secrets=secrets_from(environment, settings), operator="x")
    return Redactor(_known_secrets(handover)).line(text)


def test_an_ordinary_word_is_no_mask_all_over_the_log(site: Site) -> None:
    settings = settings_for(site)
    said = "the demo's SELECT of correct-horse"
    assert masked(settings, {"SECRET": "demo"}, said) == said
    assert masked(settings, {"SECRET": "correct-horse"}, said) == f"the demo's SELECT of {MASK}"
    also = {"user": "u", "host": "h", "password_variable": "SECRET"}
    both = msgspec.structs.replace(settings, notices=msgspec.convert({"mail": also}, type(settings.notices)))
    assert masked(both, {"SECRET": "demo"}, said) == f"the {MASK}'s SELECT of correct-horse", "a password for mail too"


def test_before_the_migration_each_is_looked_at_a_few_times(site: Site, tmp_path: Path) -> None:
    context = context_for(tmp_path, settings_for(site, before=True))
    site.asked.clear()
    looks = flows.before(context)
    assert [(look.name, look.problem, look.flow) for look in looks] == [("Login", "", True), ("Prices", "", True)]
    assert sum(path == "/api" for _, path, _, _ in site.asked) == 3
    site.asked.clear()
    context.secrets = {}
    assert [look.problem != "" for look in flows.before(context)] == [True, False]
    assert len(site.asked) == 1, "what is broken is not asked again"


def test_what_may_write_is_not_gone_through_before_the_phrase(site: Site, tmp_path: Path) -> None:
    context = context_for(tmp_path, settings_for(site))
    site.asked.clear()
    looks = flows.before(context)
    assert {(method, path) for method, path, _, _ in site.asked} == {("GET", "/api")}
    context.emit(ev.BaselineTaken(baseline=Baseline(latencies=looks)))
    flows.look(context)
    login, prices = context.state.check("DX707", "Login"), context.state.check("DX707", "Prices")
    assert login.evidence.endswith(" ms; it has no baseline, since it sends more than GETs")
    assert "baseline" not in prices.evidence


@pytest.mark.parametrize(("again", "put"), [(True, False), (False, True)])
def test_behind_the_page_and_at_the_seal_nothing_outside_is_asked(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool, put: bool
) -> None:
    """Also where there is no baseline yet: what would be measured is the page."""
    context = context_for(tmp_path, settings_for(site))
    context.state = msgspec.structs.replace(context.state, page=PageView(file="page.html", put=put))
    monkeypatch.setattr(after, "AfterReader", NoStatements)
    monkeypatch.setattr(after.facts, "production", lambda _: parse("postgresql://u@127.0.0.1/shop", "DATABASE_URL"))
    site.asked.clear()
    after.baseline(context, again=again)
    assert context.state.baseline is not None
    assert (context.state.baseline.problem, context.state.baseline.latencies, site.asked) == ("", (), [])


class NoStatements:
    """An AfterReader of a server where nothing is."""

    problem, missed, log = "", "", SimpleNamespace(problem="")

    def __init__(self, *_: object, **__: object) -> None:
        self.indexes = self.begin = tuple
        self.texts = dict

    def look(self) -> ServerLook:
        calm = DatabaseStat(commits=0, rollbacks=0, conflicts=0, deadlocks=0)
        return ServerLook(statements=(), scans=(), database=calm, pool=Pool(states={}, total=1, limit=9))


def test_a_flow_and_an_endpoint_of_one_name_are_two_things() -> None:
    before = [Latency(name="Login", milliseconds=9.0), Latency(name="Login", milliseconds=40.0, flow=True)]
    endpoints = Endpoints(before, AfterSettings())
    for _ in range(9):
        found = endpoints.see([before[0], Latency(name="Login", milliseconds=400.0, flow=True)])
    assert [(one.kind, one.subject, one.evidence.split(",")[0]) for one in found] == [
        (AfterKind.FLOW, "Login", "40 ms before")
    ]
    broken = Latency(name="Login", milliseconds=9.0, problem="step 2: answered 500, expected 200", flow=True)
    [one] = endpoints.see([broken])
    assert (one.kind, one.level, one.evidence) == (AfterKind.FLOW, "error", "step 2: answered 500, expected 200")
