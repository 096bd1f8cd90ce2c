"""The token is in no text of ours, whatever a server answers and wherever a line breaks."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dixis_tui.errors import DixisError
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from tests.github.answering import Answering, Reply, answering
from tests.github.test_client import TOKEN

_FORMS = (
    TOKEN,
    f"Bearer {TOKEN}",
    quote(f"Bearer {TOKEN}"),
    TOKEN[:7] + "\u200b" + TOKEN[7:],
    TOKEN[:7] + "\x1b[1m" + TOKEN[7:],
    base64.b64encode(f"x:{TOKEN}".encode()).decode(),
)
_HEADERS = (
    "Location", "X-OAuth-Scopes", "X-Accepted-OAuth-Scopes", "X-Accepted-GitHub-Permissions", "X-GitHub-SSO",
    "Retry-After", "X-RateLimit-Remaining", "Link", "ETag", "Date", "Content-Encoding", "Content-Type",
)  # fmt: skip
_CALLS: tuple[Callable[[Repository], object], ...] = (
    lambda repository: repository.login(),
    lambda repository: repository.secrets(),
    lambda repository: list(repository.job_log(21) or ()),
    lambda repository: repository.dispatch("m.yml", "main", {"confirm": "YES"}),
)


@pytest.fixture(scope="module")
def echoing() -> Iterator[tuple[Answering, Repository]]:
    """A server, and who asks it; tries are not waited for."""
    with answering() as server, Client(TOKEN, server.url, pause_seconds=0.0) as client:
        yield server, Repository(client, "o/r")


def _header(form: str) -> str:
    return "".join(letter for letter in form if letter.isascii() and letter.isprintable())


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Any answer that repeats the token, at any place of a message of any length."""
    form = draw(st.sampled_from(_FORMS))
    text = draw(st.sampled_from(("", "x" * 280, "y" * 298, "z" * 5000))) + form
    headers: Mapping[str, str] = {
        name: draw(st.sampled_from(("", "required; ", "/", "http://127.0.0.1:9/?q="))) + _header(form)
        for name in draw(st.sets(st.sampled_from(_HEADERS), max_size=4))
    }
    body: object = draw(st.sampled_from(({"message": text}, {"login": [text]}, [text], {"secrets": text})))
    status = draw(st.sampled_from((200, 204, 301, 302, 304, 400, 401, 403, 404, 407, 410, 422, 429, 451, 500, 502)))
    return Reply(status=status, headers=headers, body=json.dumps(body).encode())


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reply=replies(), call=st.sampled_from(_CALLS))
def test_no_text_of_an_error_holds_the_token(
    echoing: tuple[Answering, Repository], reply: Reply, call: Callable[[Repository], object]
) -> None:
    server, repository = echoing
    server.tell(reply)
    waits: list[str] = []
    repository._client._wait = lambda reason, _, __: waits.append(reason)  # type: ignore[method-assign]
    try:
        call(repository)
    except DixisError as error:
        texts = [str(error), error.remedy, repr(error), repr(vars(error)), *_chain(error), *waits]
        assert not [text for text in texts if TOKEN[4:16] in text]
    assert TOKEN[4:16] not in repr(repository._client.scopes)


def _chain(error: BaseException) -> list[str]:
    """Everything that a traceback would print, and the texts of what it would leave out."""
    texts = ["".join(traceback.format_exception(error))]
    seen: list[BaseException] = [error]
    while (inner := seen[-1].__cause__ or seen[-1].__context__) is not None:
        texts += [repr(inner), repr(inner.args)]
        seen.append(inner)
    return texts


def test_a_line_that_breaks_tells_nothing_of_the_request(echoing: tuple[Answering, Repository]) -> None:
    server, repository = echoing
    broken = (b"HTTP/1.1 200 OK\r\n" + TOKEN.encode() + b"\r\n\r\n", TOKEN.encode(), b"HTTP/1.1 200 OK\r\nContent-Le")
    for raw in broken:
        server.tell(Reply(raw=iter([raw] * 1)), Reply(drop=True))
        with pytest.raises(DixisError) as caught:
            repository.dispatch("m.yml", "main", {})
        assert not [text for text in _chain(caught.value) if TOKEN[4:16] in text]
    assert TOKEN not in repr(vars(repository._client))
