"""An environment's approval is given or refused from here, with a comment that GitHub keeps."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from dixis_tui.run import policy, policy_github
from dixis_tui.run.commands import ReviewDeployment
from screens import github_words as told
from screens import guide
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
        verb = "approve" if self._command.approve else "reject"
        with Vertical(classes="dialog -grave") as box:
            box.border_title = Content(f"{verb.upper()} {self._command.environment}")
            yield Words(self._what())
            yield Input(placeholder="comment", compact=True, id="comment", max_length=1000)
            yield Words(line(("", "quiet")), id="says", classes="says")
            yield Words(key_row(("enter", verb), ("esc", "not now")), classes="keys")

    def _what(self) -> Content:
        state = self.view.state
        workflow, look = state.workflow, state.github.look if state.github else None
        number = workflow.run_id if workflow else 0
        commit = told.sha(workflow.started.sha) if workflow else "unknown"
        plan = f", plan {state.plan.hash}" if state.plan else ""
        who = f" as {look.login}" if look and look.login else ""
        after = "Then the run goes on: it migrates the environment's database."
        if not self._command.approve:
            worked = workflow is not None and policy_github.begun(workflow)
            after = "Then the run ends, and nothing of it touches the environment's database."
            if worked:
                after = "Then the run ends; what a job of it did before stands."
        return Content("\n").join(
            [
                line((f"Workflow run {number} of commit {commit}{plan}", "strong")),
                line((after, "text")),
                line(
                    (f"GitHub keeps the answer{who}, with the comment; the journal does, by ", "quiet"),
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
        if why := guide.looks_on(self.view) or policy.refusal(self.view.state, command):
            self._say(f"{why} Nothing was done.")
            return
        if command.approve and not comment and not self._empty:
            self._empty = True
            self._say("No comment: enter once more approves without one.")
            return
        self.dismiss()
        self.cockpit_app.ask(command, "approve" if command.approve else "reject")
