"""A fleet's evening as its journal would tell it."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui import events as ev
from dixis_tui.fleet import FLEET, TargetPlan, TargetState
from dixis_tui.github import Approval, JobView, Purpose, StepView, WorkflowRun
from dixis_tui.model import CheckState, Executor, Identity, Phase, PhaseState, Recovery, Verdict
from dixis_tui.plan.checks import FLEET_ASKS
from tests.screens.story import Story

STEPS = ("Set up job", "Check out", "prisma migrate deploy", "prisma migrate status")


class FleetStory(Story):
    """Built by calling chapters in order."""

    share = 0.0

    def begin(self, count: int = 12, canaries: int = 1, parallel: int = 4, **more: object) -> FleetStory:
        self.names = [f"shop-{number:03}" for number in range(1, count + 1)]
        self.write(
            ev.RunStarted(
                run="20261125-223000-fleet", version="0.1.0", operator="maria", host="ops1", pid=4711,
                name="Dixis shops", environment=FLEET, target="databases of dixis/shop, /srv/dixis",
                executor=Executor.GITHUB, phrase="DIXIS-PROD-OK", rollback_phrase="DIXIS-ROLLBACK-OK",
                github="dixis/shop",
            ),
            ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX151", "")]),
        )  # fmt: skip
        self.plans = [self._plan(number, name, number < canaries) for number, name in enumerate(self.names)]
        self.parallel = parallel
        return self

    def _plan(self, number: int, name: str, canary: bool) -> TargetPlan:
        identity = Identity("7423111122223333444", name, "db.dixis.example", 5432, "app", 170002, False, False)
        return TargetPlan(
            name=name, canary=canary, environment=name, target=f"postgresql://app@db.dixis.example/{name}",
            identity=identity, applied=8, pending=("20251103_zone", "20251118_item"), migrations="c" * 64,
            digest=f"{number:04x}c2e1" + "0" * 56,
        )  # fmt: skip

    def planned(self, *problems: str) -> FleetStory:
        for at, problem in enumerate(problems, 1):
            self.plans[-at] = TargetPlan(name=self.names[-at], problem=problem, remedy="Mend it.")
        bad = CheckState.FAILED if problems else CheckState.PASSED
        self.write(
            ev.FleetPlanned(targets=tuple(self.plans), parallel=self.parallel, stop_share=self.share, commit="a" * 40),
            ev.CheckChanged(code="DX151", state=bad, evidence=f"{len(problems)} can't be planned"),
            ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.PASSED, seconds=1.0),
        )
        return self

    def answered(self) -> FleetStory:
        self.write(*(ev.Ticked(code=code, operator="maria") for code in FLEET_ASKS))
        return self

    def sealed(self) -> FleetStory:
        self.write(
            ev.PhaseStarted(phase=Phase.GO),
            ev.PlanSealed(hash="7f3a·c2e1", digest="7f3a" * 16, lines=[("Targets", f"{len(self.names)} to migrate")]),
            ev.PhaseEnded(phase=Phase.GO, state=PhaseState.PASSED, seconds=0.5),
        )
        return self

    def confirmed(self) -> FleetStory:
        self.write(ev.Confirmed(operator="maria", digest="7f3a" * 16))
        self.write(ev.PhaseStarted(phase=Phase.MIGRATE, checks=[("DX600", ""), ("DX601", "")]))
        return self

    def dispatched(self, *names: str) -> FleetStory:
        for name in names:
            number = self.names.index(name)
            self.write(
                ev.TargetDispatching(name=name, request=f"r-{name}"),
                ev.DispatchStarted(
                    request=f"r-{name}",
                    purpose=Purpose.MIGRATE,
                    workflow="prod-migration.yml",
                    ref="main",
                    sha="a" * 40,
                ),
                ev.Dispatched(request=f"r-{name}", run_id=17_000 + number, url=f"https://github.com/run/{number}"),
            )
        return self

    def seen(self, name: str, step: int, *, conclusion: str = "", waits: bool = False) -> FleetStory:
        number = self.names.index(name)
        steps = tuple(
            StepView(
                number=at, name=text, started=self.now if at <= step else None,
                status="completed" if at < step or conclusion else "in_progress" if at == step else "queued",
                conclusion=(conclusion if at == step else "success") if at < step or conclusion else "",
            )
            for at, text in enumerate(STEPS, 1)
        )  # fmt: skip
        status = "completed" if conclusion else "waiting" if waits else "in_progress"
        run = WorkflowRun(
            id=17_000 + number, url=f"https://github.com/run/{number}", status=status, conclusion=conclusion
        )
        jobs = (JobView(id=1, name="Migrate", status=status, steps=steps),) if step else ()
        asks = (Approval(environment=name, environment_id=1, mine=False, reviewers=("nikos",)),) if waits else ()
        self.write(ev.WorkflowSeen(request=f"r-{name}", run=run, jobs=jobs, approvals=asks))
        return self

    def verified(
        self, *names: str, state: TargetState = TargetState.DONE, evidence: str = "2 of 2 applied"
    ) -> FleetStory:
        self.write(
            *(ev.TargetVerified(name=name, state=state, evidence=evidence, remedy="Look at it.") for name in names)
        )
        return self

    def stopped(self, reason: str) -> FleetStory:
        self.write(ev.FleetStopped(reason=reason))
        return self

    def over(self, state: PhaseState = PhaseState.PASSED) -> FleetStory:
        self.write(ev.PhaseEnded(phase=Phase.MIGRATE, state=state, seconds=60.0))
        return self

    def ended(self, verdict: Verdict, summary: str) -> FleetStory:
        self.write(ev.RunEnded(verdict=verdict, summary=summary))
        return self

    def died(self) -> FleetStory:
        self.write(
            ev.RunnerResumed(operator="maria", host="ops1", pid=4712, version="0.1.0"),
            ev.RecoverySeen(outcome=Recovery.REST, evidence="1 done, 0 failed or unknown, 11 not touched"),
        )
        return self


def names(first: int, last: int) -> Sequence[str]:
    """`shop-001` and so on."""
    return [f"shop-{number:03}" for number in range(first, last + 1)]
