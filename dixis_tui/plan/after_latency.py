"""Endpoints and flows after the migration against their baseline, and the application's own pool metrics. Pure."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import Any

from dixis_tui.after import AfterFinding, AfterKind, Latency
from dixis_tui.settings_records import AfterSettings

_LOOKS = 5
_WAITS = re.compile(r"(wait|pending)", re.I)
_HISTOGRAM = re.compile(r"_(bucket|sum|count|total|ms|seconds)$")
_WAITING_LOOKS = 3
_NUMBERS = 100
_MOST = 1e15
"""What is more is no count of connections, and infinity stands in no journal."""
_PROMETHEUS = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[^}]*\})?\s+([-+0-9.eE]+)(?:\s|$)")


def medians(looks: Iterable[Latency]) -> tuple[Latency, ...]:
    """The baseline of a few looks: each endpoint's median, and its last problem."""
    by_name: dict[tuple[bool, str], list[Latency]] = {}
    for look in looks:
        by_name.setdefault((look.flow, look.name), []).append(look)
    return tuple(
        Latency(name=name, milliseconds=median(one.milliseconds for one in seen), problem=seen[-1].problem, flow=flow)
        for (flow, name), seen in by_name.items()
    )


class Endpoints:
    """Takes look by look at the endpoints, and at the flows."""

    def __init__(self, baseline: Iterable[Latency], rules: AfterSettings) -> None:
        self._before = {(one.flow, one.name): one for one in baseline}
        self._rules = rules
        self._last: dict[tuple[bool, str], deque[float]] = {}

    def see(self, looks: Iterable[Latency]) -> list[AfterFinding]:
        """What is wrong now: an endpoint that fails, or one that became slow."""
        found = [self._one(look) for look in looks]
        return [finding for finding in found if finding]

    def _one(self, look: Latency) -> AfterFinding | None:
        key = (look.flow, look.name)
        kind = AfterKind.FLOW if look.flow else AfterKind.HEALTH
        before = self._before.get(key)
        if look.problem:
            as_before = before is not None and bool(before.problem)
            return AfterFinding(
                kind=kind,
                subject=look.name,
                level="warning" if as_before else "error",
                evidence=look.problem,
                cause="it failed before the migration too" if as_before else "",
                remedy="Look at the application's log; roll back if it can't be mended.",
            )
        last = self._last.setdefault(key, deque(maxlen=_LOOKS))
        last.append(look.milliseconds)
        now = median(last)
        if before is None or before.problem or len(last) < _LOOKS:
            return None
        worse = now - before.milliseconds
        if now < before.milliseconds * self._rules.slower or worse < self._rules.slower_milliseconds:
            return None
        return AfterFinding(
            kind=kind,
            subject=look.name,
            level="warning",
            evidence=f"{before.milliseconds:.0f} ms before, {now:.0f} ms now (median of {_LOOKS})",
            remedy="Look which statement it waits for.",
        )


def numbers(body: str) -> dict[str, float]:
    """The numbers of a metrics page, by name: JSON (nested names joined by dots) or Prometheus' text.

    Histograms' buckets are left out, and samples of one name are added up. Raises ValueError where it is neither.
    """
    text = body.strip()
    found: dict[str, float] = {}
    if text.startswith(("{", "[")):
        try:
            _collect(json.loads(text), "", found)
        except (json.JSONDecodeError, RecursionError):
            raise ValueError("neither JSON nor Prometheus' text") from None
        return found
    for line in text.splitlines():
        match = _PROMETHEUS.match(line)
        if match and not match[1].endswith("_bucket") and (value := _finite(match[2])) is not None:
            found[match[1]] = found.get(match[1], 0.0) + value
        if len(found) >= _NUMBERS:
            break
    if not found:
        raise ValueError("neither JSON nor Prometheus' text")
    return found


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < _MOST else None


def _collect(value: Any, name: str, found: dict[str, float]) -> None:
    if len(found) >= _NUMBERS:
        return
    if isinstance(value, dict):
        # Prisma's own JSON: lists of {"key": …, "value": …}.
        if isinstance(value.get("key"), str) and isinstance(value.get("value"), int | float):
            if abs(value["value"]) < _MOST:
                found[value["key"]] = float(value["value"])
            return
        for key, inner in value.items():
            _collect(inner, f"{name}.{key}" if name else str(key), found)
    elif isinstance(value, list):
        for inner in value[:_NUMBERS]:
            _collect(inner, name, found)
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST:
        found[name] = float(value)


class Waiting:
    """Whether statements of the application wait for a connection of its pool."""

    def __init__(self, before: dict[str, float]) -> None:
        self._before = before
        self._looks: dict[str, int] = {}

    def see(self, now: dict[str, float]) -> list[AfterFinding]:
        """Those that have waited for some looks, more than before."""
        found = []
        for name, value in now.items():
            if not _WAITS.search(name) or _HISTOGRAM.search(name):
                continue
            worse = value >= 1 and value > self._before.get(name, 0.0)
            self._looks[name] = self._looks.get(name, 0) + 1 if worse else 0
            if self._looks[name] >= _WAITING_LOOKS:
                found.append(
                    AfterFinding(
                        kind=AfterKind.POOL,
                        subject=name,
                        level="warning",
                        evidence=f"{value:g} wait for a connection, {self._before.get(name, 0.0):g} before",
                        cause="the application's own pool has none left",
                        remedy="Look which statements became slow; a larger pool only helps where the server has room.",
                    )
                )
        return found
