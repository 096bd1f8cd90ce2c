"""What the workflow takes, where a fleet is to go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dixis_tui.errors import DixisError

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

_TOLD = "`dixis-tui github init` writes one that does."


def inputs_of(repository: Repository, workflow: str, branch: str) -> tuple[str, ...]:
    """The inputs that the workflow takes; raises DixisError where no fleet can go by it, and GithubError."""
    found = repository.workflow(workflow, branch)
    if not found.active or not found.dispatchable:
        why = "is disabled" if not found.active else "has no workflow_dispatch"
        raise DixisError(f"{workflow} {why} on GitHub", "Mend that first.")
    if found.inputs is None:
        raise DixisError(f"{workflow} could not be read on {branch}: which inputs it takes is not known", _TOLD)
    if "request" not in found.inputs or not {"target", "environment"} & set(found.inputs):
        raise DixisError(
            f"{workflow} does not take request, and target or environment: every run would go to one database", _TOLD
        )
    return found.inputs
