"""Where the phrase is typed: by hand, letter by letter, or not at all.

A hand can't type as fast as a paste, and a paste without its marks looks like very fast typing. Both are refused.
There is nothing here that could be filled in beforehand, and no clipboard.
"""

from __future__ import annotations

from collections import deque

from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

from screens.widgets.painted import line

RUN = 6
"""Letters in a row that are timed together: fingers roll over two or three keys, but not over six."""
RUN_SECONDS = 0.08
LONGEST = 64


class PhraseField(Widget, can_focus=True):
    """One line. Posts `Submitted` on Enter, `Refused` where something was not typed by a hand."""

    ALLOW_SELECT = False

    class Submitted(Message):
        """Enter, after at least one letter."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    class Refused(Message):
        """A paste; the field is empty again."""

    class Typed(Message):
        """A letter more or less: what was said before no longer counts."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.value = ""
        self._times: deque[float] = deque(maxlen=RUN)
        self._flooded = False

    def render(self) -> Content:
        """What was typed, and where the next letter goes."""
        return line(("> ", "key"), (self.value, "strong"), ("█" if self.has_focus else " ", "work"))

    def clear(self) -> None:
        """Empty it."""
        self.value = ""
        self._times.clear()
        self._flooded = False
        self.refresh()

    def typed_at(self, event: Key) -> float:
        """When the key came in, in seconds of a clock that never jumps."""
        return event.time

    def on_key(self, event: Key) -> None:
        """Letters, backspace, Ctrl+U and Enter; Esc and the rest belong to the screen."""
        if event.key == "enter":
            event.stop()
            self._enter()
        elif event.key in ("ctrl+v", "shift+insert", "ctrl+shift+v"):
            event.stop()
            self._refuse()
        elif event.key in ("backspace", "ctrl+h"):
            event.stop()
            self._put(self.value[:-1])
        elif event.key == "ctrl+u":
            event.stop()
            self._put("")
        elif event.is_printable and event.character:
            event.stop()
            self._letter(event)

    def on_paste(self, event: Paste) -> None:
        """A paste that the terminal marked as one, by keys or the middle button."""
        event.stop()
        event.prevent_default()
        self._refuse()

    def _letter(self, event: Key) -> None:
        self._times.append(self.typed_at(event))
        if len(self._times) == RUN and self._times[-1] - self._times[0] < RUN_SECONDS:
            self._flooded = True
        self._put((self.value + (event.character or ""))[:LONGEST])

    def _put(self, value: str) -> None:
        self.value = value
        if not value:
            self._times.clear()
            self._flooded = False
        self.refresh()
        self.post_message(self.Typed())

    def _enter(self) -> None:
        if self._flooded:
            self._refuse()
        elif self.value:
            self.post_message(self.Submitted(self.value))

    def _refuse(self) -> None:
        self.clear()
        self.post_message(self.Refused())

    def on_focus(self) -> None:
        """Show where the next letter goes."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that letters go elsewhere."""
        self.refresh()
