"""GITHUB before the go: what is closed and what to do, then what the last look saw. Pure."""

from __future__ import annotations

from collections.abc import Callable

from dixis_tui.github import Look
from dixis_tui.i18n import _, sentence
from dixis_tui.model import CheckState
from dixis_tui.plan.checks import GITHUB_CODES, SPECS
from dixis_tui.run.state import CheckView, RunState
from dixis_tui.run.views import WorkflowView
from screens import github_words as told
from screens import words
from screens.cards import Line
from screens.spots import check_mark
from screens.view import View

Answer = tuple[Line, ...]
_BROKEN = (CheckState.FAILED, CheckState.UNKNOWN)
_BLOCKS = (("DX142",), ("DX143", "DX144", "DX145"), ("DX146",), ("DX147",), ("DX148",), ("DX149",), ("DX141",))
"""Checks that stand together, in the order in which they are asked for."""
_MOST = 8
"""Open runs and deployments that are listed one by one."""


def answer(view: View) -> Answer:
    """The clearest answer first: what is closed, and what to do."""
    state = view.state
    if state.run is None or not state.run.github:
        return (
            Line(_("No repository is named: a person answers for GitHub"), "strong", "○", "quiet"),
            Line(
                _('repository = "owner/name" under [github] in dixis.toml names it; then this looks by itself.'), "text"
            ),
        )
    if found := _shut(view):
        return found
    if any(check.state is CheckState.RUNNING for check in _checks(state)):
        return (Line(_("GitHub is being looked at"), "work", "◐", "work"),)
    if state.github is None:
        return (
            Line(_("Not looked at yet"), "strong", "○", "quiet"),
            Line(_("Preflight looks; r looks now. It only reads."), "text"),
        )
    warned = [check for check in _checks(state) if check.state is CheckState.WARNED]
    missing = state.github.look.missing
    if missing:
        lacks = words.joined(*(sentence(one) for one in missing))
        head = _("The token lacks {permissions}: not all could be seen").format(
            permissions=words.count(len(missing), "permission", "permissions")
        )
        return Line(head, "warn", "▲", "warn"), Line(
            _("Give it {lacks}. Then r looks again.").format(lacks=lacks), "text"
        )
    if warned:
        head = _("Open, with {warnings}").format(warnings=words.count(len(warned), "warning", "warnings"))
        return Line(head, "strong", "▲", "warn"), Line(_told(warned[0]), "text")
    if not any(check.at for check in _checks(state)):
        return (Line(_("Seen, and not judged yet: preflight does that"), "strong", "○", "quiet"),)
    return (Line(_("Everything on GitHub is as it should be"), "good", "✔", "good"),)


def _after_mute(state: RunState) -> str:
    """What comes after the remedy: a run keeps the token that it was started with."""
    again = _("r looks again; a new token is read at the next start.")
    return again if told.executes(state) else _("{again} Until then a person answers for it.").format(again=again)


def _shut(view: View) -> Answer:
    state = view.state
    look = state.github.look if state.github else None
    if look is not None and look.problem:
        remedy = f"{sentence(look.remedy)} " if look.remedy else ""
        return (
            Line(_("GitHub could not be asked: {problem}").format(problem=sentence(look.problem)), "bad", "✖", "bad"),
            Line(f"{remedy}{_after_mute(state)}", "text"),
        )
    closed = [check for check in _checks(state) if check.state in _BROKEN and check.spec.gate]
    if not closed:
        return ()
    if running := _clinic_runs(view, closed):
        return running
    names = " · ".join(f"{check.code} {_(check.spec.title)}" for check in closed)
    return Line(_("Closed: {names}").format(names=names), "bad", "✖", "bad"), Line(_told(closed[0]), "text")


def _clinic_runs(view: View, closed: list[CheckView]) -> Answer:
    """Where only the clinic is wanting, and runs: that is waited for."""
    ours = view.state.clinic
    if ours is None or not ours.open or [check.code for check in closed] != ["DX142"]:
        return ()
    at = told.working(ours.jobs)
    step = f"{told.place(*at)}{f', {at[1].name}' if at[1] else ''}" if at else _("it is waited for")
    since = told.whole(view.elapsed(ours.at))
    return Line(_("The clinic runs, started {since} ago").format(since=since), "work", "◐", "work"), Line(
        words.capital(step), "text"
    )


def _told(check: CheckView) -> str:
    evidence = f"{words.capital(sentence(check.evidence))}.".replace("..", ".") if check.evidence else ""
    return f"{evidence} {sentence(check.remedy)}".strip() or _(check.spec.looks)


def _checks(state: RunState) -> list[CheckView]:
    return [state.check(code) for code in GITHUB_CODES if (code, "") in state.checks]


# -- the facts


