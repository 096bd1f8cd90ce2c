"""`[[flows]]` read at start: what can't work is said before anything has begun, with the flow, the step and the key."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from dixis_tui import flow_text
from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean
from dixis_tui.settings_records import FlowSettings, StepSettings

_SHORT = 8
_LONG_WORD = 12


def check(path: Path, flows: Sequence[FlowSettings]) -> None:
    """Raises UsageError, naming `path`, for the first flow that could never be gone through."""
    called = [flow.name for flow in flows]
    if twice := next((name for name in called if called.count(name) > 1), ""):
        raise UsageError(f"{path}: two flows are called '{clean(twice)}'", "Give each a name of its own.")
    for flow in flows:
        where = f"{path}: flow '{clean(flow.name)}'"
        if not flow.steps:
            raise UsageError(f"{where}: it has no steps", "Add a [[flows.steps]], or leave the flow out.")
        if not all(flow.variables):
            raise UsageError(f"{where}: variables has an empty name", "Name environment variables, or leave it out.")
        known = set(flow.variables)
        for number, step in enumerate(flow.steps, 1):
            _check_step(f"{where}, step {number}", flow, step, known)
            known |= step.extract.keys()


def _check_step(where: str, flow: FlowSettings, step: StepSettings, known: set[str]) -> None:
    for key, text in sent(step):
        try:
            unknown = [name for name in flow_text.names(text) if name not in known]
        except ValueError as error:
            raise UsageError(f"{where}: {key} {error}", "Write {name}, and a brace itself as {{ or }}.") from None
        if unknown:
            raise UsageError(
                f"{where}: {key} asks for {{{unknown[0]}}}, which nothing gives",
                "Extract it in an earlier step, or name it in the flow's variables.",
            )
    if not (flow.base + step.url).startswith(("http://", "https://")):
        raise UsageError(
            f"{where}: url is not an http:// or https:// address", "Write it whole, or give the flow a base."
        )
    if step.form and step.json:
        raise UsageError(f"{where}: it has both form and json", "Send one of them.")
    if (step.form or step.json) and step.method == "GET":
        raise UsageError(f"{where}: a GET has no body", 'Set method = "POST", or leave form and json out.')
    try:
        json.dumps(step.json)
    except TypeError:
        raise UsageError(f"{where}: json has a date or a time", "Write it as text: JSON has neither.") from None
    for pointer in step.expect:
        _check_pointer(where, "expect", pointer)
    for name, place in step.extract.items():
        if not flow_text.is_name(name):
            raise UsageError(
                f"{where}: extract.{clean(name)} can't be named as {{…}}", "Use letters, digits and underscores."
            )
        _check_place(where, f"extract.{name}", place)


def sent(step: StepSettings) -> list[tuple[str, str]]:
    """Every text of a step that names may stand in, with its key."""
    return [
        ("url", step.url),
        *((f"headers.{clean(name)}", text) for name, text in step.headers.items()),
        *((f"form.{clean(name)}", text) for name, text in step.form.items()),
        *((f"json.{clean(name)}", text) for name, value in step.json.items() for text in flow_text.texts_of(value)),
    ]


def _check_place(where: str, key: str, place: str) -> None:
    if flow_text.is_pointer(place):
        _check_pointer(where, key, place)
        return
    try:
        groups = re.compile(place).groups
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            f"{where}: {key} is not a regular expression: {clean(str(error))}", "A JSON pointer begins with /."
        ) from None
    if groups != 1:
        raise UsageError(f"{where}: {key} has {groups} groups", "Put ( ) around what is to be taken, and (?: ) else.")


def _check_pointer(where: str, key: str, pointer: str) -> None:
    if problem := flow_text.pointer_problem(pointer):
        raise UsageError(
            f"{where}: {key} '{clean(pointer)}' {problem}", "Write a JSON pointer (RFC 6901), such as /items/0/id."
        )


def ordinary(value: str) -> bool:
    """Whether masking `value` wherever it stands would hide ordinary words, and not a secret.

    A mask at every `demo` or `12345` makes a log unreadable, and tells by the words around it what was masked. Such a
    value is kept out of what flows say of themselves instead, and nothing else of the program ever has it.
    """
    return len(value) < _SHORT or (value.isalpha() and len(value) < _LONG_WORD)
