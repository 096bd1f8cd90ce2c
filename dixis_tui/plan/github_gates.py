"""What DX141 to DX149 find, from one look at GitHub and the local checkout. Pure.

Each judge takes a :class:`Sight`. What could not be seen closes only the gates that need it, and names the permission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice

from msgspec.structs import replace

from dixis_tui.github import WorkflowRun
from dixis_tui.model import CheckState, Executor, Finding, failed, passed, unknown, warned
from dixis_tui.plan.github_secrets import secrets
from dixis_tui.plan.github_sight import Sight
from dixis_tui.prisma.checkout import migration_files

_FEW_REQUESTS = 200
"""Of the hour: what a run that is followed may need."""
_SKEW_SECONDS = 60.0
_NAMED = 3
_PUSH = "Commit and push it, or check out what is on GitHub; then look again."
_INIT = "`dixis-tui github init` writes a workflow that does."
_CHECKED = {
    "request": "a dispatch whose answer is lost can't be found again for sure",
    "commit": "it does not check that it runs the sealed commit",
    "migrations": "it does not check that its files are the sealed ones",
}
_TOLD = ("confirm", "plan", "request", "commit", "migrations", "target", "environment")


def findings(sight: Sight) -> dict[str, Finding]:
    """Every finding by its code: DX141 alone where GitHub could not be asked."""
    first = {"DX141": answers(sight)}
    if sight.look.problem:
        return first
    return first | {code: judge(sight) for code, judge in JUDGES.items()}


def answers(sight: Sight) -> Finding:
    """DX141: whose token it is, where it is from, what is left of the hour's requests, what it may not do."""
    look = sight.look
    if look.problem:
        whose = f"with the token from {look.token_from}: " if look.token_from else ""
        return _soft(sight, failed(f"{whose}{look.problem}", look.remedy))
    words = [f"{look.host} as {look.login}, token from {look.token_from}"]
    if look.rate:
        words.append(f"{look.rate.remaining} of {look.rate.limit} requests left")
    remedies = []
    if look.missing:
        words.append(f"it lacks {'; '.join(look.missing)}")
        remedies.append("Give the token these permissions: `dixis-tui github permissions` lists them all.")
    if abs(look.skew_seconds) > _SKEW_SECONDS:
        way = "ahead of" if look.skew_seconds > 0 else "behind"
        words.append(f"this clock is {abs(look.skew_seconds):.0f} s {way} GitHub's")
        remedies.append("Set this machine's clock.")
    if look.rate and look.rate.remaining < _FEW_REQUESTS:
        remedies.append(f"Wait for the next hour's requests{_since(look.rate.resets, ', at')}.")
    evidence = "; ".join(words)
    return warned(evidence, " ".join(remedies)) if remedies else passed(evidence)


def clinic_of(runs: Sequence[WorkflowRun]) -> WorkflowRun | None:
    """Which of a commit's runs, newest first, speaks for it.

    A pull request's run tried what a merge would make, not this commit. And what a push was refused for is not made
    good by starting it by hand, which has no older commit to compare with: only its own next attempt does.
    """
    of_commit = [run for run in runs if run.event not in _OF_A_MERGE]
    red = next((run for run in of_commit if run.event == "push"), None)
    if red and red.over and red.conclusion in _RED:
        return red
    return of_commit[0] if of_commit else None


def clinic(sight: Sight) -> Finding:
    """DX142: the clinic's latest run for exactly the local commit."""
    if hidden := sight.hidden("clinic"):
        return hidden
    if not sight.local.commit:
        return _no_checkout(sight)
    run, commit = sight.look.clinic, sight.local.commit[:8]
    if run is None:
        other = sight.other_clinic
        last = f"; the last one was for {other.sha[:8]}: {_outcome(other)}" if other else ""
        return failed(f"no run for {commit}{last}", "Start it here: g, then d.")
    words = f"{_outcome(run)} for {commit}{_since(run.updated, ',')}"
    if run.green:
        return passed(words)
    if not run.over:
        return failed(f"{words}: {run.url}", "Wait, or follow it: g.")
    if run.event == "push" and run.conclusion in _RED:
        return failed(f"{words}: {run.url}", "Look at that run and mend what it found; a fluke: re-run it on GitHub.")
    return failed(f"{words}: {run.url}", "Look at that run, mend what it found, and run it again (g, then d).")


def branch(sight: Sight) -> Finding:
    """DX143: the branch is at the local commit, and locked where that is asked."""
    if hidden := sight.hidden("branch"):
        return hidden
    head, local = sight.look.branch, sight.local
    if head is None:
        return failed(f"GitHub has no branch {sight.settings.branch}", "Set github.branch in dixis.toml.")
    if not local.commit:
        return _no_checkout(sight)
    here = local.branch or "detached"
    if head.sha != local.commit:
        evidence = f"{head.name} is at {head.sha[:8]} on GitHub, this checkout at {local.commit[:8]} ({here})"
        return failed(evidence, f"Check out {head.name} as it is on GitHub, or push what is here; then look again.")
    words = f"{head.name} is at {head.sha[:8]}, as this checkout ({here})"
    if not sight.settings.branch_locked:
        return passed(f"{words}{', locked' if head.locked else ''}")
    if head.locked is None:
        return unknown(f"{words}; whether it is locked could not be seen", "Let the token read Administration.")
    if not head.locked:
        return failed(f"{words}; it is not locked", f"Lock {head.name}: Settings, Rules; or agree on a freeze.")
    return passed(f"{words}, locked")


