#: says = "a logger is made per render job by getLogger('render.job.N') with its own memory handler; logging's manager keeps every named logger in loggerDict for ever"
#: kind = "leak"
#: causes = ["static-collection", "global", "unbounded-cache"]
#: holder = ["loggerDict"]
#: per_s = 200
#: limit_mib = 512
import json
import logging
import logging.handlers
import os
import socketserver
import sys
import threading
import time

logging.raiseExceptions = False
root = logging.getLogger("render")
root.setLevel(logging.INFO)
root.propagate = False


class CountingSink(logging.Handler):
    def __init__(self):
        super().__init__()
        self.by_level = {}

    def emit(self, record):
        self.by_level[record.levelname] = self.by_level.get(record.levelname, 0) + 1


sink = CountingSink()
root.addHandler(sink)


class JobJournal:
    """Collects a job's own lines so that they can be shown beside its result."""

    def __init__(self, job_id):
        self.job_id = job_id
        self.handler = logging.handlers.MemoryHandler(capacity=64, flushLevel=logging.CRITICAL)
        self.log = logging.getLogger(f"render.job.{job_id}")  #~ leak
        self.log = logging.Logger("render.job", logging.INFO)  #~ fixed
        self.log.parent = root  #~ fixed
        self.log.addHandler(self.handler)

    def step(self, name, **info):
        self.log.info("job %d %s %s", self.job_id, name, json.dumps(info))

    def lines(self):
        return [r.getMessage() for r in self.handler.buffer]


class Frames:
    def __init__(self, keep=50):
        self.keep = keep
        self.last = []

    def put(self, job_id, size):
        self.last.append((job_id, size, time.monotonic()))
        if len(self.last) > self.keep:
            del self.last[0]


frames = Frames()


def render(job_id):
    journal = JobJournal(job_id)
    journal.step("queued", prio=job_id % 3)
    size = 0
    for tile in range(3):
        size += (job_id * 31 + tile * 17) % 4096
        journal.step("tile", index=tile, bytes=size)
    journal.step("done", bytes=size)
    frames.put(job_id, size)
    return {"job": job_id, "bytes": size, "lines": len(journal.lines())}


class Conn(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            first = self.rfile.readline()
            if not first:
                return
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            out = json.dumps(render(int(first.split()[1][1:]))).encode()
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: " + str(len(out)).encode() + b"\r\n\r\n" + out
            )


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Conn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), server.server_address[1]), flush=True)
    while sys.stdin.readline():
        pass
    os._exit(0)
