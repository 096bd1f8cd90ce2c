"""The rows of AFTER-WATCH, most important first: what became worse, then each number beside how it was. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dixis_tui.after import AfterFinding, AfterKind, Pool, ScanStat, StatementStat
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.plan.after_why import shown
from dixis_tui.run.state import RunState
from screens import after_words, words
from screens.view import View
from screens.widgets.painted import Part, bar, line, spread, wrapped

_STATES = ("active", "idle in transaction", "idle in transaction (aborted)", "idle")
_FULL = 0.8
"""Share of all connections from which the bar warns."""


def rows(view: View, width: int) -> list[Content]:
    """All of them, however many."""
    state = view.state
    sections = (
        *(_finding(found, width) for found in (state.after.worse if state.after else ())),
        _section(_("HEALTH AND FLOWS, before → now"), _latencies(view, width), width),
        _section(_("CONNECTIONS"), _pool(state, width), width),
        _section(_("DATABASE SINCE THE MIGRATION"), _database(state), width),
        _section(_("SLOWEST STATEMENTS, before → now"), _statements(state, width), width),
        _section(_("SEQUENTIAL SCANS ON BIG TABLES"), _scans(state, width), width),
        _section(_("LOGS"), _logs(state), width),
        _section(_("NOT LOOKED AT"), _unseen(state, width), width),
        _section(_("AS BEFORE AGAIN"), _mended(state, width), width),
    )
    return [row for section in sections for row in section]


def _section(title: str, found: Sequence[Content], width: int) -> list[Content]:
    if not found:
        return []
    rule = "─" * max(width - len(title) - 3, 0)
    return [line(("─ ", "faint"), (f"{title} ", "quiet"), (rule, "faint")), *found]


def _finding(found: AfterFinding, width: int) -> list[Content]:
    """In full: nothing else on the screen matters as much."""
    bad = found.level == "error"
    tone, glyph = ("bad", "✖") if bad else ("warn", "▲")
    head, *rest = wrapped(after_words.subject(found), width - 4)
    drawn = [line((f" {glyph} {head}", tone)).stylize(".title")]
    drawn += [line((f"   {text}", tone)).stylize(".title") for text in rest]
    for text, look, indent in ((found.evidence, "strong", ""), (found.cause, "text", ""), (found.remedy, "text", "→ ")):
        if text:
            drawn += [line((f"   {part}", look)) for part in wrapped(f"{indent}{sentence(text)}", width - 4)]
    return drawn


def _latencies(view: View, width: int) -> list[Content]:
    state = view.state
    drawn = []
    for course in after_words.courses(state):
        kind = AfterKind.FLOW if course.flow else AfterKind.HEALTH
        now = course.now
        worse = after_words.is_worse(state, kind, course.name) or (now is not None and bool(now.problem))
        numbers = _numbers(now.milliseconds if now else None, course.before.milliseconds if course.before else None)
        cells = max(min(width // 3, 40), 8)
        mark: Part = ("▲ ", "warn") if worse else ("✔ ", "good") if now else ("○ ", "quiet")
        what = _("flow {name}").format(name=course.name) if course.flow else course.name
        right: list[Part] = [*after_words.spark(course.looks, course.before, cells), *numbers]
        drawn.append(spread(width, [(" ", ""), mark, (what, "strong" if worse else "text")], right))
        if now and now.problem:
            drawn += [line((f"   {part}", "bad")) for part in wrapped(sentence(now.problem), width - 4)[:2]]
    return drawn


def _numbers(now: float | None, before: float | None) -> list[Part]:
    """`  38 ms → 508 ms `: before, then now, in columns."""
    was = after_words.milliseconds(before) if before is not None else "–"
    this = after_words.milliseconds(now) if now is not None else "–"
    return [(f" {was:>8} → ", "quiet"), (f"{this:>8} ", "strong")]


def _pool(state: RunState, width: int) -> list[Content]:
    sample = after_words.last(state)
    before = state.baseline.pool if state.baseline else None
    pool = (sample.pool if sample else None) or before
    if pool is None:
        return []
    drawn = [_limit(pool, before, width)] if pool.limit else []
    states = [(name, pool.states[name]) for name in _STATES if name in pool.states]
    states += [(name, number) for name, number in pool.states.items() if name not in _STATES]
    told = ", ".join(f"{name} {number}" for name, number in states)
    drawn += [line((f"   {part}", "text")) for part in wrapped(told, width - 4)] if told else []
    if pool.application:
        own = ", ".join(f"{name} {number:g}" for name, number in pool.application.items())
        label = _("the application's own: {numbers}").format(numbers=own)
        drawn += [line((f"   {part}", "text")) for part in wrapped(label, width - 4)[:3]]
    drawn += (
        [line((f" ▲ {part}", "warn")) for part in wrapped(sentence(pool.problem), width - 4)[:2]]
        if pool.problem
        else []
    )
    return drawn


def _limit(pool: Pool, before: Pool | None, width: int) -> Content:
    share = pool.total / pool.limit
    done, rest = bar(max(width // 3, 8), share)
    tone = "bad" if share >= 1 else "warn" if share >= _FULL else "work"
    of = _("{total} of {limit}").format(total=pool.total, limit=pool.limit)
    was = _(", before {total}").format(total=before.total) if before and before is not pool else ""
    mark: Part = (" ▲ ", tone) if tone != "work" else ("   ", "")
    return spread(width, [mark, (done[0], tone), rest, (f" {of}", "strong"), (was, "quiet")])


def _database(state: RunState) -> list[Content]:
    sample = after_words.last(state)
    found = sample.database if sample else None
    if found is None:
        return []
    # Rollbacks are an application's everyday; deadlocks and conflicts are nobody's.
    counted = (
        (found.commits, ngettext("commit", "commits", found.commits), "strong"),
        (found.rollbacks, ngettext("rollback", "rollbacks", found.rollbacks), "strong"),
        (found.deadlocks, ngettext("deadlock", "deadlocks", found.deadlocks), "warn"),
        (found.conflicts, ngettext("conflict", "conflicts", found.conflicts), "warn"),
    )
    parts: list[Part] = []
    for number, what, tone in counted:
        parts += [(", " if parts else "   ", "quiet"), (words.number(number), tone if number else "strong")]
        parts.append((f" {what}", "quiet"))
    if found.temp_bytes:
        parts.append((f", {words.size(found.temp_bytes)} {_('in temporary files')}", "quiet"))
    return [line(*parts)]


def _statements(state: RunState, width: int) -> list[Content]:
    sample = after_words.last(state)
    statements = sample.statements if sample else ()
    before = {one.query_id: one for one in state.baseline.statements} if state.baseline else {}
    if not statements and sample and not (state.baseline and state.baseline.problem):
        return [line((f"   {_('none was seen yet')}", "quiet"))]
    return [_statement(state, one, before.get(one.query_id), width) for one in statements]


def _statement(state: RunState, one: StatementStat, before: StatementStat | None, width: int) -> Content:
    text = one.query or (before.query if before else "")
    subject = shown(text, one.query_id) if text else _("statement {number}").format(number=one.query_id)
    worse = after_words.is_worse(state, AfterKind.STATEMENT, subject)
    mark: Part = (" ▲ ", "warn") if worse else ("   ", "")
    right: list[Part] = [
        (f" {words.number(one.calls)}×", "quiet"),
        *_numbers(one.mean, before.mean if before and before.calls else None),
    ]
    return spread(width, [mark, (subject, "strong" if worse else "text")], right)


def _scans(state: RunState, width: int) -> list[Content]:
    sample = after_words.last(state)
    return [_scan(state, one, width) for one in sample.scans] if sample else []


def _scan(state: RunState, one: ScanStat, width: int) -> Content:
    worse = after_words.is_worse(state, AfterKind.SCAN, one.table)
    mark: Part = (" ▲ ", "warn") if worse else ("   ", "")
    right: list[Part] = [
        (f" {words.number(one.scans)}", "strong"),
        (f" {_('scans')}, ", "quiet"),
        (words.number(one.rows_read), "strong"),
        (f" {_('rows')} ", "quiet"),
    ]
    return spread(width, [mark, (one.table, "strong" if worse else "text")], right)


def _logs(state: RunState) -> list[Content]:
    sample = after_words.last(state)
    if sample is None or not (sample.log_lines or sample.log_errors):
        return []
    errors: Part = (words.number(sample.log_errors), "warn" if sample.log_errors else "strong")
    return [
        line(
            (" ▲ " if sample.log_errors else "   ", "warn"),
            (words.number(sample.log_lines), "strong"),
            (f" {_('lines read')}, ", "quiet"),
            errors,
            (f" {_('of them errors')}", "quiet"),
        )
    ]


def _unseen(state: RunState, width: int) -> list[Content]:
    """What this server does not tell, and how to have it."""
    problem = state.baseline.problem if state.baseline else ""
    texts = wrapped(sentence(problem), width - 4) if problem else []
    return [line((f" {'○' if at == 0 else ' '} {text}", "text")) for at, text in enumerate(texts)]


def _mended(state: RunState, width: int) -> list[Content]:
    found = [one for one in state.after.findings.values() if one.over] if state.after else []
    return [spread(width, [(" ✔ ", "good"), (after_words.told(one), "text")]) for one in found]
