"""How it went on: health, flows, the after-watch; what was told to whom; the maintenance page; who was there."""

from __future__ import annotations

from datetime import tzinfo

from dixis_tui import events as ev
from dixis_tui.i18n import _, sentence
from dixis_tui.model import HealthResult
from dixis_tui.report import figures, labels
from dixis_tui.report.document import Block, Cell, Code, Lines, Mark, Section, Table, Terms, Text, Tone
from dixis_tui.report.values import At, Facts, Found, Health


def health(facts: Facts, zone: tzinfo) -> Section:
    """Endpoints before and after, flows."""
    blocks: list[Block] = []
    if facts.health:
        head: tuple[str, ...] = (
            _("Endpoint"),
            _("Address"),
            _("Baseline"),
            _("Before the go"),
            _("After it"),
            _("Looks afterwards"),
            _("Slowest"),
            _("Problems"),
        )
        rows = tuple(_health(one) for one in facts.health)
        blocks.append(Table(_("Health before and after"), head, rows, frozenset({2, 5, 6, 7})))
    else:
        blocks.append(Text(_("No endpoint was looked at.")))
    if facts.baseline_problem:
        blocks.append(Text(_("Of the baseline: {what}").format(what=sentence(facts.baseline_problem)), Tone.WARN))
    if facts.flows:
        head = (_("Flow"), _("Last gone through"), _("Steps"), _("Took"), _("Outcome"), _("Times"))
        body = tuple(
            (
                one.result.name,
                figures.moment(one.at, zone),
                f"{len(one.result.steps)}/{one.result.planned}",
                figures.milliseconds(one.result.milliseconds),
                Mark(_("passed"), Tone.GOOD) if one.result.ok else Mark(one.result.problem or _("not whole"), Tone.BAD),
                figures.number(one.times),
            )
            for one in facts.flows
        )
        blocks.append(Table(_("Critical flows"), head, body, frozenset({2, 3, 5})))
    return Section("health", _("Health and flows"), tuple(blocks))


def _health(one: Health) -> tuple[Cell, ...]:
    def seen(result: HealthResult | None) -> Cell:
        if result is None:
            return figures.NONE
        words = f"{result.status}, {figures.milliseconds(result.milliseconds)}"
        return Mark(
            words if result.ok else f"{words}: {sentence(result.problem)}", Tone.GOOD if result.ok else Tone.BAD
        )

    return (
        one.name,
        Code(one.url) if one.url else "",
        figures.milliseconds(one.baseline),
        seen(one.before),
        seen(one.after),
        figures.number(one.looks),
        figures.milliseconds(one.worst) if one.looks else figures.NONE,
        figures.number(one.problems),
    )


def after(facts: Facts, zone: tzinfo) -> Section | None:
    """What the after-watch saw. None where there was none."""
    if facts.after is None:
        return None
    watch = facts.after
    terms = Terms(
        (
            (_("Began"), figures.moment(watch.started, zone)),
            (_("Planned until"), figures.moment(watch.until, zone)),
            (_("Looks"), figures.number(watch.looks)),
            (_("Ended"), sentence(watch.ended) or _("it had not ended")),
        )
    )
    if not watch.found:
        return Section("after", _("After-watch"), (terms, Text(_("Nothing became worse than before."))))
    head: tuple[str, ...] = (_("At"), _("What"), _("Level"), _("Evidence"), _("Cause and remedy"))
    rows = tuple(_found(one, zone) for one in watch.found)
    return Section("after", _("After-watch"), (terms, Table(_("What was found"), head, rows)))


def _found(one: Found, zone: tzinfo) -> tuple[Cell, ...]:
    finding = one.finding
    tone = Tone.GOOD if finding.over else Tone.BAD if finding.level == "error" else Tone.WARN
    level = _("as before again") if finding.over else _(finding.level)
    return (
        figures.moment(one.at, zone),
        f"{finding.kind}: {finding.subject}",
        Mark(level, tone),
        sentence(finding.evidence),
        Lines(tuple(sentence(part) for part in (finding.cause, finding.remedy) if part)),
    )


