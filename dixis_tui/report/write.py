"""The files of a report: where they go by themselves, and how they get there whole, for their owner alone."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import UsageError
from dixis_tui.report import html, markdown
from dixis_tui.report.source import of_record
from dixis_tui.report.values import Facts
from dixis_tui.report.words import document
from dixis_tui.run import folders
from dixis_tui.run.records import beside_runs

FOLDER = "reports"
_ODD = re.compile(r"[^\w.-]+")


class Written(Struct, frozen=True):
    """A report that lies there now."""

    facts: Facts
    html: Path
    markdown: Path


def write(
    found: folders.Record, folder: Path | None = None, as_html: Path | None = None, as_markdown: Path | None = None
) -> Written:
    """Make both files of a run's report anew.

    Args:
        found: the run.
        folder: where both go; None: :func:`usual_folder`.
        as_html: the HTML file by name.
        as_markdown: the Markdown file by name.

    Raises:
        UsageError: the journal can't be read, or a file can't be written.
        JournalError: there is no run in it.
    """
    facts = of_record(found)
    made = document(facts)
    name = _ODD.sub("-", found.id.removesuffix(".jsonl")).strip("-.") or "run"
    here = folder or (usual_folder(found) if not (as_html and as_markdown) else Path())
    page, text = as_html or here / f"{name}.html", as_markdown or here / f"{name}.md"
    _put(page, html.render(made))
    _put(text, markdown.render(made))
    return Written(facts, page.absolute(), text.absolute())


def usual_folder(found: folders.Record) -> Path:
    """`reports` beside `runs`, or in our own state directory where the run is another account's or from elsewhere.

    Never in the run's own folder: that is the runner's alone, and its owner may be somebody else.
    """
    own = found.folder.parent.name == "runs" and found.folder.stat().st_uid == os.geteuid()
    known = own and folders.state_directory() in found.folder.parents
    return (beside_runs(found.folder, FOLDER)) if known else folders.state_directory() / FOLDER


def _put(path: Path, text: str) -> None:
    """The whole file or none: under another name first, for the owner alone."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}", "Name another place with --output.") from None
