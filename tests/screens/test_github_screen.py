"""The GITHUB screen and its questions in the real app: keys, and what they send after which question."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from dixis_tui import events as ev
from dixis_tui.github import Approval
from dixis_tui.run import commands as cmd
from screens.cards import card
from screens.dialog import Words
from screens.view import Mode
from screens.widgets.now_card import NowCard
from tests.screens.github_story import REQUEST, RUN_ID, URL, GithubStory, github_stages
from tests.screens.stage import Stage, play

SMALL = (80, 24)
APPROVE = cmd.ReviewDeployment(environment="production", approve=True, comment="", operator="maria")


@pytest.mark.parametrize("stage", ["nameless", "closed", "clinic", "waiting", "running", "ended_red"])
def test_g_opens_it_and_every_row_is_whole(stage: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("g")
        await at.until_shown("─ GITHUB")
        assert {cell_len(row) for row in at.rows()} == {80}
        await at.press("pagedown", "home", "f", "tab", "tab", "g")
        assert len(at.app.screen_stack) == 1
        assert at.client.sent == []
        assert at.app._exception is None

    play(github_stages()[stage], tmp_path, scenario, SMALL)


def test_r_looks_again_and_the_answer_is_drawn_anew(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.told[cmd.LookAtGithub] = lambda story: story.look().judged()  # type: ignore[attr-defined]
        await at.press("g", "r")
        await at.until_shown("✔ Everything on GitHub is as it should be")
        assert at.client.sent == [cmd.LookAtGithub()]

    play(github_stages()["closed"], tmp_path, scenario, SMALL)


def test_the_clinic_is_started_after_a_question_and_its_steps_are_followed(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("g", "d")
        await at.until_shown("Start the Migration Clinic?")
        assert "It runs for main, which is at 4f2a91c0." in at.text()
        await at.press("n", "d", "enter")
        assert at.client.sent == []
        await at.press("d", "y")
        await at.until(lambda: at.client.sent == [cmd.DispatchClinic(operator="maria")])
        assert isinstance(at.story, GithubStory)
        at.story.clinic(3)
        at.client.go_on()
        await at.until_shown("dixis-tui lint")
        assert "The clinic runs, started" in at.text()
        await at.press("d")
        await at.until_shown("The clinic runs already for this commit: wait for it.")

    play(GithubStory().begin().gates(DX142="no run for 4f2a91c0"), tmp_path, scenario, SMALL)


def test_a_clinic_for_another_commit_is_told_before_the_answer(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("g", "d")
        await at.until_shown("That is not this project's commit")

    look = GithubStory().begin().gates(DX142="no run")
    seen = look.entries[-1]
    from dixis_tui.github import BranchHead

    look.look(clinic=None, branch=BranchHead(name="main", sha="b" * 40))
    assert seen is not look.entries[-1]
    play(look, tmp_path, scenario, SMALL)


@pytest.mark.parametrize("keys", [("a",), ("g", "a")])
def test_an_approval_is_given_with_a_comment(keys: tuple[str, ...], tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press(*keys)
        await at.until_shown("APPROVE production")
        assert f"Workflow run {RUN_ID} of commit 4f2a91c0, plan 7f3a·c2e1" in at.text()
        assert "GitHub keeps the answer as maria" in at.text()
        await at.press(*"agreed gzj", "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [msgspec.structs.replace(APPROVE, comment="agreed gzj")]
        assert len(at.app.screen_stack) == len(keys)

    play(github_stages()["waiting"], tmp_path, scenario, SMALL)


def test_an_approval_without_a_comment_takes_enter_twice_and_escape_none(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("a", "enter", "escape")
        assert at.client.sent == []
        await at.press("a", "enter")
        await at.until_shown("No comment: enter once more approves without one.")
        assert at.client.sent == []
        await at.press("enter")
        await at.until(lambda: at.client.sent == [APPROVE])

    play(github_stages()["waiting"], tmp_path, scenario, SMALL)


def test_a_rejection_needs_a_comment(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("g", "j")
        await at.until_shown("REJECT production")
        assert "nothing of it touches the environment's database" in at.pane(Words)
        await at.press("enter", "enter")
        await at.until_shown("▲ A rejection needs a comment. Nothing was done.")
        assert at.client.sent == []
        await at.press(*"no", "enter")
        await at.until(lambda: at.client.sent)
        assert at.client.sent == [msgspec.structs.replace(APPROVE, approve=False, comment="no")]

    play(github_stages()["waiting"], tmp_path, scenario, SMALL)


def test_what_somebody_else_approved_meanwhile_is_not_approved_again(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("a")
        await at.until_shown("APPROVE production")
        assert isinstance(at.story, GithubStory)
        at.story.runs()
        at.client.go_on()
        await at.press(*"yes", "enter")
        await at.until_shown("The run does not wait for an approval of production (any more).")
        assert at.client.sent == []

    play(github_stages()["waiting"], tmp_path, scenario, SMALL)


def test_a_refusal_of_the_runners_is_said_where_it_was_asked(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.answers[cmd.CancelWorkflow] = "GitHub has not said yet which run it is: ask again in a moment."
        await at.press("g", "z", "y")
        await at.until_shown("▲ GitHub has not said yet which run it is")

    play(github_stages()["running"], tmp_path, scenario, SMALL)


@pytest.mark.parametrize(
    ("stage", "means"),
    [
        ("queued", "as long as that is so it has touched nothing."),
        ("running", "A statement that is at work on the server may go on to its end there, and be committed."),
    ],
)
def test_cancelling_says_what_it_means_before_it_is_sent(stage: str, means: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("g", "z")
        await at.until_shown(f"Cancel workflow run {RUN_ID}?")
        assert means in at.pane(Words)
        await at.press("enter", "z", "n", "z", "escape")
        assert at.client.sent == []
        await at.press("z", "y")
        await at.until(lambda: at.client.sent == [cmd.CancelWorkflow(operator="maria")])

    play(github_stages()[stage], tmp_path, scenario, SMALL)


@pytest.mark.parametrize(
    ("stage", "means"),
    [
        ("queued", "it is cancelled only if that is still so, and production stays as it is"),
        ("running", "To end the workflow run itself: g, then z"),
    ],
)
def test_a_stop_says_what_it_is_for_a_run_on_github(stage: str, means: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("s")
        await at.until_shown("Stop after this?")
        assert means in at.pane(Words)
        await at.press("y")
        await at.until(lambda: at.client.sent == [cmd.Stop(operator="maria")])

    play(github_stages()[stage], tmp_path, scenario, SMALL)


@pytest.mark.parametrize("mode", [Mode.WATCHER, Mode.SECOND])
def test_who_only_looks_on_sees_it_and_asks_for_nothing(mode: Mode, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.press("a", "g")
        await at.until_shown("Waiting for the approval of production")
        for key in "ajzdr":
            await at.press(key)
            assert len(at.app.screen_stack) == 2
        await at.until_shown("▲ This screen only watches")
        assert "a approve" not in at.text()
        assert at.client.sent == []

    play(github_stages()["waiting"], tmp_path, scenario, SMALL, mode=mode)


def test_the_waiting_approval_is_the_largest_thing_in_the_cockpit(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert card(at.app.view).large
        assert "a approve production" in at.pane(NowCard)
        assert isinstance(at.story, GithubStory)
        at.story.approved().runs()
        at.client.go_on()
        await at.until_shown("GitHub migrates PRODUCTION: step 6 of 8 of migrate")

    play(github_stages()["waiting"], tmp_path, scenario, SMALL)


def test_of_several_approvals_the_own_is_asked_for(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        assert "And after it: gate." in at.text()
        await at.press("a")
        await at.until_shown("APPROVE production")

    story = GithubStory().go().queued()
    both = (
        Approval(environment="gate", environment_id=4, mine=False, reviewers=("nikos",)),
        Approval(environment="production", environment_id=5, mine=True, reviewers=("maria",)),
    )
    play(story.seen("waiting", approvals=both), tmp_path, scenario)


def test_scrolling_stays_until_it_is_to_follow_again(tmp_path: Path) -> None:
    from tests.screens.test_github_words import big

    async def scenario(at: Stage) -> None:
        await at.press("g")
        await at.until_shown(" 30 step 30")
        await at.press("home")
        await at.until_shown("prod-migration.yml on main")
        assert " 30 step 30" not in at.text()
        assert isinstance(at.story, GithubStory)
        at.story.seen("in_progress")
        at.client.go_on()
        await at.pilot.pause()
        assert " 30 step 30" not in at.text(), "what is read is not pulled away"
        await at.press("f")
        await at.until_shown(" 30 step 30")

    play(big(3, 40, 30), tmp_path, scenario, SMALL)


def test_the_board_says_that_github_acts_and_who_approves(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        at.client.told[cmd.Seal] = lambda story: story.seal()
        await at.press("m")
        await at.until_shown("Type DIXIS-PROD-OK to let GitHub change PRODUCTION. There is no default.")
        assert "dispatched once; production is approved by maria, team dba" in at.text()

    play(github_stages()["go"], tmp_path, scenario, SMALL)


def test_the_first_frame_of_a_run_taken_up_again(tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        await at.until_shown("Followed again since 23:06:13")
        await at.press("g")
        await at.until_shown("GitHub migrates PRODUCTION")
        sent = [one.event.request for one in at.story.entries if isinstance(one.event, ev.DispatchStarted)]
        assert sent == [REQUEST]
        assert URL in at.text()

    play(github_stages()["resumed"], tmp_path, scenario, SMALL)
