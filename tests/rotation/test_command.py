"""`dixis-tui rotate` as its user calls it, with a GitHub beside it: nothing secret in any output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.main import run
from dixis_tui.errors import ConnectError
from dixis_tui.postgres.run_lock import RunLock
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.run import rotation, rotations
from tests.github.fake import TOKEN, Environment, FakeGithub, Secret
from tests.github.fake.answers import Answer
from tests.github.fake.faults import Fault, instead, to
from tests.github.fake.shop import shop
from tests.rotation.conftest import OLD, Scene, works


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with FakeGithub(shop()) as standing:
        standing.repo.environments = [Environment("production", secrets=[Secret("DATABASE_URL_PROD")])]
        yield standing


@pytest.fixture
def house(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, github: FakeGithub) -> Scene:
    """A folder with settings, and the environment of whoever calls it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("DATABASE_URL", scene.url.raw.reveal())
    monkeypatch.setenv("SHOP_URL", scene.url.raw.reveal().replace("127.0.0.1", "db.dixis.example"))
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    (tmp_path / "dixis.toml").write_text(f'[github]\nrepository = "dixis/shop"\napi_url = "{github.url}"\n')
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://x:y@z/w\n")
    scene.folder = tmp_path / "xdg" / "dixis-tui"
    return scene


