"""Changing a role's password: step by step, each in `rotations.jsonl` before it and after it, resumed after any crash.

The new URL is in a file before anybody else knows it; GitHub has it before the server does, since a secret that nobody
may write is found out while everything still works; and of the server's refusal GitHub is told back. After a kill the
same steps are done again: none of them does harm twice.
"""

from __future__ import annotations

import os
import secrets as randomness
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import ConnectError, DixisError, GithubError, QueryError, RunnerError, UnknownOutcomeError
from dixis_tui.postgres import roles
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse, with_login
from dixis_tui.run import rotations
from dixis_tui.run.rotations import Rotation, RotationRecord, Step
from dixis_tui.secrets import Redactor

PURPOSE = "rotate"
_BYTES = 32
"""Of randomness in a new password: 43 characters."""
_AGAIN = "Run `dixis-tui rotate` again: it goes on from there."


class Places(Struct, frozen=True):
    """Where GitHub keeps the URL: `put` gives one place a new value and returns what came of it in words.

    Places are `repository` and `environment NAME`. `put` raises GithubError.
    """

    names: tuple[str, ...] = ()
    put: Callable[[str, str], str] | None = None


class Order(Struct, frozen=True, kw_only=True):
    """All that a rotation needs to know before its first step.

    `url` is how the server is reached from here, by a role that may change the password; `form` is the URL of the role
    itself, as its users have it, with the old password where that is known.
    """

    id: str
    role: str
    url: DatabaseUrl
    form: DatabaseUrl
    file: Path
    records: Path
    operator: str
    system_identifier: str = ""
    places: Places = Places()
    resumes: Rotation | None = None

    @property
    def own(self) -> bool:
        """Whether the role changes its own password: afterwards `url` does not connect any more."""
        return self.url.user == self.role

    @property
    def told_before(self) -> bool:
        """Whether an earlier call began to tell GitHub a new URL: what it was given there is not known here."""
        return self.resumes is not None and self.resumes.begun(Step.SECRETS)

    @property
    def altered_before(self) -> bool:
        """Whether an earlier call began to give the server a new password."""
        return self.resumes is not None and self.resumes.begun(Step.ALTER)

    @property
    def old_password(self) -> str:
        """The one before, or empty where nobody here knows it."""
        if self.form.user == self.role and self.form.password:
            return self.form.password.reveal()
        return self.url.password.reveal() if self.own else ""


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of it, in sentences without any secret."""

    file: Path
    seen: tuple[str, ...]


class Journal:
    """Writes a line before and after each step. What can't be written is not done."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self.words = Redactor([*order.url.secrets, *order.form.secrets]).line
        self.begun: set[Step] = set()
        """By this call."""

    def write(self, step: Step, done: bool | None, evidence: str = "") -> None:
        """One line, on disk when this returns. Raises RunnerError."""
        order = self._order
        self.begun.add(step)
        record = RotationRecord(
            rotation=order.id,
            at=datetime.now(UTC),
            step=step,
            done=done,
            role=self.words(order.role),
            server=rotations.server_of(order.url.host, order.url.port),
            system_identifier=order.system_identifier,
            target=order.form.masked,
            file=str(order.file),
            operator=self.words(order.operator),
            evidence=self.words(evidence),
        )
        if problem := rotations.append(order.records, record):
            raise RunnerError(problem.removesuffix("."), "Make that file writable. " + _AGAIN)

    @contextmanager
    def step(self, step: Step) -> Iterator[list[str]]:
        """Around a step: what the block puts into the list is its evidence. A refusal is written, what is not known
        is not."""
        self.write(step, None)
        evidence: list[str] = []
        try:
            yield evidence
        except UnknownOutcomeError:
            raise
        except DixisError as error:
            if not (isinstance(error, GithubError) and error.taken):
                self.write(step, False, str(error))
            raise
        self.write(step, True, "; ".join(evidence))


def rotate(order: Order, say: Callable[[str], None]) -> Outcome:
    """All of it. `say` gets a sentence before each step.

    Raises:
        DixisError: a step was refused; its remedy says how everything stands. What GitHub had been given was put back.
        UnknownOutcomeError: whether the server took the password is not known, or somebody interrupted it; another
            call finds out.
    """
    journal = Journal(order)
    try:
        return _all_of_it(order, journal, say)
    except KeyboardInterrupt:
        raise UnknownOutcomeError(f"Interrupted. {_stands(order, journal)}", _AGAIN) from None


