"""How a dispatched workflow run stands, in words for the card, the GITHUB screen and the presenter. Pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.github import Approval
from dixis_tui.model import Phase, PhaseState
from dixis_tui.run import policy, policy_github
from dixis_tui.run.views import WorkflowView
from screens import github_words as told
from screens import words
from screens.cards import Line, keeper
from screens.view import Link, Mode, View

_QUEUED = ("requested", "queued")
_UNTOUCHED = "Nothing of the run has touched production yet."


class Standing(Struct, frozen=True, kw_only=True):
    """How a dispatched workflow run stands, in words. `word` and `short` are what the presenter shows large."""

    headline: str
    tone: str
    glyph: str
    word: str
    short: str = ""
    lines: tuple[Line, ...] = ()
    waits: Approval | None = None
    """The approval that matters most: one that is this user's before others."""
    at_work: bool = False
    """Whether a job may be at work on production."""
    large: bool = False
    """Whether nothing goes on before a person acts."""


def standing(view: View, workflow: WorkflowView) -> Standing:
    """The answer to "how does it stand?", for the card, the GITHUB screen and the presenter."""
    found = failed(workflow) or _alone(view, workflow) or _deaf(view, workflow) or _unseen(view, workflow)
    found = found or _seen(view, workflow)
    return replace(found, lines=(*found.lines, *_deeds(view, workflow), *address(workflow)))


# -- one function a state


def failed(workflow: WorkflowView) -> Standing | None:
    failed = workflow.failed
    if failed is None:
        return None
    lines = [Line(f"{failed.problem[:1].upper()}{failed.problem[1:]}", "text", "?" if failed.unknown else "✖", "bad")]
    if failed.unknown:
        lines.append(Line("It is never sent again by itself: a second run could migrate beside the first.", "text"))
    lines += [Line(failed.remedy, "strong")] if failed.remedy else []
    if failed.unknown:
        headline = "It is not known whether GitHub took the dispatch"
        return Standing(headline=headline, tone="bad", glyph="?", word="UNKNOWN", lines=tuple(lines))
    headline = "GitHub did not take the dispatch: nothing was begun"
    return Standing(headline=headline, tone="bad", glyph="✖", word="NOT BEGUN", lines=tuple(lines))


def _deaf(view: View, workflow: WorkflowView) -> Standing | None:
    """GitHub does not answer: what was seen last is old, and the run is not touched by that."""
    waits = view.state.github_waits
    if waits is None or not workflow.open:
        return None
    since = workflow.seen_at or workflow.at
    lines = [Line(f"{waits.reason[:1].upper()}{waits.reason[1:]}.".replace("..", "."), "text", "▲", "warn")]
    if waits.until:
        lines.append(Line(f"It is asked again at {view.at(waits.until, seconds=True)}.", "text"))
    at = told.working(workflow.jobs)
    if at:
        lines.append(Line(f"Seen last: {told.place(*at)}{name_of(at[1].name) if at[1] else ''}", "text"))
    if workflow.run_id:
        lines.append(Line("The run goes on without us: its steps are not told, the database still is.", "quiet"))
    ago = told.whole(view.elapsed(since))
    return Standing(
        headline=f"GitHub is not heard of since {view.at(since, seconds=True)}, {ago}",
        tone="warn",
        glyph="▲",
        word="NOT HEARD OF",
        short=f"GitHub does not answer since {view.at(since, seconds=True)}; the run goes on",
        lines=tuple(lines),
        at_work=workflow.run is not None and workflow.run.status == "in_progress",
    )


def _alone(view: View, workflow: WorkflowView) -> Standing | None:
    """It may be at work, and nobody follows it: a runner died, or could not go on."""
    if not workflow.open or (view.state.running is Phase.MIGRATE and view.link is not Link.GONE):
        return None
    seen = Line("It was sent, and GitHub's answer was not heard.", "text")
    if workflow.run is not None:
        at = told.working(workflow.jobs)
        where = f", {told.place(*at)}{name_of(at[1].name) if at[1] else ''}" if at else ""
        status = workflow.run.status.replace("_", " ")
        seen = Line(f"Seen last at {view.at(workflow.seen_at, seconds=True)}: {status}{where}", "text")
    return Standing(
        headline="Nobody follows the workflow run now: it may be at work",
        tone="bad",
        glyph="?",
        word="UNKNOWN",
        lines=(seen,),
        at_work=True,
    )


