#: says = "An intake drops repeated events by a module-level set of ids from which nothing is ever taken out."
#: kind = "leak"
#: causes = ["global", "unbounded-cache"]
#: holder = ["seen_ids"]
#: per_s = 300
#: for_s = 20
#: limit_mib = 512
"""Event intake: takes batches from devices, drops what came twice, counts by kind."""
import collections
import hashlib
import itertools
import os
import selectors
import socket
import sys

seen_ids = set()
recent = collections.deque()  #~ fixed
by_kind = collections.Counter()
batches = itertools.count(1)
KINDS = ("open", "tap", "scroll", "close", "buy")


def digest(device, sequence):
    return hashlib.sha256(f"{device}:{sequence}".encode()).hexdigest()


def batch(number):
    """What a device sends: some fifty events, one in ten of them sent before."""
    for i in range(46):
        sequence = number * 46 + i - (46 if i % 10 == 9 else 0)
        yield digest(sequence % 811, sequence), KINDS[sequence % len(KINDS)]


def first_time(event_id):
    if event_id in seen_ids:
        return False
    seen_ids.add(event_id)
    recent.append(event_id)  #~ fixed
    if len(recent) > 12000:  #~ fixed
        seen_ids.discard(recent.popleft())  #~ fixed
    return True


def counted(take):
    """Counts the batches that a function took."""
    def wrapper(number):
        taken = take(number)
        wrapper.batches += 1
        wrapper.events += taken
        return taken
    wrapper.batches = wrapper.events = 0
    return wrapper


@counted
def take(number):
    fresh = [kind for event_id, kind in batch(number) if first_time(event_id)]
    by_kind.update(fresh)
    return len(fresh)


class Loop:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(sys.stdin, selectors.EVENT_READ, self.input)
        self.buffers = {}
        self.open = True

    def accept(self, listener):
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.buffers[connection] = bytearray()
        self.selector.register(connection, selectors.EVENT_READ, self.read)

    def input(self, stream):
        if not os.read(stream.fileno(), 512):
            self.open = False

    def read(self, connection):
        try:
            data = connection.recv(8192)
        except OSError:
            data = b""
        if not data:
            del self.buffers[connection]
            self.selector.unregister(connection)
            connection.close()
            return
        buffer = self.buffers[connection]
        buffer += data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            del buffer[:end + 4]
            text = f"{take(next(batches))} new of {take.events}, {by_kind.most_common(1)}\n".encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)

    def run(self):
        print(f"ready pid={os.getpid()} port={self.listener.getsockname()[1]}", flush=True)
        while self.open:
            for key, _ in self.selector.select():
                key.data(key.fileobj)


Loop().run()
