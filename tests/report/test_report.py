"""The report itself: what it shows is what was counted, in both forms, from any journal, and its files are private."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from dixis_tui import i18n
from dixis_tui.cli.main import run
from dixis_tui.errors import JournalError, UsageError
from dixis_tui.report import html, markdown
from dixis_tui.report.source import of_record
from dixis_tui.report.values import Facts
from dixis_tui.report.words import document
from dixis_tui.report.write import write
from dixis_tui.run.folders import find_record
from tests.recordings import log_line, record
from tests.report.reading import Read
from tests.report.recount import Json, lines_of, recount
from tests.report.stories import STORIES
from tests.screens.story import MIGRATIONS
from tests.unit.examples import EVENTS
from tests.unit.examples import entries as entries_of


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "dixis-tui"


def facts_of(place: Path) -> Facts:
    return of_record(find_record(str(place)))


def shown(folder: Path) -> tuple[Read, str]:
    made = document(facts_of(folder))
    return Read(html.render(made)), markdown.render(made).replace("\u00a0", " ")


def seconds(value: float | None) -> str:
    """As a person reads it; written out once more, so that a wrong unit shows."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value:.3f} s" if value else "0 s"
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole // 60} min {whole % 60:02d} s" if whole < 3600 else f"{whole // 3600} h {whole // 60 % 60:02d} min"


def athens(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo('Europe/Athens')):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("name", ["everything", "back", "resumed", "failed"])
def test_what_is_shown_is_what_the_journal_has(name: str, tmp_path: Path) -> None:
    """Tables of the file as a reader gets it, against the figures counted from the bare lines."""
    folder = record(tmp_path / "run", STORIES[name]().entries)
    counted = recount(lines_of(folder / "journal.jsonl"))
    page, text = shown(folder)
    phases = page.rows("Phases as they were at work")
    assert [(row["Began"], row["Took"]) for row in phases] == [
        (athens(span["started"]), seconds(span["seconds"])) for span in counted["spans"]
    ]
    files = {row["Migration"]: row for row in page.rows("Pending migrations on production")}
    for one in counted["migrations"]:
        row = files[one["name"]]
        assert (row["Predicted"], row["Took"]) == (seconds(one["predicted"]), seconds(one["seconds"]))
        assert (row["Attempts"], row["Retries"], row["Waited behind it"]) == tuple(
            str(one[figure]) for figure in ("attempts", "retries", "victims")
        )
        statements = page.rows(f"Statements of {one['name']}")
        assert [(row["Rehearsed"], row["Took"]) for row in statements] == [
            (seconds(part["rehearsed"]), seconds(part["taken"])) for part in one["statements"]
        ]
        for row, part in zip(statements, one["statements"], strict=True):
            assert part["text"].split("\n")[0] in row["Statement"]
            assert all(f"{lock['mode']} {lock['table']}" in row["Locks held"] for lock in part["locks"])
    _gates(page, counted)
    restored = page.rows("Restored and compared")
    assert [(row["Restore"], row["Compare"], row["Rows"]) for row in restored] == [
        (seconds(one["seconds"]), seconds(one["compare_seconds"]), f"{one['rows']:,}") for one in counted["restored"]
    ]
    assert counted["plan"]["digest"] == page.terms["Digest"]
    assert all(value in page.terms.values() for _, value in counted["plan"]["lines"])
    assert counted["backup"]["sha256"] == page.terms["SHA-256"]
    assert f"{counted['backup']['bytes']:,} bytes" in page.terms["Size"]
    # Markdown has the same words: nothing is in one of them alone.
    assert counted["plan"]["digest"] in text
    assert text.count("\n| `2025") >= len(counted["migrations"])


