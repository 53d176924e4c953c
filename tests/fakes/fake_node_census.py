"""What the inspector of a Node.js says when its containers are counted: one function, one scope, rows as given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oakum.probe.node_built_ins import BUILT_INS

LOCATION = "[[FunctionLocation]]"


@dataclass
class FakeCensus:
    """``grown``: rows of the second look. ``weights``: of each member that is weighed: bytes, outside, caught, hidden.

    ``timers``: that wait at each look. ``promises``: that no variable leads to, each time they are counted;
    ``pending``: paths to those that stay pending. ``replaced``: built-in functions. ``owned``: whether the
    class is met that has the container. ``takes_s``: each question, by ``clock``.
    ``reached``: whether the function is met from an open handle. ``refuses``: what it says in place of its means.
    """

    grown: Sequence[Mapping[str, object]] = ()
    weights: Sequence[Sequence[float]] = ((1000.0, 0.0, 0.0, 0.0),)
    script: str = "1"
    reached: bool = True
    refuses: str = ""
    timers: list[int] = field(default_factory=lambda: [0, 0])
    promises: list[int] = field(default_factory=lambda: [0, 0])
    pending: Sequence[Sequence[Sequence[str]]] = ()
    held: set[str] = field(default_factory=set)
    queried: int = 0
    takes_s: float = 0.0
    replaced: Sequence[str] = ()
    owned: bool = True
    clock: object = None

    def ask(self, method: str, given: Mapping[str, object]) -> Mapping[str, object]:
        if self.clock is not None:
            self.clock.pass_by(self.takes_s)
        group = str(given.get("objectGroup", ""))
        if method == "Runtime.releaseObjectGroup":
            self.held.discard(group)
            return {}
        if group:
            self.held.add(group)
        if method == "Runtime.queryObjects":
            self.queried += 1
            self.reached = True
            return {"objects": {"objectId": "functions"}}
        if method == "Runtime.getProperties":
            return self._properties(str(given["objectId"]))
        if method == "Runtime.evaluate":
            means = "make" in str(given["expression"]) and self.refuses
            return {"result": {"type": "string", "value": self.refuses} if means else {"objectId": "means"}}
        return {"result": self._called(str(given["functionDeclaration"]), by_value="returnByValue" in given)}

    def _properties(self, name: str) -> Mapping[str, object]:
        if name == "means":
            code = {"type": "function", "description": "function own() { [native code] }"}
            put = {"type": "function", "description": "function put() { return 1; }"}
            names = {name for names in BUILT_INS.values() for name in names}
            return {"result": [{"name": name, "value": put if name in self.replaced else code} for name in names]}
        if name == "met":
            turn = {"name": "0", "value": {"type": "number", "value": 0}}
            return {"result": [turn, {"name": "1", "value": {"objectId": "put", "description": "function put(key) {"}}]}
        if name == "codes":
            code = {"name": "0", "value": {"objectId": "put", "description": "function put(key) {"}}
            return {"result": [code] if self.reached else []}
        if name == "waited":
            rows = [({"value": at}, {"objectId": "promise"}) for at in range(len(self.pending))]
            return {"result": [{"name": str(at), "value": value} for at, value in enumerate(sum(rows, ()))]}
        if name == "promise":
            return {"internalProperties": [{"name": "[[PromiseState]]", "value": {"value": "pending"}}]}
        if name == "put":
            place = {"scriptId": self.script, "lineNumber": 1, "columnNumber": 0}
            inside = [{"name": LOCATION, "value": {"value": place}}]
            return {"internalProperties": [*inside, {"name": "[[Scopes]]", "value": {"objectId": "scopes"}}]}
        scope = {"name": "0", "value": {"objectId": "scope", "description": "Closure"}}
        return {"result": [scope] if name == "scopes" else []}

    def _called(self, code: str, *, by_value: bool) -> Mapping[str, object]:
        if not by_value:
            if "owner" in code:
                return {"objectId": "put"} if self.owned else {"type": "undefined"}
            if "waited" in code:
                return {"objectId": "waited"}
            made = [name for name in ("codes", "named") if name in code]
            return {"objectId": "codes" if made else "met" if "this.functions()" in code else "look"}
        walked = {"objects": 900, "containers": 7, "cut": False, "timers": self.timers["grown" in code]}
        if "living" in code or "waiting" in code:
            return {"value": {"turn": 0, "count": self.promises.pop(0) if "living" in code else self.timers[1]}}
        if "way" in code:
            return {"value": {"path": self.pending[0]}}
        if "weights" in code:
            return {"value": {"weights": self.weights}}
        if "weigh" in code:
            return {"value": {"type": "function" if self.timers[1] else "Quote"}}
        return {"value": {**walked, "grown": self.grown} if "grown" in code else walked}


def row(*path: Sequence[str], before: int, after: int, gone: int = 0, kind: str = "Map") -> Mapping[str, object]:
    """``path``: (kind, name, class that it leads from) of each step; of variables the name is ``FILE:NAME``."""
    steps = [[*step, "object"] for step in path]
    counts = {"before": before, "after": after, "asked": 24, "gone": gone}
    return {"turn": 0, "path": steps, "kind": kind, "of": kind, **counts}
