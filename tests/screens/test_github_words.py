"""What is said of GitHub at each moment: pure, over the stories. The screen itself is in test_github_screen."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from rich.cells import cell_len
from textual.geometry import Size

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Executor, Phase, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import fold
from screens import cards, cards_github, github_gates, github_standing, guide, guide_github, presenter_words, spots
from screens import github_words as told
from screens.github import Answer, GithubKeys, Listed
from screens.view import Link, Mode, Spot, View
from screens.widgets.key_line import keys_of
from screens.widgets.large import large
from screens.widgets.now_card import NowCard
from screens.widgets.runbook import Runbook
from screens.widgets.sheet import Sheet
from tests.screens.github_story import RUN_ID, STEPS, URL, GithubStory, github_stages
from tests.screens.stage import SIZES
from tests.screens.test_hostile import HOSTILE

STAGES = github_stages()
ACTING = ("r", "d", "a", "j", "z")


def view_of(stage: str | GithubStory, **changes: object) -> View:
    """What the operator sees at the story's end."""
    story = STAGES[stage] if isinstance(stage, str) else stage
    state = fold(story.entries)
    now = story.now + timedelta(seconds=1)
    view = View(state=state, now=now, link=Link.LIVE, operator="maria", spot=spots.home(state))
    return msgspec.structs.replace(view, **changes)


def shown(view: View, width: int = 80, height: int = 17) -> list[str]:
    return Listed(view).draw(Size(width, height)).plain.split("\n")


def open_keys(view: View) -> list[str]:
    return [offer.key for offer in guide_github.offers(view) if not offer.refusal]


# -- every moment fits, and lies nowhere


@pytest.mark.parametrize("stage", sorted(STAGES))
@pytest.mark.parametrize("link", [Link.LIVE, Link.GONE])
def test_every_moment_fits_every_size(stage: str, link: Link) -> None:
    view = view_of(stage, link=link)
    for width, height in (SIZES[0], SIZES[-1], (60, 16), (20, 4)) if link is Link.LIVE else SIZES[:1]:
        listed = Listed(view)
        for part in (listed, Answer(view, listed), GithubKeys(view, listed), NowCard(view), Runbook(view), Sheet(view)):
            room = 1 if isinstance(part, GithubKeys) else height
            rows = part.draw(Size(width, room)).split("\n", allow_blank=True)
            assert len(rows) <= room, part
            if width >= 80:
                assert max(row.cell_length for row in rows) <= width, part


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_state_has_a_glyph_and_a_word(stage: str) -> None:
    view = view_of(stage)
    for job in view.state.workflow.jobs if view.state.workflow else ():
        for mark in (told.mark(view, job), *(told.mark(view, step) for step in job.steps)):
            assert mark.word
            assert cell_len(mark.glyph) == 1


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_what_is_offered_is_never_refused_by_the_policy(stage: str) -> None:
    view = view_of(stage)
    for offer in (*guide_github.offers(view), *guide.offers(view)):
        if offer.command is not None and not offer.refusal:
            assert policy.refusal(view.state, offer.command) == ""


@pytest.mark.parametrize("mode", [Mode.WATCHER, Mode.SECOND, Mode.REPLAY])
def test_who_looks_on_acts_nowhere(mode: Mode) -> None:
    for stage in STAGES:
        view = view_of(stage, mode=mode)
        assert open_keys(view) == []
        assert guide.offer(view, "a").refusal
        assert "a" not in [key for key, _ in keys_of(view)]


# -- before the go


@pytest.mark.parametrize(
    ("stage", "head", "do"),
    [
        ("nameless", "No repository is named: a person answers for GitHub", 'repository = "owner/name" under [github]'),
        ("never", "Not looked at yet", "Preflight looks; r looks now."),
        ("no_token", "GitHub could not be asked: no token", "Set GITHUB_TOKEN, or log in with gh. r looks again"),
        ("expired", "GitHub could not be asked: the token is not taken (401)", "Make a new one. r looks again"),
        ("lacks", "The token lacks 2 permissions", "Give it Secrets: read (secrets of the repository); Environments"),
        ("closed", "Closed: DX142 Clinic green for this commit · DX146 Secrets on GitHub", "No run of the clinic"),
        ("open", "Everything on GitHub is as it should be", ""),
    ],
)
def test_the_clearest_answer_first(stage: str, head: str, do: str) -> None:
    first, *rest = github_gates.answer(view_of(stage))
    assert first.text.startswith(head)
    assert " ".join(one.text for one in rest).startswith(do)


