"""The cockpit as it is drawn: every stage at every size, the keys it names, and what they send."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from rich.cells import cell_len

from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from screens.view import Spot
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import MIGRATIONS, Story, stages
from tests.thorough import some

EVERYWHERE = list(product(sorted(stages()), SIZES))


# By default each stage at the smallest size, and one after the other at each of the larger ones.
@pytest.mark.parametrize(
    ("stage", "size"), some(EVERYWHERE, EVERYWHERE[0::4] + EVERYWHERE[1::20] + EVERYWHERE[6::20] + EVERYWHERE[11::20])
)
def test_every_stage_fits_every_size(stage: str, size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        rows = at.rows()
        assert len(rows) == size[1]
        assert {cell_len(row) for row in rows} == {size[0]}
        if at.story.entries:
            assert "■ PRODUCTION" in rows[0]
            assert "Athens" in rows[0]
        assert " NOW " in at.text()
        assert "? help" in rows[-1]
        assert "q leave" in rows[-1]

    play(stages()[stage], tmp_path, scenario, size)


@pytest.mark.parametrize("size", SIZES)
def test_the_card_and_its_key_are_on_every_size(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        text = at.text()
        assert "Migration failed on production: 2 of 4 applied" in text
        for name in MIGRATIONS:
            assert name in text
        assert "not touched" in text
        assert "ERROR: insert or update on table" in text
        assert "roll back (14 MB, restored and compared ✔ 16 s)" in text

    play(stages()["failed"], tmp_path, scenario, size)


def test_the_large_layout_shows_all_panes(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        text = at.text()
        for title in (" RUNBOOK ", " COUNTDOWN ", " NOW ", " SELECTED ", " LOG ", " SECRETS ", " BACKUP "):
            assert title in text
        assert "✔ 1 Preflight" in text
        assert "25/25" in text
        assert "✔ made 22:30  14 MB" in text
        assert "✔ restored and compared 22:30" in text
        assert "PostgreSQL 15.8" in text
        assert "Wed 25 Nov  23:05:01 Athens" in text
        assert "window open, 14:59 left" in text
        assert "predicted 9.3 s" in text
        assert "way back 16 s" in text
        assert "▼ now" in text
        assert "SHADOW_DATABASE_URL" in text
        assert "optional" in text

    play(stages()["go"], tmp_path, scenario)


def test_the_small_layout_is_one_row_of_marks_and_one_of_time(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        rows = at.rows()
        assert rows[1].strip() == "✔ Preflight ✔ Backup ✔ Rehearsal ✔ Banner ▶ Go ○ Migrate ○ Verify ○ Sign-off"
        assert rows[2].strip().startswith("window open, 14:59 left")
        assert "RUNBOOK" not in at.text()

    play(stages()["go"], tmp_path, scenario, (80, 24))


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("begun", "T − 29:58"),
        ("go", "window open, 14:59 left"),
        ("done", "window open, 14:38 left"),
    ],
)
def test_the_countdown(stage: str, said: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert said in at.text()

    play(stages()[stage], tmp_path, scenario)


def test_no_window_and_a_window_that_is_over(tmp_path: Path) -> None:
    async def none(at: Stage) -> None:
        assert "no window agreed" in at.text()

    async def over(at: Stage) -> None:
        assert "window over since 23:20" in at.text()

    play(Story().begin(window=False), tmp_path, none)
    play(stages()["go"].wait(3600), tmp_path, over)


def test_space_ticks_what_is_selected_and_stays_there(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.told[cmd.Tick] = lambda story: story.tick("DX132")
        await at.press("space")
        await at.until(lambda: at.app.view.state.check("DX132").open)
        assert at.client.sent == [cmd.Tick(code="DX132", operator="maria")]
        assert at.app.view.spot == Spot(Phase.PREFLIGHT, "DX132")
        assert "untick" in at.rows()[-1]
        await at.press("down")
        assert at.app.view.spot == Spot(Phase.PREFLIGHT, "DX133")
        await at.press("escape")
        assert at.app.view.spot == Spot(Phase.PREFLIGHT, "DX133")

    play(stages()["answers"], tmp_path, scenario)


def test_the_cursor_follows_the_run_to_its_next_phase(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("up", "up")
        assert at.app.view.spot.phase is Phase.PREFLIGHT
        at.story.tick("DX132", "DX133")
        at.client.go_on()
        await at.until(lambda: at.app.view.spot == Spot(Phase.BACKUP))

    play(stages()["answers"], tmp_path, scenario)


def test_enter_starts_the_backup_once(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("enter", "enter")
        assert at.client.sent == [cmd.StartPhase(phase=Phase.BACKUP)]
        await at.until_shown("was just asked: wait for the runner's answer.")
        at.story.backup_begins()
        at.client.go_on()
        await at.until_shown("Backing up production")
        assert "s stop" in at.rows()[-1]
        assert "enter" not in at.rows()[-1]

    play(stages()["backup_next"], tmp_path, scenario)


def test_a_refusal_of_the_runner_is_said(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.answers[cmd.StartPhase] = "Backup is running; wait for it, or stop it."
        await at.press("enter")
        await at.until_shown("▲ Backup is running; wait for it, or stop it.")
        await at.press("enter")
        assert len(at.client.sent) == 2

    play(stages()["backup_next"], tmp_path, scenario)


def test_a_key_that_does_not_work_now_says_why(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "go / no-go" not in at.rows()[-1]
        await at.press("m")
        await at.until_shown("The gate is closed by DX132 Code freeze agreed")
        await at.press("x")
        await at.until_shown("There is no backup in this run to go back to; `dixis-tui rollback RUN`")
        await at.press("s")
        await at.until_shown("Nothing is running.")
        assert at.client.sent == []

    play(stages()["answers"], tmp_path, scenario)


def test_a_refusal_goes_with_the_next_thing_that_is_done(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        await stage.press("m")
        await stage.until_shown("The gate is closed by")
        await stage.press("enter")
        await stage.until(lambda: stage.client.sent)
        await stage.until(lambda: "The gate is closed by" not in stage.text())

    play(stages()["backup_next"], tmp_path, scenario)


def test_enter_on_a_persons_check_asks_and_only_y_is_yes(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("enter")
        await at.until_shown("y it is so")
        await at.press("enter")
        assert at.client.sent == []
        await at.press("enter", "y")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Tick(code="DX132", operator="maria")]

    play(stages()["answers"], tmp_path, scenario)


@pytest.mark.parametrize(
    ("stage", "key", "command"),
    [("migrate", "s", cmd.Stop(operator="maria")), ("answers", "e", cmd.End())],
)
def test_stop_and_end_ask_with_no_as_the_default(stage: str, key: str, command: cmd.Command, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        for no in ("enter", "n", "escape"):
            await at.press(key, no)
            assert at.client.sent == []
            assert len(at.app.screen_stack) == 1
        await at.press(key, "y")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [command]

    play(stages()[stage], tmp_path, scenario)


def test_a_waiver_needs_a_reason(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("w")
        await at.until_shown("WAIVE DX106")
        await at.press("enter")
        await at.until_shown("A waiver needs a reason. Nothing was done.")
        await at.press(*"known", "space", *"issue", "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Waive(code="DX106", operator="maria", reason="known issue")]
        assert len(at.app.screen_stack) == 1

    play(stages()["preflight_failed"], tmp_path, scenario)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_list_of_checks_has_the_same_cursor_and_keys(size: tuple[int, int], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("c")
        await at.until_shown(" CHECKS ")
        assert "Code freeze agreed" in at.text()
        assert "nobody merges or deploys until sign-off" in at.text()
        await at.press("up")
        await at.until_shown("ticked by maria at 22:30")
        await at.press("space")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.Tick(code="DX131", operator="maria", on=False)]
        await at.press("up", "space")
        await at.until_shown("looked up by the program")
        await at.press("escape")
        assert len(at.app.screen_stack) == 1

    play(stages()["answers"], tmp_path, scenario, size)


def test_help_says_what_works_now(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("question_mark")
        await at.until_shown(" HELP ")
        assert "– m        go / no-go" in at.text()
        assert "  enter    the next step" in at.text()
        await at.press("end")
        await at.until_shown("Νίκος Παπαδόπουλος")
        await at.press("escape")
        assert len(at.app.screen_stack) == 1

    play(stages()["answers"], tmp_path, scenario, (120, 70))


def test_the_log_takes_the_keys_and_gives_them_back(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("l")
        assert "f follow" in at.rows()[-1]
        await at.press("m", "r", "e", "enter", "space")
        await at.until_shown("The log has the keys: esc gives them back")
        assert at.client.sent == []
        await at.press("escape")
        assert "m go / no-go" in at.rows()[-1]

    log = ("2026-11-25T20:30:01.000Z\trunner\tinfo\tΈτοιμο [bold]όχι[/bold]\n",)
    play(stages()["go"], tmp_path, scenario, log=log)


def test_the_log_is_shown_in_local_time(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.until_shown("22:30:01 runner")
        assert "Έτοιμο [bold]όχι[/bold]" in at.text()

    log = ("2026-11-25T20:30:01.000Z\trunner\tinfo\tΈτοιμο [bold]όχι[/bold]\n",)
    play(stages()["go"], tmp_path, scenario, log=log)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("migrate", "goes on. Open dixis-tui again to attach to it."),
        ("rehearsal_next", "goes on. Open dixis-tui again to attach to it."),
        ("answers", "stays open. Open dixis-tui again to go on with it."),
        ("done", "has ended: done."),
    ],
)
def test_leaving_says_what_becomes_of_the_run(stage: str, message: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("q")
        assert at.app.return_value == "leave"
        assert message in str(at.app._exit_renderables[-1])
        assert at.client.sent == []

    play(stages()[stage], tmp_path, scenario)


def test_a_notice_and_what_the_runner_notes_are_said(tmp_path: Path) -> None:
    from dixis_tui import events as ev

    async def scenario(at: Stage) -> None:
        assert "Attached to the run of 22:30." in at.text()
        at.story.write(ev.Noted(text="Waiting for Prisma's advisory lock, held by 4711.", level="warning"))
        at.client.go_on()
        await at.until_shown("▲ Waiting for Prisma's advisory lock, held by 4711.")

    play(stages()["migrate"], tmp_path, scenario, notice="Attached to the run of 22:30.")


def test_a_bigger_terminal_gets_the_bigger_layout(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "RUNBOOK" not in at.text()
        await at.pilot.resize_terminal(120, 40)
        await at.until_shown(" RUNBOOK ")
        await at.pilot.resize_terminal(50, 12)
        await at.until_shown("This terminal is too small")
        assert "PRODUCTION" not in at.text()
        await at.pilot.resize_terminal(80, 24)
        await at.until_shown("■ PRODUCTION")

    play(stages()["go"], tmp_path, scenario, (80, 24))


def test_nothing_is_repainted_where_nothing_changed(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        from screens.widgets.painted import Painted

        painted = list(at.app.screen.query(Painted))
        before = [widget._drawn for widget in painted]
        at.client.go_on()
        await at.pilot.pause()
        assert [widget._drawn for widget in painted] == before
        assert all(widget._drawn is old for widget, old in zip(painted, before, strict=True))

    play(stages()["go"], tmp_path, scenario)


def test_the_sign_off_is_one_key(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [cmd.SignOff(operator="maria")]

    play(stages()["sign_off"], tmp_path, scenario)
