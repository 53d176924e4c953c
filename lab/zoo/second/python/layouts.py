#: says = "page layout memoised with an unlimited lru_cache although the viewport and document number make nearly every key new"
#: kind = "leak"
#: causes = ["unbounded-cache"]
#: holder = ["layout_for"]
#: per_s = 200
#: limit_mib = 512
"""Lays out printable documents for a viewport and answers with page counts."""
import os
import socket
import sys
import threading
from functools import lru_cache

WORDS = "invoice total of goods sent on the day named below with thanks for your order".split()


class Theme:
    def __init__(self, name, line_height, margin):
        self.name = name
        self.line_height = line_height
        self.margin = margin


THEMES = {t.name: t for t in (Theme("plain", 14, 20), Theme("letter", 16, 36), Theme("dense", 11, 12))}


class Box:
    __slots__ = ("x", "y", "width", "text")

    def __init__(self, x, y, width, text):
        self.x = x
        self.y = y
        self.width = width
        self.text = text


class Layout:
    def __init__(self, theme, boxes, pages):
        self.theme = theme
        self.boxes = boxes
        self.pages = pages


@lru_cache(maxsize=32)
def glyph_widths(theme_name):
    theme = THEMES[theme_name]
    return [theme.line_height * (4 + c % 5) / 10 for c in range(128)]


def text_width(theme_name, text):
    widths = glyph_widths(theme_name)
    return sum(widths[ord(c)] for c in text)


@lru_cache(maxsize=None)  #~ leak
@lru_cache(maxsize=256)   #~ fixed
def layout_for(document, theme_name, viewport):
    theme = THEMES[theme_name]
    boxes, x, y = [], theme.margin, theme.margin
    for i in range(40):
        text = f"{WORDS[(document + i) % len(WORDS)]}{document % 1000}"
        width = text_width(theme_name, text)
        if x + width > viewport:
            x, y = theme.margin, y + theme.line_height
        boxes.append(Box(x, y + 0.25, width, text))
        x += width + 4
    return Layout(theme, boxes, 1 + int(y) // 400)


class Request:
    def __init__(self, head):
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        self.method, self.target, self.version = line.split(" ")

    @property
    def number(self):
        digits = self.target.strip("/")
        return int(digits) if digits.isdigit() else 0


def answer(request):
    n = request.number
    theme = ("plain", "letter", "dense")[n % 3]
    layout = layout_for(n, theme, 320 + n % 11 * 40)
    lowest = max(b.y for b in layout.boxes)
    return f"{layout.pages} page(s), {len(layout.boxes)} boxes down to {lowest} in {theme}\n"


def converse(conn):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pending = b""
    with conn:
        while True:
            while b"\r\n\r\n" not in pending:
                chunk = conn.recv(8192)
                if not chunk:
                    return
                pending += chunk
            head, pending = pending.split(b"\r\n\r\n", 1)
            body = answer(Request(head)).encode()
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def accept_forever(listener):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=converse, args=(conn,), daemon=True).start()


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept_forever, args=(listener,), daemon=True).start()
    print(f"ready pid={os.getpid()} port={listener.getsockname()[1]}", flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)
