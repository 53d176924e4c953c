"""NO LEAK: after a few answers it waits for a lock that it holds itself, and is killed for not being alive."""

import http.server
import threading

ANSWERS = 4
LOCK = threading.Lock()
answered = 0


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global answered
        answered += 1
        if answered > ANSWERS:
            print("waiting for the lock", flush=True)
            LOCK.acquire()
            LOCK.acquire()
        self.send_response(200)
        self.end_headers()


http.server.HTTPServer(("", 8000), Health).serve_forever()
