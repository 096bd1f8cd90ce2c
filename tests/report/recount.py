"""The figures of a report counted anew from the bare lines of a journal: JSON and plain Python, none of the program.

What a check is (a person's, a gate) is read from docs/checks.md; the runbook's minutes are written out here once more.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PHASES = ["preflight", "backup", "rehearsal", "banner", "go", "migrate", "verify", "signoff", "rollback"]
MINUTES = [5, 2, 3, 2, 1, 5, 5, 1, 5]
CATALOGUE = {
    row[1]: {"title": row[2].strip(), "person": "| person |" in row[0], "gate": "| gate" in row[0]}
    for row in re.finditer(
        r"^\| (DX\d+) \|([^|]*)\|.*$", (Path(__file__).parents[2] / "docs/checks.md").read_text(), re.MULTILINE
    )
}


def lines_of(journal: Path) -> list[Json]:
    """Every whole line."""
    return [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]


def when(text: str) -> datetime:
    """A journal's time."""
    return datetime.fromisoformat(text)


def phase_of(code: str) -> str:
    """By its hundred."""
    return PHASES[int(code[2]) - 1]


def recount(lines: list[Json]) -> Json:
    """By the names that the program gives them."""
    events = [(line["at"], line["event"]) for line in lines]

    def of(*kinds: str) -> list[tuple[str, Json]]:
        return [(at, event) for at, event in events if event["type"] in kinds]

    def last(kind: str, field: str = "") -> Any:
        found = of(kind)
        return (found[-1][1][field] if field else found[-1][1]) if found else None

    def told(found: list[tuple[str, Json]]) -> list[Json]:
        return [{"at": at, "event": event} for at, event in found]

    def production(*kinds: str) -> list[Json]:
        return told([(at, event) for at, event in of(*kinds) if event["place"] == "production"])

    first = events[0][1]
    ended = last("run_ended")
    touched = bool(of("confirmed", "rollback_confirmed"))
    backups = [event["backup"] for _, event in of("backup_made", "backup_adopted")]
    sources = [event.get("source") or event.get("identity") for _, event in of("backup_made", "backup_adopted")]
    windows = of("run_started", "runner_resumed")[-1][1]
    radars = [event["radar"] for _, event in of("radar_seen") if event["place"] == "production"]
    prediction, hazards = foretold(events)
    work = migrations(events, prediction)
    gates = [one for one in checks(events) if one["answers"]]
    spans = phases(events)
    snapshot, reopened = of("snapshot_named"), of("reopened")
    page = page_of(events)
    return {
        "run": first["run"],
        "name": first["name"],
        "environment": first["environment"],
        "target": first["target"],
        "executor": first["executor"],
        "timezone": first["timezone"],
        "verdict": ended["verdict"] if ended else "unknown" if touched else "interrupted",
        "provisional": ended is None,
        "summary": ended["summary"] if ended else "",
        "started": events[0][0],
        "last": events[-1][0],
        "seconds": (when(events[-1][0]) - when(events[0][0])).total_seconds(),
        "window": [windows["window_opens"], windows["window_closes"]] if windows["window_opens"] else None,
        "identity": last("target_seen", "identity"),
        "project": last("project_seen"),
        "contacts": first["contacts"],
        "runners": runners(events),
        "confirmed": told(of("first_confirmed", "confirmed", "first_voided")),
        "plan": last("plan_sealed"),
        "applied_before": last("pending_seen", "applied") or 0,
        "planned": schedule(first, events[0][0], windows["window_opens"], None),
        "predicted": schedule(first, events[0][0], windows["window_opens"], prediction) if prediction else [],
        "actual": [{"phase": one["phase"], "starts": one["started"], "ends": one["ended"]} for one in spans],
        "spans": spans,
        "gates": gates,
        "waived": sum(one["state"] == "waived" for one in gates),
        "backup": backups[-1] if backups else None,
        "backup_source": sources[-1] if sources else None,
        "backups_made": len(of("backup_made")),
        "adopted": last("backup_adopted"),
        "snapshot": told(snapshot)[-1] if snapshot else None,
        "restored": [
            {name: event[name] for name in ("place", "where", "seconds", "compare_seconds", "tables", "rows")}
            | {"at": at}
            for at, event in of("backup_restored")
        ],
        "prediction": prediction,
        "migrations": work,
        "migration_seconds": sum(one["seconds"] or 0 for one in work if one["state"] == "applied"),
        "hazards": [
            {
                "hazard": hazard,
                "state": next((one["state"] for one in work if one["name"] == hazard["migration"]), "pending"),
                "statement": next(
                    (
                        part
                        for one in work
                        if one["name"] == hazard["migration"]
                        for part in one["statements"]
                        if part["number"] == hazard["statement"]
                    ),
                    None,
                ),
            }
            for hazard in hazards
        ],
        "most_victims": max((victims(radar) for radar in radars), default=0),
        "longest_wait": max((radar["longest_wait_seconds"] for radar in radars), default=0.0),
        "retries": production("retried"),
        "waits": production("waited"),
        "signals": told(of("backend_signalled")),
        "health": health(events),
        "flows": flows(of("flow_seen")),
        "after": after(events),
        "baseline_problem": (last("baseline_taken", "baseline") or {"problem": ""})["problem"],
        "notices": notices(of("notice_sending", "notice_sent")),
        "page": page,
        "reopened": told(reopened)[-1] if reopened else None,
        "access": last("access_seen", "sessions") or [],
        "access_more": (last("access_seen") or {"more": 0})["more"],
        "ways": last("ways_seen"),
        "rollback": rollback(events),
        "recovery": told(of("recovery_seen", "migration_settled", "migration_resolved", "runner_left")),
        "refusals": told(of("confirmation_refused")),
        "workflows": workflows(events),
        "fleet": fleet(events),
        "reviews": told(of("deployment_reviewed", "workflow_cancelled", "fleet_stopped")),
        "notes": told(of("noted")),
    }


