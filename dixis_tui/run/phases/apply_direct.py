"""The executor `direct`: its steps as events, each before or after the deed it tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from dixis_tui import events as ev
from dixis_tui.locks import Peer
from dixis_tui.measures import StatementMeasure
from dixis_tui.model import MigrationFile, Place
from dixis_tui.postgres.measure import measuring
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma import direct, steps
from dixis_tui.prisma.direct_file import Conduct
from dixis_tui.prisma.hooks import Hook
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, watching


def with_direct(
    context: Context, url: DatabaseUrl, files: Sequence[MigrationFile], place: Place, *, splits: bool
) -> None:
    """Apply `files` through a session of our own. `splits`: statement by statement, as the pinned Prisma would."""
    migrate = context.settings.migrate

    def waiting(holder: object) -> None:
        context.note(f"Waiting for Prisma's advisory lock, held by {holder}.", "warning")

    with connect(
        url,
        purpose=f"migrate {context.folder.name}",
        lock_timeout_seconds=migrate.lock_timeout_seconds,
        statement_timeout_seconds=migrate.statement_timeout_seconds,
        on_notice=context.log.sink("server"),
    ) as session:
        teller = _Teller(context, place)
        with (
            watching.radar(context, url, place, pids=lambda: [session.pid]) as watched,
            _measured(context, url, session, place) as hook,
        ):
            conduct = Conduct(
                manners=facts.manners(context),
                splits=splits,
                hook=hook,
                pause=context.stopping.wait,
                cancelled=watched.cancelled,
            )
            for step in direct.apply(session, files, url.schema, conduct=conduct, on_waiting_for_lock=waiting):
                if isinstance(step, steps.StatementStarted):
                    watched.cancelled()  # what was cancelled before has had its answer
                teller.tell(step)


@contextmanager
def _measured(context: Context, url: DatabaseUrl, worker: Session, place: Place) -> Iterator[Hook | None]:
    """On staging every statement is measured; on production nothing is asked of the server that need not be."""
    if place is Place.PRODUCTION:
        yield None
        return
    with facts.reading(context, url, "measure") as observer, measuring(worker, observer) as meter:
        yield meter


def waited(context: Context, place: Place, name: str, peers: tuple[Peer, ...]) -> None:
    """Say whom a file waits for before it begins."""
    context.log.line("migrate", f"{name or 'The migration'} waits before it begins: {peers[0]}", "warning")
    context.emit(ev.Waited(place=place, name=name, peers=peers))


def _cleaned(measure: StatementMeasure, words: Callable[[str], str]) -> StatementMeasure:
    """A statement's text and the tables' names come from outside."""
    return msgspec.structs.replace(
        measure,
        text=words(measure.text),
        locks=tuple(msgspec.structs.replace(lock, table=words(lock.table)) for lock in measure.locks),
        rewritten={words(table): rows for table, rows in measure.rewritten.items()},
        scanned={words(table): rows for table, rows in measure.scanned.items()},
    )


class _Teller:
    """Turns steps into events and log lines."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context = context
        self._place = place
        self._waiting_for: tuple[object, ...] = ()

    def tell(self, step: steps.Step) -> None:
        """Say this step; raises StoppedError where a stop was asked and nothing of a file is under way."""
        context, place = self._context, self._place
        match step:
            case steps.Waiting():
                self._wait(step)
            case steps.Started(name=name):
                context.safe_point()  # nothing of this file was sent; the session's end gives the lock back
                context.log.line("migrate", f"Applying {name} on {place}")
                context.emit(ev.MigrationStarted(name=name, place=place))
            case steps.StatementStarted(name=name, number=number, of=of, line=line, text=text):
                words = context.log.redactor.line(text)
                context.emit(
                    ev.StatementStarted(name=name, place=place, number=number, of=of, line=line, text=words),
                    flush=False,
                )
            case steps.StatementEnded(name=name, measure=measure):
                measure = _cleaned(measure, context.log.redactor.line)
                context.emit(ev.StatementEnded(name=name, place=place, measure=measure), flush=False)
            case steps.Retried():
                self._retry(step)
            case steps.Applied(name=name, seconds=seconds):
                context.log.line("migrate", f"Applied {name} in {seconds:.2f} s")
                # Flushed with the next file's beginning, or with the phase's end: always before another deed.
                context.emit(ev.MigrationEnded(name=name, place=place, seconds=seconds), flush=False)
            case steps.Failed():
                self._fail(step)

    def _wait(self, step: steps.Waiting) -> None:
        self._context.safe_point()
        waiting = (step.name, *(peer.pid for peer in step.peers))
        if waiting != self._waiting_for:
            self._waiting_for = waiting
            waited(self._context, self._place, step.name, step.peers)

    def _retry(self, step: steps.Retried) -> None:
        context = self._context
        what = "the file" if step.whole else f"statement {step.number}"
        reason = context.log.redactor.line(step.error)
        context.log.line("migrate", f"{step.name}: {reason}; {what} is tried again in {step.seconds:.1f} s", "warning")
        context.emit(
            ev.Retried(
                name=step.name,
                place=self._place,
                attempt=step.attempt,
                sqlstate=step.sqlstate,
                reason=reason,
                seconds=step.seconds,
                whole=step.whole,
                statement=step.number,
            )
        )

    def _fail(self, step: steps.Failed) -> None:
        context = self._context
        context.log.line("migrate", f"{step.name} failed: {step.error}", "error")
        context.emit(
            ev.MigrationEnded(
                name=step.name,
                place=self._place,
                seconds=step.seconds,
                error=context.log.redactor.line(step.error),
                sqlstate=step.sqlstate,
                unknown=step.outcome is not steps.Outcome.UNDONE,
            )
        )
