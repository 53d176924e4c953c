"""Python: what the rules of holders do not carry themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.CONNECTION_POOL: remedy(
        "Give each connection back on every way out (with, or try and finally); bound the pool and the wait for it.",
        "connection = pool.getconn()\nrows = connection.execute(query).fetchall()",
        """def rows_of(pool, query):
    connection = pool.getconn()
    try:
        return connection.execute(query).fetchall()
    finally:
        pool.putconn(connection)
""",
    ),
    CauseName.LARGE_LOAD: remedy(
        "Work through it in pieces: iterate over the file or the cursor instead of reading all of it.",
        "rows = json.loads(path.read_text())\nfor row in rows:\n    handle(row)",
        """import json

def handle_all(path, handle):  # one JSON document a line
    with path.open() as file:
        for line in file:
            handle(json.loads(line))
""",
    ),
    CauseName.GC_MISCONFIGURED: remedy(
        "Let the collector run: take gc.disable() out, or call gc.collect() between pieces of work. Cycles that come"
        " with each request are broken by a weak reference to the parent.",
        "import gc\n\ngc.disable()",
        """import gc

gc.collect()
gc.freeze()  # what is there by now is not looked at again
gc.set_threshold(50_000, 20, 20)  # less often, and not never
""",
    ),
    CauseName.KEYS_WITHOUT_TTL: remedy(
        "Write each key with a time to live.",
        "client.set(key, value)",
        "client.set(key, value, ex=3600)\n",
    ),
    CauseName.PAGE_CACHE: remedy(
        "No leak: judge it by anonymous memory. Who reads large files once can tell the kernel that they are done with;"
        " nothing is to be dropped by hand.",
        "data = path.read_bytes()",
        """import os

def read_once(path, handle):
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            handle(block)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
""",
    ),
    CauseName.LOAD_GROWTH: remedy(
        "Bound how much is worked on at once, and refuse the rest early; scale by load. What is refused is decided by"
        " the cgroup's anonymous memory, not by that of the whole machine.",
        "await handle(request)",
        """import asyncio

busy = asyncio.Semaphore(100)

async def bounded(handle, request):
    async with busy:
        return await handle(request)
""",
    ),
    CauseName.WORKERS_OR_ARENAS: remedy(
        "Bound threads and workers by the memory that each takes; arenas by MALLOC_ARENA_MAX=2.",
        "pool = ThreadPoolExecutor(max_workers=512)",
        """from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=16)  # and MALLOC_ARENA_MAX=2 in the environment
""",
    ),
    CauseName.MANY_PROCESSES: remedy(
        "Use a pool of a fixed size, and wait for or end each child that is started by hand.",
        "subprocess.Popen(command)",
        """import subprocess

def run(command):
    subprocess.run(command, check=True, timeout=60)
""",
    ),
}
