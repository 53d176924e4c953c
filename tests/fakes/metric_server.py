"""A server of the Prometheus family that says what it is told to say, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """``cut``: so many bytes of the body are kept back, and the connection closed; ``stalls_s``: before the body."""

    body: bytes
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    stalls_s: float = 0.0


def success(data: object, **beside: object) -> Reply:
    return Reply(json.dumps({"status": "success", "data": data, **beside}).encode())


def error(code: int, words: str, kind: str = "execution", **headers: str) -> Reply:
    return Reply(json.dumps({"status": "error", "errorType": kind, "error": words}).encode(), code, headers)


@dataclass
class Asked:
    """``form``: each parameter's values; ``headers``: with names in lower case; ``body``: as it came."""

    method: str
    path: str
    form: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""


class MetricServer:
    """``answer``: what is said to each request. Enter it; ``address`` is then where it listens."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer, self.asked = answer, list[Asked]()
        self._stop = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.say(parse_qs(urlsplit(self.path).query))

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.say(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True), body)

            def say(self, form, body=b""):
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, urlsplit(self.path).path, form, headers, body)
                outer.asked.append(asked)
                reply = outer.answer(asked)
                self.send_response(reply.code)
                for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                outer._stop.wait(reply.stalls_s)
                self.wfile.write(reply.body[: len(reply.body) - reply.cut])
                if reply.cut:
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def one_after_the_other(*replies: Reply) -> Callable[[Asked], Reply]:
    """The last is said again and again."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