def _stands(order: Order, journal: Journal) -> str:
    """Where the new password may be, by the steps that were begun."""
    begun = journal.begun | set(order.resumes.steps if order.resumes else ())
    if Step.ALTER in begun:
        server = "The server may have the new password"
        return f"{server}, GitHub the new URL or the old one" if order.places.names else server
    if Step.SECRETS in begun and order.places.names:
        return "GitHub may have the new URL, the server still has the old password"
    return "Nothing was changed yet: the old password works everywhere"


def _all_of_it(order: Order, journal: Journal, say: Callable[[str], None]) -> Outcome:
    before = order.resumes
    new = in_file(order.file, order.role) if before else None
    if new is None:  # what was lost is made anew, and nobody has that yet
        before = None
        new = _stored(order, journal, say)
    password = new.password.reveal()
    if before is None or not before.did(Step.TRY):
        say(f"Trying whether the server takes a new password of {order.role}, and undoing that.")
        _only_tried(order, journal, password)
    if before is None or not before.did(Step.SECRETS) or before.begun(Step.PUT_BACK):
        _give_to_github(order, journal, new, say)
    say(f"Changing the password of {order.role}.")
    _alter(order, journal, password)
    say("Looking whether the new one works, and the old one does not.")
    with journal.step(Step.VERIFY) as evidence:
        evidence.extend(verified(order, password))
    journal.write(Step.DONE, True)
    return Outcome(file=order.file, seen=tuple(evidence))


def _stored(order: Order, journal: Journal, say: Callable[[str], None]) -> DatabaseUrl:
    """The new URL, made and written."""
    new = with_login(order.form, order.role, randomness.token_urlsafe(_BYTES))
    say(f"Writing the new URL to {order.file}, which only you may read.")
    with journal.step(Step.STORE) as evidence:
        _write(order.file, new.raw.reveal())
        evidence.append(str(order.file))
    return new


def in_file(file: Path, role: str) -> DatabaseUrl | None:
    """The URL that lies in a rotation's file; None where there is none for this role."""
    try:
        found = parse(file.read_text("utf-8").strip(), str(file))
    except (OSError, UnicodeDecodeError, DixisError):
        return None
    return found if found.user == role and found.password else None


