"""What Oakum needs of a Kubernetes API server, over real HTTP on loopback.

Objects are made, changed and deleted as in a real one; lists have pages that expire, watches have bookmarks and a
history that can be forgotten (410). It can be too busy (429), not know a token (401), forbid a verb (403), break off
every connection, be stopped, and be started again on the same port with what it knew.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import InvalidState
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

TOKEN = "a-token-of-the-tests"
LAYERS = (
    "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec"
    f' "{"ab" * 32}": OCI runtime exec failed: exec failed: unable to start container process: '
)
"""What stands before the words of who refused, in a real node's answer."""

PATH = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]+))?/(?P<plural>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<part>.+))?)?"
)
SERVED = {
    *("pods", "events", "namespaces", "nodes", "resourcequotas", "limitranges", "serviceaccounts", "deployments"),
    *("statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "horizontalpodautoscalers"),
    *("poddisruptionbudgets", "priorityclasses", "services", "endpointslices"),
}


UNSERVED = (404, b'{"kind": "Status", "code": 404, "message": "the server could not find the requested resource"}')


@dataclass
class Told:
    """One step of the history."""

    version: int
    kind: str
    plural: str
    body: dict


@dataclass
class Run:
    """What a program in a container does: it is given what came in, and says what comes out."""

    out: bytes = b""
    err: bytes = b""
    code: int = 0
    fault: str = ""
    cut: bool = False
    given: bytes = b""


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
    talkers: dict[str, Callable[[_Joined], None]] = field(default_factory=dict)
    visitors: Callable[[dict], dict] = lambda _: {"running": {}}
    starts: Callable[[dict], dict] = lambda _: {}
    ports: dict[tuple[str, int], Callable[[bytes], bytes] | tuple[str, int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)


class KubeServer:
    """One API server; ``stop`` and ``start`` keep its port and what it knows."""

    def __init__(self) -> None:
        self.state = State()
        self._port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        for name in ("default", "kube-system"):
            self.state.objects["namespaces", "", name] = _made(self.state, {"metadata": {"name": name}}, "")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.state = self.state
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.stopping = True
        self._server.shutdown()
        self._thread.join()
        self._server.break_off()
        self._server.server_close()
        self._server = None

    def break_off(self) -> None:
        """Every connection ends as if a cable was pulled."""
        assert self._server is not None
        self._server.break_off()

    def forget(self) -> None:
        """Versions from before now are no longer known."""
        with self.state.changed:
            self.state.forgotten = self.state.version
            self.state.history.clear()
            self.state.changed.notify_all()

    def put(self, plural: str, body: dict) -> None:
        """As it is, however odd."""
        with self.state.changed:
            self.state.version += 1
            meta = body.get("metadata") or {}
            key = (plural, str(meta.get("namespace", "")), str(meta.get("name", f"odd-{self.state.version}")))
            self.state.objects[key] = body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    state: State
    stopping = False

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request, address) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, address)

    def shutdown_request(self, request) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Connections break here on purpose."""

    def break_off(self) -> None:
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        with self.state.changed:
            self.state.changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    lost = False

    def log_message(self, *_: object) -> None:
        """Nothing is told."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        state = self.server.state
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query, keep_blank_values=True).items()}
        state.asked.append(f"{method} {self.path}")
        if state.busy > 0:
            state.busy -= 1
            self._refuse(429, "too many requests, please try again later", **{"Retry-After": state.retry_after})
            return
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in state.tokens:
            self._refuse(401, "Unauthorized")
            return
        if asked.path == "/version":
            self._answer(200, {"gitVersion": "v1.36.2"})
            return
        found = PATH.fullmatch(asked.path)
        if found is None:
            self._refuse(404, "the server could not find the requested resource")
            return
        self._resource(method, found, query, content)

    def _resource(self, method: str, found: re.Match[str], query: dict[str, str], content: bytes) -> None:
        state = self.server.state
        plural, namespace, name, part = (found[each] or "" for each in ("plural", "namespace", "name", "part"))
        if plural in {"selfsubjectaccessreviews", "selfsubjectreviews"} - set(state.odd):
            self._review(json.loads(content))
            return
        title = f"{plural}/{part.partition('/')[0]}" if part and part != "status" else plural
        if found["group"] == "metrics.k8s.io":
            title = f"{plural}.metrics.k8s.io"
        verb = "create" if part in {"exec", "portforward"} else _verb(method, name, query)
        if (verb, title) in state.forbidden:
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            self._refuse(403, f'{plural} is forbidden: User "{state.user}" cannot {verb} resource "{title}"{where}')
            return
        if plural not in SERVED or title in state.odd:
            self._raw(*state.odd.get(title, UNSERVED), "application/json")
            return
        if found["group"] == "metrics.k8s.io":
            self._metrics(namespace)
        elif not name and method == "GET":
            kept = _kept(plural, namespace, query)
            (self._watch if query.get("watch") == "true" else self._list)(plural, kept, query)
        elif not name:
            self._create(plural, namespace, json.loads(content))
        elif (plural, namespace, name) not in state.objects:
            self._refuse(404, f'{plural} "{name}" not found')
        elif method == "GET":
            self._get((plural, namespace, name), part, query)
        else:
            self._write(method, (plural, namespace, name), part, content, dry=query.get("dryRun") == "All")

    def _metrics(self, namespace: str) -> None:
        """As metrics-server tells them; a cluster without it serves no such group."""
        metrics = self.server.state.metrics
        if metrics is None:
            self._raw(*UNSERVED, "application/json")
            return
        kept = [each for each in metrics if not namespace or each["metadata"]["namespace"] == namespace]
        self._answer(200, {"kind": "PodMetricsList", "metadata": {}, "items": kept})

    def _write(self, method: str, key: tuple[str, str, str], part: str, content: bytes, *, dry: bool) -> None:
        state = self.server.state
        verb = {"PATCH": "patch", "DELETE": "delete"}.get(method, "create")
        asked = f"{verb} {key[0]}{f'/{part}' if part else ''}"
        if asked in state.answers:
            self._answer(*state.answers[asked])
            return
        if asked in state.lost:
            # It is done, and the connection ends before that is told.
            state.lost.discard(asked)
            self.lost = True
        if method == "DELETE":
            wanted = (json.loads(content or b"{}").get("preconditions") or {}).get("uid")
            if wanted not in {None, state.objects[key]["metadata"]["uid"]}:
                self._refuse(409, "the UID in the precondition does not match the UID in record")
                return
            self._delete(key)
        elif method == "POST":
            self._evict(key, json.loads(content))
        elif part == "ephemeralcontainers":
            self._visit(key, json.loads(content))
        elif method == "PATCH":
            self._patch(key, json.loads(content), part, dry=dry)
        else:
            self._change(key, json.loads(content), part)

    def _get(self, key: tuple[str, str, str], part: str, query: dict[str, str]) -> None:
        state = self.server.state
        _, namespace, name = key
        if part == "log":
            wanted = (namespace, name, query.get("container", ""), query.get("previous") == "true")
            if wanted in state.logs:
                self._raw(200, state.logs[wanted], "text/plain")
            else:
                self._refuse(400, f'previous terminated container "{wanted[2]}" in pod "{name}" not found')
        elif part == "exec":
            self._exec()
        elif part == "portforward":
            self._forward(key, int(query["ports"]))
        elif part.startswith("proxy/"):
            if name in state.stats:
                self._answer(200, state.stats[name])
            else:
                self._refuse(503, "the node does not answer")
        elif part == "scale":
            self._answer(200, _scale(state.objects[key]))
        else:
            self._answer(200, state.objects[key])

    def _patch(self, key: tuple[str, str, str], change: dict, part: str, *, dry: bool) -> None:
        """Merged by the names of lists, whatever it says that it is: no list here has no names."""
        state = self.server.state
        with state.changed:
            before = state.objects[key]
            for name in ("uid", "resourceVersion"):
                if change.get("metadata", {}).get(name, before["metadata"][name]) != before["metadata"][name]:
                    self._refuse(
                        409, f'Operation cannot be fulfilled on {key[0]} "{key[2]}": the object has been modified'
                    )
                    return
            after = merged(before, change)
            if key[0] == "pods" and part != "resize" and after.get("spec") != before.get("spec"):
                self._refuse(422, f'Pod "{key[2]}" is invalid: spec: Forbidden: pod updates may not change fields')
                return
            if key[0] == "deployments" and after["spec"].get("selector") != before["spec"].get("selector"):
                self._refuse(422, f'Deployment.apps "{key[2]}" is invalid: spec.selector: field is immutable')
                return
            if after != before and not dry:
                state.version += 1
                after["metadata"]["resourceVersion"] = str(state.version)
                state.objects[key] = after
                _tell(state, "MODIFIED", key[0], after)
        self._answer(200, _scale(after) if part == "scale" else after)

    def _evict(self, key: tuple[str, str, str], body: dict) -> None:
        state = self.server.state
        pod = state.objects[key]
        options = body["deleteOptions"]
        if options["preconditions"]["uid"] != pod["metadata"]["uid"]:
            self._refuse(409, "the UID in the precondition does not match the UID in record")
            return
        labels = pod["metadata"].get("labels") or {}
        for (plural, namespace, name), budget in state.objects.items():
            chosen = budget.get("spec", {}).get("selector", {}).get("matchLabels", {})
            mine = (plural, namespace) == ("poddisruptionbudgets", key[1]) and chosen.items() <= labels.items()
            if mine and budget.get("status", {}).get("disruptionsAllowed", 0) < 1:
                causes = [
                    {"reason": "DisruptionBudget", "message": f"The disruption budget {name} needs 1 healthy pods"}
                ]
                message = "Cannot evict pod as it would violate the pod's disruption budget."
                status = {"kind": "Status", "code": 429, "message": message, "details": {"causes": causes}}
                self._answer(429, status, **{"Retry-After": "10"})
                return
        if options.get("dryRun") == ["All"]:
            self._answer(201, {"kind": "Status", "status": "Success"})
        else:
            self._delete(key)

    def _create(self, plural: str, namespace: str, body: dict) -> None:
        state = self.server.state
        if f"create {plural}" in state.answers:
            self._answer(*state.answers[f"create {plural}"])
            return
        if f"create {plural}" in state.lost:
            state.lost.discard(f"create {plural}")
            self.lost = True
        with state.changed:
            if namespace and ("namespaces", "", namespace) not in state.objects:
                self._refuse(404, f'namespaces "{namespace}" not found')
                return
            key = (plural, namespace, body["metadata"]["name"])
            if key in state.objects:
                self._refuse(409, f'{plural} "{key[2]}" already exists')
                return
            made = state.objects[key] = _made(state, body, namespace)
            if plural == "pods":
                made |= state.starts(made)
            _tell(state, "ADDED", plural, made)
        self._answer(201, made)

    def _change(self, key: tuple[str, str, str], body: dict, part: str) -> None:
        state = self.server.state
        with state.changed:
            before = state.objects[key]
            state.version += 1
            changed = {**before, "status": body.get("status", {})} if part == "status" else {**before, **body}
            changed["metadata"] = {
                **before["metadata"],
                **(body["metadata"] if not part else {}),
                "uid": before["metadata"]["uid"],
                "resourceVersion": str(state.version),
            }
            state.objects[key] = changed
            _tell(state, "MODIFIED", key[0], changed)
        self._answer(200, changed)

    def _visit(self, key: tuple[str, str, str], body: dict) -> None:
        """Ephemeral containers are merged by name; ``visitors`` says what becomes of each."""
        state = self.server.state
        pod = deepcopy(state.objects[key])
        wanted = body.get("metadata", {}).get("uid", pod["metadata"]["uid"])
        if wanted != pod["metadata"]["uid"]:
            self._refuse(409, f"Precondition failed: UID in precondition: {wanted}, in object meta: another")
            return
        for container in body["spec"]["ephemeralContainers"]:
            if not container["image"].strip():
                self._refuse(422, f'Pod "{key[2]}" is invalid: spec.ephemeralContainers[0].image: Required value')
                return
            pod["spec"].setdefault("ephemeralContainers", []).append(container)
            told = {"name": container["name"], "image": container["image"], "state": state.visitors(container)}
            pod.setdefault("status", {}).setdefault("ephemeralContainerStatuses", []).append(told)
        with state.changed:
            state.version += 1
            state.objects[key] = pod
        self._answer(200, pod)

    def _delete(self, key: tuple[str, str, str]) -> None:
        state = self.server.state
        with state.changed:
            state.version += 1
            gone = deepcopy(state.objects.pop(key))
            gone["metadata"]["resourceVersion"] = str(state.version)
            _tell(state, "DELETED", key[0], gone)
        self._answer(200, gone)

    def _list(self, plural: str, kept: Callable[[dict], bool], query: dict[str, str]) -> None:
        state = self.server.state
        with state.changed:
            if "continue" in query and state.expiring > 0:
                state.expiring -= 1
                self._refuse(410, "The provided continue parameter is too old")
                return
            items = [body for key, body in sorted(state.objects.items()) if key[0] == plural and kept(body)]
            start, size = int(query.get("continue", 0)), int(query.get("limit", 0)) or len(items)
            size = min(size, state.page or size) if "limit" in query else size
            meta = {"resourceVersion": str(state.version)}
            if start + size < len(items):
                meta["continue"] = str(start + size)
        self._answer(200, {"kind": "List", "metadata": meta, "items": items[start : start + size]})

    def _watch(self, plural: str, kept: Callable[[dict], bool], query: dict[str, str]) -> None:
        state = self.server.state
        after = int(query["resourceVersion"])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        while not self.server.stopping and not state.mute_watches:
            with state.changed:
                lost = after < state.forgotten
                news = [told for told in state.history if told.version > after and told.plural == plural]
                now = state.version
                if not news and not lost:
                    state.changed.wait(state.bookmark_s)
                    if self.server.stopping:
                        return
            if lost:
                status = {"kind": "Status", "code": 410, "message": "too old resource version"}
                self._chunk({"type": "ERROR", "object": status})
                break
            for told in news:
                if kept(told.body):
                    self._chunk({"type": told.kind, "object": told.body})
            if not news:
                mark = {"metadata": {"resourceVersion": str(now)}}
                self._chunk({"type": "BOOKMARK", "object": mark})
            after = now
        self.wfile.write(b"0\r\n\r\n")

    def _review(self, body: dict) -> None:
        if body["kind"] == "SelfSubjectReview":
            self._answer(201, {**body, "status": {"userInfo": {"username": self.server.state.user}}})
            return
        asked = body["spec"]["resourceAttributes"]
        part = asked.get("subresource")
        resource = f"{asked['resource']}/{part}" if part else asked["resource"]
        state = self.server.state
        allowed = (asked["verb"], resource) not in state.forbidden
        allowed &= state.allowed_in is None or asked.get("namespace", "") in state.allowed_in
        self._answer(201, {**body, "status": {"allowed": allowed, "reason": "" if allowed else "no rule matches"}})

    def _exec(self) -> None:
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        command = asked.get("command", asked["container"])
        program = self.server.state.programs.get(command[0])
        talker = self.server.state.talkers.get(command[0])
        with self._socket(["v5.channel.k8s.io", "v4.channel.k8s.io"]) as joined:
            if talker is not None:
                talker(joined)
                return
            given = b""
            while program is not None and asked["stdin"] == ["true"]:
                message = joined.receive()
                if message[0] == 255:
                    break
                given += message[1:]
            if program is None:
                done = Run(fault=f'{LAYERS}exec: "{command[0]}": executable file not found in $PATH: unknown')
            else:
                done = program(command, given)
            for channel, content in ((1, done.out), (2, done.err)):
                for start in range(0, len(content), 1000):
                    joined.send(bytes([channel]) + content[start : start + 1000])
            if not done.cut:
                joined.send(b"\x03" + json.dumps(_ending(done)).encode())

    def _forward(self, key: tuple[str, str, str], port: int) -> None:
        answer = self.server.state.ports.get((key[2], port))
        head = port.to_bytes(2, "little")
        with self._socket(["v4.channel.k8s.io"]) as joined:
            joined.send(b"\x00" + head)
            joined.send(b"\x01" + head)
            if answer is None:
                joined.send(b"\x01" + b"failed to connect to localhost:%d inside namespace" % port)
                return
            if isinstance(answer, tuple):
                _relayed(joined, answer)
                return
            with suppress(EOFError):
                while True:
                    joined.send(b"\x00" + answer(joined.receive()[1:]))

    @contextmanager
    def _socket(self, spoken: list[str]) -> Iterator[_Joined]:
        protocol = ServerProtocol(subprotocols=spoken, max_size=None)  # type: ignore[arg-type]
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        protocol.receive_data(f"{self.requestline}\r\n{lines}\r\n".encode())
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        joined = _Joined(self.connection, protocol)
        joined.flush()
        self.close_connection = True
        if protocol.state is OPEN:
            yield joined
            joined.close()

    def _chunk(self, told: dict) -> None:
        content = json.dumps(told).encode() + b"\n"
        # In two pieces, so that a line is never whole by chance.
        middle = len(content) // 2
        for piece in (content[:middle], content[middle:]):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()

    def _answer(self, code: int, body: dict, **headers: str) -> None:
        self._raw(code, json.dumps(body).encode(), "application/json", **headers)

    def _refuse(self, code: int, message: str, **headers: str) -> None:
        self._answer(code, {"kind": "Status", "status": "Failure", "code": code, "message": message}, **headers)

    def _raw(self, code: int, content: bytes, kind: str, **headers: str) -> None:
        if self.lost:
            self.close_connection = True
            return
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Joined:
    """A web socket, server's side."""

    def __init__(self, connection: socket.socket, protocol: ServerProtocol) -> None:
        self._connection, self._protocol = connection, protocol
        self._messages: list[bytes] = []

    def send(self, content: bytes) -> None:
        self._protocol.send_binary(content)
        self.flush()

    def receive(self) -> bytes:
        """Raises EOFError when the other end has closed."""
        while not self._messages:
            data = self._connection.recv(65536)
            if not data:
                raise EOFError
            self._protocol.receive_data(data)
            frames = self._protocol.events_received()
            # A close is answered, before it is told.
            self.flush()
            for frame in frames:
                if frame.opcode == 2:
                    self._messages.append(bytes(frame.data))
                elif frame.opcode == 8:
                    raise EOFError
        return self._messages.pop(0)

    def close(self) -> None:
        """As RFC 6455 wants it: the other end answers, and this one ends the connection."""
        if self._protocol.state is not OPEN:
            return
        with suppress(OSError, EOFError):
            self._protocol.send_close(1000)
            self.flush()
            self._connection.settimeout(5)
            while True:
                self._messages.clear()
                self.receive()

    def flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.sendall(data)


