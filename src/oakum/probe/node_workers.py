"""Worker threads of a Node.js program: each has a heap of its own, and is reached through the main thread's inspector.

Source: nodejs.org, the NodeWorker domain (src/inspector/node_protocol.pdl).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from oakum.model.errors import DataError, TargetError
from oakum.model.ports import Heard, Inspection
from oakum.model.script import script_path
from oakum.probe.node_figures import FIGURES, Figures, read_figures

MOST_WORKERS = 64
ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker thread. ``figures`` is None for one that did not answer: it was busy, or has ended."""

    session: str
    name: str
    file: str
    figures: Figures | None = None

    @property
    def heap_used_bytes(self) -> int | None:
        return None if self.figures is None else self.figures.heap_used_bytes

    def is_called(self, name: str) -> bool:
        """``name``: as it is told (``[worker 2] mail``), its number, or what the program called it."""
        number, _, own = self.name.removeprefix("[worker ").partition("]")
        return name in {self.name, number, own.strip()}


@dataclass(slots=True)
class _Line:
    """What came from one worker. ``replies``: by the number of the question."""

    name: str
    file: str
    replies: dict[int, Mapping[str, object]] = field(default_factory=dict)
    heard: Heard | None = None
    ended: bool = False


class Workers:
    """The worker threads of one program, at most MOST_WORKERS. They stay attached to until ``leave``."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._lines: dict[str, _Line] = {}
        self._asked = 0
        self._joined = False

    def hear(self, event: str, values: Mapping[str, object]) -> None:
        """Of the main thread's inspector: everything that it tells must come here."""
        session = str(values.get("sessionId", ""))
        line = self._lines.get(session)
        told = values.get("workerInfo")
        if event == "NodeWorker.attachedToWorker" and isinstance(told, dict) and len(self._lines) < MOST_WORKERS:
            self._lines[session] = _Line(str(told.get("title", "")), script_path(str(told.get("url", ""))))
        elif event == "NodeWorker.detachedFromWorker" and line is not None:
            line.ended = True
        elif event == "NodeWorker.receivedMessageFromWorker" and line is not None:
            _take(line, values.get("message"))

    def join(self) -> None:
        """Raises TargetError."""
        self._joined = True
        self._ask("NodeWorker.enable", {"waitForDebuggerOnStart": False})

    def leave(self) -> None:
        """Raises TargetError."""
        if self._joined:
            self._joined = False
            self._ask("NodeWorker.disable")

    def _ask(self, method: str, parameters: Mapping[str, object] | None = None) -> None:
        self._inspection.ask(method, parameters, within_s=ANSWER_S, heard=self.hear)

    def figures(self) -> tuple[Worker, ...]:
        """Those that run now, in the order of their names. Raises TargetError."""
        question = {"expression": FIGURES, "returnByValue": True, "silent": True}
        replies = self.each("Runtime.evaluate", question, within_s=ANSWER_S)
        found = [
            Worker(session, line.name, line.file, _figures(replies.get(session)))
            for session, line in self._lines.items()
            if not line.ended
        ]
        return tuple(sorted(found, key=lambda worker: worker.name))

    def each(
        self, method: str, parameters: Mapping[str, object] | None = None, *, within_s: float
    ) -> dict[str, Mapping[str, object]]:
        """Results by session, of those that answered in time. Raises TargetError where the main thread does."""
        asked = {}
        for session in [session for session, line in self._lines.items() if not line.ended]:
            try:
                asked[session] = self._send(session, method, parameters)
            except TargetError:
                # It ended meanwhile; where it is the whole program, the next question says so.
                self._lines[session].ended = True
        self._listen(asked, within_s)
        replies = {session: self._lines[session].replies.pop(number, {}) for session, number in asked.items()}
        results = {session: told.get("result") for session, told in replies.items()}
        return {session: result for session, result in results.items() if isinstance(result, dict)}

    def ask(
        self,
        worker: Worker,
        method: str,
        parameters: Mapping[str, object] | None,
        *,
        within_s: float,
        heard: Heard | None,
    ) -> Mapping[str, object]:
        """As ``Inspection.ask``, of one worker."""
        line = self._lines[worker.session]
        line.heard = heard
        try:
            number = self._send(worker.session, method, parameters)
            self._listen({worker.session: number}, within_s)
        finally:
            line.heard = None
        told = line.replies.pop(number, None)
        result = (told or {}).get("result")
        if isinstance(result, dict):
            return result
        why = "nothing came in time" if told is None else repr(told.get("error"))[:200]
        raise TargetError(
            f"worker thread {worker.name} did not answer {method}",
            why="it ended" if line.ended else why,
            next_step="the same command again",
        )

    def listen(self, worker: Worker, is_done: Callable[[], bool], *, within_s: float, heard: Heard) -> None:
        """As ``Inspection.listen``, of one worker."""
        line = self._lines[worker.session]
        line.heard = heard
        try:
            self._inspection.listen(lambda: line.ended or is_done(), within_s=within_s, heard=self.hear)
        finally:
            line.heard = None

    def _send(self, session: str, method: str, parameters: Mapping[str, object] | None) -> int:
        self._asked += 1
        message = json.dumps({"id": self._asked, "method": method, "params": parameters or {}})
        self._ask("NodeWorker.sendMessageToWorker", {"sessionId": session, "message": message})
        return self._asked

    def _listen(self, asked: Mapping[str, int], within_s: float) -> None:
        """Until all have answered or ended, or the time is up."""

        def is_done() -> bool:
            lines = self._lines
            return all(number in lines[session].replies or lines[session].ended for session, number in asked.items())

        self._inspection.listen(is_done, within_s=within_s, heard=self.hear)


def named(workers: Sequence[Worker], name: str) -> Worker | None:
    """``largest``: the one with the largest heap."""
    found = [worker for worker in workers if worker.is_called(name)]
    if not found and name == "largest":
        found = sorted(workers, key=lambda worker: -(worker.heap_used_bytes or 0))
    return found[0] if found else None


def _take(line: _Line, message: object) -> None:
    """Broken ones are as if they had not come."""
    try:
        told = json.loads(str(message))
    except ValueError:
        return
    if not isinstance(told, dict):
        return
    number, values = told.get("id"), told.get("params")
    if isinstance(number, int):
        line.replies[number] = told
    elif line.heard is not None and isinstance(values, dict):
        line.heard(str(told.get("method", "")), values)


def _figures(reply: Mapping[str, object] | None) -> Figures | None:
    result = (reply or {}).get("result")
    try:
        return read_figures(result.get("value") if isinstance(result, dict) else None)
    except DataError:
        return None
