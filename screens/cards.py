"""The NOW card: what runs, or what is waited for and which key does it, or what went wrong and what to do. Pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Snapshot, Step, Way
from dixis_tui.plan import phases, way_back
from dixis_tui.run import accounts, policy
from dixis_tui.run.state import CheckView, MigrationView, RunState
from screens import words
from screens.spots import broken, unanswered
from screens.view import Link, Mode, View


class Line(Struct, frozen=True):
    """One line of the card. `tone` is a component class; `glyph` stands before the text in its own tone."""

    text: str
    tone: str = "text"
    glyph: str = ""
    glyph_tone: str = ""
    right: str = ""
    """Stands at the right edge: a duration, a state's word."""


class Bar(Struct, frozen=True):
    """How far it is: `fraction` of 1, with words beside it."""

    fraction: float
    label: str


class Card(Struct, frozen=True, kw_only=True):
    """What the NOW card says. `key` and `does`: the one key that goes on, and what it does."""

    headline: str
    tone: str = "text"
    glyph: str = ""
    bar: Bar | None = None
    lines: tuple[Line, ...] = ()
    key: str = ""
    does: str = ""
    more: tuple[tuple[str, str], ...] = ()
    """Other keys that matter now, and what they do."""
    large: bool = False
    """Whether the headline is a verdict: a block of its own."""

    @property
    def alarm(self) -> bool:
        """Whether it needs more room than usual: something went wrong."""
        return self.tone == "bad"


def card(view: View) -> Card:
    """What the people at this screen have to know at this moment.

    Who only looks on is told what is waited for, without the key (`now_card.foot_of`); a second person, what is theirs.
    """
    found = _card(view)
    theirs = view.mode is not Mode.SECOND or (found.key == "m" and found.large)
    return found if theirs else replace(found, key="", does="", more=())


def _card(view: View) -> Card:
    from screens import cards_back, cards_recovery, cards_trouble, cards_wait, cards_work

    state = view.state
    if state.ended:
        return cards_trouble.ended(view)
    if view.link is Link.GONE:
        return cards_trouble.gone(view)
    if state.run is None:
        return Card(headline=_("Waiting for the runner's first entry"), glyph="○", tone="quiet")
    if state.running:
        return cards_work.running(view, state.running)
    if first := accounts.standing(state, view.now):
        return cards_wait.second(view, first)
    if cards_recovery.tells(state):
        return cards_recovery.recovery(view)
    if state.adopted or state.rollback:
        return cards_back.way_back(view)
    if state.confirmed and policy.phase_state(state, Phase.MIGRATE) is not PhaseState.PASSED:
        return cards_trouble.migration(view)
    return cards_wait.waiting(view)


# -- what several cards say


def keeper(view: View) -> str:
    """Who is at the keys, as the journal knows them."""
    state = view.state
    if state.first_confirmed:
        return _("the second person")
    if state.resumed:
        return state.resumed.operator
    return state.run.operator if state.run else _("the operator")


def answers(view: View, number: int) -> str:
    """`2 answers are yours`, or whose they are, for who looks on."""
    written = words.number(number)
    if view.mode is Mode.OPERATOR:
        return ngettext("{number} answer is yours", "{number} answers are yours", number).format(number=written)
    told = ngettext("{number} answer is for {who} to give", "{number} answers are for {who} to give", number)
    return told.format(number=written, who=keeper(view))


def awaited(view: View, found: Card) -> str:
    """For who looks on: what the card's key would do, without the key; empty while something runs, or at the end."""
    if not found.does or found.key in ("s", "q") or view.state.ended:
        return ""
    also = next((_(", or {does}").format(does=does) for key, does in found.more if key == "x"), "")
    return found.does.partition(":")[0] + also


def problems(checks: list[CheckView]) -> tuple[Line, ...]:
    """Closed checks: what each saw, and what to do."""
    lines: list[Line] = []
    told: set[str] = set()
    for check in checks:
        same = [one for one in checks if one.state is CheckState.UNKNOWN and one.evidence == check.evidence]
        if check.state is CheckState.UNKNOWN and len(same) > _ALIKE:
            # One cause, said once: what it hides is in the runbook beside the card.
            if check.evidence not in told:
                told.add(check.evidence)
                which = _("{number} checks ({first} to {last})").format(
                    number=len(same), first=same[0].code, last=same[-1].code
                )
                lines.append(
                    Line(
                        _("{which} could not be looked at: {evidence}").format(
                            which=which, evidence=sentence(check.evidence)
                        ),
                        "text",
                        "?",
                        "bad",
                    )
                )
            continue
        name = f"{_(check.spec.title)} · {check.subject}" if check.subject else _(check.spec.title)
        evidence = f": {sentence(check.evidence)}" if check.evidence else ""
        glyph, tone = words.GLYPHS[check.state], words.TONES[check.state]
        lines.append(Line(f"{check.code} {name}{evidence}", "text", glyph, tone))
        if check.remedy:
            lines.append(Line(f"  {sentence(check.remedy)}", "quiet"))
    return tuple(lines)


def questions(state: RunState, phase: Phase) -> tuple[Line, ...]:
    """What a person has still to answer, and where to look."""
    found = unanswered(state, phase)
    return tuple(
        Line(f"{check.code} {_(check.spec.title)}: {_(check.spec.looks)}", "text", words.GLYPHS[check.state], "quiet")
        for check in found
    )