def _relayed(joined: _Joined, address: tuple[str, int]) -> None:
    """To what really listens there, in both directions; ended by whoever ends first."""
    with suppress(OSError), socket.create_connection(address) as there:

        def back() -> None:
            with suppress(OSError, InvalidState):
                while came := there.recv(1 << 15):
                    joined.send(b"\x00" + came)
                joined.close()

        pump = threading.Thread(target=back, daemon=True)
        pump.start()
        with suppress(EOFError, OSError):
            while True:
                there.sendall(joined.receive()[1:])
        with suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)
        pump.join()


def talks(command: list[str], *, most_bytes: int | None = None) -> Callable[[_Joined], None]:
    """A real program at the other end, whatever was asked for; cut off once it said so much."""

    def talker(joined: _Joined) -> None:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            pump = threading.Thread(target=_pumped, args=(process, joined, most_bytes), daemon=True)
            pump.start()
            with suppress(EOFError, OSError):
                while True:
                    message = joined.receive()
                    if message[0] == 0:
                        process.stdin.write(message[1:])
                        process.stdin.flush()
            with suppress(OSError):
                process.stdin.close()
            process.kill()
            # What it still says is read before its pipes are closed.
            pump.join()

    return talker


def _pumped(process: subprocess.Popen[bytes], joined: _Joined, most_bytes: int | None) -> None:
    said = 0
    with suppress(OSError, InvalidState):
        while came := os.read(process.stdout.fileno(), 1 << 15):
            said += len(came)
            if most_bytes is not None and said > most_bytes:
                break
            joined.send(b"\x01" + came)
        code = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": [_exit(process)]}}
        joined.send(b"\x03" + json.dumps(code).encode())


