#: says = "a background thread builds an inverted index over a corpus of 9000 documents during the first 45 s or so and then ends; requests only search it"
#: kind = "healthy"
#: per_s = 200
#: limit_mib = 512
"""Full-text search over the manual archive."""
import os
import random
import socketserver
import sys
import threading
import time

STEMS = ["valve", "pump", "rotor", "gasket", "sensor", "relay", "filter", "bearing", "clutch", "nozzle"]


class Posting:
    __slots__ = ("doc", "count", "positions")

    def __init__(self, doc):
        self.doc = doc
        self.count = 0
        self.positions = []


class Index:
    def __init__(self):
        self.terms = {}
        self.titles = {}
        self.lock = threading.Lock()

    def add(self, doc, title, words):
        postings = {}
        for position, word in enumerate(words):
            posting = postings.get(word)
            if posting is None:
                posting = postings[word] = Posting(doc)
            posting.count += 1
            posting.positions.append(1000 * doc + position)
        with self.lock:
            self.titles[doc] = title
            for word, posting in postings.items():
                self.terms.setdefault(word, []).append(posting)

    def search(self, words, limit=5):
        scores = {}
        for word in words:
            with self.lock:
                found = self.terms.get(word, [])[-200:]
            for posting in found:
                scores[posting.doc] = scores.get(posting.doc, 0) + posting.count / (1 + len(posting.positions))
        best = sorted(scores, key=scores.get, reverse=True)[:limit]
        return [self.titles[doc] for doc in best]


class Indexer(threading.Thread):
    def __init__(self, index, documents, per_second):
        super().__init__(name="indexer", daemon=True)
        self.index = index
        self.documents = documents
        self.pause = 20 / per_second

    def run(self):
        for doc in range(self.documents):
            rng = random.Random(doc)
            words = [f"{rng.choice(STEMS)}{int(rng.random() ** 2 * 400)}" for _ in range(60)]
            self.index.add(doc, f"manual {doc:05d}", words)
            if doc % 20 == 19:
                time.sleep(self.pause)


INDEX = Index()


class SearchHandler(socketserver.BaseRequestHandler):
    def setup(self):
        self.stream = self.request.makefile("rwb")

    def handle(self):
        for line in self.stream:
            if not line.startswith(b"GET "):
                continue
            while self.stream.readline().rstrip():
                pass
            number = int(line.split()[1][1:] or 0)
            query = [f"{STEMS[(number + i) % 10]}{(number * 7 + i * 31) % 400}" for i in range(3)]
            titles = INDEX.search(query)
            body = ("\n".join(titles) or "no match").encode() + b"\n"
            self.stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.stream.write(body)
            self.stream.flush()

    def finish(self):
        self.stream.close()


if __name__ == "__main__":
    socketserver.ThreadingTCPServer.daemon_threads = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), SearchHandler)
    Indexer(INDEX, documents=9000, per_second=220).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_address[1]}", flush=True)
    sys.stdin.buffer.read()
    sys.stdout.flush()
    os._exit(0)
