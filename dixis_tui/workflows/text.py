"""Text that may stand in a workflow file: YAML scalars, filter patterns, words of a script, names of secrets."""

from __future__ import annotations

import json
import re

from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean

_SECRET = re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*", re.I)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9_/-]")
_WORDS_OF_YAML = ("true", "false", "yes", "no", "on", "off", "null")


def scalar(text: str) -> str:
    """`text` as one YAML scalar. Raises UsageError where it can't stand in a workflow file."""
    words(text)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return json.dumps(text, ensure_ascii=False)


def pattern(path: str) -> str:
    """`path` as one of GitHub's filter patterns; a trailing `/**` stays one."""
    body = path.removesuffix("/**")
    return re.sub(r"([*?+\[\]!\\])", r"\\\1", body) + path[len(body) :]


def words(text: str) -> str:
    """`text` as it is, already quoted for the shell or for YAML. Raises UsageError where it holds more."""
    if "${{" in text or not text.isprintable() or text != clean(text):
        raise UsageError(
            f"'{clean(text)}' can't stand in a workflow file", "Leave out ${{, line breaks and what is not visible."
        )
    return text


def secret(name: str) -> str:
    """The name of a secret. Raises UsageError where GitHub takes no such name."""
    if not _SECRET.fullmatch(name):
        raise UsageError(f"'{clean(name)}' can't be the name of a secret on GitHub", "Use letters, digits and _ alone.")
    return name
