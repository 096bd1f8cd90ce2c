"""Naming a provider's snapshot as a way back: its id, when it was taken, and where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from dixis_tui.i18n import _, sentence
from dixis_tui.run import policy
from dixis_tui.run.commands import NameSnapshot
from dixis_tui.secrets import clean
from screens import words
from screens.dialog import Dialog, Words, key_row
from screens.widgets.painted import line

FORM = "%Y-%m-%d %H:%M"
_FIELDS = ("id", "taken", "where")
_LONGEST = 200


def taken_at(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """The moment (UTC) that was typed as local time of the window, or why it is none."""
    try:
        local = datetime.strptime(text.strip(), FORM).replace(tzinfo=zone)
    except ValueError:
        return None, _("Write when it was taken as {time}.").format(time=f"{now.astimezone(zone):{FORM}}")
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        return None, _("That time does not exist on that day: the clocks go forward.")
    if moment > now:
        return None, _("That is in the future.")
    return moment, ""


class SnapshotScreen(Dialog):
    """Nothing of it is seen or proven here, and that is said."""

    AUTO_FOCUS = "#id"

    def compose(self) -> ComposeResult:
        """Three lines to fill in."""
        run = self.view.state.run
        city = words.city(run.timezone) if run else "UTC"
        with Vertical(classes="dialog") as box:
            box.border_title = _("PROVIDER SNAPSHOT")
            yield Words(line((_("A snapshot that you took at the provider, as one more way back."), "text")))
            yield Words(line((_("Its restore is not proven here, and the board says so."), "warn")))
            now = f"{self.view.now.astimezone(self.view.zone):{FORM}}"
            labels = (
                (_("Id"), _("as the console shows it")),
                (_("Taken at, {city} time").format(city=city), now),
                (_("Where"), _("console, project")),
            )
            for field, (label, hint) in zip(_FIELDS, labels, strict=True):
                yield Words(line((label, "quiet")))
                yield Input(placeholder=hint, compact=True, id=field, max_length=_LONGEST)
            yield Words(id="says", classes="says")
            yield Words(
                key_row(("enter", _("next, then name it")), ("tab", _("next")), ("esc", _("no"))), classes="keys"
            )

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        given = {field: clean(self.query_one(f"#{field}", Input).value).strip() for field in _FIELDS}
        empty = next((field for field in _FIELDS if not given[field]), "")
        if empty:
            here = event.input.id == empty
            self._refuse(empty, _("It needs all three: id, time and place.") if here else "")
            return
        moment, problem = taken_at(given["taken"], self.view.zone, self.view.now)
        if moment is None:
            self._refuse("taken", problem)
            return
        command = NameSnapshot(id=given["id"], taken_at=moment, where=given["where"], operator=self.view.operator)
        if refused := policy.refusal(self.view.state, command):
            self._refuse(_FIELDS[0], sentence(refused))
            return
        self.dismiss()
        self.cockpit_app.ask(command, _("name the snapshot"))

    def _refuse(self, field: str, why: str) -> None:
        self.query_one(f"#{field}", Input).focus()
        self.query_one("#says", Words).put(line((f"▲ {why}" if why else "", "warn")))
