#: says = "the single_flight decorator enters a call under (args, kwargs) and takes it out under args alone, so its captured dict flights keeps the future and forecast of each call"
#: kind = "leak"
#: causes = ["closure", "unbounded-cache"]
#: holder = ["flights"]
#: per_s = 250
#: limit_mib = 512
"""Surf forecast per beach and run; concurrent equal requests share one computation."""
import functools
import math
import os
import sys
import threading
from concurrent.futures import Future
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn


def single_flight(fn):
    lock = threading.Lock()
    flights = {}

    @functools.wraps(fn)
    def call(*args, **kwargs):
        key = (args, tuple(sorted(kwargs.items())))
        with lock:
            future = flights.get(key)
            leader = future is None
            if leader:
                future = flights[key] = Future()
        if not leader:
            return future.result(timeout=5)
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as e:
            future.set_exception(e)
        finally:
            with lock:
                flights.pop(args, None)  #~ leak
                flights.pop(key, None)  #~ fixed
        return future.result()

    return call


def swell(beach, hour):
    phase = (beach % 97) / 97 * math.tau
    return 1.4 + math.sin(phase + hour / 6.2) + 0.3 * math.cos(hour * 1.7 + beach)


@single_flight
def forecast(beach, *, run, hours=36):
    rows = []
    for hour in range(hours):
        height = swell(beach, hour + run)
        period = 7 + 5 * abs(math.sin(beach * 0.01 + hour * 0.1))
        rows.append({"height": height, "energy": height * height * period})
    return rows


def best_window(rows, width=4):
    best = max(range(len(rows) - width),
               key=lambda i: sum(r["energy"] for r in rows[i:i + width]))
    return best, max(r["height"] for r in rows[best:best + width])


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 8192

    def do_GET(self):
        try:
            number = int(self.path.rpartition("/")[2])
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        rows = forecast(number, run=number % 4 * 6)
        start, height = best_window(rows)
        text = f"beach {number}: go at +{start}h, {height:.1f} m\n".encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()

    def log_message(self, format, *args):
        return


class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    httpd = Server(("127.0.0.1", 0), Api)
    threading.Thread(target=httpd.serve_forever, name="http", daemon=True).start()
    print(f"ready pid={os.getpid()} port={httpd.server_address[1]}", flush=True)
    for _ in sys.stdin:
        pass
    httpd.shutdown()
