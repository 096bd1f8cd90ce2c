"""Names of states, verdicts and kinds in the language in use, with the tone that each has."""

from __future__ import annotations

from dixis_tui.i18n import N_, _
from dixis_tui.model import CheckState, Executor, MigrationState, Phase, PhaseState, Recovery, Step, Verdict, Way
from dixis_tui.notice import Delivery, NoticeKind
from dixis_tui.plan.phases import TITLES
from dixis_tui.report.document import Mark, Tone

_VERDICTS = {
    Verdict.OPEN: (N_("Under way"), Tone.QUIET),
    Verdict.DONE: (N_("Done"), Tone.GOOD),
    Verdict.CHECKED: (N_("Checked only"), Tone.GOOD),
    Verdict.CLOSED: (N_("Closed by a gate"), Tone.WARN),
    Verdict.FAILED: (N_("Failed"), Tone.BAD),
    Verdict.ROLLED_BACK: (N_("Rolled back"), Tone.WARN),
    Verdict.UNKNOWN: (N_("Outcome unknown"), Tone.BAD),
    Verdict.INTERRUPTED: (N_("Interrupted"), Tone.WARN),
    Verdict.ABANDONED: (N_("Abandoned"), Tone.QUIET),
}
_CHECKS = {
    CheckState.WAITING: (N_("not answered"), Tone.QUIET),
    CheckState.RUNNING: (N_("being looked at"), Tone.QUIET),
    CheckState.PASSED: (N_("passed"), Tone.GOOD),
    CheckState.WARNED: (N_("warned"), Tone.WARN),
    CheckState.FAILED: (N_("failed"), Tone.BAD),
    CheckState.WAIVED: (N_("waived"), Tone.WARN),
    CheckState.UNKNOWN: (N_("unknown"), Tone.BAD),
}
_MIGRATIONS = {
    MigrationState.PENDING: (N_("not applied"), Tone.QUIET),
    MigrationState.RUNNING: (N_("running"), Tone.WARN),
    MigrationState.APPLIED: (N_("applied"), Tone.GOOD),
    MigrationState.FAILED: (N_("failed"), Tone.BAD),
    MigrationState.UNKNOWN: (N_("outcome unknown"), Tone.BAD),
}
_PHASES = {
    PhaseState.WAITING: (N_("waiting"), Tone.QUIET),
    PhaseState.RUNNING: (N_("running"), Tone.QUIET),
    PhaseState.PASSED: (N_("passed"), Tone.GOOD),
    PhaseState.FAILED: (N_("not passed"), Tone.BAD),
}
_DELIVERIES = {
    Delivery.SENDING: (N_("being sent"), Tone.WARN),
    Delivery.SENT: (N_("sent"), Tone.GOOD),
    Delivery.TRIED: (N_("dry run"), Tone.QUIET),
    Delivery.FAILED: (N_("not sent"), Tone.BAD),
    Delivery.UNKNOWN: (N_("unknown"), Tone.WARN),
}
_KINDS = {
    NoticeKind.BEFORE: N_("Before the window"),
    NoticeKind.DURING: N_("During maintenance"),
    NoticeKind.AFTER: N_("Afterwards"),
    NoticeKind.DELAYED: N_("Delayed"),
    NoticeKind.ROLLED_BACK: N_("Rolled back"),
    NoticeKind.CANCELLED: N_("Cancelled"),
}
_RECOVERIES = {
    Recovery.UNTOUCHED: N_("production untouched"),
    Recovery.AT_WORK: N_("something still at work"),
    Recovery.APPLIED: N_("every file is in"),
    Recovery.REST: N_("a part is in, the rest was not begun"),
    Recovery.UNFINISHED: N_("a file is unfinished"),
    Recovery.GOING_BACK: N_("a rollback was under way"),
    Recovery.UNKNOWN: N_("unknown"),
}
_WAYS = {
    Way.SIDE: N_("restored beside production, compared, and swapped by name"),
    Way.IN_PLACE: N_("emptied and restored in one transaction"),
    Way.SNAPSHOT: N_("the provider's snapshot, restored by hand"),
}
_STEPS = {
    Step.INTACT: N_("Backup is intact"),
    Step.CREATE: N_("Database beside it made"),
    Step.RESTORE: N_("Restored"),
    Step.COMPARE: N_("Compared with the backup"),
    Step.CLEAR: N_("Sessions and objects cleared away"),
    Step.SWAP: N_("Swapped by name"),
    Step.VERIFY: N_("Verified"),
}
SEEN = (
    N_("danger"),
    N_("warning"),
    N_("notice"),
    N_("error"),
    N_("info"),
    N_("local"),
    N_("address hidden"),
    N_("waiting"),
    N_("at work"),
    N_("done"),
    N_("nothing to do"),
    N_("left out"),
)
"""Words that the journal's values are, translated where they are shown."""
_EXECUTORS = {
    Executor.DIRECT: N_("direct: this program sent the statements itself"),
    Executor.PRISMA: N_("prisma: the project's own Prisma CLI"),
    Executor.GITHUB: N_("github: a workflow of the repository"),
}


def verdict(found: Verdict) -> Mark:
    """In large words."""
    word, tone = _VERDICTS[found]
    return Mark(_(word), tone)


def check(state: CheckState) -> Mark:
    """Of a check."""
    word, tone = _CHECKS[state]
    return Mark(_(word), tone)


def migration(state: MigrationState) -> Mark:
    """Of a migration."""
    word, tone = _MIGRATIONS[state]
    return Mark(_(word), tone)


def phase_state(state: PhaseState) -> Mark:
    """Of a phase's own work."""
    word, tone = _PHASES[state]
    return Mark(_(word), tone)


def delivery(state: Delivery) -> Mark:
    """Of a notice."""
    word, tone = _DELIVERIES[state]
    return Mark(_(word), tone)


def phase(found: Phase) -> str:
    """Its title."""
    return _(TITLES[found])


def kind(found: NoticeKind) -> str:
    """Of a notice."""
    return _(_KINDS[found])


def recovery(found: Recovery) -> str:
    """What a look after a runner's death found."""
    return _(_RECOVERIES[found])


def way(found: Way) -> str:
    """How production went back."""
    return _(_WAYS[found])


def step(found: Step) -> str:
    """Of a rollback."""
    return _(_STEPS[found])


def executor(found: Executor) -> str:
    """Who applied the migrations."""
    return _(_EXECUTORS[found])