def test_what_is_closed_stands_above_what_is_open() -> None:
    heads = [one.text[:5] for one in github_gates.rows(view_of("closed")) if one.text.startswith("DX")]
    assert heads[:2] == ["DX142", "DX146"]
    assert sorted(heads) == sorted(policy_codes())


def policy_codes() -> list[str]:
    return [f"DX14{number}" for number in range(1, 10)]


def test_the_facts_of_a_look() -> None:
    text = "\n".join(f"{one.text} {one.right}" for one in github_gates.rows(view_of("open")))
    for said in (
        "run 4095, of 4f2a91c0, by nikos, 2 h 00 m ago success",
        "main is at 4f2a91c0; here 4f2a91c0; nobody can push to it.",
        "DATABASE_URL_PROD environment production, changed 3 Nov",
        "SHADOW_DATABASE_URL_PROD repository, changed Dec 2024",
        "Inputs: confirm, plan, request",
        "production: Approved by maria, team dba.",
        "You can approve.",
        "token of maria from GITHUB_TOKEN",
        "4,990 of 5,000 requests left, full again at 23:10",
    ):
        assert said in text, said


def test_of_other_secrets_only_their_number_is_told() -> None:
    from dixis_tui.github import SecretSeen

    seen = tuple(SecretSeen(name=name, where="repository") for name in ("NPM_TOKEN", "DATABASE_URL_PROD", "STRIPE"))
    text = "\n".join(one.text for one in github_gates.rows(view_of(GithubStory().begin().gates().look(secrets=seen))))
    assert "2 other secrets beside." in text
    assert "STRIPE" not in text


def test_runs_and_deployments_of_others_are_told() -> None:
    text = "\n".join(one.text for one in github_gates.rows(view_of("busy")))
    assert "Production Migration · by hand, run 4090, by nikos" in text
    assert "deployment 51 to production of main by nikos" in text


def test_the_clinic_that_was_started_here_is_followed() -> None:
    view = view_of("clinic")
    text = "\n".join(f"{one.text} {one.right}" for one in github_gates.rows(view))
    assert f"Started from here: run {RUN_ID}" in text
    assert "dixis-tui lint running      4 s" in text
    only = GithubStory().begin().gates(DX142="no run for 4f2a91c0").clinic(3)
    head, step = github_gates.answer(view_of(only))
    assert head.text.startswith("The clinic runs, started")
    assert step.text == "Step 3 of 5 of clinic, dixis-tui lint"


def test_few_requests_and_a_wrong_clock_are_warned_of() -> None:
    view = view_of(GithubStory().begin().look(skew_seconds=-90.0, rate=None))
    assert "This machine's clock is 1 m 30 s behind GitHub's." in [one.text for one in github_gates.rows(view)]
    low = [one for one in github_gates.rows(view_of("lacks")) if "2 of 60 requests left" in one.text]
    assert low[0].glyph == "▲"


def test_seconds_run_by_githubs_clock() -> None:
    story = GithubStory().go().queued().runs()
    assert told.elapsed(view_of(story), story.now) == pytest.approx(1.0)
    fast = GithubStory().begin().look(skew_seconds=60.0)
    # Our clock is a minute ahead: what GitHub calls a minute ago has only just begun.
    assert told.elapsed(view_of(fast), fast.now - timedelta(seconds=60)) == pytest.approx(1.0)


def test_what_a_person_answers_goes_once_github_answers() -> None:
    def codes(stage: str) -> set[str]:
        return {check.code for check in spots.shown_checks(view_of(stage).state, Phase.PREFLIGHT)}

    assert {"DX131", "DX134", "DX142", "DX146"} <= codes("never")
    assert {"DX131", "DX134"} & codes("open") == set()
    assert {"DX142", "DX146"} <= codes("open")
    silent = GithubStory().begin().gates().look(problem="GitHub answered 502")
    assert {check.code for check in spots.shown_checks(fold(silent.entries), Phase.PREFLIGHT)} & {"DX131", "DX134"}
    assert not {"DX141", "DX142"} & codes("nameless")


def test_titles_of_the_checks_fit_the_runbook() -> None:
    drawn = Runbook(view_of("closed")).draw(Size(39, 60)).plain
    assert "…" not in "".join(row for row in drawn.split("\n") if "DX14" in row)


