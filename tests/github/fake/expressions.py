"""GitHub's expressions as far as `run-name` and `concurrency` need them: `${{ inputs.x }}`, `||` and quoted words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def expand(text: str, told: Mapping[str, Mapping[str, Any]]) -> str:
    """`text` with its expressions evaluated; what is not known is empty, as on GitHub."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: _value(found[1], told), text)


def _value(expression: str, told: Mapping[str, Mapping[str, Any]]) -> str:
    for term in expression.split("||"):
        word = term.strip()
        if word.startswith("'"):
            return word.strip("'")
        room, _, name = word.removeprefix("github.event.").partition(".")
        if value := str(told.get(room, {}).get(name, "")):
            return value
    return ""
