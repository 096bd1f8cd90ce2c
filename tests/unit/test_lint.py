"""`dixis-tui lint` from its arguments to what it prints and its exit code; squawk is real, no database is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from dixis_tui.cli import main
from dixis_tui.cli.exits import Exit
from dixis_tui.errors import ToolError
from dixis_tui.hazards import squawk

DANGER = "TRUNCATE t;\n"
WARNING = "CREATE INDEX i ON u (a);\n"
NOTICE = "ALTER TABLE t ALTER COLUMN a DROP NOT NULL;\n"
CLEAN = "ALTER TABLE t ADD COLUMN a text;\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(folder: Path, version: str = "6.19.3", **migrations: str) -> Path:
    """A Prisma project as `lint` needs it; nothing is installed."""
    package = {"devDependencies": {"prisma": version}}
    prisma = folder / "prisma"
    (prisma / "migrations").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(package))
    (prisma / "schema.prisma").write_text(
        'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
    )
    (prisma / "migrations" / "migration_lock.toml").write_text('provider = "postgresql"\n')
    for name, sql in migrations.items():
        write(prisma / "migrations" / name / "migration.sql", sql)
    return folder


def write(path: Path, sql: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sql.encode() if isinstance(sql, str) else sql)
    return path


def lint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main.run(["lint", *words])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("sql", "code"),
    [(DANGER, 3), (WARNING, 3), (NOTICE, 0), (CLEAN, 0), ("", 0), (f"-- dixis-ignore DH102: so\n{DANGER}", 0)],
)
def test_exit_codes(sql: str, code: int, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.sql", sql)
    assert lint(capsys, "a.sql")[0] == code
    assert lint(capsys, "a.sql", "--exit-zero")[0] == 0


def test_a_text_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "m" / "a.sql", 'SELECT 1;\n\tALTER TABLE "Ω" ADD COLUMN a int, ALTER COLUMN "β" SET NOT NULL;\n')
    write(home / "m" / "b.sql", f"-- dixis-ignore DH102: so\n{DANGER}")
    code, shown = lint(capsys, "m")
    lines = shown.splitlines()
    assert code == Exit.CLOSED
    assert lines[0] == "m/a.sql:2:53: adding-not-nullable-field danger SET NOT NULL reads every row"
    mark = lines[3]
    assert lines[2][mark.index("^") : mark.rindex("^") + 1] == "SET NOT NULL"
    assert "   = why: ACCESS EXCLUSIVE" in shown
    assert '       ALTER TABLE "Ω" VALIDATE CONSTRAINT "Ω_β_not_null";' in lines
    assert lines[-1] == "Found 1 hazard (1 danger) in 1 of 2 files; 1 suppressed."
    assert "\x1b" not in shown


def test_a_long_line_is_cut_around_the_mark(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.sql", f"SELECT '{'x' * 500}'; TRUNCATE t; SELECT '{'y' * 500}';")
    lines = lint(capsys, "a.sql")[1].splitlines()
    assert lines[2][lines[3].index("^") : lines[3].rindex("^") + 1] == "TRUNCATE t"
    assert max(map(len, lines[:4])) < 125


def test_the_project_of_this_folder_in_prismas_order(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(home, **{"10_x": DANGER, "9_x": WARNING})
    shown = lint(capsys)[1]
    places = [line for line in shown.splitlines() if ".sql:" in line]
    assert [place.split(":")[0] for place in places] == [
        "prisma/migrations/10_x/migration.sql",
        "prisma/migrations/9_x/migration.sql",
    ]
    assert lint(capsys, "prisma/migrations")[1] == shown
    assert lint(capsys, ".")[1].replace("./", "") == shown
    (home / "dixis.toml").write_text('[prisma]\ndirectory = "elsewhere"\n')
    assert lint(capsys)[0] == Exit.USAGE


def test_the_pinned_prisma_decides_how_a_file_is_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;"
    project(home / "six", "6.19.3", one=both)
    project(home / "seven", "7.4.0", one=both)
    assert "DH104" in lint(capsys, "six")[1]
    assert "DH104" not in lint(capsys, "seven")[1]
    assert "DH104" not in lint(capsys, "six", "--prisma-version", "7.4")[1]
    assert "DH104" in lint(capsys, "seven", "--prisma-version", "6")[1]
    assert "DH104" in lint(capsys, "seven/prisma/migrations/one/migration.sql", "--prisma-version", "7.3.1")[1]


def test_what_is_pending_is_one_set(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(home, **{"1_old": "CREATE TABLE u (id int);", "2_new": "CREATE TABLE t (id int);", "3_fill": DANGER})
    assert lint(capsys)[0] == Exit.CLOSED, "each file by itself: t may be in use"
    assert lint(capsys, "--only-pending-after", "1_old")[0] == Exit.DONE
    assert lint(capsys, "--only-pending-after", "2_new")[0] == Exit.CLOSED
    assert lint(capsys, "--only-pending-after", "3_fill")[0] == Exit.DONE
    assert lint(capsys, "--only-pending-after", "4_none")[0] == Exit.USAGE


def test_codes_are_chosen(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.sql", DANGER + WARNING)
    assert "DH102" not in lint(capsys, "a.sql", "--ignore", "DH102,DH105")[1]
    assert "require-concurrent" not in lint(capsys, "a.sql", "--select", "DH")[1]
    assert lint(capsys, "a.sql", "--ignore", "DH", "--ignore", "require-")[0] == Exit.DONE


def test_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.sql", f"-- dixis-ignore DH102: ticket\n{DANGER}{WARNING}")
    code, shown = lint(capsys, "a.sql", "--json")
    found = json.loads(shown)
    assert code == Exit.CLOSED
    assert [(one["code"], one["severity"], one["suppressed"]) for one in found["hazards"]] == [
        ("DH102", "danger", "ticket"),
        ("require-concurrent-index-creation", "warning", ""),
    ]
    assert found["summary"] | {"text": ""} == {
        "files": 1,
        "danger": 0,
        "warning": 1,
        "notice": 0,
        "suppressed": 1,
        "text": "",
    }
    assert found["forecasts"][0]["execution"] == "one transaction"
    assert lint(capsys, "a.sql", "--format", "json")[1] == shown


def test_github_annotations(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a,b:c%.sql", f"{DANGER}{WARNING}{NOTICE}")
    lines = lint(capsys, "a,b:c%.sql", "--format", "github")[1].splitlines()
    assert [line.split(" ")[0] for line in lines[:3]] == ["::error", "::warning", "::notice"]
    assert lines[0].startswith("::error file=a%2Cb%3Ac%25.sql,line=1,endLine=1,col=1,endColumn=11,title=DH102 TRUNCATE")
    assert "%0A%0ASafer:%0A--" in lines[0]
    assert len(lines) == 4


def test_sarif(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fields that SARIF 2.1.0 requires, and that what refers leads somewhere."""
    write(home / "α β.sql", f"-- dixis-ignore DH102: ticket\n{DANGER}{WARNING}{NOTICE}")
    found = json.loads(lint(capsys, "α β.sql", "--format", "sarif")[1])
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "%CE%B1%20%CE%B2.sql"
        assert 1 <= place["region"]["startLine"] <= place["region"]["endLine"]
    assert run["results"][0]["suppressions"] == [{"kind": "inSource", "justification": "ticket"}]
    assert all("suppressions" not in result for result in run["results"][1:])
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bom.sql", b"\xef\xbb\xbfTRUNCATE t;", "byte order mark"),
        ("latin.sql", "-- caf\xe9".encode("latin-1"), "not UTF-8"),
        ("binary.sql", b"\x7fELF\0\0\0", "NUL byte"),
        ("broken.sql", b"SELECT 1;\nALTER TABL t;", ":2:7: DH100"),
    ],
)
def test_what_is_no_sql_is_one_danger(
    name: str, content: bytes, said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home / name, content)
    write(home / "good.sql", WARNING)
    code, shown = lint(capsys, ".")
    assert code == Exit.CLOSED
    assert said in shown
    assert "Found 2 hazards (1 danger, 1 warning) in 2 of 2 files." in shown


