"""A password is changed on a real server: what is known at each moment, whatever fails and whenever it is killed."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ConnectError, DixisError, GithubError, QueryError, RunnerError, UnknownOutcomeError
from dixis_tui.postgres import roles
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse, with_login
from dixis_tui.run import records, rotations
from dixis_tui.run.rotation import Order, rotate
from dixis_tui.run.rotations import Step
from tests.majors import both_majors
from tests.rotation.conftest import OLD, Scene, quiet, role_on, works
from tests.waiting import until

REFUSED = GithubError("rights", "GitHub answered 403", "Give the token Secrets: write.")
LOST = GithubError("unreachable", "no answer came", "Look.", taken=True)


@both_majors
def test_the_new_password_works_the_old_one_is_refused_and_nobody_was_told_either(scene: Scene) -> None:
    order = scene.order()
    said: list[str] = []
    outcome = rotate(order, said.append)
    new = scene.new_password(order)
    assert len(new) == 43
    assert works(scene.database, scene.role, new)
    assert not scene.old_works()
    assert set(scene.vault.values.values()) == {order.file.read_text().strip()}
    assert stat.S_IMODE(order.file.stat().st_mode) == 0o600
    assert outcome.seen == (
        f"a new connection of {scene.role} works with the new password",
        "the old one is refused (28P01)",
    )
    lines = scene.records.read_text()
    for secret in (new, OLD, "old%3Fpw"):
        assert secret not in lines + "".join(said) + repr(outcome)
    steps = [line.split('"step":"')[1].split('"')[0] for line in lines.splitlines()]
    assert steps == [
        "store", "store", "try", "try", "secrets", "secrets", "alter", "alter", "verify", "verify", "done"
    ]  # fmt: skip
    assert scene.last.changed is not None
    again = scene.order(url=scene.url)
    assert again.resumes is None, "it is over"


def test_the_server_gets_a_verifier_and_never_the_password(
    scene: Scene, server: EmbeddedServer, database: DatabaseUrl
) -> None:
    with connect(database, purpose="test") as session:
        session.script(f"ALTER ROLE {scene.role} SET log_statement = 'all'".encode())
    begin = server.log.stat().st_size
    order = scene.order()
    rotate(order, quiet)
    with server.log.open("rb") as log:
        log.seek(begin)
        text = log.read().decode("utf-8", "replace")
    assert f'ALTER ROLE "{scene.role}" PASSWORD' in text, "the measure itself can fail"
    assert scene.new_password(order) not in text
    with connect(database, purpose="test") as session:
        kept = session.value("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (scene.role,))
    assert kept.startswith("SCRAM-SHA-256$")


def killed_at(scene: Scene, order: Order, number: int, *, after: bool) -> bool:
    """A process of its own rotates, and is killed with SIGKILL before or after it writes that line; whether it was."""
    pid = os.fork()
    if pid == 0:
        write, lines = records.append, [0]

        def counted(path: Path, record: rotations.RotationRecord) -> str:
            lines[0] += 1
            if lines[0] == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            problem = write(path, record)
            if lines[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return problem

        records.append = counted  # type: ignore[assignment]
        try:
            rotate(order, quiet)
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


# Before each of the eleven lines, and after those that say that a step begins, and that all is done.
POINTS = [(number, False) for number in range(1, 12)] + [(number, True) for number in range(1, 12, 2)]


def test_killed_anywhere_it_is_gone_on_with_and_no_password_is_ever_lost(scene: Scene) -> None:
    shelf = scene.folder.parent / "github"  # what a killed process has put is seen from here
    shelf.mkdir()

    def put(place: str, value: str) -> str:
        (shelf / place.replace(" ", "-")).write_text(value)
        return place

    places = replace(scene.vault.places, put=put)
    for number, after in POINTS:
        assert killed_at(scene, scene.order(places=places), number, after=after)
        files = [path for path in scene.folder.glob("*.url") if not path.name.startswith(".")]
        new = read_password(files)
        known = [password for password in (OLD, new) if password and works(scene.database, scene.role, password)]
        assert len(known) == 1, (number, after)
        if not (scene.records.exists() and scene.last.over):
            rotate(scene.order(places=places), quiet)
        assert scene.last.last.step is Step.DONE
        file = Path(scene.last.last.file)
        assert works(scene.database, scene.role, read_password([file]))
        assert not scene.old_works()
        assert {path.read_text() for path in shelf.iterdir()} == {file.read_text().strip()}
        scene.reset()


def read_password(files: list[Path]) -> str:
    """Of the one URL that lies there; empty where there is none."""
    assert len(files) <= 1
    return parse(files[0].read_text().strip(), "file").password.reveal() if files else ""


def test_what_github_refuses_changes_nothing(scene: Scene) -> None:
    before = dict(scene.vault.values)
    scene.vault.refusing = [REFUSED]
    order = scene.order()
    with pytest.raises(GithubError) as caught:
        rotate(order, quiet)
    assert "the old password works everywhere" in caught.value.remedy
    assert scene.vault.values == before
    assert scene.old_works()
    assert not order.file.exists(), "a password that nobody has is of no use"
    assert scene.last.last.step is Step.GIVEN_UP
    rotate(scene.order(), quiet)
    assert not scene.old_works()


def test_where_the_second_secret_is_refused_the_first_is_put_back(scene: Scene) -> None:
    scene.vault.refusing = [None, REFUSED]
    with pytest.raises(GithubError):
        rotate(scene.order(), quiet)
    assert set(scene.vault.values.values()) == {scene.url.raw.reveal()}
    assert scene.old_works()
    assert scene.last.did(Step.PUT_BACK)


def test_an_answer_that_is_lost_is_asked_for_again(scene: Scene) -> None:
    scene.vault.refusing = [LOST]
    rotate(scene.order(), quiet)
    assert scene.vault.puts == 3
    assert not scene.old_works()


def unreached() -> GithubError:
    """Nothing was sent."""
    return GithubError("unreachable", "no way there", "Look.")


def test_what_github_may_have_is_never_called_untouched(scene: Scene) -> None:
    """The first answer is lost; the second try, and those that put the old one back, end before anything is sent."""
    scene.vault.refusing = [LOST, *(unreached() for _ in range(9))]
    order = scene.order()
    with pytest.raises(GithubError) as caught:
        rotate(order, quiet)
    assert "Nothing" not in caught.value.remedy
    assert "The server still has the old password" in caught.value.remedy
    assert scene.vault.values["repository"] == order.file.read_text().strip(), "GitHub has it, and the file is kept"
    assert '"step":"secrets","done":false' not in scene.records.read_text(), "what is not known is not written"
    scene.vault.refusing = [unreached(), unreached()]
    with pytest.raises(GithubError):
        rotate(scene.order(), quiet)
    assert order.file.exists(), "the call before may have told it"
    assert not scene.last.over
    scene.vault.refusing = []
    rotate(scene.order(), quiet)
    assert set(scene.vault.values.values()) == {order.file.read_text().strip()}
    assert not scene.old_works()


def test_a_lost_answer_is_put_back_where_github_is_there_again(scene: Scene) -> None:
    scene.vault.refusing = [LOST, unreached()]
    order = scene.order()
    with pytest.raises(GithubError):
        rotate(order, quiet)
    assert set(scene.vault.values.values()) == {scene.url.raw.reveal()}
    assert scene.last.did(Step.PUT_BACK)
    assert not order.file.exists()
    assert scene.old_works()


def test_whoever_interrupts_is_told_what_stands_where(scene: Scene) -> None:
    def at(number: int) -> str:
        said: list[str] = []

        def say(sentence: str) -> None:
            said.append(sentence)
            if len(said) == number:
                raise KeyboardInterrupt

        with pytest.raises(UnknownOutcomeError) as caught:
            rotate(scene.order(), say)
        assert caught.value.remedy.startswith("Run `dixis-tui rotate` again")
        return str(caught.value)

    assert at(2) == "Interrupted. Nothing was changed yet: the old password works everywhere"
    assert at(3) == "Interrupted. GitHub may have the new URL, the server still has the old password"
    assert at(2) == "Interrupted. GitHub may have the new URL, the server still has the old password"
    assert at(4) == "Interrupted. The server may have the new password, GitHub the new URL or the old one"
    order = scene.order()
    rotate(order, quiet)
    assert works(scene.database, scene.role, scene.new_password(order))


def test_where_github_is_gone_half_way_it_is_said_and_gone_on_with(scene: Scene) -> None:
    scene.vault.refusing = [None, LOST, LOST, LOST, LOST, LOST]
    with pytest.raises(GithubError) as caught:
        rotate(scene.order(), quiet)
    assert "The server still has the old password" in caught.value.remedy
    assert scene.old_works()
    scene.vault.refusing = []
    order = scene.order()
    assert order.resumes is not None
    rotate(order, quiet)
    assert set(scene.vault.values.values()) == {order.file.read_text().strip()}
    assert not scene.old_works()


def test_what_the_server_refuses_is_found_out_before_github_is_told(scene: Scene, database: DatabaseUrl) -> None:
    with role_on(database, f"clerk_{database.database}") as clerk:
        order = scene.order(url=with_login(database, clerk, OLD))
        with pytest.raises(QueryError) as caught:
            rotate(order, quiet)
    assert "Nothing was changed" in caught.value.remedy
    assert scene.vault.puts == 0
    assert scene.old_works()
    assert scene.last.over


def test_where_the_server_refuses_after_all_github_has_the_old_url_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(session: Session, role: str, password: str) -> None:
        raise QueryError("42501", "permission denied", "Grant it.")

    monkeypatch.setattr(roles, "set_password", refuse)
    monkeypatch.setattr(roles, "try_password", lambda *_: None)
    with pytest.raises(QueryError) as caught:
        rotate(scene.order(), quiet)
    assert "The old password works everywhere" in caught.value.remedy
    assert set(scene.vault.values.values()) == {scene.url.raw.reveal()}
    assert scene.old_works()


def test_where_the_server_s_answer_is_lost_it_is_not_known_until_the_next_call(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = roles.set_password

    def and_lost(session: Session, role: str, password: str) -> None:
        really(session, role, password)
        raise ConnectError("unreachable", "the connection was lost", "Look at the network.")

    monkeypatch.setattr(roles, "try_password", lambda *_: None)
    monkeypatch.setattr(roles, "set_password", and_lost)
    with pytest.raises(UnknownOutcomeError, match="is not known: the connection was lost"):
        rotate(scene.order(), quiet)
    assert scene.vault.puts == 2, "nothing is put back while that is not known"
    assert not scene.last.over
    assert scene.last.changed is None
    monkeypatch.setattr(roles, "set_password", really)
    order = scene.order()
    rotate(order, quiet)
    assert works(scene.database, scene.role, scene.new_password(order))
    assert not scene.old_works()


def test_another_role_may_change_it_and_goes_on_connecting(scene: Scene) -> None:
    order = scene.order(url=scene.database)
    assert "the old one is refused (28P01)" in rotate(order, quiet).seen
    assert works(scene.database, scene.role, scene.new_password(order))
    assert with_login(scene.url, scene.role, OLD).raw.reveal() not in scene.vault.values.values()


def test_where_the_old_one_is_not_known_that_is_said(scene: Scene) -> None:
    order = scene.order(url=scene.database, form=with_login(scene.database, scene.role, ""))
    assert "that the old one is refused was not looked at: it is not known here" in rotate(order, quiet).seen


def test_where_the_server_asks_nobody_for_a_password_that_is_said(scene: Scene, server: EmbeddedServer) -> None:
    rules = server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"host all {scene.role} 127.0.0.1/32 trust\n{before}")
    try:
        with connect(scene.database, purpose="test") as session:
            session.value("SELECT pg_reload_conf()")
        until(lambda: works(scene.database, scene.role, "any"), 10, "the server to trust it")
        seen = rotate(scene.order(), quiet).seen
    finally:
        rules.write_text(before)
        with connect(scene.database, purpose="test") as session:
            session.value("SELECT pg_reload_conf()")
    assert any("can't be shown: the server lets it in from here without asking" in one for one in seen)


def test_a_file_that_is_there_is_never_written_over(scene: Scene) -> None:
    order = scene.order()
    order.file.write_text("mine")
    with pytest.raises(RunnerError, match="File exists; nothing was changed"):
        rotate(order, quiet)
    assert order.file.read_text() == "mine"
    assert scene.old_works()


def test_what_can_t_be_written_down_is_not_done(scene: Scene) -> None:
    scene.records.mkdir()
    with pytest.raises(DixisError, match="could not be written"):
        rotate(scene.order(resumes=None), quiet)
    assert scene.old_works()
    assert scene.vault.puts == 0
