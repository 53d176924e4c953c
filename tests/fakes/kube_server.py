"""What Oakum needs of a Kubernetes API server, over real HTTP on loopback.

Objects are made, changed and deleted as in a real one; lists have pages that expire, watches have bookmarks and a
history that can be forgotten (410). It can be too busy (429), not know a token (401), forbid a verb (403), break off
every connection, be stopped, and be started again on the same port with what it knew.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from kube_channels import Carrying
from kube_socket import Run, talks
from kube_state import TOKEN, State, kept_by, made_of, merged, scale_of
from kube_writes import Writing

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


class KubeServer:
    """One API server; ``stop`` and ``start`` keep its port and what it knows."""

    def __init__(self) -> None:
        self.state = State()
        self._port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        for name in ("default", "kube-system"):
            self.state.objects["namespaces", "", name] = made_of(self.state, {"metadata": {"name": name}}, "")

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


class _Handler(Writing, Carrying):
    server: _Server

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
            kept = kept_by(plural, namespace, query)
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
            self._answer(200, scale_of(state.objects[key]))
        else:
            self._answer(200, state.objects[key])

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


def _verb(method: str, name: str, query: dict[str, str]) -> str:
    if method == "GET" and not name:
        return "watch" if query.get("watch") == "true" else "list"
    return {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]


@contextmanager
def kube_server() -> Iterator[KubeServer]:
    made = KubeServer()
    made.start()
    try:
        yield made
    finally:
        made.stop()


__all__ = ["TOKEN", "UNSERVED", "KubeServer", "Run", "kube_server", "merged", "talks"]