def rows(view: View) -> list[Line]:
    """A block for each question, those that are closed first; last of all the token, and when it was looked at."""
    state = view.state
    if state.run is None or not state.run.github:
        return _keys_of_the_file()
    blocks = sorted(_BLOCKS, key=lambda codes: not any(state.check(code).state in _BROKEN for code in codes))
    found: list[Line] = []
    long = False
    for codes in blocks:
        block = _block(view, codes)
        air = [Line("")] if found and (long or len(block) > 1) else []
        found, long = [*found, *air, *block], len(block) > 1
    return found


def _block(view: View, codes: tuple[str, ...]) -> list[Line]:
    look = view.state.github.look if view.state.github else None
    found: list[Line] = []
    for code in codes:
        check = view.state.check(code)
        mark = check_mark(view, check)
        found.append(Line(f"{code} {_(SPECS[code].title)}", "strong", mark.glyph, mark.tone, mark.word))
        facts = _facts(view, code, look)
        # What is well, and was seen, is told by the facts: once is enough.
        if check.evidence and not (check.state is CheckState.PASSED and facts):
            found.append(_fact(sentence(check.evidence), "text"))
        found += [_fact(sentence(check.remedy))] if check.remedy else []
        found += facts
    return found


def _facts(view: View, code: str, look: Look | None) -> list[Line]:
    if code == "DX142":
        return _clinic(view, look)
    if look is None or code not in _FACTS or (look.problem and code != "DX141"):
        return []
    return _FACTS[code](view, look)


def _fact(text: str, tone: str = "quiet") -> Line:
    return Line(f"  {text}", tone)


def _clinic(view: View, look: Look | None) -> list[Line]:
    """The run for this commit; one that was dispatched from here with its steps."""
    from screens.github_run import job_rows

    ours = view.state.clinic
    found: list[Line] = []
    seen = look.clinic if look else None
    if ours is not None:
        run = ours.run
        mark = told.mark(view, run) if run else None
        if ours.failed is not None:
            found.append(
                Line(
                    _("Not dispatched: {problem} {remedy}")
                    .format(problem=sentence(ours.failed.problem), remedy=sentence(ours.failed.remedy))
                    .rstrip(),
                    "text",
                    "✖",
                    "bad",
                )
            )
        elif run is None or mark is None:
            since = told.whole(view.elapsed(ours.at))
            found.append(
                Line(_("Dispatched {since} ago; its run was not seen yet").format(since=since), "text", "◐", "work")
            )
        else:
            found.append(
                Line(
                    _("Started from here: {run_words}").format(run_words=told.run_words(view, run)),
                    "text",
                    mark.glyph,
                    mark.tone,
                    mark.word,
                )
            )
            found += job_rows(view, ours)[0] if ours.open or not run.green else []
        if ours.url:
            found.append(_fact(ours.url))
        seen = None if run is not None and seen is not None and seen.id == run.id else seen
    if seen is not None:
        mark = told.mark(view, seen)
        found.append(Line(told.run_words(view, seen), "text", mark.glyph, mark.tone, mark.word))
        found.append(_fact(seen.url))
    elif ours is None and look is not None and not look.problem and not view.state.check("DX142").evidence:
        found.append(_fact(_("There is no run of the clinic for this commit."), "text"))
    return found


def _branch(view: View, look: Look) -> list[Line]:
    head = look.branch
    if head is None:
        return [_fact(_("The branch could not be seen."))]
    local = view.state.project.commit if view.state.project else ""
    lock = {
        True: _("nobody can push to it"),
        False: _("it can be pushed to"),
        None: _("whether it is locked is not told"),
    }
    ours = _("; here {local}").format(local=told.sha(local)) if local else ""
    return [
        _fact(
            _("{name} is at {sha}{ours}; {lock}.").format(
                name=head.name, sha=told.sha(head.sha), ours=ours, lock=lock[head.locked]
            ),
            "text",
        )
    ]


def _secrets(view: View, look: Look) -> list[Line]:
    """The two that are asked for, wherever they are; of others their number alone."""
    if look.secrets is None:
        return [_fact(_("Their names can't be seen with this token."), "text")]
    wanted = [name.upper() for name in told.secret_names(view.state)]
    found = [
        Line(
            f"  {one.name}",
            "text",
            right=_("{where}, changed {day}").format(where=sentence(one.where), day=told.day(view, one.updated)),
        )
        for one in look.secrets
        if one.name.upper() in wanted
    ]
    others = len(look.secrets) - len(found)
    return [
        *found,
        *(
            [
                _fact(
                    _("{other_secrets} beside.").format(
                        other_secrets=words.count(others, "other secret", "other secrets")
                    )
                )
            ]
            if others
            else []
        ),
    ]


