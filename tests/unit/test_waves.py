"""The waves of a fleet, played to their end with every outcome that a target may have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.fleet import TargetState
from dixis_tui.plan.waves import Known, decide, split

W, AT, DONE, BAD, UNKNOWN = (
    TargetState.WAITING,
    TargetState.AT_WORK,
    TargetState.DONE,
    TargetState.FAILED,
    TargetState.UNKNOWN,
)
ENDS = st.sampled_from([DONE, DONE, DONE, DONE, BAD, UNKNOWN])
START = st.sampled_from([W, W, W, W, TargetState.NOTHING, TargetState.LEFT_OUT])
TARGETS = st.lists(st.tuples(st.booleans(), START, ENDS), max_size=14)


@given(
    TARGETS,
    st.integers(1, 5),
    st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    st.randoms(use_true_random=False),
    st.none() | st.integers(0, 30),
)
def test_a_fleet_goes_by_its_rules_to_its_end(drawn, parallel, share, chance, stop_at) -> None:
    ends = {f"t{number}": end for number, (_, _, end) in enumerate(drawn)}
    targets = {f"t{number}": Known(f"t{number}", canary, state) for number, (canary, state, _) in enumerate(drawn)}
    going = [one.name for one in targets.values() if one.state is W]
    canaries = [name for name in going if targets[name].canary]
    dispatched: list[str] = []
    stopped_with: list[str] | None = None
    for step in range(200):
        asked = "anna stopped it" if stop_at is not None and step >= stop_at else ""
        now = decide(list(targets.values()), parallel, share, asked)
        states = {name: one.state for name, one in targets.items()}
        assert sorted(name for names in now.waves for name in names) == sorted(going)
        assert all(len(names) <= parallel for names in now.waves)
        if now.stopped:
            stopped_with = dispatched[:] if stopped_with is None else stopped_with
            assert not now.ready
            assert set(now.untouched) == {name for name in going if states[name] is W}
        assert stopped_with is None or (now.stopped and dispatched == stopped_with), "dispatched after the stop"
        if now.over:
            break
        if now.ready and chance.random() < 0.6:
            name = now.ready[0]
            assert name not in dispatched, "dispatched twice"
            if name not in canaries:
                assert all(states[one] is DONE for one in canaries), "before every canary was verified"
            assert all(states[one] not in (W, AT) for wave in now.waves[: now.wave - 1] for one in wave)
            dispatched.append(name)
            targets[name] = Known(name, targets[name].canary, AT)
        elif now.at_work:
            name = chance.choice(now.at_work)
            targets[name] = Known(name, targets[name].canary, ends[name])
        assert sum(one.state is AT for one in targets.values()) <= parallel
    else:
        raise AssertionError("it never ends")
    bad = [name for name in dispatched if ends[name] is not DONE]
    if any(name in canaries for name in bad) or len(bad) > share * len(going):
        assert now.stopped
    elif stop_at is None:
        assert not now.stopped
        assert sorted(dispatched) == sorted(going)


def known(*states: TargetState, canaries: int = 0) -> list[Known]:
    return [Known(f"t{number}", number < canaries, state) for number, state in enumerate(states)]


def test_what_needs_no_run_is_in_no_wave() -> None:
    targets = known(W, TargetState.NOTHING, W, TargetState.LEFT_OUT, W, canaries=1)
    assert split(targets, 2) == (("t0",), ("t2", "t4"))


def test_an_unknown_outcome_is_a_failure_and_says_whose() -> None:
    now = decide(known(UNKNOWN, W, W), 2, 0.0)
    assert (now.stopped, now.untouched, now.over) == ("t0 ended in a way that is not known", ("t1", "t2"), True)


def test_a_share_is_of_those_that_migrate() -> None:
    targets = known(BAD, DONE, DONE, W, TargetState.NOTHING)
    assert decide(targets, 1, 0.25).ready == ("t3",)
    stopped = decide([*targets[:1], *known(BAD)[:1], *targets[1:]], 1, 0.25)
    assert stopped.stopped == "2 of 5 failed or are unknown, more than 25%"


def test_a_canary_stops_it_whatever_share_may_fail() -> None:
    now = decide(known(BAD, DONE, W, W, W, W, W, W, canaries=2), 4, 0.9)
    assert now.stopped == "canary t0 failed"


def test_those_at_work_in_the_wave_go_on_after_the_stop() -> None:
    now = decide(known(DONE, BAD, AT, W, W), 3, 0.0)
    assert (now.at_work, now.ready, now.over, now.wave) == (("t2",), (), False, 1)


def test_no_target_no_wave() -> None:
    now = decide([], 4, 0.0)
    assert (now.waves, now.wave, now.over, now.stopped) == ((), 0, True, "")
