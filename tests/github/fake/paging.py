"""Lists by the page, with the `Link` header that leads through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.github.fake.answers import Answer, Request, told

if TYPE_CHECKING:
    from tests.github.fake.server import FakeGithub


def page(github: FakeGithub, request: Request, items: list[Any], key: str = "") -> Answer:
    """One page of `items`: a bare list, or under `key` with `total_count`. `github.page_limit` makes pages small."""
    size = max(1, min(int(request.query.get("per_page", "30")), github.page_limit))
    at = max(1, int(request.query.get("page", "1")))
    last = max(1, -(-len(items) // size))
    links = {"prev": at - 1, "next": at + 1, "last": last, "first": 1}
    wanted = [
        name for name in links if (name in {"prev", "first"} and at > 1) or (name in {"next", "last"} and at < last)
    ]
    shown = items[(at - 1) * size : at * size]
    answer = told({"total_count": len(items), key: shown} if key else shown)
    if wanted:
        base = f"{github.url}{request.path}?"
        answer.headers["Link"] = ", ".join(
            f'<{base}{urlencode({**request.query, "page": links[name]})}>; rel="{name}"' for name in wanted
        )
    return answer
