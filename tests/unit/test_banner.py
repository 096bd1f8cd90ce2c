"""Whom the page keeps out, and for how long: a page that was up before this run, the way back, and who is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.cli.main import cli
from dixis_tui.errors import ToolError
from dixis_tui.model import CheckState, Phase, Verdict, Way
from dixis_tui.notice import Delivery, NoticeKind
from dixis_tui.notices import page_file
from dixis_tui.run import folders, policy_records
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.phases import banner, page, page_sight, rollback
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from dixis_tui.settings_records import BannerSettings, MaintenanceSettings, NoticesSettings
from tests.unit.examples import STARTED

OTHER = "db.example:5432/another"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=str(tmp_path), maintenance=MaintenanceSettings(file="m.html"))


def begin(settings: Settings, name: str, target: str = "") -> Context:
    folder = Path(settings.root) / "runs" / name
    folder.mkdir(parents=True)
    journal = Journal(folder / folders.JOURNAL)
    made = Context(folder, settings, {}, journal, Log(folder / folders.LOG, Redactor([])))
    made.emit(replace(STARTED, target=target or STARTED.target))
    return made


def finish(context: Context, verdict: Verdict) -> None:
    banner.end(context, verdict)
    context.emit(ev.RunEnded(verdict=verdict, summary=""))


def broken(settings: Settings, target: str = "") -> None:
    """Run `a` has failed, and its page is up."""
    earlier = begin(settings, "a", target)
    page.put(earlier)
    finish(earlier, Verdict.FAILED)


def owner(settings: Settings) -> str | None:
    return page_file.owner_of(Path(settings.root) / "m.html")


def back(context: Context) -> None:
    rollback.confirmed(context, "Ελένη", Way.IN_PLACE)


def notes(context: Context) -> str:
    return "\n".join(note.text for note in context.state.notes)


@pytest.mark.parametrize("verdict", [Verdict.ABANDONED, Verdict.CLOSED, Verdict.CHECKED, Verdict.FAILED])
def test_what_an_earlier_run_broke_keeps_its_page_up(settings: Settings, verdict: Verdict) -> None:
    broken(settings)
    context = begin(settings, "b")
    page.put(context)
    finish(context, verdict)
    assert owner(settings) == "b"
    assert "stays up" in notes(context)
    later = begin(settings, "c")
    page.put(later)
    finish(later, Verdict.ABANDONED)
    assert owner(settings) == "c", "what b has left up is still a's"


@pytest.mark.parametrize("verdict", [Verdict.DONE, Verdict.ROLLED_BACK])
@pytest.mark.parametrize(("target", "left"), [("", None), (OTHER, "b")])
def test_it_is_mended_on_the_same_target_alone(
    settings: Settings, verdict: Verdict, target: str, left: str | None
) -> None:
    broken(settings)
    context = begin(settings, "b", target)
    page.put(context)
    finish(context, verdict)
    assert owner(settings) == left


def test_what_was_sound_keeps_nobody_out(settings: Settings) -> None:
    earlier = begin(settings, "a")
    page.put(earlier)
    earlier.emit(ev.RunEnded(verdict=Verdict.DONE, summary=""))
    context = begin(settings, "b")
    page.put(context)
    finish(context, Verdict.ABANDONED)
    assert owner(settings) is None


def test_nobody_is_let_in_before_the_go_where_an_earlier_page_was_up(settings: Settings) -> None:
    broken(settings)
    context = begin(settings, "b")
    page.put(context)
    banner.reopen(context, "Ελένη")
    assert owner(settings) == "b"
    assert context.state.reopened is None
    assert "stays up" in notes(context)


def test_a_look_at_the_way_back_leaves_the_page_and_the_way_back_takes_it_over(settings: Settings) -> None:
    broken(settings)
    finish(begin(settings, "b"), Verdict.ABANDONED)
    assert owner(settings) == "a"
    context = begin(settings, "c")
    back(context)
    assert owner(settings) == "c"
    assert context.state.page is not None
    assert context.state.page.inherited == "a"


def test_a_way_back_after_visitors_were_let_in_shuts_them_out_again(settings: Settings) -> None:
    context = begin(settings, "b")
    page.put(context)
    banner.reopen(context, "Ελένη")
    assert owner(settings) is None
    back(context)
    assert owner(settings) == "b"
    assert context.state.reopened is None
    assert policy_records.shut(context.state)


def test_a_way_back_is_not_kept_by_a_page_that_can_not_be_put(settings: Settings) -> None:
    (Path(settings.root) / "m.html").write_text("theirs")
    context = begin(settings, "b")
    back(context)
    assert context.state.rollback is not None
    assert "not a maintenance page" in notes(context)


def test_a_drill_shuts_nobody_out(settings: Settings) -> None:
    context = begin(settings, "b")
    context.state = replace(context.state, run=replace(STARTED, environment="drill"))
    back(context)
    assert owner(settings) is None


# -- who is told


@pytest.fixture
def telling(tmp_path: Path) -> Settings:
    """An application's banner, and no page."""
    return Settings(root=str(tmp_path), notices=NoticesSettings(banner=BannerSettings(file="banner.json")))