def victims(radar: Json) -> int:
    """All that wait behind us."""
    return len(radar["victims"]) + radar["unlisted_victims"]


def foretold(events: list[tuple[str, Json]]) -> tuple[Json | None, list[Json]]:
    """The prediction and the hazards that still stand: both are of one backup and one set of files."""
    prediction: Json | None = None
    hazards: list[Json] = []
    files: set[tuple[str, str]] = set()
    for _, event in events:
        if event["type"] == "predicted":
            prediction = event["prediction"]
        elif event["type"] == "hazards_seen":
            hazards = event["hazards"]
        elif event["type"] == "backup_made":
            prediction = None
        elif event["type"] == "pending_seen":
            fresh = {(file["name"], file["checksum"]) for file in event["pending"]}
            if not fresh <= files:
                prediction, hazards = None, []
            files |= fresh
    return prediction, hazards


def runners(events: list[tuple[str, Json]]) -> list[Json]:
    """Each with the silence before it."""
    found = []
    for at, (moment, event) in enumerate(events):
        if event["type"] in ("run_started", "runner_resumed"):
            gap = (when(moment) - when(events[at - 1][0])).total_seconds() if at else 0.0
            kept = {name: event[name] for name in ("operator", "host", "ssh", "pid", "version")}
            found.append({"at": moment, "gap": gap, "cut_bytes": event.get("cut_bytes", 0)} | kept)
    return found


def phases(events: list[tuple[str, Json]]) -> list[Json]:
    """Each beginning with the next end of the same phase, unless another runner came between."""
    found = []
    for at, (moment, event) in enumerate(events):
        if event["type"] != "phase_started":
            continue
        phase = event["phase"]
        later = events[at + 1 :]
        resumed = next((n for n, (_, one) in enumerate(later) if one["type"] == "runner_resumed"), len(later))
        ends = next(
            (n for n, (_, one) in enumerate(later) if one["type"] == "phase_ended" and one["phase"] == phase), -1
        )
        span = {"phase": phase, "started": moment, "ended": None, "seconds": None, "reason": ""}
        span["attempt"] = 1 + sum(one["phase"] == phase for one in found)
        span["state"] = "failed" if resumed < len(later) else "running"
        if 0 <= ends < resumed:
            end = later[ends]
            span |= {
                "ended": end[0],
                "seconds": end[1]["seconds"],
                "state": end[1]["state"],
                "reason": end[1]["reason"],
            }
        found.append(span)
    return found


