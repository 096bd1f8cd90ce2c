"""The token that GitHub's own command line program keeps, where it is installed and logged in."""

from __future__ import annotations

import os
import re
import shutil

from dixis_tui.errors import ToolError
from dixis_tui.process import ask

_SECONDS = 5.0
_WHERE = ("GH_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""Where it keeps its tokens: a file, or the desktop's keyring."""
_TOKEN = re.compile(r"[!-~]{8,}")


def token(host: str) -> str:
    """Its token for that host; empty where there is none, or it does not answer. What it says is shown nowhere."""
    program = shutil.which("gh")
    if program is None:
        return ""
    environment = {name: os.environ[name] for name in _WHERE if name in os.environ}
    environment |= {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    try:
        answer = ask([program, "auth", "token", "--hostname", host], environment=environment, seconds=_SECONDS)
    except ToolError:
        return ""
    said = answer.stdout.decode("ascii", "replace").strip()
    return said if answer.code == 0 and _TOKEN.fullmatch(said) else ""
