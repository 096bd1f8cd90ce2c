"""What stands on a terminal that was sent only places, erasures, colours and text: enough of one to wait for words."""

from __future__ import annotations

import codecs
import re

from rich.cells import cell_len

_PIECE = re.compile(
    r"\x1b\[(?P<numbers>[0-9;]*)(?P<final>[HCX])|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*\x07"
    r"|(?P<text>[^\x1b\r\n]+)|\n"
)
_CUT = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?\Z")


class Grid:
    """`columns` by `rows` cells; `feed` it what was sent."""

    def __init__(self, columns: int, rows: int) -> None:
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """More of it; a sequence or letter that is cut in two waits for its rest."""
        text = self._rest + self._decoder.decode(data)
        cut = _CUT.search(text)
        text, self._rest = (text[: cut.start()], text[cut.start() :]) if cut else (text, "")
        for piece in _PIECE.finditer(text):
            if piece["text"]:
                self._write(piece["text"])
            elif piece["final"]:
                self._move(piece["final"], [int(number or 1) for number in piece["numbers"].split(";")])
            elif piece[0] == "\n":
                self._row, self._column = self._row + 1, 0

    def _move(self, final: str, numbers: list[int]) -> None:
        match final:
            case "H":
                self._row, self._column = numbers[0] - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
            case "C":
                self._column += numbers[0]
            case "X":
                row = self._cells[self._row]
                row[self._column : self._column + numbers[0]] = [" "] * min(numbers[0], len(row) - self._column)

    def _write(self, text: str) -> None:
        for letter in text:
            cells = cell_len(letter)
            if cells and self._row < len(self._cells) and self._column + cells <= len(self._cells[0]):
                self._cells[self._row][self._column : self._column + cells] = [letter, ""][:cells]
                self._column += cells

    @property
    def text(self) -> str:
        """The rows, a line each."""
        return "\n".join("".join(row).rstrip() for row in list(self._cells))