def schedule(first: Json, started: str, opens: str | None, prediction: Json | None) -> list[Json]:
    """The runbook's minutes one after the other."""
    drill = ["preflight", "backup", "rollback", "signoff"]
    names = drill if first["environment"] == "drill" else PHASES[:-1]
    now, bars = when(started), []
    for name in names:
        if opens and name in ("banner", "go", "migrate", "verify", "signoff"):
            now = max(now, when(opens))
        seconds = 60 * MINUTES[PHASES.index(name)]
        end = now + timedelta(seconds=prediction["seconds"] if prediction and name == "migrate" else seconds)
        bars.append({"phase": name, "starts": now, "ends": end})
        now = end
    return bars


def checks(events: list[tuple[str, Json]]) -> list[Json]:  # noqa: C901, PLR0912
    """Every check as it stands at the end, and all its answers."""
    now: dict[tuple[str, str], Json] = {}

    def view(code: str, subject: str) -> Json:
        blank = {"code": code, "subject": subject, "phase": phase_of(code), **CATALOGUE[code], "answers": []}
        return now.setdefault((code, subject), blank | {"state": "waiting", "evidence": "", "remedy": ""})

    def forget(one: Json) -> None:
        one.update(state="waiting", evidence="", remedy="")

    files: set[tuple[str, str]] = set()
    for at, event in events:
        match event["type"]:
            case "phase_started":
                for one in now.values():
                    if one["phase"] == event["phase"] and not one["person"]:
                        again = [one["code"], one["subject"]] in event["checks"]
                        if not again or one["state"] != "waived":
                            forget(one)
            case "backup_made":
                for one in now.values():
                    if one["phase"] == "rehearsal" and one["state"] != "waived":
                        forget(one)
            case "pending_seen":
                fresh = {(file["name"], file["checksum"]) for file in event["pending"]}
                for one in now.values() if not fresh <= files else ():
                    late = one["phase"] == "rehearsal" and one["state"] != "waived"
                    if late or one["code"] in ("DX116", "DX117"):
                        forget(one)
                files |= fresh
            case "runner_resumed":
                for one in now.values():
                    if one["state"] == "running":
                        forget(one)
            case "check_changed":
                one = view(event["code"], event["subject"])
                answered = event["state"] not in ("waiting", "running")
                kept = {name: event[name] for name in ("state", "evidence", "remedy")}
                if answered:
                    one["answers"].append(kept | {"at": at, "who": "", "reason": ""})
                if one["state"] != "waived" or event["state"] in ("passed", "warned"):
                    one.update(kept)
            case "ticked":
                one = view(event["code"], "")
                state = "passed" if event["on"] else "waiting"
                words = f"ticked by {event['operator']}" if event["on"] else ""
                one.update(state=state, evidence=words, remedy="")
                answer = {"state": state, "evidence": "", "remedy": "", "reason": "", "who": event["operator"]}
                one["answers"].append(answer | {"at": at})
            case "waived":
                found = [one for key, one in now.items() if key[0] == event["code"]]
                for one in found or [view(event["code"], "")]:
                    words = f"waived by {event['operator']}: {event['reason']}"
                    one.update(state="waived", evidence=words, remedy="")
                    answer = {"state": "waived", "evidence": "", "remedy": "", "who": event["operator"]}
                    one["answers"].append(answer | {"at": at, "reason": event["reason"]})
    return sorted(now.values(), key=lambda one: (PHASES.index(one["phase"]), one["code"], one["subject"]))


