"""A rollback's steps: each is in the journal before its deed and after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from dixis_tui import events as ev
from dixis_tui.model import Step
from dixis_tui.run.context import Context


class Detail:
    """What a step has to say once it is done."""

    text = ""


@contextmanager
def step(context: Context, name: Step, begins: str = "") -> Iterator[Detail]:
    """Journal a step around its work; one that failed has no end. A stop that was asked is heeded before it begins."""
    context.safe_point()
    words = context.log.redactor.line
    context.emit(ev.StepStarted(step=name, detail=words(begins)))
    began, detail = time.monotonic(), Detail()
    yield detail
    context.emit(ev.StepEnded(step=name, seconds=time.monotonic() - began, detail=words(detail.text)))
