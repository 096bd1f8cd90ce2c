"""Other people's queries, without what they hold: a literal may be a password or somebody's address. Pure."""

from __future__ import annotations

import re

MASK = "'…'"
_LITERAL = re.compile(r"\$(\w*)\$.*?(?:\$\1\$|\Z)|'(?:[^']|'')*(?:'|\Z)", re.S)
"""Also one that is cut off: the server keeps only the beginning of a long query. Names in double quotes stay."""
_QUOTED_OR_LITERAL = re.compile(rf'("(?:[^"]|"")*")|{_LITERAL.pattern.replace(chr(92) + "1", chr(92) + "2")}', re.S)


def without_literals(query: str) -> str:
    """The query with each string literal as `'…'`."""
    return _QUOTED_OR_LITERAL.sub(lambda found: found[1] or MASK, query)
