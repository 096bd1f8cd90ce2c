"""A hosted runner in small: the `run:` steps of a job, in order, by bash, as GitHub's runner starts it.

Actions (`uses:`) do nothing here, and expressions are those that our own files use.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_STATUS = re.compile(r"\b(always|cancelled|failure|success)\(")


class Ran(Struct, frozen=True):
    """A step that was run; `output` is stdout and stderr."""

    name: str
    code: int
    output: str


class JobRun(Struct, frozen=True):
    """What came of a job."""

    steps: tuple[Ran, ...]
    summary: str

    @property
    def green(self) -> bool:
        return not any(step.code for step in self.steps)

    @property
    def failed(self) -> str:
        """The first step that failed."""
        return next((step.name for step in self.steps if step.code), "")

    @property
    def output(self) -> str:
        return "".join(step.output for step in self.steps)

    def step(self, name: str) -> Ran:
        return next(step for step in self.steps if step.name == name)


class Value:
    """Expressions over `contexts`: `||`, `&&`, `==`, `!=`, `!`, literals, status functions, paths."""

    def __init__(self, contexts: Mapping[str, Any], *, failed: bool) -> None:
        self._contexts = contexts
        self._functions = {"always()": True, "cancelled()": False, "failure()": failed, "success()": not failed}

    def of(self, text: str) -> Any:
        text = text.strip()
        if "||" in text:
            left, right = text.split("||", 1)
            return self.of(left) or self.of(right)
        if "&&" in text:
            left, right = text.split("&&", 1)
            return self.of(left) and self.of(right)
        for sign in ("==", "!="):
            if sign in text:
                left, right = text.split(sign, 1)
                return (self.of(left) == self.of(right)) is (sign == "==")
        if text.startswith("!"):
            return not self.of(text[1:])
        if text.startswith("'"):
            return text[1:-1]
        if text in self._functions:
            return self._functions[text]
        value: Any = self._contexts
        for part in text.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value

    def text(self, template: object) -> str:
        def shown(match: re.Match[str]) -> str:
            value = self.of(match[1])
            return str(value).lower() if isinstance(value, bool) else str(value)

        return _EXPRESSION.sub(shown, str(template))


def inputs_of(text: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a dispatch with `given` gives: defaults for the rest. Asserts what GitHub would refuse with 422."""
    taken = yaml.safe_load(text)[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads `on` as true
    assert set(given) <= set(taken), "unexpected inputs"
    assert all(name in given for name, one in taken.items() if one.get("required"))
    for name, value in given.items():
        assert taken[name]["type"] != "choice" or value in taken[name]["options"]
    return {name: given.get(name, one.get("default", "")) for name, one in taken.items()}


def run_job(
    text: str,
    checkout: Path,
    temp: Path,
    *,
    github: Mapping[str, Any],
    inputs: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    skip: tuple[str, ...] = (),
) -> JobRun:
    """Run the only job of the workflow `text` on `checkout`. Steps named in `skip` count as done."""
    workflow = yaml.safe_load(text)
    (job,) = workflow["jobs"].values()
    temp.mkdir()
    outcomes: dict[str, dict[str, str]] = {}
    ran: list[Ran] = []
    for step in job["steps"]:
        failed = any(one.code for one in ran)
        contexts = {
            "github": github,
            "inputs": inputs or {},
            "secrets": secrets or {},
            "steps": outcomes,
            "job": {"status": "failure" if failed else "success"},
        }
        value = Value(contexts, failed=failed)
        condition = _EXPRESSION.fullmatch(str(step.get("if", "${{ success() }}")))
        assert condition
        wanted = value.of(condition[1]) and (not failed or _STATUS.search(condition[1]))
        outcomes[step.get("id", "")] = {"outcome": "skipped"}
        if not wanted or "run" not in step or step["name"] in skip:
            continue
        assert "${{" not in step["run"], "an expression in a script is an injection"
        environment = _environment(workflow, github, checkout, temp)
        environment |= {name: value.text(one) for name, one in (job.get("env", {}) | step.get("env", {})).items()}
        script = temp / f"{len(ran)}.sh"
        script.write_text(step["run"], "utf-8")
        assert job["defaults"]["run"]["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=checkout / step.get("working-directory", "."),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
        outcomes[step.get("id", "")] = {"outcome": "failure" if done.returncode else "success"}
        ran.append(Ran(step["name"], done.returncode, done.stdout.decode("utf-8", "replace")))
    return JobRun(tuple(ran), (temp / "summary").read_text("utf-8") if (temp / "summary").exists() else "")


def _environment(workflow: Mapping[str, Any], github: Mapping[str, Any], checkout: Path, temp: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "CI": "true",
        "GITHUB_WORKFLOW": workflow["name"],
        "GITHUB_SHA": str(github["sha"]),
        "GITHUB_REF": str(github["ref"]),
        "GITHUB_WORKSPACE": str(checkout),
        "GITHUB_RUN_ATTEMPT": str(github.get("run_attempt", 1)),
        "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        "GITHUB_ENV": str(temp / "env"),
        "GITHUB_OUTPUT": str(temp / "output"),
        "RUNNER_TEMP": str(temp),
    }
