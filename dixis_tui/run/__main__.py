"""`python -m dixis_tui.run`: a runner. Reads its handover from standard input; never called by hand."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from dixis_tui import __version__
from dixis_tui import events as ev
from dixis_tui.errors import DixisError, RunnerError, UnderWayError, UrlError
from dixis_tui.fleet import FLEET
from dixis_tui.model import Phase, PhaseState, Place
from dixis_tui.notices import channels
from dixis_tui.postgres import url as urls
from dixis_tui.prisma.dotenv import secrets_in
from dixis_tui.process import login_name, no_core_dumps
from dixis_tui.run import folders, policy, resuming, sharing, under_way
from dixis_tui.run.commands import Command, Drill, Recover, StartPhase
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.runner import Runner
from dixis_tui.run.spawn import UNDER_WAY, Handover
from dixis_tui.run.state import fold
from dixis_tui.secrets import Redactor, clean
from dixis_tui.settings import DATABASE_URL, GITHUB_TOKEN, SECRET_NAMES, token_in
from dixis_tui.settings_flows import ordinary

if TYPE_CHECKING:
    from dixis_tui.postgres.run_lock import RunLock
_LAST_HEAD_SECONDS = 4.0
_LAST_NOTICE_SECONDS = 60.0
_SECRET_PATH = 12
"""Characters of a webhook's path that are a secret, and no word."""


def main() -> int:
    """Be a runner until the run has ended."""
    os.umask(0o077)
    no_core_dumps()
    for hang_up in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(hang_up, signal.SIG_IGN)
    handover = msgspec.json.decode(sys.stdin.buffer.read(), type=Handover)
    try:
        with _lock(handover) as run_lock:
            context = _run(handover, run_lock)
    except DixisError as error:
        # Read by `spawn`: a sentence, its remedy, and whether it is another run that has the target.
        other = f"{UNDER_WAY} {error.run}\n" if isinstance(error, UnderWayError) else ""
        sys.stderr.write(f"{error}\n{error.remedy}\n{other}")
        return 1
    # The run is over and its target free for another: only a notice and its last head may still be on the way.
    for teller in context.tellers:
        teller.join(_LAST_NOTICE_SECONDS)
    if not context.courier.finish(_LAST_HEAD_SECONDS):
        sys.stderr.write("The last head did not reach the webhook before the runner ended.\n")
    return 0


def _run(handover: Handover, run_lock: RunLock | None) -> Context:
    folder = Path(handover.folder)
    os.chdir(folder)
    if handover.resumes:
        return _resume(handover, folder, run_lock)
    journal = Journal(folder / folders.JOURNAL)
    log = Log(folder / folders.LOG, Redactor(_known_secrets(handover)))
    context = Context(folder, handover.settings, handover.secrets, journal, log, run_lock=run_lock)
    context.emit(_started(handover))
    log.line("runner", f"Run {folder.name} by {handover.operator}, dixis-tui {__version__}, pid {os.getpid()}")
    first: Command | None = StartPhase(phase=Phase.PREFLIGHT)
    if handover.drill:
        first = Drill(operator=handover.operator)
    if handover.adopts:
        first = None
        context.emit(_adopted(Path(handover.adopts)))
    return _serve(context, journal, first)


def _resume(handover: Handover, folder: Path, run_lock: RunLock | None) -> Context:
    """Take up a run whose runner is gone: its own journal goes on, and the first thing is a look."""
    # Refused before anything is touched: a cut last line is dropped only by who says so in the next one.
    settings = resuming.settings(fold(read(folder / folders.JOURNAL)), handover.settings, _target(handover))
    journal, entries, cut = Journal.reopened(folder / folders.JOURNAL)
    state = fold(entries)
    log = Log(folder / folders.LOG, Redactor(_known_secrets(handover)))
    state = replace(state, left=None)
    context = Context(folder, settings, handover.secrets, journal, log, state=state, run_lock=run_lock)
    context.emit(
        ev.RunnerResumed(
            operator=clean(handover.operator),
            host=_host(),
            ssh=handover.ssh,
            pid=os.getpid(),
            version=__version__,
            window_opens=settings.window.opens(),
            window_closes=settings.window.closes(),
            cut_bytes=cut,
        )
    )
    log.line("runner", f"Run {folder.name} is taken up by {handover.operator}, pid {os.getpid()}", "warning")
    # What is left of the runner before us: its socket answers nobody.
    (folder / folders.SOCKET).unlink(missing_ok=True)
    return _serve(context, journal, Recover())


def _serve(context: Context, journal: Journal, first: Command | None) -> Context:
    group = sharing.group_id(context.settings.watch.group)
    if group is not None:
        _share(context, group)

    if context.run_lock and not context.state.drill:
        from dixis_tui.run.phases import access  # psycopg is there already: the lock needs it

        access.begin(context, urls.parse(context.secrets.get(DATABASE_URL), DATABASE_URL))

    async def serve() -> None:
        runner = Runner(context, group)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, runner.asked_to_go)
        await runner.serve(first)

    asyncio.run(serve())
    if context.access:
        context.access.close()
    journal.close()
    return context


def _target(handover: Handover) -> str:
    if handover.fleet:
        return under_way.fleet(handover.settings)
    return urls.parse(handover.secrets.get(DATABASE_URL), DATABASE_URL).masked


def _host() -> str:
    return f"{login_name()}@{socket.gethostname()}"


