"""How a dispatched workflow run stands, in words for the card, the GITHUB screen and the presenter. Pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.github import Approval
from dixis_tui.i18n import N_, _, ngettext, sentence
from dixis_tui.model import Phase, PhaseState
from dixis_tui.run import policy, policy_github
from dixis_tui.run.views import WorkflowView
from screens import github_words as told
from screens import words
from screens.cards import Line, keeper
from screens.github_deeds import address, deeds, name_of, request_of
from screens.view import Link, Mode, View

_QUEUED = ("requested", "queued")
_UNTOUCHED = N_("Nothing of the run has touched production yet.")


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
    return replace(found, lines=(*found.lines, *deeds(view, workflow), *address(workflow)))


# -- one function a state


def failed(workflow: WorkflowView) -> Standing | None:
    failed = workflow.failed
    if failed is None:
        return None
    lines = [Line(words.capital(sentence(failed.problem)), "text", "?" if failed.unknown else "✖", "bad")]
    if failed.unknown:
        lines.append(Line(_("It is never sent again by itself: a second run could migrate beside the first."), "text"))
    lines += [Line(sentence(failed.remedy), "strong")] if failed.remedy else []
    if failed.unknown:
        headline = _("It is not known whether GitHub took the dispatch")
        return Standing(headline=headline, tone="bad", glyph="?", word=_("UNKNOWN"), lines=tuple(lines))
    headline = _("GitHub did not take the dispatch: nothing was begun")
    return Standing(headline=headline, tone="bad", glyph="✖", word=_("NOT BEGUN"), lines=tuple(lines))


def _deaf(view: View, workflow: WorkflowView) -> Standing | None:
    """GitHub does not answer: what was seen last is old, and the run is not touched by that."""
    waits = view.state.github_waits
    if waits is None or not workflow.open:
        return None
    since = workflow.seen_at or workflow.at
    lines = [Line(f"{words.capital(sentence(waits.reason))}.".replace("..", "."), "text", "▲", "warn")]
    if waits.until:
        lines.append(Line(_("It is asked again at {time}.").format(time=view.at(waits.until, seconds=True)), "text"))
    at = told.working(workflow.jobs)
    if at:
        lines.append(
            Line(
                _("Seen last: {place}{name_of}").format(
                    place=told.place(*at), name_of=name_of(at[1].name) if at[1] else ""
                ),
                "text",
            )
        )
    if workflow.run_id:
        lines.append(Line(_("The run goes on without us: its steps are not told, the database still is."), "quiet"))
    ago = told.whole(view.elapsed(since))
    return Standing(
        headline=_("GitHub is not heard of since {time}, {ago}").format(time=view.at(since, seconds=True), ago=ago),
        tone="warn",
        glyph="▲",
        word=_("NOT HEARD OF"),
        short=_("GitHub does not answer since {time}; the run goes on").format(time=view.at(since, seconds=True)),
        lines=tuple(lines),
        at_work=workflow.run is not None and workflow.run.status == "in_progress",
    )


def _alone(view: View, workflow: WorkflowView) -> Standing | None:
    """It may be at work, and nobody follows it: a runner died, or could not go on."""
    if not workflow.open or (view.state.running is Phase.MIGRATE and view.link is not Link.GONE):
        return None
    seen = Line(_("It was sent, and GitHub's answer was not heard."), "text")
    if workflow.run is not None:
        at = told.working(workflow.jobs)
        where = f", {told.place(*at)}{name_of(at[1].name) if at[1] else ''}" if at else ""
        status = _(workflow.run.status.replace("_", " "))
        seen = Line(
            _("Seen last at {time}: {status}{where}").format(
                time=view.at(workflow.seen_at, seconds=True), status=status, where=where
            ),
            "text",
        )
    return Standing(
        headline=_("Nobody follows the workflow run now: it may be at work"),
        tone="bad",
        glyph="?",
        word=_("UNKNOWN"),
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
            Line(
                _("{workflow} on {ref}, sent {took} ago as {request}").format(
                    workflow=workflow.started.workflow,
                    ref=workflow.started.ref,
                    took=took,
                    request=request_of(workflow),
                )
            ),
            Line(
                _("Written down before it was sent: if the answer is lost, its run is looked for by that name."),
                "quiet",
            ),
        )
        headline = _("Dispatching to GitHub: which run it is is not known yet")
        return Standing(headline=headline, tone="work", glyph="◐", word=_("DISPATCHING"), lines=lines)
    return Standing(
        headline=_("GitHub has taken it: run {run_id}, not looked at yet").format(run_id=workflow.run_id),
        tone="work",
        glyph="◐",
        word=_("DISPATCHED"),
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
            headline=_("GitHub holds it back: another run of its group is at work"),
            tone="warn",
            glyph="▲",
            word=_("HELD BACK"),
            short=_("another run of its group is at work first"),
            lines=(
                Line(
                    _("Its concurrency group lets one run at a time on this database. {untouched}").format(
                        untouched=_(_UNTOUCHED)
                    ),
                    "text",
                ),
            ),
        )
    if run.status in _QUEUED:
        since = told.whole(told.elapsed(view, run.created) if run.created else view.elapsed(workflow.at))
        return Standing(
            headline=_("Queued on GitHub since {time}, {since}").format(
                time=view.at(run.created or workflow.at, seconds=True), since=since
            ),
            tone="work",
            glyph="○",
            word=_("QUEUED"),
            short=_("on GitHub for {since}: no machine has taken it yet").format(since=since),
            lines=(
                Line(
                    _("No machine of GitHub's has taken it yet. {untouched}").format(untouched=_(_UNTOUCHED)), "quiet"
                ),
            ),
        )
    return _running(view, workflow)


def _running(view: View, workflow: WorkflowView) -> Standing:
    at = told.working(workflow.jobs)
    done, known = told.counted(workflow.jobs)
    where = _("production") if view.demo else _("PRODUCTION")
    if at is None:
        headline = (
            _("On GitHub, between two steps: {done} of {known} are over").format(done=done, known=known)
            if known
            else _("GitHub begins the run")
        )
        return Standing(headline=headline, tone="work", glyph="◐", word=_("6 MIGRATE"), at_work=bool(known))
    job, step = at
    lines = []
    if step is not None:
        lines = [Line(words.cut(step.name, 200), "strong", "◐", "work", told.took(view, step))]
    if others := sum(one.status == "in_progress" for one in workflow.jobs) - 1:
        lines.append(
            Line(
                ngettext(
                    "{number} other job runs beside it: g shows them.",
                    "{number} other jobs run beside it: g shows them.",
                    others,
                ).format(number=others),
                "quiet",
            )
        )
    return Standing(
        headline=_("GitHub migrates {where}: {place}").format(where=where, place=told.place(job, step)),
        tone="work",
        glyph="◐",
        word=_("6 MIGRATE"),
        short=_("on GitHub, {place}").format(place=told.place(job, step)),
        lines=tuple(lines),
        at_work=True,
    )


def _approval(view: View, workflow: WorkflowView) -> Standing:
    if not workflow.approvals:
        unseen = Line(_("Who may approve it can't be seen with this token; its page shows it."), "text", "▲", "warn")
        return Standing(
            headline=_("Waiting for an approval on GitHub"),
            tone="warn",
            glyph="▲",
            word=_("APPROVAL"),
            short=_("waits for an approval on GitHub"),
            lines=(unseen, _touched(workflow)),
            at_work=_works(workflow),
            large=True,
        )
    waits = told.mine(workflow) or workflow.approvals[0]
    name = words.cut(waits.environment, 40)
    if waits.wait_until is not None:
        until = view.at(waits.wait_until, seconds=True)
        return Standing(
            headline=_("GitHub waits until {until}: the wait timer of {name}").format(until=until, name=name),
            tone="work",
            glyph="◐",
            word=_("WAIT TIMER"),
            short=_("of {name}, until {until}").format(name=name, until=until),
            lines=(_touched(workflow),),
            waits=waits,
            at_work=_works(workflow),
        )
    who = told.approvers(waits)
    glyph, tone = ("✔", "good") if waits.mine else ("▲", "warn")
    lines = [Line(_may(view, waits.mine, who), "strong" if waits.mine else "text", glyph, tone)]
    if others := [one.environment for one in workflow.approvals if one is not waits]:
        lines.append(Line(_("And after it: {names}.").format(names=", ".join(others)), "text"))
    since = (
        _(" for {elapsed}").format(elapsed=told.whole(told.elapsed(view, workflow.run.created)))
        if workflow.run and workflow.run.created
        else ""
    )
    lines.append(
        replace(_touched(workflow), text=_("{text} It waits{since}.").format(text=_touched(workflow).text, since=since))
    )
    return Standing(
        headline=_("Waiting for the approval of {name}").format(name=name),
        tone="warn",
        glyph="▲",
        word=_("APPROVAL"),
        short=_("of {name}: {who} can give it").format(name=name, who=who),
        lines=tuple(lines),
        waits=waits,
        at_work=_works(workflow),
        large=True,
    )


def _touched(workflow: WorkflowView) -> Line:
    """Whether what waits is all of the run, or a job of it has been at work already."""
    if policy_github.begun(workflow):
        return Line(_("A job of it has been at work already: production may be touched."), "warn", "▲", "warn")
    return Line(_(_UNTOUCHED), "quiet")


def _works(workflow: WorkflowView) -> bool:
    return any(job.status == "in_progress" for job in workflow.jobs)


def _may(view: View, mine: bool, who: str) -> str:
    if view.mode is not Mode.OPERATOR:
        return (
            _("The token of {keeper} can give it.").format(keeper=keeper(view))
            if mine
            else _("{who} can give it; this run's token can't.").format(who=who)
        )
    return _("You can, by this token: {who}.").format(who=who) if mine else _("You can't: {who} can.").format(who=who)


def _over(view: View, workflow: WorkflowView) -> Standing:
    run = workflow.run
    assert run is not None  # noqa: S101 - _seen has asked
    reading = view.state.running is Phase.MIGRATE
    whole = policy.phase_state(view.state, Phase.MIGRATE) is PhaseState.PASSED
    if run.green and not reading:
        has = _("production has every migration") if whole else _("production does not have every migration")
        tone, glyph = ("good", "✔") if whole else ("bad", "✖")
        return Standing(
            headline=_("The run was green, and {has}").format(has=has), tone=tone, glyph=glyph, word=_("GREEN")
        )
    if run.green:
        return Standing(
            headline=_("The run is green. The database itself is read now"),
            tone="work",
            glyph="◐",
            word=_("READING"),
            short=_("the run is green; production itself is read now"),
            lines=(Line(_("A green run is no evidence: history and catalog are."), "quiet"),),
        )
    mark = told.mark(view, run)
    at = told.broke(workflow.jobs)
    lines = []
    if at:
        job, step = at
        lines = [Line(f"{told.place(job, step)}{name_of(step.name) if step else ''}", "text", mark.glyph, mark.tone)]
    then = _(". Production is read now") if reading else _("; production has every migration") if whole else ""
    return Standing(
        headline=_("The workflow run ended: {word}{then}").format(word=mark.word, then=then),
        tone="warn" if reading or whole else "bad",
        glyph=mark.glyph,
        word=_("ENDED BADLY"),
        short=_("the run ended: {word}; production is read now").format(word=mark.word)
        if reading
        else _("the run ended: {word}").format(word=mark.word),
        lines=tuple(lines),
    )