def _unseen(view: View, workflow: WorkflowView) -> Standing | None:
    """Sent, and not looked at yet."""
    if workflow.run is not None:
        return None
    took = told.whole(view.elapsed(workflow.at))
    if not workflow.run_id:
        lines = (
            Line(f"{workflow.started.workflow} on {workflow.started.ref}, sent {took} ago as {_request(workflow)}"),
            Line(
                "Written down before it was sent: if the answer is lost, its run is looked for by that name.", "quiet"
            ),
        )
        headline = "Dispatching to GitHub: which run it is is not known yet"
        return Standing(headline=headline, tone="work", glyph="◐", word="DISPATCHING", lines=lines)
    return Standing(
        headline=f"GitHub has taken it: run {workflow.run_id}, not looked at yet",
        tone="work",
        glyph="◐",
        word="DISPATCHED",
    )


def _seen(view: View, workflow: WorkflowView) -> Standing:
    run = workflow.run
    assert run is not None  # noqa: S101 - _unseen has told of that
    if run.over:
        return _over(view, workflow)
    if workflow.approvals or run.status == "waiting":
        return _approval(view, workflow)
    if run.status == "pending":
        return Standing(
            headline="GitHub holds it back: another run of its group is at work",
            tone="warn",
            glyph="▲",
            word="HELD BACK",
            short="another run of its group is at work first",
            lines=(Line(f"Its concurrency group lets one run at a time on this database. {_UNTOUCHED}", "text"),),
        )
    if run.status in _QUEUED:
        since = told.whole(told.elapsed(view, run.created) if run.created else view.elapsed(workflow.at))
        return Standing(
            headline=f"Queued on GitHub since {view.at(run.created or workflow.at, seconds=True)}, {since}",
            tone="work",
            glyph="○",
            word="QUEUED",
            short=f"on GitHub for {since}: no machine has taken it yet",
            lines=(Line(f"No machine of GitHub's has taken it yet. {_UNTOUCHED}", "quiet"),),
        )
    return _running(view, workflow)


def _running(view: View, workflow: WorkflowView) -> Standing:
    at = told.working(workflow.jobs)
    done, known = told.counted(workflow.jobs)
    where = "production" if view.demo else "PRODUCTION"
    if at is None:
        headline = f"On GitHub, between two steps: {done} of {known} are over" if known else "GitHub begins the run"
        return Standing(headline=headline, tone="work", glyph="◐", word="6 MIGRATE", at_work=bool(known))
    job, step = at
    lines = []
    if step is not None:
        lines = [Line(words.cut(step.name, 200), "strong", "◐", "work", told.took(view, step))]
    if others := sum(one.status == "in_progress" for one in workflow.jobs) - 1:
        lines.append(
            Line(f"{words.count(others, 'other job runs', 'other jobs run')} beside it: g shows them.", "quiet")
        )
    return Standing(
        headline=f"GitHub migrates {where}: {told.place(job, step)}",
        tone="work",
        glyph="◐",
        word="6 MIGRATE",
        short=f"on GitHub, {told.place(job, step)}",
        lines=tuple(lines),
        at_work=True,
    )


def _approval(view: View, workflow: WorkflowView) -> Standing:
    if not workflow.approvals:
        unseen = Line("Who may approve it can't be seen with this token; its page shows it.", "text", "▲", "warn")
        return Standing(
            headline="Waiting for an approval on GitHub",
            tone="warn",
            glyph="▲",
            word="APPROVAL",
            short="waits for an approval on GitHub",
            lines=(unseen, _touched(workflow)),
            at_work=_works(workflow),
            large=True,
        )
    waits = told.mine(workflow) or workflow.approvals[0]
    name = words.cut(waits.environment, 40)
    if waits.wait_until is not None:
        until = view.at(waits.wait_until, seconds=True)
        return Standing(
            headline=f"GitHub waits until {until}: the wait timer of {name}",
            tone="work",
            glyph="◐",
            word="WAIT TIMER",
            short=f"of {name}, until {until}",
            lines=(_touched(workflow),),
            waits=waits,
            at_work=_works(workflow),
        )
    who = told.approvers(waits)
    glyph, tone = ("✔", "good") if waits.mine else ("▲", "warn")
    lines = [Line(_may(view, waits.mine, who), "strong" if waits.mine else "text", glyph, tone)]
    if others := [one.environment for one in workflow.approvals if one is not waits]:
        lines.append(Line(f"And after it: {', '.join(others)}.", "text"))
    since = (
        f" for {told.whole(told.elapsed(view, workflow.run.created))}" if workflow.run and workflow.run.created else ""
    )
    lines.append(replace(_touched(workflow), text=f"{_touched(workflow).text} It waits{since}."))
    return Standing(
        headline=f"Waiting for the approval of {name}",
        tone="warn",
        glyph="▲",
        word="APPROVAL",
        short=f"of {name}: {who} can give it",
        lines=tuple(lines),
        waits=waits,
        at_work=_works(workflow),
        large=True,
    )


