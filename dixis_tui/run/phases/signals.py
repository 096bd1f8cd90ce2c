"""A person cancels what blocks us, or ends its session: journaled before and after."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.locks import Peer
from dixis_tui.postgres import signals
from dixis_tui.postgres.session import connect
from dixis_tui.run.commands import SignalBackend
from dixis_tui.run.context import Context


def signal(context: Context, command: SignalBackend) -> str:
    """Send it; "" where it went out, else a sentence. The policy has looked at the command already."""
    state, url = context.settled(), context.watched_url
    seen = (*(state.radar.blockers if state.radar else ()), *state.blockers)
    peer = next((one for one in seen if one.pid == command.pid), None)
    if peer is None or url is None:
        return f"Backend {command.pid} does not block us (any more). Nothing was done."
    who = context.log.redactor.line(_who(peer))
    context.log.line("operator", f"{command.operator} asks to {command.how} backend {peer.pid}: {who}", "warning")

    def event(done: bool | None, reason: str = "") -> ev.BackendSignalled:
        return ev.BackendSignalled(
            pid=peer.pid, how=command.how, operator=command.operator, who=who, done=done, reason=reason
        )

    context.emit(event(None))
    # Who blocked the last try and blocks nobody now is only ended where it still is where it was.
    unmoved = state.radar is None or peer not in state.radar.blockers
    deed = signals.cancel if command.how == "cancel" else signals.terminate
    try:
        with connect(url, purpose="signal", statement_timeout_seconds=10) as session:
            done = deed(session, peer, unmoved=unmoved)
    except DixisError as error:
        reason = context.log.redactor.line(f"{error}. {error.remedy}".strip())
        context.emit(event(False, reason))
        return reason
    context.emit(event(done))
    return "" if done else f"The server did not signal backend {peer.pid}: it is gone."


def _who(peer: Peer) -> str:
    place = f" from {peer.address}" if peer.address else ""
    return f"{peer.application or 'no name'}, user {peer.user or 'unknown'}{place}, {peer.state}: {peer.query}"
