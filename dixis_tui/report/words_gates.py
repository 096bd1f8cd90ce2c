"""Every gate with its evidence, and who answered it."""

from __future__ import annotations

from datetime import tzinfo
from itertools import groupby

from dixis_tui.i18n import _, sentence
from dixis_tui.model import CheckState
from dixis_tui.report import figures, labels
from dixis_tui.report.document import Block, Cell, Heading, Lines, Mark, Section, Table, Text
from dixis_tui.report.values import Answer, Facts, Gate

_SHOWN = 6
"""Earlier answers to one check that are written out."""


def gates(facts: Facts, zone: tzinfo) -> Section:
    """A table a phase; before them, what was waived and by whom."""
    if not facts.gates:
        return Section("gates", _("Gates"), (Text(_("Nothing was asked.")),))
    blocks: list[Block] = [_waivers(facts, zone)]
    for phase, found in groupby(facts.gates, lambda gate: gate.phase):
        rows = tuple(_row(gate, zone) for gate in found)
        head = (_("Check"), _("State"), _("Evidence and remedy"), _("Answered by"), _("At"))
        blocks.append(Heading(labels.phase(phase)))
        blocks.append(Table(_("Checks of {phase}").format(phase=labels.phase(phase)), head, rows))
    return Section("gates", _("Gates"), tuple(blocks))


def _waivers(facts: Facts, zone: tzinfo) -> Block:
    rows: list[tuple[Cell, ...]] = []
    for gate in facts.gates:
        found = None
        for answer in gate.answers:
            if answer.state is CheckState.WAIVED:
                what = found.evidence if found else ""
                named = f"{gate.code} {sentence(gate.title)} {gate.subject}".strip()
                rows.append((named, sentence(what), answer.who, answer.reason, figures.moment(answer.at, zone)))
            elif not answer.who:
                found = answer
    if not rows:
        return Text(_("No gate was waived."))
    head = (_("Gate"), _("What stood there"), _("Waived by"), _("Reason"), _("At"))
    return Table(_("Waived gates"), head, tuple(rows))


def _row(gate: Gate, zone: tzinfo) -> tuple[Cell, ...]:
    name = f"{gate.code} {sentence(gate.title)}"
    if gate.subject:
        name = f"{name}: {gate.subject}"
    kinds = [] if gate.gate else [_("does not close the gate")]
    last = gate.answers[-1] if gate.answers else None
    parts: list[str | Mark] = [sentence(gate.evidence)] if gate.evidence else []
    if gate.remedy:
        parts.append(_("To do: {remedy}").format(remedy=sentence(gate.remedy)))
    parts.extend(_earlier(gate, zone))
    person = _("a person") if gate.person else _("the program")
    who = last.who if last and last.who else person
    at = figures.moment(last.at, zone) if last else figures.NONE
    return (Lines((name, *kinds)), labels.check(gate.state), Lines(tuple(parts)), who, at)


def _earlier(gate: Gate, zone: tzinfo) -> list[str]:
    """What it was before, where that was something else."""
    changed = [
        answer
        for answer, later in zip(gate.answers, gate.answers[1:], strict=False)
        if (answer.state, answer.evidence) != (later.state, later.evidence)
    ]
    told = [_answer(answer, zone) for answer in changed[-_SHOWN:]]
    if len(changed) > _SHOWN:
        told.insert(0, _("{n} earlier answers are in the journal").format(n=len(changed) - _SHOWN))
    return told


def _answer(answer: Answer, zone: tzinfo) -> str:
    word = labels.check(answer.state).text
    why = answer.reason or sentence(answer.evidence)  # a person's own words stay as they were written
    who = f" ({answer.who})" if answer.who else ""
    told = _("Before, at {at}: {state}{who}").format(at=figures.clock(answer.at, zone), state=word, who=who)
    return f"{told}. {why}" if why else told
