"""The beginning of a report: verdict, summary, timeline, who and from where, the plan."""

from __future__ import annotations

from datetime import tzinfo

from dixis_tui import events as ev
from dixis_tui.fleet import FLEET
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.model import MigrationState, Verdict
from dixis_tui.report import figures, labels, timeline
from dixis_tui.report.document import Block, Cell, Code, Figure, Mark, Section, Table, Terms, Text, Tone
from dixis_tui.report.values import Facts, Runner, Span


def lead(facts: Facts, zone: tzinfo) -> tuple[Block, ...]:
    """What stands below the verdict: what has to be known first, and the summary."""
    blocks: list[Block] = []
    if not facts.record.verifies:
        told = _("The journal or its log does not verify: something was changed after it was written.")
        blocks.append(Text(f"{told} {_('See Record.')}", Tone.BAD))
    if facts.record.cut:
        blocks.append(Text(_("The journal ends in the middle of a line: what was written last is missing."), Tone.WARN))
    if facts.record.unread:
        told = ngettext(
            "{n} line of the journal can't be read by this version and is left out.",
            "{n} lines of the journal can't be read by this version and are left out.",
            facts.record.unread,
        )
        blocks.append(Text(told.format(n=figures.number(facts.record.unread)), Tone.WARN))
    if facts.provisional:
        blocks.append(Text(_provisional(facts, zone), Tone.WARN))
    blocks.append(Text(summary(facts, zone)))
    return tuple(blocks)


def _provisional(facts: Facts, zone: tzinfo) -> str:
    if facts.live:
        told = _("Provisional: the run had not written its last entry when this was made, at {at}.")
    else:
        told = _("The run has no end: its runner died or left it open. This is how it stood at {at}.")
    final = _("Once it has ended, `dixis-tui report {run}` makes the final one, with the journal's last digest.")
    at = figures.moment(facts.made if facts.live else facts.last, zone)
    return f"{told.format(at=at)} {final.format(run=facts.run)}"


def summary(facts: Facts, zone: tzinfo) -> str:
    """One paragraph: what was to be done, what came of it, how long it took, and what has to be known besides."""
    parts = [_opening(facts, zone)]
    if facts.summary:
        parts.append(sentence(facts.summary))
    parts.extend(_work(facts))
    if facts.waived:
        told = ngettext("{n} gate was waived by name.", "{n} gates were waived by name.", facts.waived)
        parts.append(told.format(n=figures.number(facts.waived)))
    if facts.most_victims:
        told = ngettext(
            "At most {n} session waited behind it, {longest} at the longest.",
            "At most {n} sessions waited behind it, {longest} at the longest.",
            facts.most_victims,
        )
        parts.append(told.format(n=figures.number(facts.most_victims), longest=figures.seconds(facts.longest_wait)))
    if len(facts.runners) > 1:
        told = ngettext("It was taken up again {n} time.", "It was taken up again {n} times.", len(facts.runners) - 1)
        parts.append(told.format(n=figures.number(len(facts.runners) - 1)))
    return " ".join(parts)


def _opening(facts: Facts, zone: tzinfo) -> str:
    operator = facts.runners[0].operator if facts.runners else "?"
    if facts.environment == "drill":
        told = _("A drill of the way back on {target}, run by {operator} from {started} to {last} ({seconds}).")
    elif facts.environment == FLEET:
        told = _("A run over many databases, by {operator} from {started} to {last} ({seconds}).")
    else:
        told = _("{name} ({target}), run by {operator} from {started} to {last} ({seconds}).")
    return told.format(
        name=facts.name or "?",
        target=facts.target or "?",
        operator=operator,
        started=figures.moment(facts.started, zone),
        last=figures.moment(facts.last, zone),
        seconds=figures.seconds(facts.seconds),
    )


def _work(facts: Facts) -> list[str]:
    if not facts.migrations or facts.environment == FLEET:
        return []
    found: list[str] = []
    if facts.verdict is not Verdict.DONE or not facts.summary:
        applied = sum(one.state is MigrationState.APPLIED for one in facts.migrations)
        told = ngettext(
            "{applied} of {n} migration applied on production in {seconds}.",
            "{applied} of {n} migrations applied on production in {seconds}.",
            len(facts.migrations),
        )
        seconds, n = figures.seconds(facts.migration_seconds), figures.number(len(facts.migrations))
        found.append(told.format(applied=figures.number(applied), n=n, seconds=seconds))
    if facts.prediction is not None:
        foretold = _("Predicted were {seconds} ({low} to {high}).").format(
            seconds=figures.seconds(facts.prediction.seconds),
            low=figures.seconds(facts.prediction.low),
            high=figures.seconds(facts.prediction.high),
        )
        found.append(foretold)
    broken = [one.name for one in facts.migrations if one.state is MigrationState.FAILED]
    if broken:
        found.append(_("Failed: {names}.").format(names=", ".join(broken)))
    return found


def when(facts: Facts, zone: tzinfo) -> Section:
    """The timeline as a picture and as a table."""
    blocks: list[Block] = []
    picture = timeline.draw(facts, zone)
    if picture:
        blocks.append(Figure(picture, timeline.described(facts, zone)))
    rows = [_span(span, facts, zone) for span in facts.spans]
    head = (_("Phase"), _("Began"), _("Ended"), _("Planned"), _("Predicted"), _("Took"), _("Outcome"), _("Reason"))
    if rows:
        table = Table(_("Phases as they were at work"), head, tuple(rows), frozenset({3, 4, 5}))
        blocks.append(table)
    else:
        blocks.append(Text(_("No phase was begun.")))
    return Section("timeline", _("Timeline"), tuple(blocks))