def _exit(process: subprocess.Popen[bytes]) -> dict:
    process.kill()
    return {"reason": "ExitCode", "message": str(-process.wait() + 128)}


def _verb(method: str, name: str, query: dict[str, str]) -> str:
    if method == "GET" and not name:
        return "watch" if query.get("watch") == "true" else "list"
    return {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]


def _scale(body: dict) -> dict:
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


def _ending(done: Run) -> dict:
    if done.fault:
        return {"status": "Failure", "reason": "InternalError", "message": done.fault, "code": 500}
    if not done.code:
        return {"status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(done.code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}


def _made(state: State, body: dict, namespace: str) -> dict:
    state.version += 1
    meta = {
        **body["metadata"],
        "uid": str(uuid.UUID(int=next(_uids), version=4)),
        "resourceVersion": str(state.version),
        "creationTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {**body, "metadata": {**meta, **({"namespace": namespace} if namespace else {})}}


_uids = itertools.count(1)


def _tell(state: State, kind: str, plural: str, body: dict) -> None:
    state.history.append(Told(int(body["metadata"]["resourceVersion"]), kind, plural, deepcopy(body)))
    state.changed.notify_all()


def _kept(plural: str, namespace: str, query: dict[str, str]) -> Callable[[dict], bool]:
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


@contextmanager
def kube_server() -> Iterator[KubeServer]:
    made = KubeServer()
    made.start()
    try:
        yield made
    finally:
        made.stop()
