"""The three workflow files as text. Pure: from the settings and what the project is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from msgspec import Struct

from dixis_tui import __version__
from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean
from dixis_tui.settings import Settings
from dixis_tui.settings_github import GithubSettings
from dixis_tui.workflows.facts import Facts
from dixis_tui.workflows.setup import CHECKOUT, SETUP_PYTHON, install_steps, setup_steps
from dixis_tui.workflows.text import pattern, scalar, secret, words

STAGING_FILE = "staging-migration.yml"
STAGING_SECRET = "DATABASE_URL_STAGING"  # noqa: S105 - its name
STAGING_ENVIRONMENT = "staging"
NOWHERE = "postgresql://localhost:5432/none"
"""For what reads the URL's variable and connects to nothing."""
_CLINIC = "postgresql://postgres:clinic@localhost:5432/clinic"
_CLINIC_EMPTY = "postgresql://postgres:clinic@localhost:5432/postgres"
_TEMPLATES = Path(__file__).parent / "templates"
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml")
_WHOLE_LINE = re.compile(r"^( *)@([A-Z_]+)@\n", re.M)
_IN_LINE = re.compile(r"@([A-Z_]+)@")
_CONDITION = re.compile(r"^#if ([a-z]+)\n(.*?)^#end\n", re.M | re.S)


class Workflow(Struct, frozen=True):
    """One file: its name in `.github/workflows`, and its text without the line that marks it as ours."""

    file: str
    body: str


def render(settings: Settings, facts: Facts, postgres: str = "15") -> tuple[Workflow, ...]:
    """The migration of production, that of staging, and the clinic on PostgreSQL's major `postgres`.

    Raises:
        UsageError: a setting or a path can't stand in a workflow file, or two files would have the same name.
    """
    github = settings.github
    production, production_name = _named(github.migrate_workflow, "prod-migration.yml", "Production Migration")
    clinic, clinic_name = _named(github.clinic_workflow, "migration-clinic.yml", "Migration Clinic")
    files = (production, STAGING_FILE, clinic)
    if len({name.lower() for name in files}) < len(files):
        raise UsageError(
            f"Two of the workflow files would be called alike: {', '.join(files)}",
            "Set github.migrate_workflow and github.clinic_workflow in dixis.toml.",
        )
    common = _common(facts, postgres)
    environments = _environments(settings)
    return (
        Workflow(production, _production(settings, facts, common, production_name, environments)),
        Workflow(STAGING_FILE, _staging(facts, common)),
        Workflow(clinic, _clinic(github, facts, common, clinic, clinic_name)),
    )


def _named(setting: str, file: str, name: str) -> tuple[str, str]:
    """`github.migrate_workflow` and its like are the name of a file, or that of a workflow."""
    if re.search(r"\.ya?ml$", setting):
        if not _FILE.fullmatch(setting):
            raise UsageError(
                f"{clean(setting)} is no name of a workflow file", "Name the file alone, such as prod-migration.yml."
            )
        return setting, name
    return file, setting or name


def _environments(settings: Settings) -> tuple[str, ...]:
    """Those that may be asked for, the usual one first. A closed list: another name would have no reviewers."""
    named = [settings.github.environment, *(target.environment for target in settings.targets)]
    return tuple(dict.fromkeys(name for name in named if name))


def _common(facts: Facts, postgres: str) -> dict[str, str]:
    return {
        "CHECKOUT": CHECKOUT,
        "SETUP_PYTHON": SETUP_PYTHON,
        "SETUP": setup_steps(facts),
        "INSTALL": install_steps(facts, _env(facts, NOWHERE, NOWHERE)),
        "IN_PROJECT": f"working-directory: {scalar(facts.directory)}" if facts.directory else "",
        "MIGRATIONS": scalar(facts.migrations),
        "PRISMA": words(facts.prisma),
        "PRISMA_VERSION": words(shlex.quote(facts.prisma_version)),
        "SCHEMA": words(f" --schema {shlex.quote(facts.schema)}" if facts.schema_option else ""),
        "PLAIN_ENV": _env(facts, NOWHERE, NOWHERE),
        "APPROVED_JS": (_TEMPLATES / "approved.js").read_text("utf-8").rstrip("\n"),
        "POSTGRES": postgres,
        "VERSION": __version__,
    }


