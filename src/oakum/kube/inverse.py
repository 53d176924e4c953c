"""A strategic merge patch beside the object that it changes: does it hold already, and what undoes it?

As the API merges: tables key by key, None takes a key away, lists of tables with names by name, other lists whole.
Source: k8s.io/apimachinery pkg/util/strategicpatch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from oakum.kube.quantity import parse_quantity

DIRECTIVE: Final = "$patch"
GONE: Final = {DIRECTIVE: "delete"}


def holds(change: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether the patch would change nothing."""
    return all(_holds(name, wanted, body.get(name)) for name, wanted in change.items())


def inverse(change: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The patch that brings back what ``body`` has there, and touches nothing else."""
    return {name: _inverse(wanted, body.get(name)) for name, wanted in change.items()}


def _holds(name: str, wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Mapping):
        return holds(wanted, found if isinstance(found, Mapping) else {})
    if _by_name(wanted):
        have = _named(found)
        return all(
            each["name"] not in have if _goes(each) else each["name"] in have and holds(each, have[each["name"]])
            for each in wanted
        )
    if name == "memory" and isinstance(wanted, str) and isinstance(found, str):
        # The API server may write the same size in another way.
        size = parse_quantity(wanted)
        return wanted == found or (size is not None and size == parse_quantity(found))
    return bool(wanted == found)


def _inverse(wanted: Any, found: Any) -> Any:
    if isinstance(wanted, Mapping):
        return inverse(wanted, found if isinstance(found, Mapping) else {})
    if _by_name(wanted):
        have = _named(found)
        return [_inverse_of(each, have.get(each["name"])) for each in wanted]
    return found


def _inverse_of(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if found is None:
        return {"name": wanted["name"], **GONE}
    return found if _goes(wanted) else inverse(wanted, found) | {"name": wanted["name"]}


def _goes(each: Mapping[str, Any]) -> bool:
    return each.get(DIRECTIVE) == GONE[DIRECTIVE]


def _by_name(listed: Any) -> bool:
    return (
        isinstance(listed, Sequence)
        and not isinstance(listed, str)
        and bool(listed)
        and all(isinstance(each, Mapping) and isinstance(each.get("name"), str) for each in listed)
    )


def _named(listed: Any) -> dict[str, Mapping[str, Any]]:
    return {each["name"]: each for each in listed} if _by_name(listed) else {}
