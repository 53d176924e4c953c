"""One field of an object: what it says, or why it says nothing. JSON's tables are dicts, which is asked quickly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from oakum.kube.quantity import parse_quantity
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Bytes, Owner

T = TypeVar("T", str, int, bool)


def table(body: object, *path: str) -> Mapping[str, Any]:
    """What lies there, {} where it is no table."""
    found = body
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def tables(body: object, name: str) -> Iterator[Mapping[str, Any]]:
    """Each table in a list; what is none is passed over."""
    listed = body.get(name) if isinstance(body, dict) else None
    if isinstance(listed, list):
        yield from (each for each in listed if isinstance(each, dict))


def text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""


def texts(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in body.items() if isinstance(value, str)}


def flag(body: Mapping[str, Any], name: str) -> bool:
    return body.get(name) is True


def count(body: Mapping[str, Any], name: str, *, unset: int | None = None) -> int | Absent:
    """``unset``: what it means that the field is not there; None: that it was not told."""
    found = body.get(name, unset)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    return _absent(name, found)


def known_flag(body: Mapping[str, Any], name: str) -> bool | Absent:
    found = body.get(name)
    return found if isinstance(found, bool) else _absent(name, found)


def moment(body: Mapping[str, Any], name: str) -> float | Absent:
    """UTC epoch seconds of a time as RFC 3339 writes it."""
    found = body.get(name)
    if isinstance(found, str):
        try:
            at_s = datetime.fromisoformat(found).timestamp()
        except (ValueError, OverflowError, OSError):
            return _absent(name, found)
        # Go writes year 1 for a time that was never set.
        if at_s > 0:
            return at_s
        found = None
    return _absent(name, found)


def moment_if_set(body: Mapping[str, Any], name: str) -> float | Absent | None:
    return moment(body, name) if body.get(name) is not None else None


def quantity(body: Mapping[str, Any], name: str) -> Bytes:
    """None: it is not set."""
    found = body.get(name)
    if found is None:
        return None
    parsed = parse_quantity(str(found)) if isinstance(found, str | int) and not isinstance(found, bool) else None
    return parsed if parsed is not None else _absent(name, found)


def owners(meta: Mapping[str, Any]) -> tuple[Owner, ...]:
    return tuple(
        Owner(text(each, "kind"), text(each, "name"), text(each, "uid"), flag(each, "controller"))
        for each in tables(meta, "ownerReferences")
    )


def selector(body: Mapping[str, Any]) -> str:
    """A LabelSelector as the API takes it in a query; "" for none, which selects nothing here."""
    parts = [f"{name}={value}" for name, value in sorted(texts(table(body, "matchLabels")).items())]
    for each in tables(body, "matchExpressions"):
        key, told = text(each, "key"), each.get("values")
        values = ",".join(str(value) for value in told) if isinstance(told, list) else ""
        match text(each, "operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


def digest(body: Mapping[str, Any]) -> str:
    """The same for the same content, in whatever order it was told."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def condition_table(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """{} where it is not told."""
    return next((each for each in tables(status, "conditions") if each.get("type") == kind), {})


def condition(status: Mapping[str, Any], kind: str) -> bool | Absent:
    """As it is told. ``Unknown``: the kubelet that would know is no longer heard."""
    told = condition_table(status, kind).get("status")
    if told == "Unknown":
        return Absent(kind, AbsentKind.NOT_YET, "the node's kubelet is no longer heard")
    return told == "True" if told in ("True", "False") else _absent(kind, told)


def _absent(what: str, found: object) -> Absent:
    if found is None:
        return Absent(what, AbsentKind.NOT_YET, "the cluster does not tell it")
    return Absent(what, AbsentKind.UNREADABLE, f"{str(found)[:80]!r} is not understood")