def test_the_secrets_pane_has_those_on_github() -> None:
    def pane(stage: str | GithubStory, width: int = 38) -> list[str]:
        rows = Runbook(view_of(stage)).draw(Size(width, 60)).plain.split("\n")
        return [" ".join(row.split()) for row in rows[rows.index(next(r for r in rows if "SECRETS" in r)) :]]

    assert "✔ DATABASE_URL_PROD on GitHub 3 Nov" in pane("open")
    assert pane("open")[0].startswith("─ SECRETS · GitHub seen 22:30 ─")
    crowded = Runbook(view_of("open", spot=Spot(Phase.PREFLIGHT, "DX142"))).draw(Size(38, 36)).plain
    assert "✔ DATABASE_URL_PROD" in crowded, "beside the checks that need the room"
    assert "✔ GITHUB_TOKEN" not in crowded
    assert "✔ SHADOW_DATABASE_URL_PROD on GitHub Dec 2024" in pane("open", 51)
    assert "✔ GITHUB_TOKEN set" in pane("open")
    assert not [row for row in pane("never") if "_PROD" in row]
    assert "? DATABASE_URL_PROD not to be seen" in pane("lacks")
    none = GithubStory().begin().look(secrets=())
    assert "✖ DATABASE_URL_PROD not on GitHub" in pane(none)
    assert "○ SHADOW_DATABASE_URL_PROD optional" in pane(none)


# -- the run


@pytest.mark.parametrize(
    ("stage", "headline", "key", "word"),
    [
        ("before", "Before the dispatch: the repository is asked once more", "s", "6 MIGRATE"),
        ("sending", "Dispatching to GitHub: which run it is is not known yet", "s", "DISPATCHING"),
        ("taken", f"GitHub has taken it: run {RUN_ID}, not looked at yet", "s", "DISPATCHED"),
        ("queued", "Queued on GitHub since 23:04:58, 46 s", "s", "QUEUED"),
        ("waiting", "Waiting for the approval of production", "a", "APPROVAL"),
        ("not_mine", "Waiting for the approval of production", "s", "APPROVAL"),
        ("blind", "Waiting for an approval on GitHub", "s", "APPROVAL"),
        ("timer", "GitHub waits until 23:15:01: the wait timer of production", "s", "WAIT TIMER"),
        ("running", "GitHub migrates PRODUCTION: step 6 of 8 of migrate", "s", "6 MIGRATE"),
        ("silent", "GitHub is not heard of since 23:05:32, 56 s", "s", "NOT HEARD OF"),
        ("resumed", "GitHub migrates PRODUCTION: step 6 of 8 of migrate", "s", "6 MIGRATE"),
        ("green", "The run is green. The database itself is read now", "s", "READING"),
        ("red", "The workflow run ended: failed. Production is read now", "s", "ENDED BADLY"),
        ("dispatch_lost", "It is not known whether GitHub took the dispatch", "r", "UNKNOWN"),
        ("ended_red", "Migration failed on production: 2 of 4 applied", "x", "FAILED"),
        ("looking", "The runner died or left: what it left is being looked at", "", "LOOKING"),
        ("unfound", "The state of production is not known yet", "r", "UNKNOWN"),
        ("unfollowed", "The state of production is not known yet", "r", "UNKNOWN"),
        ("at_work", "Something is still at work on production: wait", "r", "STILL AT WORK"),
    ],
)
def test_the_card_and_the_presenter(stage: str, headline: str, key: str, word: str) -> None:
    view = view_of(stage)
    found = cards.card(view)
    assert (found.headline, found.key) == (headline, key)
    stand = presenter_words.stand(msgspec.structs.replace(view, mode=Mode.WATCHER))
    assert stand.word == word
    assert len(large(stand.word, 78, 3)) == 3, "it is drawn large at 80 columns"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("sending", "Written down before it was sent: if the answer is lost, its run is looked for by that name."),
        ("queued", "No machine of GitHub's has taken it yet. Nothing of the run has touched production yet."),
        ("waiting", "You can, by this token: maria, team dba."),
        ("not_mine", "You can't: nikos, team dba can."),
        ("blind", "Who may approve it can't be seen with this token; its page shows it."),
        ("approving", "maria approved production: being asked"),
        ("not_approved", "maria approved production, and it was not taken: GitHub answered 403"),
        ("cancelling", "maria asked GitHub to cancel the run: being asked"),
        ("silent", "Seen last: step 6 of 8 of migrate, prisma migrate deploy"),
        ("limited", "It is asked again at 23:17:38."),
        ("resumed", "Followed again since 23:06:13: the same run, nothing was sent anew."),
        ("green", "A green run is no evidence: history and catalog are."),
        ("red", "step 6 of 8 of migrate, prisma migrate deploy"),
        ("dispatch_lost", "It is never sent again by itself: a second run could migrate beside the first."),
        ("dispatch_lost", "Production may still be changed by it: nothing else may begin before that is known."),
        ("refused", "GitHub refused the token (403)"),
        ("ended_cancelled", f"Workflow run {RUN_ID} ended: cancelled"),
        (
            "looking",
            "First the workflow run on GitHub: it is found again, and followed to its end. Nothing is dispatched.",
        ),
    ],
)
def test_what_the_card_says_under_it(stage: str, said: str) -> None:
    assert said in [one.text for one in cards.card(view_of(stage)).lines]