def clean(sight: Sight) -> Finding:
    """DX144: nothing is changed that Prisma or GitHub would read, and the commit is on GitHub."""
    local = sight.local
    if not local.commit:
        return _no_checkout(sight)
    if local.hidden:
        names = _names(local.hidden)
        return failed(f"git does not look at {names}", "`git update-index --no-assume-unchanged --no-skip-worktree`.")
    if local.changed:
        return failed(f"changed since {local.commit[:8]}: {_names(local.changed)}", _PUSH)
    if hidden := sight.hidden("pushed"):
        return hidden
    where = f"; the project is in a submodule of {local.submodule_of}" if local.submodule_of else ""
    if not sight.pushed:
        return failed(f"commit {local.commit[:8]} is not on GitHub{where}", _push_remedy(sight))
    return passed(f"nothing changed since {local.commit[:8]}, which is on GitHub{where}")


def migrations(sight: Sight) -> Finding:
    """DX145: each migration's file is the same on GitHub, by its git blob."""
    local = sight.local
    if not local.commit:
        return _no_checkout(sight)
    if hidden := sight.hidden("tree"):
        return hidden
    there = migration_files(sight.tree or {}, local.folder)
    here = local.migrations
    differing = [path for path in here if path in there and here[path].stored != there[path]]
    parts = {
        "differ": differing,
        "not on GitHub": [path for path in here if path not in there],
        "only on GitHub": [path for path in there if path not in here],
    }
    told = [f"{words}: {_names(map(_migration, sorted(paths)))}" for words, paths in parts.items() if paths]
    commit = sight.tree_of[:8]
    if told:
        return failed(f"against {commit} on GitHub {'; '.join(told)}", _PUSH)
    words = f"{len(here)} files equal those of {commit} on GitHub"
    endings = [path for path, file in here.items() if file.exact != there[path]]
    if endings:
        note = f"{words} as git stores them; on this disk other bytes: {_names(map(_migration, endings))}"
        remedy = "Check them out without core.autocrlf: GitHub's runner has them as they are stored."
        # The plan holds these bytes, and the workflow would refuse to begin.
        return failed(note, remedy) if sight.executor is Executor.GITHUB else warned(note, remedy)
    return passed(words)


def workflow(sight: Sight) -> Finding:
    """DX147: the migrate workflow is on the branch, enabled, can be dispatched, and takes what we send."""
    if hidden := sight.hidden("migrate"):
        absent = hidden.state is CheckState.FAILED
        return _soft(sight, replace(hidden, remedy="`dixis-tui github init` writes it; push it.") if absent else hidden)
    file, name = sight.look.migrate, sight.settings.migrate_workflow
    if file is None:
        return _soft(sight, failed(f"GitHub has no workflow {name}", "`dixis-tui github init` writes it; push it."))
    if not file.active:
        how = file.state.replace("_", " ")
        return _soft(sight, failed(f"{name} is {how}", f"Enable it: `gh workflow enable {name}`."))
    if not file.dispatchable:
        return _soft(sight, failed(f"{name} has no workflow_dispatch on {sight.settings.branch}", _INIT))
    if file.inputs is None:
        return warned(f"{name} is enabled; which inputs it takes could not be read", "Let the token read Contents.")
    if "confirm" not in file.inputs:
        return _soft(sight, failed(f"{name} takes no input confirm", _INIT))
    takes = f"{name} is enabled and takes {', '.join(one for one in _TOLD if one in file.inputs)}"
    lacks = [f"without {one} {why}" for one, why in _CHECKED.items() if one not in file.inputs]
    return warned(f"{takes}; {'; '.join(lacks)}", _INIT) if lacks else passed(takes)


def environment(sight: Sight) -> Finding:
    """DX148: who has to approve, and whether this user can; at worst a warning."""
    name = sight.settings.environment
    if not name:
        return passed("no environment is named")
    if hidden := sight.hidden("environment"):
        return warned(hidden.evidence, hidden.remedy)
    seen = sight.look.environment
    if seen is None:
        return warned(
            f"GitHub has no environment {name}: the first run makes one that nothing protects",
            "Make it with reviewers: Settings, Environments.",
        )
    wait = f", wait {seen.wait_minutes} min" if seen.wait_minutes else ""
    words = f"{name}: {_may(seen.can_approve)}{wait}, branches: {seen.branches or 'any'}"
    if not seen.reviewers:
        return warned(
            f"{name}: nobody has to approve{wait}, branches: {seen.branches or 'any'}",
            "Name required reviewers: Settings, Environments.",
        )
    words = f"{words}; reviewers: {_names(seen.reviewers)}"
    if not _may_deploy(sight.settings.branch, seen.branches):
        return warned(
            f"{words}; {sight.settings.branch} is none of these branches: GitHub would refuse the job",
            f"Let {sight.settings.branch} deploy to it: Settings, Environments.",
        )
    if seen.no_self_review and seen.can_approve is not False:
        return warned(f"{words}; who starts the run may not approve it", "Have another reviewer at hand.")
    if seen.can_approve is False:
        return warned(words, "Have one of them at hand: the run waits until it is approved.")
    return passed(words)