def _production(
    settings: Settings, facts: Facts, common: dict[str, str], name: str, environments: tuple[str, ...]
) -> str:
    github = settings.github
    conditions = {"production"}
    if environments:
        conditions |= {"chosen", "environment"}
    values = common | {
        "NAME": scalar(name),
        "RUN_NAME": _run_name(name),
        "PHRASE": scalar(settings.confirm.phrase),
        "BRANCH": scalar(github.branch),
        "SECRET": secret(github.secret),
        "DATABASE_ENV": _secrets_of(facts, github.secret, github.shadow_secret),
        "ENVIRONMENT": scalar(environments[0]) if environments else "",
        "ENVIRONMENTS": "\n".join(f"- {scalar(one)}" for one in environments),
        "JOB_ENVIRONMENT": "${{ inputs.environment }}",
        "GROUP": "prod-migration-${{ inputs.environment }}" if environments else "prod-migration",
    }
    return _filled("migration.yml", values, conditions)


def _staging(facts: Facts, common: dict[str, str]) -> str:
    values = common | {
        "NAME": "Staging Migration",
        "RUN_NAME": _run_name("Staging Migration"),
        "SECRET": STAGING_SECRET,
        "DATABASE_ENV": _secrets_of(facts, STAGING_SECRET, "SHADOW_DATABASE_URL_STAGING"),
        "JOB_ENVIRONMENT": STAGING_ENVIRONMENT,
        "GROUP": "staging-migration",
    }
    return _filled("migration.yml", values, {"environment"})


def _clinic(github: GithubSettings, facts: Facts, common: dict[str, str], file: str, name: str) -> str:
    diff, database = _drift(facts)
    paths = (*facts.watched, f".github/workflows/{file}")
    values = common | {
        "NAME": scalar(name),
        "BRANCH": scalar(pattern(github.branch)),
        "PATHS": "\n".join(f"- {scalar(pattern(path))}" for path in paths),
        "CLINIC_ENV": _env(facts, _CLINIC, _CLINIC_EMPTY),
        "DRIFT_ENV": _env(facts, database, _CLINIC_EMPTY),
        "DIFF": words(diff),
    }
    return _filled("clinic.yml", values, set())


def _drift(facts: Facts) -> tuple[str, str]:
    """How this Prisma compares what the migrations lead to with the schema, and on which database.

    From 7 on the database comes from prisma.config alone. An adapter there forbids every URL as an argument: then the
    migrations are applied once more, on a database that is still empty.
    """
    schema = shlex.quote(facts.schema)
    if int(facts.prisma_version.split(".")[0]) >= 7:
        return f"--from-config-datasource --to-schema {schema}", _CLINIC
    if facts.adapter:
        migrations = facts.migrations.removeprefix(f"{facts.directory}/") if facts.directory else facts.migrations
        return f"--from-migrations {shlex.quote(migrations)} --to-schema-datamodel {schema}", _CLINIC_EMPTY
    return f'--from-url "$DATABASE_URL" --to-schema-datamodel {schema}', _CLINIC


def _run_name(name: str) -> str:
    """By the plan and the key of the dispatch, so that a run whose answer was lost is found again."""
    text = f"{words(name)} · ${{{{ inputs.plan || 'by hand' }}}} · ${{{{ inputs.request || github.actor }}}}"
    return json.dumps(text, ensure_ascii=False)


def _secrets_of(facts: Facts, url: str, shadow: str) -> str:
    def taken(name: str) -> str:
        return f"${{{{ secrets.{secret(name)} }}}}"

    return _env(facts, taken(url), taken(shadow) if facts.shadow_variables else "")


def _env(facts: Facts, url: str, shadow: str) -> str:
    lines = [f"{name}: {url}" for name in facts.url_variables]
    return "\n".join(lines + [f"{name}: {shadow}" for name in facts.shadow_variables])


def _filled(template: str, values: dict[str, str], conditions: set[str]) -> str:
    """The template with its parts.

    `#if NAME` to `#end` stays where `conditions` has the name. A line that holds a name alone gets all the lines of
    its value, as far in as it stands itself, and goes where there are none.
    """
    text = (_TEMPLATES / template).read_text("utf-8")
    text = _CONDITION.sub(lambda match: match[2] if match[1] in conditions else "", text)

    def whole(match: re.Match[str]) -> str:
        lines = values[match[2]].split("\n")
        return "".join(f"{match[1]}{line}".rstrip() + "\n" for line in lines) if values[match[2]] else ""

    text = _WHOLE_LINE.sub(whole, text)
    return _IN_LINE.sub(lambda match: values[match[1]], text)
