"""The report as a real browser shows it: nothing is fetched or complained of, at every width, for eyes and for ears.

All in one test a story, so that one browser of one worker does it.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from dixis_tui.report.write import write
from dixis_tui.run.folders import find_record
from tests.browser import Browser, Json, Page
from tests.recordings import record
from tests.report.stories import STORIES

PHONE, DESKTOP = 390, 1280


def made(tmp_path: Path, name: str) -> Path:
    """The HTML file of one story."""
    return write(find_record(f"{record(tmp_path / name, STORIES[name]().entries)}/"), tmp_path).html


@pytest.mark.parametrize("name", ["everything", "hostile"])
def test_a_real_browser_shows_it(name: str, tmp_path: Path, browser: Browser) -> None:
    file = made(tmp_path, name)
    with browser.page(file, DESKTOP) as page:
        _no_sideways(page)
        desktop = page.picture(tmp_path / "desktop.png")
        page.size(PHONE, 844)
        _no_sideways(page)
        phone = page.picture(tmp_path / "phone.png")
        assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in (desktop, phone))
        _heard(page.tree(), name)
        _colours(page, "rgb(255, 255, 255)")
        printed = page.printed()
        seen = page.seen()
    assert seen.requests == [file.as_uri()], "something else was asked for"
    assert seen.complaints == []
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 2
    with browser.page(file, DESKTOP, dark=True) as page:
        _colours(page, "rgb(21, 22, 26)")
        # Paper is white, whatever the screen is.
        page.send("Emulation.setEmulatedMedia", media="print")
        _colours(page, "rgb(255, 255, 255)")
        assert page.value("getComputedStyle(document.querySelector('nav')).display") == "none"


def _no_sideways(page: Page) -> None:
    """The page itself never scrolls sideways; a wide table does, in its own frame that the keyboard reaches."""
    wide = page.value("document.documentElement.scrollWidth")
    assert wide <= page.value("document.documentElement.clientWidth")
    out = "[...document.querySelectorAll('table, pre, svg')].filter(one => !one.closest('.wide, figure')).length"
    assert page.value(out) == 0
    frames = "[...document.querySelectorAll('.wide')].every(one => one.tabIndex === 0 && one.getAttribute('role'))"
    assert page.value(frames)


def _colours(page: Page, ground: str) -> None:
    assert page.value("getComputedStyle(document.body).backgroundColor") == ground


def _heard(tree: list[Json], name: str) -> None:
    """Landmarks, headings in order, names of tables and of the picture, as a screen reader gets them."""
    roles = [node["role"] for node in tree]
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(landmark) == 1, landmark
    levels = [node["level"] for node in tree if node["role"] == "heading"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - before <= 1 for before, later in pairwise(levels)), levels
    tables = [node for node in tree if node["role"] == "table"]
    assert len(tables) > 10
    assert all(node["name"] for node in tables)
    assert len({node["name"] for node in tables}) == len(tables), "two tables have one name"
    assert {"columnheader", "rowheader"} <= set(roles)
    pictures = [node["name"] for node in tree if node["role"] in ("image", "img", "graphics-document")]
    assert pictures == ["Planned, predicted and actual phases"], name
    assert all(node["name"] for node in tree if node["role"] in ("region", "link"))


def test_a_broken_page_would_be_noticed(tmp_path: Path, browser: Browser) -> None:
    """The measure can fail: a script, a picture from elsewhere and a wide word are all seen."""
    page = made(tmp_path, "begun").read_text()
    bad = '<script>console.log("x")</script><img src="http://127.0.0.1:9/x.png"><p style="width:3000px">x</p></main>'
    file = tmp_path / "bad.html"
    file.write_text(page.replace("</main>", bad))
    with browser.page(file, PHONE) as shown:
        seen = shown.seen()
        assert any("Content Security Policy" in one for one in seen.complaints)
        with pytest.raises(AssertionError):
            _no_sideways(shown)
