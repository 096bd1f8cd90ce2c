"""What did not go straight on: rollback, interruptions, GitHub's runs, a fleet's targets, errors; and the record."""

from __future__ import annotations

from datetime import datetime, tzinfo

from dixis_tui import events as ev
from dixis_tui.fleet import TargetState
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.report import figures, labels
from dixis_tui.report.document import Block, Cell, Code, Lines, Link, Listing, Mark, Section, Table, Terms, Text, Tone
from dixis_tui.report.values import At, Excerpt, Facts
from dixis_tui.run.views import WorkflowView


def rollback(facts: Facts, zone: tzinfo) -> Section | None:
    """The way back with its steps and its losses. None where none was gone."""
    back = facts.rollback
    if back is None:
        return None
    blocks: list[Block] = []
    for one in back.confirmed:
        if isinstance(one.event, ev.RollbackConfirmed):
            told = _("{who} typed the rollback phrase at {at}: {way}.")
            at = figures.moment(one.at, zone)
            blocks.append(Text(told.format(who=one.event.operator, at=at, way=labels.way(one.event.way))))
    if back.steps:
        head: tuple[str, ...] = (_("Step"), _("Began"), _("Took"), _("Detail"))
        rows = tuple(
            (
                labels.step(one.step),
                figures.moment(one.started, zone),
                figures.seconds(one.seconds) if one.seconds is not None else Mark(_("not done"), Tone.BAD),
                sentence(one.detail),
            )
            for one in back.steps
        )
        blocks.append(Table(_("Steps of the rollback"), head, rows, frozenset({2})))
    if back.swapped:
        swapped = back.swapped
        told = _("{database} is the restored one; the one before is kept as {kept}. {n} sessions were ended by force.")
        words = told.format(database=swapped.database, kept=swapped.kept, n=figures.number(swapped.ended))
        nobody = _("Nobody could connect for {seconds}.").format(seconds=figures.seconds(swapped.seconds))
        blocks.append(Text(words if swapped.earlier else f"{words} {nobody}"))
    blocks.append(_losses(facts))
    return Section("rollback", _("Rollback"), tuple(blocks))


def _losses(facts: Facts) -> Block:
    ways = facts.ways
    if ways is None:
        return Text(_("What was written since the backup was not looked at."), Tone.WARN)
    if ways.loss_unknown:
        told = _("What is lost can't be told: {why}").format(why=sentence(ways.loss_unknown))
        return Text(told, Tone.WARN)
    if not ways.losses:
        return Text(_("Nothing was written since the backup: nothing is lost by going back."))
    head: tuple[str, ...] = (_("Table"), _("Inserted"), _("Updated"), _("Deleted"), _("Rows then"), _("Rows now"))
    rows = tuple(
        (
            Code(one.table),
            figures.number(one.inserted),
            figures.number(one.updated),
            figures.number(one.deleted),
            figures.number(one.rows_then) if one.rows_then >= 0 else figures.NONE,
            figures.number(one.rows_now) if one.rows_now >= 0 else figures.NONE,
        )
        for one in ways.losses
    )
    return Table(_("Written since the backup, and lost by going back"), head, rows, frozenset(range(1, 6)))


def interruptions(facts: Facts, zone: tzinfo) -> Section | None:
    """Runners that died or left, what was found then, stops and refusals. None where there was nothing."""
    again = _("{who} took the run up again on {host}")
    found: list[tuple[datetime, Cell]] = [
        *((one.at, again.format(who=one.operator, host=one.host)) for one in facts.runners[1:]),
        *((one.at, _happened(one)) for one in (*facts.recovery, *facts.refusals)),
        *((span.ended, sentence(span.reason)) for span in facts.spans if span.ended and "Stopped" in span.reason),
    ]
    rows = [(figures.moment(at, zone), what) for at, what in sorted(found, key=lambda one: one[0])]
    if not rows:
        return None
    table = Table(_("What did not go straight on"), (_("At"), _("What")), tuple(rows))
    return Section("interruptions", _("Interruptions, recovery and refusals"), (table,))


