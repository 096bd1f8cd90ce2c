"""`dixis-tui backups`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option
from dixis_tui.cli.say import say

if TYPE_CHECKING:
    from dixis_tui.postgres.retention import Kept


class BackupLine(Struct, frozen=True, kw_only=True):
    """One backup in the list. `wrong` says why it is not whole; sizes are bytes; None where nothing is known."""

    path: str
    wrong: str
    taken_at: datetime | None = None
    database: str = ""
    server_version: int = 0
    bytes: int = 0
    format: str = ""
    encrypted: bool = False
    tables: int = 0
    rows: int = 0
    proven: bool = False
    proven_where: str = ""
    proven_at: datetime | None = None


@click.command("backups")
@click.option("--verify", type=click.Path(path_type=Path), metavar="PATH", help="Check one backup by its manifest.")
@json_option
@click.pass_obj
def command(common: Common, verify: Path | None, as_json: bool) -> int:
    """List every backup on this machine, newest first: what it holds, and where it was proven to come back."""
    from dixis_tui.cli.result import to_json

    if verify is not None:
        return _verify(common, verify, as_json=as_json)
    lines = [_line(kept) for folder in _folders(common) for kept in _look(folder)]
    lines.sort(
        key=lambda line: (line.taken_at is not None, line.taken_at or datetime.now(UTC), line.path), reverse=True
    )
    if as_json:
        click.echo(to_json({"backups": lines}))
        return Exit.DONE
    if not lines:
        say("No backups yet.")
    now = datetime.now(UTC)
    for line in lines:
        say(_told(line, now))
    return Exit.DONE


def _folders(common: Common) -> list[Path]:
    """`backup.directory` and every run's own folder."""
    from dixis_tui.run.folders import all_runs

    settings = common.settings()
    named = [Path(settings.root, settings.backup.directory)] if settings.backup.directory else []
    return [*named, *(run / "backup" for run in all_runs())]


def _look(folder: Path) -> list[Kept]:
    from dixis_tui.errors import UsageError
    from dixis_tui.postgres.retention import look_into

    try:
        return look_into(folder)
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}", "Look at its rights.") from None


def _line(kept: Kept) -> BackupLine:
    if kept.manifest is None:
        return BackupLine(path=str(kept.path), wrong=kept.wrong)
    backup, proof = kept.manifest.backup, kept.proof
    return BackupLine(
        path=str(kept.path),
        wrong=kept.wrong,
        taken_at=kept.manifest.taken_at,
        database=kept.manifest.source.database,
        server_version=backup.server_version,
        bytes=backup.bytes,
        format=backup.form.value,
        encrypted=backup.encrypted,
        tables=len(backup.counts),
        rows=sum(backup.counts.values()),
        proven=bool(proof and proof.passed),
        proven_where=proof.where if proof else "",
        proven_at=proof.at if proof else None,
    )


def _told(line: BackupLine, now: datetime) -> str:
    from dixis_tui.secrets import clean

    if line.taken_at is None:
        return clean(f"not whole: {line.wrong}  {line.path}")
    hours = max((now - line.taken_at).total_seconds(), 0) / 3600
    age = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.1f} h"
    version = f"PostgreSQL {line.server_version // 10000}.{line.server_version % 10000}"
    form = f"{line.format}, encrypted" if line.encrypted else line.format
    held = f"{line.tables} tables, {line.rows:,} rows"
    words = [f"{line.taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({age})", line.database, version]
    words += [f"{line.bytes / 1e6:,.1f} MB", form, held, _proven(line), line.path]
    return clean("  ".join([*([f"not whole: {line.wrong}"] if line.wrong else []), *words]))


def _proven(line: BackupLine) -> str:
    if line.proven_at is None:
        return "not proven"
    how = "proven" if line.proven else "did NOT come back"
    return f"{how} on {line.proven_where} {line.proven_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _verify(common: Common, path: Path, *, as_json: bool) -> int:
    """Errors are for the edge: exit 1 and a sentence."""
    from msgspec.structs import replace

    from dixis_tui.cli.result import to_json
    from dixis_tui.errors import UsageError
    from dixis_tui.postgres.dump_files import SUFFIX
    from dixis_tui.postgres.manifest import load_manifest, verify_backup
    from dixis_tui.postgres.tools import find_tools

    whole = path.absolute()
    if not whole.name.removesuffix(SUFFIX):
        raise UsageError(
            f"--verify {path} names no backup", "Name a dump or its manifest; `dixis-tui backups` lists them."
        )
    dump = whole.with_name(whole.name.removesuffix(SUFFIX))
    backup = replace(load_manifest(dump).backup, path=str(dump))
    verify_backup(backup, find_tools(backup.server_version // 10000, pg_bindir=common.settings().backup.pg_bindir))
    how = "not opened, since it is encrypted" if backup.encrypted else "pg_restore reads its table of contents"
    sentence = f"{dump} is as it was written: {backup.bytes:,} bytes, SHA-256 {backup.sha256}, {how}."
    click.echo(to_json({"verdict": "whole", "path": str(dump)}) if as_json else sentence)
    return Exit.DONE
