"""The after-watch of a run: a thread that looks at endpoints, server, pool and logs, and tells what is worse.

It is no phase and no gate: rollback and sign-off are possible all the time. Nothing that it meets ends the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.after import AfterFinding, AfterKind, Baseline, FlowResult, Latency, Pool, Sample
from dixis_tui.errors import DixisError
from dixis_tui.model import CheckState, Finding, failed, passed, warned
from dixis_tui.plan.after import Standing
from dixis_tui.plan.after_latency import Endpoints, Waiting, numbers
from dixis_tui.run.after_logs import Logs
from dixis_tui.run.after_server import ServerWatch
from dixis_tui.run.context import Context
from dixis_tui.run.phases import flows

if TYPE_CHECKING:
    from dixis_tui.web.prober import Prober

ITS_TIME = "its time is over"
_EVERY_LOOK = 720
"""So many looks are journaled each; of a watch that goes on, every twelfth."""
_THINNED = 12
_POOL = "pool metrics"
_UNREACHED = "the database"


class AfterWatch:
    """One watch. `tell` callbacks come from its thread, until :meth:`stop`."""

    def __init__(self, context: Context, server: ServerWatch, logs: Logs, baseline: Baseline, until: datetime) -> None:
        self._context, self._server, self._logs = context, server, logs
        self._rules = context.settings.after
        told = context.settled().after
        self._standing = Standing(told.findings.values() if told else ())
        self._endpoints = Endpoints(baseline.latencies, self._rules)
        self._waiting = Waiting(baseline.pool.application if baseline.pool else {})
        self._until = until
        self._began = time.monotonic()
        self._looks = 0
        self._answered = CheckState.WAITING
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._over = False
        self._prober: Prober | None = None
        self._thread = threading.Thread(target=self._watch, name="after-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._context.emit(ev.AfterStarted(until=self._until, every_seconds=self._rules.every_seconds))
        self._thread.start()

    def stop(self, reason: str, *, seconds: float = 0.0, final: bool = True) -> None:
        """Journal its end, with what it has come to; nothing is told afterwards. From any thread, any number of times.

        `seconds`: wait at most so long until its sessions are closed. `final`: it is not to go on in another runner.
        """
        self._stop.set()
        try:
            self._end(reason, final=final)
        finally:
            if seconds and threading.current_thread() is not self._thread:
                self._thread.join(seconds)

    def _end(self, reason: str, *, final: bool = True) -> None:
        """Journal the end, once: what could not be written may be tried again."""
        with self._lock:
            if self._over:
                return
            try:
                if final:
                    self._answer(at_end=True)
            except OSError:  # a full disk: there is no end without what it has come to
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours must not leave it without an end
                self._context.fault(error)
            self._context.emit(ev.AfterEnded(reason=self._context.log.redactor.line(reason)))
            self._over = True
            self._context.log.line("after", f"No longer watched: {reason}")

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    def _watch(self) -> None:
        try:
            while not self._stop.is_set():
                self._safely(self._look)
                left = (self._until - datetime.now(UTC)).total_seconds()
                if left <= 0:
                    self._safely(lambda: self._end(ITS_TIME))
                    if self._over:
                        return
                self._stop.wait(max(min(self._rules.every_seconds, left), 0))
        finally:
            self._logs.close()
            if self._prober:
                self._prober.close()

    def _safely(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except OSError as error:  # our disk is full: the watch is nothing that the run could fail by
            self._stop.wait(self._rules.every_seconds)
            with suppress(OSError):
                self._context.log.line("after", f"A look of the after-watch failed: {error.strerror}", "warning")
        except Exception as error:  # noqa: BLE001 - a fault of ours ends the watch, not the run
            with suppress(OSError):
                self.stop(self._context.fault(error))

    def _look(self) -> None:
        endpoints, gone = self._probe(), flows.go(self._context)
        latencies = (*endpoints, *map(flows.latency, gone))
        found = self._endpoints.see(latencies)
        kinds = [AfterKind.HEALTH, AfterKind.FLOW, AfterKind.LOG]
        sample, news, unread = Sample(), None, ""
        try:
            found += self._server.look(time.monotonic() - self._began)
            sample, news, unread = self._server.sample(), self._server.log_news, self._server.log_problem
            kinds += self._server.kinds
        except DixisError as error:
            found.append(_unreached(error))
            kinds.append(AfterKind.DATABASE)
        pool, waits = self._pool(sample.pool)
        found += waits
        kinds += [AfterKind.POOL] if sample.pool else []
        found += self._logs.look(news, unread)
        self._looks += 1
        lines, errors = self._logs.lines, self._logs.errors
        sample = replace(sample, latencies=latencies, pool=pool, log_lines=lines, log_errors=errors)
        self._tell(sample, gone, [self._clean(one) for one in found], kinds)

    def _tell(
        self, sample: Sample, gone: Sequence[FlowResult], found: Sequence[AfterFinding], kinds: Sequence[AfterKind]
    ) -> None:
        with self._lock:  # whoever ends the watch reads the same findings, and tells the last of it
            if self._over or self._stop.is_set():
                return
            news = self._standing.news(found, kinds, self._server.now)
            flows.tell(self._context, gone)
            if self._looks <= _EVERY_LOOK or self._looks % _THINNED == 0:
                self._context.emit(ev.AfterSeen(sample=sample), flush=False)
            if self._server.reset:
                self._context.log.line(
                    "after", "The server's counters were reset meanwhile: they count anew.", "warning"
                )
            for finding in news:
                cause = f". {finding.cause}" if finding.cause and not finding.over else ""
                words = f"{finding.subject}: {'as before again, ' if finding.over else ''}{finding.evidence}{cause}"
                self._context.log.line("after", words, "info" if finding.over else finding.level)
                self._context.emit(ev.AfterFound(finding=finding))
            self._answer(at_end=False)

    def _answer(self, *, at_end: bool) -> None:
        """DX721, and at the end DX711 where logs were read along and no person has looked."""
        finding = self._verdict()
        if not at_end and finding.state is CheckState.PASSED:
            finding = Finding(CheckState.RUNNING, f"watched until {self._until:%H:%M} UTC; nothing is worse so far")
        if at_end or finding.state is not self._answered:
            self._answered = finding.state
            self._context.found("DX721", finding)
        if at_end and self._logs.configured and not self._context.settled().check("DX711").who:
            self._context.found("DX711", self._of_logs())

    def _verdict(self) -> Finding:
        worse = sorted(self._standing.worse, key=lambda one: one.level != "error")
        minutes = (time.monotonic() - self._began) / 60
        looks = f"{self._looks} looks in {minutes:.1f} min"
        unwatched = self._server.unwatched
        if not worse:
            passing = len(self._standing.all)
            but = f"; not watched: {', '.join(unwatched)}" if unwatched else ""
            for_a_while = f"; {passing} were worse for a while" if passing else ""
            return passed(f"{looks}, nothing is worse than before{for_a_while}{but}")
        more = f", and {len(worse) - 1} more" if len(worse) > 1 else ""
        evidence = f"{worse[0].subject}: {worse[0].evidence}{more}"
        cause = f" {worse[0].cause}." if worse[0].cause else ""
        judge = failed if worse[0].level == "error" else warned
        but = f" Not watched: {', '.join(unwatched)}." if unwatched else ""
        return judge(f"{evidence}.{cause}{but}", worse[0].remedy)

    def _of_logs(self) -> Finding:
        names = ", ".join(self._logs.names) or "none of the logs"
        seen = f"{self._logs.lines:,} lines of {names} read along"
        bad = [one for one in self._standing.all if one.kind is AfterKind.LOG]
        if bad:
            kinds = "; ".join(f"{one.subject} {one.evidence[:60]}" for one in bad[:3])
            return warned(f"{seen}, {self._logs.errors} tell of errors: {kinds}", "Read them.")
        return passed(f"{seen}, none tells of an error") if self._logs.names else warned(f"{seen}", "Read the logs.")

    def _clean(self, finding: AfterFinding) -> AfterFinding:
        words = self._context.log.redactor.line
        texts = {name: words(getattr(finding, name)) for name in ("subject", "evidence", "cause", "remedy")}
        return replace(finding, **texts)

    def _ask(self) -> Prober:
        if self._prober is None:
            from dixis_tui.web.prober import Prober  # httpx is slow to import and needed only here

            self._prober = Prober(self._context.log.redactor.line)
        return self._prober

    def _probe(self) -> tuple[Latency, ...]:
        endpoints = self._context.settings.health
        return tuple(self._ask().look(endpoints)) if endpoints else ()

    def _pool(self, pool: Pool | None) -> tuple[Pool | None, list[AfterFinding]]:
        """The pool with the application's numbers, and what is wrong with them."""
        if not self._rules.pool_url:
            return pool, []
        application, problem = metrics(self._rules.pool_url, self._ask())
        if problem:
            trouble = AfterFinding(kind=AfterKind.POOL, subject=_POOL, level="warning", evidence=problem)
            return replace(pool, problem=problem) if pool else None, [trouble]
        words = self._context.log.redactor.line
        application = {words(name): value for name, value in application.items()}
        return replace(pool, application=application) if pool else None, self._waiting.see(application)


def metrics(url: str, prober: Prober) -> tuple[dict[str, float], str]:
    """The application's own pool metrics by name, and a problem in words where there are none."""
    body, problem = prober.page(url)
    if not problem:
        try:
            return numbers(body), ""
        except ValueError as error:
            problem = str(error)
    return {}, f"{url} {problem}"


def _unreached(error: DixisError) -> AfterFinding:
    return AfterFinding(
        kind=AfterKind.DATABASE,
        subject=_UNREACHED,
        level="error",
        evidence=f"it could not be looked at: {error}",
        remedy=error.remedy,
    )
