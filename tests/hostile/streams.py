"""Twenty hostile texts, as data: what a program, a server or a web page may print to get at who reads it.

Each is a head, a unit that is repeated, and a tail, so that a server can make the big ones itself (`repeat`) and nobody
has to carry them.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

ESC, BEL, ST = b"\x1b", b"\x07", b"\x1b\\"
CLIPBOARD = b"Zm9yZ2VkIGNvbW1hbmQ="
"""`forged command`, for OSC 52."""
TITLE = b"Forged title"
_PIECE = 64 * 1024


class Stream(Struct, frozen=True):
    """`head`, then `unit` so many `times`, then `tail`."""

    head: bytes = b""
    unit: bytes = b""
    times: int = 0
    tail: bytes = b""

    def pieces(self) -> Iterator[bytes]:
        """All of it, in pieces of some 64 KiB."""
        yield self.head
        at_once = max(1, _PIECE // max(1, len(self.unit)))
        for done in range(0, self.times, at_once):
            yield self.unit * min(at_once, self.times - done)
        yield self.tail

    def whole(self) -> bytes:
        """All of it at once."""
        return b"".join(self.pieces())

    @property
    def big(self) -> bool:
        """Whether it is a burst rather than a trick."""
        return len(self.unit) * self.times > 1_000_000


def _utf8(text: str) -> bytes:
    return text.encode()


STREAMS: dict[str, Stream] = {
    # Moves, clears, scrolls, colours: what a log line would paint over the cockpit.
    "csi": Stream(
        b"a\x1b[2J\x1b[3J\x1b[H\x1b[999B\x1b[1;5r\x1b[31;5;7mred\x1b[0J\x1b[5S\x1b[20X\x1b[!p\x1b[8;1;1t b\n"
    ),
    # The window's title, by every way to begin and to end it, and one without an end.
    "osc_title": Stream(
        b"a\x1b]0;"
        + TITLE
        + b"\x07b\x1b]2;"
        + TITLE
        + b"\x1b\\c\xc2\x9d1;"
        + TITLE
        + b"\xc2\x9cd\n\x1b]0;"
        + TITLE
        + b"\n"
    ),
    "osc_52": Stream(
        b"\x1b]52;c;" + CLIPBOARD + b"\x07a\x1b]52;p;" + CLIPBOARD + b"\x1b\\b\xc2\x9d52;c;" + CLIPBOARD + b"\x07\n"
        b"\x1bPtmux;\x1b\x1b]52;c;" + CLIPBOARD + b"\x07\x1b\\c\x9d52;c;" + CLIPBOARD + b"\x9c\n"
    ),
    "osc_8_links": Stream(
        b"\x1b]8;;file:///etc/passwd\x1b\\see here\x1b]8;;\x1b\\ \x1b]8;id=1;ssh://evil\x07x\x1b]8;;\x07\n"
    ),
    # Device control, application and privacy strings: pictures, macros, tmux's way through.
    "dcs": Stream(
        b"a\x1bP$q q\x1b\\b\x1bPq#0;2;0;0;0~~\x1b\\c\xc2\x901;2|evil\xc2\x9cd\x1bP0;1|17/17\x1b\\e\x1bPnever ends\n"
    ),
    "apc_pm_sos": Stream(b"a\x1b_Gf=24,s=1,v=1;AAAA\x1b\\b\x1b^private\x1b\\c\x1bXstring\x1b\\d\xc2\x9fapc\xc2\x9ce\n"),
    # Eight-bit controls, as UTF-8 and as bare bytes.
    "c1": Stream(b"a\xc2\x9b2Jb\xc2\x9b31mc\xc2\x85d\xc2\x84e\xc2\x8df\x9b2J\x9b6n\x90q\x9cg\xc2\x8e\xc2\x8fh\n"),
    # What a terminal answers, as if it had been typed.
    "queries": Stream(
        b"\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1b[=c\x1b[>q\x1b[?2026$p\x1b[18t\x1b[21t\x1b]10;?\x07\x1b]11;?\x1b\\\x1b]4;1;?\x07"
        b"\x1b[?6n\x1bZ\x05\x1b[x\x1bP+q544e\x1b\\\x1b[?u\n"
    ),
    # Modes: the other screen, the mouse, bracketed paste, a reset, other character sets, the keypad.
    "modes": Stream(
        b"\x1b[?1049l\x1b[?1003h\x1b[?1006h\x1b[?2004l\x1b[?25h\x1b[4h\x1b[20h\x1bc\x1b(0lqk\x1b)B\x0eabc\x0f\x1b=\x1b>\x1b#8\x1b7\x1b8"
        b"\x1b[?5h\x1b[=7u\x1b[>4;2m\n"
    ),
    "right_to_left": Stream(_utf8("DROP \u202eELBAT\u202c \u2066x\u2069 \u200fy\u200e \u061cz \u2067kcab\u2069\n")),
    # One line that does not end for ten megabytes.
    "ten_megabytes": Stream(b"begin ", b"0123456789abcdef", 640_000, b"\n"),
    "nul": Stream(b"a\x00b\x00\x00c\n\x00\n", b"\x00", 5_000, b"\n"),
    "broken_utf8": Stream(
        b"a\xffb\xc3\xfe\xe2\x82c\xf0\x9f\x98d\xc0\xafe\xed\xa0\x80f\xf8\x88\x80\x80\x80g\xf4\x90\x80\x80h\n",
        b"\xff\xc3",
        3_000,
        b"\n",
    ),
    "markup": Stream(
        b"[red]x[/] [/bold] [link=file:///x]y[/link] [@click=app.quit]z[/] [on red] $accent {curly} \\[ [b]"
        b"[i][/b] :warning: %s\n[bold magenta blink]never closed\n"
    ),
    # One million lines at once.
    "million_lines": Stream(b"", b"a line of a burst\n", 1_000_000),
    "backspaces": Stream(b"DROP TABLE users" + b"\b" * 16 + b"SELECT 1        \n", b"x\b", 4_000, b"\x7f\x7f\n"),
    # What stood there is written over; and so often that each of them as a line of its own would fill a disk.
    "carriage_returns": Stream(
        b"migration failed\rmigration passed\n", b"\r", 300_000, b"\x0b\x0c\x1c\x1d\x1e\xc2\x85\xe2\x80\xa8\n"
    ),
    "combining_towers": Stream(
        _utf8(
            "Z" + "\u0301\u0302\u0303\u0304\u0305" * 60 + "a" + "\u20dd\u0488\u0337" * 60 + "\n" + "\u0301" * 500 + "\n"
        ),
        _utf8("x" + "\u0300" * 40),
        100,
        b"\n",
    ),
    "zero_width": Stream(
        _utf8(
            "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034fh\u115fi\u3164j\U000e0041k\ufe0fl\ufe00m\u180en\uffa0o"
            "\u17b4p\U000e0100q\u2800r\n"
        ),
        _utf8("\u200b\u200d"),
        2_000,
        b"\n",
    ),
    # Strings that begin over and over and never end: each beginning is a place to look for an end from.
    "endless_openings": Stream(
        b"a",
        b"\xc2\x9d\xc2\x90",
        15_000,
        b"\x1b(x\n" + b"\x1b[" + b"0;" * 20_000 + b"\x01\n" + b"://a:" * 9_000 + b"\n",
    ),
}
"""Name to stream. The big ones are `ten_megabytes` and `million_lines`."""