def _share(context: Context, group: int) -> None:
    name = context.settings.watch.group
    if shut := sharing.open_run(context.folder, group):
        context.note(
            f"{shut} keeps the group {name} out: none of it can watch this run. XDG_STATE_HOME names another place.",
            "warning",
        )


def _adopted(folder: Path) -> ev.BackupAdopted:
    state = fold(read(folder / folders.JOURNAL))
    # A run that only went back has no look of its own at the target: it has the backup's.
    identity = state.identity or state.backup_source
    if state.backup is None or identity is None:
        raise RunnerError(f"Run {folder.name} has no backup to go back to", "List the runs with `dixis-tui runs`.")
    over = state.rollback is not None and policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED
    begun = state.rollback or (state.adopted.unfinished if state.adopted else None)
    proven = state.restored if state.restored and state.restored.place is Place.STAGING else None
    return ev.BackupAdopted(
        run=folder.name,
        identity=identity,
        backup=state.backup,
        snapshot=state.snapshot,
        # What stands beside production, or was swapped already, is found by its names, whatever was tried since.
        unfinished=None if over else state.beside or begun,
        restored=proven,
    )


def _known_secrets(handover: Handover) -> list[str]:
    # Prisma reads the project's `.env` by itself, and may say what stands there.
    known = secrets_in(handover.settings.prisma_directory)
    for name, text in handover.secrets.items():
        if name in handover.settings.words_in_flows and ordinary(text):
            continue
        known += [text, text.strip()]
        try:
            known.extend(urls.parse(text, name).secrets)
        except UrlError:
            continue  # the whole text is masked all the same
    known += channels.secrets_in(handover.settings, handover.secrets)
    if webhook := handover.settings.audit.webhook:
        known.append(webhook)
        path = webhook.partition("://")[2].partition("/")[2]
        known += [path] if len(path) >= _SECRET_PATH else []  # a short one is a word, and would hide the log
    return known


def _started(handover: Handover) -> ev.RunStarted:
    settings = handover.settings
    try:
        if handover.fleet:
            target, name = _target(handover), settings.name
        else:
            url = urls.parse(handover.secrets.get(DATABASE_URL), DATABASE_URL)
            target, name = url.masked, settings.name or url.database
    except UrlError:
        target, name = "", settings.name
    alone = not (handover.fleet or handover.drill)
    contacts = settings.contacts
    people = [
        ("On-call engineer", contacts.on_call),
        ("Backup contact", contacts.backup),
        ("Database provider", contacts.provider),
        ("Decision maker", contacts.decision_maker),
    ]
    return ev.RunStarted(
        run=Path(handover.folder).name,
        version=__version__,
        operator=clean(handover.operator),
        host=_host(),
        ssh=handover.ssh,
        pid=os.getpid(),
        name=clean(name),
        environment=FLEET if handover.fleet else "drill" if handover.drill else settings.environment,
        target=target,
        executor=settings.migrate.executor,
        window_opens=settings.window.opens(),
        window_closes=settings.window.closes(),
        timezone=settings.window.timezone,
        phrase=settings.confirm.phrase,
        rollback_phrase=settings.confirm.rollback_phrase,
        second_operator=settings.confirm.second_operator,
        contacts=[
            (role, clean(who.name), clean(who.phone or who.url))
            for role, who in people
            if who.name or who.phone or who.url
        ],
        secrets=_set_by_name(handover),
        github=clean(settings.github.repository),
        github_secrets=[clean(settings.github.secret), clean(settings.github.shadow_secret)],
        page=alone and bool(settings.maintenance.file),
        banner=alone and bool(settings.notices.banner.url or settings.notices.banner.file),
        tells=alone and settings.notices.any,
    )


def _set_by_name(handover: Handover) -> dict[str, bool]:
    named = {name: name in handover.secrets for name in SECRET_NAMES}
    token = {GITHUB_TOKEN: bool(token_in(handover.secrets)[0])} if handover.settings.github.repository else {}
    return named | token


@contextmanager
def _lock(handover: Handover) -> Iterator[RunLock | None]:
    """One run a target: on this machine by a lock file, anywhere else by a lock in PostgreSQL.

    Raises:
        UnderWayError: another run has it.
    """
    if handover.fleet:
        # Each target's own lock in PostgreSQL is held while it is at work.
        target = under_way.fleet(handover.settings)
        with _lock_file(handover, target):
            yield None
        return
    try:
        url = urls.parse(handover.secrets.get(DATABASE_URL), DATABASE_URL)
    except UrlError:
        yield None  # without a target there is nothing to guard: preflight says so
        return
    # psycopg takes a tenth of a second to import.
    from dixis_tui.postgres.run_lock import RunLock

    target = under_way.target(url)
    with _lock_file(handover, target):
        lock = RunLock(url, Path(handover.folder).name, _who(handover))
        under_way.require_ours(lock.begin(), target, Path(handover.folder).name)
        try:
            yield lock
        finally:
            lock.release()


def _who(handover: Handover) -> str:
    return f"{clean(handover.operator)}@{socket.gethostname()}"


@contextmanager
def _lock_file(handover: Handover, target: str) -> Iterator[None]:
    folder = Path(handover.folder)
    me = under_way.Holder(run=folder.name, who=_who(handover), since=datetime.now(UTC), pid=os.getpid())
    name = f"{hashlib.sha256(target.encode()).hexdigest()[:16]}.lock"
    # Beside `runs`: in the state directory, or in the demo's folder, which leaves nothing behind.
    with under_way.locked(folders.private(folder.parents[1] / "locks") / name, me, target):
        yield


if __name__ == "__main__":
    sys.exit(main())