def test_names_of_files_are_no_patterns_and_no_options(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("we[i]rd *.sql", "-x.sql", "a\x1b[31m.sql"):
        write(home / "odd" / name, WARNING)
    shown = lint(capsys, "odd")[1]
    assert "in 3 of 3 files" in shown
    assert "\x1b" not in shown


BAD = {
    "missing": ["nope"],
    "empty folder": ["empty"],
    "nothing here": [],
    "neither file nor folder": ["pipe"],
    "no version": ["--pg-version", "x", "a.sql"],
    "half a version": ["--prisma-version", "7", "a.sql"],
    "no rule": ["--select", "NOPE", "a.sql"],
    "another database": ["mysql"],
    "no such format": ["--format", "xml", "a.sql"],
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD)
def test_wrong_usage(words: list[str], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.sql", CLEAN)
    (home / "empty").mkdir()
    os.mkfifo(home / "pipe")
    write(project(home / "mysql") / "prisma" / "migrations" / "migration_lock.toml", 'provider = "mysql"\n')
    assert main.run(["lint", *words]) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err


def test_a_file_that_cant_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["lint", "/proc/self/mem"]) == Exit.USAGE  # which root can't read either
    assert "can't be read" in capsys.readouterr().err


def test_without_squawk_it_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home / "a.sql", DANGER)
    monkeypatch.setattr(sys, "executable", str(home / "python"))
    monkeypatch.setenv("PATH", str(home))
    assert main.run(["lint", "a.sql"]) == Exit.ERROR
    shown = capsys.readouterr()
    assert "squawk is not installed" in shown.err
    assert shown.err.count("\n") == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo boom >&2; exit 2", "exit code 2: boom"),
        ("echo nonsense", "can't be read"),
        ("kill -9 $$", "exit code -9"),
    ],
)
def test_a_squawk_that_fails_is_no_clean_bill(
    script: str, said: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = write(home / "bin" / "squawk", f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(squawk, "program", lambda: str(fake))
    with pytest.raises(ToolError, match=said):
        squawk.Squawk(["a.sql"], in_transaction=True, server_version=150000).findings()


def test_squawks_own_settings_change_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.sql", WARNING)
    (home / ".squawk.toml").write_text('excluded_rules = ["require-concurrent-index-creation"]\n')
    assert lint(capsys, "a.sql")[0] == Exit.CLOSED


def test_one_process_for_all_files_of_a_kind(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[bool] = []
    real = squawk.Squawk.__init__

    def counted(self: squawk.Squawk, paths: list[str], *, in_transaction: bool, server_version: int) -> None:
        started.append(in_transaction)
        real(self, paths, in_transaction=in_transaction, server_version=server_version)

    monkeypatch.setattr(squawk.Squawk, "__init__", counted)
    for number in range(20):
        write(home / f"{number}.sql", WARNING)
        write(home / f"own_{number}.sql", f"BEGIN; {WARNING} COMMIT;")
    assert "in 40 of 40 files" in lint(capsys, ".")[1]
    assert started == [True, False]


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_only_on_a_terminal_that_wants_them(environment: dict[str, str], coloured: bool, home: Path) -> None:
    write(home / "a.sql", DANGER)
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
    subprocess.run(
        [sys.executable, "-m", "dixis_tui", "lint", "a.sql"],
        stdout=theirs,
        env=clean | {"TERM": "xterm-256color", "COLUMNS": "80"} | environment,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert (b"\x1b[" in shown) is coloured
    assert b"DH102" in shown