def _workflow(_view: View, look: Look) -> list[Line]:
    seen = look.migrate
    if seen is None:
        return [_fact(_("The workflow's file was not found on the branch."), "text")]
    kind = _("active") if seen.active else _(seen.state.replace("_", " "))
    kind += "" if seen.dispatchable else _(", takes no dispatch")
    inputs = _("not known: the file could not be read") if seen.inputs is None else ", ".join(seen.inputs) or _("none")
    return [_fact(f"{seen.name}, {seen.path}: {kind}.", "text"), _fact(_("Inputs: {inputs}.").format(inputs=inputs))]


def _environment(_view: View, look: Look) -> list[Line]:
    if look.environment is None:
        return [_fact(_("No environment was seen."))]
    name, *rest = told.environment_words(look.environment)
    return [_fact(f"{look.environment.name}: {name}", "text"), *([_fact(" ".join(rest))] if rest else [])]


def _under_way(view: View, look: Look) -> list[Line]:
    found: list[Line] = []
    for run in look.open_runs[:_MOST]:
        mark = told.mark(view, run)
        found.append(
            Line(f"{words.cut(run.title, 80)}, {told.run_words(view, run)}", "text", mark.glyph, mark.tone, mark.word)
        )
    for one in look.deployments[:_MOST]:
        by = _(" by {creator}").format(creator=one.creator) if one.creator else ""
        of = _(" of {ref}").format(ref=one.ref) if one.ref else ""
        text = _("deployment {id} to {environment}{of}{by} {ago}").format(
            id=one.id, environment=one.environment, of=of, by=by, ago=told.ago(view, one.created)
        )
        found.append(Line(text.rstrip(), "text", "◐", "work", _(one.state.replace("_", " "))))
    return found or [_fact(_("No run of the workflow and no deployment is open."))]


def _access(view: View, look: Look) -> list[Line]:
    """Whose token, what it lacks, what is left of the hour's requests, and when this was seen."""
    found: list[Line] = []
    whose = _(" of {login}").format(login=look.login) if look.login else ""
    token = (
        _("token{whose} from {token_from}").format(whose=whose, token_from=look.token_from)
        if look.token_from
        else _("no token: set GITHUB_TOKEN, or log in with gh")
    )
    found.append(
        _fact(
            _("{repository} on {host}, {token}").format(repository=look.repository, host=look.host, token=token), "text"
        )
    )
    found += [
        Line(_("lacks {permission}").format(permission=sentence(one)), "text", "✖", "bad") for one in look.missing
    ]
    if look.rate:
        full = _(", full again at {time}").format(time=view.at(look.rate.resets)) if look.rate.resets else ""
        low = look.rate.remaining * 20 < look.rate.limit
        left = _("{remaining} of {limit} requests left{full}").format(
            remaining=words.number(look.rate.remaining), limit=words.number(look.rate.limit), full=full
        )
        found.append(Line(left, "text", "▲", "warn") if low else _fact(left))
    if abs(look.skew_seconds) >= _SKEW:
        text = _("This machine's clock is {time} behind GitHub's.")
        if look.skew_seconds > 0:
            text = _("This machine's clock is {time} ahead of GitHub's.")
        text = text.format(time=told.whole(abs(look.skew_seconds)))
        found.append(Line(text, "text", "▲", "warn"))
    return found


_SKEW = 5.0
_FACTS: dict[str, Callable[[View, Look], list[Line]]] = {
    "DX143": _branch,
    "DX146": _secrets,
    "DX147": _workflow,
    "DX148": _environment,
    "DX149": _under_way,
    "DX141": _access,
}
"""What the look saw, by the check that it belongs to."""


def seen_words(view: View, workflow: WorkflowView | None = None) -> str:
    """`seen 22:41:07, 3 m 05 s ago`: the repository, or this run; or that it was not looked at."""
    if view.state.run is None or not view.state.run.github:
        return ""
    at = workflow.seen_at if workflow else view.state.github_at
    return (
        _("seen {time}, {elapsed} ago").format(time=view.at(at, seconds=True), elapsed=told.whole(view.elapsed(at)))
        if at
        else _("not seen yet")
    )


def _keys_of_the_file() -> list[Line]:
    return [
        Line(_("The keys of [github] in dixis.toml:"), "quiet"),
        *(
            Line(f"  {key}: {what}", "text")
            for key, what in (
                ("repository", _("owner/name: all else follows from it")),
                ("branch", _("what is deployed; main")),
                ("migrate_workflow", _("the manual workflow; prod-migration.yml")),
                ("clinic_workflow", _("the Migration Clinic; migration-clinic.yml")),
                ("environment", _("whose reviewers approve; production")),
                ("secret", _("the database's URL there; DATABASE_URL_PROD")),
            )
        ),
        Line(_("The token comes from GITHUB_TOKEN, GH_TOKEN or `gh auth token`; it is written nowhere."), "quiet"),
    ]