def closed(state: RunState, phase: Phase) -> tuple[Line, ...]:
    """Why a phase is closed: its checks, or what ended it."""
    lines = problems(broken(state, phase))
    reason = state.phase(phase).reason
    return lines or ((Line(sentence(reason), "text", "✖", "bad"),) if reason else ())


_ALIKE = 2
"""Checks that could not be looked at for one reason are told one by one up to that many."""
_AT_MOST = 6
"""Migrations that are listed one by one; of more, those that are applied or untouched are counted."""
_ERROR_LINES = 3


def migrations(state: RunState, *, rehearsal: bool = False, elapsed: float | None = 0.0) -> tuple[Line, ...]:
    """The migrations of this run in order, each with its state's word, how long it took, and its error under it.

    `elapsed` is None where nobody knows whether what ran still runs.
    """
    views = list(state.migrations.values())
    if len(views) <= _AT_MOST:
        return _each(views, rehearsal=rehearsal, elapsed=elapsed)
    kinds = [view.rehearsal_state if rehearsal else view.state for view in views]
    done = [view for view, kind in zip(views, kinds, strict=True) if kind is MigrationState.APPLIED]
    left = [view for view, kind in zip(views, kinds, strict=True) if kind is MigrationState.PENDING]
    between = [view for view in views if view not in done and view not in left]
    lines: list[Line] = []
    if done:
        lines.append(
            Line(
                _("{migrations} to {name}").format(
                    migrations=words.count(len(done), "migration", "migrations"), name=done[-1].name
                ),
                "text",
                "✔",
                "good",
                _("applied"),
            )
        )
    lines += _each(between, rehearsal=rehearsal, elapsed=elapsed)
    if left:
        text = _("{migrations} from {name}").format(
            migrations=words.count(len(left), "migration", "migrations"), name=left[0].name
        )
        lines.append(Line(text, "text", "○", "quiet", _("not touched")))
    return tuple(lines)


def _each(views: list[MigrationView], *, rehearsal: bool, elapsed: float | None) -> tuple[Line, ...]:
    lines = []
    for view in views:
        kind = view.rehearsal_state if rehearsal else view.state
        if kind is MigrationState.RUNNING and elapsed is None:
            kind = MigrationState.UNKNOWN
        measured = view.rehearsed if rehearsal else view.seconds
        right = _("not touched") if kind is MigrationState.PENDING else _(kind)
        if kind is MigrationState.RUNNING and elapsed is not None:
            right = words.duration(elapsed)
        elif measured is not None and kind is MigrationState.APPLIED:
            right = _("applied in {measured}").format(measured=words.duration(measured))
        if not rehearsal and view.rehearsed is not None and kind is MigrationState.RUNNING:
            right += _(" of about {rehearsed}").format(rehearsed=words.duration(view.rehearsed))
        glyph, tone = words.MIGRATION_GLYPHS[kind], words.MIGRATION_TONES[kind]
        text_tone = "strong" if kind is MigrationState.RUNNING else "text"
        lines.append(Line(view.name, text_tone, glyph, tone, right))
        lines += _error(view.rehearsal_error if rehearsal else view.error)
    return tuple(lines)


def _error(error: str) -> list[Line]:
    return [Line(f"  {said.strip()}", "bad") for said in error.splitlines() if said.strip()][:_ERROR_LINES]


def suffered(view: View) -> tuple[Line, ...]:
    """What others went through on production, and how often we gave way to them; nothing where nobody had to wait."""
    from screens.radar_words import suffered as waits

    begun = (found for found in view.state.migrations.values() if found.state is not MigrationState.PENDING)
    retries = sum(found.retries for found in begun)
    told = [waits(view)] if waits(view) else []
    told += [_("we gave way {retries} and began again").format(retries=words.times(retries))] if retries else []
    text = words.joined(*told)
    return (Line(f"{text[:1].upper()}{text[1:]}.", "text", "▲", "warn"),) if text else ()


def backup_words(view: View) -> str:
    """`14 MB, restored and compared ✔ 16 s`: the way back and what it will take; empty where there is none."""
    state = view.state
    backup, restored, snapshot = state.backup, state.restored, state.snapshot
    if backup is None:
        return snapshot_words(snapshot) if snapshot else ""
    took, _measured = way_back.seconds(restored, Way.SIDE)
    proof = (
        _(", restored and compared ✔ {took}").format(took=words.duration(took)) if restored else _(", never restored")
    )
    return f"{words.size(backup.bytes)}{proof}"


def snapshot_words(snapshot: Snapshot) -> str:
    """What a named snapshot is worth."""
    return _("snapshot {id}: its restore was not proven here").format(id=snapshot.id)


def changed_words(state: RunState) -> str:
    """What this run means for production, as a sentence."""
    if state.rollback:
        begun = {one.step for one in state.steps}
        # A step is written down before it is done.
        if state.rollback.way is Way.SIDE and not begun & {Step.CLEAR, Step.SWAP, Step.VERIFY}:
            return _("The rollback had not touched production: what it restores stands beside it.")
        return _("Production was being put back to the backup: its state is unknown until somebody looks.")
    if policy.production_changed(state):
        return _("The phrase was taken: production may have been changed, and is unknown until somebody looks.")
    return _("The phrase was not taken: this run has not changed production.")


def title(phase: Phase) -> str:
    """`3 Rehearsal`."""
    return f"{phases.number(phase)} {words.phase(phase)}"