def _gates(page: Read, counted: Json) -> None:
    rows = [row for caption in page.tables if caption.startswith("Checks of ") for row in page.rows(caption)]
    by_name = {(row["Check"].split(" ")[0], row["Check"].partition(": ")[2].split("\n")[0]): row for row in rows}
    for gate in counted["gates"]:
        row = by_name[gate["code"], gate["subject"]]
        word = {"waiting": "not answered", "running": "being looked at"}.get(gate["state"], gate["state"])
        assert word in row["State"], gate
        assert gate["evidence"] in row["Evidence and remedy"]
        assert row["At"] == athens(gate["answers"][-1]["at"])
    waived = [answer for gate in counted["gates"] for answer in gate["answers"] if answer["state"] == "waived"]
    told = page.rows("Waived gates") if waived else []
    assert [(row["Waived by"], row["Reason"]) for row in told] == [(one["who"], one["reason"]) for one in waived]


def test_everything_that_happened_is_in_it(tmp_path: Path) -> None:
    page, text = shown(record(tmp_path / "run", STORIES["everything"]().entries))
    after, page_steps = page.rows("What was found"), page.rows("The maintenance page")
    assert [row["Level"] for row in after] == ["✖ error", "✔ as before again"]
    assert "the index Order_status_idx is gone" in after[0]["Cause and remedy"]
    assert page.terms["In place"].startswith("34 min")
    assert len(page_steps) == 6
    health = {row["Endpoint"]: row for row in page.rows("Health before and after")}
    assert (health["API"]["Baseline"], health["API"]["Slowest"], health["API"]["Problems"]) == (
        "38.0 ms",
        "180 ms",
        "1",
    )
    assert page.rows("Critical flows")[0]["Times"] == "2"
    notices = [(row["Notice"], row["Outcome"]) for row in page.rows("Notices and receipts")]
    assert notices == [
        ("Before the window", "✔ sent"),
        ("During maintenance", "✖ not sent"),
        ("Afterwards", "▲ unknown"),
    ]
    assert [row["Whose"] for row in page.rows("Sessions on production")] == ["○ this run's", "✔ expected", "▲ unknown"]
    assert [row["Person"] for row in page.rows("Who typed the phrase")] == ["maria", "maria", "νίκος"]
    queue = page.rows("Who waited behind us when most did")
    assert len(queue) == 5
    hazards = page.rows("Foreseen hazards")
    assert "took 2.7 s on production, predicted 1.9 s" in hazards[0]["What came of it"]
    assert "nobody was seen waiting behind it" in hazards[0]["What came of it"]
    assert "maria let visitors in again" in text
    assert "Wrong phrase" in text


def test_a_rollback_has_its_steps_and_its_losses(tmp_path: Path) -> None:
    page, text = shown(record(tmp_path / "run", STORIES["back"]().entries))
    steps = page.rows("Steps of the rollback")
    assert [row["Took"] for row in steps].count("✖ not done") == 1
    assert len(steps) == 8
    losses = page.rows("Written since the backup, and lost by going back")
    assert losses[1] == {
        "Table": "public.New",
        "Inserted": "7",
        "Updated": "0",
        "Deleted": "0",
        "Rows then": "–",
        "Rows now": "7",
    }
    assert "Nobody could connect for 0.410 s." in text


def test_the_record_is_that_of_the_files(tmp_path: Path) -> None:
    """Head, sizes and entries against the files' own bytes."""
    *entries, last = STORIES["everything"]().entries
    log = "".join(log_line(entry.at, f"log of entry {entry.number}") for entry in entries)
    digest = hashlib.sha256(log.encode()).hexdigest()
    sealed = msgspec.structs.replace(last.event, log_sha256=digest, log_bytes=len(log.encode()))
    folder = record(tmp_path / "run", [*entries, msgspec.structs.replace(last, event=sealed)], log=[log])
    journal = (folder / "journal.jsonl").read_bytes()
    page, text = shown(folder)
    head = hashlib.sha256(journal.split(b"\n")[-2]).hexdigest()
    assert page.terms["Head: SHA-256 of the last entry"] == head
    assert head in text
    assert f"{len(journal):,} bytes" in page.terms["Size of the journal"]
    assert f"{(folder / 'run.log').stat().st_size:,} bytes" in page.terms["Size of the log"]
    assert page.terms["Entries"].startswith(f"{journal.count(10)}, with the run's end")
    assert page.terms["Audit"] == "✔ It verifies."
    assert page.terms["SHA-256 of the log, as the last entry seals it"] == digest