def _span(span: Span, facts: Facts, zone: tzinfo) -> tuple[Cell, ...]:
    def of(bars: tuple[timeline.Bar, ...]) -> str:
        bar = next((bar for bar in bars if bar.phase is span.phase and bar.ends), None)
        return figures.seconds((bar.ends - bar.starts).total_seconds()) if bar and bar.ends else figures.NONE

    again = f" ({_('attempt {n}').format(n=span.attempt)})" if span.attempt > 1 else ""
    return (
        f"{labels.phase(span.phase)}{again}",
        figures.moment(span.started, zone),
        figures.clock(span.ended, zone) if span.ended else _("no end journaled"),
        of(facts.planned),
        of(facts.predicted),
        figures.seconds(span.seconds),
        labels.phase_state(span.state),
        sentence(span.reason),
    )


def people(facts: Facts, zone: tzinfo) -> Section:
    """Who, when, from where, with which versions, to which database."""
    rows: list[tuple[str, Cell]] = [
        (_("Run"), Code(facts.run)),
        (_("System"), facts.name),
        (_("Environment"), facts.environment),
        (_("Target, without its password"), Code(facts.target)),
    ]
    if facts.identity:
        where = f"{facts.identity.database} @ {facts.identity.host}:{facts.identity.port}"
        rows.append((_("Database"), f"{where}, {_('as {user}').format(user=facts.identity.user)}"))
        server = f"PostgreSQL {facts.identity.version}, TLS {facts.identity.tls or _('none')}"
        rows.append((_("Server"), server))
        rows.append((_("System identifier"), Code(facts.identity.system_identifier or figures.NONE)))
    if facts.executor:
        rows.append((_("Executor"), labels.executor(facts.executor)))
    if facts.project:
        rows.append((_("Prisma"), f"{facts.project.prisma_version} ({facts.project.command})"))
        rows.append((_("Project"), Code(facts.project.directory)))
        rows.append((_("Commit"), Code(facts.project.commit or figures.NONE)))
    if facts.window:
        opens, closes = (figures.moment(at, zone) for at in facts.window)
        rows.append((_("Maintenance window"), _("{opens} to {closes}").format(opens=opens, closes=closes)))
    rows.append((_("Times are in"), f"{facts.timezone} ({_offset(facts, zone)})"))
    blocks: list[Block] = [Terms(tuple(rows)), _runners(facts, zone), _phrases(facts, zone)]
    if facts.contacts:
        head = (_("Role"), _("Name"), _("Reached at"))
        blocks.append(Table(_("Contacts"), head, tuple(tuple(one) for one in facts.contacts)))
    return Section("who", _("Who, when, from where"), tuple(blocks))


def _offset(facts: Facts, zone: tzinfo) -> str:
    offset = f"{(facts.started or facts.made).astimezone(zone):%z}"
    return f"UTC{offset[:3]}:{offset[3:]}"


def _runners(facts: Facts, zone: tzinfo) -> Block:
    head = (_("At"), _("Operator"), _("Host"), _("SSH connection"), _("Process"), "dixis-tui", _("Silence before"))

    def row(at: int, one: Runner) -> tuple[Cell, ...]:
        gap = figures.seconds(one.gap) if at else figures.NONE
        ssh = one.ssh or _("none: at the machine itself")
        return (figures.moment(one.at, zone), one.operator, one.host, ssh, str(one.pid), one.version, gap)

    rows = tuple(row(at, one) for at, one in enumerate(facts.runners))
    return Table(_("Who ran it, and from where"), head, rows, frozenset({6}))


def _phrases(facts: Facts, zone: tzinfo) -> Block:
    if not facts.confirmed:
        return Text(_("Nobody typed the phrase: production was not to be changed."))
    head = (_("At"), _("What"), _("Person"), _("Account"), _("Plan"))
    rows: list[tuple[Cell, ...]] = []
    for one in facts.confirmed:
        at = figures.moment(one.at, zone)
        match one.event:
            case ev.FirstConfirmed(operator=who, account=account, digest=digest):
                rows.append((at, _("Typed by the first of two"), who, account, Code(digest)))
            case ev.FirstVoided(reason=reason):
                rows.append((at, _("Void: {reason}").format(reason=sentence(reason)), "", "", ""))
            case ev.Confirmed(operator=who, account=account, digest=digest) as event:
                rows.append((at, _("Phrase taken"), who, account or figures.NONE, Code(digest)))
                if event.second:
                    rows.append((at, _("And by the second"), event.second, event.second_account, Code(digest)))
    return Table(_("Who typed the phrase"), head, tuple(rows))


def plan(facts: Facts) -> Section:
    """What was sealed."""
    if facts.plan is None:
        return Section("plan", _("Plan"), (Text(_("No plan was sealed.")),))
    rows: list[tuple[str, Cell]] = [(label, Code(value)) for label, value in facts.plan.lines]
    terms = Terms(((_("Hash"), Code(facts.plan.hash)), (_("Digest"), Code(facts.plan.digest)), *rows))
    return Section("plan", _("Plan as it was sealed"), (terms,))


def verdict(facts: Facts) -> Mark:
    """In large words; what is not final says so."""
    found = labels.verdict(facts.verdict)
    if facts.provisional and facts.verdict is not Verdict.OPEN and facts.live:
        return Mark(_("{verdict} (provisional)").format(verdict=found.text), found.tone)
    return found
