"""Which language a call speaks: settled before click says its first word, for a wrong option is told in it too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dixis_tui.i18n import chosen, use

_NAMED = ("--lang", "--config", "--executor", "--operator")
"""The group's options that take a value."""
_CONFIG = "dixis.toml"
"""As in the settings, whose import is spared here: a start is imports."""


def settle(arguments: Sequence[str]) -> None:
    """Use the language of `--lang`, else of the settings, of `DIXIS_LANG`, or of the locale, in this order."""
    given = _of_group(arguments)
    use(chosen(given.get("--lang", ""), _of_settings(given.get("--config", ""))))


def _of_group(arguments: Sequence[str]) -> dict[str, str]:
    """What stands before the command's name, as far as it can be read; click refuses the rest."""
    found: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            break
        if name in _NAMED:
            found[name] = value if equals else next(words, "")
    return found


def _of_settings(config: str) -> str:
    """`language` of the settings; empty where they have none, or can't be read: whoever needs them says so."""
    path = Path(config or _CONFIG)
    if not path.is_file():
        return ""
    import tomllib

    try:
        with path.open("rb") as file:
            language = tomllib.load(file).get("language", "")
    except (OSError, ValueError):
        return ""
    return language if isinstance(language, str) else ""
