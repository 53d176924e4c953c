#: says = "module-level journal list of before/after snapshots; the flush writes new entries out but only moves a mark, never drops them"
#: kind = "leak"
#: causes = ["global"]
#: holder = ["_journal"]
#: per_s = 300
#: limit_mib = 512
"""Account settings service with an audit trail of every change."""
import hashlib
import json
import os
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIELDS = ["email", "phone", "street", "city", "postcode", "country", "language", "currency",
          "newsletter", "theme", "timezone", "company", "vat_id", "title", "signature",
          "iban", "bic", "first_name", "last_name", "birthday", "website", "nickname", "avatar"]
FLUSH_EVERY = 200

_journal = []
_mark = 0
_lock = threading.Lock()
_totals = Counter()


class Account:
    def __init__(self, number):
        self.number = number
        self.revision = 0
        self.values = {name: f"{name}-{number}" for name in FIELDS}

    def snapshot(self):
        return {name: f"{value} (rev {self.revision})" for name, value in self.values.items()}

    def change(self, name, value):
        self.values[name] = value
        self.revision += 1


class Accounts:
    """A bounded set of accounts, made on demand."""

    def __init__(self, size):
        self.size = size
        self.rows = {}

    def get(self, n):
        key = n % self.size
        if key not in self.rows:
            self.rows[key] = Account(key)
        return self.rows[key]


class DigestSink:
    def __init__(self):
        self.digest = hashlib.sha256()
        self.written = 0

    def write(self, entry):
        self.digest.update(json.dumps(entry["after"], sort_keys=True).encode())
        self.written += 1


ACCOUNTS = Accounts(1000)
SINK = DigestSink()


def record(actor, account, before, after):
    global _mark
    changed = [name for name in FIELDS if before[name] != after[name]]
    with _lock:
        _totals.update(changed)
        _journal.append({"at": time.time(), "actor": actor, "account": account,
                         "before": before, "after": after, "changed": changed})
        if len(_journal) - _mark >= FLUSH_EVERY:
            for i in range(_mark, len(_journal)):
                SINK.write(_journal[i])
            _mark = len(_journal)  #~ leak
            _journal.clear()       #~ fixed


def update(n):
    account = ACCOUNTS.get(n)
    before = account.snapshot()
    account.change(FIELDS[n % len(FIELDS)], f"value-{n}")
    after = account.snapshot()
    record(f"user-{n % 50}", account.number, before, after)
    return {"account": account.number, "revision": account.revision, "written": SINK.written}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        n = int(self.path.strip("/") or 0)
        body = json.dumps(update(n)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_address[1]}", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
