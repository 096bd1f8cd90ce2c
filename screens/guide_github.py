"""What the keys of GITHUB do now: pure, over a view, by the policy's own sentences."""

from __future__ import annotations

from dixis_tui.i18n import _, sentence
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy, policy_github
from screens import github_words as told
from screens.guide import Offer, open_now
from screens.view import View

LOOK, CLINIC, APPROVE, REJECT, CANCEL = "r", "d", "a", "j", "z"
"""Cancelling has a key that is next to no other: it is never pressed for another one."""


def offers(view: View) -> list[Offer]:
    """Every key of the screen that acts, refused ones among them."""
    return open_now(view, [make(view) for make in (approve, _reject, _cancel, _clinic, _look)])


def offer(view: View, key: str) -> Offer:
    """What `key` does now."""
    return next(found for found in offers(view) if found.key == key)


def approve(view: View) -> Offer:
    """The approval that the dispatched run waits for; in the cockpit too."""
    return _review(view, APPROVE, _("approve"))


def _reject(view: View) -> Offer:
    return _review(view, REJECT, _("reject"))


def _review(view: View, key: str, label: str) -> Offer:
    workflow = view.state.workflow
    waits = told.mine(workflow) or next(iter(workflow.approvals if workflow else ()), None)
    if waits is None:
        return Offer(key=key, label=label, refusal=_("Nothing of ours waits for an approval on GitHub."))
    command = cmd.ReviewDeployment(
        environment=waits.environment, approve=key == APPROVE, comment="…", operator=view.operator
    )
    return Offer(
        key=key, label=label, command=command, opens="review", refusal=sentence(policy.refusal(view.state, command))
    )


def _cancel(view: View) -> Offer:
    command = cmd.CancelWorkflow(operator=view.operator)
    refusal = sentence(policy.refusal(view.state, command))
    return Offer(key=CANCEL, label=_("cancel the run"), command=command, opens="cancel_workflow", refusal=refusal)


def _clinic(view: View) -> Offer:
    command = cmd.DispatchClinic(operator=view.operator)
    refusal = sentence(policy.refusal(view.state, command))
    seen = view.state.github.look.clinic if view.state.github else None
    label = _("run the clinic again") if seen or view.state.clinic else _("start the clinic")
    return Offer(key=CLINIC, label=label, command=command, opens="clinic", refusal=refusal)


def _look(view: View) -> Offer:
    """A run that nobody follows is found again by the look after a death; else the repository is looked at."""
    state = view.state
    lost = policy_github.may_change(state) and state.running is None
    command: cmd.Command = cmd.Recover() if lost else cmd.LookAtGithub()
    return Offer(
        key=LOOK, label=_("look again"), command=command, refusal=sentence(policy.refusal(view.state, command))
    )
