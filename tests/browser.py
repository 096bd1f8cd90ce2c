"""A real browser without a screen: Chromium, driven through its DevTools protocol over two pipes."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.needs import path_of

_SECONDS = 30.0
Json = dict[str, Any]


class Seen(Struct):
    """What one page did while it was open."""

    requests: list[str]
    """Addresses that it asked for, its own included."""
    complaints: list[str]
    """What stands in the console, and violations of the page's own policy."""


class Browser:
    """One process for a whole test session; pages one after the other."""

    def __init__(self, folder: Path) -> None:
        program = path_of("chromium")
        # High numbers first: 3 and 4 are what Chromium reads and writes, and may be ours already.
        pairs = [os.pipe(), os.pipe()]
        (theirs_in, self._in), (self._out, theirs_out) = pairs
        high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in (theirs_in, theirs_out)]

        def pipes() -> None:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--remote-debugging-pipe",
                f"--user-data-dir={folder}",
                "about:blank",
            ],
            preexec_fn=pipes,  # noqa: PLW1509 - two calls of dup2, and no thread of ours holds a lock then
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for one in (theirs_in, theirs_out, *high):
            os.close(one)
        self._number = 0
        self._left = b""
        self._events: list[Json] = []

    def close(self) -> None:
        """End it."""
        try:
            self.send("Browser.close")
            self._process.wait(10)
        except (OSError, AssertionError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, session: str = "", **parameters: object) -> Json:
        """One command; its result."""
        self._number += 1
        message: Json = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._in, data) :]
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = self._read(deadline, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._events.append(answer)

    def event(self, method: str) -> Json:
        """The next event of this kind, which may have come already."""
        deadline = time.monotonic() + _SECONDS
        while True:
            for at, event in enumerate(self._events):
                if event.get("method") == method:
                    return self._events.pop(at)["params"]
            self._events.append(self._read(deadline, method))

    def _read(self, deadline: float, what: str) -> Json:
        while b"\0" not in self._left:
            left = deadline - time.monotonic()
            assert left > 0, f"waited in vain for {what}"
            if select.select([self._out], [], [], left)[0]:
                data = os.read(self._out, 1 << 20)
                assert data, f"the browser ended before {what}"
                self._left += data
        line, _, self._left = self._left.partition(b"\0")
        return json.loads(line)

    @contextmanager
    def page(self, file: Path, width: int = 1280, height: int = 900, *, dark: bool = False) -> Iterator[Page]:
        """A page with this file, loaded whole."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Network", "Log", "Runtime", "Audits", "Accessibility"):
            self.send(f"{domain}.enable", session)
        page.size(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", session, features=[scheme])
        self._events.clear()
        self.send("Page.navigate", session, url=file.absolute().as_uri())
        page.loaded()
        yield page
        self.send("Target.closeTarget", targetId=target)


class Page:
    """One open page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self._told: list[Json] = []

    def send(self, method: str, **parameters: object) -> Json:
        """One command of this page."""
        return self._browser.send(method, self._session, **parameters)

    def loaded(self) -> None:
        """Wait for the load event."""
        self._browser.event("Page.loadEventFired")

    def size(self, width: int, height: int) -> None:
        """As on a screen of so many CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def value(self, script: str) -> Any:
        """What a line of JavaScript gives, evaluated by the debugger: the page's own policy forbids scripts."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def seen(self) -> Seen:
        """All that it asked for and complained of so far."""
        self.value("1")  # what was under way is told before the answer
        events = self._browser._events
        requests, complaints = [], []
        for event in events:
            parameters = event.get("params", {})
            match event.get("method"):
                case "Network.requestWillBeSent":
                    requests.append(parameters["request"]["url"])
                case "Log.entryAdded":
                    complaints.append(parameters["entry"]["text"])
                case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                    complaints.append(json.dumps(parameters))
                case "Audits.issueAdded":
                    complaints.append(json.dumps(parameters["issue"]))
        return Seen(requests, complaints)

    def tree(self) -> list[Json]:
        """The accessibility tree's nodes that are told to a person, in order: role, name, level."""
        found = []
        for node in self.send("Accessibility.getFullAXTree")["nodes"]:
            if node.get("ignored"):
                continue
            level = next((one["value"]["value"] for one in node.get("properties", ()) if one["name"] == "level"), 0)
            name = node.get("name", {}).get("value", "")
            found.append({"role": node["role"]["value"], "name": name, "level": level})
        return found

    def picture(self, file: Path, *, whole: bool = True, top: int = 0, height: int = 0) -> Path:
        """The page as a PNG, all of it or `height` pixels from `top` on."""
        width = self.value("document.documentElement.clientWidth")
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        more = {"clip": clip} if height else {}
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **more)["data"]
        file.write_bytes(base64.b64decode(data))
        return file

    def printed(self) -> bytes:
        """As a PDF, by the page's own rules for paper."""
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
