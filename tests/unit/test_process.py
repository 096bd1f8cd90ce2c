"""Children: a bare environment, every line of their output, and one sentence where they can't be started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dixis_tui import process
from dixis_tui.errors import ToolError
from tests.waiting import until

HOSTILE = {
    "TEXTUAL_PRESS": "enter",
    "TEXTUAL": "devtools",
    "PGPASSWORD": "geheim",
    "PGSERVICE": "prod",
    "PGOPTIONS": "-c statement_timeout=1",
    "PGHOST": "elsewhere",
    "NODE_OPTIONS": "--require /tmp/evil.js",
    "LD_LIBRARY_PATH": "/nowhere",
    "LD_DEBUG": "all",
    "PYTHONSTARTUP": "/nowhere.py",
    "PYTHONPATH": "/nowhere",
    "PYTHONINSPECT": "1",
    "DATABASE_URL": "postgresql://u:geheim@h/d",
    "STAGING_DATABASE_URL": "postgresql://u:geheim@s/d",
    "GITHUB_TOKEN": "geheim",
    "AWS_SECRET_ACCESS_KEY": "geheim",
    "BASH_ENV": "/nowhere",
    "ENV": "/nowhere",
    "npm_config_registry": "https://elsewhere",
}


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


def test_a_child_sees_what_we_name_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/maria")
    lines: list[str] = []
    code = process.run(
        python("import json,os; print(json.dumps(dict(os.environ)))"), environment={"OWN": "1"}, on_stdout=lines.append
    )
    seen = json.loads(lines[0])
    assert code == 0
    assert not set(seen) & set(HOSTILE)
    assert not [name for name in seen if name.startswith(("TEXTUAL", "PG", "LD_", "NODE", "PYTHON"))]
    assert "geheim" not in lines[0]
    assert (seen["OWN"], seen["HOME"], seen["PATH"]) == ("1", "/home/maria", os.environ["PATH"])


def test_what_is_added_wins_over_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert process.child_environment({"TZ": "Europe/Athens"})["TZ"] == "Europe/Athens"
    monkeypatch.delenv("TZ")
    assert "TZ" not in process.child_environment()


def test_both_streams_line_by_line() -> None:
    out: list[str] = []
    err: list[str] = []
    code = process.run(
        python("import sys; print('α\\n\\nβ'); sys.stderr.write('γ\\r\\nlast'); sys.exit(7)"),
        on_stdout=out.append,
        on_stderr=err.append,
    )
    assert (code, out, err) == (7, ["α", "", "β"], ["γ", "last"])


def test_output_that_nobody_wants_does_not_block() -> None:
    assert process.run(python("import sys; sys.stdout.write('x' * 10**7); sys.stderr.write('y' * 10**7)")) == 0


def test_the_rest_of_an_endless_line_goes_and_the_next_one_comes() -> None:
    """In pieces, a secret could be cut in two, and its second half be a line that nobody knows."""
    lines: list[str] = []
    process.run(python("import sys; sys.stdout.write('x' * 200_000 + 'tail\\nnext\\n')"), on_stdout=lines.append)
    assert lines == ["x" * 64 * 1024, "next"]


def test_bytes_that_are_no_text_come_through_as_replacements() -> None:
    lines: list[str] = []
    code = "import sys; sys.stdout.buffer.write(b'a\\xff\\xfe\\x00b\\n\\x80')"
    process.run(python(code), on_stdout=lines.append)
    assert lines == ["a\ufffd\ufffd\x00b", "\ufffd"]


def test_standard_input_is_empty_unless_given(tmp_path: Path) -> None:
    echo = python("import sys; print(repr(sys.stdin.read()))")
    lines: list[str] = []
    process.run(echo, on_stdout=lines.append)
    given = tmp_path / "given"
    given.write_text("sql")
    with given.open("rb") as file:
        process.run(echo, on_stdout=lines.append, stdin=file)
    assert lines == ["''", "'sql'"]


def test_the_directory_is_the_childs(tmp_path: Path) -> None:
    lines: list[str] = []
    process.run(python("import os; print(os.getcwd())"), directory=tmp_path, on_stdout=lines.append)
    assert lines == [str(tmp_path)]


@pytest.mark.parametrize("name", ["no-such-program-anywhere", "/nowhere/at/all"])
def test_a_program_that_is_missing_is_one_sentence(name: str) -> None:
    with pytest.raises(ToolError, match=f"{name} can't be started") as caught:
        process.run([name, "--secret"])
    assert caught.value.remedy
    assert "--secret" not in str(caught.value)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "pg_dump").write_text("")
    with pytest.raises(ToolError, match="can't be started"):
        process.run([tmp_path / "pg_dump"])


def test_a_child_can_be_stopped_from_elsewhere() -> None:
    code = process.run(python("import signal; signal.pause()"), started=lambda child: child.send_signal(signal.SIGTERM))
    assert code == -signal.SIGTERM


def test_no_core_dump_in_a_child() -> None:
    code = (
        "import os, resource, subprocess, sys; from dixis_tui.process import no_core_dumps; no_core_dumps();"
        "subprocess.run([sys.executable, '-c', 'import resource; print(resource.getrlimit(resource.RLIMIT_CORE))'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(0, 0)"


def test_lines_arrive_while_the_child_still_runs() -> None:
    lines: list[str] = []
    children: list[subprocess.Popen[bytes]] = []

    def on_line(line: str) -> None:
        lines.append(line)
        until(lambda: children, what="the child to be told")
        children[0].terminate()

    code = process.run(
        python("import signal; print('first', flush=True); signal.pause()"),
        on_stdout=on_line,
        started=children.append,
    )
    assert (lines, code) == (["first"], -signal.SIGTERM)


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    assert process.login_name() == "3999999999"
