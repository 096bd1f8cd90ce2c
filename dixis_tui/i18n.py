"""The interface's language: gettext catalogues in `locale/`, one chosen for the whole process.

A journal is English whatever the language: its sentences are put into words of the language where they are shown.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = ("en", "el")
VARIABLE = "DIXIS_LANG"
_LOCALE = Path(__file__).parent / "locale"
_DOMAINS = ("screens", "engine", "cli")
"""One catalogue each, so that none grows without end."""
_translations: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def language() -> str:
    """The language in use: `en` or `el`."""
    return _language


def use(wanted: str) -> None:
    """Show everything in this language from now on; an unknown one is English."""
    global _translations, _language  # noqa: PLW0603 - one language a process, chosen once at its start
    _language = wanted if wanted in LANGUAGES else "en"
    found = gettext.NullTranslations()
    if _language != "en":
        for domain in _DOMAINS:
            found.add_fallback(gettext.translation(domain, str(_LOCALE), [_language], fallback=True))
    _translations = found


def chosen(option: str = "", setting: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """The language that was asked for: by option, `DIXIS_LANG`, the settings, or the locale's variables, in this order.

    What none of them names, or names something else, is English.
    """
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    for asked in (option, environment.get(VARIABLE, ""), setting, locale):
        if asked:
            short = asked[:2].lower()
            return short if short in LANGUAGES else "en"
    return "en"


def _(message: str) -> str:
    """`message` in the language in use."""
    return _translations.gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """`one` or `many` in the language in use, as `number` asks."""
    return _translations.ngettext(one, many, number)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a text that is translated where it is used."""
    return message


def sentence(text: str) -> str:
    """A sentence of the engine, as the journal has it, in the language in use; as it is where nobody translated it."""
    return _(text)
