"""The work itself: backup and its proof, rehearsal, migrations with their statements, hazards, and who waited."""

from __future__ import annotations

from datetime import tzinfo

from dixis_tui import events as ev
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.locks import Peer
from dixis_tui.model import MigrationState, Place
from dixis_tui.report import figures, labels
from dixis_tui.report.document import (
    Block,
    Cell,
    Code,
    Heading,
    Lines,
    Listing,
    Mark,
    Section,
    Table,
    Terms,
    Text,
    Tone,
)
from dixis_tui.report.values import At, Facts, HazardSeen, Migration, Statement

_PEERS = 8
"""Sessions that are named of those that waited behind one statement."""


def backup(facts: Facts, zone: tzinfo) -> Section:
    """The dump, and what proved that it can be restored."""
    blocks: list[Block] = []
    if facts.adopted:
        blocks.append(Text(_("This run goes back to the backup of run {run}.").format(run=facts.adopted.run)))
    if facts.backup:
        made = facts.backup
        rows: list[tuple[str, Cell]] = [
            (_("File"), Code(made.path)),
            (_("Format"), f"{made.form}, {_('encrypted') if made.encrypted else _('not encrypted')}"),
            (_("Size"), figures.size(made.bytes)),
            ("SHA-256", Code(made.sha256)),
            (_("Snapshot taken"), figures.moment(made.taken_at, zone)),
            (_("Took"), figures.seconds(made.seconds)),
            (_("Tables"), figures.number(len(made.counts))),
            (_("Rows"), figures.number(sum(made.counts.values()))),
            (_("Last migration in it"), Code(made.head or figures.NONE)),
        ]
        if facts.backups_made > 1:
            rows.append((_("Backups made in this run"), figures.number(facts.backups_made)))
        blocks.append(Terms(tuple(rows)))
    else:
        blocks.append(Text(_("This run has no backup.")))
    if facts.snapshot and isinstance(facts.snapshot.event, ev.SnapshotNamed):
        named = facts.snapshot.event
        told = _("{who} named the provider's snapshot {id} at {where}; its restore was not proven here.")
        blocks.append(Text(told.format(who=named.operator, id=named.snapshot.id, where=named.snapshot.where)))
    blocks.append(_proof(facts, zone))
    return Section("backup", _("Backup and its proof"), tuple(blocks))


def _proof(facts: Facts, zone: tzinfo) -> Block:
    if not facts.restored:
        return Text(_("No backup was restored and compared in this run: nothing proves it."), Tone.WARN)
    head: tuple[str, ...] = (_("At"), _("Restored to"), _("Place"), _("Restore"), _("Compare"), _("Tables"), _("Rows"))
    rows = tuple(
        (
            figures.moment(one.at, zone),
            one.where,
            _place(one.place),
            figures.seconds(one.seconds),
            figures.seconds(one.compare_seconds),
            figures.number(one.tables),
            figures.number(one.rows),
        )
        for one in facts.restored
    )
    return Table(_("Restored and compared"), head, rows, frozenset({3, 4, 5, 6}))


def _place(place: Place) -> str:
    return _("production") if place is Place.PRODUCTION else _("staging")


def rehearsal(facts: Facts) -> Section | None:
    """What staging said of the pending files, and what was foretold from it. None where there was none."""
    tried = [one for one in facts.migrations if one.rehearsal_state is not MigrationState.PENDING]
    found = facts.prediction
    if not tried and not found:
        return None
    blocks: list[Block] = []
    if found:
        origin = _("from the rehearsal") if found.rehearsed else _("the runbook's numbers: nothing was rehearsed")
        rows: list[tuple[str, Cell]] = [
            (_("Predicted"), f"{figures.seconds(found.seconds)} ({origin})"),
            (_("Range"), f"{figures.seconds(found.low)} – {figures.seconds(found.high)}"),
            (_("WAL"), figures.size(found.wal_bytes)),
            (_("Disk"), figures.size(found.disk_bytes)),
            (_("Temporary files"), figures.size(found.temp_bytes)),
        ]
        if found.learned_from:
            told = ngettext("from {n} earlier run", "from {n} earlier runs", found.learned_from)
            learned = told.format(n=figures.number(found.learned_from))
            rows.append((_("Learned factor"), f"{figures.number(found.ratio, 2)} ({learned})"))
        blocks.append(Terms(tuple(rows)))
    if tried:
        head: tuple[str, ...] = (_("Migration"), _("On staging"), _("Took"), _("Message"))
        body = tuple(
            (
                Code(one.name),
                labels.migration(one.rehearsal_state),
                figures.seconds(one.rehearsed),
                Code(one.rehearsal_error) if one.rehearsal_error else "",
            )
            for one in tried
        )
        blocks.append(Table(_("Rehearsed on staging"), head, body, frozenset({2})))
    return Section("rehearsal", _("Rehearsal and prediction"), tuple(blocks))


