"""The maintenance page: what it says, how its file changes, what it promises, and what web servers are told."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from dixis_tui import events as ev
from dixis_tui.cli.main import cli
from dixis_tui.cli.script import Script, next_step
from dixis_tui.errors import ToolError, UsageError
from dixis_tui.model import Phase
from dixis_tui.notices import page, page_file, servers
from dixis_tui.run import commands as cmd
from dixis_tui.run import estimate, policy, policy_records
from dixis_tui.run.state import Entry, RunState, fold
from dixis_tui.settings import HealthSettings, Settings
from dixis_tui.settings_records import MaintenanceSettings
from tests.screens.story import Story, stages

NOW = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
FACTS = page.PageFacts(run="20261125-a", now=NOW, ends_at=NOW + timedelta(minutes=20))


class _Outline(HTMLParser):
    """Tags with their attributes, and nothing from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_runbook_s_words_in_both_languages_and_nothing_from_elsewhere() -> None:
    html = page.render(FACTS)
    for words in (
        "<h1>Συντήρηση σε εξέλιξη</h1>",
        "<p>Θα επιστρέψουμε σύντομα!</p>",
        "<p>Εκτιμώμενη ολοκλήρωση: <time",
        "<h1>Maintenance in progress</h1>",
        'content="noindex"',
        "prefers-color-scheme: dark",
    ):
        assert words in html
    found = _Outline(html)
    assert [section["lang"] for section in found.of("section")] == ["el", "en"]
    assert {one["datetime"] for one in found.of("time")} == {"2026-11-25T23:20:00+02:00"}
    assert html.count(">23:20</time>") == 2
    assert "http://" not in html
    assert "https://" not in html
    assert [link["href"] for link in found.of("link")] == ["data:,"]
    assert not [tag for tag, given in found.tags if given.get("src")]
    assert page.owner(html) == "20261125-a"
    assert page.whole(html)
    assert not page.whole(html[:-20])


def test_an_end_on_another_day_names_it_and_none_is_not_promised() -> None:
    late = msgspec.structs.replace(FACTS, ends_at=NOW + timedelta(hours=2))
    assert ">26 Νοε, 01:00</time>" in page.render(late)
    assert ">26 Nov, 01:00</time>" in page.render(late)
    assert "<time" not in page.render(msgspec.structs.replace(FACTS, ends_at=None))
    only = page.render(msgspec.structs.replace(FACTS, languages=["en"]))
    assert "Συντήρηση" not in only


def test_a_template_of_the_user_s_own_stands_in_and_has_to_be_known_again(tmp_path: Path) -> None:
    own = tmp_path / page.TEMPLATE
    own.write_text('<meta name="dixis-maintenance" content="{{ run }}"><p>{{ ends.el }} {{ "<" }}</p></html>')
    assert "<p>23:20 &lt;</p>" in page.render(FACTS, tmp_path)
    for text in ("<p>nobody's</p></html>", "{{ nothing }}", "{% for %}", '<meta name="dixis-maintenance" content="x">'):
        own.write_text(text)
        with pytest.raises(UsageError, match=r"maintenance\.html"):
            page.render(FACTS, tmp_path)


def test_it_is_put_whole_and_readable_and_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "maintenance.html"
    page_file.put(file, page.render(FACTS))
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert page_file.owner_of(file) == "20261125-a"
    page_file.put(file, page.render(msgspec.structs.replace(FACTS, run="b")))
    assert page_file.owner_of(file) == "b"
    assert page_file.take(file)
    assert not page_file.take(file)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_is_left_as_it_is(tmp_path: Path) -> None:
    file, other = tmp_path / "maintenance.html", tmp_path / "other"
    other.write_text(page.render(FACTS))
    for make in (lambda: file.write_text("<h1>theirs</h1>"), lambda: file.symlink_to(other), file.mkdir):
        make()
        for deed in (lambda: page_file.put(file, page.render(FACTS)), lambda: page_file.take(file)):
            with pytest.raises(ToolError, match=r"not a (maintenance page|file)"):
                deed()
        assert file.is_dir() or file.is_symlink() or file.read_text() == "<h1>theirs</h1>"
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
    with pytest.raises(ToolError, match="can't be put"):
        page_file.put(tmp_path / "nowhere" / "m.html", page.render(FACTS))


# -- what it promises


def at(name: str) -> RunState:
    return fold(stages()[name].entries)


def test_the_estimate_stands_still_while_all_goes_as_foreseen() -> None:
    state = at("migrate")
    confirmed = state.confirmed_at
    assert confirmed is not None
    first = estimate.ends_at(state, confirmed)
    assert first.minute % 5 == 0
    assert first > confirmed
    assert estimate.ends_at(state, confirmed + timedelta(minutes=3)) == first
    assert not estimate.moves(first, first, confirmed)


