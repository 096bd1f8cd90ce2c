"""One look after another at the same endpoints, and at the application's metrics page, over connections that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpx
from msgspec.structs import replace

from dixis_tui.after import Latency
from dixis_tui.settings import HealthSettings
from dixis_tui.web.health import ask, client, probe

_MOST_SECONDS = 5.0
"""A look is given up after so long, whatever the settings have patience for: others wait behind it."""


class Prober:
    """For one thread. `words` cleans and redacts what comes from outside. Nothing here raises for the network."""

    def __init__(self, words: Callable[[str], str]) -> None:
        self._words = words
        self._client = client()

    def look(self, settings: Iterable[HealthSettings], times: int = 1) -> list[Latency]:
        """So many looks at each endpoint, all endpoints at the same time; one that fails is not asked again."""
        with ThreadPoolExecutor(8) as pool:
            return [look for seen in pool.map(lambda one: self._looks(one, times), settings) for look in seen]

    def _looks(self, setting: HealthSettings, times: int) -> list[Latency]:
        patient = replace(setting, timeout_seconds=min(setting.timeout_seconds, _MOST_SECONDS))
        found: list[Latency] = []
        while len(found) < times and not (found and found[-1].problem):
            result = probe(patient, self._client)
            problem = self._words(f"{result.url} {result.problem}") if result.problem else ""
            name, milliseconds = self._words(result.name), round(result.milliseconds, 1)
            found.append(Latency(name=name, milliseconds=milliseconds, problem=problem))
        return found

    def page(self, url: str) -> tuple[str, str]:
        """A metrics page's text, raw, and a problem in words where there is none."""
        answer = ask(HealthSettings(name="", url=url, timeout_seconds=_MOST_SECONDS), self._client)
        problem = answer.problem
        if not problem and answer.status != httpx.codes.OK:
            problem = f"answered {answer.status}"
        return answer.body, self._words(problem)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