def test_all_of_it(house: Scene, github: FakeGithub, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with connect(house.url, purpose="x") as shop_session:
        shop_session.execute("SET application_name = 'shop-web'")
        assert run(["rotate", "--confirm", house.role, "--url-variable", "SHOP_URL"]) == Exit.DONE
        assert shop_session.value("SELECT 1") == 1, "who is connected stays connected"
    said = capsys.readouterr()
    file = Path(house.last.last.file)
    new = parse(file.read_text().strip(), "new")
    assert new.host == "db.dixis.example"
    assert file.parent == house.folder / rotations.FOLDER
    password = new.password.reveal()
    assert works(house.database, house.role, password)
    assert not house.old_works()
    assert github.repo.environments[0].secrets[0].value == file.read_text().strip()
    assert github.repo.secrets[0].value == file.read_text().strip()
    for words in (
        "GitHub: DATABASE_URL_PROD of the repository, changed 2024-03-01",
        f"may hold it, and is not touched: {tmp_path / '.env'}",
        f"{house.role}@127.0.0.1/shop-web",
    ):
        assert words in said.err, words
    for words in (
        "the old one is refused (28P01)",
        "1 × shop-web from 127.0.0.1 had the old password",
        f"The new URL is in {file}",
        "DATABASE_URL of this terminal has the old one.",
    ):
        assert words in said.out, words
    told = said.out + said.err + house.records.read_text()
    for secret in (password, OLD, house.url.raw.reveal(), TOKEN):
        assert secret not in told
    assert "environment production changed at" in house.records.read_text()


def test_a_look_changes_nothing_and_a_wrong_name_is_refused(
    house: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["rotate", "--look"]) == Exit.DONE
    assert f"Role {house.role}" in capsys.readouterr().err
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setenv("PATH", "/nowhere")  # nor is there a gh
    assert run(["rotate", "--look"]) == Exit.DONE
    assert "GitHub: There is no GitHub token" in capsys.readouterr().err
    assert run(["rotate", "--confirm", "another"]) == Exit.USAGE
    assert run(["rotate", "--json"]) == Exit.USAGE
    assert run(["rotate", "--url-variable", "NOT_SET"]) == Exit.USAGE
    assert house.old_works()
    assert not house.records.exists()


def test_github_is_given_no_url_that_leads_to_this_machine(house: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rotate", "--confirm", house.role]) == Exit.USAGE
    assert "GitHub can't use a URL that leads to 127.0.0.1" in capsys.readouterr().err
    assert house.old_works()
    assert run(["rotate", "--confirm", house.role, "--without-github", "--json"]) == Exit.DONE
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["role"] == house.role
    assert result["file"] == house.last.last.file
    assert OLD not in json.dumps(result, ensure_ascii=False)


def test_not_while_a_run_is_under_way(house: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    lock = RunLock(house.url, "20261124-200000-0001", "maria@ops")
    lock.ensure()
    try:
        assert run(["rotate", "--confirm", house.role, "--without-github"]) == Exit.CLOSED
    finally:
        lock.release()
    assert "Run 20261124-200000-0001 by maria@ops is under way" in capsys.readouterr().err
    assert house.old_works()


def test_not_while_a_run_on_github_may_need_the_secret_of_another_role(
    house: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", house.database.raw.reveal())
    with (tmp_path / "dixis.toml").open("a") as settings:
        settings.write(f'[rotation]\nrole = "{house.role}"\n')
    lock = RunLock(house.database, "20261124-200000-0001", "maria@ops")
    lock.ensure()
    try:
        assert run(["rotate", "--confirm", house.role, "--url-variable", "SHOP_URL"]) == Exit.CLOSED
        assert "Run 20261124-200000-0001 by maria@ops is under way" in capsys.readouterr().err
        assert house.old_works()
        assert run(["rotate", "--confirm", house.role, "--url-variable", "SHOP_URL", "--without-github"]) == Exit.DONE
    finally:
        lock.release()
    assert not house.old_works()


def test_not_where_nobody_can_say_whether_a_run_is_under_way(
    house: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{house.url.raw.reveal()}?pgbouncer=true")
    assert run(["rotate", "--confirm", house.role, "--without-github"]) == Exit.USAGE
    assert "Whether a run is under way can't be known: it says pgbouncer=true" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", house.url.raw.reveal())

    def silent(_: RunLock) -> None:
        raise ConnectError("unreachable", "the server does not answer", "Look at the network.")

    monkeypatch.setattr(RunLock, "ensure", silent)
    assert run(["rotate", "--confirm", house.role, "--without-github"]) == Exit.ERROR
    assert "the server does not answer" in capsys.readouterr().err
    assert house.old_works()
    assert not house.records.exists()


def test_after_ctrl_c_it_goes_on_with_whichever_password_the_server_takes(
    house: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "verified", interrupted)
        assert run(["rotate", "--confirm", house.role, "--without-github"]) == Exit.UNKNOWN
    said = capsys.readouterr().err
    assert "Interrupted. The server may have the new password" in said
    assert "Run `dixis-tui rotate` again" in said
    assert run(["rotate", "--confirm", house.role, "--without-github"]) == Exit.DONE
    assert not house.old_works()


def test_the_phrase_is_asked_for_and_a_token_that_may_not_is_found_out_first(
    house: Scene, github: FakeGithub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.prompt", lambda *_, **__: house.role)
    github.tokens[TOKEN].permissions = {"actions": "read"}
    assert run(["rotate", "--url-variable", "SHOP_URL"]) == Exit.USAGE
    assert "The secrets on GitHub could not be looked at" in capsys.readouterr().err
    github.tokens[TOKEN].permissions = {"secrets": "read", "environments": "read"}
    assert run(["rotate", "--url-variable", "SHOP_URL"]) == Exit.ERROR
    said = capsys.readouterr().err
    assert "Secrets: write" in said
    assert "the old password works everywhere" in said
    assert house.old_works()
    github.tokens[TOKEN].permissions = {"secrets": "write", "environments": "write"}
    assert run(["rotate", "--url-variable", "SHOP_URL"]) == Exit.DONE
    assert not house.old_works()


def test_a_secret_that_github_has_taken_is_taken_whatever_the_look_afterwards_says(
    house: Scene, github: FakeGithub
) -> None:
    # Read twice before: where the secret is, and what time it has.
    github.faults.append(Fault(instead(lambda: Answer(403)), to("/production/secrets"), times=1, skip=2))
    assert run(["rotate", "--confirm", house.role, "--url-variable", "SHOP_URL"]) == Exit.DONE
    assert "environment production taken; its time could not be read" in house.records.read_text()
    assert github.repo.environments[0].secrets[0].value == Path(house.last.last.file).read_text().strip()
    assert not house.old_works()
