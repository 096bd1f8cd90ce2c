"""Looks at the application's endpoints: status, latency, and a rule for the body."""

from __future__ import annotations

import httpx

from dixis_tui.model import HealthResult
from dixis_tui.settings import HealthSettings
from dixis_tui.web import fetch


def probe(setting: HealthSettings, client: httpx.Client) -> HealthResult:
    """One GET. Never raises for what the network does: the result says it. Milliseconds until the body was read."""
    answer = ask(setting, client)
    problem = answer.problem
    if not problem and answer.status != setting.status:
        problem = f"answered {answer.status}, expected {setting.status}"
    if not problem and setting.contains not in answer.body:
        problem = f"answered {answer.status}, but its body does not contain '{setting.contains}'"
    return HealthResult(setting.name, setting.url, answer.status, answer.milliseconds, problem)


def ask(setting: HealthSettings, client: httpx.Client) -> fetch.Answer:
    """One GET, with no rule for what it brings. Never raises for what the network does."""
    try:
        request = client.build_request("GET", setting.url)
    except (httpx.InvalidURL, ValueError) as error:
        return fetch.not_sent(error)
    return fetch.fetch(client, request, setting.timeout_seconds)


def client() -> httpx.Client:
    """A client for :func:`probe`."""
    return fetch.client("health check")
