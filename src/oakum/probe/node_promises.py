"""Promises of a Node.js program that live on although no variable leads to them, counted twice by its inspector.

A reaction stands in a promise where no property leads to (ECMA-262, 27.2.6, [[PromiseFulfillReactions]]). The inspector
tells whether a promise is pending and what it was fulfilled with, and not what waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from oakum.probe.node_asking import LIVING, Asking
from oakum.probe.node_census_told import PROMISES, GrownContainer, Step, number_of, object_of, steps_of

PROMISE_BYTES: Final = 200
"""Of a promise with what one reaction takes that keeps it: two functions, their scope, the reaction."""


class NodePromises:
    """``look``, ``kept``: names of the second look, and of what was remembered at the first. ``weigh``: of one row."""

    def __init__(
        self, asking: Asking, look: str, kept: str, weigh: Callable[[str, Mapping[str, object]], GrownContainer]
    ) -> None:
        self._asking, self._look, self._kept, self._weigh = asking, look, kept, weigh

    def counted(self, apart: Callable[[], float]) -> tuple[GrownContainer | None, float]:
        """(those that no variable leads to, then and now; the seconds between), None where they became no more.

        V8 collects first, each time. ``apart`` lets time pass and says how much. Raises TargetError, DataError.
        """
        kind = str(object_of(self._asking.evaluated("Promise.prototype"), "result").get("objectId", ""))
        before, _ = self._living(kind)
        self._let_go()
        seconds = apart()
        after, turn = self._living(kind)
        try:
            if after <= before:
                return None, seconds
            row = {"turn": turn, "kind": PROMISES, "before": 0, "after": after, "asked": 0, "gone": 0}
            found = self._weigh(self._look, row)
        finally:
            self._let_go()
        return replace(found, before=before, item_bytes=found.item_bytes + PROMISE_BYTES), seconds

    def _living(self, kind: str) -> tuple[int, int]:
        """(how many, the place of them all). The program holds them until they are let go."""
        found = self._asking.found(kind, LIVING)
        told = self._asking.value(self._look, "function(promises) { return this.living(promises); }", found)
        return number_of(told, "count"), number_of(told, "turn")

    def _let_go(self) -> None:
        self._asking.value(self._look, "function() { return this.forget(); }")
        self._asking.release(LIVING)

    def pending(self) -> list[tuple[Step, ...]]:
        """Ways to those that variables lead to and that were pending at the first look and are now."""
        waited = "function(kept) { return this.waited(kept); }"
        told = self._asking.listed(self._asking.call(self._look, waited, {"objectId": self._kept}))
        found = []
        for at, promise in zip(told[::2], told[1::2], strict=False):
            state = self._asking.internal(str(promise.get("objectId", ""))).get("[[PromiseState]]", {}).get("value")
            if state == "pending":
                way = "function(at) { return this.way(at); }"
                path = self._asking.value(self._look, way, number_of(at, "value")).get("path")
                found.append(tuple(steps_of(path)))
        return found