def test_after_its_end_a_green_run_is_held_against_production() -> None:
    def answer(stage: str) -> str:
        view = view_of(stage)
        assert view.state.workflow is not None
        return github_standing.standing(view, view.state.workflow).headline

    assert answer("verified") == "The run was green, and production has every migration"
    assert answer("ended_whole") == "The workflow run ended: cancelled; production has every migration"
    assert answer("green_alone") == "The run was green, and production does not have every migration"


def test_the_history_is_told_beside_the_steps() -> None:
    lines = [one.text for one in cards.card(view_of("running")).lines]
    assert "prisma migrate deploy" in lines
    assert "20251110152244_backfill_shipping_zone" in lines
    waits = [one.text for one in cards.card(view_of("waiting")).lines]
    assert not [one for one in waits if one.startswith("2025")], "where nothing has begun there is nothing to tell"


def test_a_second_attempt_is_not_told_by_the_first_ones_run() -> None:
    story = GithubStory().go().queued().runs().red()
    story.over(Phase.MIGRATE).start(Phase.MIGRATE)
    assert cards.card(view_of(story)).headline.startswith("Before the dispatch")
    assert presenter_words.stand(view_of(story)).word == "6 MIGRATE"
    story.sent(request="second").taken("second")
    assert cards.card(view_of(story)).headline.startswith("GitHub has taken it")
    again = GithubStory().go().queued().runs().dies()
    again.start(Phase.MIGRATE)
    again.red()
    assert cards.card(view_of(again)).headline.startswith("The workflow run ended: failed")


def test_how_a_run_ended_tells_of_the_workflow_too() -> None:
    story = github_stages()["unfollowed"]
    story.end(Verdict.UNKNOWN, "The state of production is unknown.")
    lines = [one.text for one in cards.card(view_of(story)).lines]
    assert f"Workflow run {RUN_ID} goes on there without us: {URL}" in lines


def test_what_is_not_seen_any_more_is_not_said_to_run() -> None:
    for stage in ("silent", "unfollowed", "looking"):
        text = " ".join(" ".join(shown(view_of(stage), 100, 60)).split())
        assert "prisma migrate deploy running?" in text
    gone = view_of("running", link=Link.GONE)
    assert "prisma migrate deploy unknown" in " ".join(" ".join(shown(gone, 100, 60)).split())
    waits = view_of("waiting", link=Link.GONE)
    assert "Nobody follows the workflow run now" in Answer(waits, Listed(waits)).draw(Size(80, 5)).plain
    lines = [one.text for one in cards.card(gone).lines]
    assert f"Workflow run {RUN_ID} goes on there without us: {URL}" in lines


def test_who_looks_on_is_told_whose_token_may_approve() -> None:
    for stage, said in (
        ("waiting", "The token of maria can give it."),
        ("not_mine", "nikos, team dba can give it; this run's token can't."),
    ):
        view = view_of(stage, mode=Mode.WATCHER)
        assert said in [one.text for one in cards.card(view).lines]
        assert cards.card(view).key == "s"


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("nameless", []),
        ("never", ["r"]),
        ("closed", ["d", "r"]),
        ("clinic", ["r"]),
        ("no_token", ["r"]),
        ("waiting", ["a", "j", "z"]),
        ("not_mine", ["z"]),
        ("timer", ["z"]),
        ("sending", []),
        ("running", ["z"]),
        ("green", []),
        ("dispatch_lost", ["r"]),
    ],
)
def test_keys_that_work(stage: str, keys: list[str]) -> None:
    assert open_keys(view_of(stage)) == keys
    assert open_keys(view_of(stage, link=Link.GONE)) == []


