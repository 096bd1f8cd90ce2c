"""Pictures of terminals: the text and colours that tmux captured, as an SVG that needs nothing from elsewhere.

``python -m tests.pictures <columns> <rows> <title> < capture.ansi > picture.svg``
"""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_THEME = TerminalTheme(
    (16, 20, 24),
    (220, 224, 228),
    [
        (0, 0, 0),
        (205, 70, 70),
        (90, 170, 90),
        (200, 160, 60),
        (80, 130, 210),
        (170, 100, 190),
        (70, 170, 180),
        (200, 200, 200),
    ],
    [
        (100, 100, 100),
        (240, 100, 100),
        (120, 210, 120),
        (235, 200, 90),
        (120, 170, 250),
        (210, 140, 230),
        (110, 210, 220),
        (255, 255, 255),
    ],
)
# 20.27 px: there a cell of DejaVu Sans Mono and its kin is as wide as rich counts it, 12.2 px.
_FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
    <style>
    .{unique_id}-matrix {{
        font-family: "DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace;
        font-size: 20.27px;
        line-height: {line_height}px;
        white-space: pre;
    }}
    .{unique_id}-title {{
        font-size: 18px;
        font-weight: bold;
        font-family: system-ui, sans-serif;
    }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""


def ansi_to_svg(ansi_text: str, columns: int, rows: int, title: str = "") -> str:
    """What `tmux capture-pane -ep` gave, as an SVG of `columns` by `rows` cells; the same bytes for the same input."""
    console = Console(
        file=io.StringIO(),
        width=columns,
        height=rows,
        record=True,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    # The captured lines carry their style over line breaks, so they are decoded as one text.
    lines = Text.from_ansi(ansi_text, no_wrap=True, end="").split("\n", allow_blank=True)[:rows]
    lines += [Text()] * (rows - len(lines))
    for line in lines:
        console.print(line, no_wrap=True, overflow="crop", crop=True, soft_wrap=False, highlight=False)
    return console.export_svg(title=title, theme=_THEME, code_format=_FORMAT)


def main() -> None:
    """Standard input to standard output."""
    columns, rows, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    sys.stdout.write(ansi_to_svg(sys.stdin.read(), columns, rows, title))


if __name__ == "__main__":
    main()