def migrations(events: list[tuple[str, Json]], prediction: Json | None) -> list[Json]:
    """Each file, with its statements as the last attempt of each place left them."""
    files: dict[str, str] = {}
    for _, event in events:
        if event["type"] == "pending_seen":
            files |= {file["name"]: file["checksum"] for file in event["pending"]}
    for _, event in events:
        if event["type"].startswith(("migration_", "statement_")) and event["type"] != "migration_resolved":
            files.setdefault(event["name"], "")
    found = []
    for name, checksum in sorted(files.items()):
        mine = [(at, event) for at, event in events if event.get("name") == name]
        starts = [at for at, event in mine if event["type"] == "migration_started" and event["place"] == "production"]
        there = attempt(events, name, "production")
        staged = attempt(events, name, "staging", since="rehearsal")
        end = there["end"]
        settled = [event for _, event in events if event["type"] == "migration_settled" and event["name"] == name]
        state, error, sqlstate = "pending", "", ""
        if there["begun"]:
            state = "running"
            if any(event["type"] == "runner_resumed" for event in there["events"]):
                state = "unknown"
            if end:
                state = "unknown" if end["unknown"] else "failed" if end["error"] else "applied"
                error, sqlstate = end["error"], end["sqlstate"]
        if (settled and settled[-1] in there["events"]) or (settled and not there["begun"]):
            state, sqlstate = settled[-1]["state"], ""
            error = "" if state in ("applied", "pending") else settled[-1]["evidence"]
        rehearsal_end = staged["end"]
        rehearsal_state = "running" if staged["begun"] else "pending"
        if staged["begun"] and any(event["type"] == "runner_resumed" for event in staged["events"]):
            rehearsal_state = "pending"
        if rehearsal_end:
            rehearsal_state = "failed" if rehearsal_end["error"] else "applied"
        foreseen = [one for one in (prediction or {"statements": []})["statements"] if one["migration"] == name]
        queues = queued(events, name)
        parts = statements(foreseen, staged, there, queues)
        ends = [event for _, event in mine if event["type"] == "migration_ended" and event["place"] == "production"]
        found.append(
            {
                "name": name,
                "checksum": checksum,
                "state": state,
                "attempts": len(starts),
                "retries": sum(e["type"] == "retried" and e["place"] == "production" for _, e in mine),
                "started": starts[-1] if starts else None,
                "seconds": ends[-1]["seconds"] if ends else None,
                "rehearsed": rehearsal_end["seconds"] if rehearsal_state == "applied" and rehearsal_end else None,
                "predicted": sum(one["seconds"] for one in foreseen) if foreseen else None,
                "rehearsal_state": rehearsal_state,
                "rehearsal_error": rehearsal_end["error"] if rehearsal_end else "",
                "error": error,
                "sqlstate": sqlstate,
                "statements": parts,
                "victims": max((victims(radar) for found in queues.values() for radar in found), default=0),
                "waited": max(
                    (radar["longest_wait_seconds"] for found in queues.values() for radar in found), default=0.0
                ),
            }
        )
    return found


def attempt(events: list[tuple[str, Json]], name: str, place: str, since: str = "") -> Json:
    """The last attempt at a file in one place: what followed its beginning, its end, its statements by number."""
    begun = -1
    floor = -1
    for at, (_, event) in enumerate(events):
        if since and event["type"] == "phase_started" and event["phase"] == since:
            floor = at
        here = event.get("name") == name and event.get("place") == place
        if event["type"] == "migration_started" and here:
            begun = at
    tail = [event for _, event in events[begun:]] if begun >= 0 else []
    mine = [event for event in tail if event.get("name") == name and event.get("place") == place]
    ends = [event for event in mine if event["type"] == "migration_ended"]
    # A rehearsal that begins anew forgets what was measured before, though not how the file fared.
    measured = [] if begun < floor else [event for event in mine if event["type"] == "statement_ended"]
    return {
        "begun": begun >= 0,
        "events": tail,
        "end": ends[-1] if ends else None,
        "measures": {event["measure"]["number"]: event["measure"] for event in measured},
        "sent": {event["number"]: event for event in mine if event["type"] == "statement_started"},
    }


def queued(events: list[tuple[str, Json]], name: str) -> dict[int, list[Json]]:
    """The radar's looks at production, by the statement of this file that ran then; 0: before any."""
    found: dict[int, list[Json]] = {}
    at_work = -1
    for _, event in events:
        mine = event.get("name") == name and event.get("place") == "production"
        if event["type"] in ("migration_started", "statement_started") and event["place"] == "production":
            at_work = (event.get("number", 0)) if mine else -1
        elif event["type"] == "runner_resumed" or (event["type"] == "migration_ended" and mine):
            at_work = -1
        elif event["type"] == "radar_seen" and event["place"] == "production" and at_work >= 0:
            found.setdefault(at_work, []).append(event["radar"])
    return found


