"""How an API server answers: whole, in pieces, with a refusal, or not at all."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """One request after the other of one connection; how it is answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
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
        raise NotImplementedError

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
