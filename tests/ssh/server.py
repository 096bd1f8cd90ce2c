"""A real sshd on loopback with a key of its own, and the command line that reaches it."""

from __future__ import annotations

import os
import pwd
import shlex
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.needs import path_of
from tests.ssh.processes import descendants, kill, name
from tests.waiting import until

_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
UsePAM no
PrintMotd no
PrintLastLog no
SetEnv {environment}
"""
_PRIVILEGE_SEPARATION = Path("/run/sshd")


class SshServer:
    """Accepts the user who runs the tests; a context manager. Sessions begin with `environment` beside sshd's own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._sshd = path_of("sshd")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        for key in ("host_key", "key"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / key)]
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        (folder / "known_hosts").write_text(f"* {(folder / 'host_key.pub').read_text()}")
        (folder / "config").write_text(
            _CONFIG.format(
                folder=folder,
                port=self.port,
                environment=" ".join(shlex.quote(f"{name}={value}") for name, value in environment.items()),
            )
        )

    def command(self, *words: str | Path, port: int, directory: Path) -> list[str]:
        """`words` in `directory` behind this server, with a terminal, through `port`."""
        user = pwd.getpwuid(os.getuid()).pw_name
        options = ["-F", "/dev/null", "-tt", "-i", str(self.folder / "key"), "-o", "IdentitiesOnly=yes", "-e", "none"]
        options += ["-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "LogLevel=ERROR"]
        inside = f"cd {shlex.quote(str(directory))} && exec {shlex.join(str(word) for word in words)}"
        return ["ssh", *options, "-p", str(port), f"{user}@127.0.0.1", inside]

    def kill_session(self, inside: int) -> None:
        """Kill, with -9, sshd's own processes of the connection in which `inside` runs; not what runs in it."""
        for process in descendants(self._process.pid):
            if name(process).startswith("sshd") and inside in descendants(process):
                kill(process)

    def sessions(self) -> list[int]:
        """Process ids of everything that runs under this server, sshd's own processes left out."""
        return [process for process in descendants(self._process.pid) if not name(process).startswith("sshd")]

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "log").open("wb") as log:
            words = [self._sshd, "-D", "-e", "-f", str(self.folder / "config")]
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until(self._listens, what="sshd to listen")
        except AssertionError as error:
            self._process.kill()
            raise AssertionError(f"{error}: {(self.folder / 'log').read_text()}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in descendants(self._process.pid):
            kill(process)
        self._process.terminate()
        self._process.wait(10)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