def _happened(one: At) -> Cell:
    match one.event:
        case ev.RecoverySeen(outcome=outcome, evidence=evidence, remedy=remedy, sessions=sessions, lock_holder=holder):
            found = [f"{_('Looked at')}: {labels.recovery(outcome)}. {sentence(evidence)}"]
            found += [_("Still there: {who}").format(who=str(peer)) for peer in sessions]
            found += [_("Prisma's lock is held by {who}").format(who=holder)] if holder else []
            return Lines((*found, sentence(remedy)) if remedy else tuple(found))
        case ev.MigrationSettled(name=name, state=state, evidence=evidence):
            return f"{name}: {labels.migration(state).text}. {sentence(evidence)}"
        case ev.MigrationResolved(name=name, applied=applied, operator=who, evidence=evidence):
            how = _("applied") if applied else _("rolled back")
            told = _("{who} resolved {name} as {how}").format(who=who, name=name, how=how)
            return f"{told}. {sentence(evidence)}"
        case ev.RunnerLeft(reason=reason):
            return _("The runner left, and the run stayed open: {reason}").format(reason=sentence(reason))
        case ev.ConfirmationRefused(operator=who, reason=reason):
            return Mark(_("Refused to {who}: {reason}").format(who=who, reason=sentence(reason)), Tone.WARN)
    return ""


def github(facts: Facts, zone: tzinfo) -> Section | None:
    """Workflow runs with their addresses. None where nothing was dispatched."""
    if not facts.workflows and not facts.reviews:
        return None
    blocks: list[Block] = []
    if facts.workflows:
        head: tuple[str, ...] = (
            _("Workflow"),
            _("Run"),
            _("Dispatched"),
            _("By"),
            _("Commit"),
            _("Outcome"),
            _("Jobs"),
        )
        rows = tuple(_workflow(view, zone) for view in facts.workflows)
        blocks.append(Table(_("Workflow runs"), head, rows))
    if facts.reviews:
        head = (_("At"), _("By"), _("What"))
        blocks.append(
            Table(_("Approvals, cancellations and stops"), head, tuple(_review(one, zone) for one in facts.reviews))
        )
    return Section("github", _("GitHub"), tuple(blocks))


def _workflow(view: WorkflowView, zone: tzinfo) -> tuple[Cell, ...]:
    run = view.run
    if view.failed:
        outcome = Mark(sentence(view.failed.problem), Tone.BAD)
    elif run is None:
        outcome = Mark(_("not looked at"), Tone.QUIET)
    else:
        tone = Tone.GOOD if run.green else Tone.BAD if run.over else Tone.WARN
        outcome = Mark(run.conclusion or run.status, tone)
    jobs = Lines(tuple(f"{job.name}: {job.conclusion or job.status}" for job in view.jobs))
    by = f"{view.started.operator} ({view.started.login})" if view.started.login else view.started.operator
    address: Cell = Link(str(view.run_id), view.url) if view.url else figures.NONE
    named = f"{view.started.purpose}: {view.started.workflow}"
    return (named, address, figures.moment(view.at, zone), by, Code(view.started.sha), outcome, jobs)


def _review(one: At, zone: tzinfo) -> tuple[Cell, ...]:
    at = figures.moment(one.at, zone)
    outcomes: dict[bool | None, str] = {None: _("asked for"), True: _("done"), False: _("refused")}
    match one.event:
        case ev.DeploymentReviewed(environment=environment, approved=approved, operator=who) as event:
            what = _("Approve {environment}") if approved else _("Reject {environment}")
            words = [what.format(environment=environment), event.comment, outcomes[event.done], event.problem]
            return (at, who, Lines(tuple(word for word in words if word)))
        case ev.WorkflowCancelled(operator=who, done=done, problem=problem):
            return (at, who, f"{_('Cancel the workflow run')}: {outcomes[done]} {problem}".rstrip())
        case ev.FleetStopped(operator=who, reason=reason):
            return (at, who or _("the program"), _("The fleet was stopped: {reason}").format(reason=sentence(reason)))
    return (at, "", "")


_TARGETS = {TargetState.DONE: Tone.GOOD, TargetState.FAILED: Tone.BAD, TargetState.UNKNOWN: Tone.BAD}


