"""Answers that are kept with their ETag: asked again, GitHub says 304, which costs no request of the hour."""

from __future__ import annotations

import threading
from collections import OrderedDict

from dixis_tui.web.github.exchange import Answer

_ANSWERS = 256
_BYTES = 16 << 20
_LARGEST = 4 << 20


class Kept:
    """The answers used last, up to a number of them and of bytes. Used from several threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, url: str) -> Answer | None:
        """The answer that was kept of `url`."""
        with self._lock:
            if answer := self._answers.get(url):
                self._answers.move_to_end(url)
            return answer

    def put(self, url: str, answer: Answer) -> None:
        """Keep it, where it may be asked for by its ETag; what was used longest ago makes room."""
        with self._lock:
            if old := self._answers.pop(url, None):
                self._bytes -= len(old.body)
            if "etag" not in answer.headers or len(answer.body) > _LARGEST:
                return
            self._answers[url] = answer
            self._bytes += len(answer.body)
            while len(self._answers) > _ANSWERS or self._bytes > _BYTES:
                _, oldest = self._answers.popitem(last=False)
                self._bytes -= len(oldest.body)
