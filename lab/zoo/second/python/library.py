#: says = "a connection is given back only when the look-up succeeds; a missing book raises first and the pool's checked-out set keeps that connection"
#: kind = "leak"
#: causes = ["connection-pool"]
#: holder = ["ConnectionPool", "_in_use"]
#: per_s = 250
#: limit_mib = 512
"""Library catalogue look-ups over a pool of (in-process) database connections."""
import itertools
import os
import sys
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn


class NotFound(Exception):
    pass


class Statement:
    def __init__(self, sql):
        self.sql = sql
        self.plan = [(step, f"{sql[:24]} step {step}") for step in range(12)]


class Connection:
    _serial = itertools.count(1)
    SQL = ("select title, author from book where id = ?",
           "select branch, shelf from copy where book = ?",
           "select due from loan where book = ? order by due")

    def __init__(self):
        self.serial = next(self._serial)
        self.inbox = bytearray(8192)
        self.statements = {sql: Statement(sql) for sql in self.SQL}
        self.settings = {f"guc_{i}": f"{self.serial}.{i}" for i in range(60)}
        self.queries = 0

    def book(self, n):
        self.queries += 1
        self.inbox[: 16] = b"%016d" % n
        if n % 3 == 2:
            raise NotFound(n)
        return {"id": n, "title": f"Volume {n}", "shelf": n % 90}


class ConnectionPool:
    def __init__(self, keep):
        self._idle = deque()
        self._in_use = set()
        self._keep = keep
        self._lock = threading.Lock()
        self.opened = 0

    def acquire(self):
        with self._lock:
            if self._idle:
                conn = self._idle.pop()
            else:
                conn = Connection()
                self.opened += 1
            self._in_use.add(conn)
            return conn

    def release(self, conn):
        with self._lock:
            self._in_use.discard(conn)
            if len(self._idle) < self._keep:
                self._idle.append(conn)


class RecentTitles:
    def __init__(self, size):
        self.titles = deque(maxlen=size)

    def note(self, row):
        self.titles.append(row["title"])


POOL = ConnectionPool(keep=10)
RECENT = RecentTitles(100)


def describe(n):
    conn = POOL.acquire()
    try:
        row = conn.book(n)
        RECENT.note(row)
        POOL.release(conn)  #~ leak
        return f"{row['title']} stands on shelf {row['shelf']}"
    except NotFound:
        return f"no book numbered {n}; lately asked for: {', '.join(list(RECENT.titles)[-3:])}"
    finally:                #~ fixed
        POOL.release(conn)  #~ fixed


class Desk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 4096

    def do_GET(self):
        text = describe(int(self.path.lstrip("/") or "0")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_request(self, code="-", size="-"):
        pass


class LibraryServer(ThreadingMixIn, HTTPServer):
    daemon_threads = True


def run():
    server = LibraryServer(("127.0.0.1", 0), Desk)
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    worker.start()
    print(f"ready pid={os.getpid()} port={server.server_port}", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


run()
