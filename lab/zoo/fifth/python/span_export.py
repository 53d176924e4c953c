#: says = "finished spans are put in a thread-local list of the handler thread, but the exporter thread drains its own (empty) thread-local list, so every connection thread keeps all its spans"
#: kind = "leak"
#: causes = ["thread-local"]
#: holder = ["_local", "finished"]
#: per_s = 250
#: limit_mib = 512
"""Freight rate service with in-process tracing."""
import json
import os
import socketserver
import sys
import threading
import time
import zlib
from contextlib import contextmanager

_local = threading.local()
exported = {"spans": 0, "bytes": 0}


def finished():
    if not hasattr(_local, "finished"):
        _local.finished = []
        _local.stack = []
    return _local.finished


class Span:
    def __init__(self, name, parent):
        self.name = name
        self.parent_id = parent.span_id if parent else None
        self.span_id = os.urandom(8).hex()
        self.started = time.time()
        self.ended = None
        self.tags = {}

    def as_dict(self):
        return {"name": self.name, "id": self.span_id, "parent": self.parent_id,
                "ms": (self.ended - self.started) * 1000, "tags": self.tags}


@contextmanager
def span(name, **tags):
    done = finished()
    stack = _local.stack
    current = Span(name, stack[-1] if stack else None)
    current.tags.update(tags)
    stack.append(current)
    try:
        yield current
    finally:
        stack.pop()
        current.ended = time.time()
        done.append(current)


def export():
    batch = finished()
    if not batch:
        return
    _local.finished = []
    payload = zlib.compress(json.dumps([s.as_dict() for s in batch]).encode())
    exported["spans"] += len(batch)
    exported["bytes"] += len(payload)


def export_loop(interval):
    while True:
        time.sleep(interval)
        export()


def quote(number):
    with span("quote", request=f"rq-{number}") as root:
        with span("parse", lane=f"lane-{number % 389}"):
            weight, volume = 100 + number % 4000, 1 + number % 37
        legs = []
        for hop in range(5):
            with span("leg", hop=hop, carrier=f"carrier-{(number * 31 + hop) % 97}") as s:
                distance = 40 + (number * 17 + hop * 911) % 2300
                cost = distance * 0.11 + weight * 0.02 + volume * 1.7
                s.tags["distance"] = distance * 1.609
                s.tags["cost"] = cost
                legs.append(cost)
        with span("margin"):
            total = sum(legs) * 1.08
        root.tags["total"] = total
    if len(finished()) >= 200:  #~ fixed
        export()  #~ fixed
    return total


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass
            number = int(line.split()[1].lstrip(b"/") or 0)
            body = b"%.2f EUR\n" % quote(number)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    threading.Thread(target=export_loop, args=(2.0,), daemon=True).start()
    with Server(("127.0.0.1", 0), Connection) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"ready pid={os.getpid()} port={server.server_address[1]}", flush=True)
        sys.stdin.read()
        os._exit(0)
