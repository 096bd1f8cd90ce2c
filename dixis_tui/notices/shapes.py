"""A notice as JSON: for a webhook of one's own, for Slack, for Teams, and for the application's banner.

Texts go only where neither Slack nor Teams reads markup: nobody is called and nothing is linked by what they say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from dixis_tui.notice import NoticeKind
from dixis_tui.notices.facts import Facts
from dixis_tui.notices.render import Rendered

_DOWN = (NoticeKind.AFTER, NoticeKind.ROLLED_BACK, NoticeKind.CANCELLED)
"""After them there is nothing to say to visitors: the banner is taken down."""
_HEADER_LETTERS, _SECTION_LETTERS = 150, 3000
"""Slack refuses longer ones."""
_LEVELS = {NoticeKind.BEFORE: "info"}


def generic(made: Rendered, facts: Facts, key: str) -> dict[str, Any]:
    """All of it, for a receiver of one's own. `key` is the same in a second copy."""
    return {
        "version": 1,
        "key": key,
        "kind": made.kind,
        "name": facts.name,
        "opens": _iso(facts.opens),
        "ends": _iso(facts.ends),
        "minutes": facts.minutes,
        "texts": {
            one.language: {"subject": one.subject, "text": one.text, "banner": one.banner} for one in made.messages
        },
    }


def slack(made: Rendered) -> dict[str, Any]:
    """A message of Slack's blocks, as its incoming webhooks take it."""
    blocks: list[dict[str, Any]] = []
    for number, one in enumerate(made.messages):
        blocks += [{"type": "divider"}] if number else []
        blocks.append({"type": "header", "text": _plain(one.subject, _HEADER_LETTERS)})
        blocks.append({"type": "section", "text": _plain(one.text, _SECTION_LETTERS)})
    # Shown in notifications, and the one place where Slack reads marks: <!channel> would call everyone.
    words = made.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": words, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False, "blocks": blocks}


def _plain(text: str, most: int) -> dict[str, Any]:
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def teams(made: Rendered) -> dict[str, Any]:
    """An adaptive card, as a webhook of Teams' Workflows takes it; the connectors' MessageCard is retired."""
    body: list[dict[str, Any]] = []
    for number, one in enumerate(made.messages):
        head = {"size": "large", "weight": "bolder"}
        body.append(_run(one.subject, head) | ({"separator": True, "spacing": "large"} if number else {}))
        body += [_run(row, {}) for row in one.text.splitlines() if row]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": made.messages[0].language if made.messages else "en",
        "msteams": {"width": "Full"},
        "body": body,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _run(text: str, look: dict[str, Any]) -> dict[str, Any]:
    """A row of text. A TextBlock would read it as Markdown; a run of a RichTextBlock is text and nothing else."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text} | look]}


def banner(made: Rendered, facts: Facts, key: str, now: datetime) -> dict[str, Any]:
    """The application's banner: shown while `active`, and gone with the first notice after which all is as it was."""
    return {
        "version": 1,
        "key": key,
        "active": made.kind not in _DOWN,
        "kind": made.kind,
        "level": _LEVELS.get(made.kind, "warning"),
        "texts": {one.language: one.banner for one in made.messages},
        "starts_at": _iso(facts.opens),
        "ends_at": _iso(facts.ends),
        "updated_at": _iso(now),
    }


def encode(value: dict[str, Any]) -> bytes:
    """JSON, as it is sent."""
    return msgspec.json.encode(value)


def _iso(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None
