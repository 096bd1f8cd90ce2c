"""All that the judges of DX141 to DX149 look at: GitHub, the local checkout, and what is asked of both."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.github import Look, WorkflowRun
from dixis_tui.model import Executor, Finding, failed, unknown
from dixis_tui.prisma.checkout import Checkout
from dixis_tui.settings_github import GithubSettings


class Unseen(Struct, frozen=True):
    """Why a part of the look is missing: an error's kind, sentence, remedy, and the permission that would show it."""

    kind: str
    sentence: str
    remedy: str = ""
    permission: str = ""

    @property
    def words(self) -> str:
        """Why, in short where a permission is all that is missing."""
        return f"the token lacks {self.permission}" if self.kind == "rights" and self.permission else self.sentence


class Sight(Struct, frozen=True, kw_only=True):
    """One look. `unseen` is by part: `branch`, `clinic`, `migrate`, `runs`, `secrets`, `environment`,
    `environment secrets`, `deployments`, `pushed`, `tree`; what is neither there nor in it does not exist.
    """

    look: Look
    local: Checkout = Checkout()
    settings: GithubSettings
    executor: Executor
    pushed: bool = False
    tree: dict[str, str] | None = None
    tree_of: str = ""
    """The commit whose tree it is."""
    other_clinic: WorkflowRun | None = None
    """The clinic's latest run of any commit, where there is none for ours."""
    own: frozenset[int] = frozenset()
    """Workflow runs that were dispatched from here."""
    unseen: dict[str, Unseen] = {}

    def hidden(self, part: str) -> Finding | None:
        """The finding where that part could not be seen; None where it could."""
        why = self.unseen.get(part)
        if why is None:
            return None
        if why.kind == "missing":
            return failed(why.sentence, why.remedy)
        return unknown(f"not seen: {why.words}", why.remedy)
