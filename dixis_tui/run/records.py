"""Files of records: a JSON object a line, only ever added to, 0600, beside `runs`.

A line that can't be read, such as one that a crash left half-written, is left out and counted; it hides no other.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

_BYTES_AT_MOST = 16_000_000

Record = TypeVar("Record", bound=Struct)


def beside_runs(run: Path, name: str) -> Path:
    """Where the records of a run's neighbours are: beside `runs`, in the state directory or in a demo's folder."""
    return run.parents[1] / name


def append(path: Path, record: Struct) -> str:
    """Add one record, on disk when this returns. A sentence where it could not be written; else empty."""
    line = msgspec.json.encode(record) + b"\n"
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line  # a line that a crash left half-written takes no other with it
            while line:  # a nearly full disk takes a part, and says no to the rest
                line = line[os.write(file, line) :]
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        return f"could not be written to {path}: {error.strerror}"
    return ""


def read(path: Path, kind: type[Record]) -> tuple[tuple[Record, ...], str]:
    """The records of one file, oldest first, and what could not be read. Never raises for what it holds."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            data = file.read(_BYTES_AT_MOST)
    except FileNotFoundError:
        return (), ""
    except OSError as error:
        return (), f"{path} can't be read: {error.strerror}"
    records, damaged = [], 0
    for line in filter(None, data.splitlines()):
        try:
            records.append(msgspec.json.decode(line, type=kind))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            damaged += 1
    return tuple(records), f"{damaged} damaged lines of {path} were left out" if damaged else ""