def _touched(workflow: WorkflowView) -> Line:
    """Whether what waits is all of the run, or a job of it has been at work already."""
    if policy_github.begun(workflow):
        return Line("A job of it has been at work already: production may be touched.", "warn", "▲", "warn")
    return Line(_UNTOUCHED, "quiet")


def _works(workflow: WorkflowView) -> bool:
    return any(job.status == "in_progress" for job in workflow.jobs)


def _may(view: View, mine: bool, who: str) -> str:
    if view.mode is not Mode.OPERATOR:
        return f"The token of {keeper(view)} can give it." if mine else f"{who} can give it; this run's token can't."
    return f"You can, by this token: {who}." if mine else f"You can't: {who} can."


def _over(view: View, workflow: WorkflowView) -> Standing:
    run = workflow.run
    assert run is not None  # noqa: S101 - _seen has asked
    reading = view.state.running is Phase.MIGRATE
    whole = policy.phase_state(view.state, Phase.MIGRATE) is PhaseState.PASSED
    if run.green and not reading:
        has = "production has every migration" if whole else "production does not have every migration"
        tone, glyph = ("good", "✔") if whole else ("bad", "✖")
        return Standing(headline=f"The run was green, and {has}", tone=tone, glyph=glyph, word="GREEN")
    if run.green:
        return Standing(
            headline="The run is green. The database itself is read now",
            tone="work",
            glyph="◐",
            word="READING",
            short="the run is green; production itself is read now",
            lines=(Line("A green run is no evidence: history and catalog are.", "quiet"),),
        )
    mark = told.mark(view, run)
    at = told.broke(workflow.jobs)
    lines = []
    if at:
        job, step = at
        lines = [Line(f"{told.place(job, step)}{name_of(step.name) if step else ''}", "text", mark.glyph, mark.tone)]
    then = ". Production is read now" if reading else "; production has every migration" if whole else ""
    return Standing(
        headline=f"The workflow run ended: {mark.word}{then}",
        tone="warn" if reading or whole else "bad",
        glyph=mark.glyph,
        word="ENDED BADLY",
        short=f"the run ended: {mark.word}; production is read now" if reading else f"the run ended: {mark.word}",
        lines=tuple(lines),
    )


# -- lines that several states share


def _deeds(view: View, workflow: WorkflowView) -> list[Line]:
    """What people did with it from here, and that it is followed again."""
    state, lines = view.state, []
    if state.resumed and state.resumed_at and state.resumed_at > workflow.at and workflow.open and not told.stale(view):
        at = view.at(state.resumed_at, seconds=True)
        lines.append(Line(f"Followed again since {at}: the same run, nothing was sent anew.", "text", "✔", "good"))
    reviewed, cancelled = workflow.reviewed, workflow.cancelled
    if reviewed and (workflow.approvals or not reviewed.done):  # once it runs, that is told by it
        verb = "approved" if reviewed.approved else "rejected"
        lines.append(_deed(reviewed.done, f"{reviewed.operator} {verb} {reviewed.environment}", reviewed.problem))
    if cancelled and not (workflow.run and workflow.run.over):
        lines.append(_deed(cancelled.done, f"{cancelled.operator} asked GitHub to cancel the run", cancelled.problem))
    return lines


def _deed(done: bool | None, text: str, problem: str) -> Line:
    """Asked, taken or refused."""
    if done is None:
        return Line(f"{text}: being asked", "text", "◐", "work")
    return (
        Line(text, "text", "✔", "good")
        if done
        else Line(f"{text}, and it was not taken: {problem}", "warn", "✖", "bad")
    )


def address(workflow: WorkflowView) -> list[Line]:
    if not workflow.run_id:
        return []
    attempt = workflow.run.attempt if workflow.run else 1
    return [Line(f"Run {workflow.run_id}{f', attempt {attempt}' if attempt > 1 else ''}: {where(workflow)}", "quiet")]


def where(workflow: WorkflowView) -> str:
    return workflow.url or f"{workflow.started.workflow} on {workflow.started.ref}, as {_request(workflow)}"


def _request(workflow: WorkflowView) -> str:
    return words.cut(workflow.started.request, 60)


def name_of(name: str) -> str:
    return f", {words.cut(name, 200)}"
