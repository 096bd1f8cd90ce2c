"""One target of a fleet in full: its plan, its run's steps, what came of it and what to do."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from dixis_tui.github import StepView
from dixis_tui.i18n import _, sentence
from dixis_tui.plan import workflow_steps
from dixis_tui.run.views import TargetView, WorkflowView
from screens import fleet_rows, words
from screens.dialog import Dialog, Words, key_row
from screens.view import View
from screens.widgets.painted import line, wrapped

_LABEL = 13
_FILES = 12
"""Pending files that are named."""
_STEPS = {"done": ("✔", "good"), "running": ("◐", "work"), "failed": ("✖", "bad"), "waiting": ("○", "quiet")}


class FleetDetail(Dialog):
    """Over the fleet's list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter", "close", show=False)]

    def __init__(self, view: View, name: str) -> None:
        super().__init__(view)
        self._target = name

    def compose(self) -> ComposeResult:
        """What is known of it, and the way back."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._target)
            with VerticalScroll():
                yield Words(id="target")
            yield Words(key_row(("↑ ↓", _("scroll")), ("esc", _("back"))), classes="keys")

    def on_mount(self) -> None:
        """Drawn at once; the list takes the arrows."""
        super().on_mount()
        self.query_one(VerticalScroll).focus()
        self.show(self.view)

    def show(self, view: View) -> None:
        """Draw this moment."""
        super().show(view)
        for part in self.query("#target").results(Words):
            width = min(int(self.app.size.width * 0.96), 84) - 8
            part.put(Content("\n").join(lines(view, self._target, width)))


def lines(view: View, name: str, width: int) -> list[Content]:
    """All that is known of a target."""
    fleet = view.state.fleet
    target = fleet.targets.get(name) if fleet else None
    if fleet is None or target is None:
        return [line((_("This target is not planned any more."), "warn"))]
    plan, run = target.plan, fleet_rows.run_of(view, target)
    wave = fleet_rows.wave_numbers(fleet).get(name, 0)
    kind = _(", a canary") if plan.canary else ""
    rows = [
        (_("State"), fleet_rows.word(view, target)),
        (_("What"), fleet_rows.doing(view, target)),
        (_("Do"), sentence(target.verified.remedy if target.verified else plan.remedy)),
        (
            _("Wave"),
            _("{wave} of {waves}{kind}").format(wave=wave, waves=len(fleet.waves.waves), kind=kind) if wave else "",
        ),
        (_("Database"), plan.target),
        (_("Environment"), plan.environment),
        (_("Plan"), plan.hash),
        (_("Applied"), _("{applied} before").format(applied=plan.applied) if plan.identity else ""),
    ]
    shown = [row for label, text in rows if text for row in _labelled(label, text, width)]
    return [*shown, *_files(target, width), *(_run(view, run, width) if run else [])]


def _labelled(label: str, text: str, width: int) -> list[Content]:
    parts = wrapped(text, width - _LABEL)
    return [line((f"{label if not at else '':<{_LABEL}}", "quiet"), (part, "text")) for at, part in enumerate(parts)]


def _files(target: TargetView, width: int) -> list[Content]:
    names = target.plan.pending
    rows = [words.cut(name, width - _LABEL) for name in names[:_FILES]]
    if len(names) > _FILES:
        rows.append(_("and {number} more").format(number=len(names) - _FILES))
    return [
        line((f"{(_('Pending') if not at else ''):<{_LABEL}}", "quiet"), (row, "text")) for at, row in enumerate(rows)
    ]


def _run(view: View, run: WorkflowView, width: int) -> list[Content]:
    told = sentence(run.failed.problem) if run.failed else run.url or _("its address is not known yet")
    rows = [line(("", "")), *_labelled(_("Run"), told, width)]
    if run.run:
        rows += _labelled(_("On GitHub"), _((run.run.conclusion or run.run.status).replace("_", " ")), width)
    for approval in run.approvals:
        who = ", ".join(approval.reviewers) or _("its reviewers")
        rows += _labelled(
            _("Waits"),
            _("for the approval of {environment} by {who}, given on GitHub").format(
                environment=approval.environment, who=who
            ),
            width,
        )
    for job in run.jobs:
        rows.append(line((f"{'':<{_LABEL}}", ""), (job.name, "strong")))
        for step in job.steps:
            state = workflow_steps.state_of(step)
            glyph, tone = _STEPS.get(state, ("·", "quiet"))
            if state == "running" and fleet_rows.gone(view):
                glyph, tone = "?", "bad"
            took = words.duration(_seconds(view, step)) if step.started else ""
            text = words.cut(f"{step.number} {step.name}", width - _LABEL - 14)
            rows.append(line((f"{'':<{_LABEL}}", ""), (f"{glyph} ", tone), (text, "text"), (f"  {took}", "quiet")))
    return rows


def _seconds(view: View, step: StepView) -> float:
    """How long it took, or takes; what nobody follows is not counted on."""
    if step.started and step.ended:
        return (step.ended - step.started).total_seconds()
    return view.elapsed(step.started)
