"""Hazards for machines: one JSON object, GitHub's annotations, SARIF 2.1.0."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from dixis_tui import __version__
from dixis_tui.cli.lint.found import Found
from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.catalogue import described
from dixis_tui.secrets import clean

_GITHUB = {Severity.DANGER: "error", Severity.WARNING: "warning", Severity.NOTICE: "notice"}
_SARIF = {Severity.DANGER: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}


def as_json(found: Found) -> str:
    """`hazards`, `forecasts` and `summary` in one object; suppressed hazards are there with their reason."""
    import msgspec

    summary = {"files": len(found.files), **found.counts, "suppressed": found.suppressed, "text": found.summary}
    return msgspec.json.encode({"hazards": found.hazards, "forecasts": found.forecasts, "summary": summary}).decode()


def github_lines(found: Found) -> Iterator[str]:
    """A workflow command for each hazard that stands."""
    for hazard in found.standing:
        place = {
            "file": hazard.path,
            "line": hazard.line,
            "endLine": hazard.end_line,
            "col": hazard.column,
            **({"endColumn": hazard.end_column} if hazard.end_line == hazard.line else {}),
            "title": f"{hazard.code} {hazard.title}",
        }
        properties = ",".join(f"{name}={_property(str(value))}" for name, value in place.items())
        yield f"::{_GITHUB[hazard.severity]} {properties}::{_data(_message(hazard))}"


def _message(hazard: Hazard) -> str:
    size = f"\n{hazard.size}" if hazard.size else ""
    safer = f"\n\nSafer:\n{hazard.safer}" if hazard.safer else ""
    return f"{hazard.what} {hazard.why}{size}{safer}"


def _data(text: str) -> str:
    text = "\n".join(clean(line) for line in text.split("\n"))
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(found: Found) -> str:
    """One run of SARIF 2.1.0, with the rules that were broken."""
    import msgspec

    codes = sorted({hazard.code for hazard in found.hazards})
    places = {code: number for number, code in enumerate(codes)}
    run = {
        "tool": {"driver": {"name": "dixis-tui", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(path)}} for path in sorted({file.path for file in found.files})],
        "results": [_result(hazard, places[hazard.code]) for hazard in found.hazards],
    }
    return msgspec.json.encode({"version": "2.1.0", "runs": [run]}).decode()


def _rule(code: str) -> dict[str, Any]:
    title, severity, why = described(code)
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", title)),
        "shortDescription": {"text": title},
        "fullDescription": {"text": why or title},
        "help": {"text": why or title},
        "defaultConfiguration": {"level": _SARIF[severity]},
    }


def _result(hazard: Hazard, rule: int) -> dict[str, Any]:
    region = {
        "startLine": hazard.line,
        "startColumn": hazard.column,
        "endLine": max(hazard.end_line, hazard.line),
        "endColumn": hazard.end_column,
    }
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(hazard.path)}, "region": region}}
    result: dict[str, Any] = {
        "ruleId": hazard.code,
        "ruleIndex": rule,
        "level": _SARIF[hazard.severity],
        "message": {"text": _message(hazard)},
        "locations": [location],
    }
    if hazard.suppressed:
        result["suppressions"] = [{"kind": "inSource", "justification": hazard.suppressed}]
    return result


def _uri(path: str) -> str:
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())
