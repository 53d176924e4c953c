#: says = "Each request builds a tree whose nodes know their parents; the cycles wait for a collector that runs rarely, so the memory goes up and comes back."
#: kind = "healthy"
#: causes = []
#: holder = []
#: per_s = 300
#: for_s = 20
#: limit_mib = 512
"""Organisation chart: draws a department with its teams and people."""
import gc
import itertools
import os
import socketserver
import sys
import threading

gc.set_threshold(60000, 5, 2)       # fewer pauses; the trees below are short-lived


class Node:
    count = 0

    def __init__(self, title, parent=None):
        self.title = title
        self.parent = parent
        self.children = []
        self.badge = f"{title} / {'badge ' * 30}{Node.count}"
        Node.count += 1
        if parent is not None:
            parent.children.append(self)

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def path(self):
        return self.title if self.parent is None else f"{self.parent.path()} > {self.title}"


class Directory:
    """Names of people; one list, made at the start."""

    def __init__(self):
        self.people = [f"{first} {last}" for first in ("Ada", "Bo", "Cy", "Di", "Eva") for last in ("Holm", "Lind", "Moe", "Naess")]

    def team(self, number, size):
        return (self.people[(number + i) % len(self.people)] for i in range(size))


def chart(number, directory):
    root = Node(f"department {number}")
    for t in range(3):
        team = Node(f"team {t}", root)
        for person in directory.team(number + t, 5):
            Node(person, team)
    return root


directory = Directory()
numbers = itertools.count(1)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        pending = b""
        while data := self.request.recv(65536):
            pending += data
            while b"\r\n\r\n" in pending:
                _, pending = pending.split(b"\r\n\r\n", 1)
                root = chart(next(numbers), directory)
                deepest = max((node.path() for node in root.walk()), key=len)
                body = (deepest + "\n").encode()
                self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"ready pid={os.getpid()} port={server.server_address[1]}", flush=True)
sys.stdin.read()
