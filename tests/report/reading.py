"""A report read back from its HTML by Python's own parser: tables by caption, terms, whether its tags are whole."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "br", "link", "img", "input", "hr"}


class Read(HTMLParser):
    """`tables` map captions to rows of cells; `terms` names to values; `tags` are all that were opened, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: dict[str, list[list[str]]] = {}
        self.terms: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self._caption = ""
        self._term = ""
        self._since = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
        if tag in ("caption", "th", "td", "dt", "dd", "h1", "h2", "h3"):
            self._since = len(self.text)
        if tag == "tr":
            self.tables.setdefault(self._caption, []).append([])
        if tag in ("br", "div"):
            self.text += "\n"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another"
        said = self.text[self._since :].replace("\xa0", " ").strip()
        match tag:
            case "caption":
                self._caption = said
            case "th" | "td":
                self.tables[self._caption][-1].append(said)
            case "dt":
                self._term = said
            case "dd":
                self.terms[self._term] = said

    def handle_data(self, data: str) -> None:
        self.text += data

    def rows(self, caption: str) -> list[dict[str, str]]:
        """The rows of a table by the names of its columns."""
        head, *rows = self.tables[caption]
        return [dict(zip(head, row, strict=True)) for row in rows]