def fleet(facts: Facts) -> Section | None:
    """Each target of a run over many databases. None for any other run."""
    if facts.fleet is None:
        return None
    urls = {view.started.request: (view.run_id, view.url) for view in facts.workflows}
    head: tuple[str, ...] = (_("Target"), _("State"), _("Pending"), _("Plan"), _("Run"), _("What its database said"))
    rows: list[tuple[Cell, ...]] = []
    for name, view in facts.fleet.targets.items():
        number, url = urls.get(view.request, (0, ""))
        said = view.verified.evidence if view.verified else view.plan.problem
        rows.append(
            (
                Lines((name, _("canary"))) if view.plan.canary else name,
                Mark(_(view.state), _TARGETS.get(view.state, Tone.QUIET)),
                figures.number(len(view.plan.pending)),
                Code(view.plan.hash or figures.NONE),
                Link(str(number), url) if url else figures.NONE,
                sentence(said),
            )
        )
    blocks: list[Block] = [Table(_("Targets of the fleet"), head, tuple(rows), frozenset({2}))]
    if facts.fleet.stopped:
        stopped = sentence(facts.fleet.stopped.reason)
        blocks.append(Text(_("Stopped: {reason}").format(reason=stopped), Tone.WARN))
    return Section("fleet", _("Targets"), tuple(blocks))


def errors(facts: Facts, zone: tzinfo) -> Section:
    """Notes of the run, and the log around each error."""
    blocks: list[Block] = []
    told = [one for one in facts.notes if isinstance(one.event, ev.Noted)]
    if told:
        tones = {"error": Tone.BAD, "warning": Tone.WARN}
        rows = tuple(
            (
                figures.moment(one.at, zone),
                Mark(_(one.event.level), tones.get(one.event.level, Tone.QUIET)),
                sentence(one.event.text),
            )
            for one in told
            if isinstance(one.event, ev.Noted)
        )
        blocks.append(Table(_("Notes of the run"), (_("At"), _("Level"), _("What")), rows))
    for excerpt in facts.excerpts:
        blocks.extend(_excerpt(excerpt, zone))
    if facts.excerpts_left:
        left = ngettext(
            "Around {n} more error nothing is shown: see the log.",
            "Around {n} more errors nothing is shown: see the log.",
            facts.excerpts_left,
        )
        blocks.append(Text(left.format(n=figures.number(facts.excerpts_left))))
    if not facts.excerpts:
        no_log = facts.record.log_bytes is None
        blocks.append(Text(_("There is no log beside the journal.") if no_log else _("The journal names no error.")))
    return Section("errors", _("Errors and the log around them"), tuple(blocks))


def _excerpt(excerpt: Excerpt, zone: tzinfo) -> list[Block]:
    about = "; ".join(sentence(one.split("\n", 1)[0]) for one in excerpt.about)
    label = _("The log from line {n} on, around {at}; its own times are UTC").format(
        n=excerpt.first, at=figures.moment(excerpt.at, zone)
    )
    return [Text(about, Tone.BAD), Listing(label, excerpt.lines, excerpt.first)]


def record(facts: Facts, zone: tzinfo) -> Section:
    """What this was made from, and how far that can be trusted."""
    found = facts.record
    whole = Mark(_("It verifies."), Tone.GOOD) if found.verifies else Mark(_("It does not verify."), Tone.BAD)
    ends = _("with the run's end") if found.ended else _("without an end")
    size = figures.size(found.log_bytes) if found.log_bytes is not None else _("none")
    rows: list[tuple[str, Cell]] = [
        (_("Audit"), whole),
        (_("Journal"), Code(found.journal)),
        (_("Entries"), f"{figures.number(found.entries)}, {ends}"),
        (_("Size of the journal"), figures.size(found.bytes)),
        (_("Head: SHA-256 of the last entry"), Code(found.head or figures.NONE)),
        (_("Kept heads that fit"), f"{found.fitting}/{found.kept}"),
        (_("Log"), Code(found.log)),
        (_("Size of the log"), size),
        (_("SHA-256 of the log, as the last entry seals it"), Code(found.log_sha256 or figures.NONE)),
        (_("Digests of the log in the journal"), figures.number(found.checkpoints)),
        (_("Bytes of the log after the last digest"), figures.number(found.loose)),
        (_("Report made"), f"{figures.moment(facts.made, zone)}, dixis-tui {facts.version}"),
    ]
    blocks: list[Block] = [Terms(tuple(rows))]
    if found.flaws:
        flaws = tuple((str(at), flaw) for at, flaw in enumerate(found.flaws, 1))
        blocks.append(Table(_("What does not fit"), (_("No."), _("Finding")), flaws))
    how = _("`dixis-tui audit verify` looks at journal, log and kept heads again; docs/journal.md says how by hand.")
    blocks.append(Text(how))
    return Section("record", _("Record"), tuple(blocks))
