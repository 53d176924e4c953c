#: says = "Exports are written and read again for their checksum: the cgroup's usage climbs by page cache alone."
#: kind = "healthy"
#: per_s = 250
#: target = "cgroup"
"""Exports: rows are appended to a file a part, a finished part is read again and its checksum noted."""

import collections
import hashlib
import os
import tempfile
import threading

from serving import serve

PART_BYTES = 24 << 20
KEPT_PARTS = 6


class Part:
    def __init__(self, folder, number):
        self.path = os.path.join(folder, f"part-{number:05}.csv")
        self.file = open(self.path, "wb", buffering=65536)
        self.written = 0

    def append(self, row):
        self.written += self.file.write(row)

    def finish(self):
        self.file.close()
        digest = hashlib.blake2b()
        with open(self.path, "rb") as file:
            while chunk := file.read(1 << 18):
                digest.update(chunk)
        return digest.hexdigest()


class Export:
    def __init__(self, folder):
        self.folder = folder
        self.number = 0
        self.part = Part(folder, 0)
        self.finished = collections.deque()
        self.checksums = collections.deque(maxlen=50)
        self._lock = threading.Lock()

    def write(self, row):
        with self._lock:
            self.part.append(row)
            if self.part.written >= PART_BYTES:
                self._next_part()

    def _next_part(self):
        self.checksums.append(self.part.finish())
        self.finished.append(self.part.path)
        if len(self.finished) > KEPT_PARTS:
            os.unlink(self.finished.popleft())
        self.number += 1
        self.part = Part(self.folder, self.number)


export = Export(tempfile.mkdtemp(prefix="export-", dir=os.getcwd()))


def row(number):
    fields = [f"{number}", f"customer {number % 700}", *(f"{number * column % 9973:012}" for column in range(900))]
    return ";".join(fields).encode() + b"\n"


def handle(number, path):
    export.write(row(number))
    return f"part {export.number}, {len(export.checksums)} checksums"


serve(handle)
