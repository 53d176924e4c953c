#: says = "Typesetter keeps layouts in a WeakKeyDictionary keyed by document, but each layout refers strongly to its document, so no key ever dies"
#: kind = "leak"
#: causes = ["unbounded-cache"]
#: holder = ["Typesetter", "layouts"]
#: per_s = 250
#: limit_mib = 512
"""Preview service of the print shop: breaks a leaflet into lines and pages."""
import os
import random
import sys
import threading
import weakref
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ("margin", "gutter", "serif", "kerning", "folio", "recto", "verso",
         "ligature", "widow", "orphan", "leading", "em", "quad", "galley")


class Document:
    def __init__(self, number):
        rng = random.Random(number)
        self.title = "Leaflet %06d" % number
        self.paragraphs = [
            " ".join(rng.choice(WORDS) for _ in range(rng.randint(30, 50)))
            for _ in range(5)
        ]


class Line:
    __slots__ = ("text", "y", "slack")

    def __init__(self, text, y, slack):
        self.text = text
        self.y = y
        self.slack = slack


class Layout:
    def __init__(self, document, width):
        self.source = document  #~ leak
        self.source = weakref.ref(document)  #~ fixed
        self.lines = []
        y = 36.0
        for paragraph in document.paragraphs:
            row = []
            used = 0
            for word in paragraph.split():
                if used + len(word) + 1 > width:
                    self.lines.append(Line(" ".join(row), y, width - used))
                    y += 13.2
                    row, used = [], 0
                row.append(word)
                used += len(word) + 1
            self.lines.append(Line(" ".join(row), y, width - used))
            y += 19.8

    def heading(self):
        return self.source.title.upper()  #~ leak
        return self.source().title.upper()  #~ fixed

    def raggedness(self):
        return sum(line.slack ** 2 for line in self.lines) / len(self.lines)


class Typesetter:
    def __init__(self, width):
        self.width = width
        self.layouts = weakref.WeakKeyDictionary()
        self.lock = threading.Lock()

    def layout(self, document):
        with self.lock:
            found = self.layouts.get(document)
            if found is None:
                found = self.layouts[document] = Layout(document, self.width)
        return found

    def pages(self, document, height=400):
        return 1 + int(self.layout(document).lines[-1].y // height)

    def render(self, document):
        layout = self.layout(document)
        return "%s %d lines, %d pages, rag %.1f\n" % (
            layout.heading(), len(layout.lines), self.pages(document),
            layout.raggedness())


class Preview(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        document = Document(int(self.path.lstrip("/") or 0))
        body = self.server.typesetter.render(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Preview)
    server.daemon_threads = True
    server.typesetter = Typesetter(width=52)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), server.server_port), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
