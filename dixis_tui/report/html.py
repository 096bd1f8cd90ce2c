"""A report as one self-contained HTML file: no script, nothing that is fetched, every text escaped by the template."""

from __future__ import annotations

from dixis_tui.report import harmless
from dixis_tui.report.document import SIGNS, Document, Figure


def render(document: Document) -> str:
    """The whole file."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def picture(figure: Figure) -> Markup:
        # The picture alone is markup of ours: what it says was escaped where it was drawn.
        return Markup(figure.svg)  # noqa: S704

    environment = Environment(
        loader=PackageLoader("dixis_tui.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(line=harmless.line, lines=harmless.lines, address=harmless.address)
    template = environment.get_template("report.html.j2")
    return template.render(document=document, signs=SIGNS, picture=picture, kind=lambda value: type(value).__name__)