def test_around_an_error_stands_what_the_log_says_then(tmp_path: Path) -> None:
    story = STORIES["failed"]()
    folder = record(tmp_path / "run", story.entries)
    failed = next(entry for entry in story.entries if getattr(entry.event, "sqlstate", ""))
    found = [one for one in facts_of(folder).excerpts if any(MIGRATIONS[2] in about for about in one.about)]
    lines = (folder / "run.log").read_text().splitlines()
    excerpt = found[0]
    assert f"log of entry {failed.number}" in "\n".join(excerpt.lines)
    assert list(excerpt.lines) == lines[excerpt.first - 1 : excerpt.first - 1 + len(excerpt.lines)]
    # Far more errors than anybody reads: some have no excerpt, and that is said.
    (folder / "run.log").write_text("".join(log_line(entry.at, "x") * 30 for entry in story.entries))
    facts = facts_of(folder)
    assert facts.excerpts_left == 0
    assert all(len(one.lines) <= 60 for one in facts.excerpts)


def test_a_journal_that_was_cut_or_changed_says_so_first(tmp_path: Path) -> None:
    folder = record(tmp_path / "run", STORIES["failed"]().entries)
    journal = folder / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-40])
    page, text = shown(folder)
    assert "ends in the middle of a line" in page.text
    assert page.terms["Entries"].endswith("without an end")
    assert "Outcome unknown" in text
    journal.write_bytes(whole.replace(b'"seconds":5.1', b'"seconds":4.1', 1))
    page, text = shown(folder)
    assert "✖ The journal or its log does not verify" in page.text.replace("\xa0", " ")
    assert page.terms["Audit"] == "✖ It does not verify."
    assert page.rows("What does not fit")
    # A line of another version, or of a check that is none, is left out, and that is said.
    journal.write_bytes(whole.replace(b'"code":"DX601"', b'"code":"DX699"'))
    assert "can't be read by this version" in shown(folder)[0].text
    for nothing in (b"", b"\x00" * 100, b"{}\n", b"[1]\n" * 3):
        journal.write_bytes(nothing)
        with pytest.raises((JournalError, UsageError)):
            facts_of(folder)


def test_entries_of_any_order_never_end_in_a_traceback(tmp_path: Path) -> None:
    """A journal that somebody put together: what can be told is told, or it is refused in a sentence."""
    entries = STORIES["everything"]().entries
    for at, chosen in enumerate((entries[::-1], entries[40:], entries[::3], entries[-5:])):
        folder = record(tmp_path / str(at), chosen)
        with suppress(JournalError):
            assert shown(folder)[0].open == []


def test_files_are_whole_private_and_beside_the_runs(tmp_path: Path, state: Path) -> None:
    folder = record(state / "runs" / "20261125-223000-aaaa", STORIES["failed"]().entries)
    before = sorted(file.name for file in folder.iterdir())
    made = write(find_record("20261125-223000-aaaa"))
    assert made.html == state / "reports" / "20261125-223000-aaaa.html"
    assert {file.stat().st_mode & 0o777 for file in (made.html, made.markdown)} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == before
    assert {file.name for file in made.html.parent.iterdir()} == {made.html.name, made.markdown.name}
    first = made.html.stat().st_ino
    again = write(find_record("20261125-223000-aaaa"))
    assert again.html.stat().st_ino != first, "it was written over in place"
    # From elsewhere: a hand-cut journal of any name goes to our own reports, not beside a file that we do not know.
    loose = tmp_path / "evening ά.jsonl"
    loose.write_bytes((folder / "journal.jsonl").read_bytes())
    assert write(find_record(str(loose))).html == state / "reports" / "evening-ά.html"
    # What can't be written is one sentence, and leaves nothing behind.
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UsageError, match="can't be written"):
        write(find_record(str(loose)), blocked / "below")
    assert list(tmp_path.glob(".*")) == []


def test_a_file_of_that_name_is_no_link_that_is_followed(tmp_path: Path, state: Path) -> None:
    folder = record(state / "runs" / "one", STORIES["begun"]().entries)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    target = tmp_path / "out" / "one.html"
    target.parent.mkdir()
    target.symlink_to(victim)
    write(find_record(str(folder)), target.parent)
    assert victim.read_text() == "precious"
    assert not target.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a folder another's")
