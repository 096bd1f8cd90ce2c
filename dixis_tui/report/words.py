"""The figures of a report in words: which sections there are, in which order."""

from __future__ import annotations

from dixis_tui.i18n import _, language
from dixis_tui.report import figures, words_after, words_back, words_gates, words_run, words_work
from dixis_tui.report.document import Document
from dixis_tui.report.values import Facts


def document(facts: Facts) -> Document:
    """The whole report in the language in use. What never applied is left out; what is empty says so."""
    zone = figures.zone_of(facts.timezone)
    sections = (
        words_run.when(facts, zone),
        words_run.people(facts, zone),
        words_run.plan(facts),
        words_gates.gates(facts, zone),
        words_back.fleet(facts),
        words_work.backup(facts, zone),
        words_work.rehearsal(facts),
        words_work.migrations(facts, zone),
        words_work.hazards(facts),
        words_work.waiting(facts, zone),
        words_after.health(facts, zone),
        words_after.after(facts, zone),
        words_after.notices(facts, zone),
        words_after.page(facts, zone),
        words_after.access(facts, zone),
        words_back.rollback(facts, zone),
        words_back.interruptions(facts, zone),
        words_back.github(facts, zone),
        words_back.errors(facts, zone),
        words_back.record(facts, zone),
    )
    title = _("Migration report: {name}, run {run}").format(name=facts.name or facts.target, run=facts.run)
    return Document(
        language=language(),
        title=title,
        verdict=words_run.verdict(facts),
        lead=words_run.lead(facts, zone),
        sections=tuple(section for section in sections if section),
        foot=_("Made by dixis-tui {version} from the run's journal.").format(version=facts.version),
        skip=_("Skip the contents"),
        contents=_("Contents"),
    )
