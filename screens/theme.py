"""The look: calm greys and one accent; green, amber and red only for states.

Each colour was chosen so that it falls on a fitting one of the 16 where a terminal has no more: line 8, quiet 7,
text 15, accent 6, good 10, warning 11, error 9.
"""

from __future__ import annotations

from textual.theme import Theme

THEME = Theme(
    name="dixis",
    primary="#46b1c9",
    secondary="#8a96a3",
    accent="#46b1c9",
    foreground="#d8dee4",
    background="#101418",
    surface="#161b20",
    panel="#161b20",
    success="#57c46c",
    warning="#f2c94c",
    error="#f25a63",
    dark=True,
    variables={
        "quiet": "#8a96a3",
        "line": "#3a444e",
        "cursor": "#2a3946",
        "production": "#a01828",
        "demo": "#0f5d6b",
        "replay": "#5f3f8f",
        "border": "#46b1c9",
        "border-blurred": "#3a444e",
        "text-muted": "#8a96a3",
        "text-primary": "#46b1c9",
        "text-secondary": "#8a96a3",
        "text-accent": "#46b1c9",
        "text-success": "#57c46c",
        "text-warning": "#f2c94c",
        "text-error": "#f25a63",
        "scrollbar": "#3a444e",
        "scrollbar-hover": "#3a444e",
        "scrollbar-active": "#46b1c9",
        "scrollbar-background": "#101418",
        "scrollbar-background-hover": "#101418",
        "scrollbar-background-active": "#101418",
        "scrollbar-corner-color": "#101418",
    },
)
