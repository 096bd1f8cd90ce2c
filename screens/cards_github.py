"""NOW while GitHub's workflow migrates: sent, queued, waiting for an approval, running, over, or not heard of. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from dixis_tui.i18n import _
from dixis_tui.model import MigrationState, Phase
from dixis_tui.run import policy_github
from dixis_tui.run.state import RunState
from dixis_tui.run.views import WorkflowView
from screens import github_deeds, github_standing
from screens import github_words as told
from screens.cards import Card, Line, migrations
from screens.view import Link, Mode, View


def migrating(view: View, card: Card) -> Card:
    """The card of the migration at work, in the words of its workflow run; `card` has the database's own lines."""
    workflow = _of_this_attempt(view.state)
    if workflow is None:
        headline = _("Before the dispatch: the repository is asked once more")
        return replace(card, headline=headline, bar=None, does=_("stop: nothing was sent yet"))
    found = github_standing.standing(view, workflow)
    begun = found.at_work or any(one.state is not MigrationState.PENDING for one in view.state.migrations.values())
    stops = _("stop: asks first") if found.at_work or not workflow.open else _("stop: cancels it")
    keys = (("g", "GitHub"), *card.more)
    key, does = "s", stops
    if found.waits and found.waits.mine and view.mode is Mode.OPERATOR:
        key, does, keys = (
            "a",
            _("approve {environment}").format(environment=found.waits.environment),
            (("g", _("GitHub: j rejects, z cancels")), *keys[1:]),
        )
    return replace(
        card,
        headline=found.headline,
        tone=found.tone,
        glyph=found.glyph,
        bar=card.bar if found.at_work else None,
        lines=(*found.lines, *(card.lines if begun else ())),
        key=key,
        does=does,
        more=keys,
        large=found.large,
    )


def large(view: View) -> github_standing.Standing | None:
    """What the presenter shows largest while the migration is a workflow run; None where it is none."""
    state = view.state
    working = state.running is Phase.MIGRATE and told.executes(state) and view.link is not Link.GONE
    workflow = _of_this_attempt(state)
    return github_standing.standing(view, workflow) if working and workflow else None


def _of_this_attempt(state: RunState) -> WorkflowView | None:
    """The run that the phase at work sent or follows; None: it has not sent its own yet, and an earlier one is over."""
    workflow, begun = state.workflow, state.phase(Phase.MIGRATE).started
    if workflow is None or begun is None:
        return None
    seen = workflow.seen_at is not None and workflow.seen_at >= begun
    return workflow if workflow.at >= begun or seen or policy_github.unsettled(state) else None


def unsettled(view: View) -> Card | None:
    """Nothing runs here, and a dispatched run may be at work, or may not have been taken: only a look tells."""
    workflow = view.state.workflow
    if workflow is None or not policy_github.may_change(view.state):
        return None
    found = github_standing.standing(view, workflow)
    lines = (
        *found.lines,
        Line(_("Production may still be changed by it: nothing else may begin before that is known."), "warn"),
        *migrations(view.state, elapsed=None),
    )
    return Card(
        headline=found.headline,
        tone="bad",
        glyph="?",
        lines=lines,
        key="r",
        does=_("look again: it finds the run, and follows it to its end"),
        more=(("g", "GitHub"), ("o", _("contacts"))),
    )


def left_behind(view: View) -> tuple[Line, ...]:
    """What of GitHub goes on, or is not known, where the runner is gone or the migration is not whole."""
    workflow = view.state.workflow
    if workflow is None:
        return ()
    if workflow.open:
        what = (
            _("Workflow run {run_id}").format(run_id=workflow.run_id)
            if workflow.run_id
            else _("A workflow run that GitHub may have begun")
        )
        return (
            Line(
                _("{what} goes on there without us: {where}").format(what=what, where=github_deeds.where(workflow)),
                "text",
                "▲",
                "warn",
            ),
        )
    if workflow.failed is not None:
        found = github_standing.failed(workflow)
        return found.lines if found else ()
    ended = []
    if workflow.run is not None and not workflow.run.green:
        mark = told.mark(view, workflow.run)
        at = told.broke(workflow.jobs)
        place = f": {told.place(*at)}{github_deeds.name_of(at[1].name) if at[1] else ''}" if at else ""
        ended = [
            Line(
                _("Workflow run {run_id} ended: {word}{place}").format(
                    run_id=workflow.run_id, word=mark.word, place=place
                ),
                "text",
                mark.glyph,
                mark.tone,
            )
        ]
    return (*ended, *github_deeds.address(workflow))
