#: says = "audit entries are put into a threading.local list by each query and dropped only by a commit that read-only requests never reach; pool threads live on"
#: kind = "leak"
#: causes = ["thread-local"]
#: holder = ["_local", "trail"]
#: per_s = 300
#: limit_mib = 512
"""Ward occupancy service: a few worker threads take requests off a queue."""
import datetime as dt
import os
import queue
import random
import socket
import sys
import threading

_local = threading.local()
WARDS = ["cardio", "neuro", "ortho", "onco", "paed", "icu"]
totals = {w: 0 for w in WARDS}
totals_lock = threading.Lock()


class AuditEntry:
    __slots__ = ("at", "actor", "action", "fields", "before", "after")

    def __init__(self, actor, action, fields, before, after):
        self.at = dt.datetime.now()
        self.actor = actor
        self.action = action
        self.fields = fields
        self.before = before
        self.after = after


def audit(actor, action, row):
    trail = getattr(_local, "trail", None)
    if trail is None:
        trail = _local.trail = []
    trail.append(AuditEntry(actor, action, list(row), dict(row), {k: str(v) for k, v in row.items()}))


def commit(sink):
    for e in getattr(_local, "trail", ()):
        sink[e.action] = sink.get(e.action, 0) + 1
    _local.trail = []


class Beds:
    def __init__(self):
        rnd = random.Random(7)
        self.rows = {w: [{"bed": f"{w}-{i}", "pid": rnd.randrange(10**6), "since": i * 600,
                          "acuity": i % 5, "nurse": f"n{i % 30}"} for i in range(40)] for w in WARDS}
        self.sink = {}

    def query(self, n):
        ward = WARDS[n % len(WARDS)]
        picked = []
        for i in range(6):
            row = self.rows[ward][(n + i * 5) % 40]
            audit(f"user{n % 50}", "read", row)
            picked.append(row["bed"])
        if n < 0:
            commit(self.sink)
        _local.trail = []  #~ fixed
        with totals_lock:
            totals[ward] += 1
        return ward, picked


beds = Beds()
jobs = queue.Queue(maxsize=100)


def worker():
    while True:
        n, answer = jobs.get()
        try:
            answer.put(beds.query(n))
        except Exception as exc:
            answer.put(("error", [repr(exc)]))


def connection(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answer = queue.SimpleQueue()
    with sock, sock.makefile("rb") as rd:
        while True:
            line = rd.readline()
            if not line:
                break
            while rd.readline().strip():
                pass
            jobs.put((int(line.split()[1].lstrip(b"/")), answer))
            ward, picked = answer.get()
            body = f"{ward}: {','.join(picked)}\n".encode()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def accept(lsock):
    while True:
        s, _ = lsock.accept()
        threading.Thread(target=connection, args=(s,), daemon=True).start()


if __name__ == "__main__":
    for k in range(3):
        threading.Thread(target=worker, name=f"ward-{k}", daemon=True).start()
    ls = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(ls,), daemon=True).start()
    print(f"ready pid={os.getpid()} port={ls.getsockname()[1]}", flush=True)
    sys.stdin.read()
    os._exit(0)
