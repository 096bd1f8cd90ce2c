"""Which backups lie in a folder, which of them are whole, and older ones removed once a newer one is proven."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Identity
from dixis_tui.postgres.dump_files import AGE, PART, SUFFIX, SUFFIXES, being_written, flush, remove, remove_records
from dixis_tui.postgres.manifest import Manifest, ProofRecord, as_written, load_manifest, read_proof


class Kept(Struct, frozen=True):
    """One backup, or what is left of one. `wrong` says why it is not whole; empty: names and sizes are as written.

    The manifest's path is that of where it lies now.
    """

    path: Path
    manifest: Manifest | None = None
    proof: ProofRecord | None = None
    wrong: str = ""


def look_into(folder: Path) -> list[Kept]:
    """Everything in a folder that is or was a backup, by name."""
    found: list[Kept] = []
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = file.name
        if _dump_name(name):
            found.append(_whole(file))
        elif name.endswith(PART) and _dump_name(name.removesuffix(PART)):
            found.append(Kept(file, wrong="being written" if being_written(file) else "never finished"))
        elif name.endswith(SUFFIX) and not file.with_name(name.removesuffix(SUFFIX)).exists():
            found.append(Kept(file, wrong="its dump is gone"))
    return found


def retire(folders: Sequence[Path], keep: int, source: Identity, never: Collection[Path]) -> list[Path]:
    """Remove whole backups of this very database, but for the `keep` newest and those in `never`; returns them.

    What `never` names is a dump, or a folder in which nothing is removed.

    Each loses its name first, so that one half removed never looks whole; the next dump sweeps it.

    Raises:
        OSError: one can't be removed.
    """
    own = [
        (kept.manifest.taken_at, kept.path)
        for folder in folders
        for kept in look_into(folder)
        if kept.manifest and not kept.wrong and _of(kept.manifest.source, source)
    ]
    spared = {path.resolve() for path in never}
    beyond = [path for _, path in sorted(own, reverse=True)[keep:]] if keep > 0 else []
    gone = [path for path in beyond if spared.isdisjoint({path.resolve(), *path.resolve().parents})]
    for path in gone:
        part = path.rename(path.with_name(path.name + PART))
        flush(path.parent)
        remove_records(path)
        remove(part)
    return gone


def _of(one: Identity, other: Identity) -> bool:
    # A copy of a server has its identifier: only where it was reached tells them apart.
    return one.same_database(other) and (one.host, one.port) == (other.host, other.port)


def _dump_name(name: str) -> bool:
    return any(name.removesuffix(AGE).endswith(ending) for ending in SUFFIXES.values())


def _whole(path: Path) -> Kept:
    try:
        manifest = load_manifest(path)
        # A folder may have been moved; and a manifest is never believed about any other place.
        manifest = replace(manifest, backup=replace(manifest.backup, path=str(path)))
    except ToolError as error:
        return Kept(path, wrong=str(error))
    try:
        as_written(manifest.backup, digests=False)
    except ToolError as error:
        return Kept(path, manifest, read_proof(path), str(error))
    return Kept(path, manifest, read_proof(path))
