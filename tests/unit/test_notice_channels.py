"""Notices to webhooks and to the application's banner, against a real receiver: bodies, and what may be sent twice."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dixis_tui.errors import UsageError
from dixis_tui.notice import Channel, Delivery, NoticeKind, NoticeWay, Outcome
from dixis_tui.notices import channels, shapes
from dixis_tui.notices.channels import Notice
from dixis_tui.notices.facts import EXAMPLE
from dixis_tui.notices.render import texts
from dixis_tui.settings import NoticesSettings, Settings, load
from dixis_tui.settings_records import BannerSettings, WebhookSettings
from tests.receiver import SECRET, Receiver, receiver
from tests.waiting import until

__all__ = ["receiver"]

HOSTILE = "<!channel> <https://evil.example|x> **bold** [x](https://evil.example) & :tada:"


def hooked(receiver: Receiver, shape: Any = "generic") -> Settings:
    hooks = [WebhookSettings(name="Ομάδα", url_variable="HOOK", shape=shape)]
    return Settings(notices=NoticesSettings(webhooks=hooks, timeout_seconds=5))


def notice(settings: Settings, kind: NoticeKind = NoticeKind.BEFORE, name: str = "Dixis") -> Notice:
    facts = replace(EXAMPLE, name=name)
    return Notice(texts(kind, facts, settings), facts, "a1b2")


def send(settings: Settings, secrets: dict[str, str], kind: NoticeKind = NoticeKind.BEFORE, name: str = "D") -> Outcome:
    [way] = channels.ways(settings, secrets)
    return channels.send(way, notice(settings, kind, name), settings, secrets, 0)


def test_a_webhook_of_ones_own_gets_all_of_it(receiver: Receiver) -> None:
    settings = hooked(receiver)
    assert send(settings, {"HOOK": receiver.url}) == Outcome(Delivery.SENT, "answered 200")
    [(path, headers, body)] = receiver.got
    assert path == f"/{SECRET}"
    assert headers["Idempotency-Key"] == body["key"] == "a1b2"
    assert headers["Content-Type"] == "application/json"
    assert {**body, "texts": {}} == {
        "version": 1,
        "key": "a1b2",
        "kind": "before",
        "name": "D",
        "opens": "2026-11-25T21:00:00Z",
        "ends": "2026-11-25T21:20:00Z",
        "minutes": 20,
        "texts": {},
    }
    told: Any = body["texts"]
    assert list(told) == ["el", "en"]
    assert told["el"]["text"].startswith("Προγραμματισμένη συντήρηση: Τετάρτη 25 Νοεμβρίου 2026, 23:00")
    assert set(told["en"]) == {"subject", "text", "banner"}


def test_slack_gets_blocks_in_which_nothing_is_marked_up(receiver: Receiver) -> None:
    send(hooked(receiver, "slack"), {"HOOK": receiver.url}, name=HOSTILE)
    [(_, _, body)] = receiver.got
    blocks: Any = body["blocks"]
    assert [block["type"] for block in blocks] == ["header", "section", "divider", "header", "section"]
    words = [block["text"] for block in blocks if "text" in block]
    assert {word["type"] for word in words} == {"plain_text"}
    assert not any(word["emoji"] for word in words)
    assert all(len(block["text"]["text"]) <= 150 for block in blocks if block["type"] == "header")
    assert blocks[1]["text"]["text"].endswith("η εφαρμογή δεν θα είναι προσβάσιμη.")
    assert "<" not in str(body["text"])
    assert "&lt;!channel&gt;" in str(body["text"])
    assert body["mrkdwn"] is False


def test_teams_gets_a_card_in_which_nothing_is_markdown(receiver: Receiver) -> None:
    send(hooked(receiver, "teams"), {"HOOK": receiver.url}, name=HOSTILE)
    [(_, _, body)] = receiver.got
    assert body["type"] == "message"
    [attachment] = body["attachments"]  # type: ignore[misc]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}, "a TextBlock is read as Markdown"
    rows = [run["text"] for block in card["body"] for run in block["inlines"]]
    assert "Κατά τη διάρκεια της συντήρησης η εφαρμογή δεν θα είναι προσβάσιμη." in rows
    assert "During the maintenance the application will not be accessible." in rows
    assert not any("\n" in row for row in rows)
    assert HOSTILE in rows[0]


@pytest.mark.parametrize(
    ("kind", "active"),
    [
        (NoticeKind.BEFORE, True),
        (NoticeKind.DURING, True),
        (NoticeKind.DELAYED, True),
        (NoticeKind.AFTER, False),
        (NoticeKind.ROLLED_BACK, False),
        (NoticeKind.CANCELLED, False),
    ],
)
def test_the_banners_endpoint_is_told_what_to_show_and_when_to_stop(
    receiver: Receiver, kind: NoticeKind, active: bool
) -> None:
    banner = BannerSettings(url=receiver.url, token_variable="TOKEN")
    settings = Settings(notices=NoticesSettings(banner=banner))
    assert send(settings, {"TOKEN": "s3cret"}, kind).delivery is Delivery.SENT
    [(_, headers, body)] = receiver.got
    assert receiver.methods == ["PUT"]
    assert headers["Authorization"] == "Bearer s3cret"
    assert (body["active"], body["kind"], body["version"]) == (active, kind, 1)
    told: Any = body["texts"]
    assert set(told) == {"el", "en"}
    assert all(told.values())


def filed(tmp_path: Path, name: str = "banner.json") -> Settings:
    return Settings(root=str(tmp_path), notices=NoticesSettings(banner=BannerSettings(file=name)))


def test_a_banner_file_is_never_half_of_one(tmp_path: Path) -> None:
    settings, path = filed(tmp_path), tmp_path / "banner.json"
    done = threading.Event()
    seen: list[str] = []

    def read() -> None:
        while not done.is_set():
            if path.exists():
                seen.append(json.loads(path.read_bytes())["kind"])

    reader = threading.Thread(target=read)
    reader.start()
    before = os.umask(0o077)
    try:
        for kind in (NoticeKind.BEFORE, NoticeKind.DURING, NoticeKind.AFTER):
            assert send(settings, {}, kind) == Outcome(Delivery.SENT, "written")
            until(lambda kind=kind: str(kind) in seen, 10, "a reader to see it")
    finally:
        done.set()
        os.umask(before)
        reader.join()
    assert [path.name for path in tmp_path.iterdir()] == ["banner.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644, "the application is another account"


def test_a_banner_file_that_can_not_be_written(tmp_path: Path) -> None:
    outcome = send(filed(tmp_path, "nowhere/banner.json"), {})
    assert outcome == Outcome(Delivery.FAILED, "can't be written: No such file or directory")


@pytest.mark.parametrize(
    ("shape", "answers", "delivery", "tries"),
    [
        ("generic", [204], Delivery.SENT, 1),
        ("generic", [503, 429, 200], Delivery.SENT, 3),
        ("generic", [500], Delivery.FAILED, 3),
        ("generic", [504, 200], Delivery.SENT, 2),
        ("generic", [504], Delivery.UNKNOWN, 3),
        ("generic", [404], Delivery.FAILED, 1),
        ("generic", [302], Delivery.FAILED, 1),
        ("slack", [503, 200], Delivery.SENT, 2),
        ("slack", [504, 200], Delivery.UNKNOWN, 1),
        ("teams", [502], Delivery.UNKNOWN, 1),
        ("teams", [202], Delivery.SENT, 1),
    ],
)
def test_what_may_have_been_taken_goes_again_only_to_who_knows_a_copy(
    receiver: Receiver, shape: str, answers: list[int], delivery: Delivery, tries: int
) -> None:
    receiver.answers = answers
    assert send(hooked(receiver, shape), {"HOOK": receiver.url}).delivery is delivery
    assert len(receiver.got) == tries


def test_no_answer_is_unknown_and_sent_once(receiver: Receiver) -> None:
    receiver.go_on.clear()
    settings = hooked(receiver, "slack")
    settings = replace(settings, notices=replace(settings.notices, timeout_seconds=0.2))
    assert send(settings, {"HOOK": receiver.url}) == Outcome(Delivery.UNKNOWN, "did not answer in 0 s")
    assert len(receiver.got) == 1


def test_nobody_there_is_failed(receiver: Receiver) -> None:
    outcome = send(hooked(receiver), {"HOOK": "http://127.0.0.1:1/secret"})
    assert outcome == Outcome(Delivery.FAILED, "can't be reached")


def test_what_is_not_set_is_said_by_its_name(receiver: Receiver) -> None:
    settings = hooked(receiver)
    assert send(settings, {}) == Outcome(Delivery.FAILED, "HOOK is not set")
    assert channels.problem(settings, {}) == "HOOK is not set: it has the address of the webhook Ομάδα"
    banner = Settings(notices=NoticesSettings(banner=BannerSettings(url=receiver.url, token_variable="T")))
    assert send(banner, {}) == Outcome(Delivery.FAILED, "T is not set")
    assert send(banner, {"T": "μυστικό"}) == Outcome(Delivery.FAILED, "T has letters that no header can carry")
    assert receiver.got == []


def test_a_webhooks_address_is_named_nowhere(receiver: Receiver) -> None:
    settings, secrets = hooked(receiver), {"HOOK": receiver.url}
    assert channels.ways(settings, secrets) == (
        NoticeWay(Channel.WEBHOOK, "Ομάδα", f"{receiver.url.rpartition(SECRET)[0]}•••"),
    )
    assert set(channels.secrets_in(settings, secrets)) == {receiver.url, SECRET}
    receiver.answers = [404]
    assert SECRET not in str(send(settings, secrets))


def test_what_slack_would_refuse_is_cut() -> None:
    made = notice(Settings(), name="x" * 500).made
    assert {len(block["text"]["text"]) for block in shapes.slack(made)["blocks"] if block["type"] == "header"} == {150}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[notices]\nlanguages = []", "notices.languages names each language once"),
        ('[notices]\nlanguages = ["el", "el"]', "notices.languages names each language once"),
        ('[notices.mail]\nhost = "smtp"', "notices.mail needs sender and to"),
        (
            '[notices.mail]\nhost = "s"\nsender = "a@b.gr"\nto = ["a@b.gr"]\nsecurity = "none"\nuser = "u"',
            "the password would go out for all to read",
        ),
        ('[[notices.webhooks]]\nname = "a"', "needs either url or url_variable"),
        (
            '[[notices.webhooks]]\nname = "a"\nurl = "ftp://secret"',
            "the url of [[notices.webhooks]] 'a' is not an http",
        ),
        (
            '[[notices.webhooks]]\nname = "a"\nurl = "http://x"\n[[notices.webhooks]]\nname = "a"\nurl = "http://y"',
            "two [[notices.webhooks]] are called 'a'",
        ),
        ('[notices.banner]\nurl = "x secret"', "notices.banner.url is not an http:// or https:// address"),
    ],
)
def test_settings_that_can_not_be_right_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "dixis.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert problem in str(caught.value)
    assert "secret" not in str(caught.value)
