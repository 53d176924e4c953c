#: says = "breadcrumbs of a thread-local are emptied when a connection opens or a failure is reported, but the thread serves one kept-alive connection for good, so they pile up"
#: kind = "leak"
#: causes = ["thread-local"]
#: holder = ["crumbs"]
#: per_s = 250
#: limit_mib = 512
"""Insurance claim triage. Breadcrumbs accompany a failure report to the operators."""
import os
import socketserver
import sys
import threading
import time
import traceback

trail = threading.local()


class Crumb:
    def __init__(self, step, detail):
        self.at = time.monotonic()
        self.step = step
        self.detail = detail


def crumb(step, **detail):
    trail.crumbs.append(Crumb(step, detail))


def report_failure():
    sys.stderr.write(traceback.format_exc())
    for c in trail.crumbs[-30:]:
        sys.stderr.write("  %.3f %s %r\n" % (c.at, c.step, c.detail))
    trail.crumbs.clear()


def load_claim(number):
    policy = (number * 7907) % 65521
    claim = {
        "policy": "P%05d" % policy,
        "peril": ("water", "fire", "theft", "hail")[number % 4],
        "amounts": [(policy * k) % 1900 + 50 for k in range(1, 9)],
    }
    crumb("load", policy=claim["policy"], peril=claim["peril"])
    return claim


def assess(claim):
    accepted = 0
    for position, amount in enumerate(claim["amounts"]):
        deductible = 120 if claim["peril"] == "water" else 75
        payout = max(0, amount - deductible)
        crumb("position", index=position, amount=amount,
              text="%s/%d pays %d" % (claim["policy"], position, payout))
        accepted += payout
    return accepted


def fraud_score(claim):
    score = 0.0
    for a, b in zip(claim["amounts"], claim["amounts"][1:]):
        score += abs(a - b) / (a + b)
    crumb("score", value=score, history=[round(score * k, 3) for k in range(12)])
    return score


class ClaimConnection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        trail.crumbs = []

    def handle(self):
        while True:
            request = self.rfile.readline(4096)
            if not request:
                return
            while self.rfile.readline(4096).strip():
                pass
            body = self.answer(request.split()[1].decode()).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def answer(self, target):
        trail.crumbs.clear()  #~ fixed
        try:
            number = int(target[1:] or 0)
            crumb("request", target=target, peer=self.client_address[1])
            claim = load_claim(number)
            payout = assess(claim)
            lane = "manual" if fraud_score(claim) > 3.2 else "fast"
            crumb("lane", lane=lane, payout=payout)
            return "%s %s %d\n" % (claim["policy"], lane, payout)
        except Exception:
            report_failure()
            return "sent to the desk\n"


class Desk(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Desk(("127.0.0.1", 0), ClaimConnection) as desk:
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), desk.server_address[1]), flush=True)
    sys.stdin.read()
    desk.shutdown()
