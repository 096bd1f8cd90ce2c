"""The tables of `dixis.toml` for GitHub: the repository, and the many databases that its workflows migrate."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from dixis_tui.settings_records import Table

GITHUB_API = "https://api.github.com"


class GithubSettings(Table, frozen=True, kw_only=True):
    """`[github]`: the repository that is asked, and its workflows. Without `repository` a person answers instead."""

    repository: Annotated[str, Meta(pattern=r"^$|^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+$")] = ""
    """`owner/name`."""
    api_url: str = ""
    """Base of the API, for GitHub Enterprise; empty: `GITHUB_API_URL`, else GitHub's own."""
    branch: str = "main"
    clinic_workflow: str = "migration-clinic.yml"
    migrate_workflow: str = "prod-migration.yml"
    environment: str = "production"
    """The deployment environment of the migrate workflow; empty: it has none."""
    secret: str = "DATABASE_URL_PROD"  # noqa: S105 - its name
    shadow_secret: str = "SHADOW_DATABASE_URL_PROD"  # noqa: S105 - its name
    branch_locked: bool = False
    """Whether the gate asks that nobody can push to the branch."""
    no_deployments: bool = False
    """Whether the gate asks that no deployment is under way."""
    poll_seconds: Annotated[float, Meta(ge=0.05, le=600)] = 3.0
    """How often a workflow run is looked at while it is followed."""
    silent_minutes: Annotated[float, Meta(gt=0, le=1_440)] = 30.0
    """After that long without an answer from GitHub the run is no longer followed, and its end is unknown."""

    @property
    def address(self) -> str:
        """The API's base: as it is set here, in the environment, or GitHub's own."""
        return self.api_url or os.environ.get("GITHUB_API_URL", "") or GITHUB_API

    @property
    def host(self) -> str:
        """What people call the GitHub behind the API: `github.com`, or that of an enterprise."""
        try:
            netloc = urlsplit(self.address).netloc.rpartition("@")[2]
        except ValueError:  # of the environment; whoever asks there says what is wrong with it
            netloc = ""
        return (netloc or "github.com").removeprefix("api.")


class TargetSettings(Table, frozen=True, kw_only=True):
    """`[[targets]]`: one database of many, migrated by a workflow run of its own."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    url_variable: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """The environment variable with its URL, for planning and verifying: a role that may read is enough."""
    environment: str = ""
    """The deployment environment whose secret has its URL; empty: `github.environment`."""
    canary: bool = False
    """Whether it is migrated before the others."""


class FleetSettings(Table, frozen=True, kw_only=True):
    """`[fleet]`: in which waves the targets are migrated."""

    parallel: Annotated[int, Meta(ge=1, le=256)] = 4
    """How many run at the same time, after the canaries."""
    stop_share: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """No wave begins once more than this share of the targets has failed; 0: after the first failure."""
