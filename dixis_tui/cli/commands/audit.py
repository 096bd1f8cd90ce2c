"""`dixis-tui audit verify [RUN]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dixis_tui.cli.commands.status import latest_or
from dixis_tui.cli.options import json_option
from dixis_tui.cli.say import say
from dixis_tui.errors import UsageError
from dixis_tui.run.folders import JOURNAL, LOG

if TYPE_CHECKING:
    from dixis_tui.run.audit_run import Audit
    from dixis_tui.run.flaws import Flaw

_SHOWN = 40
"""Findings that are written out: a file that is none has one for every line."""


class FlawResult(Struct, frozen=True, kw_only=True):
    """One flaw; `line` counts from 1 and `byte` from 0 in `file`, both null where no place can be named."""

    kind: str
    file: str
    line: int | None
    byte: int | None
    sentence: str
    meaning: str
    grave: bool


class AuditResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `verifies` is false where a flaw is grave; `head` is that of the last whole entry."""

    run: str
    journal: str
    verifies: bool
    entries: int
    head: str
    ended: bool
    log_bytes: int | None
    log_digests: int
    kept_heads: int
    fitting_heads: int
    given_head: str
    flaws: list[FlawResult]


@click.command("audit")
@click.argument("what", type=click.Choice(["verify"]))
@click.argument("run", required=False, metavar="[RUN|PATH]")
@click.option("--head", "given", default="", metavar="SHA256", help="A head that was kept elsewhere, 12 digits or all.")
@json_option
@click.pass_context
def command(ctx: click.Context, what: str, run: str | None, given: str, *, as_json: bool) -> None:  # noqa: ARG001
    """Check a run's journal, its log and the heads that were kept (default: the latest run); reads only.

    PATH is a run's folder, or a journal from anywhere. Exit 0: all of it is what the run wrote, as far as can be told.
    Exit 6: something was changed; each finding says where and what that means. A last line that is only cut is no
    finding: a crash does that, and a run that lives.
    """
    from dixis_tui.cli.exits import Exit
    from dixis_tui.cli.result import to_json
    from dixis_tui.run.audit_run import HEAD_DIGITS, verify_run

    if given and not re.fullmatch(rf"[0-9a-fA-F]{{{HEAD_DIGITS},64}}", given):
        raise UsageError(
            f"--head is not {HEAD_DIGITS} to 64 hexadecimal digits", "Copy it from the log, the webhook or heads.jsonl."
        )
    audit = verify_run(_place(run), given)
    if as_json:
        click.echo(to_json(_result(audit)))
    else:
        for line in _lines(audit):
            say(line)
    ctx.exit(Exit.DONE if audit.verifies else Exit.UNVERIFIED)


def _place(run: str | None) -> Path:
    path = Path(run or "")
    if run and (path.is_file() or (path / JOURNAL).is_file()):
        return path
    return latest_or(run)


def _lines(audit: Audit) -> Iterator[str]:
    chain, log = audit.chain, audit.log
    yield f"Run {audit.run}: {audit.journal}"
    ends = "with the run's end" if audit.ended else "without an end: the run is under way, or was left"
    yield _fact(audit, JOURNAL, f"{chain.number} entries, {ends}, head {chain.head or 'none'}")
    if log is None:
        yield f"▲ {LOG}: none beside the journal; nothing is said of it"
    else:
        loose = f"; {log.loose} bytes after the last one have none yet" if log.loose else ""
        yield _fact(audit, LOG, f"{log.size} bytes, {log.checkpoints} digests in the journal{loose}")
    if audit.kept:
        yield f"{'✔' if audit.fitting == audit.kept else '✖'} heads.jsonl: {audit.fitting} of {audit.kept} heads fit"
    else:
        yield "▲ heads.jsonl: no head of this run was kept on this machine"
    if audit.given:
        yield f"✔ --head: {audit.given}"
    for note in audit.notes:
        yield f"▲ {note}"
    for flaw in audit.flaws[:_SHOWN]:
        yield f"{'✖' if flaw.grave else '▲'} {_where(flaw)}: {flaw.sentence}."
        yield f"    {flaw.meaning}"
    if len(audit.flaws) > _SHOWN:
        yield f"… and {len(audit.flaws) - _SHOWN} more: --json has them all"
    found = sum(flaw.grave for flaw in audit.flaws)
    yield "It verifies." if audit.verifies else f"It does not verify: {found} finding{'s' if found > 1 else ''}."


def _fact(audit: Audit, file: str, words: str) -> str:
    broken = any(flaw.grave and _file(flaw) == file for flaw in audit.flaws)
    return f"{'✖' if broken else '✔'} {file}: {words}"


def _file(flaw: Flaw) -> str:
    return LOG if flaw.kind == "log" else JOURNAL


def _where(flaw: Flaw) -> str:
    line = f" line {flaw.line}" if flaw.line else ""
    byte = f", byte {flaw.offset}" if flaw.offset >= 0 else ""
    return f"{_file(flaw)}{line}{byte}"


def _result(audit: Audit) -> AuditResult:
    chain, log = audit.chain, audit.log
    return AuditResult(
        run=audit.run,
        journal=str(audit.journal),
        verifies=audit.verifies,
        entries=chain.number,
        head=chain.head,
        ended=audit.ended,
        log_bytes=log.size if log else None,
        log_digests=log.checkpoints if log else 0,
        kept_heads=audit.kept,
        fitting_heads=audit.fitting,
        given_head=audit.given,
        flaws=[
            FlawResult(
                kind=flaw.kind,
                file=_file(flaw),
                line=flaw.line or None,
                byte=flaw.offset if flaw.offset >= 0 else None,
                sentence=flaw.sentence,
                meaning=flaw.meaning,
                grave=flaw.grave,
            )
            for flaw in audit.flaws
        ],
    )
