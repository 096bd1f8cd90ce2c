"""Journal entries as plain lines, for a terminal without a screen and for a pipe."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.cli.lines_fleet import fleet_line
from dixis_tui.cli.lines_github import github_line
from dixis_tui.cli.lines_records import records_line
from dixis_tui.cli.say import put
from dixis_tui.i18n import sentence
from dixis_tui.model import CheckState, PhaseState
from dixis_tui.plan.checks import SPECS
from dixis_tui.plan.phases import TITLES
from dixis_tui.run.state import Entry

_GLYPHS = {
    CheckState.PASSED: "✔",
    CheckState.WARNED: "▲",
    CheckState.FAILED: "✖",
    CheckState.UNKNOWN: "?",
    CheckState.WAIVED: "○",
}


def describe(entry: Entry) -> str:
    """One plain line for an entry, or nothing."""
    if line := _check(entry.event):
        return f"{entry.at:%H:%M:%SZ} {line}"
    text = (
        _person(entry.event)
        or _work(entry.event)
        or _runner(entry.event)
        or _back(entry.event)
        or _locks(entry.event)
        or github_line(entry.event)
        or fleet_line(entry.event)
        or records_line(entry.event)
    )
    return f"{entry.at:%H:%M:%SZ} {put(text)}" if text else ""


def _check(event: ev.Event) -> str:
    if not isinstance(event, ev.CheckChanged) or event.state not in _GLYPHS:
        return ""
    name = f"{sentence(SPECS[event.code].title)} {event.subject}".strip()
    todo = f" → {sentence(event.remedy)}" if event.remedy else ""
    state, evidence = sentence(event.state), sentence(event.evidence)
    return f" {_GLYPHS[event.state]} {event.code} {name}: {state}. {evidence}{todo}"


def _person(event: ev.Event) -> str:
    match event:
        case ev.Ticked(code=code, operator=operator, on=on):
            return f" ✔ {code} {SPECS[code].title}: {'ticked' if on else 'taken back'} by {operator}"
        case ev.Waived(code=code, operator=operator, reason=reason):
            return f" ○ {code} {SPECS[code].title}: waived by {operator}: {reason}"
        case ev.Confirmed(operator=operator, second=second) if second:
            return f"   confirmed by {operator} and {second}"
        case ev.Confirmed(operator=operator) | ev.RollbackConfirmed(operator=operator):
            return f"   confirmed by {operator}"
        case ev.SnapshotNamed(snapshot=found, operator=operator):
            return f"   {operator} named the snapshot {found.id} at {found.where}; its restore was not proven here"
        case ev.MigrationResolved(name=name, applied=applied, operator=operator, evidence=evidence):
            return f"   {operator} resolved {name} as {'applied' if applied else 'rolled back'}: {evidence}"
        case ev.ConfirmationRefused(reason=reason):
            return f" ✖ {reason}"
    return ""


def _work(event: ev.Event) -> str:
    match event:
        case ev.PhaseStarted(phase=phase):
            return f"── {put(TITLES[phase])}"
        case ev.PhaseEnded(phase=phase, state=state, seconds=seconds, reason=reason):
            word = "done" if state is PhaseState.PASSED else "not passed"
            return f"   {TITLES[phase]} {word} in {seconds:.1f} s {reason}".rstrip()
        case ev.MigrationEnded(name=name, place=place, seconds=seconds, error=error):
            return f"   {name} on {place}: {error or f'applied in {seconds:.2f} s'}"
        case ev.PlanSealed(hash=short):
            return f"   plan {short} sealed"
        case ev.Noted(text=text):
            return f"   {text}"
        case ev.RunEnded(verdict=verdict, summary=summary):
            return f"── {put(verdict)}: {put(summary)}"
    return ""


def _runner(event: ev.Event) -> str:
    match event:
        case ev.RunnerResumed(operator=operator, host=host, cut_bytes=cut):
            dropped = f"; {cut} bytes of a line that was never whole were dropped" if cut else ""
            return f"── taken up again by {operator} ({host}): the runner before it died or left{dropped}"
        case ev.RunnerLeft(reason=reason):
            return f"── the runner leaves and the run stays open: {reason}"
        case ev.RecoverySeen(outcome=outcome, evidence=evidence, remedy=remedy):
            return f"   found after the runner's death: {outcome}. {evidence} → {remedy}"
        case ev.MigrationSettled(name=name, state=state, evidence=evidence):
            return f"   {name} on production, by a look: {state}. {evidence}".rstrip()
        case ev.HeadSent(number=number, head=head, to=to, problem=problem):
            return f"   head {number} {head[:12]}… to {to}: {problem or 'sent'}"
        case ev.FirstConfirmed(operator=operator, account=account):
            return f"   confirmed by {operator} (account {account}); the second person is waited for"
        case ev.FirstVoided(reason=reason):
            return f"   the first confirmation is void: {reason}"
    return ""


def _back(event: ev.Event) -> str:
    match event:
        case ev.WaysSeen(ways=ways, losses=losses, loss_unknown=why):
            lost = sum(one.inserted + one.updated + one.deleted for one in losses)
            rows = f"rows written since the backup: {f'not known, {why}' if why else f'{lost:,}'}"
            open_ones = ", ".join(f"{one.way} ({one.seconds:.0f} s)" for one in ways if not one.refused)
            return f"   ways back: {open_ones or 'none'}; {rows}"
        case ev.StepStarted(step=step, detail=detail):
            return f"   {step} begins {detail}".rstrip()
        case ev.StepEnded(step=step, seconds=seconds, detail=detail):
            return f"   {step} done in {seconds:.1f} s {detail}".rstrip()
        case ev.Swapped(database=database, kept=kept, seconds=seconds, ended=ended):
            return f"   {database} is the restored one, the other is kept as {kept}; {ended} ended, {seconds:.2f} s"
    return ""


def _locks(event: ev.Event) -> str:
    match event:
        case ev.HazardsSeen(hazards=hazards):
            standing = [found for found in hazards if not found.suppressed]
            return "\n".join(
                f"   {put(found.severity)} {found.migration}:{found.line} {found.code} {put(found.what)}"
                for found in standing
            )
        case ev.Predicted(prediction=found):
            origin = "from the rehearsal" if found.rehearsed else "the runbook's numbers: nothing was rehearsed"
            return f"   predicted {found.seconds:.1f} s, {found.low:.1f} to {found.high:.1f} s ({origin})"
        case ev.Waited(name=name, place=place, peers=peers):
            return f"   {name or 'all files'} on {place}: waits before it begins: {peers[0]}"
        case ev.Retried(name=name, place=place, reason=reason, seconds=seconds):
            return f"   {name} on {place}: {reason}; once more in {seconds:.1f} s"
        case ev.BackendSignalled(pid=pid, how=how, operator=operator, who=who, done=done):
            outcome = {None: "asked for", True: "done", False: "the server found no such backend"}[done]
            return f"   {how} of backend {pid} ({who}) by {operator}: {outcome}"
    return ""
