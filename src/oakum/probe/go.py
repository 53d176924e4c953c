"""The Go probe: where a program serves net/http/pprof, and what answers there instead.

Nothing but GET requests is sent: SIGQUIT would print the stacks, and end the program.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Fetched, Listener
from oakum.model.ports import Debuggee
from oakum.model.served import Served
from oakum.model.units import format_duration, format_size
from oakum.probe import go_metrics
from oakum.probe.go_session import ANSWERED_WITHIN_S, MOST_BYTES, GoSession

HEAP = "what the heap holds"
FOUND_WITHIN_S: Final = 2.0
"""How long each port has to answer when it is asked what it serves, in seconds."""

MOST_PORTS: Final = 8
INDEX_BYTES: Final = 1 << 20
HEAP_NAME: Final = "heap?debug=1"
SERVE_IT: Final = (
    'import _ "net/http/pprof" and serve it on loopback: go http.ListenAndServe("127.0.0.1:6060", nil); where it is'
    " served elsewhere already: --pprof PORT/PATH"
)
BY_HAND: Final = (
    "save two profiles some minutes apart where you may: curl -o a.pb.gz http://HOST:PORT/debug/pprof/heap, and"
    " …/goroutine; then oakum heap diff a.pb.gz b.pb.gz"
)
FORWARD: Final = "kubectl port-forward POD PORT, and curl as above"
_COUNT = re.compile(rb"<td>(\d{1,12})(?:</td>)?<td><a href=['\"]?[^>]{0,200}goroutine")
_TLS: Final = b"HTTP request to an HTTPS server"
_OK, _BAD, _LOGIN, _MISSING = 200, 400, frozenset({401, 403, 407}), frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``goroutines``: how many there were, None where no index tells it."""

    listener: Listener
    path: str
    goroutines: int | None

    def __str__(self) -> str:
        return f"{self.listener}{self.path}"


class GoProbe:
    """One Go program."""

    def __init__(self, pid: int, debuggee: Debuggee, served: Served) -> None:
        self._pid, self._debuggee, self._served = pid, debuggee, served

    def candidates(self) -> Sequence[Listener] | Absent:
        """Ports of the process itself that would be asked. Nothing is sent."""
        own = self._debuggee.listeners()
        if isinstance(own, Absent):
            return own
        if not own:
            return Absent(HEAP, AbsentKind.NOT_APPLICABLE, "it listens on no TCP port, so it serves no pprof", SERVE_IT)
        wanted = [each for each in own if self._served.port in {None, each.port}]
        if not wanted:
            ports = ", ".join(str(each) for each in sorted(own)[:MOST_PORTS])
            why = (
                f"it does not listen on port {self._served.port} itself; it does on {ports}: nothing is sent elsewhere"
            )
            return Absent(HEAP, AbsentKind.NOT_APPLICABLE, why, "--pprof with one of those ports, or without a port")
        return sorted(set(wanted), key=lambda each: (not each.is_local, each))[:MOST_PORTS]

    def how(self, ports: Sequence[Listener]) -> str:
        """What would be asked of it first, in words, and what where no profiles are served."""
        named = ", ".join(map(str, ports))
        return (
            f"Oakum would ask pid {self._pid} over HTTP for {self._served.path} (a GET on {named}, at most"
            f" {format_duration(FOUND_WITHIN_S)} each). Where that page is missing: for {self._served.path}{HEAP_NAME}"
            f" (at most {format_duration(ANSWERED_WITHIN_S)} and {format_size(MOST_BYTES)} each). Where no profiles are"
            f" served: for {go_metrics.PATH} of the same ports (at most {format_duration(go_metrics.WITHIN_S)} and"
            f" {format_size(go_metrics.MOST_BYTES)} each), and of the one that has them once more after the watch."
        )

    def find(self, ports: Sequence[Listener]) -> Endpoint | Absent:
        """The first port that serves profiles. Else what all of them answered."""
        told: list[tuple[Listener, Absent]] = []
        for port in ports:
            found = self._look(port)
            if isinstance(found, Endpoint):
                return found
            told.append((port, found))
        why = "; ".join(f"{port}: {absent.why}" for port, absent in told)
        # What is served and does not come is worth more than what is not served at all.
        ranked = sorted((absent for _, absent in told), key=lambda each: each.kind is AbsentKind.NOT_APPLICABLE)
        kind = ranked[0].kind if ranked else AbsentKind.NOT_APPLICABLE
        get = next((absent.get for absent in ranked if absent.get), SERVE_IT)
        return Absent(HEAP, kind, f"no profiles come from {self._served.path}: {why}", get)

    def session(self, endpoint: Endpoint) -> GoSession:
        return GoSession(self._pid, self._debuggee, endpoint.listener, endpoint.path)

    def _look(self, port: Listener) -> Endpoint | Absent:
        path = self._served.path
        index = self._debuggee.fetch(port, path, within_s=FOUND_WITHIN_S, most_bytes=INDEX_BYTES)
        if isinstance(index, Absent):
            return index
        count = _COUNT.search(index.body) if index.status == _OK else None
        if count is not None:
            return Endpoint(port, path, int(count[1]))
        if index.status in _MISSING or index.status == _OK:
            # Who mounts handlers by name may have left the index out.
            heap = self._debuggee.fetch(port, f"{path}{HEAP_NAME}", within_s=ANSWERED_WITHIN_S, most_bytes=MOST_BYTES)
            if isinstance(heap, Absent):
                return replace(heap, why=f"{HEAP_NAME}: {heap.why}", get=heap.get or BY_HAND)
            if heap.status == _OK and heap.body.startswith(b"heap profile: "):
                return Endpoint(port, path, None)
        return not_a_profile(index)


def not_a_profile(answer: Fetched) -> Absent:
    """Why what came is none, and what would get one."""
    status = answer.status
    if status in _LOGIN:
        why = f"it asks who we are (HTTP {status})"
        return Absent(HEAP, AbsentKind.NOT_PERMITTED, why, BY_HAND)
    if status == _BAD and _TLS in answer.body[:400]:
        return Absent(HEAP, AbsentKind.NOT_APPLICABLE, "it speaks TLS, which is not asked here", BY_HAND)
    if 300 <= status < 400:
        why = f"it points elsewhere (HTTP {status}, {answer.location or 'nowhere'}), and that is not followed"
        return Absent(HEAP, AbsentKind.NOT_APPLICABLE, why, "--pprof PORT/PATH with the place where it is served")
    if status in _MISSING:
        return Absent(HEAP, AbsentKind.NOT_APPLICABLE, f"nothing is served there (HTTP {status})", SERVE_IT)
    if status != _OK:
        return Absent(HEAP, AbsentKind.UNREADABLE, f"it answers HTTP {status}", BY_HAND)
    html = "html" in answer.kind or answer.body.lstrip()[:1] == b"<"
    came = "a page of HTML" if html else f"{answer.kind or 'something'} that is no profile"
    return Absent(HEAP, AbsentKind.NOT_APPLICABLE, f"{came} is served there", SERVE_IT)