def test_a_run_that_nobody_follows_is_found_by_the_look_after_a_death() -> None:
    assert guide_github.offer(view_of("unfollowed"), "r").command == cmd.Recover()
    assert guide_github.offer(view_of("closed"), "r").command == cmd.LookAtGithub()


def test_every_state_of_github_has_words() -> None:
    view = view_of("running")
    run = view.state.workflow.run if view.state.workflow else None
    assert run is not None
    for status in ("requested", "queued", "pending", "waiting", "in_progress", "a_new_one"):
        assert told.mark(view, msgspec.structs.replace(run, status=status)).word
    for conclusion in ("success", "neutral", "skipped", "failure", "cancelled", "timed_out", "stale", ""):
        over = msgspec.structs.replace(run, status="completed", conclusion=conclusion)
        assert told.mark(view, over).glyph != "◐"
    assert told.mark(view, msgspec.structs.replace(run, status="completed", conclusion="stale")).tone == "bad"


def test_the_other_executors_keep_their_card() -> None:
    story = GithubStory(executor=Executor.DIRECT).go()
    assert cards.card(view_of(story)).headline == "Migrating production"
    assert not told.executes(view_of(story).state)
    assert cards_github.large(view_of(story)) is None


# -- long and hostile


def big(jobs: int, steps: int, at: int) -> GithubStory:
    """Many jobs; in the last but one step `at` runs."""
    story = GithubStory().go().queued()
    story.wait(steps * 5)
    names = [f"step {number}" for number in range(1, steps + 1)]
    made = [
        msgspec.structs.replace(
            story.job(at if number == jobs - 2 else steps + 1, steps=names, name=f"job {number}"), id=number
        )
        for number in range(jobs - 1)
    ]
    last = msgspec.structs.replace(story.job(1, steps=()), name="the last", status="queued", started=None, ended=None)
    return story.seen("in_progress", jobs=(*made, last))


@pytest.mark.parametrize(("jobs", "steps", "at"), [(2, 40, 37), (12, 8, 5), (12, 40, 1), (2, 40, 1)])
def test_the_step_that_runs_is_in_sight(jobs: int, steps: int, at: int) -> None:
    view = view_of(big(jobs, steps, at))
    for height in (8, 17, 33):
        rows = shown(view, 80, height)
        assert len(rows) <= height
        assert [row for row in rows if "◐" in row and f"step {at}" in row], rows


def test_names_from_outside_stay_in_their_row() -> None:
    names = ["[bold red]x[/]" + "y" * 300, HOSTILE, "Βήμα " * 70, "\N{ZERO WIDTH JOINER}" * 50 + "步骤" * 80, ""]
    story = GithubStory().go().queued().wait(30)
    story.seen("in_progress", jobs=(story.job(3, steps=names, name=f"[red]{HOSTILE}" + "j" * 300),))
    view = view_of(story)
    for width, height in SIZES:
        rows = Listed(view).draw(Size(width, height)).split("\n", allow_blank=True)
        assert max(row.cell_length for row in rows) <= width
        assert "[bold red]x[/]" in "\n".join(row.plain for row in rows)
        assert "\x1b" not in "\n".join(row.plain for row in rows)
        card = NowCard(view).draw(Size(width, 10)).split("\n", allow_blank=True)
        assert max(row.cell_length for row in card) <= width


def test_a_failed_check_of_github_is_told_by_the_checks_own_words() -> None:
    state = view_of("closed").state
    assert state.check("DX142").state is CheckState.FAILED
    assert cards.card(view_of("closed")).headline == "Preflight is closed by 2 checks"


def test_nothing_of_a_dispatch_is_shown_that_was_not_journaled() -> None:
    story = STAGES["queued"]
    started = [one.event for one in story.entries if isinstance(one.event, ev.DispatchStarted)]
    assert len(started) == 1
    assert STEPS[5] not in "\n".join(shown(view_of("queued"), 100, 40))