def _may_deploy(branch: str, allowed: str) -> bool:
    """Whether the branch is among those patterns, as far as they are known by name."""
    patterns = [one.strip() for one in allowed.split(",") if one.strip()]
    named = [one for one in patterns if " " not in one]
    return not named or len(named) < len(patterns) or any(fnmatchcase(branch, one) for one in named)


def _may(can: bool | None) -> str:
    if can is None:
        return "a team approves"
    return "you may approve" if can else "you may not approve"


def others(sight: Sight) -> Finding:
    """DX149: open runs of the migrate workflow, and open deployments."""
    runs = [run for run in sight.look.open_runs if run.id not in sight.own]
    found: list[Finding] = []
    if runs:
        found.append(_soft(sight, failed(_run_words(runs), "Let it end, or cancel it on GitHub; then look again.")))
    if hidden := sight.hidden("runs"):
        found.append(_soft(sight, hidden))
    if hidden := sight.hidden("deployments"):
        found.append(hidden if sight.settings.no_deployments else warned(hidden.evidence, hidden.remedy))
    if deployments := sight.look.deployments:
        names = _names(f"{one.environment} {one.state.replace('_', ' ')}" for one in deployments)
        words = f"{len(deployments)} deployment{'s' if len(deployments) > 1 else ''} under way: {names}"
        remedy = "Let it end, or see to it that it does not touch the database."
        found.append(failed(words, remedy) if sight.settings.no_deployments else warned(words, remedy))
    if not found:
        return passed(f"no run of {sight.settings.migrate_workflow} and no deployment is open")
    told = dict.fromkeys(one.evidence for one in found)
    worst = max(found, key=lambda one: _BADNESS.index(one.state))
    return Finding(worst.state, "; ".join(told), worst.remedy)


_OF_A_MERGE = ("pull_request", "pull_request_target", "merge_group")
_RED = ("failure", "timed_out", "startup_failure")
_BADNESS = (CheckState.PASSED, CheckState.WARNED, CheckState.UNKNOWN, CheckState.FAILED)


def _secrets(sight: Sight) -> Finding:
    return _soft(sight, secrets(sight))


JUDGES: dict[str, Callable[[Sight], Finding]] = {
    "DX142": clinic,
    "DX143": branch,
    "DX144": clean,
    "DX145": migrations,
    "DX146": _secrets,
    "DX147": workflow,
    "DX148": environment,
    "DX149": others,
}
FREEZE = ("DX142", "DX143", "DX144", "DX145", "DX149")
"""Looked at again when the plan is sealed and when the phrase was typed."""


def _soft(sight: Sight, finding: Finding) -> Finding:
    """At worst a warning where GitHub is not who migrates."""
    if sight.executor is Executor.GITHUB or finding.state is CheckState.PASSED:
        return finding
    return replace(finding, state=CheckState.WARNED)


def _no_checkout(sight: Sight) -> Finding:
    local = sight.local
    if local.problem:
        return failed(local.problem, local.remedy)
    return failed("the checkout has no commit yet", "Commit the project and push it.")


def _push_remedy(sight: Sight) -> str:
    local = sight.local
    if local.submodule_of:
        return "Name that repository in github.repository, or push the submodule's commit."
    if not local.branch:
        return "Push that commit to a branch; this checkout is on none."
    remote = local.upstream.partition("/")[0] or "origin"
    return f"Push it: `git push {remote} {local.branch}`."


def _outcome(run: WorkflowRun) -> str:
    if run.green:
        return "green"
    if run.over:
        return "red" if run.conclusion == "failure" else (run.conclusion or "ended").replace("_", " ")
    return {"in_progress": "running"}.get(run.status, run.status.replace("_", " ") or "running")


def _run_words(runs: list[WorkflowRun]) -> str:
    first = runs[0]
    by = f" by {first.actor}" if first.actor else ""
    more = f", and {len(runs) - 1} more" if len(runs) > 1 else ""
    return f"run {first.id}{by} is {_outcome(first)}: {first.url}{more}"


def _migration(path: str) -> str:
    parts = path.split("/")
    return parts[-2] if parts[-1] == "migration.sql" else parts[-1]


def _names(names: Iterable[str]) -> str:
    told = iter(names)
    shown = list(islice(told, _NAMED))
    more = sum(1 for _ in told)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _since(at: datetime | None, before: str) -> str:
    return f"{before} {at:%d %b %H:%M} UTC" if at else ""
