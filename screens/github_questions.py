"""Questions before something is asked of GitHub: what it means for production stands before the answer."""

from __future__ import annotations

from dixis_tui.i18n import _
from dixis_tui.run import policy_github
from dixis_tui.run.commands import Command
from screens import github_words as told
from screens.ask import AskScreen
from screens.guide import Offer
from screens.view import View


def question(name: str, view: View, offer: Offer) -> AskScreen:
    """`clinic` or `cancel_workflow`."""
    return _clinic(view, offer) if name == "clinic" else _cancel(view, offer)


def stops(view: View, command: Command | None) -> AskScreen:
    """`s` while a workflow run is followed: what has begun there does not stop at a safe point."""
    begun = policy_github.may_have_begun(view.state)
    lines = (
        (
            _("The workflow run goes on to its end: nothing on GitHub knows a safe point. This run stops after it,"),
            _("with production read again. To end the workflow run itself: g, then z."),
        )
        if begun
        else (
            _("The workflow run had not begun when it was last looked at. It is looked at once more:"),
            _("it is cancelled only if that is still so, and production stays as it is."),
        )
    )
    return AskScreen(view, title=_("Stop after this?"), lines=lines, yes=_("stop"), command=command, label=_("stop"))


def _cancel(view: View, offer: Offer) -> AskScreen:
    workflow = view.state.workflow
    number = workflow.run_id if workflow else 0
    if not policy_github.may_have_begun(view.state):
        seen = told.ago(view, workflow.seen_at if workflow else None)
        lines: tuple[str, ...] = (
            _(
                "No job of it had begun when it was last looked at, {seen}: as long as that is so it "
                "has touched nothing."
            ).format(seen=seen),
        )
    else:
        lines = (
            _("GitHub ends the job, and Prisma with it, within seconds. What is applied stays applied."),
            _("A statement that is at work on the server may go on to its end there, and be committed."),
            _("A file that commits by itself may stand half done, and Prisma's history may call it failed."),
        )
    after = _("It is followed to its end; then production itself is read, before anything is said of it.")
    return AskScreen(
        view,
        title=_("Cancel workflow run {number}?").format(number=number),
        lines=(*lines, after),
        yes=_("cancel the run"),
        no=_("let it run"),
        command=offer.command,
        label=_("cancel the run"),
    )


def _clinic(view: View, offer: Offer) -> AskScreen:
    state = view.state
    head = state.github.look.branch if state.github else None
    local = state.project.commit if state.project else ""
    lines = [_("The clinic's workflow is dispatched once on GitHub, and its steps are followed here (g).")]
    if head:
        lines.append(_("It runs for {name}, which is at {sha}.").format(name=head.name, sha=told.sha(head.sha)))
    if head and local and not head.sha.startswith(local) and not local.startswith(head.sha):
        lines.append(
            _("That is not this project's commit, {local}: it is refused. Push first, then look again.").format(
                local=told.sha(local)
            )
        )
    return AskScreen(
        view,
        title=_("Start the Migration Clinic?"),
        lines=tuple(lines),
        yes=_("start it"),
        command=offer.command,
        label=_("start the clinic"),
    )
