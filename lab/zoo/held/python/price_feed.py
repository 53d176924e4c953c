#: says = "A feed refers to its viewers weakly, but the watch with its window of prices stays in the feed's table after the viewer is gone."
#: kind = "leak"
#: causes = ["listener"]
#: holder = ["Feed", "watchers"]
#: per_s = 340
#: for_s = 20
#: limit_mib = 512
"""Price feed: a viewer watches a symbol while its page is rendered."""
import array
import http.server
import itertools
import math
import os
import sys
import threading
import time
import weakref


class Viewer:
    def __init__(self, number, symbol):
        self.number, self.symbol = number, symbol
        self.ticks = 0

    def tick(self, price):
        self.ticks += 1
        self.price = price


class Watch:
    __slots__ = ("viewer", "window", "position")

    def __init__(self, viewer, start):
        self.viewer = viewer
        self.window = array.array("d", (start + math.sin(i / 9) for i in range(1024)))
        self.position = 0

    def put(self, price):
        self.window[self.position % 1024] = price
        self.position += 1


class Feed:
    """One for each symbol."""

    tokens = itertools.count(1)

    def __init__(self, symbol, price):
        self.symbol, self.price = symbol, price
        self.lock = threading.RLock()
        self.watchers = {}
        self.active = 0

    def watch(self, viewer):
        with self.lock:
            token = next(self.tokens)

            def gone(_, feed=weakref.ref(self)):
                here = feed()
                if here is not None:
                    here.left(token)

            self.watchers[token] = Watch(weakref.ref(viewer, gone), self.price)
            self.active += 1

    def left(self, token):
        with self.lock:
            self.active -= 1
            self.watchers.pop(token, None)  #~ fixed

    def publish(self, price):
        with self.lock:
            self.price = price
            for watch in list(self.watchers.values()):
                viewer = watch.viewer()
                if viewer is not None:
                    watch.put(price)
                    viewer.tick(price)


class Market:
    def __init__(self, symbols):
        self.feeds = {symbol: Feed(symbol, 20.0 + i) for i, symbol in enumerate(symbols)}
        self.moves = 0

    def move_for_ever(self):
        while True:
            time.sleep(0.5)
            self.moves += 1
            for feed in self.feeds.values():
                feed.publish(feed.price + math.cos(self.moves))


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    market = Market(["AGN", "BRX", "CLM", "DTE"])
    numbers = itertools.count(1)

    def setup(self):
        self.wbufsize = 4096
        super().setup()

    def do_GET(self):
        number = next(self.numbers)
        symbol = list(self.market.feeds)[number % 4]
        viewer = Viewer(number, symbol)
        feed = self.market.feeds[symbol]
        feed.watch(viewer)
        page = f"<p>{symbol} {feed.price:.2f}, {feed.active} watching</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format, *args):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=Page.market.move_for_ever, daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
