"""The line to GitHub: connections, proxies, certificates, and a wait for an answer that can be ended."""

from __future__ import annotations

import os
import ssl
import threading
import time
from contextlib import suppress
from functools import lru_cache

import httpx

from dixis_tui.errors import GithubError, StoppedError
from dixis_tui.web.github.exchange import FAILURES, Answer, LineError, Question, ask

THREAD = "asks GitHub"
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.1
"""How often a wait for an answer looks whether the operator asked to stop."""
_FILE_PATIENCE = 10
"""How many times longer a file may take than another answer."""


class Line:
    """Connections that take proxies and certificates from the environment; none of them follows a redirect.

    Requests that change something get a connection of their own each: an idle one that the server has just closed
    would leave it open whether the request was taken.
    """

    def __init__(self, *, timeout_seconds: float, stopping: threading.Event, here: bool = False) -> None:
        """`here`: GitHub is on this machine, which no proxy is asked for."""
        self._timeout = timeout_seconds
        self._stopping = stopping
        self._here = here
        self._context = _certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        self._reads = self._open()

    def close(self) -> None:
        """Close every connection."""
        self._reads.close()

    def exchange(self, question: Question, *, spool: bool = False) -> Answer:
        """One request and its whole answer; `spool`: the body of a 200 goes to a file, which is the caller's.

        Raises LineError, and StoppedError where a read is no longer wanted: a change is always waited for.
        """
        change = question.method != "GET"
        client = self._open() if change else self._reads
        result: list[Answer | BaseException] = []
        deadline = time.monotonic() + self._timeout * (_FILE_PATIENCE if spool else 1)

        def answered() -> None:
            try:
                result.append(ask(client, question, spool=spool))
            except BaseException as error:  # noqa: BLE001 - raised again below, where somebody can hear it
                result.append(error)

        # httpx's limits are for each read: headers that come a letter at a time meet none of them.
        asking = threading.Thread(target=answered, daemon=True, name=THREAD)
        asking.start()
        while asking.is_alive() and time.monotonic() < deadline and (change or not self._stopping.is_set()):
            asking.join(_LOOK_SECONDS)
        if change or not result:
            self._leave(client)
        if not result:
            if not change and self._stopping.is_set():
                raise StoppedError("asked to stop while GitHub was being asked")
            raise LineError("did not answer in time", sent=True)
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    def _open(self) -> httpx.Client:
        timeout = httpx.Timeout(self._timeout, connect=min(self._timeout, _CONNECT_SECONDS))
        try:
            return httpx.Client(verify=self._context, timeout=timeout, trust_env=not self._here)
        except (ValueError, ImportError, httpx.InvalidURL):
            raise GithubError(
                "unreachable",
                "GitHub can't be asked: the proxy in the environment is none that can be used",
                "Set HTTPS_PROXY to http://HOST:PORT, or NO_PROXY to GitHub's host.",
            ) from None

    def _leave(self, client: httpx.Client) -> None:
        """Close the connections of a change, or of an answer that never ended: its thread ends with its next byte."""
        if client is self._reads:
            self._reads = self._open()
        with suppress(*FAILURES):
            client.close()


@lru_cache
def _certificates(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Whom to trust, as httpx takes it from these two variables; read once, since that takes 20 ms."""
    try:
        return httpx.create_ssl_context()
    except OSError:  # ssl.SSLError is one
        raise GithubError(
            "unreachable",
            "GitHub can't be asked: SSL_CERT_FILE or SSL_CERT_DIR names certificates that can't be read",
            "Let it name a readable file of PEM certificates, or unset it.",
        ) from None
