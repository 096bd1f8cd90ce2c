"""The pages name all that the program has: commands, options, exit codes, checks, settings; their links lead on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.main import cli
from dixis_tui.settings import SECRET_NAMES, Contact, Settings
from docs import make_checks, make_github, make_hazards
from screens.help import KEYS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def _commands() -> list[str]:
    return cli.list_commands(click.Context(cli))


def _options() -> Iterator[str]:
    for command in (cli, *(cli.get_command(click.Context(cli), name) for name in _commands())):
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield max(parameter.opts, key=len)


def _keys(table: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(table):
        kind = getattr(field.type, "__args__", (field.type,))[0]
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not Contact:
            yield from _keys(kind, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"


@pytest.mark.parametrize("command", _commands())
def test_readme_names_every_command(command: str) -> None:
    assert re.search(rf"^\| `dixis-tui {command}\b", README, re.MULTILINE)


@pytest.mark.parametrize("option", sorted({*_options()}))
def test_readme_names_every_option(option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", README)


@pytest.mark.parametrize("code", list(Exit))
def test_readme_and_help_name_every_exit_code(code: Exit) -> None:
    assert re.search(rf"^\| {code.value} \| \w", README, re.MULTILINE)
    assert re.search(rf"\b{code.value} [a-z]", cli.help or "")


def test_readme_names_every_key_of_the_cockpit() -> None:
    part = README.partition("Keys: ")[2].partition("\n\n")[0]
    for key, _ in KEYS:
        if key.isascii():
            assert f"`{key}`" in part


@pytest.mark.parametrize("key", [key for key in _keys(Settings) if key != "root"])
def test_every_setting_is_documented(key: str) -> None:
    assert re.search(rf"^\| .*`{re.escape(key)}`", CONFIGURATION, re.MULTILINE)


def test_only_settings_that_there_are_are_documented() -> None:
    table = CONFIGURATION.partition("```toml")[0]
    named = {key for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for key in re.findall(r"`(.+?)`", row)}
    assert named == {*_keys(Settings)} - {"root"} | {
        "health",
        "targets",
        "notices.webhooks",
        "after.logs",
        "flows",
        "flows.steps",
    }


def test_the_example_of_the_configuration_page_is_sound() -> None:
    example = CONFIGURATION.partition("```toml\n")[2].partition("```")[0]
    assert msgspec.toml.decode(example, type=Settings).health[0].name == "API"


@pytest.mark.parametrize("variable", SECRET_NAMES)
def test_every_secret_is_documented(variable: str) -> None:
    assert f"| `{variable}` |" in CONFIGURATION


def test_the_page_of_checks_is_current() -> None:
    assert make_checks.PAGE.read_text("utf-8") == make_checks.page(), "run python -m docs.make_checks"


def test_the_table_of_requests_is_current() -> None:
    page = make_github.PAGE.read_text("utf-8")
    assert "| `GET /user` |" in page
    assert page == make_github.page(), "run python -m docs.make_github"


def test_the_page_of_hazards_is_current() -> None:
    assert make_hazards.PAGE.read_text("utf-8") == make_hazards.page(), "run python -m docs.make_hazards"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_pictures_need_nothing_from_elsewhere() -> None:
    pictures = [*ROOT.glob("docs/*.svg")]
    assert pictures
    for picture in pictures:
        text = picture.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"@import|@font-face|url\((?!#)|href=|<image|<script", text), picture.name


def test_ci_runs_the_command_that_readme_gives() -> None:
    command = README.partition("## Passing the tests")[2].partition("```sh\n")[2].partition("\n```")[0]
    assert "pytest" in command
    assert command in (ROOT / ".ci" / "run").read_text("utf-8")
    assert command in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
