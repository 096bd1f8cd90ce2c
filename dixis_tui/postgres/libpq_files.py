"""Connection files for libpq's own programs: no secret in an argument list, none in the environment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dixis_tui.errors import ToolError
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.postgres.url_parts import LIBPQ_KEYS

SERVICE = "dixis"
"""Name this on the command line: `--dbname=service=dixis`."""

_PREFIX = "dixis-libpq-"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A 0700 folder that is gone afterwards; where we were killed, the next of us removes it.

    Whoever uses one holds a lock in it, which the system lets go of when its process ends, however it ends.
    """
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        fresh = folder / "lock.new"
        with fresh.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fresh.rename(folder / "lock")
            yield folder


def _sweep() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/lock"):
        with contextlib.suppress(OSError):  # somebody else's, or in use
            # Anybody may put a FIFO there, on which a plain open would wait for ever.
            handle = os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid():
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)


@contextmanager
def connection_files(
    url: DatabaseUrl, *, application_name: str = "dixis-tui tools", major: int = 0
) -> Iterator[dict[str, str]]:
    """Yield the environment (`PGSERVICEFILE`, `PGSERVICE`, `PGPASSFILE`) with which libpq reaches `url`.

    The files are 0600 in a 0700 folder and gone afterwards. `major` is that of the programs: parameters that a libpq
    of it doesn't know are left out (0: none).
    Source: libpq's chapters "The Connection Service File" and "The Password File".

    Raises:
        ToolError: a part of the URL can't be written in such files (a line break, a blank at the end).
    """
    service = {"host": url.host, "port": str(url.port), "user": url.user, "dbname": url.database}
    known = {key: value for key, value in url.parameters().items() if not major or LIBPQ_KEYS[key] <= major}
    service |= {"connect_timeout": "10"} | known | {"application_name": application_name, "client_encoding": "UTF8"}
    if url.tls_password and "sslkey" in service:
        service["sslpassword"] = url.tls_password.reveal()
    lines = [f"[{SERVICE}]", *(_line(url.variable, key, value) for key, value in service.items())]
    with private_folder() as folder:
        service_file, pass_file = folder / "service", folder / "pass"
        _write(service_file, "\n".join(lines) + "\n")
        _write(pass_file, _password_line(url))
        yield {"PGSERVICEFILE": str(service_file), "PGSERVICE": SERVICE, "PGPASSFILE": str(pass_file)}


def _line(variable: str, key: str, value: str) -> str:
    if "\n" in value or "\r" in value or value != value.rstrip():
        raise ToolError(
            f"{variable}: its {key} holds a line break or ends in a blank, which PostgreSQL's programs can't be given",
            "Rename it without.",
        )
    return f"{key}={value}"


def _password_line(url: DatabaseUrl) -> str:
    """The file serves one connection: everything but the password is a wildcard."""
    password = url.password.reveal()
    if "\n" in password or "\r" in password:
        raise ToolError(
            f"{url.variable}: the password holds a line break, which PostgreSQL's programs can't be given",
            "Change the password.",
        )
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
