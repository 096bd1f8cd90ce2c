"""The presenter layout, and the screens of who only watches: what is large, what is true, and that nothing is asked."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region, Size

from dixis_tui import events as ev
from dixis_tui.model import Phase, Verdict
from dixis_tui.run.state import fold
from screens import presenter_words
from screens.presenter import PresenterScreen, source
from screens.view import Link, Mode, View
from screens.widgets.large import large
from screens.widgets.painted import changed_rows, line
from screens.widgets.sheet import Sheet
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import START, Story, stages
from tests.screens.test_hostile import HOSTILE

WATCHER = {"mode": Mode.WATCHER, "presents": True}
ACTING = ("enter", "space", "w", "r", "p", "m", "x", "s", "e")


def view_of(story: Story, **changes: object) -> View:
    """What a watcher sees at the story's end."""
    view = View(state=fold(story.entries), now=story.now, link=Link.LIVE, mode=Mode.WATCHER, journal="/j/journal.jsonl")
    return msgspec.structs.replace(view, **changes)


def sheet_of(view: View, width: int, height: int, log: tuple[str, ...] = ()) -> list[str]:
    sheet = Sheet(view)
    sheet.last_lines = log
    return sheet.draw(Size(width, height)).plain.split("\n")


# -- what is drawn


@pytest.mark.parametrize("size", [*SIZES, (60, 16), (40, 10), (1, 1)])
@pytest.mark.parametrize("stage", sorted(stages()))
@pytest.mark.parametrize("link", [Link.LIVE, Link.GONE])
def test_every_stage_fits_every_size(stage: str, link: Link, size: tuple[int, int]) -> None:
    width, height = size[0], max(size[1] - 4, 1)
    rows = sheet_of(view_of(stages()[stage], link=link), width, height, ("Ετοιμο " * 40,) * 9)
    assert len(rows) == height
    assert max(map(cell_len, rows)) <= width


@pytest.mark.parametrize("stage", sorted(stages()))
@pytest.mark.parametrize("link", [Link.LIVE, Link.GONE])
def test_nothing_that_is_read_is_dim(stage: str, link: Link) -> None:
    drawn = Sheet(view_of(stages()[stage], link=link)).draw(Size(120, 36))
    dim = [drawn.plain[span.start : span.end] for span in drawn.spans if span.style in (".quiet", ".faint")]
    assert [text for text in dim if set(text) - set("─ ")] == []


@pytest.mark.parametrize(
    ("stage", "word", "line"),
    [
        ("empty", "WAITING", "○ for the runner's first entry"),
        ("answers", "1 PREFLIGHT", "▶ waits for maria"),
        ("preflight_failed", "CLOSED", "✖ at 1 PREFLIGHT: maria decides"),
        ("rehearsal", "3 REHEARSAL", "◐ at work since 22:30:"),
        ("go", "5 GO / NO-GO", "▶ waits for maria"),
        ("migrate", "6 MIGRATE", "◐ at work since 23:05:01"),
        ("failed", "FAILED", "✖ at 6 MIGRATE: maria decides"),
        ("lost", "UNKNOWN", "? at 6 MIGRATE: maria decides"),
        ("verify_failed", "NOT VERIFIED", "✖ at 7 VERIFY: maria decides"),
        ("roll_back", "9 ROLLBACK", "◐ at work since 23:05:09"),
        ("roll_back_failed", "FAILED", "✖ at 9 ROLLBACK: maria decides"),
        ("done", "DONE", "✔ the run has ended, at 23:05: done"),
        ("unknown", "UNKNOWN", "? the run has ended, at 23:05: unknown"),
    ],
)
def test_the_largest_thing_says_where_we_are(stage: str, word: str, line: str) -> None:
    now = presenter_words.stand(view_of(stages()[stage]))
    assert now.word == word
    assert now.line.startswith(line), "what a story's preflight takes grows with its checks"
    assert len(large(now.word, 78, 3)) == 3, "it is drawn large at 80 columns"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_drawn_large_at_80_columns(verdict: Verdict) -> None:
    now = presenter_words.stand(view_of(Story().begin().end(verdict, "as it was")))
    assert len(large(now.word, 78, 3)) == 3, now.word


