"""Worker threads of a Node.js program: each has a heap of its own, and is reached through the main thread's inspector.

Source: nodejs.org, the NodeWorker domain (src/inspector/node_protocol.pdl).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from oakum.model.ports import Inspection
from oakum.model.script import script_path

MOST_WORKERS = 64
ANSWER_S = 5.0

_USED = json.dumps(
    {
        "id": 1,
        "method": "Runtime.evaluate",
        "params": {"expression": "process.memoryUsage().heapUsed", "returnByValue": True},
    }
)


_SOON = "new Promise((done) => setTimeout(done, 20))"


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker thread. ``heap_used_bytes`` is None for one that did not answer: it was busy."""

    name: str
    file: str
    heap_used_bytes: int | None


def workers_of(inspection: Inspection) -> tuple[Worker, ...]:
    """At most MOST_WORKERS. Attached to for the question only. Raises TargetError."""
    found: dict[str, tuple[str, str]] = {}
    used: dict[str, int] = {}

    def heard(event: str, values: Mapping[str, object]) -> None:
        session = str(values.get("sessionId", ""))
        told = values.get("workerInfo")
        if event == "NodeWorker.attachedToWorker" and isinstance(told, dict) and len(found) < MOST_WORKERS:
            found[session] = (str(told.get("title", "")), script_path(str(told.get("url", ""))))
        elif event == "NodeWorker.receivedMessageFromWorker" and session in found:
            size = _used(values.get("message"))
            if size is not None:
                used[session] = size

    inspection.ask("NodeWorker.enable", {"waitForDebuggerOnStart": False}, within_s=ANSWER_S, heard=heard)
    for session in found:
        question = {"sessionId": session, "message": _USED}
        inspection.ask("NodeWorker.sendMessageToWorker", question, within_s=ANSWER_S, heard=heard)
    for _ in found:
        # What workers answer comes between other answers; a worker that is busy comes late, or not at all.
        if len(used) < len(found):
            waiting = {"expression": _SOON, "awaitPromise": True}
            inspection.ask("Runtime.evaluate", waiting, within_s=ANSWER_S, heard=heard)
    inspection.ask("NodeWorker.disable", within_s=ANSWER_S, heard=heard)
    return tuple(Worker(name, file, used.get(session)) for session, (name, file) in found.items())


def _used(message: object) -> int | None:
    try:
        told = json.loads(str(message))
        size = told["result"]["result"]["value"]
    except (ValueError, KeyError, TypeError):
        return None
    return int(size) if isinstance(size, int | float) and 0 <= size < 2**53 else None
