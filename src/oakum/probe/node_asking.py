"""Questions about objects of a Node.js program, put to its inspector: what they have, what a function says of them.

Source: chromedevtools.github.io/devtools-protocol (v8), the Runtime domain; v8, src/inspector/v8-debugger.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from oakum.model.errors import DataError
from oakum.probe.node_census_told import object_of, rows_of

GROUP, PASSING, LIVING = "oakum", "oakum-look", "oakum-living"
"""What the program keeps for us until the end; until the end of one look; and until it is counted."""

Ask: TypeAlias = Callable[[str, Mapping[str, object]], Mapping[str, object]]
"""Method, parameters → result. Raises TargetError."""


class Asking:
    """Every answer may raise TargetError, or DataError where it says something else than was asked."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def evaluated(self, expression: str) -> Mapping[str, object]:
        return self._ask("Runtime.evaluate", {"expression": expression, "objectGroup": GROUP, "silent": True})

    def call(self, name: str, code: str, *values: Mapping[str, object], group: str = PASSING) -> str:
        """The object that a function gives, "" for none."""
        asked = {"objectId": name, "functionDeclaration": code, "arguments": list(values), "objectGroup": group}
        told = self._ask("Runtime.callFunctionOn", {**asked, "silent": True})
        if "exceptionDetails" in told:
            raise DataError("its containers could not be counted", why=repr(told["exceptionDetails"])[:300])
        return str(object_of(told, "result").get("objectId", ""))

    def value(self, name: str, code: str, *values: object) -> Mapping[str, object]:
        """Its value; a text among ``values`` is an object's name."""
        given = [{"objectId": each} if isinstance(each, str) else {"value": each} for each in values]
        asked = {"objectId": name, "functionDeclaration": code, "arguments": given, "returnByValue": True}
        told = self._ask("Runtime.callFunctionOn", {**asked, "silent": True})
        value = object_of(told, "result").get("value")
        if "exceptionDetails" in told or not isinstance(value, dict):
            raise DataError("its containers could not be counted", why=repr(told)[:300])
        return value

    def properties(self, name: str) -> Mapping[str, object]:
        return self._ask("Runtime.getProperties", {"objectId": name, "ownProperties": True})

    def internal(self, name: str) -> dict[str, Mapping[str, object]]:
        rows = rows_of(self.properties(name), "internalProperties") if name else iter(())
        return {str(row.get("name")): object_of(row, "value") for row in rows}

    def listed(self, name: str) -> list[Mapping[str, object]]:
        """The elements of an array, in order."""
        rows = rows_of(self.properties(name), "result") if name else iter(())
        return [object_of(row, "value") for row in rows if str(row.get("name", "")).isdigit()]

    def found(self, prototype: str, group: str = PASSING) -> str:
        """An array of all objects that have it, by name. V8 collects first, several times."""
        asked = {"prototypeObjectId": prototype, "objectGroup": group}
        return str(object_of(self._ask("Runtime.queryObjects", asked), "objects").get("objectId", ""))

    def release(self, group: str) -> None:
        """What the program kept for it is let go."""
        self._ask("Runtime.releaseObjectGroup", {"objectGroup": group})
