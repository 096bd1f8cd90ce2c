"""The sentences of the engine and of the command line, as their sources have them, for the catalogues of languages.

An f-string becomes a msgid with named fields: `f"{len(rows)} rows in {table}"` → `{rows} rows in {table}`. A choice
between constants inside one becomes one msgid for each: `f"{n} file{'s' if n > 1 else ''}"` → `{n} file`, `{n} files`.
A field that is formatted as a number is `{n:n}`: it is written anew as the language writes numbers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from docs.not_sentences import NOT_ARGUMENTS_OF, NOT_FILES, NOT_KEYWORDS, NOT_NAMES, NOT_SENTENCES, WORDS, WORDS_OF

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "dixis_tui"
CLI = ENGINE / "cli"
_MOST = 12
"""More variants than that of one f-string: its choices become fields."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_LOWER = re.compile(r"[a-z]{2,}")
_FORMAT = re.compile(r"\{([a-z_]+)\}")
"""A field of a constant that is filled by `.format`."""
_FIELD = re.compile(r"\{[^{}]*\}")
_CODE = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP|ALTER|SET|BEGIN|COMMIT|GRANT|REVOKE|TRUNCATE|LOCK|COPY|SHOW|"
    r"RESET|REINDEX|VACUUM|ANALYZE|REFRESH|TABLE|START TRANSACTION|SAVEPOINT|ROLLBACK TO|RELEASE|FROM|WHERE|ORDER BY|"
    r"CASE|EXISTS|AND|OR|NOT|EXPLAIN|DO|CALL|TERMINATE|FILTER|LEFT JOIN|JOIN|LIMIT|VALUES)\b"
    r"(?![^A-Z]*[a-z]+ [a-z]+ [a-z]+ [a-z]+)"
)
_TIME = re.compile(r"%[a-zA-Z]")
_MARKED = {"_", "N_", "ngettext"}
"""What they are given is gettext's own: taken as it stands, by its own extractor."""
_PLAIN_CALLS = {"len", "str", "int", "float", "round", "sum", "max", "min", "repr", "sorted", "list", "tuple", "next"}

Pieces = tuple[tuple[str, str], ...]
"""(text, kind): kind `lit`, or a field's `any` and `n` with its name as text."""


def of_engine() -> dict[str, tuple[str, int]]:
    """msgid → (file, line) of its first place, in the order of the sources."""
    found = _of(path for path in sorted(ENGINE.rglob("*.py")) if CLI not in path.parents)
    for word in WORDS:
        found.setdefault(word, ("docs/not_sentences.py", 0))
    return found


def of_cli() -> dict[str, tuple[str, int]]:
    """The same of the command line: what it prints, and the help that click makes of docstrings and options."""
    return _of(sorted(CLI.rglob("*.py")))


