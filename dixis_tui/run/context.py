"""What a phase gets to work with: settings, secrets, a place to say what happens, and a way to be stopped."""

from __future__ import annotations

import errno
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, StoppedError, UnknownOutcomeError
from dixis_tui.model import CheckState, Finding, Phase, PhaseState, unknown
from dixis_tui.plan.checks import SPECS
from dixis_tui.run import heads
from dixis_tui.run import state as st
from dixis_tui.run.courier import Courier
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.settings import Settings

if TYPE_CHECKING:
    from dixis_tui.postgres.run_lock import RunLock
    from dixis_tui.postgres.url import DatabaseUrl
    from dixis_tui.run.access_log import AccessLog
    from dixis_tui.run.after_watch import AfterWatch

_PROGRESS_SECONDS = 0.5
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Tried(Struct, frozen=True):
    """A stop that was tried: when, by the monotonic clock, and why it was not taken."""

    at: float
    problem: str


class Context:
    """One a run. `emit` is the only way to say something; the state is folded as it is said."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        secrets: dict[str, str],
        journal: Journal,
        log: Log,
        *,
        state: st.RunState | None = None,
        run_lock: RunLock | None = None,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.secrets = secrets
        self.log = log
        self.run_lock = run_lock
        """Keeps other runs from this target; None: there is no target that could be told."""
        self.stopping = threading.Event()
        self.changed: Callable[[], None] = lambda: None
        self.state = state or st.RunState()
        self.watched_url: DatabaseUrl | None = None
        """Of the database that the lock radar looks at now."""
        self.cancel: Callable[[str], bool] | None = None
        """Cancels the statement of ours that runs on the server, for that operator; None where none is known."""
        self.clinics: set[str] = set()
        """Dispatches of the clinic that a thread of this runner follows, or has followed."""
        self.stops: dict[bool, Tried] = {}
        """The kinds of stop (`now` or not) that were asked of a workflow run in this phase."""
        self.deeds = threading.Lock()
        """Held by whoever asks something of that workflow run."""
        self.access: AccessLog | None = None
        """Who is connected to production; None: nobody looks."""
        self.page_keeper: threading.Thread | None = None
        """Compares the maintenance page's estimate with the clock, while the page is up."""
        self.telling = threading.Lock()
        """Held by whoever sends a notice: one after the other."""
        self.tellers: list[threading.Thread] = []
        """Those that were begun for it."""
        self.after: AfterWatch | None = None
        """Watches what became of it all, once the migration was verified."""
        self.courier = Courier(settings.audit.webhook, self._sent)
        """Takes heads to the webhook."""
        self._journal = journal
        self._lock = threading.Lock()
        self._children: set[Popen[bytes]] = set()
        self._progress_at = 0.0

    def emit(self, *events: ev.Event, flush: bool = True) -> None:
        """Journal `events`, fold them, and tell whoever follows. Once the run has ended nothing is added.

        A gate is journaled with the log's digest as of then, and the head goes out.
        """
        self._write(lambda _: events, flush=flush)

    def decide(self, make: Callable[[st.RunState], ev.Event]) -> ev.Event:
        """The same with what `make` makes of the state as it is, with nothing in between the two; returns it."""
        return self._write(lambda state: (make(state),), flush=True)[0]

    def _write(self, make: Callable[[st.RunState], tuple[ev.Event, ...]], *, flush: bool) -> tuple[ev.Event, ...]:
        with self._lock:
            events = make(self.state)
            gates = [gate for event in events if (gate := heads.gate_of(event))]
            if self.state.ended or self.state.left:
                return events
            if gates:
                with self.log.held(end=any(isinstance(event, ev.RunEnded) for event in events)) as mark:
                    written = self._journal.append(*heads.with_digests(events, mark), flush=flush)
            else:
                written = self._journal.append(*events, flush=flush)
            self.state = st.fold(written, self.state)
            last, head = written[-1] if written else None, self._journal.head
        if gates and last:
            self._send_away(last, head, gates[-1])
        self.changed()
        return events

    def _send_away(self, last: st.Entry, digest: str, gate: str) -> None:
        run = self.state.run
        head = heads.Head(
            number=last.number,
            sha256=digest,
            run=self.folder.name,
            gate=gate,
            target=run.target if run else "",
            at=last.at,
        )
        with suppress(OSError):  # the gate itself is in the journal; a disk that is full says so at the next deed
            self.log.line(heads.SOURCE, str(head))
        if problem := heads.keep(self.folder, head):
            self._sent(head, heads.FILE, problem)
        self.courier.send(head)

    def _sent(self, head: heads.Head, to: str, problem: str) -> None:
        """Journal what became of a head; when nothing is journaled any more, a problem goes to the runner's errors."""
        # A runner that leaves has closed its journal and its loop while the last head was on its way.
        with suppress(OSError, RuntimeError):
            state = self.settled()
            if not state.ended and not state.left:
                self.emit(ev.HeadSent(number=head.number, head=head.sha256, to=to, problem=problem), flush=False)
                return
        if problem:
            sys.stderr.write(f"{head} to {to}: {problem}\n")
            sys.stderr.flush()

    def settled(self) -> st.RunState:
        """The state with everything in it that a client may have read in the journal."""
        with self._lock:
            return self.state

    @property
    def head(self) -> str:
        """The digest of the journal's last line."""
        return self._journal.head

    def note(self, text: str, level: str = "info") -> None:
        """Say a sentence to the operator, in the journal and in the log."""
        self.log.line("runner", text, level)
        self.emit(ev.Noted(text=self.log.redactor.line(text), level=level))

    def fault(self, error: Exception) -> str:
        """Log an error that nobody foresaw, with its trace, and say so; returns the sentence."""
        # Frames without their locals: those may hold a secret.
        self.log.line("runner", "".join(traceback.format_exception(error, limit=-6)), "error")
        sentence = f"A fault of dixis-tui itself ({type(error).__name__}); the log has its trace"
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            sentence = f"There is no room left in {self.folder}: make some, then do that step again"
        self.note(f"{sentence}.", "error")
        return sentence

    def give_up(self, reason: str) -> None:
        """End the phase whose own last entry could not be written: nothing works on it any more."""
        if phase := self.state.running:
            self.emit(ev.PhaseEnded(phase=phase, state=PhaseState.FAILED, seconds=0.0, reason=f"{reason}."))

    def found(self, code: str, finding: Finding, subject: str = "") -> Finding:
        """Journal what a check found; its words are cleaned and redacted here."""
        words = self.log.redactor.line
        event = ev.CheckChanged(
            code=code,
            subject=subject,
            state=finding.state,
            evidence=words(finding.evidence),
            remedy=words(finding.remedy),
        )
        bad = finding.state in (CheckState.FAILED, CheckState.UNKNOWN)
        level = "error" if bad else "warning" if finding.state is CheckState.WARNED else "info"
        name = f"{SPECS[code].title} ({subject})" if subject else SPECS[code].title
        self.log.line("runner", f"{code} {name}: {finding.state}. {finding.evidence}", level)
        self.emit(event)
        return finding

    def check(self, code: str, look: Callable[[], Finding], subject: str = "") -> Finding:
        """Run one check and journal what it found. An error is a finding too."""
        self.emit(ev.CheckChanged(code=code, subject=subject, state=CheckState.RUNNING), flush=False)
        try:
            finding = look()
        except StoppedError:
            raise
        except DixisError as error:
            finding = Finding(CheckState.FAILED, str(error), error.remedy)
        return self.found(code, finding, subject)

    def skip(self, codes: Sequence[str], why: str) -> None:
        """Say of each check that it could not be looked at."""
        for code in codes:
            self.found(code, unknown(why))

    def progress(self, phase: Phase, what: str, done: int, total: int, unit: str = "bytes") -> None:
        """Say how far a long deed is, at most twice a second."""
        now = time.monotonic()
        if now - self._progress_at >= _PROGRESS_SECONDS or done >= total:
            self._progress_at = now
            self.emit(ev.Progress(phase=phase, what=what, done=done, total=total, unit=unit), flush=False)

    def child(self, process: Popen[bytes]) -> None:
        """Remember a child, so that a stop can end it."""
        self._children.add(process)
        if self.stopping.is_set():
            process.terminate()

    def stop(self) -> None:
        """Ask what runs now to stop at its next safe point."""
        self.stopping.set()
        for process in [child for child in list(self._children) if child.poll() is None]:
            process.terminate()

    def safe_point(self) -> None:
        """Raises :class:`StoppedError` where a stop was asked."""
        if self.stopping.is_set():
            raise StoppedError("Stopped by the operator", "Start the phase again when ready.")

    @contextmanager
    def phase(self, phase: Phase, checks: Sequence[tuple[str, str]]) -> Iterator[None]:
        """Journal a phase's beginning and end around its work; errors end the phase, not the runner."""
        self.stopping.clear()
        self.stops.clear()
        self._children.clear()
        began = time.monotonic()
        self.log.line("runner", f"{phase} begins")
        self.emit(ev.PhaseStarted(phase=phase, checks=list(checks)))
        state, reason = PhaseState.PASSED, ""
        try:
            yield
        except DixisError as error:
            # A stop shows as the failure of whatever was stopped: say what it was.
            stopped = self.stopping.is_set() and not isinstance(error, UnknownOutcomeError)
            cause = StoppedError("Stopped by the operator") if stopped else error
            state, reason = PhaseState.FAILED, self.log.redactor.line(f"{cause}. {cause.remedy}".strip())
            self.log.line("runner", reason, "error")
            self._fail_next(phase, cause)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends the phase, not the run
            state, reason = PhaseState.FAILED, self.fault(error)
        self.emit(self._ended(phase, state, began, reason))
        self.log.line("runner", f"{phase} ended: {self.state.phase(phase).state}")

    def _fail_next(self, phase: Phase, cause: DixisError) -> None:
        """The check that was being worked on is the first one without an answer."""
        unanswered = (CheckState.WAITING, CheckState.RUNNING)
        views = [view for view in self.state.checks_of(phase) if not view.spec.person and view.state in unanswered]
        if views:
            state = CheckState.UNKNOWN if isinstance(cause, UnknownOutcomeError) else CheckState.FAILED
            self.found(views[0].code, Finding(state, str(cause), cause.remedy), views[0].subject)

    def _ended(self, phase: Phase, state: PhaseState, began: float, reason: str) -> ev.PhaseEnded:
        broken = [
            check
            for check in self.state.checks_of(phase)
            if check.spec.gate and not check.spec.person and check.state in (CheckState.FAILED, CheckState.UNKNOWN)
        ]
        outcome = PhaseState.FAILED if broken else state
        return ev.PhaseEnded(phase=phase, state=outcome, seconds=time.monotonic() - began, reason=reason)
