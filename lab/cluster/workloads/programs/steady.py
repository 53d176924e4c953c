"""HEALTHY: answers HTTP at port 8000, and keeps nothing."""

import http.server


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"steady\n")

    def log_message(self, *arguments):
        print(self.path, flush=True)


print("ready", flush=True)
http.server.HTTPServer(("", 8000), Page).serve_forever()
