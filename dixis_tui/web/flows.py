"""Goes through a flow of `[[flows]]` as a customer's browser would: one request after the other, with its cookies."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from dixis_tui import flow_text
from dixis_tui.after import FlowResult, StepResult
from dixis_tui.secrets import Redactor
from dixis_tui.settings_flows import sent
from dixis_tui.settings_records import FlowSettings, StepSettings
from dixis_tui.web import fetch

_VALUE_LIMIT = 4096
"""Characters of a value that is extracted; a longer one is no token and no number of an order."""
_SHOWN = 80
_IN_URL = partial(quote, safe="")


def go_through(flow: FlowSettings, variables: Mapping[str, str]) -> FlowResult:
    """Every step up to the first that is not as it should be. Never raises for what the network or a server does.

    `variables`: the values of the environment variables that the flow names.
    """
    return FlowResult(name=flow.name, steps=tuple(steps(flow, variables)), planned=len(flow.steps))


def steps(flow: FlowSettings, variables: Mapping[str, str]) -> Iterator[StepResult]:
    """The same, step by step as they are done. What is told of a step holds no value: its url is the settings'."""
    values = {name: variables[name] for name in flow.variables if variables.get(name)}
    if unset := _unset(flow, values):
        number, name = unset
        yield _result(flow, number, fetch.Answer(problem=f"{name} is not set: nothing was asked"), {})
        return
    with fetch.client("flow") as web:
        for number, step in enumerate(flow.steps, 1):
            answer = _send(web, flow, step, values)
            problem = answer.problem or _judge(step, answer)
            taken: dict[str, str] = {}
            if not problem:
                taken, problem = _extract(step, answer)
            values |= taken
            done = fetch.Answer(status=answer.status, milliseconds=answer.milliseconds, problem=problem)
            yield _result(flow, number, done, values)
            if problem:
                return


def _unset(flow: FlowSettings, values: Mapping[str, str]) -> tuple[int, str] | None:
    """The first step that asks for a variable without a value, before any other has done something for nothing."""
    wanted = set(flow.variables) - values.keys()
    extracted: set[str] = set()
    for number, step in enumerate(flow.steps, 1):
        for _, text in sent(step):
            found = [name for name in flow_text.names(text) if name in wanted - extracted]
            if found:
                return number, found[0]
        extracted |= step.extract.keys()
    return None


def _result(flow: FlowSettings, number: int, answer: fetch.Answer, values: Mapping[str, str]) -> StepResult:
    step = flow.steps[number - 1]
    return StepResult(
        number=number,
        method=step.method,
        url=flow.base + step.url,
        status=answer.status,
        milliseconds=answer.milliseconds,
        # A server may send back what it was sent, and tokens of its own.
        problem=Redactor(values.values()).line(answer.problem) if answer.problem else "",
    )


def _send(web: httpx.Client, flow: FlowSettings, step: StepSettings, values: Mapping[str, str]) -> fetch.Answer:
    url = flow.base + flow_text.filled(step.url, values, _IN_URL)
    headers = {name: flow_text.filled(text, values) for name, text in step.headers.items()}
    content: dict[str, Any] = {}
    if step.form:
        content = {"data": {name: flow_text.filled(text, values) for name, text in step.form.items()}}
    elif step.json:
        content = {"json": flow_text.filled_json(step.json, values)}
    try:
        request = web.build_request(step.method, url, headers=headers, **content)
    except httpx.InvalidURL as error:
        return fetch.not_sent(error)
    except (ValueError, TypeError):  # without the error's words, which name the value
        return fetch.Answer(problem="can't be sent: a value in it fits into no header, form or JSON")
    return fetch.fetch(web, request, flow.timeout_seconds, headers.keys())


def _judge(step: StepSettings, answer: fetch.Answer) -> str:
    if answer.status != step.status:
        return f"answered {answer.status}, expected {step.status}"
    if step.contains not in answer.body:
        return f"answered {answer.status}, but its body does not contain '{step.contains}'"
    if not step.expect:
        return ""
    document, problem = _document(answer)
    return problem or next((wrong for at, value in step.expect.items() if (wrong := _differs(document, at, value))), "")


def _document(answer: fetch.Answer) -> tuple[Any, str]:
    if answer.cut:
        return None, f"answered more than {fetch.BODY_LIMIT // 2**20} MB, too much to be looked at as JSON"
    try:
        return json.loads(answer.body), ""
    except (ValueError, RecursionError):
        return None, f"answered {answer.status}, but its body is not JSON"


def _differs(document: Any, pointer: str, wanted: Any) -> str:
    try:
        found = flow_text.at(pointer, document)
    except flow_text.Missing as error:
        return f"its JSON has no {error}, expected {_shown(wanted)} at {pointer or 'the root'}"
    # In Python true is 1.
    same = found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
    return "" if same else f"its JSON has {_shown(found)} at {pointer or 'the root'}, expected {_shown(wanted)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else f"'{value}'"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _extract(step: StepSettings, answer: fetch.Answer) -> tuple[dict[str, str], str]:
    """What the step takes from its answer, and what is wrong with that."""
    taken: dict[str, str] = {}
    document, problem = None, ""
    if any(flow_text.is_pointer(place) for place in step.extract.values()):
        document, problem = _document(answer)
    for name, place in step.extract.items():
        if problem:
            return {}, problem
        found = _at(document, place) if flow_text.is_pointer(place) else _matched(place, answer)
        if found is None:
            problem = f"nothing to extract as {name}: no {place} in the answer"
        elif len(found) > _VALUE_LIMIT:
            problem = f"what would be extracted as {name} is longer than {_VALUE_LIMIT} characters"
        else:
            taken[name] = found
    return ({}, problem) if problem else (taken, "")


def _at(document: Any, pointer: str) -> str | None:
    try:
        found = flow_text.at(pointer, document)
    except flow_text.Missing:
        return None
    if isinstance(found, str):
        return found
    return json.dumps(found) if isinstance(found, bool | int | float) else None


def _matched(pattern: str, answer: fetch.Answer) -> str | None:
    found = re.search(pattern, answer.body)
    if found is None or found[1] is None:
        return None
    return html.unescape(found[1]) if answer.html else found[1]
