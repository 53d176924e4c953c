"""What is printed of a cluster that was named by its context: kubectl's own current one may be another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from shlex import quote
from typing import Final

from oakum.model.absent import Absent
from oakum.model.assessment import Investigation
from oakum.model.errors import OakumError
from oakum.model.scan import Scan
from oakum.model.step import Plan, Step

_KUBECTL: Final = re.compile(r"\bkubectl (?!--context[ =]|config |oakum )(?=[a-z-])")
"""What kubectl does with its own configuration, and we as its plugin, is of no cluster."""


@dataclass(frozen=True, slots=True)
class InContext:
    """``context``: that was given with the target or the source; None: nobody named one, and nothing is changed."""

    context: str | None

    def command(self, text: str) -> str:
        """Each kubectl in it asks the cluster that was meant."""
        if not self.context:
            return text
        named = f"kubectl --context {quote(self.context)} "
        return _KUBECTL.sub(lambda _: named, text)

    def absent(self, absent: Absent) -> Absent:
        return replace(absent, get=self.command(absent.get))

    def step(self, step: Step) -> Step:
        return replace(step, command=self.command(step.command), undo=self.command(step.undo))

    def plan(self, plan: Plan) -> Plan:
        return Plan(tuple(map(self.step, plan.steps)))

    def investigation(self, found: Investigation) -> Investigation:
        return replace(found, absent=tuple(map(self.absent, found.absent)), plan=self.plan(found.plan))

    def scan(self, found: Scan) -> Scan:
        return replace(found, absent=tuple(map(self.absent, found.absent)))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Of what is done within it."""
        try:
            yield
        except OakumError as exc:
            exc.next_step = self.command(exc.next_step)
            raise
