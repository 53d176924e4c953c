"""What obstore needs of an S3-compatible server: PUT (whole or in parts), GET, HEAD, and one page of a listing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing is told."""

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        asked = urlsplit(self.path)
        part = parse_qs(asked.query).get("partNumber")
        if self.server.refusing:
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return
        if part:
            self.server.parts.setdefault(asked.path, {})[int(part[0])] = content
        else:
            self.server.objects[asked.path] = content
        self._answer(200, b"", ETag='"1"')

    def do_POST(self) -> None:
        """A large object in parts: begun, then put together."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = urlsplit(self.path)
        if "uploadId" in parse_qs(asked.query):
            parts = self.server.parts.pop(asked.path)
            self.server.objects[asked.path] = b"".join(content for _, content in sorted(parts.items()))
            self._answer(200, b"<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>")
        else:
            self._answer(200, b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if "list-type" in parse_qs(asked.query):
            self._answer(200, self._listing(asked.path))
        elif asked.path in self.server.objects:
            content = self.server.objects[asked.path]
            self._answer(200, content, ETag='"1"', **{"Last-Modified": "Fri, 20 Nov 2026 00:00:00 GMT"})
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _listing(self, bucket: str) -> bytes:
        rows = "".join(
            f"<Contents><Key>{escape(path.removeprefix(bucket).lstrip('/'))}</Key><Size>{len(content)}</Size>"
            "<LastModified>2026-11-20T00:00:00.000Z</LastModified><ETag>1</ETag></Contents>"
            for path, content in self.server.objects.items()
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def _answer(self, code: int, content: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class S3Server(ThreadingHTTPServer):
    """``objects``: by ``/bucket/key``. ``refusing``: no object may be put."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refusing = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def s3_server() -> Iterator[S3Server]:
    with S3Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()
