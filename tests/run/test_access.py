"""A whole run with others on its database: who they were is in the journal, and sign-off says whether they belong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from dixis_tui.model import CheckState, Phase, Verdict
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import rotations
from dixis_tui.run.rotations import RotationRecord, Step
from dixis_tui.settings import AccessSettings
from tests.run.conftest import MIGRATIONS, Begin, settings_for, write_project
from tests.waiting import until

ONE = dict(list(MIGRATIONS.items())[:1])


def test_sign_off_names_who_was_connected_and_was_not_expected(
    begin: Begin, tmp_path: Path, database: DatabaseUrl
) -> None:
    settings = settings_for(write_project(tmp_path / "shop", ONE))
    hand = begin(replace(settings, access=AccessSettings(known=[f"{database.user}@127.0.0.0/8/shop*"])))
    hand.ended(Phase.PREFLIGHT)
    with connect(database, purpose="x") as shop, connect(database, purpose="x") as stranger:
        shop.execute("SET application_name = 'shop-web'")
        stranger.execute("SET application_name = 'psql'")
        # Between two phases: nothing of the run looks but the one who holds its lock.
        hand.wait(lambda state: {"shop-web", "psql"} <= {one.application for one in state.access}, "both of them")
    until(lambda: _sessions(database) == 0, 30, "both gone")
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    state = hand.wait(lambda state: state.check("DX815").evidence, "the board of sign-off")
    assert state.phase(Phase.SIGNOFF).attempts == 0, "before anybody signs"
    for code in ("DX801", "DX802", "DX803", "DX814", "DX815"):
        assert state.check(code).evidence, code
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    state = hand.wait(lambda state: state.ended, "the end")
    assert state.verdict is Verdict.DONE
    review = state.check("DX815")
    assert review.state is CheckState.WARNED
    assert review.evidence.startswith(f"1 of 2 kinds of connection unknown: {database.user}@127.0.0.1/psql")
    assert state.check("DX814").state is CheckState.WARNED, "nobody knows how old the password is"
    assert "when the password of" in state.check("DX814").evidence
    assert state.check("DX812").evidence == "ticked by Ελένη"
    ours = [one.application for one in state.access if one.ours]
    assert any(name.startswith("dixis-tui run") for name in ours)
    assert "dixis-tui sign-off" in ours


def _sessions(database: DatabaseUrl) -> int:
    with connect(database.replace_database("postgres"), purpose="test") as session:
        found: int = session.value(
            "SELECT count(*)::int FROM pg_stat_activity WHERE datname = %s AND application_name !~ '^dixis'",
            (database.database,),
        )
        return found


def test_where_all_were_expected_the_program_answers_for_the_person(
    begin: Begin, tmp_path: Path, database: DatabaseUrl
) -> None:
    settings = settings_for(write_project(tmp_path / "shop", ONE))
    hand = begin(replace(settings, access=AccessSettings(known=["nobody"])))
    hand.ended(Phase.PREFLIGHT)
    rotated = RotationRecord(
        rotation="1",
        at=datetime.now(UTC),
        step=Step.ALTER,
        done=True,
        role=database.user,
        server=rotations.server_of(database.host, database.port),
        target=database.masked,
    )
    assert rotations.append(rotations.path_for(hand.folder), rotated) == ""
    for code in ("DX131", "DX132", "DX133", "DX134", "DX400", "DX711"):
        assert hand.send(cmd.Tick(code=code, operator="Ελένη")) == ""
    hand.do(Phase.BACKUP)
    assert hand.send(cmd.Waive(code="DX300", operator="Ελένη", reason="not what is tested")) == ""
    hand.seal()
    assert hand.confirm() == ""
    state = hand.wait(
        lambda state: state.check("DX813").state is CheckState.PASSED and state.check("DX815").evidence, "the board"
    )
    assert state.check("DX815").state is CheckState.PASSED
    assert state.check("DX813").evidence.startswith("looked at by the program")
    assert state.check("DX814").state is CheckState.PASSED
    assert state.check("DX814").evidence.startswith(f"password of {database.user} changed today (rotation of ")
    assert state.check("DX812").evidence.endswith("since this run began")