def notices(facts: Facts, zone: tzinfo) -> Section:
    """What was told to people, and what became of it."""
    if not facts.notices:
        told = _("No notice went out through this program: what was told, and how, stands among the gates.")
        return Section("notices", _("Notices"), (Text(told),))
    head: tuple[str, ...] = (_("Notice"), _("At"), _("Channel"), _("To"), _("Outcome"), _("Receipt"), _("Sent by"))
    rows = tuple(
        (
            labels.kind(one.receipt.kind),
            figures.moment(one.at, zone),
            f"{one.receipt.channel} {one.receipt.name}"
            if one.receipt.name != one.receipt.channel
            else one.receipt.name,
            one.receipt.to,
            labels.delivery(one.receipt.delivery),
            sentence(one.receipt.evidence),
            one.operator,
        )
        for one in facts.notices
    )
    return Section("notices", _("Notices"), (Table(_("Notices and receipts"), head, rows),))


def page(facts: Facts, zone: tzinfo) -> Section | None:
    """The maintenance page's times. None where the program had none to put up."""
    blocks: list[Block] = []
    if facts.page:
        found = facts.page
        length = figures.seconds(found.seconds) if found.seconds is not None else _("it is still in place")
        rows: list[tuple[str, Cell]] = [
            (_("Up"), figures.moment(found.up, zone)),
            (_("Down"), figures.moment(found.down, zone)),
            (_("In place"), length),
        ]
        blocks.append(Terms(tuple(rows)))
        head: tuple[str, ...] = (_("At"), _("What"))
        blocks.append(Table(_("The maintenance page"), head, tuple(_page(one, zone) for one in found.steps)))
    if facts.reopened and isinstance(facts.reopened.event, ev.Reopened):
        at = figures.moment(facts.reopened.at, zone)
        told = _("{who} let visitors in again at {at}.").format(who=facts.reopened.event.operator, at=at)
        blocks.append(Text(told))
    return Section("page", _("Maintenance page"), tuple(blocks)) if blocks else None


def _page(one: At, zone: tzinfo) -> tuple[Cell, ...]:
    at = figures.moment(one.at, zone)
    match one.event:
        case ev.PagePut(file=file, ends_at=ends, moved=moved):
            told = _("Its promised end was moved to {end}") if moved else _("Put in place, promising {end}: {file}")
            return (at, told.format(end=figures.clock(ends, zone), file=file))
        case ev.PageTaken(file=file, problem=problem) if problem:
            return (at, Mark(_("Still in place: {file}: {problem}").format(file=file, problem=problem), Tone.BAD))
        case ev.PageTaken(file=file):
            return (at, _("Taken away: {file}").format(file=file))
        case ev.PageSeen(url=url, up=up, status=status, milliseconds=took, problem=problem):
            what = _("the maintenance page") if up else _("the application")
            told = _("{url} answered {status} in {took}: {what}")
            words = told.format(url=url, status=status, took=figures.milliseconds(took), what=what)
            return (at, Mark(f"{words}. {problem}", Tone.BAD) if problem else words)
    return (at, "")


def access(facts: Facts, zone: tzinfo) -> Section:
    """Who was connected to production."""
    title = _("Access during the run")
    if not facts.access:
        return Section("access", title, (Text(_("Sessions on production were not recorded.")),))
    head: tuple[str, ...] = (
        _("User"),
        _("Address"),
        _("Application"),
        _("First seen"),
        _("Last seen"),
        _("At once"),
        _("Whose"),
    )
    rows = tuple(
        (
            one.user,
            _(one.place),
            one.application,
            figures.moment(one.first, zone),
            figures.moment(one.last, zone),
            figures.number(one.count),
            Mark(_("this run's"), Tone.QUIET)
            if one.ours
            else Mark(_("expected"), Tone.GOOD)
            if one.known
            else Mark(_("unknown"), Tone.WARN),
        )
        for one in facts.access
    )
    blocks: list[Block] = [Table(_("Sessions on production"), head, rows, frozenset({5}))]
    if facts.access_more:
        told = _("There were more kinds of session than are listed: {n} looks at others were left out.")
        blocks.append(Text(told.format(n=figures.number(facts.access_more)), Tone.WARN))
    return Section("access", title, tuple(blocks))
