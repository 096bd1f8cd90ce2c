"""A terminal's screen, drawn from the bytes that a program sent it: for tests that hold those bytes themselves."""

from __future__ import annotations

import re

from rich.cells import split_graphemes

_SEQUENCE = re.compile(r"\x1b(?:\[([<=>?]?)([0-9;:]*)[ -/]*([@-~])|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_MARKS = ("4", "5", "7", "9")
"""What is seen on a blank, too."""
GROUND = "49"

Cell = tuple[str, str]
"""Letters (none behind one that is two cells wide), and how they look."""


class Screen:
    """Knows what the cockpit paints with: text, moves, erasing, attributes; other sequences pass unseen."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells: list[list[Cell]] = [[("~", "")] * columns for _ in range(rows)]
        self.style: dict[str, str] = {}
        self._columns, self._rows = columns, rows
        self._x = self._y = 0
        self._unfinished = ""

    @property
    def text(self) -> str:
        """What stands there, a line for each row."""
        return "\n".join("".join(letters for letters, _ in row).rstrip() for row in self.cells)

    def write(self, sent: str) -> None:
        """What came next; it may end in the midst of a sequence."""
        sent, self._unfinished = self._unfinished + sent, ""
        at = 0
        while at < len(sent):
            start = sent.find("\x1b", at)
            self._letters(sent[at : len(sent) if start < 0 else start])
            if start < 0:
                return
            found = _SEQUENCE.match(sent, start)
            if found is None:
                self._unfinished = sent[start:]
                return
            if found[3] and not found[1]:
                self._obey(found[3], [int(word or 0) for word in found[2].split(";")])
            at = found.end()

    def _letters(self, text: str) -> None:
        for start, end, width in split_graphemes(text)[0]:
            if text[start:end] == "\r":
                self._x = 0
            elif text[start:end] == "\n":
                self._y = min(self._y + 1, self._rows - 1)
            elif width and self._x + width <= self._columns:
                self._put(text[start:end], width)

    def _put(self, letters: str, width: int) -> None:
        row, x = self.cells[self._y], self._x
        if not row[x][0]:
            row[x - 1] = ("half", "")
        if x + width < self._columns and not row[x + width][0]:
            row[x + width] = ("half", "")
        row[x : x + width] = [(letters, self._look(letters)), *[("", self._look(""))] * (width - 1)]
        self._x += width

    def _look(self, letters: str) -> str:
        """Of a blank only what can be seen."""
        if letters == " " and not any(mark in self.style for mark in _MARKS):
            return self.style.get("ground", GROUND)
        return f"{sorted(self.style.items())}"

    def _obey(self, command: str, numbers: list[int]) -> None:
        if command == "H":
            row, column, *_ = [*numbers, 1, 1]
            self._y, self._x = min(max(row, 1), self._rows) - 1, min(max(column, 1), self._columns) - 1
        elif command == "C":
            self._x = min(self._x + numbers[0], self._columns - 1)
        elif command == "X":
            end = min(self._x + numbers[0], self._columns)
            self.cells[self._y][self._x : end] = [(" ", self.style.get("ground", GROUND))] * (end - self._x)
        elif command == "m":
            self._turn(numbers)

    def _turn(self, numbers: list[int]) -> None:
        while numbers:
            code = numbers.pop(0)
            if code == 0:
                self.style = {}
            elif code in {38, 48}:
                place = "front" if code == 38 else "ground"
                self.style[place] = ";".join(str(numbers.pop(0)) for _ in range(4 if numbers[0] == 2 else 2))
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.style["front"] = str(code)
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.style["ground"] = str(code)
            elif code in {39, 49}:
                self.style.pop("front" if code == 39 else "ground", None)
            else:
                self.style[str(code)] = "on"
