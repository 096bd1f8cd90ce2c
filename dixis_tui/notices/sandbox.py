"""Templates that others may have written: bounded, run in a sandbox, their mistakes named by file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean

if TYPE_CHECKING:
    from jinja2 import Template

_BYTES_AT_MOST = 100_000
_LETTERS_AT_MOST = 50_000
"""Of what comes out: what is longer is a template gone wrong."""


class Sandbox:
    """Compiles and runs templates; all of them know only what they are given. A `.html` one escapes all of that."""

    def __init__(self) -> None:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self._environment = ImmutableSandboxedEnvironment(
            autoescape=lambda name: bool(name and name.endswith(".html")), undefined=StrictUndefined, trim_blocks=False
        )
        # What is filled in is never markup, whatever a template thinks of it.
        del self._environment.filters["safe"]

    def whole(self, path: Path, given: Mapping[str, Any]) -> str:
        """The template, filled. Raises UsageError with its file and line."""
        template = self._compiled(path)
        return self._run(path, template, lambda: template.root_render_func(template.new_context(dict(given))))

    def blocks(self, path: Path, given: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
        """These blocks of the template, filled. Raises UsageError with its file and line."""
        template = self._compiled(path)
        made = {}
        for name in names:
            if (block := template.blocks.get(name)) is None:
                raise broken(path, 1, f"it has no block '{name}'")
            made[name] = self._run(path, template, partial(block, template.new_context(dict(given))))
        return made

    @staticmethod
    def part(language: str, html: str) -> dict[str, str]:
        """What a template of ours made, for the page that it becomes a part of."""
        from markupsafe import Markup

        return {"language": language, "html": Markup(html)}  # noqa: S704 - made by a template that escapes

    def _compiled(self, path: Path) -> Template:
        from jinja2 import Template, TemplateSyntaxError, nodes

        source = _read(path)
        try:
            tree = self._environment.parse(source, path.name, str(path))
            for switch in tree.find_all(nodes.EvalContextModifier):
                raise broken(path, switch.lineno, "escaping can't be switched")
            code = self._environment.compile(source, path.name, str(path))
            return Template.from_code(self._environment, code, {})
        except TemplateSyntaxError as error:
            raise broken(path, error.lineno, error.message or "it can't be read") from None
        except RecursionError:
            raise broken(path, 1, "it is nested too deeply") from None

    def _run(self, path: Path, template: Template, make: Callable[[], Any]) -> str:
        try:
            made = "".join(make())
        except Exception as error:  # noqa: BLE001 - whatever a template does wrong, its place is what helps
            line = template.get_corresponding_lineno(_line_in(error.__traceback__, str(path)))
            raise broken(path, line, str(error) or type(error).__name__) from None
        if len(made) > _LETTERS_AT_MOST:
            raise broken(path, 1, f"it comes out longer than {_LETTERS_AT_MOST:,} letters")
        return made


def broken(path: Path, line: int, problem: str) -> UsageError:
    """That a template can't be used."""
    return UsageError(f"{clean(str(path))}, line {line}: {clean(problem)}", "Mend the template there.")


def _read(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise broken(path, 1, "it is no file")
        with path.open("rb") as file:
            data = file.read(_BYTES_AT_MOST + 1)
    except OSError as error:
        raise broken(path, 1, f"it can't be read: {error.strerror}") from None
    if len(data) > _BYTES_AT_MOST:
        raise broken(path, 1, f"it has more than {_BYTES_AT_MOST:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise broken(path, data.count(b"\n", 0, error.start) + 1, "it is not UTF-8") from None


def _line_in(trace: TracebackType | None, file: str) -> int:
    """The line of the compiled template that was at work last."""
    line = 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
