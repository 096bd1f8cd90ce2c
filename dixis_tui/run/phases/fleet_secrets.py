"""DX146 for a fleet: every target's environment has its own secret, and the repository has none that would stand in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dixis_tui.errors import GithubError
from dixis_tui.github import SecretSeen
from dixis_tui.model import Finding, failed, passed, unknown
from dixis_tui.run.context import Context
from dixis_tui.run.phases.github_open import opened

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

_AT_ONCE = 4
_NAMED = 3


def look(context: Context) -> Finding:
    """One request for each environment. Raises GithubError where GitHub can't be asked at all."""
    github, targets = context.settings.github, context.settings.targets
    named = [target.environment or github.environment for target in targets]
    environments = list({name.casefold(): name for name in named}.values())
    with opened(context) as (repository, _):
        try:
            shared = repository.secrets()
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="secrets") as pool:
                found = list(pool.map(lambda name: _names(repository, name), environments))
        except GithubError as error:
            if error.kind != "rights":
                raise
            return unknown(f"the secrets of the environments could not be seen: {error}", error.remedy)
    return judge(github.secret, shared, zip(environments, found, strict=True))


def _names(repository: Repository, environment: str) -> set[str]:
    try:
        return {seen.name for seen in repository.environment_secrets(environment)}
    except GithubError as error:
        if error.kind != "missing":
            raise
        return set()


def judge(secret: str, shared: Iterable[SecretSeen], found: Iterable[tuple[str, Collection[str]]]) -> Finding:
    """What is there, by name, as GitHub compares them: it tells no capitals apart. Pure."""
    environments, key = list(found), secret.casefold()
    without = [name for name, names in environments if key not in map(str.casefold, names)]
    if wider := next((seen for seen in shared if seen.name.casefold() == key), None):
        whose = f"; {_list(without)} would get it" if without else ""
        return failed(
            f"{secret} is a secret of the {wider.where} too: an environment without its own gets it{whose}",
            f"Leave {secret} to the environments alone.",
        )
    if without:
        return failed(f"{secret} is not in the environments {_list(without)}", f"Set {secret} in each of them.")
    return passed(f"{secret} in each of {len(environments)} environments, none for all")


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