def migrations(facts: Facts, zone: tzinfo) -> Section:
    """All files in one table, then each with its statements."""
    title = _("Migrations")
    if not facts.migrations:
        return Section("migrations", title, (Text(_("No migration was pending, or nobody has looked.")),))
    head: tuple[str, ...] = (
        _("Migration"),
        _("State"),
        _("Predicted"),
        _("Took"),
        _("Attempts"),
        _("Retries"),
        _("Waited behind it"),
        _("Longest wait"),
    )
    rows = tuple(
        (
            Code(one.name),
            labels.migration(one.state),
            figures.seconds(one.predicted),
            figures.seconds(one.seconds),
            figures.number(one.attempts),
            figures.number(one.retries),
            figures.number(one.victims),
            figures.seconds(one.waited) if one.victims else figures.NONE,
        )
        for one in facts.migrations
    )
    told = _("Before this run {n} were applied.").format(n=figures.number(facts.applied_before))
    caption = _("Pending migrations on production")
    blocks: list[Block] = [Text(told), Table(caption, head, rows, frozenset({2, 3, 4, 5, 6, 7}))]
    for one in facts.migrations:
        blocks.extend(_migration(one, zone))
    return Section("migrations", title, tuple(blocks))


def _migration(one: Migration, zone: tzinfo) -> list[Block]:
    rows: list[tuple[str, Cell]] = [(_("State"), labels.migration(one.state))]
    if one.started:
        rows.append((_("Began on production"), figures.moment(one.started, zone)))
    rows.append((_("SHA-256 of the file"), Code(one.checksum or figures.NONE)))
    if one.sqlstate:
        rows.append(("SQLSTATE", Code(one.sqlstate)))
    blocks: list[Block] = [Heading(one.name), Terms(tuple(rows))]
    if one.error:
        label = _("What the server said of {name}").format(name=one.name)
        blocks.append(Listing(label, tuple(one.error.split("\n"))))
    if one.statements:
        head: tuple[str, ...] = (
            _("No."),
            _("Statement"),
            _("Predicted"),
            _("Rehearsed"),
            _("Took"),
            _("Rows"),
            _("Locks held"),
        )
        body = tuple(_statement(part) for part in one.statements)
        caption = _("Statements of {name}").format(name=one.name)
        blocks.append(Table(caption, head, body, frozenset({2, 3, 4, 5})))
    else:
        blocks.append(Text(_("No statement of it was measured.")))
    return blocks


def _statement(one: Statement) -> tuple[Cell, ...]:
    foretold = figures.seconds(one.predicted)
    between = f"{figures.seconds(one.low)} – {figures.seconds(one.high)}" if one.low is not None else ""
    locks: list[str | Mark] = [
        f"{lock.mode} {lock.table} {figures.seconds(lock.seconds)}"
        + (f" ({_('as rehearsed')})" if one.locks_foreseen else "")
        for lock in one.locks
    ]
    if one.victims:
        told = ngettext("{n} session waited, up to {longest}", "{n} sessions waited, up to {longest}", one.victims)
        words = told.format(n=figures.number(one.victims), longest=figures.seconds(one.waited))
        locks.append(Mark(words, Tone.WARN))
    return (
        str(one.number),
        Lines((Code(one.text), _("line {n}").format(n=one.line))),
        Lines((foretold, between)) if between else foretold,
        figures.seconds(one.rehearsed),
        figures.seconds(one.taken),
        figures.number(one.rows),
        Lines(tuple(locks)) if locks else figures.NONE,
    )


def hazards(facts: Facts) -> Section:
    """Each foreseen hazard beside what was measured."""
    title = _("Hazards and what came of them")
    if not facts.hazards:
        return Section("hazards", title, (Text(_("No hazard was foreseen, or nobody has looked.")),))
    head: tuple[str, ...] = (_("Hazard"), _("Severity"), _("Where"), _("Foreseen"), _("What came of it"))
    rows = tuple(_hazard(one) for one in facts.hazards)
    return Section("hazards", title, (Table(_("Foreseen hazards"), head, rows),))


_SEVERITIES = {"danger": Tone.BAD, "warning": Tone.WARN, "notice": Tone.QUIET}


