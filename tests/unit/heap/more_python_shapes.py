"""More ordinary leaks as small Python modules: what libraries and the standard library make easy to keep."""

from __future__ import annotations

from python_shapes import Leak

MORE_LEAKS = {
    "deadlines that stay in their heap": Leak(
        "timer",
        """
import heapq
class Deadlines:
    def __init__(self): self._heap = []
    def add(self, when, call): heapq.heappush(self._heap, (when, call))
deadlines = Deadlines()
def serve(i): deadlines.add(i, "x" * 2000 + str(i))
""",
        holder="_heap",
    ),
    "exit stack that never closes": Leak(
        "listener",
        """
import contextlib
class Export:
    def __init__(self): self.open = contextlib.ExitStack()
    def start(self, i):
        text = "x" * 2000 + str(i)
        self.open.callback(lambda: text)
export = Export()
def serve(i): export.start(i)
""",
    ),
    "weak keys that something else holds": Leak(
        "unbounded-cache",
        """
import weakref
class Token: pass
tokens = weakref.WeakKeyDictionary()
alive = []
def serve(i):
    token = Token(); alive.append(token)
    tokens[token] = "x" * 2000 + str(i)
""",
        arguable=("global",),
    ),
    "subclasses made for each schema": Leak(
        "static-collection",
        """
class Message:
    known = {}
    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        Message.known[cls.__name__] = cls
def serve(i): type("Message%d" % i, (Message,), {"text": "x" * 2000 + str(i)})
""",
    ),
    "singledispatch of classes made anew": Leak(
        "listener",
        """
import functools
@functools.singledispatch
def show(value): return ""
def serve(i):
    kind = type("Kind%d" % i, (), {})
    text = "x" * 2000 + str(i)
    show.register(kind, lambda value: text)
""",
    ),
    "futures in a list": Leak(
        "global",
        """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
results = []
def work(i): return "x" * 2000 + str(i)
def serve(i): results.append(pool.submit(work, i)); results[-1].result()
""",
    ),
    "done callbacks on one future": Leak(
        "listener",
        """
import asyncio
class Gate:
    def __init__(self): self.opened = asyncio.new_event_loop().create_future()
gate = Gate()
def serve(i):
    text = "x" * 2000 + str(i)
    gate.opened.add_done_callback(lambda done: text)
""",
    ),
    "metric children by label": Leak(
        "unbounded-cache",
        """
import threading
class Child:
    def __init__(self, i): self.buckets = "x" * 2000 + str(i)
class Histogram:
    def __init__(self):
        self._lock = threading.Lock(); self._metrics = {}
    def labels(self, *values):
        with self._lock:
            if values not in self._metrics:
                self._metrics[values] = Child(values[0])
            return self._metrics[values]
latency = Histogram()
def serve(i): latency.labels(str(i)).buckets
""",
        arguable=("global",),
    ),
    "new objects of a unit of work": Leak(
        "global",
        """
class Row:
    def __init__(self, i): self.text = "x" * 2000 + str(i)
class UnitOfWork:
    def __init__(self): self.new = []
    def add(self, row): self.new.append(row)
work = UnitOfWork()
def serve(i): work.add(Row(i))
""",
    ),
    "nested by tenant and day": Leak(
        "global",
        """
totals = {}
def serve(i):
    totals.setdefault("tenant%d" % (i % 7), {}).setdefault("day%d" % (i % 5), []).append("x" * 2000 + str(i))
""",
    ),
    "nested by region and day, a few of each": Leak(
        "global",
        """
class Stats:
    def __init__(self): self.by = {}
    def add(self, i):
        self.by.setdefault("region%d" % (i % 3), {}).setdefault("day%d" % (i % 50), []).append("x" * 2000 + str(i))
stats = Stats()
def serve(i): stats.add(i)
""",
        holder="Stats.by",
    ),
    "ChainMap that grows by a scope": Leak(
        "global",
        """
import collections
scope = collections.ChainMap()
def serve(i): scope.maps.insert(0, {"text": "x" * 2000 + str(i)})
""",
    ),
    "context of a copied context": Leak(
        "thread-local",
        """
import contextvars
request = contextvars.ContextVar("request")
request.set(())
def serve(i): request.set((*request.get(), "x" * 2000 + str(i)))
""",
    ),
    "trace spans that are never ended": Leak(
        "unbounded-cache",
        """
class Span:
    def __init__(self, i): self.events = ["x" * 2000 + str(i)]
class Tracer:
    def __init__(self): self.open = {}
    def start(self, i): self.open[i] = Span(i)
    def end(self, i): self.open.pop(i, None)
tracer = Tracer()
def serve(i): tracer.start(i)
""",
        arguable=("global",),
    ),
    "methods memoised on the instance": Leak(
        "unbounded-cache",
        """
import functools
class Pricing:
    def __init__(self):
        self.price = functools.lru_cache(maxsize=None)(self._price)
    def _price(self, i): return "x" * 2000 + str(i)
pricing = Pricing()
def serve(i): pricing.price(i)
""",
    ),
    "memoised in a class's static method": Leak(
        "unbounded-cache",
        """
import functools
class Geo:
    @staticmethod
    @functools.lru_cache(maxsize=None)
    def place(i): return ["x" * 2000 + str(i)]
class Report:
    @classmethod
    @functools.lru_cache(maxsize=None)
    def of(cls, i): return {"text": "x" * 2000 + str(i)}
def serve(i): Geo.place(i); Report.of(i)
""",
    ),
    "handlers of one logger, records kept": Leak(
        "queue-backlog",
        """
import logging, logging.handlers
log = logging.getLogger("shop.orders"); log.propagate = False
log.setLevel(logging.INFO)
log.addHandler(logging.handlers.MemoryHandler(10 ** 9, flushLevel=logging.CRITICAL))
def serve(i): log.info("x" * 2000 + str(i))
""",
    ),
    "stacks of a thread's local": Leak(
        "thread-local",
        """
import threading
current = threading.local()
current.stack = []
def serve(i): current.stack.append({"request": "x" * 2000 + str(i)})
""",
    ),
}
