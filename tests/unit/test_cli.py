"""The command line: its help, its refusals, its JSON, its exit codes. No run is started here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import pytest

from dixis_tui import __version__
from dixis_tui import events as ev
from dixis_tui.cli import exits, lines, main, options
from dixis_tui.cli.exits import Exit
from dixis_tui.errors import ConnectError, RunnerError, UrlError, UsageError
from dixis_tui.model import CheckState, Phase, PhaseState, Place, Verdict
from dixis_tui.plan.checks import CATALOGUE, FLEET, SPECS
from dixis_tui.run.state import Entry
from tests.unit.examples import EVENTS, START

GROUP = click.Context(main.cli)
NAMES = main.cli.list_commands(GROUP)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No runs, no dixis.toml, no target."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("DATABASE_URL", "STAGING_DATABASE_URL", "SHADOW_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def command(name: str) -> click.Command:
    found = main.cli.get_command(GROUP, name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_help_lists_every_option(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"dixis-tui {name}" in shown
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert all(spelling in shown for spelling in parameter.opts)
            assert parameter.help, parameter.name
    assert "Usage" in shown


def test_the_groups_help_lists_commands_options_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["-h"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in NAMES)
    assert all(option in shown for option in ("--config", "--executor", "--operator", "--version"))
    for code in Exit:
        assert f"{int(code)} " in shown


def test_every_command_file_is_a_command() -> None:
    files = {path.stem for path in Path(main.__file__).parent.joinpath("commands").glob("*.py")}
    of_groups = {file for file in files if file.partition("_")[0] in NAMES and "_" in file}
    assert files - of_groups == {*NAMES, "__init__", "cockpit"}


_WITHOUT_JSON = ("attach", "watch", "tail", "notice", "page", "github")
"""They show what goes on, or are groups of commands."""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in _WITHOUT_JSON])
def test_every_command_speaks_json(name: str) -> None:
    assert "--json" in [spelling for parameter in command(name).params for spelling in parameter.opts]


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


USAGE = {
    "no such command": ["nope"],
    "no such option": ["check", "--nope"],
    "no target": ["check"],
    "no phrase": ["run"],
    "wrong phrase": ["run", "--confirm", "dixis-prod-ok"],
    "phrase but no target": ["run", "--confirm", "DIXIS-PROD-OK"],
    "demo without its phrase": ["demo", "--unattended"],
    "no runs": ["status"],
    "no runs to attach to": ["attach"],
    "no runs to go back from": ["rollback", "--confirm", "DIXIS-ROLLBACK-OK"],
    "no such run": ["status", "2026"],
    "no such check": ["check", "--tick", "DX999"],
    "not a person's check": ["check", "--tick", "DX101"],
    "waiver without a reason": ["check", "--waive", "DX121"],
    "waiver with an empty reason": ["check", "--waive", "DX121= "],
    "waiver of no check": ["check", "--waive", "DX999=x"],
    "waiver of what can't be": ["check", "--waive", "DX103=x"],
    "no such file": ["--config", "nowhere.toml", "check"],
    "no such executor": ["--executor", "github", "check"],
    "no terminal": [],
    "no terminal for the demo": ["demo"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage_is_a_sentence_with_a_remedy(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") >= 2
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    "arguments", [[*arguments, "--json"] for arguments in USAGE.values() if arguments and arguments[-1] != "demo"]
)
def test_wrong_usage_in_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == Exit.USAGE
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(said) == {"verdict", "error", "remedy"}
    assert said["verdict"] == "usage"
    assert said["error"]
    assert said["remedy"]


def test_nothing_was_started_by_any_of_them(tmp_path: Path) -> None:
    for arguments in USAGE.values():
        main.run(arguments)
    state = tmp_path / "state"
    assert not [path for path in state.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:geheim@h/d",
        "postgresql://u:geheim@h",
        "postgresql://u:geheim@:99999/d",
        "postgresql://u:ge heim@h:port/d",
        "not a url, geheim",
        "postgresql://u:geheim\udcff@h/d",
    ],
)
def test_a_malformed_target_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert main.run(["check", "--json"]) == Exit.USAGE
    shown = capsys.readouterr()
    assert "geheim" not in shown.out + shown.err
    assert "heim" not in shown.out + shown.err
    assert json.loads(shown.out)["error"].startswith("DATABASE_URL ")


@pytest.mark.parametrize(("words", "variable"), [(["--operator", "\udcff"], ""), ([], "STAGING_DATABASE_URL")])
def test_bytes_that_are_no_utf8_are_no_traceback(
    words: list[str], variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:geheim@127.0.0.1:1/d")
    monkeypatch.setattr("dixis_tui.run.spawn.subprocess.Popen", _no_process)
    if variable:
        monkeypatch.setenv(variable, "postgresql://u:geheim\udcff@h/d")
    code = main.run(["check", *words])
    assert code == (Exit.USAGE if variable else Exit.ERROR)
    assert "geheim" not in capsys.readouterr().err


def _no_process(*_: object, **__: object) -> None:
    raise RunnerError("no process in this test")


def test_other_errors_are_no_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise RunnerError("The runner did not start in time", "Look into it.")

    monkeypatch.setattr("dixis_tui.run.folders.all_runs", broken)
    assert main.run(["runs", "--json"]) == Exit.ERROR
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {
        "verdict": "error",
        "error": "The runner did not start in time",
        "remedy": "Look into it.",
    }
    assert "dixis-tui: The runner did not start in time\n  Look into it." in shown.err


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dixis_tui.run.folders.all_runs", interrupted)
    assert main.run(["runs"]) == Exit.INTERRUPTED
    assert capsys.readouterr().err.strip() == "Interrupted."


def test_every_verdict_has_an_exit_code() -> None:
    assert {verdict: exits.of_verdict(verdict) for verdict in Verdict} == {
        Verdict.OPEN: 0,
        Verdict.DONE: 0,
        Verdict.CHECKED: 0,
        Verdict.ROLLED_BACK: 0,
        Verdict.CLOSED: 3,
        Verdict.ABANDONED: 3,
        Verdict.FAILED: 4,
        Verdict.UNKNOWN: 5,
        Verdict.INTERRUPTED: 130,
    }
    assert exits.of_error(UsageError("x")) == exits.of_error(UrlError("A", "b", "c")) == Exit.USAGE
    assert exits.of_error(RunnerError("x")) == exits.of_error(ConnectError("tls", "x", "y")) == Exit.ERROR


def test_checks_lists_the_whole_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["checks", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["checks"]
    assert [check["code"] for check in listed] == [spec.code for spec in (*CATALOGUE, *FLEET)]
    assert all(check["title"] and check["looks"] and check["phase"] in set(Phase) for check in listed)
    assert main.run(["checks"]) == 0
    shown = capsys.readouterr().out
    assert all(spec.code in shown and spec.title in shown for spec in (*CATALOGUE, *FLEET))
    assert shown.count("can't be waived") == sum(not spec.waivable for spec in CATALOGUE)


def test_no_runs_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["runs"]) == 0
    assert capsys.readouterr().out == "No runs yet.\n"
    assert main.run(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"runs": []}


SILENT = {
    ev.RunStarted,
    ev.TargetSeen,
    ev.ProjectSeen,
    ev.PendingSeen,
    ev.Progress,
    ev.BackupMade,
    ev.BackupAdopted,
    ev.BackupRestored,
    ev.MigrationStarted,
    ev.HealthSeen,
    ev.TruthSeen,
    ev.StatementStarted,
    ev.StatementEnded,
    ev.RadarSeen,
    ev.Checkpointed,
    ev.GithubSeen,
    ev.NoticeSending,
    ev.NoticesMade,
    ev.BaselineTaken,
    ev.AfterSeen,
    ev.AccessSeen,
}
"""What a check or a phase says in a line of its own."""


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_as_a_line(event: ev.Event) -> None:
    line = lines.describe(Entry(1, START, event))
    assert bool(line) is (type(event) not in SILENT)
    assert "\n" not in line
    assert not line or line.startswith("20:00:00Z ")


def test_every_event_has_a_line_or_is_known_to_have_none() -> None:
    assert set(get_args(ev.Event)) >= SILENT


@pytest.mark.parametrize("state", list(CheckState))
def test_a_check_as_a_line(state: CheckState) -> None:
    event = ev.CheckChanged(code="DX706", subject="API", state=state, evidence="500", remedy="Look.")
    line = lines.describe(Entry(1, START, event))
    if state in (CheckState.WAITING, CheckState.RUNNING):
        assert line == ""
    else:
        assert f"DX706 {SPECS['DX706'].title} API: {state}. 500 → Look." in line


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (ev.Ticked(code="DX131", operator="Μαρία", on=False), "taken back by Μαρία"),
        (ev.Waived(code="DX121", operator="Μαρία", reason="agreed"), "waived by Μαρία: agreed"),
        (ev.PhaseEnded(phase=Phase.BACKUP, state=PhaseState.PASSED, seconds=2.04), "Backup done in 2.0 s"),
        (
            ev.PhaseEnded(phase=Phase.BACKUP, state=PhaseState.FAILED, seconds=2.04, reason="disk full"),
            "Backup not passed in 2.0 s disk full",
        ),
        (ev.MigrationEnded(name="a", place=Place.PRODUCTION, seconds=1.234), "a on production: applied in 1.23 s"),
        (ev.MigrationEnded(name="a", place=Place.STAGING, seconds=1.0, error="boom"), "a on staging: boom"),
        (ev.RunEnded(verdict=Verdict.DONE, summary="4 applied"), "── done: 4 applied"),
    ],
)
def test_what_a_line_says(event: ev.Event, said: str) -> None:
    assert said in lines.describe(Entry(1, START, event))


def test_ticks_and_waivers() -> None:
    assert options.parse_ticks(("DX131", "DX131", "DX400")) == {"DX131", "DX400"}
    assert options.parse_waivers(("DX121=agreed = yes", "DX300= no staging ")) == {
        "DX121": "agreed = yes",
        "DX300": "no staging",
    }
    assert options.parse_waivers(("DX121=a\x1b[2J\udcff",)) == {"DX121": "a\ufffd"}


def test_who_is_at_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "nikos")
    assert options.Common(operator="eleni").person("maria") == "maria"
    assert options.Common(operator="eleni").person() == "eleni"
    assert options.Common().person() == "nikos"
    monkeypatch.delenv("SUDO_USER")
    monkeypatch.setenv("LOGNAME", "giorgos")
    assert options.Common().person() == "giorgos"
    assert options.Common().person("  ") == "unknown"
    assert options.Common().person("a\x1b]0;x\x07\udcff") == "a\ufffd"


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "dixis_tui", "checks"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(main.__file__).parents[2])},
    )
    assert child.stdout is not None
    child.stdout.close()
    _, said = child.communicate()
    assert b"Traceback" not in said
    assert child.returncode in (0, 1)


def test_textual_settings_of_the_environment_are_gone_before_anything_runs(tmp_path: Path) -> None:
    code = (
        "import os, sys; from dixis_tui.__main__ import main; sys.argv = ['dixis-tui', 'runs']; main();"
        "print([name for name in os.environ if name.startswith('TEXTUAL')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "TEXTUAL_PRESS": "enter",
            "TEXTUAL": "debug",
            "PYTHONPATH": str(Path(main.__file__).parents[2]),
        },
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_demo_has_no_github(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main.run(["--executor", "github", "demo"]) == 2
    assert "The demo has no GitHub of its own" in capsys.readouterr().err
    assert not list(tmp_path.iterdir()), "nothing was made"
