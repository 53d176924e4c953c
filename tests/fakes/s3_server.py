"""What obstore needs of an S3-compatible server: PUT (whole or in parts), GET, HEAD, DELETE, one page of a listing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, unescape


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
            self.server.hold(asked.path, content)
        self._answer(200, b"", ETag='"1"')

    def do_POST(self) -> None:
        """A large object in parts: begun, then put together. Or several objects that are to go."""
        told = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = urlsplit(self.path)
        if "delete" in parse_qs(asked.query, keep_blank_values=True):
            keys = re.findall(r"<Key>(.*?)</Key>", told.decode())
            for key in keys:
                self.server.objects.pop(f"{asked.path.rstrip('/')}/{unescape(key)}", None)
            gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())
        elif "uploadId" in parse_qs(asked.query):
            parts = self.server.parts.pop(asked.path)
            self.server.hold(asked.path, b"".join(content for _, content in sorted(parts.items())))
            self._answer(200, b"<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>")
        else:
            self._answer(200, b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.server.objects.pop(urlsplit(self.path).path, None)
        self._answer(204, b"")

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if "list-type" in parse_qs(asked.query):
            self._answer(200, self._listing(asked.path))
        elif asked.path in self.server.objects:
            content = self.server.objects[asked.path]
            put_at = formatdate(self.server.times[asked.path], usegmt=True)
            self._answer(200, content, ETag='"1"', **{"Last-Modified": put_at})
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _listing(self, bucket: str) -> bytes:
        rows = "".join(
            f"<Contents><Key>{escape(path.removeprefix(bucket).lstrip('/'))}</Key><Size>{len(content)}</Size>"
            f"<LastModified>{_iso(self.server.times[path])}</LastModified><ETag>1</ETag></Contents>"
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


def _iso(at_s: float) -> str:
    """To the millisecond, as some servers list what they date to the second."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class S3Server(ThreadingHTTPServer):
    """``objects``: by ``/bucket/key``, ``times``: when each was put, UTC epoch. ``refusing``: no object may be put."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.times: dict[str, float] = {}
        self.refusing = False

    def hold(self, path: str, content: bytes) -> None:
        self.objects[path], self.times[path] = content, time.time()

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