def test_every_phase_is_drawn_large_at_80_columns() -> None:
    from dixis_tui.plan import phases

    for phase in Phase:
        assert len(large(f"{phases.number(phase)} {phases.TITLES[phase]}", 78, 3)) == 3, phase


@pytest.mark.parametrize(
    ("stage", "text", "first"),
    [
        ("begun", "T−29:59", "until the window opens"),
        ("rehearsal", "T−29:", "until the window opens"),
        ("go", "15:00", "of the window left"),
        ("migrate", "00:06", "of about 9.3 s (5.6 to 16 s), rehearsed"),
        ("failed", "09:34", "left to decide to go back"),
        ("roll_back", "00:06", "of about 11 s, measured"),
    ],
)
def test_the_clock_that_matters_now_is_the_large_one(stage: str, text: str, first: str) -> None:
    found = presenter_words.figure(view_of(stages()[stage]))
    assert found is not None
    assert found.text.startswith(text)
    assert found.captions[0][0] == first


def test_a_migration_that_takes_longer_than_predicted_says_so() -> None:
    found = presenter_words.figure(view_of(stages()["migrate"].wait(12)))
    assert found is not None
    assert (found.tone, found.captions[0]) == ("warn", ("longer than predicted: 16 s at most", "warn"))


def test_without_time_there_is_no_clock() -> None:
    assert presenter_words.figure(view_of(stages()["done"])) is None
    assert presenter_words.figure(view_of(Story())) is None
    assert presenter_words.figure(view_of(Story().begin(window=False))) is None
    over = presenter_words.figure(view_of(stages()["go"].wait(3600)))
    assert over is not None
    assert (over.text, over.tone) == ("OVER", "bad")


@pytest.mark.parametrize(
    ("stage", "changes", "answer"),
    [
        ("answers", {}, "✔ yes: production is untouched so far"),
        ("migrate", {}, "✔ yes, in 16 s"),
        ("failed", {}, "✔ yes, in 16 s"),
        ("failed", {"now": START.replace(hour=21, minute=19)}, "▲ yes, in 16 s; but it would end after the window"),
        ("migrate", {"link": Link.GONE}, "▲ yes, in 16 s; but somebody has to look first"),
        ("roll_back", {}, "▲ we are going back now"),
        ("roll_back", {"link": Link.GONE}, "? the way back had begun; how far it came is unknown"),
        ("roll_back_failed", {}, "✖ the way back stopped before its end"),
        ("rolled_back", {}, "✔ done: production is back at the backup"),
        ("done", {}, ""),
        ("empty", {}, ""),
    ],
)
def test_can_we_still_go_back(stage: str, changes: dict[str, object], answer: str) -> None:
    assert presenter_words.back(view_of(stages()[stage], **changes))[0] == answer


@pytest.mark.parametrize(
    ("answer", "brief"),
    [
        ("✔ yes, in 16 s", "YES  16 S"),
        ("▲ yes, in 2 m 05 s; but it would end after the window", "YES  2 M 05 S"),
        ("✔ yes: production is untouched so far", "YES"),
        ("✖ no: this run has no backup", "NO"),
        ("✔ done: production is back at the backup", "DONE"),
        ("▲ we are going back now", ""),
        ("", ""),
    ],
)
def test_where_there_is_room_the_answer_is_large_too(answer: str, brief: str) -> None:
    assert presenter_words.short(answer) == brief
    assert not brief or len(large(brief, 198, 5)) == 5


def test_a_phrase_without_a_backup_can_not_go_back() -> None:
    story = Story().begin().write(ev.Confirmed(operator="maria", digest="0" * 64))
    assert presenter_words.back(view_of(story)) == ("✖ no: this run has no backup", "bad")


