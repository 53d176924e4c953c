"""What an API server knows: its objects, their history, and the knobs of the tests."""

from __future__ import annotations

import itertools
import re
import threading
import uuid
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kube_socket import Joined, Run

TOKEN = "a-token-of-the-tests"


@dataclass
class Told:
    """One step of the history."""

    version: int
    kind: str
    plural: str
    body: dict


@dataclass
class State:
    """All that outlives the server's restarts, and the knobs of the tests."""

    objects: dict[tuple[str, str, str], dict] = field(default_factory=dict)
    history: list[Told] = field(default_factory=list)
    version: int = 100
    forgotten: int = 0
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    user: str = "tester"
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    allowed_in: set[str] | None = None
    busy: int = 0
    retry_after: str = "0"
    page: int | None = None
    expiring: int = 0
    bookmark_s: float = 0.05
    mute_watches: bool = False
    logs: dict[tuple[str, str, str, bool], bytes] = field(default_factory=dict)
    odd: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    stats: dict[str, dict] = field(default_factory=dict)
    metrics: list[dict] | None = None
    programs: dict[str, Callable[[list[str], bytes], Run]] = field(default_factory=dict)
    talkers: dict[str, Callable[[Joined], None]] = field(default_factory=dict)
    visitors: Callable[[dict], dict] = lambda _: {"running": {}}
    starts: Callable[[dict], dict] = lambda _: {}
    ports: dict[tuple[str, int], Callable[[bytes], bytes] | tuple[str, int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)


def made_of(state: State, body: dict, namespace: str) -> dict:
    state.version += 1
    meta = {
        **body["metadata"],
        "uid": str(uuid.UUID(int=next(_uids), version=4)),
        "resourceVersion": str(state.version),
        "creationTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {**body, "metadata": {**meta, **({"namespace": namespace} if namespace else {})}}


_uids = itertools.count(1)


def tell(state: State, kind: str, plural: str, body: dict) -> None:
    state.history.append(Told(int(body["metadata"]["resourceVersion"]), kind, plural, deepcopy(body)))
    state.changed.notify_all()


def kept_by(plural: str, namespace: str, query: dict[str, str]) -> Callable[[dict], bool]:
    """By namespace, labels (``a=b``, ``a in (b,c)``) and the two fields that Oakum selects by."""
    labels = [part for part in re.split(r",(?![^(]*\))", query.get("labelSelector", "")) if part]
    fields = dict(part.split("=", 1) for part in query.get("fieldSelector", "").split(",") if part)

    def kept(body: dict) -> bool:
        meta = body.get("metadata") or {}
        return (
            (not namespace or meta.get("namespace") == namespace)
            and all(_matches(part, meta.get("labels") or {}) for part in labels)
            and all(_field(body, name) == value for name, value in fields.items())
        )

    return kept


def _field(body: dict, path: str) -> object:
    found: object = body
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _matches(part: str, labels: dict[str, str]) -> bool:
    several = re.fullmatch(r"(\S+) in \((.*)\)", part)
    if several:
        return labels.get(several[1]) in several[2].split(",")
    name, _, value = part.partition("=")
    return labels.get(name) == value


def scale_of(body: dict) -> dict:
    """The subresource; a number that is 0 is left out, as Go does."""
    replicas = body["spec"].get("replicas", 1)
    return {"kind": "Scale", "metadata": body["metadata"], "spec": {"replicas": replicas} if replicas else {}}


def merged(before: dict, change: dict) -> dict:
    after = deepcopy(before)
    for name, wanted in change.items():
        found = after.get(name)
        if wanted is None:
            after.pop(name, None)
        elif isinstance(wanted, dict):
            after[name] = merged(found if isinstance(found, dict) else {}, wanted)
        elif isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
            rows = {row["name"]: row for row in found or []}
            for row in wanted:
                if row.get("$patch") == "delete":
                    rows.pop(row["name"], None)
                else:
                    rows[row["name"]] = merged(rows.get(row["name"], {}), row)
            after[name] = list(rows.values())
        else:
            after[name] = wanted
    return after
