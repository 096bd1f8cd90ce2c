"""A real terminal for tests: a tmux server of its own, driven by keys and looked at as text or with its colours."""

from __future__ import annotations

import builtins
import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.waiting import until

_KEYS = {
    "enter": "Enter",
    "escape": "Escape",
    "tab": "Tab",
    "shift+tab": "BTab",
    "space": "Space",
    "backspace": "BSpace",
    "delete": "DC",
    "pageup": "PPage",
    "pagedown": "NPage",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
}
_OPTIONS = (
    ("-g", "default-terminal", "tmux-256color"),
    ("-ga", "terminal-features", ",*:RGB"),
    ("-g", "default-shell", "/bin/sh"),
    ("-s", "escape-time", "0"),
    ("-g", "history-limit", "10000"),
    ("-g", "status", "off"),
    ("-g", "remain-on-exit", "on"),
    ("-g", "remain-on-exit-format", ""),
)


class TmuxTerminal:
    """`command` in a terminal of `columns` by `rows`; a context manager that ends it.

    The command's environment is `environment` alone, or this process's where it is None; in both cases with a UTF-8
    locale and `COLORTERM=truecolor`, with tmux's own `TERM`, and without `COLUMNS` and `LINES`. Names
    of keys are Textual's: `enter`, `ctrl+p`, `f1`.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="terminal-")
        base = dict(os.environ if environment is None else environment)
        base.setdefault("PATH", os.defpath)
        for name in ("TMUX", "TMUX_PANE", "LC_ALL", "COLUMNS", "LINES"):
            base.pop(name, None)
        self._environment = base | {"LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8", "COLORTERM": "truecolor"}
        words = ["start-server", ";"]
        for option in _OPTIONS:
            words += ["set-option", *option, ";"]
        words += ["new-session", "-d", "-s", "test", "-x", str(columns), "-y", str(rows)]
        words += ["-c", str(directory or Path.cwd()), "exec " + shlex.join(str(word) for word in command)]
        try:
            self._tmux(*words)
        except BaseException:
            self._home.cleanup()
            raise

    def keys(self, *names: str) -> None:
        """Press keys, one after the other; a single character is typed as it is."""
        for name in names:
            if len(name) == 1:
                self.type(name)
            else:
                self._tmux("send-keys", "-t", "test", _key(name))

    def type(self, text: str) -> None:
        """Type `text` as it is."""
        # tmux takes a semicolon at an argument's end for its own separator.
        self._tmux("send-keys", "-t", "test", "-l", "--", re.sub(r";$", r"\\;", text))

    def screen(self) -> str:
        """What is on the screen, a line for each row, without trailing blanks."""
        return self._tmux("capture-pane", "-p", "-t", "test")

    def ansi(self) -> str:
        """What is on the screen with its colours and attributes, as escape sequences."""
        return self._tmux("capture-pane", "-e", "-p", "-N", "-t", "test")

    def history(self) -> str:
        """The screen and what was scrolled out of it."""
        return self._tmux("capture-pane", "-p", "-S", "-", "-t", "test")

    def wait_for(self, wanted: str | re.Pattern[str], seconds: float = 20.0) -> str:
        """The first screen that holds `wanted`; AssertionError with the last screen where none came."""
        pattern = wanted if isinstance(wanted, re.Pattern) else re.compile(re.escape(wanted))
        return self._wait(lambda screen: pattern.search(screen) is not None, seconds, f"{pattern.pattern!r} to come")

    def wait_gone(self, unwanted: str | re.Pattern[str], seconds: float = 20.0) -> str:
        """The first screen that no longer holds `unwanted`; AssertionError with the last screen where it stayed."""
        pattern = unwanted if isinstance(unwanted, re.Pattern) else re.compile(re.escape(unwanted))
        return self._wait(lambda screen: pattern.search(screen) is None, seconds, f"{pattern.pattern!r} to go")

    def wait_exit(self, seconds: float = 20.0) -> int:
        """The command's exit status, once it has ended."""
        self._wait(lambda _: self.exit_status is not None, seconds, "the command to end")
        status = self.exit_status
        assert status is not None
        return status

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._tmux("resize-window", "-t", "test", "-x", str(columns), "-y", str(rows))

    @property
    def exit_status(self) -> int | None:
        """None while the command runs; negative: ended by that signal."""
        form = "#{pane_dead},#{pane_dead_status},#{pane_dead_signal},#{pid}"
        dead, status, ended_by, server = self._ask(form).split(",")
        if dead != "1":
            return None
        if not (status or ended_by):
            # tmux sometimes misses that its child has ended, and then leaves it a zombie: tell it again.
            os.kill(int(server), signal.SIGCHLD)
            return None
        return -int(ended_by) if ended_by else int(status)

    @property
    def modes(self) -> dict[str, bool]:
        """What a program may have left switched: the alternate screen, the cursor, mouse reports, the keypad."""
        names = ("alternate_on", "cursor_flag", "mouse_any_flag", "keypad_flag")
        flags = self._ask(",".join(f"#{{{name}}}" for name in names)).split(",")
        return {name.partition("_")[0]: flag == "1" for name, flag in zip(names, flags, strict=True)}

    @property
    def pid(self) -> int:
        """Process id of the command."""
        return int(self._ask("#{pane_pid}"))

    def kill(self) -> None:
        """Take the terminal away, as a dropped line does: the command gets a hang-up. Harmless a second time."""
        subprocess.run([*self._base(), "kill-server"], env=self._environment, capture_output=True)
        self._home.cleanup()

    def __enter__(self) -> TmuxTerminal:
        return self

    def __exit__(
        self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _wait(self, condition: Callable[[str], bool], seconds: float, what: str) -> str:
        last = ""

        def look() -> bool:
            nonlocal last
            last = self.screen()
            return condition(last)

        try:
            until(look, seconds)
        except AssertionError:
            raise AssertionError(f"waited {seconds} s in vain for {what}; the screen is\n{last}") from None
        return last

    def _ask(self, form: str) -> str:
        return self._tmux("display-message", "-p", "-t", "test", form).strip()

    def _base(self) -> list[str]:
        return ["tmux", "-u", "-S", str(Path(self._home.name, "socket")), "-f", "/dev/null"]

    def _tmux(self, *words: str) -> str:
        done = subprocess.run([*self._base(), *words], env=self._environment, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"tmux {words[0]} failed: {done.stderr.strip()}")
        return done.stdout


def _key(name: str) -> str:
    *modifiers, key = name.split("+") if name not in _KEYS else [name]
    prefix = "".join({"ctrl": "C-", "alt": "M-", "shift": "S-"}[modifier] for modifier in modifiers)
    return prefix + _KEYS.get(key, key.upper() if re.fullmatch(r"f\d+", key) else key)
