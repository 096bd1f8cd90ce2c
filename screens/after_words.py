"""What the after-watch has to say: how it stands in a sentence, numbers before and now, and their course. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dixis_tui.after import AfterFinding, AfterKind, Latency, Sample
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.run.state import RunState
from screens import words
from screens.view import Link, View
from screens.widgets.painted import Part

_BARS = "▁▂▃▄▅▆▇█"
_BROKEN = "✖"
_SUBJECT_CELLS = 44
KEY = "f"
"""Opens the screen, from everywhere."""


class Standing(Struct, frozen=True):
    """How the after-watch stands: a word to be drawn large, its tone, and a sentence."""

    word: str
    tone: str
    glyph: str
    line: str


class Course(Struct, frozen=True, kw_only=True):
    """One endpoint or flow: its looks, the newest last, and how it was before (None: nobody looked)."""

    name: str
    flow: bool
    looks: tuple[Latency, ...]
    before: Latency | None

    @property
    def now(self) -> Latency | None:
        """The newest look."""
        return self.looks[-1] if self.looks else None


def standing(view: View) -> Standing:
    """The answer to "is it as before?"."""
    after = view.state.after
    if after is None:
        return Standing(_("not begun"), "quiet", "○", _not_begun(view.state))
    if after.worse:
        word = ngettext("{number} worse", "{number} worse", len(after.worse)).format(number=len(after.worse))
        bad = any(finding.level == "error" for finding in after.worse)
        return Standing(word, "bad" if bad else "warn", "✖" if bad else "▲", time_words(view))
    if not after.looks:
        if after.ended or view.state.ended:
            return Standing(_("not looked at"), "quiet", "○", time_words(view))
        return Standing(_("looking"), "work", "◐", time_words(view))
    return _calm(view)


def _calm(view: View) -> Standing:
    """Nothing was found. Green is only what was compared whole: no finding is no evidence where nobody could look."""
    state, newest = view.state, last(view.state)
    if newest and any(look.problem for look in newest.latencies):
        return Standing(_("a look failed"), "warn", "▲", time_words(view))  # a finding needs more than one of them
    if state.baseline is None:
        return Standing(_("nothing to compare"), "quiet", "○", time_words(view))
    if state.baseline.problem:
        return Standing(_("as before, as far as was looked at"), "warn", "▲", time_words(view))
    return Standing(_("as before"), "good", "✔", time_words(view))


def _not_begun(state: RunState) -> str:
    if state.drill:
        return _("A drill has no application to watch.")
    if state.baseline:
        return _("How it was is kept; the watch begins once verify has passed.")
    return _("It begins once the migration is verified; after.minutes says for how long.")


def time_words(view: View) -> str:
    """How much of the watch is left, or why it is over."""
    after = view.state.after
    if after is None:
        return ""
    looks = ngettext("{number} look", "{number} looks", after.looks).format(number=words.number(after.looks))
    if after.ended:
        return _("no longer watched: {reason}; {looks}").format(reason=sentence(after.ended), looks=looks)
    if view.link is Link.GONE or view.state.ended:
        return _("nobody watches any more; {looks}").format(looks=looks)
    left = words.clock((after.until - view.now).total_seconds())
    last = _(", the last at {time}").format(time=view.at(after.seen_at, seconds=True)) if after.seen_at else ""
    return _("{left} left, until {until}; {looks}{last}").format(
        left=left, until=view.at(after.until), looks=looks, last=last
    )


def subject(finding: AfterFinding) -> str:
    """What a finding is about; a flow may be called as an endpoint is."""
    return _("flow {name}").format(name=finding.subject) if finding.kind is AfterKind.FLOW else finding.subject


def told(finding: AfterFinding) -> str:
    """A finding in a line: what, cut where it is a long statement, and its numbers."""
    return f"{words.cut(subject(finding), _SUBJECT_CELLS)}: {sentence(finding.evidence)}"


def large(view: View) -> Standing | None:
    """What the presenter draws large: that something is worse; None where nothing is, or the run is elsewhere."""
    found = standing(view) if speaks(view.state) else None
    if found is None or view.state.after is None or not view.state.after.worse:
        return None
    worst = told(view.state.after.worse[0])
    return Standing(words.upper(_("worse")), found.tone, found.glyph, f"{found.glyph} {worst}")


def speaks(state: RunState) -> bool:
    """Whether the after-watch has something to say beside the sign-off: it has begun, and the migration stands."""
    return state.after is not None and state.rollback is None and state.ended is None


def courses(state: RunState) -> list[Course]:
    """Endpoints first, then flows, in the order of the newest look; before there is one, as the baseline has them."""
    samples = state.after.samples if state.after else ()
    before = state.baseline.latencies if state.baseline else ()
    newest = samples[-1].latencies if samples else before
    found = [
        Course(
            name=one.name,
            flow=one.flow,
            looks=tuple(look for sample in samples for look in sample.latencies if _same(look, one)),
            before=next((look for look in before if _same(look, one)), None),
        )
        for one in newest
    ]
    return sorted(found, key=lambda course: course.flow)


def _same(one: Latency, other: Latency) -> bool:
    return (one.flow, one.name) == (other.flow, other.name)


def last(state: RunState) -> Sample | None:
    """The newest look."""
    return state.after.samples[-1] if state.after and state.after.samples else None


def is_worse(state: RunState, kind: AfterKind, subject: str) -> bool:
    """Whether that very thing is worse than before now."""
    found = state.after.findings.get((kind, subject)) if state.after else None
    return found is not None and not found.over


def spark(looks: Sequence[Latency], before: Latency | None, cells: int) -> list[Part]:
    """One letter a look, as high as it took against the slowest of them and of before; a broken one is a cross."""
    shown = looks[-cells:]
    most = max([look.milliseconds for look in shown] + ([before.milliseconds] if before else []), default=0.0)
    parts: list[Part] = [(" " * (cells - len(shown)), "")]
    for look in shown:
        high = round(look.milliseconds / most * (len(_BARS) - 1)) if most else 0
        parts.append((_BROKEN, "bad") if look.problem else (_BARS[high], "work"))
    return parts


def milliseconds(value: float) -> str:
    """`0.83 ms`, `41 ms`, `1.2 s`; in Greek `0,83 ms`, `1,2 δ`."""
    if value >= 1000:
        return _("{seconds} s").format(seconds=words.decimal(value / 1000))
    return f"{words.decimal(value, 0 if value >= 9.95 else 1 if value >= 0.995 else 2)} ms"
