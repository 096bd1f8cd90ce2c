"""What runs on a target have taught: one small file a target, 0600, in `experience/` of the state directory.

It only makes predictions better. A file that can't be read, or that is another's, is left out with a note; a run never
fails for it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from dixis_tui import atomic
from dixis_tui.errors import DixisError
from dixis_tui.model import Identity
from dixis_tui.plan.learning import RUNS_AT_MOST, Outcome
from dixis_tui.run import folders
from dixis_tui.secrets import clean

_BYTES_AT_MOST = 4_000_000


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    target: str
    outcomes: list[Outcome]


class Recalled(Struct, frozen=True):
    """Earlier runs on a target, oldest first; `note` says why there are none, where that is a surprise."""

    outcomes: tuple[Outcome, ...] = ()
    note: str = ""


def recall(identity: Identity) -> Recalled:
    """What is known of this target. Never raises for what the file holds."""
    try:
        path = _path(identity)
        data = _read(path)
    except FileNotFoundError:
        return Recalled()
    except (OSError, DixisError) as error:
        return Recalled(note=f"What earlier runs taught can't be read: {clean(str(error))}. It is left out.")
    try:
        found = msgspec.json.decode(data, type=_File)
        if found.target != _target(identity):
            return Recalled(note=f"{path} tells of another target. It is left out.")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Recalled(note=f"{path} is not what this version writes. It is left out.")
    sound = [one for one in found.outcomes if 0 <= one.predicted < _FOREVER and 0 <= one.actual < _FOREVER]
    return Recalled(tuple(sound[-RUNS_AT_MOST:]))


def remember(identity: Identity, outcome: Outcome) -> str:
    """Add a run and forget the oldest; a file that can't be read begins anew. A note where nothing could be written."""
    earlier = [one for one in recall(identity).outcomes if one.run != outcome.run]
    kept = [*earlier, outcome][-RUNS_AT_MOST:]
    try:
        path = _path(identity)
        atomic.write(path, msgspec.json.encode(_File(_target(identity), kept)), 0o600)
    except (OSError, DixisError) as error:
        return f"What this run taught could not be kept: {clean(str(error))}."
    return ""


_FOREVER = 1e9


def _target(identity: Identity) -> str:
    """A target's name: hex, says nothing of who or where it is. A server that keeps its identifier goes by address."""
    server = identity.system_identifier or f"{identity.host}:{identity.port}"
    return hashlib.sha256(f"{server}\0{identity.database}".encode()).hexdigest()


def _path(identity: Identity) -> Path:
    return folders.private(folders.state_directory() / "experience") / f"{_target(identity)[:32]}.json"


def _read(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read(_BYTES_AT_MOST)
