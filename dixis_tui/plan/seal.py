"""The sealed plan: what exactly the phrase confirms, as one digest. Pure over facts that others gathered."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from dixis_tui.events import PlanSealed
from dixis_tui.model import Executor, Identity, MigrationFile


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that must not change between the phrase and the deed."""

    identity: Identity
    executor: Executor
    prisma_version: str
    commit: str
    migrations: list[MigrationFile]
    backup_sha256: str
    rehearsed: bool
    waived: list[str]
    workflow: str = ""
    """Repository, workflow, branch and environment, where the executor is `github`."""
    second: bool = False
    """Whether a second person has to confirm it."""


_LABELS = {
    "target": "Target",
    "server": "Server",
    "migrations": "Migrations",
    "prisma_version": "Prisma",
    "commit": "Commit",
    "backup": "Backup",
    "rehearsal": "Rehearsal",
    "waived": "Waived",
    "executor": "Executor",
    "workflow": "Workflow",
    "second": "2nd person",
}


def digest(plan: Plan) -> str:
    """Hex SHA-256 of the plan in a fixed order."""
    return hashlib.sha256(msgspec.json.encode(plan, order="deterministic")).hexdigest()


def seal(plan: Plan) -> PlanSealed:
    """The event that shows the plan to whoever types the phrase."""
    whole = digest(plan)
    lines = [(_LABELS[name], value) for name, value in _words(plan).items()]
    return PlanSealed(hash=f"{whole[:4]}·{whole[4:8]}", digest=whole, lines=lines)


def differences(sealed: PlanSealed, now: PlanSealed) -> list[str]:
    """What changed since sealing, a sentence part each; empty: nothing."""
    if sealed.digest == now.digest:
        return []
    was, is_ = dict(sealed.lines), dict(now.lines)
    changed = [
        f"{label} was {was.get(label, 'none')}, is {is_.get(label, 'none')}"
        for label in was | is_
        if was.get(label) != is_.get(label)
    ]
    return changed or ["a detail of the plan changed"]


def _words(plan: Plan) -> dict[str, str]:
    where = plan.identity
    sums = hashlib.sha256("".join(file.name + file.checksum for file in plan.migrations).encode()).hexdigest()[:8]
    return {
        "target": f"{where.database} @ {where.host}:{where.port} as {where.user}",
        "server": f"PostgreSQL {where.version}, system {where.system_identifier or 'not readable'}",
        "migrations": f"{len(plan.migrations)} pending, checksums {sums}",
        "executor": str(plan.executor),
        **({"workflow": plan.workflow} if plan.workflow else {}),
        "prisma_version": plan.prisma_version,
        "commit": plan.commit[:12] or "not a git checkout",
        "backup": plan.backup_sha256[:12] or "none",
        "rehearsal": "done on the restored backup" if plan.rehearsed else "none",
        "waived": ", ".join(plan.waived) or "nothing",
        **({"second": "needed"} if plan.second else {}),
    }