def test_it_is_never_in_the_past_and_moves_when_the_clock_has_passed_it() -> None:
    state = at("migrate")
    confirmed = state.confirmed_at
    assert confirmed is not None
    promised = estimate.ends_at(state, confirmed)
    for minutes in range(0, 300, 7):
        now = confirmed + timedelta(minutes=minutes)
        wanted = estimate.ends_at(state, now)
        assert wanted > now
        assert estimate.moves(promised, wanted, now) is (now >= promised or wanted != promised)


@pytest.mark.parametrize("stage", ["empty", "begun", "go", "too_early", "failed", "sign_off", "roll_back", "done"])
def test_at_every_moment_there_is_one_after_now(stage: str) -> None:
    state = at(stage)
    now = (state.last_at or NOW) + timedelta(hours=1)
    assert estimate.ends_at(state, now) > now


def test_before_the_window_it_counts_from_its_begin() -> None:
    state = at("too_early")
    assert state.run is not None
    assert state.run.window_opens is not None
    assert estimate.ends_at(state, state.run.window_opens - timedelta(hours=1)) > state.run.window_opens


# -- who does what, and when


def with_page(story: Story, *, tells: bool = False, shows: bool = True) -> Story:
    first = story.entries[0]
    assert isinstance(first.event, ev.RunStarted)
    story.entries[0] = Entry(first.number, first.at, msgspec.structs.replace(first.event, page=shows, tells=tells))
    return story


def test_the_page_is_put_last_before_the_go() -> None:
    put = cmd.StartPhase(phase=Phase.BANNER)
    assert "answer DX400 yourself" in policy.refusal(at("banner"), put)
    assert policy.refusal(fold(with_page(stages()["banner"]).entries), put) == ""
    assert "come first" in policy.refusal(fold(with_page(stages()["backup_next"]).entries), put)
    assert policy.refusal(fold(with_page(stages()["failed"]).entries), put)


def _put(story: Story, **more: object) -> RunState:
    state = fold(story.entries)
    number, now = state.entries, story.now
    events = [ev.PagePut(file="/srv/m.html", sha256="a" * 64, ends_at=now + timedelta(minutes=9))]
    return fold([Entry(number + n, now, event) for n, event in enumerate(events, 1)], state)


def test_a_script_shuts_visitors_out_and_lets_them_in() -> None:
    script = Script(operator="x", confirm="y", ticks=frozenset({"DX131", "DX132", "DX133", "DX400"}))
    assert next_step(fold(with_page(stages()["banner"]).entries), script) == cmd.StartPhase(phase=Phase.BANNER)
    state = _put(with_page(stages()["sign_off"]))
    assert next_step(state, script) == cmd.Reopen(operator="x")
    reopened = fold([Entry(state.entries + 1, NOW, ev.Reopened(operator="x"))], state)
    step = next_step(reopened, script)
    assert isinstance(step, cmd.SignOff | cmd.Tick)
    taken = fold([Entry(state.entries + 2, NOW, ev.PageTaken(file="/srv/m.html"))], reopened)
    assert not policy_records.shut(taken)
    assert policy_records.shut(reopened), "what could not be taken away is still there"


def test_nobody_is_let_in_where_production_may_not_be_sound() -> None:
    for stage, sound in (("failed", False), ("lost", False), ("verify_failed", False), ("sign_off", True)):
        state = _put(with_page(stages()[stage]))
        refused = policy.refusal(state, cmd.Reopen(operator="x"))
        assert (refused == "") is sound, (stage, refused)


# -- web servers


def served(file: str = "/srv/www/maintenance.html", **more: object) -> servers.Served:
    urls = ("https://x/api/health", "https://x/", "https://x/healthz")
    health = [HealthSettings(name=url, url=url) for url in urls]
    return servers.served(Settings(maintenance=MaintenanceSettings(file=file), health=health))


def test_pages_that_are_watched_are_not_let_through_but_health_routes_are() -> None:
    assert list(served().health) == ["/api/health", "/healthz"]
    for file in ("", "/srv/a b.html", '/srv/"x.html', "/srv/$x.html", "/srv/{x}.html", "/srv/x;y.html"):
        with pytest.raises(UsageError):
            served(file)


def test_the_command_prints_previews_and_goes_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    config = tmp_path / "dixis.toml"
    config.write_text('[maintenance]\nfile = "m.html"\n')

    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["--config", str(config), "page", *words])
        return done.exit_code, done.output

    assert str(tmp_path / "m.html") in call("nginx")[1]
    assert "order error first" in call("caddy")[1]
    assert page.owner(call("preview", "--minutes", "30")[1]) == page.BY_HAND
    assert call("preview", "--output", str(tmp_path / "p.html"))[0] == 0
    assert page.owner((tmp_path / "p.html").read_text()) == page.BY_HAND
    assert "Nobody looked" in call("up")[1]
    assert page_file.owner_of(tmp_path / "m.html") == page.BY_HAND
    assert call("down")[0] == 0
    assert "no maintenance page" in call("down")[1]