def statements(foreseen: list[Json], staged: Json, there: Json, queues: dict[int, list[Json]]) -> list[Json]:
    """One row a statement, from whatever is known of it."""
    by_number = {one["number"]: one for one in foreseen}
    numbers = {*by_number, *staged["measures"], *there["measures"], *there["sent"], *queues} - {0}
    found = []
    for number in sorted(numbers):
        forecast, rehearsed = by_number.get(number, {}), staged["measures"].get(number, {})
        taken, sent = there["measures"].get(number, {}), there["sent"].get(number, {})
        told = sent or taken or rehearsed or forecast
        radars = queues.get(number, [])
        most = max(map(victims, radars), default=0)
        foreseen_locks = rehearsed["locks"] if rehearsed else forecast.get("held", [])
        locks = taken.get("locks") or foreseen_locks
        source = taken or rehearsed
        found.append(
            {
                "number": number,
                "line": told.get("line", 0),
                "text": told.get("text", ""),
                "predicted": forecast.get("seconds"),
                "low": forecast.get("low"),
                "high": forecast.get("high"),
                "rehearsed": rehearsed.get("seconds"),
                "taken": taken.get("seconds"),
                "rows": source.get("rows", 0),
                "locks": locks,
                "locks_foreseen": bool(locks) and not taken.get("locks"),
                "wal_bytes": source.get("wal_bytes", 0),
                "victims": most,
                "waited": max((radar["longest_wait_seconds"] for radar in radars), default=0.0),
                "behind": next((radar["victims"] for radar in radars if most and victims(radar) == most), []),
            }
        )
    return found


def health(events: list[tuple[str, Json]]) -> list[Json]:
    """Each name in the order in which it appears: baseline, before the phrase, after it, watched."""
    typed = next((at for at, (_, e) in enumerate(events) if e["type"] in ("confirmed", "rollback_confirmed")), None)
    typed = len(events) if typed is None else typed
    baseline: dict[str, float] = {}
    for _, event in events:
        if event["type"] == "baseline_taken":
            baseline = {one["name"]: one["milliseconds"] for one in event["baseline"]["latencies"]}
    seen = [(at, event["result"]) for at, (_, event) in enumerate(events) if event["type"] == "health_seen"]
    before = {result["name"]: result for at, result in seen if at < typed}
    after = {result["name"]: result for at, result in seen if at >= typed}
    samples = [one for _, e in events if e["type"] == "after_seen" for one in e["sample"]["latencies"]]
    names = dict.fromkeys([*baseline, *before, *after, *(one["name"] for one in samples)])
    found = []
    for name in names:
        looks = [one for one in samples if one["name"] == name]
        found.append(
            {
                "name": name,
                "url": (after.get(name) or before.get(name) or {"url": ""})["url"],
                "baseline": baseline.get(name),
                "before": before.get(name),
                "after": after.get(name),
                "looks": len(looks),
                "worst": max((one["milliseconds"] for one in looks), default=0.0),
                "problems": len([one for one in looks if one["problem"]]),
            }
        )
    return found


def flows(found: list[tuple[str, Json]]) -> list[Json]:
    """The last of each name."""
    names = dict.fromkeys(event["result"]["name"] for _, event in found)
    rows = []
    for name in names:
        mine = [(at, event["result"]) for at, event in found if event["result"]["name"] == name]
        rows.append({"at": mine[-1][0], "result": mine[-1][1], "times": len(mine)})
    return rows


def after(events: list[tuple[str, Json]]) -> Json | None:
    """The after-watch, from its first beginning to its last end."""
    starts = [(at, event) for at, event in events if event["type"] == "after_started"]
    if not starts:
        return None
    told = [event for _, event in events if event["type"] in ("after_started", "after_ended")]
    return {
        "started": starts[0][0],
        "until": starts[-1][1]["until"],
        "looks": sum(event["type"] == "after_seen" for _, event in events),
        "ended": told[-1].get("reason", ""),
        "found": [{"at": at, "finding": event["finding"]} for at, event in events if event["type"] == "after_found"],
    }


def notices(found: list[tuple[str, Json]]) -> list[Json]:
    """One a key: its last entry, and who sent it."""
    keys = dict.fromkeys(event["receipt"]["key"] for _, event in found)
    rows = []
    for key in keys:
        mine = [(at, event) for at, event in found if event["receipt"]["key"] == key]
        who = next((event["operator"] for _, event in mine if "operator" in event), "")
        rows.append({"at": mine[-1][0], "operator": who, "receipt": mine[-1][1]["receipt"]})
    return rows