def _of(files: Iterator[Path] | list[Path]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if not any(name.startswith(one) for one in NOT_FILES):
            for msgid, line in of_source(path.read_text(encoding="utf-8"), name):
                found.setdefault(msgid, (name, line))
    return found


def of_source(source: str, name: str = "") -> Iterator[tuple[str, int]]:
    """The sentences of one source file, each with its line."""
    walker = _Walker(name)
    walker.visit(ast.parse(source))
    yield from walker.found


class _Walker(ast.NodeVisitor):
    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[tuple[str, int]] = []
        self._calls: list[str] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring, of whatever
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = _called(node.func)
        if called in NOT_ARGUMENTS_OF or called in _MARKED:
            return
        if called in ("option", "argument") and self.name.startswith("dixis_tui/cli"):
            self._help(node)
            return
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in NOT_KEYWORDS:
            self.generic_visit(node)

    def _help(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg == "help":
                self._add(keyword.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if self.name.startswith("dixis_tui/cli") and any(
            _called(one) in ("command", "group") for one in _decorators(node)
        ):
            self._doc(node)
        self.generic_visit(node)

    def _doc(self, node: ast.FunctionDef) -> None:
        for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
            if text := " ".join(paragraph.split()):
                self.found.append((text, node.lineno))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(_called(base) in WORDS_OF for base in node.bases):
            for child in node.body:
                if isinstance(child, ast.Assign) and isinstance(child.value, ast.Constant):
                    text = str(child.value.value)
                    if _WORD.search(text) and text not in NOT_SENTENCES:
                        self.found.append((text, child.lineno))
            return
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, ast.Name) and NOT_NAMES.search(target.id) for target in node.targets):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if not (isinstance(node.target, ast.Name) and NOT_NAMES.search(node.target.id)):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        self._add(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._add(node)
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                self._inside(value.value)

    def _inside(self, node: ast.expr) -> None:
        """What a field's own expression has, but for the choices that are variants of the whole already."""
        match node:
            case ast.IfExp(body=body, orelse=orelse):
                chosen = [body, orelse]
            case ast.BoolOp(op=ast.Or(), values=chosen) | ast.Subscript(value=ast.Dict(values=chosen)):
                pass
            case ast.Constant():
                return
            case _:
                self.visit(node)
                return
        for one in chosen:
            if isinstance(one, ast.JoinedStr):
                for value in one.values:
                    if isinstance(value, ast.FormattedValue):
                        self._inside(value.value)
            else:
                self._inside(one)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._add(node)
        self.generic_visit(node)

    def _add(self, node: ast.expr) -> None:
        for pieces in variants(node):
            msgid = _msgid(pieces)
            if is_sentence(msgid):
                self.found.append((msgid.strip().removeprefix("; ").removeprefix(", "), node.lineno))


def is_sentence(msgid: str) -> bool:
    """Whether a person reads it: two words, or a word beside a field; no code, no pattern."""
    text = msgid.strip().removeprefix("; ").removeprefix(", ")
    if (
        text in NOT_SENTENCES
        or "{{" in text
        or "pg_catalog." in text
        or "(SELECT" in text
        or "\n" in text
        or _CODE.match(text)
        or _TIME.search(text)
        or "\\" in text
    ):
        return False
    if text.startswith(("dixis-tui ", "-", "<", "/", "(?", "^", "[", "--", "#!")) or "://" in text.split(" ")[0]:
        return False
    literal = _FIELD.sub(" ", text)
    words = _WORD.findall(literal)
    if " " not in text or not (_LOWER.search(literal) or ":n}" in text):
        return False
    return len(words) >= 2 or (len(words) == 1 and "{" in text)


def variants(node: ast.expr) -> list[Pieces]:
    """Every way that the text of this expression may be put together; empty: it is no text."""
    match node:
        case ast.Constant(value=str() as text):
            return [_of_constant(text)]
        case ast.JoinedStr():
            parts = [_of_value(value) for value in node.values]
            if _count(parts) > _MOST:
                parts = [_of_value(value, spread=False) for value in node.values]
            return [tuple(piece for part in chosen for piece in part) for chosen in product(*parts)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*variants(body), *variants(orelse)]
        case _:
            return []


def _of_constant(text: str) -> Pieces:
    """A constant; `{name}` in it is a field, as `.format` fills it."""
    parts = _FORMAT.split(text)
    return tuple((part, "any" if at % 2 else "lit") for at, part in enumerate(parts) if part)


def _count(parts: list[list[Pieces]]) -> int:
    many = 1
    for part in parts:
        many *= max(1, len(part))
    return many


def _of_value(value: ast.expr, *, spread: bool = True) -> list[Pieces]:
    if isinstance(value, ast.Constant):
        return [((str(value.value), "lit"),)]
    if not isinstance(value, ast.FormattedValue):
        return [()]
    return _of_field(value.value, _is_number(value), spread=spread)


def _of_field(node: ast.expr, number: bool, *, spread: bool) -> list[Pieces]:
    field: Pieces = ((_name(node), "n" if number else "any"),)
    if not spread:
        return [field]
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return _unique([*_choice(body, number), *_choice(orelse, number)])
        case ast.BoolOp(op=ast.Or(), values=values):
            return _unique([piece for one in values for piece in _choice(one, number)])
        case ast.Subscript(value=ast.Dict(values=values)):
            return _unique([piece for one in values for piece in _choice(one, number)])
    return [field]


def _choice(node: ast.expr, number: bool) -> list[Pieces]:
    return variants(node) or _of_field(node, number, spread=True)


def _unique(found: list[Pieces]) -> list[Pieces]:
    return list(dict.fromkeys(found))


def _is_number(value: ast.FormattedValue) -> bool:
    spec = value.format_spec
    text = (
        "".join(str(one.value) for one in spec.values if isinstance(one, ast.Constant))
        if isinstance(spec, ast.JoinedStr)
        else ""
    )
    return bool(re.fullmatch(r"\+?,?(\.\d+f|,|d|,d)", text)) or _called(value.value) == "len"


def _name(node: ast.expr) -> str:
    """A field's name, from its expression: what a translator needs to guess what stands there."""
    match node:
        case ast.Name(id=name):
            return name.strip("_").lower()
        case ast.Attribute(attr=attr):
            return attr.strip("_").lower()
        case ast.Call(func=func, args=args):
            called = _called(func)
            if called in _PLAIN_CALLS and args:
                return _name(args[0])
            if called == "join" and args:
                return _name(args[0])
            return called.strip("_").lower() or "it"
        case ast.Subscript(value=value):
            return _name(value)
        case ast.BinOp(left=left):
            return _name(left)
        case ast.GeneratorExp(generators=generators) | ast.ListComp(generators=generators):
            return _name(generators[0].iter)
        case ast.BoolOp(values=values):
            return _name(values[0])
        case ast.IfExp(body=body):
            return _name(body)
        case ast.Starred(value=value) | ast.Await(value=value):
            return _name(value)
    return "it"


def _msgid(pieces: Pieces) -> str:
    """The pieces as one text; fields that touch become one, a name that comes twice is numbered."""
    merged: list[tuple[str, str]] = []
    for text, kind in pieces:
        if merged and kind == "lit" and merged[-1][1] == "lit":
            merged[-1] = (merged[-1][0] + text, "lit")
        elif merged and kind != "lit" and merged[-1][1] != "lit":
            merged[-1] = (merged[-1][0], "any")
        else:
            merged.append((text, kind))
    names: dict[str, int] = {}
    parts = []
    for text, kind in merged:
        if kind == "lit":
            parts.append(text.replace("{", "{{").replace("}", "}}"))
            continue
        names[text] = names.get(text, 0) + 1
        name = text if names[text] == 1 else f"{text}{names[text]}"
        parts.append(f"{{{name}:n}}" if kind == "n" else f"{{{name}}}")
    return "".join(parts)


def _called(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=attr):
            return attr
        case ast.Call(func=func):
            return _called(func)
    return ""


def _decorators(node: ast.FunctionDef) -> list[ast.expr]:
    return node.decorator_list