def test_the_failure_of_a_small_screen_keeps_what_it_means() -> None:
    rows = sheet_of(view_of(stages()["failed"]), 80, 20)
    text = "\n".join(rows)
    assert "Migration failed on production: 2 of 4 applied" in text
    assert text.count("applied in") == 2
    assert "ERROR: insert or update" in text
    assert "Production has the applied ones." in text
    assert "WAY OUT  maria: roll back" in text
    assert "more lines" not in text


@pytest.mark.parametrize("size", SIZES)
def test_a_second_repaints_the_rows_of_the_clock_alone(size: tuple[int, int]) -> None:
    """At the end of a slow line a sheet a second would be too much."""
    story, cells = stages()["answers"], Size(size[0], size[1] - 4)
    drawn = [Sheet(view_of(story.wait(1))).draw(cells) for _ in range(2)]
    changed = changed_rows(*drawn, size[0])
    digits = len(large("T−29:59", size[0], 10 if size[1] > 50 else 5 if size[1] > 36 else 3))
    assert 1 <= len(changed) <= digits


def test_rows_that_only_look_otherwise_are_repainted_and_another_count_means_all() -> None:
    plain = [Content("\n").join([line(("a", "")), line(("b", look))]) for look in ("good", "bad")]
    assert changed_rows(plain[0], plain[1], 9) == [Region(0, 1, 9, 1)]
    assert changed_rows(plain[0], Content("\n").join([plain[0], line()]), 9) == []


def test_letters_grow_with_the_room() -> None:
    assert [len(large("6 MIGRATE", width, height)) for width, height in ((78, 3), (118, 5), (198, 10))] == [3, 5, 10]
    assert large("6 MIGRATE", 20, 3) == ("6   M I G R A T E",)
    assert large("6 MIGRATE", 16, 3) == ("6 MIGRATE",)
    assert large("ПРОБА", 78, 3) == ("П Р О Б А",)


def test_who_watches_is_told_how() -> None:
    live = view_of(stages()["migrate"])
    assert source(live) == "watching"
    assert source(msgspec.structs.replace(live, link=Link.GONE)) == "watching: last entry 23:05:06"
    unseen = source(msgspec.structs.replace(live, link=Link.UNSEEN))
    assert unseen == "watching the journal: last entry 23:05:06"
    assert source(msgspec.structs.replace(live, mode=Mode.OPERATOR)) == "the operator's screen"


# -- on the screen