def tells(settings: Settings, name: str = "b") -> Context:
    context = begin(settings, name)
    context.emit(replace(STARTED, tells=True, banner=True))
    return context


def shown(settings: Settings) -> tuple[str, bool]:
    told = msgspec.json.decode((Path(settings.root) / "banner.json").read_bytes())
    return told["kind"], told["active"]


def test_a_dry_run_is_no_evidence_that_visitors_are_out(telling: Settings) -> None:
    context = tells(replace(telling, notices=replace(telling.notices, dry_run=True)))
    banner.run(context)
    assert [one.delivery for one in context.state.receipts.values()] == [Delivery.TRIED]
    assert not context.state.check("DX400").open
    finish(context, Verdict.ABANDONED)
    assert "People were told" not in notes(context)


def test_the_banner_says_maintenance_only_while_there_is_one(telling: Settings) -> None:
    context = tells(telling)
    for _ in range(3):
        banner.run(context)
        assert shown(telling) == ("during", True)
        assert context.state.check("DX400").state is CheckState.PASSED
        banner.reopen(context, "Ελένη")
        assert shown(telling) == ("cancelled", False)
        assert context.state.check("DX400").state is CheckState.WAITING
    banner.run(context)
    finish(context, Verdict.ABANDONED)
    assert shown(telling) == ("cancelled", False)


def test_a_banner_that_could_not_be_put_up_again_is_not_taken_for_the_first_one(telling: Settings) -> None:
    context = tells(telling)
    banner.run(context)
    banner.reopen(context, "Ελένη")
    file = Path(telling.root) / "banner.json"
    file.unlink()
    file.mkdir()
    banner.run(context)
    assert not context.state.check("DX400").open


def test_who_was_told_by_the_run_before_is_told_of_the_way_back(telling: Settings) -> None:
    context = tells(telling)
    assert not policy_records.shut(context.state)
    back(context)
    assert policy_records.shut(context.state)
    banner.reopen(context, "Ελένη")
    assert shown(telling) == ("rolled_back", False)
    assert not policy_records.shut(context.state)


def test_nobody_is_told_that_it_is_over_while_the_page_is_there(telling: Settings) -> None:
    settings = replace(telling, maintenance=MaintenanceSettings(file="m.html"))
    context = tells(settings)
    back(context)
    file = Path(settings.root) / "m.html"
    file.write_text("theirs")
    banner.reopen(context, "Ελένη")
    assert context.state.check("DX811").state is CheckState.FAILED
    assert NoticeKind.ROLLED_BACK not in {one.kind for one in context.state.receipts.values()}
    file.unlink()
    banner.reopen(context, "Ελένη")
    assert shown(settings) == ("rolled_back", False)


def test_a_stop_of_an_earlier_phase_does_not_shorten_the_look_after_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[bool] = []

    def see(*_: object, wait: Callable[[float], bool], **__: object) -> ev.PageSeen:
        waits.append(wait(0))
        return ev.PageSeen(url="https://shop.example/", up=True, status=503, milliseconds=1.0)

    monkeypatch.setattr(page_sight, "see", see)
    context = begin(replace(settings, maintenance=MaintenanceSettings(file="m.html", url="https://shop.example/")), "b")
    context.stopping.set()
    page.visitors(context, up=False)
    context.emit(ev.PhaseStarted(phase=Phase.BANNER, checks=[]))
    page.visitors(context, up=True)
    assert waits == [False, True]


# -- a page that this account knows nothing of


def test_a_page_of_another_account_s_run_is_left_alone(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(settings)
    shutil.rmtree(tmp_path / "runs" / "a")
    context = begin(settings, "b")
    with pytest.raises(ToolError, match="does not know"):
        page.put(context)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    config = tmp_path / "dixis.toml"
    config.write_text('[maintenance]\nfile = "m.html"\n')

    def call(*words: str) -> int:
        return CliRunner().invoke(cli, ["--config", str(config), "page", *words]).exit_code

    for words in (("down",), ("up",)):
        assert call(*words) != 0
        assert owner(settings) == "a"
    assert call("down", "--force") == 0
    assert owner(settings) is None
