"""How many members the containers of a Node.js program have, and how many later, asked of its inspector: no snapshot.

Source: chromedevtools.github.io/devtools-protocol (v8), the Runtime domain; v8, src/inspector/v8-debugger.cc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.cause import CodePlace
from oakum.model.errors import OakumError
from oakum.probe.node_asking import GROUP, LIVING, PASSING, Ask, Asking
from oakum.probe.node_built_ins import BUILT_INS, NAMES, TYPES, replaced
from oakum.probe.node_census_told import (
    TIMERS,
    GrownContainer,
    Walked,
    location_of,
    maker_of,
    name_of,
    number_of,
    object_of,
    rows_of,
    steps_of,
    walked_of,
)
from oakum.probe.node_profile import NAMELESS, Frame
from oakum.probe.node_promises import NodePromises
from oakum.probe.node_walk import LOOK

WHAT: Final = "how many members its containers have"
MOST_PLACED: Final = 600
"""So many functions are asked where they are written, at most."""

MOST_FUNCTIONS: Final = 64
MOST_ROUNDS: Final = 8
MOST_MISSED: Final = 8
TIMER_BYTES: Final = 144
"""Of a timer itself, with its place in a list."""

WITHIN: Final = ("[[PromiseResult]]", "[[BoundThis]]", "[[BoundArgs]]")
"""What no property leads to: of a promise, and of a function that ``bind`` made."""

MOST_CAUGHT: Final = 24
MOST_GROWN: Final = 8


class NodeCensus:
    """Two looks into one thread. ``frames``: the application's functions, most bytes first.

    Between the looks nothing of the program is held but some of its functions; after ``close``, nothing.
    """

    def __init__(self, ask: Ask, frames: Sequence[Frame]) -> None:
        self._asking, self._frames = Asking(ask), frames
        self._files = {frame.script: frame.place.file for frame in frames}
        self._means = ""
        self._kept = self._look = ""
        self._met: set[tuple[str, int | str]] = set()

    def begin(self) -> Absent | None:
        """Raises TargetError, DataError."""
        for owner, names in BUILT_INS.items():
            name = str(object_of(self._asking.evaluated(owner), "result").get("objectId", ""))
            if owner == TYPES and not name:
                continue
            own = replaced(names, rows_of(self._asking.properties(name), "result") if name else ())
            if own:
                whose = NAMES.get(owner, owner)
                why = f"the program has put code of its own in the place of built-in functions: {own} of {whose}"
                return Absent(WHAT, AbsentKind.NOT_APPLICABLE, why)
        told = object_of(self._asking.evaluated(LOOK), "result")
        if "objectId" not in told:
            return Absent(WHAT, AbsentKind.NOT_APPLICABLE, str(told.get("value") or told.get("description"))[:300])
        self._means = str(told["objectId"])
        return None

    def reach(self) -> int:
        """Functions of the application that can be reached from its open handles: how many. It does not stand still."""
        look = self._asking.call(self._means, "function() { return this.make(true); }")
        self._asking.call(look, "function() { this.handles(); this.globals(); }")
        left, all_found, foreign = MOST_PLACED, list[str](), list[str]()
        for _ in range(MOST_ROUNDS):
            codes = self._asking.listed(self._asking.call(look, "function() { return this.codes(); }"))[:left]
            left -= len(codes)
            found = self._own(codes)
            all_found += found
            foreign += [str(told["objectId"]) for told in codes if told.get("objectId") not in found]
            if found:
                self._enter(look, self._scopes(found))
            elif foreign:
                # What a package or Node.js itself was given to call stands in the variables of its own functions.
                caught = [scope for name in foreign for scope in self._caught_by(self._asking.internal(name))[:-1]]
                self._enter(look, [("", scope) for scope in caught])
                foreign = []
            else:
                break
        return self._remember(all_found)

    def query(self) -> int:
        """All functions of the heap that the profile met, by their names. V8 collects first, several times."""
        code = object_of(self._asking.evaluated("Function.prototype"), "result")["objectId"]
        functions = self._asking.found(str(code))
        self._asking.call(self._means, "function(found) { this.functions = found; }", {"objectId": functions})
        names = sorted({"" if frame.place.function == NAMELESS else frame.place.function for frame in self._frames})
        named = self._asking.listed(
            self._asking.call(self._means, "function(names) { return this.named(names); }", {"value": names})
        )
        return self._remember(self._own(named[:MOST_PLACED]))

    def _remember(self, functions: Sequence[str]) -> int:
        codes = [{"objectId": name} for name in functions[:MOST_FUNCTIONS]]
        self._asking.call(self._means, "function(...codes) { this.remember(...codes); }", *codes)
        self._pass()
        return len(codes)

    def _pass(self) -> None:
        self._asking.release(PASSING)

    @property
    def missed(self) -> bool:
        """Whether a function that allocates much was not reached: its variables are not walked from."""
        first = [frame for frame in self._frames[:MOST_MISSED] if frame.place.function != NAMELESS]
        return not all({(f.script, f.place.line), (f.script, f.place.function)} & self._met for f in first)

    def _own(self, functions: Sequence[Mapping[str, object]]) -> list[str]:
        """Those of the application, by where they are written."""
        found = []
        for told in functions:
            name = str(told.get("objectId", ""))
            place = location_of(self._asking.internal(name))
            if place is not None and place[0] in self._files:
                self._met |= {place, (place[0], name_of(told))}
                found.append(name)
        return found

    def _names(self, array: str) -> list[str]:
        return [str(told["objectId"]) for told in self._asking.listed(array) if "objectId" in told]

    def first(self) -> Walked:
        """Remembers what there is, weakly. Raises TargetError, DataError."""
        look = self._walk()
        self._kept = self._asking.call(look, "function() { return this.keep(); }", group=GROUP)
        self._pass()
        return walked_of(self._asking.value(self._kept, "function() { return this.told; }"))

    def second(self, least: int) -> Walked:
        """Of those that are there still, and gained ``least`` members or more."""
        look = self._look = self._walk()
        told = self._asking.value(look, "function(kept, least) { return this.grown(kept, least); }", self._kept, least)
        walked = walked_of(told)
        rows = told.get("grown")
        found = [self._weighed(look, row) for row in (rows if isinstance(rows, list) else ())[:MOST_GROWN]]
        return replace(walked, grown=tuple(found))

    def timers(self, gained: int) -> GrownContainer | None:
        """After the second look: the timers that wait for the commonest callback, where ``gained`` more wait than
        before. V8 collects first, as for ``query``. None where there are none, or the program has its own.
        """
        kind = self._asking.call(self._means, "function() { return this.timeouts(); }")
        timers = self._asking.found(kind)
        told = self._asking.value(self._look, "function(timers) { return this.waiting(timers); }", timers)
        count = number_of(told, "count")
        if not count:
            return None
        counts = {"before": max(0, count - gained), "after": count, "asked": 0, "gone": 0}
        found = self._weighed(self._look, {"turn": told["turn"], "kind": TIMERS, **counts})
        return replace(found, item_bytes=found.item_bytes + TIMER_BYTES)

    def promises(self) -> NodePromises:
        """After the second look."""
        return NodePromises(self._asking, self._look, self._kept, self._weighed)

    def close(self) -> None:
        """What was remembered is let go."""
        for group in (LIVING, PASSING, GROUP):
            with suppress(OakumError):
                self._asking.release(group)

    def _walk(self) -> str:
        look = self._asking.call(self._means, "function() { return this.make(false); }")
        self._enter(
            look, self._scopes(self._names(self._asking.call(self._means, "function() { return this.codes; }")))
        )
        self._asking.call(look, "function() { this.globals(); }")
        for _ in range(2):
            self._confess(look)
        return look

    def _enter(self, look: str, scopes: Sequence[tuple[str, str]]) -> None:
        values = [{"objectId": name} for _, name in scopes]
        roots = {"value": [file for file, _ in scopes]}
        self._asking.call(look, "function(roots, ...scopes) { this.enter(roots, ...scopes); }", roots, *values)

    def _scopes(self, functions: Sequence[str]) -> list[tuple[str, str]]:
        """(file, object) of each scope, outermost first: what all of a module sees has its name from there."""
        levels: dict[int, list[tuple[str, str]]] = {}
        for function in functions:
            internal = self._asking.internal(function)
            place = location_of(internal)
            file = self._files.get(place[0], "") if place is not None else ""
            for level, scope in enumerate(reversed(self._caught_by(internal))):
                levels.setdefault(level, []).append((file, scope))
        return [scope for level in sorted(levels) for scope in levels[level]]

    def _caught_by(self, internal: Mapping[str, Mapping[str, object]]) -> list[str]:
        """The scopes of a function, innermost first, without those that all programs have."""
        return [str(scope["objectId"]) for scope in self._scopes_of(internal)]

    def _scopes_of(self, internal: Mapping[str, Mapping[str, object]]) -> list[Mapping[str, object]]:
        name = internal.get("[[Scopes]]", {}).get("objectId")
        told = self._asking.listed(str(name)) if name else []
        return [
            scope
            for scope in told
            if "objectId" in scope and not str(scope.get("description", "")).startswith(("Global", "Script", "With"))
        ]

    def _confess(self, look: str) -> None:
        """Private fields, which no code outside of a class can read: the inspector can."""
        told = self._asking.listed(self._asking.call(look, "function() { return this.secrets(); }"))
        at: list[object] = []
        names: list[str] = []
        values: list[Mapping[str, object]] = []
        for place, instance in zip(told[::2], told[1::2], strict=False):
            if "objectId" not in instance:
                continue
            for row in rows_of(self._asking.properties(str(instance["objectId"])), "privateProperties"):
                value = row.get("value")
                if isinstance(value, dict) and "objectId" in value and value.get("subtype") != "proxy":
                    at.append(place.get("value"))
                    names.append(str(row.get("name", "")))
                    values.append({"objectId": value["objectId"]})
        call = "function(at, names, ...values) { this.confess(at, names, ...values); }"
        if values:
            self._asking.call(look, call, {"value": at}, {"value": names}, *values)

    def _weighed(self, look: str, row: Mapping[str, object]) -> GrownContainer:
        turn, before = number_of(row, "turn"), number_of(row, "before")
        weigh = "function(turn, start) { return this.weigh(turn, start); }"
        kind = self._asking.value(look, weigh, turn, before).get("type")
        owner = self._asking.call(look, f"function() {{ return this.owner({turn}); }}")
        place = location_of(self._asking.internal(owner))
        calls = self._weigh_caught(look)
        told = self._asking.value(look, "function() { return {weights: this.weights()}; }").get("weights")
        parts = [[float(part) for part in each] for each in told] if isinstance(told, list) and told else [[0.0] * 4]
        own, outside, caught, hidden = (sum(max(0.0, part[at]) for part in parts) / len(parts) for at in range(4))
        return GrownContainer(
            path=tuple(steps_of(row.get("path"))),
            kind=str(row.get("kind", "")),
            of=str(row.get("of", "")),
            before=before,
            after=number_of(row, "after"),
            asked=number_of(row, "asked"),
            gone=number_of(row, "gone"),
            item_type=str(kind or ""),
            item_bytes=own + outside,
            outside_bytes=outside,
            caught_share=caught / own if own > 0 else 0.0,
            hidden_share=hidden,
            calls=calls if kind == "function" else None,
            owner_file=self._files.get(place[0], "") if place is not None else "",
            same=row.get("same") is not False,
        )

    def _weigh_caught(self, look: str) -> CodePlace | None:
        """Adds what functions among the members have caught or are bound to, and what promises among them were
        fulfilled with; where most of the functions are written.
        """
        told = self._asking.listed(self._asking.call(look, "function() { return this.functions(); }"))
        turns: list[object] = []
        scopes: list[Mapping[str, object]] = []
        places: list[CodePlace] = []
        owners: list[object] = []
        values: list[Mapping[str, object]] = []
        for turn, function in list(zip(told[::2], told[1::2], strict=False))[:MOST_CAUGHT]:
            internal = self._asking.internal(str(function.get("objectId", "")))
            place = location_of(internal)
            caught = self._scopes_of(internal)
            if place is not None and place[0] in self._files:
                maker = maker_of(scope.get("description") for scope in caught)
                name = self._name(function) + (f" (made in {maker})" if maker else "")
                places.append(CodePlace(self._files[place[0]], place[1], name))
            for scope in caught:
                turns.append(turn.get("value"))
                scopes.append({"objectId": str(scope["objectId"])})
            for inner in (internal.get(name, {}) for name in WITHIN):
                if "objectId" in inner and inner.get("subtype") != "proxy":
                    owners.append(turn.get("value"))
                    values.append({"objectId": inner["objectId"]})
        if scopes:
            self._asking.call(
                look, "function(turns, ...scopes) { this.caught(turns, ...scopes); }", {"value": turns}, *scopes
            )
        if values:
            self._asking.call(
                look, "function(turns, ...values) { this.within(turns, ...values); }", {"value": owners}, *values
            )
        return max(places, key=places.count, default=None)

    def _name(self, function: Mapping[str, object]) -> str:
        """By its text; by its property where that says nothing."""
        named = name_of(function)
        if named != NAMELESS:
            return named
        rows = rows_of(self._asking.properties(str(function.get("objectId", ""))), "result")
        own = next((object_of(row, "value").get("value") for row in rows if row.get("name") == "name"), None)
        return name_of(function, own)