@pytest.mark.parametrize("size", SIZES)
def test_a_watcher_begins_in_the_presenter_layout(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        rows = at.rows()
        assert {cell_len(row) for row in rows} == {size[0]}
        assert "■ PRODUCTION" in rows[0]
        assert at.app.screen.query_one("#top").styles.background.hex.lower() == "#a01828"
        assert "Can we still go back?  ✔ yes, in 16 s" in at.text()
        assert "Έτοιμο [bold]όχι[/bold]" in at.text() or size == (80, 24)
        assert rows[-1].rstrip().endswith("watching")

    log = ("2026-11-25T20:30:01.000Z\trunner\tinfo\tΈτοιμο [bold]όχι[/bold]\n",)
    play(stages()["migrate"], tmp_path, scenario, size, log=log, **WATCHER)


def test_no_key_of_a_watcher_asks_anything(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for _ in range(2):
            for key in (*ACTING, "c", "escape", "h", "escape", "b", "t", "escape", "o", "escape", "l", "escape"):
                await at.press(key)
                while len(at.app.screen_stack) > 2:
                    await at.press("escape")
            if isinstance(at.app.screen, PresenterScreen):
                await at.press("v")
            for key in ACTING:
                await at.press(key)
                await at.until_shown("This screen only watches: the keys that act are the operator's.")
        assert at.client.sent == []

    for stage in ("answers", "failed"):
        play(stages()[stage], tmp_path, scenario, **WATCHER)


@pytest.mark.parametrize("mode", [Mode.OPERATOR, Mode.WATCHER])
def test_v_goes_to_the_other_layout_and_back(mode: Mode, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.until_shown("Can we still go back?")
        await at.press("v")
        await at.until_shown(" RUNBOOK ")
        await at.press("v")
        await at.until_shown("Can we still go back?")
        await at.press("escape")
        await at.until_shown(" RUNBOOK ")
        assert at.client.sent == []

    play(stages()["migrate"], tmp_path, scenario, mode=mode, presents=True)


def test_the_cockpit_of_a_watcher_tells_what_is_waited_for_without_keys(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("v")
        await at.until_shown("2 answers are for maria to give")
        assert "NEXT  maria: answer" in at.text()
        assert "space: it is so" not in at.text()
        assert "v present" in at.rows()[-1]

    play(stages()["answers"], tmp_path, scenario, **WATCHER)


def test_an_operator_is_not_disturbed_by_the_presenter_layout(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("v")
        await at.until_shown("the operator's screen")
        assert "for maria to give" in at.text()
        await at.press("m", "x", "enter", "space")
        assert at.client.sent == []
        assert isinstance(at.app.screen, PresenterScreen)
        await at.press("v")
        assert "2 answers are yours" in at.text()

    play(stages()["answers"], tmp_path, scenario)


def test_leaving_and_ctrl_c_say_that_the_run_is_not_touched(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("ctrl+c")
        await at.until_shown("Ctrl+C stops nothing: this screen only watches, and q leaves it.")
        await at.press("q")
        assert at.app.return_value == "leave"
        assert "is not touched by that: this screen only watched." in str(at.app._exit_renderables[-1])

    play(stages()["migrate"], tmp_path, scenario, **WATCHER)


def test_the_runners_death_and_its_return_are_shown(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "at work since" in at.text()
        at.client.live = False
        at.client.go_on()
        await at.until_shown("✖ since 23:05")
        assert "nobody acts before somebody has looked" in at.text()
        assert "watching: last entry" in at.rows()[-1]
        at.client.live = True
        at.client.go_on()
        await at.until_shown("at work since")
        at.client.seen = False
        at.client.go_on()
        await at.until_shown("watching the journal: last entry")

    play(stages()["migrate"], tmp_path, scenario, **WATCHER)


def test_the_end_is_shown_and_stays(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.story.end(Verdict.DONE, "4 migrations applied in 9.3 s and verified.")
        at.client.go_on()
        await at.until_shown("the run has ended, at 23:05: done")
        at.client.die()
        await at.pilot.pause()
        assert "✔ the run has ended" in at.text()
        assert "RUNNER" not in at.text()
        assert at.app.return_value is None

    play(stages()["sign_off"], tmp_path, scenario, **WATCHER)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_outside_text_is_never_markup(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "[red]x[/]" in at.text()
        assert not set(at.text()) & set("\x1b\x07\u202e")
        assert {cell_len(row) for row in at.rows()} == {size[0]}
        assert at.app._exception is None

    story = Story().begin(name=HOSTILE).preflight().answers()
    story.write(ev.RunnerResumed(operator=HOSTILE, host=HOSTILE, pid=1, version=HOSTILE))
    log = (f"2026-11-25T20:30:01.000Z\trunner\tinfo\t{HOSTILE}\n", HOSTILE + "\n", "字" * 3000 + "\n")
    play(story, tmp_path, scenario, size, log=log, **WATCHER)


def test_without_colours_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scenario(at: Stage) -> None:
        assert at.app.no_color
        assert "■ PRODUCTION" in at.text()
        assert "✖ at 6 MIGRATE: maria decides" in at.text()
        assert "WAY OUT" in at.text()

    play(stages()["failed"], tmp_path, scenario, (80, 24), **WATCHER)


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (20, 5), (1, 1)])
def test_a_tiny_terminal_breaks_nothing_and_q_leaves(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("q")
        assert at.app.return_value == "leave"
        assert at.app._exception is None

    play(stages()["failed"], tmp_path, scenario, size, **WATCHER)