def _hazard(one: HazardSeen) -> tuple[Cell, ...]:
    hazard = one.hazard
    foreseen = [sentence(hazard.what), sentence(hazard.why), sentence(hazard.size)]
    if hazard.suppressed:
        foreseen.append(_("Left as it is by a comment in the file: {reason}").format(reason=hazard.suppressed))
    return (
        Lines((hazard.code, sentence(hazard.title))),
        Mark(_(hazard.severity), _SEVERITIES[hazard.severity]),
        Lines((Code(hazard.migration), _("line {n}").format(n=hazard.line))),
        Lines(tuple(part for part in foreseen if part)),
        Lines(tuple(_came(one))),
    )


def _came(one: HazardSeen) -> list[str | Mark]:
    """What was measured of its statement on production; else on staging; else that nothing was."""
    found: list[str | Mark] = [labels.migration(one.state)]
    part = one.statement
    if part is None or (part.taken is None and part.rehearsed is None and not part.victims):
        return [*found, _("its statement was not measured")]
    if part.taken is not None:
        foretold = f", {_('predicted {seconds}').format(seconds=figures.seconds(part.predicted))}"
        told = _("took {seconds} on production").format(seconds=figures.seconds(part.taken))
        found.append(told + (foretold if part.predicted is not None else ""))
    elif part.rehearsed is not None:
        found.append(_("took {seconds} on staging").format(seconds=figures.seconds(part.rehearsed)))
    if part.victims:
        told = ngettext("{n} session waited, up to {longest}", "{n} sessions waited, up to {longest}", part.victims)
        found.append(told.format(n=figures.number(part.victims), longest=figures.seconds(part.waited)))
    elif part.taken is not None:
        found.append(_("nobody was seen waiting behind it"))
    return found


def waiting(facts: Facts, zone: tzinfo) -> Section | None:
    """Who was waited for, what gave way, who waited behind, who was signalled. None where there was nothing."""
    blocks: list[Block] = []
    if facts.waits or facts.retries:
        both = sorted((*facts.waits, *facts.retries), key=lambda one: one.at)
        head: tuple[str, ...] = (_("At"), _("Migration"), _("What"))
        rows = tuple(_held_up(one, zone) for one in both)
        blocks.append(Table(_("Held up on production"), head, rows))
    queues = [(one, part) for one in facts.migrations for part in one.statements if part.behind]
    if queues:
        head = (_("Statement"), _("Session"), _("Waited"), _("Its query"))
        body = tuple(_behind(one, part, peer) for one, part in queues for peer in part.behind[:_PEERS])
        blocks.append(Table(_("Who waited behind us when most did"), head, body, frozenset({2})))
    if facts.signals:
        head = (_("At"), _("Asked by"), _("What"), _("Backend"), _("Answer"))
        signals = tuple(_signal(one, zone) for one in facts.signals)
        blocks.append(Table(_("Backends that were signalled"), head, signals))
    return Section("waiting", _("Locks and who waited"), tuple(blocks)) if blocks else None


def _held_up(one: At, zone: tzinfo) -> tuple[Cell, ...]:
    at = figures.moment(one.at, zone)
    match one.event:
        case ev.Waited(name=name, peers=peers):
            told = _("Waited before it began, for {who}").format(who="; ".join(str(peer) for peer in peers[:_PEERS]))
            return (at, Code(name or _("all files")), told)
        case ev.Retried(name=name, attempt=attempt, sqlstate=sqlstate, reason=reason, seconds=seconds):
            told = _("Gave way, attempt {n}: {reason} ({sqlstate}); once more after {seconds}")
            words = told.format(n=attempt, reason=sentence(reason), sqlstate=sqlstate, seconds=figures.seconds(seconds))
            return (at, Code(name), words)
    return (at, "", "")


def _behind(one: Migration, part: Statement, peer: Peer) -> tuple[Cell, ...]:
    where = f"{one.name}, {_('statement {n}').format(n=part.number)}"
    who = f"{peer.pid} ({peer.application or _('no name')}, {peer.user}, {peer.address or _('local socket')})"
    waits = _("waits for {lock}").format(lock=f"{peer.lock.mode} {peer.lock.table}") if peer.lock else ""
    return (where, Lines((who, waits)) if waits else who, figures.seconds(peer.waiting_seconds), Code(peer.query))


def _signal(one: At, zone: tzinfo) -> tuple[Cell, ...]:
    if not isinstance(one.event, ev.BackendSignalled):
        return (figures.moment(one.at, zone), "", "", "", "")
    event = one.event
    answers = {None: _("asked for"), True: _("done"), False: _("the server found no such backend")}
    return (
        figures.moment(one.at, zone),
        event.operator or _("the program"),
        event.how,
        f"{event.pid} ({event.who})",
        answers[event.done],
    )
