"""The checks of a run with every answer that was given to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dixis_tui import events as ev
from dixis_tui.model import CheckState
from dixis_tui.plan.phases import number
from dixis_tui.report.values import Answer, Gate
from dixis_tui.run.state import Entry, RunState

_NO_ANSWER = (CheckState.WAITING, CheckState.RUNNING)


def gates(entries: Iterable[Entry], state: RunState) -> tuple[Gate, ...]:
    """Every check that was asked, in the runbook's order. A waiver counts for all subjects of its code."""
    answers: dict[tuple[str, str], list[Answer]] = {}
    seen = dict.fromkeys(state.checks)
    for entry in entries:
        match entry.event:
            case ev.CheckChanged(state=found) as event if found not in _NO_ANSWER:
                key = (event.code, event.subject)
                answer = Answer(at=entry.at, state=found, evidence=event.evidence, remedy=event.remedy)
                answers.setdefault(key, []).append(answer)
                seen.setdefault(key)
            case ev.Ticked(code=code, operator=who, on=on):
                given = CheckState.PASSED if on else CheckState.WAITING
                answers.setdefault((code, ""), []).append(Answer(at=entry.at, state=given, who=who))
            case ev.Waived(code=code, operator=who, reason=reason):
                answer = Answer(at=entry.at, state=CheckState.WAIVED, who=who, reason=reason)
                for key in [key for key in seen if key[0] == code] or [(code, "")]:
                    answers.setdefault(key, []).append(answer)
                    seen.setdefault(key)
    found_ones = [_gate(state, key, answers.get(key, ())) for key in seen]
    return tuple(sorted(found_ones, key=lambda gate: (number(gate.phase), gate.code, gate.subject)))


def _gate(state: RunState, key: tuple[str, str], answers: Iterable[Answer]) -> Gate:
    view = state.check(*key)
    spec = view.spec
    return Gate(
        code=view.code,
        subject=view.subject,
        phase=spec.phase,
        title=spec.title,
        person=spec.person,
        gate=spec.gate,
        state=view.state,
        evidence=view.evidence,
        remedy=view.remedy,
        answers=tuple(answers),
    )
