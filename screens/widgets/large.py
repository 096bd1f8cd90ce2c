"""Letters and digits of three, five or ten rows, made of blocks: to be read from across a room."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len

from screens import words

_ROWS = 5
_FONT: dict[str, str] = {
    "A": " ## /#  #/####/#  #/#  #",
    "B": "### /#  #/### /#  #/### ",
    "C": " ###/#   /#   /#   / ###",
    "D": "### /#  #/#  #/#  #/### ",
    "E": "####/#   /### /#   /####",
    "F": "####/#   /### /#   /#   ",
    "G": " ###/#   /# ##/#  #/ ###",
    "H": "#  #/#  #/####/#  #/#  #",
    "I": "#/#/#/#/#",
    "J": "   #/   #/   #/#  #/ ## ",
    "K": "#  #/# # /##  /# # /#  #",
    "L": "#   /#   /#   /#   /####",
    "M": "#   #/## ##/# # #/#   #/#   #",
    "N": "#   #/##  #/# # #/#  ##/#   #",
    "O": " ## /#  #/#  #/#  #/ ## ",
    "P": "### /#  #/### /#   /#   ",
    "Q": " ## /#  #/#  #/# ##/ ###",
    "R": "### /#  #/### /# # /#  #",
    "S": " ###/#   / ## /   #/### ",
    "T": "#####/  #  /  #  /  #  /  #  ",
    "U": "#  #/#  #/#  #/#  #/ ## ",
    "V": "#   #/#   #/ # # / # # /  #  ",
    "W": "#   #/#   #/# # #/## ##/#   #",
    "X": "#   #/ # # /  #  / # # /#   #",
    "Y": "#   #/ # # /  #  /  #  /  #  ",
    "Z": "####/   #/ ## /#   /####",
    "Γ": "####/#   /#   /#   /#   ",
    "Δ": "  #  / # # / # # /#   #/#####",
    "Θ": " ## /#  #/####/#  #/ ## ",
    "Λ": "  #  / # # / # # /#   #/#   #",
    "Ξ": "####/    / ## /    /####",
    "Π": "####/#  #/#  #/#  #/#  #",
    "Σ": "####/ #  /  # / #  /####",
    "Φ": "  #  / ### /# # #/ ### /  #  ",
    "Ψ": "# # #/# # #/ ### /  #  /  #  ",
    "Ω": " ### /#   #/#   #/ # # /## ##",
    "0": "####/#  #/#  #/#  #/####",
    "1": " # /## / # / # /###",
    "2": "####/   #/####/#   /####",
    "3": "####/   #/ ###/   #/####",
    "4": "#  #/#  #/####/   #/   #",
    "5": "####/#   /####/   #/####",
    "6": "####/#   /####/#  #/####",
    "7": "####/   #/   #/   #/   #",
    "8": "####/#  #/####/#  #/####",
    "9": "####/#  #/####/   #/####",
    ":": " /#/ /#/ ",
    ".": " / / / /#",
    ",": "  /  /  / #/# ",
    "-": "   /   /###/   /   ",
    "−": "   /   /###/   /   ",
    "/": "   #/  # / ## / #  /#   ",
    " ": "  /  /  /  /  ",
}
_FONT |= {greek: _FONT[latin] for greek, latin in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


@lru_cache(maxsize=64)
def large(text: str, width: int, height: int) -> tuple[str, ...]:
    """`text` as the largest letters that fit, rows of equal length.

    Where none fit, or a letter has no blocks: capitals with blanks between them, or as they are.
    """
    text = words.upper(text)
    if all(letter in _FONT for letter in text):
        rows = [" ".join(_FONT[letter].split("/")[row] for letter in text) for row in range(_ROWS)]
        for made in (_scaled(rows, 2), _scaled(rows, 1), _halved(rows)):
            if len(made) <= height and len(made[0]) <= width:
                return made
    spaced = " ".join(text)
    return (spaced if cell_len(spaced) <= width else text,)


def _scaled(rows: list[str], times: int) -> tuple[str, ...]:
    """A dot is two cells wide and a row high, so that it is about a square."""
    wide = ["".join(("█" if dot == "#" else " ") * 2 * times for dot in row) for row in rows]
    return tuple(row for row in wide for _ in range(times))


def _halved(rows: list[str]) -> tuple[str, ...]:
    """A dot is a cell wide and half a row high."""
    found = []
    for at in range(0, _ROWS, 2):
        below = rows[at + 1] if at + 1 < _ROWS else " " * len(rows[at])
        pairs = zip(rows[at], below, strict=True)
        found.append("".join(_HALVES[upper == "#", lower == "#"] for upper, lower in pairs))
    return tuple(found)
