"""The table of requests in `docs/github.md`, from the program's own: ``python -m docs.make_github``."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.web.github.requests import TABLE, Request

PAGE = Path(__file__).with_name("github.md")
_BEGIN, _END = "<!-- requests: made by python -m docs.make_github -->\n", "<!-- end of requests -->\n"
_HEAD = "| for | request | fine-grained token | classic token | changes |\n|---|---|---|---|---|"


def page() -> str:
    """The whole page: as it stands, but for the table."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    rows = "\n".join(map(_row, TABLE))
    return f"{before}{_BEGIN}\n{_HEAD}\n{rows}\n\n{_END}{after}"


def _row(request: Request) -> str:
    permission = request.permission or "—"
    scope = f"`{request.scope}`" if request.scope else "—"
    changes = "**yes**" if request.changes else "no"
    return f"| {request.what} | `{request.method} {request.path}` | {permission} | {scope} | {changes} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