def page_of(events: list[tuple[str, Json]]) -> Json | None:
    """When it was up, and for how long."""
    steps = [(at, event) for at, event in events if event["type"] in ("page_put", "page_taken", "page_seen")]
    if not steps:
        return None
    changes = [(at, event["type"] == "page_put") for at, event in steps if event["type"] != "page_seen"
               and not event.get("problem")]  # fmt: skip
    edges = [change for n, change in enumerate(changes) if n == 0 or changes[n - 1][1] != change[1]]
    edges = edges[1:] if edges and not edges[0][1] else edges
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    up = len(edges) % 2 == 1
    return {
        "steps": [{"at": at, "event": event} for at, event in steps],
        "up": edges[0][0] if edges else None,
        "down": None if up or not edges else edges[-1][0],
        "seconds": None if up else sum((when(end) - when(start)).total_seconds() for (start, _), (end, _) in pairs),
    }


def rollback(events: list[tuple[str, Json]]) -> Json | None:
    """The phrases and the steps."""
    typed = [{"at": at, "event": event} for at, event in events if event["type"] == "rollback_confirmed"]
    if not typed:
        return None
    steps = []
    for at, (moment, event) in enumerate(events):
        if event["type"] != "step_started":
            continue
        later = [one for _, one in events[at + 1 :] if one["type"] in ("step_started", "step_ended")]
        mine = [one for one in later if one["step"] == event["step"]]
        done = mine[0] if mine and mine[0]["type"] == "step_ended" else None
        detail = (done["detail"] if done else "") or event["detail"]
        steps.append(
            {"step": event["step"], "started": moment, "seconds": done["seconds"] if done else None, "detail": detail}
        )
    swaps = [event for _, event in events if event["type"] == "swapped"]
    return {"confirmed": typed, "steps": steps, "swapped": swaps[-1] if swaps else None}


def workflows(events: list[tuple[str, Json]]) -> list[Json]:
    """Each dispatch, with the last that was told of it under its own request."""
    found = []
    for at, event in events:
        if event["type"] != "dispatch_started":
            continue
        mine = [(when_, one) for when_, one in events if one.get("request") == event["request"] and when_ >= at]

        def last(kind: str, mine: list[tuple[str, Json]] = mine) -> tuple[str | None, Json | None]:
            of_kind = [(when_, one) for when_, one in mine if one["type"] == kind]
            return of_kind[-1] if of_kind else (None, None)

        sent, seen = last("dispatched")[1], last("workflow_seen")
        failed = last("dispatch_failed")
        taken_back = sent and failed[0] and last("dispatched")[0] > failed[0]
        found.append(
            {
                "started": event,
                "at": at,
                "run_id": sent["run_id"] if sent else 0,
                "url": sent["url"] if sent else "",
                "run": seen[1]["run"] if seen[1] else None,
                "jobs": seen[1]["jobs"] if seen[1] else [],
                "approvals": seen[1]["approvals"] if seen[1] else [],
                "seen_at": seen[0],
                "failed": None if taken_back else failed[1],
                "reviewed": last("deployment_reviewed")[1],
                "cancelled": last("workflow_cancelled")[1],
            }
        )
    return found


def fleet(events: list[tuple[str, Json]]) -> Json | None:
    """The last plan, and what came of each of its targets since."""
    plans = [at for at, (_, event) in enumerate(events) if event["type"] == "fleet_planned"]
    if not plans:
        return None
    planned, later = events[plans[-1]][1], events[plans[-1] + 1 :]
    targets = {}
    for plan in planned["targets"]:
        mine = [(at, event) for at, event in later if event.get("name") == plan["name"]]
        sent = [(at, event["request"]) for at, event in mine if event["type"] == "target_dispatching"]
        told = [(at, event) for at, event in mine if event["type"] in ("target_verified", "target_reopened")]
        verified = told[-1] if told and told[-1][1]["type"] == "target_verified" else (None, None)
        targets[plan["name"]] = {
            "plan": plan,
            "request": sent[-1][1] if sent else "",
            "begun_at": sent[-1][0] if sent else None,
            "verified": verified[1],
            "verified_at": verified[0],
        }
    stops = [event for _, event in later if event["type"] == "fleet_stopped"]
    return {"planned": planned, "targets": targets, "stopped": stops[-1] if stops else None}
