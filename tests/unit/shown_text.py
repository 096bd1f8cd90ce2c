"""Finds in the sources of the screens what is drawn and not marked for translation, by the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

MARKS = frozenset({"_", "N_", "ngettext", "count"})
"""What a message is given to; `count` is `words.count`."""
_LETTERS = re.compile(r"[A-Za-z]{2}")
_NAME = re.compile(r"[a-z0-9_.#+-]+")
"""An id, a class, a key, a tone: shown only in some places."""
_LOOK = re.compile(
    r"bold .*\$.*|\{\}-cap|log-lines--\{\}|(good|warn|bad)(-cap)?|"
    r"text|strong|quiet|faint|work|key|title|mark|cap|cursor"
)
"""How something looks: the names of component classes, and Textual's styles."""
_CODE = re.compile(r"DX\d+|[A-Z_]+_(URL|TOKEN)|\w+Screen|\w+Field")
_KEYS = re.compile(r"[a-z?/^]{1,2}|esc|enter|space|tab|home|end|pgup pgdn|[nN1-9 ]+|[^\w\s](?: [^\w\s])?")
"""The first of a pair whose second says what that key does."""
_SHOWN = frozenset({"label", "yes", "no", "does", "headline", "title", "placeholder", "short", "word"})
"""Keywords whose text is always drawn."""
_NOT_SHOWN = frozenset({"id", "classes", "group", "tone", "glyph", "key", "opens", "how", "command", "escape"})
_NOT_ARGUMENTS_OF = frozenset(
    {
        *("Binding", "Mark", "query", "query_one", "getattr", "import_module", "set_class", "has_class", "stylize"),
        *(
            "style",
            "startswith",
            "endswith",
            "removeprefix",
            "removesuffix",
            "replace",
            "compile",
            "strftime",
            "TypeVar",
        ),
        *("get_component_rich_style", "astimezone", "Theme", "encode", "decode", "ZoneInfo", "partition", "get"),
        *("zone", "normalize", "split", "array", "fullmatch", "getattr", "strptime", "action_drive", "JournalError"),
    }
)
NOT_TEXT = {
    "GitHub": "a name",
    "Dixis": "a name",
    "UTC": "a name",
    "  DIXIS": "a name",
    "n esc enter": "keys",
    "home end": "keys",
    "pgup pgdn": "keys",
    "ABEZHIKMNOPTYX": "letters that look the same in Greek",
    "idle in transaction": "PostgreSQL's word",
    "idle in transaction (aborted)": "PostgreSQL's word",
    "{} @ {}:{}": "an address",
    "  PostgreSQL {} ": "a name and a version",
    "dixis-tui approve {}": "what is typed in a shell",
    "sha256 {}… ": "a digest",
    "WAL {}": "a name",
    "{} ms": "a unit",
    "{} B": "a unit",
    "{} TB": "a unit",
    "kB": "a unit",
    "MB": "a unit",
    "GB": "a unit",
    "LOG": "a name",
    "%Y-%m-%d %H:%M": "a form of time",
}
"""Texts that are the same in every language, with the reason."""


def unmarked(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text (`{}` for each field) of what is drawn as it stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        text = _text(node, parents)
        if text and text not in NOT_TEXT and _is_shown(node, text, parents):
            yield node.lineno, text  # type: ignore[attr-defined]


def _text(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else "{}" for one in node.values]
        return (
            ""
            if isinstance(parents[node], ast.FormattedValue) and _is_spec(node, parents)
            else "".join(map(str, parts))
        )
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if plain and not isinstance(parents[node], ast.JoinedStr) else ""  # type: ignore[attr-defined]


def _is_spec(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents[node]
    return isinstance(parent, ast.FormattedValue) and parent.format_spec is node


def _is_shown(node: ast.AST, text: str, parents: dict[ast.AST, ast.AST]) -> bool:
    if not _LETTERS.search(text.replace("{}", "")) or _LOOK.fullmatch(text) or _CODE.fullmatch(text):
        return False
    place = parents[node]
    if _never(node, place, parents):
        return False
    if _NAME.fullmatch(text):
        return _names_are_shown(node, place)
    return True


def _never(node: ast.AST, place: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether nothing in this place is drawn."""
    if isinstance(place, ast.Expr | ast.Compare | ast.Subscript | ast.MatchValue | ast.arguments):
        return True
    if isinstance(place, ast.AnnAssign) and node is place.annotation:
        return True
    if isinstance(place, ast.Assign) and any(
        getattr(one, "id", "").endswith(("_CSS", "CSS_PATH")) for one in place.targets
    ):
        return True
    if isinstance(place, ast.keyword):
        return place.arg in _NOT_SHOWN
    if isinstance(place, ast.Dict) and node in place.keys:
        return True
    if isinstance(place, ast.Call):
        called = place.func.attr if isinstance(place.func, ast.Attribute) else getattr(place.func, "id", "")
        return called in MARKS or called in _NOT_ARGUMENTS_OF
    return isinstance(place, ast.Tuple | ast.Set | ast.List) and _never(place, parents[place], parents)


def _names_are_shown(node: ast.AST, place: ast.AST) -> bool:
    """Whether a word that looks like a name is drawn there: a key's label, a title, what a key does."""
    if isinstance(place, ast.keyword):
        return place.arg in _SHOWN
    if isinstance(place, ast.Assign):
        return any(getattr(one, "attr", "") == "border_title" for one in place.targets)
    if isinstance(place, ast.Tuple) and len(place.elts) == 2 and place.elts[1] is node:
        first = place.elts[0]
        key = first.value if isinstance(first, ast.Constant) else ""
        return isinstance(key, str) and bool(_KEYS.fullmatch(key))
    return False