def test_another_accounts_run_gets_nothing_beside_it(tmp_path: Path, state: Path) -> None:
    folder = record(state / "runs" / "theirs", STORIES["begun"]().entries)
    os.chown(folder, 65_534, 65_534)
    elsewhere = record(tmp_path / "other" / "runs" / "theirs2", STORIES["begun"]().entries)
    for place in (folder, elsewhere):
        assert write(find_record(str(place))).html.parent == state / "reports"
    assert not (tmp_path / "other" / "reports").exists()


def test_the_command_says_where_and_what(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = record(state / "runs" / "20261125-223000-aaaa", STORIES["open"]().entries)
    assert run(["report", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["verdict"] == "unknown"
    assert told["provisional"] is True
    assert told["head"] == hashlib.sha256((folder / "journal.jsonl").read_bytes().split(b"\n")[-2]).hexdigest()
    page, text = tmp_path / "a.html", tmp_path / "b.md"
    assert run(["report", str(folder), "--html", str(page), "--markdown", str(text)]) == 0
    assert "Provisional" in capsys.readouterr().out
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert text.read_text().startswith("# ✖ Outcome unknown")
    assert run(["report", "nothing-like-it"]) == 2


def test_the_file_is_self_contained(tmp_path: Path) -> None:
    """No script, no handler, nothing that is fetched: by its tags, before any browser says so."""
    for name, story in STORIES.items():
        page, _ = shown(record(tmp_path / name, story().entries))
        assert page.open == [], name
        tags = {tag for tag, _ in page.tags}
        assert not tags & {"script", "img", "iframe", "object", "embed", "form", "input", "base", "audio", "video"}, (
            name
        )
        for tag, attributes in page.tags:
            assert not any(one.startswith("on") for one in attributes), (name, tag)
            address = attributes.get("href") or attributes.get("src") or "#"
            assert address.startswith(("#", "data:,", "https://", "http://")), (name, tag, address)
        policy = [one for tag, one in page.tags if tag == "meta" and "http-equiv" in one]
        assert policy[0]["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    folder = record(tmp_path / "run", STORIES["hostile"]().entries)
    page, text = shown(folder)
    assert "<script>alert('ε')</script>" in page.text
    assert "{{ 7*7 }} {% raw %}" in page.text
    for form in (page.text, text):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\x9b\u202a-\u202e\u2066-\u2069]", form)
        assert max(len(line) for line in form.splitlines()) < 40_000
    _no_markup(text)
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| DX")}
    assert columns == {6}, "a bar of the text parts a cell"


def _no_markup(text: str) -> None:
    """Outside code no character of the text can begin HTML, a link, an autolink or emphasis."""
    fenced = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\.", "", fenced))
    assert "alert" in bare
    for markup in ("<", "](", "http://", "https://", "www.", "**", "~~", "`", "_under"):
        assert markup not in bare, markup


def test_one_of_every_event_can_be_told(tmp_path: Path) -> None:
    """All kinds of entries that a journal may hold, at once and each alone after the first."""
    page, text = shown(record(tmp_path / "all", entries_of(*EVENTS)))
    assert page.open == []
    assert "| shop-gr · canary |" in text
    assert any(attributes.get("rel") == "noreferrer" for tag, attributes in page.tags if tag == "a")
    for event in EVENTS[1:]:
        alone = document(of_record(find_record(f"{record(tmp_path / 'one', entries_of(EVENTS[0], event))}/")))
        assert markdown.render(alone).startswith("# "), event


def test_it_speaks_the_language_in_use(tmp_path: Path) -> None:
    """A reader's program pronounces it rightly, and numbers are written as there."""
    folder = record(tmp_path / "run", STORIES["failed"]().entries)
    i18n.use("el")
    try:
        page = Read(html.render(document(facts_of(folder))))
    finally:
        i18n.use("en")
    assert next(attributes for tag, attributes in page.tags if tag == "html")["lang"] == "el"
    assert "1,9\xa0" in page.text
    assert "1.750.484" in page.text
