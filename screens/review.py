"""An environment's approval is given or refused from here, with a comment that GitHub keeps."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from dixis_tui.i18n import _, sentence
from dixis_tui.run import policy, policy_github
from dixis_tui.run.commands import ReviewDeployment
from screens import github_words as told
from screens import guide, words
from screens.dialog import Dialog, Words, key_row
from screens.view import View
from screens.widgets.painted import line


class ReviewScreen(Dialog):
    """A rejection needs a comment; an approval without one takes Enter twice."""

    def __init__(self, view: View, command: ReviewDeployment) -> None:
        super().__init__(view)
        self._command = command
        self._empty = False

    def compose(self) -> ComposeResult:
        """Which run, what follows from the answer, and the line for the comment."""
        verb = _("approve") if self._command.approve else _("reject")
        with Vertical(classes="dialog -grave") as box:
            box.border_title = Content(f"{words.upper(verb)} {self._command.environment}")
            yield Words(self._what())
            yield Input(placeholder=_("comment"), compact=True, id="comment", max_length=1000)
            yield Words(line(("", "quiet")), id="says", classes="says")
            yield Words(key_row(("enter", verb), ("esc", _("not now"))), classes="keys")

    def _what(self) -> Content:
        state = self.view.state
        workflow, look = state.workflow, state.github.look if state.github else None
        number = workflow.run_id if workflow else 0
        commit = told.sha(workflow.started.sha) if workflow else _("unknown")
        plan = _(", plan {hash}").format(hash=state.plan.hash) if state.plan else ""
        who = _(" as {login}").format(login=look.login) if look and look.login else ""
        after = _("Then the run goes on: it migrates the environment's database.")
        if not self._command.approve:
            worked = workflow is not None and policy_github.begun(workflow)
            after = _("Then the run ends, and nothing of it touches the environment's database.")
            if worked:
                after = _("Then the run ends; what a job of it did before stands.")
        return Content("\n").join(
            [
                line(
                    (
                        _("Workflow run {number} of commit {commit}{plan}").format(
                            number=number, commit=commit, plan=plan
                        ),
                        "strong",
                    )
                ),
                line((after, "text")),
                line(
                    (
                        _("GitHub keeps the answer{who}, with the comment; the journal does, by ").format(who=who),
                        "quiet",
                    ),
                    (self.view.operator, "text"),
                    (".", "quiet"),
                ),
            ]
        )

    def _say(self, text: str) -> None:
        for says in self.query("#says").results(Words):  # none where the screen is on its way out
            says.put(line((f"▲ {text}", "warn")))

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        comment = event.value.strip()
        command = ReviewDeployment(
            environment=self._command.environment,
            approve=self._command.approve,
            comment=comment,
            operator=self.view.operator,
        )
        if why := guide.looks_on(self.view) or sentence(policy.refusal(self.view.state, command)):
            self._say(_("{why} Nothing was done.").format(why=why))
            return
        if command.approve and not comment and not self._empty:
            self._empty = True
            self._say(_("No comment: enter once more approves without one."))
            return
        self.dismiss()
        self.cockpit_app.ask(command, _("approve") if command.approve else _("reject"))