def _write(file: Path, text: str) -> None:
    """Whole and on disk, or not there. Raises RunnerError."""
    half = file.with_name(f".{file.name}.half")
    try:
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(f"{text}\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.link(half, file)  # never over another file
        half.unlink()
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise RunnerError(
            f"{file} can't be written: {error.strerror}; nothing was changed", "Name another with --file."
        ) from None


def _give_up(order: Order, journal: Journal, why: str) -> None:
    """Nothing has the new password: its file is of no use to anybody."""
    journal.write(Step.GIVEN_UP, True, why)
    order.file.unlink(missing_ok=True)


def _only_tried(order: Order, journal: Journal, password: str) -> None:
    try:
        with journal.step(Step.TRY), _admin(order, "") as session:
            roles.try_password(session, order.role, password)
    except DixisError as error:
        if order.told_before:  # with another password, whose file was lost
            error.remedy = f"{error.remedy} GitHub or the server may have a new password of before. {_AGAIN}".strip()
            raise
        _give_up(order, journal, "the server would not take it")
        error.remedy = f"{error.remedy} Nothing was changed: the old password works everywhere.".strip()
        raise


def _give_to_github(order: Order, journal: Journal, new: DatabaseUrl, say: Callable[[str], None]) -> None:
    tried: list[str] = []
    try:
        with journal.step(Step.SECRETS) as evidence:
            for place in order.places.names:
                say(f"Giving the secret of the {place} on GitHub the new URL.")
                tried.append(place)
                evidence.append(_put(order, place, new.raw.reveal()))
            if not order.places.names:
                evidence.append("no secret on GitHub")
    except GithubError as error:
        touched = [*order.places.names] if order.told_before else tried if error.taken else tried[:-1]
        if order.altered_before:
            error.remedy = f"{error.remedy} The server may have a new password already. {_AGAIN}".strip()
        elif _put_back(order, journal, touched, say):
            _give_up(order, journal, "GitHub did not take it")
            error.remedy = f"{error.remedy} Nothing else was changed: the old password works everywhere.".strip()
        else:
            error.remedy = f"{error.remedy} The server still has the old password. {_AGAIN}".strip()
        raise


def _put(order: Order, place: str, value: str) -> str:
    """Once more where nobody knows whether it was taken: it is the same value."""
    put = order.places.put
    if put is None:
        return ""
    try:
        return put(place, value)
    except GithubError as error:
        if not error.taken:
            raise
    try:
        return put(place, value)
    except GithubError as error:
        error.taken = True  # the first may have been, whatever is said of the second
        raise


def _put_back(order: Order, journal: Journal, places: list[str], say: Callable[[str], None]) -> bool:
    """Give GitHub the old URL again; whether that was done everywhere."""
    if not order.old_password or not places:
        return not places
    old = with_login(order.form, order.role, order.old_password).raw.reveal()
    say("Giving GitHub the old URL again.")
    try:
        with journal.step(Step.PUT_BACK) as evidence:
            evidence += [_put(order, place, old) for place in places]
    except GithubError:
        return False
    return True


def _alter(order: Order, journal: Journal, password: str) -> None:
    """Also where it was done before: it is the same password."""
    try:
        with journal.step(Step.ALTER) as evidence:
            try:
                with _admin(order, password) as session:
                    roles.set_password(session, order.role, password)
            except ConnectError as error:
                raise UnknownOutcomeError(
                    f"Whether the server has the new password is not known: {error}", f"{error.remedy} {_AGAIN}"
                ) from None
            evidence.append(f"{order.role}, as a SCRAM-SHA-256 verifier")
    except QueryError as error:
        if not order.altered_before and _put_back(order, journal, list(order.places.names), lambda _: None):
            _give_up(order, journal, "the server did not take it")
            error.remedy = f"{error.remedy} The old password works everywhere.".strip()
        else:
            stands = "GitHub has the new URL, the server may still have the old password."
            error.remedy = f"{error.remedy} {stands} {_AGAIN}".strip()
        raise


@contextmanager
def _admin(order: Order, new_password: str) -> Iterator[Session]:
    """A session that may change it: with the password that the server takes now, the old one or already the new."""
    url = order.url
    try:
        session = connect(url, purpose=PURPOSE)
    except ConnectError as error:
        if error.kind != "authentication" or not (order.own and new_password):
            raise
        session = connect(_as_role(order, new_password), purpose=PURPOSE)
    with session:
        yield session


def _as_role(order: Order, password: str) -> DatabaseUrl:
    """How the role connects from here."""
    made = with_login(order.url, order.role, password)
    return replace(made, tls_password=order.url.tls_password)


def verified(order: Order, password: str) -> list[str]:
    """What shows that the new password works and the old one does not. Raises ConnectError and RunnerError."""
    try:
        connect(_as_role(order, password), purpose=PURPOSE).close()
    except ConnectError as error:
        raise ConnectError(
            error.kind,
            f"the server has the new password, and a new connection with it fails: {error}",
            f"Look at pg_hba.conf and at the role's VALID UNTIL. {_AGAIN}",
        ) from None
    seen = [f"a new connection of {order.role} works with the new password"]
    if not order.old_password:
        return [*seen, "that the old one is refused was not looked at: it is not known here"]
    if order.old_password == password:
        return [*seen, "that the old one is refused was not looked at: the URL here has the new one already"]
    if _refused(order, order.old_password):
        return [*seen, "the old one is refused (28P01)"]
    if not _refused(order, randomness.token_urlsafe(_BYTES)):
        why = "the server lets it in from here without asking for a password (trust, peer or a certificate)"
        return [*seen, f"that the old one is refused can't be shown: {why}"]
    raise RunnerError("The server still takes the old password", "Look whether something sets it again. " + _AGAIN)


def _refused(order: Order, password: str) -> bool:
    """Whether the server refuses that password. Raises ConnectError where it can't be asked."""
    try:
        connect(_as_role(order, password), purpose=PURPOSE).close()
    except ConnectError as error:
        if error.kind == "authentication":
            return True
        raise
    return False
