"""Ctrl+C was pressed while something runs: what is meant by it is asked, each answer with what it means."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from dixis_tui.i18n import _, sentence
from dixis_tui.model import MigrationState, Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState
from screens import words
from screens.dialog import Dialog, Words, key_row
from screens.widgets.painted import line


class InterruptedScreen(Dialog):
    """Stop at the next safe point, cancel the statement that runs, or leave and let it run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "stop(False)", show=False),
        Binding("c", "stop(True)", show=False),
        Binding("q", "leave", show=False),
        Binding("n,enter", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """What runs, and what each key would do to it."""
        state = self.view.state
        with Vertical(classes="dialog") as box:
            box.border_title = Content(_("Ctrl+C: nothing was stopped. What shall be?"))
            yield Words(Content("\n").join(line((text, "text")) for text in meanings(state)))
            keys = [("s", _("stop"))]
            keys += [("c", _("cancel its statement"))] if cancels(state) else []
            yield Words(key_row(*keys, ("q", _("leave")), ("esc", _("nothing"))), classes="keys")

    def action_stop(self, now: bool) -> None:
        """Ask it of the runner."""
        if now and not cancels(self.view.state):
            return
        self.dismiss()
        command = cmd.Stop(now=now, operator=self.view.operator)
        if refused := policy.refusal(self.view.state, command):
            self.cockpit_app.say(sentence(refused), "warn")
            return
        self.cockpit_app.ask(command, _("stop"))

    def action_leave(self) -> None:
        """The run goes on."""
        self.dismiss()
        self.cockpit_app.leave()


def cancels(state: RunState) -> bool:
    """Whether what runs is a migration, whose statement could be cancelled on the server."""
    return state.running in (Phase.REHEARSAL, Phase.MIGRATE)


def meanings(state: RunState) -> list[str]:
    """What runs, what stopping it means, and what cancelling its statement would. Pure."""
    if state.running is None:
        return [_("Nothing runs any more.")]
    lines = [_("{phase} is running.").format(phase=words.phase(state.running))]
    name = next((view.name for view in state.migrations.values() if view.state is MigrationState.RUNNING), "")
    if cancels(state):
        lines += [
            _("s  stops after the file that runs now{name}: what was applied stays applied.").format(
                name=f", {name}" if name else ""
            ),
            (
                _(
                    "c  stops, and cancels the statement on the server: a file in one transaction is "
                    "undone whole, one that commits by itself keeps the statements before it."
                )
            ),
        ]
    else:
        lines.append(_("s  stops a dump or a restore at once, anything else at its next safe point."))
    return [*lines, _("q  leaves this screen; the run goes on without it.")]
