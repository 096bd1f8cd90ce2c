"""GitHub's gates through a real runner: looked at on demand, the clinic started, and moved at the last moment.

All of it is one evening, since a run to its seal takes seconds.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from dixis_tui.model import CheckState, Phase, PhaseState
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.state import RunState
from dixis_tui.settings_github import GithubSettings
from tests.conftest import fresh_database
from tests.github.fake import TOKEN, FakeGithub
from tests.github.fake.faults import Fault, broken, to
from tests.github.fake.shop import shop
from tests.run.conftest import Begin, settings_for
from tests.run.test_sealed import committed, git

LOOK = cmd.LookAtGithub()


def looked(state: RunState, before: RunState) -> bool:
    return state.github_at != before.github_at and state.check("DX149").at != before.check("DX149").at


def test_an_evening_with_githubs_gates(
    begin: Begin, tmp_path: Path, server: EmbeddedServer, database: DatabaseUrl
) -> None:
    project = committed(tmp_path / "shop")
    git(project, "branch", "-m", "main")
    with FakeGithub(shop(project)) as github, fresh_database(server, "STAGING_DATABASE_URL") as staging:
        named = GithubSettings(repository="dixis/shop", api_url=github.url, poll_seconds=0.05)
        settings = replace(settings_for(project), github=named)
        hand = begin(settings, STAGING_DATABASE_URL=staging.raw.reveal(), GITHUB_TOKEN=TOKEN)

        state = hand.ended(Phase.PREFLIGHT)
        assert (state.check("DX141").state, state.check("DX142").state) == (CheckState.PASSED, CheckState.FAILED)
        assert ("DX131", "") not in state.checks
        assert policy.phase_state(state, Phase.PREFLIGHT) is PhaseState.FAILED

        assert hand.send(cmd.DispatchClinic(operator="Ελένη")) == ""
        assert "runs already" in hand.send(cmd.DispatchClinic(operator="Ελένη"))
        hand.wait(lambda state: state.check("DX142").open, "a green clinic", 30)
        assert len(github.dispatches) == 1
        hand.answer_everything()
        assert policy.phase_state(hand.look(), Phase.PREFLIGHT) is PhaseState.PASSED
        assert hand.state.phase(Phase.PREFLIGHT).attempts == 1

        github.faults.append(Fault(broken(taken=False), to("/user"), times=0))
        sealed = hand.to_go()  # GitHub does not migrate: what was seen before stands, and says of when it is
        assert sealed.plan
        assert "what is known is of" in sealed.check("DX141").evidence
        github.faults.clear()

        git(project, "commit", "-q", "--allow-empty", "-m", "Somebody else's")
        github.repo.push()
        git(project, "reset", "-q", "--hard", "HEAD~1")
        assert hand.confirm() == ""
        hand.wait(lambda state: state.refused, "the refusal")
        assert hand.state.refused
        assert hand.state.refused.reason.startswith("Branch is at this commit: main is at")
        assert hand.state.refused.reason.endswith("Nothing was done.")
        assert hand.state.confirmed is None
        assert "DX143" in hand.send(cmd.Seal())  # the gate is closed again

        github.repo.push()
        before = hand.look()
        assert hand.send(LOOK) == ""
        hand.wait(lambda state: looked(state, before), "another look")
        assert hand.seal().plan
        assert hand.confirm() == ""
        hand.wait(lambda state: state.phase(Phase.VERIFY).attempts, "the migration")
        told = (hand.folder / JOURNAL).read_text() + (hand.folder / LOG).read_text()
        assert TOKEN not in told
        github.check()
