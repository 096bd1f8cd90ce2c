"""The two small languages of a flow's steps: `{name}` in what is sent, and JSON pointers into what comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_BRACES = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONE_TILDE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class Missing(Exception):  # noqa: N818 - it is no fault of ours, and never leaves the flow
    """There is nothing at that place; its text says where the way ended."""


def is_name(text: str) -> bool:
    """Whether `{text}` could stand for something."""
    return _NAME.fullmatch(text) is not None


def names(text: str) -> tuple[str, ...]:
    """The names that `text` asks for, in order. Literal braces are doubled.

    Raises:
        ValueError: a brace stands alone, or holds what is no name.
    """
    found: list[str] = []
    for match in _BRACES.finditer(text):
        if match[1]:
            found.append(match[1])
        elif match[0] in ("{", "}"):
            raise ValueError(f"has a lone '{match[0]}'")
    return tuple(dict.fromkeys(found))


def filled(text: str, values: Mapping[str, str], encode: Callable[[str], str] = str) -> str:
    """`text` with each `{name}` replaced by its value, encoded, and doubled braces as one.

    Values are not looked into: what a server sent can't name another one. Raises KeyError for a name without a value.
    """

    def replaced(match: re.Match[str]) -> str:
        return encode(values[match[1]]) if match[1] else match[0][0]

    return _BRACES.sub(replaced, text)


def filled_json(value: Any, values: Mapping[str, str]) -> Any:
    """The same for every text inside a JSON value; keys stay as they are."""
    if isinstance(value, str):
        return filled(value, values)
    if isinstance(value, list):
        return [filled_json(one, values) for one in value]
    if isinstance(value, dict):
        return {key: filled_json(one, values) for key, one in value.items()}
    return value


def texts_of(value: Any) -> list[str]:
    """Every text inside a JSON value, keys left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for one in value for text in texts_of(one)]
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts_of(one)]
    return []


def is_pointer(text: str) -> bool:
    """Whether `text` is meant as a JSON pointer: the whole answer, or a way from its root."""
    return not text or text.startswith("/")


def pointer_problem(pointer: str) -> str:
    """What is wrong with a JSON pointer (RFC 6901); empty: nothing."""
    if not is_pointer(pointer):
        return "does not begin with /"
    return "has a ~ that is neither ~0 nor ~1" if _LONE_TILDE.search(pointer) else ""


def at(pointer: str, document: Any) -> Any:
    """The value at a sound `pointer`. Raises :class:`Missing`."""
    here, way = document, ""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        way += f"/{part}"
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and _INDEX.fullmatch(key) and int(key) < len(here):
            here = here[int(key)]
        else:
            raise Missing(way)
    return here
