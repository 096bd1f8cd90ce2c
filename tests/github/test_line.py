"""The line's environment: proxies, certificates of one's own, and what is said where either is wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dixis_tui.errors import GithubError
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from tests.github.answering import Answering, answering
from tests.github.test_client import TOKEN, USER
from tests.needs import path_of


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1 with its key, which nobody else has signed."""
    folder = tmp_path_factory.mktemp("certificate")
    key, made, both = folder / "key.pem", folder / "made.pem", folder / "both.pem"
    subprocess.run(
        [path_of("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=dixis tests", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return both


@pytest.fixture
def enterprise(certificate: Path) -> Iterator[Answering]:
    """A GitHub Enterprise with that certificate."""
    with answering(certificate) as server:
        server.tell(USER)
        yield server


class Proxy:
    """A proxy that only passes bytes on; `asked` are the first lines of what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take nobody in any more."""
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._take, args=(self._socket.accept()[0],), daemon=True).start()

    def _take(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as lines, suppress(OSError):
            first = lines.readline().decode()
            self.asked.append(first.strip())
            while lines.readline().strip():
                pass
            if self.refuses:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = first.split()[1].partition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
                back.start()
                _pass_on(client, server)
                back.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy, which the environment names."""
    found = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", found.url)
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield found
    found.close()


def _login(url: str) -> str:
    with Client(TOKEN, url, pause_seconds=0.0) as client:
        return Repository(client, "o/r").login()


def _problem(url: str) -> str:
    with pytest.raises(GithubError) as caught:
        _login(url)
    assert caught.value.kind == "unreachable"
    assert caught.value.remedy
    return str(caught.value)


def test_a_certificate_of_ones_own_is_trusted_where_the_environment_names_it(
    enterprise: Answering, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert "certificate that is not trusted" in _problem(enterprise.url)
    assert not enterprise.asked
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert _login(enterprise.url) == "maria"


def test_certificates_that_cant_be_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert "SSL_CERT_FILE" in _problem("https://127.0.0.1:1")


def test_the_environments_proxy_is_used(
    enterprise: Answering, proxy: Proxy, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert _login(enterprise.url) == "maria"
    host = enterprise.url.removeprefix("https://")
    assert proxy.asked == [f"CONNECT {host} HTTP/1.1"]
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert _login(enterprise.url) == "maria"
    assert len(proxy.asked) == 1


def test_a_github_on_this_machine_is_asked_without_a_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with answering() as server:
        server.tell(USER)
        assert _login(server.url) == "maria"
    assert not proxy.asked


def test_a_proxy_that_refuses_is_told_from_github(proxy: Proxy) -> None:
    proxy.refuses = True
    assert "the proxy refuses" in _problem("https://127.0.0.1:1")
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("wrong", ["nonsense://127.0.0.1:1", "http://[::1"])
def test_a_proxy_that_is_none_is_said(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", wrong)
    assert "proxy" in _problem("https://127.0.0.1:1")


def test_nothing_is_imported_before_it_is_needed() -> None:
    """A cockpit without `[github]` does not pay for httpx."""
    code = "import sys, dixis_tui.web.github.api; print('httpx' in sys.modules, 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "False False\n", done.stderr
