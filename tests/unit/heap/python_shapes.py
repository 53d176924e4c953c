"""Ordinary leaks as small Python modules: what an expert would call each, and what could be meant as well.

Each module has ``serve(i)``, which keeps some two KiB more at each call. None has a name that says which it is, but
where the name is the point.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leak:
    """``holder``: a text that its holder's name has; "": whatever its module holds. ``arguable``: readings beside."""

    cause: str
    text: str
    arguable: tuple[str, ...] = ()
    holder: str = ""


LEAKS = {
    "lru_cache without a bound": Leak(
        "unbounded-cache",
        """
import functools
@functools.lru_cache(maxsize=None)
def price(i):
    return "x" * 2000 + str(i)
def serve(i): price(i)
""",
    ),
    "cache on a method": Leak(
        "unbounded-cache",
        """
import functools
class Planner:
    @functools.cache
    def plan(self, i):
        return "x" * 2000 + str(i)
planner = Planner()
def serve(i): planner.plan(i)
""",
    ),
    "memo decorator": Leak(
        "unbounded-cache",
        """
def memoize(f):
    cache = {}
    def inner(i):
        if i not in cache:
            cache[i] = f(i)
        return cache[i]
    return inner
@memoize
def price(i): return "x" * 2000 + str(i)
def serve(i): price(i)
""",
        arguable=("closure",),
    ),
    "get or compute, any name": Leak(
        "unbounded-cache",
        """
class Rates:
    def __init__(self): self.by_pair = {}
    def rate(self, pair):
        found = self.by_pair.get(pair)
        if found is None:
            i = pair[0]
            found = self.by_pair[pair] = "x" * 2000 + str(i)
        return found
rates = Rates()
def serve(i): rates.rate((i, "EUR"))
""",
    ),
    "get or compute by KeyError, module": Leak(
        "unbounded-cache",
        """
pages = {}
def page(i):
    try:
        return pages[i]
    except KeyError:
        pages[i] = "x" * 2000 + str(i)
        return pages[i]
def serve(i): page(i)
""",
        arguable=("global",),
    ),
    "dict of lists by user": Leak(
        "global",
        """
from collections import defaultdict
history = defaultdict(list)
def serve(i): history["user%d" % (i % 997)].append("x" * 2000 + str(i))
""",
        arguable=("unbounded-cache",),
    ),
    "class attribute list": Leak(
        "static-collection",
        """
class Parcel:
    scans = []
    def scan(self, i): Parcel.scans.append("x" * 2000 + str(i))
def serve(i): Parcel().scan(i)
""",
    ),
    "class attribute cache": Leak(
        "unbounded-cache",
        """
class User:
    _cache = {}
    @classmethod
    def get(cls, i):
        if i not in cls._cache:
            cls._cache[i] = "x" * 2000 + str(i)
        return cls._cache[i]
def serve(i): User.get(i)
""",
        arguable=("static-collection",),
    ),
    "instances registered in their class": Leak(
        "static-collection",
        """
class Order:
    registry = {}
    def __init__(self, i):
        self.lines = "x" * 2000 + str(i)
        Order.registry[i] = self
def serve(i): Order(i)
""",
    ),
    "module list": Leak(
        "global",
        """
events = []
def serve(i): events.append("x" * 2000 + str(i))
""",
    ),
    "module set": Leak(
        "global",
        """
seen_ids = set()
def serve(i): seen_ids.add("x" * 2000 + str(i))
""",
        arguable=("unbounded-cache",),
    ),
    "module string that is added to": Leak(
        "global",
        """
log = bytearray()
def serve(i): log.extend(b"x" * 4000)
""",
    ),
    "ContextVar": Leak(
        "thread-local",
        """
import contextvars
trail = contextvars.ContextVar("trail")
trail.set([])
def serve(i): trail.get().append("x" * 2000 + str(i))
""",
    ),
    "ContextVar with a default that is changed": Leak(
        "thread-local",
        """
import contextvars
trail = contextvars.ContextVar("trail", default=[])
def serve(i): trail.get().append("x" * 2000 + str(i))
""",
        arguable=("global",),
    ),
    "asyncio tasks kept": Leak(
        "global",
        """
import asyncio
loop = asyncio.new_event_loop()
background = set()
async def work(i): return "x" * 2000 + str(i)
async def one(i):
    background.add(asyncio.create_task(work(i)))
    await asyncio.sleep(0)
def serve(i): loop.run_until_complete(one(i))
""",
        arguable=("timer",),
    ),
    "futures nobody answers": Leak(
        "unbounded-cache",
        """
import asyncio
class Rpc:
    def __init__(self):
        self.loop = asyncio.new_event_loop(); self.waiting = {}
    def call(self, i):
        future = self.loop.create_future(); future.request = None
        self.waiting[i] = (future, "x" * 2000 + str(i))
rpc = Rpc()
def serve(i): rpc.call(i)
""",
        arguable=(
            "global",
            "queue-backlog",
        ),
    ),
    "weakref.finalize that keeps its object": Leak(
        "listener",
        """
import weakref
class Resource:
    def __init__(self, i):
        self.data = "x" * 2000 + str(i)
        weakref.finalize(self, close, self)
def close(resource): pass
def serve(i): Resource(i)
""",
        arguable=(
            "global",
            "static-collection",
        ),
        holder="weakref.finalize._registry",
    ),
    "logging handler for each request": Leak(
        "listener",
        """
import logging
log = logging.getLogger("shop")
class Journal(logging.Handler):
    def emit(self, record): pass
def serve(i):
    handler = Journal(); handler.lines = "x" * 2000 + str(i)
    log.addHandler(handler)
""",
    ),
    "a logger for each job": Leak(
        "global",
        """
import logging
def serve(i):
    log = logging.getLogger("job.%d" % i); log.lines = "x" * 2000 + str(i)
""",
        arguable=("static-collection",),
        holder="logging.Manager.loggerDict",
    ),
    "signal subscribers": Leak(
        "listener",
        """
class Signal:
    def __init__(self): self.receivers = {}
    def connect(self, receiver): self.receivers[id(receiver)] = receiver
paid = Signal()
def serve(i):
    text = "x" * 2000 + str(i)
    def on_paid(order): return text
    paid.connect(on_paid)
""",
    ),
    "bound methods in a list": Leak(
        "listener",
        """
class Bus:
    def __init__(self): self.all = []
class View:
    def __init__(self, i): self.data = "x" * 2000 + str(i)
    def changed(self): pass
bus = Bus()
def serve(i): bus.all.append(View(i).changed)
""",
    ),
    "identity map": Leak(
        "unbounded-cache",
        """
class Row:
    def __init__(self, i): self.text = "x" * 2000 + str(i)
class Session:
    def __init__(self): self.identity_map = {}
    def get(self, kind, i):
        key = (kind, i)
        if key in self.identity_map: return self.identity_map[key]
        row = self.identity_map[key] = Row(i)
        return row
session = Session()
def serve(i): session.get("row", i)
""",
        arguable=("session-state",),
    ),
    "generators kept": Leak(
        "global",
        """
open_streams = []
def stream(i):
    text = "x" * 2000 + str(i)
    yield text
    yield text
def serve(i):
    g = stream(i); next(g); open_streams.append(g)
""",
    ),
    "exceptions with tracebacks kept": Leak(
        "global",
        """
failures = []
def work(i):
    text = "x" * 2000 + str(i)
    raise ValueError(i)
def serve(i):
    try: work(i)
    except ValueError as exc: failures.append(exc)
""",
    ),
    "arrays in a list": Leak(
        "global",
        """
import array
frames = []
def serve(i): frames.append(array.array("d", bytes(4000)))
""",
    ),
    "queue.Queue": Leak(
        "queue-backlog",
        """
import queue
class Mailer:
    def __init__(self): self.outbox = queue.Queue()
mailer = Mailer()
def serve(i): mailer.outbox.put("x" * 2000 + str(i))
""",
    ),
    "executor backlog": Leak(
        "queue-backlog",
        """
import threading
from concurrent.futures import ThreadPoolExecutor
gate = threading.Event()
pool = ThreadPoolExecutor(1)
pool.submit(gate.wait)
def draw(text): pass
def serve(i): pool.submit(draw, "x" * 2000 + str(i))
""",
    ),
    "asyncio.Queue": Leak(
        "queue-backlog",
        """
import asyncio
class Hub:
    def __init__(self): self.incoming = asyncio.Queue()
hub = Hub()
def serve(i): hub.incoming.put_nowait("x" * 2000 + str(i))
""",
    ),
    "deque that is taken from": Leak(
        "queue-backlog",
        """
from collections import deque
class Printer:
    def __init__(self): self.sheets = deque()
    def give(self, i): self.sheets.append("x" * 2000 + str(i))
    def take(self): return self.sheets.popleft()
printer = Printer()
def serve(i):
    printer.give(i); printer.give(i); printer.take()
""",
    ),
    "list that is taken from": Leak(
        "queue-backlog",
        """
class Printer:
    def __init__(self): self.sheets = []
    def give(self, i): self.sheets.append("x" * 2000 + str(i))
    def run(self):
        while self.sheets: self.sheets.pop(0)
printer = Printer()
def serve(i): printer.give(i)
""",
    ),
    "deque as a history": Leak(
        "global",
        """
from collections import deque
history = deque()
def serve(i): history.append("x" * 2000 + str(i))
""",
        arguable=("queue-backlog",),
    ),
    "functions that wait for their turn": Leak(
        "queue-backlog",
        """
import functools
from collections import deque
jobs = deque()
def run(text): pass
def serve(i): jobs.append(functools.partial(run, "x" * 2000 + str(i)))
""",
        arguable=("listener",),
    ),
    "cache with times that nobody looks at": Leak(
        "unbounded-cache",
        """
import time
class TokenCache:
    def __init__(self): self.tokens = {}
    def put(self, i): self.tokens[i] = (time.time() + 60, "x" * 2000 + str(i))
tokens = TokenCache()
def serve(i): tokens.put(i)
""",
        arguable=("session-state",),
    ),
    "sessions by token": Leak(
        "session-state",
        """
class UserSession:
    def __init__(self, i): self.basket = "x" * 2000 + str(i)
class Portal:
    def __init__(self): self.by_token = {}
    def login(self, i): self.by_token[str(i)] = UserSession(i)
portal = Portal()
def serve(i): portal.login(i)
""",
        arguable=("unbounded-cache",),
    ),
    "session store of dicts": Leak(
        "session-state",
        """
class SessionStore:
    def __init__(self): self._data = {}
    def open(self, i): self._data[str(i)] = {"basket": "x" * 2000 + str(i)}
store = SessionStore()
def serve(i): store.open(i)
""",
        arguable=("unbounded-cache",),
    ),
    "state by visitor": Leak(
        "unbounded-cache",
        """
class Tracker:
    def __init__(self): self.visitors = {}
    def hit(self, i): self.visitors[str(i)] = ["x" * 2000 + str(i)]
tracker = Tracker()
def serve(i): tracker.hit(i)
""",
        arguable=(
            "session-state",
            "global",
        ),
    ),
    "timers": Leak(
        "timer",
        """
import asyncio
loop = asyncio.new_event_loop()
def remind(text): pass
def serve(i): loop.call_later(3600, remind, "x" * 2000 + str(i))
""",
    ),
    "sched": Leak(
        "timer",
        """
import sched
reminders = sched.scheduler()
def remind(text): pass
def serve(i): reminders.enter(3600, 1, remind, ("x" * 2000 + str(i),))
""",
    ),
    "closure of a handler": Leak(
        "closure",
        """
def make():
    observed = []
    def handle(i): observed.append("x" * 2000 + str(i))
    return handle
handle = make()
def serve(i): handle(i)
""",
    ),
    "default argument": Leak(
        "global",
        """
def note(i, kept=[]):
    kept.append("x" * 2000 + str(i))
def serve(i): note(i)
""",
        arguable=("closure",),
    ),
    "attribute of a function": Leak(
        "global",
        """
def note(i):
    note.calls.append("x" * 2000 + str(i))
note.calls = []
def serve(i): note(i)
""",
    ),
    "connections": Leak(
        "connection-pool",
        """
class DbConnection:
    def __init__(self, i): self.buffer = "x" * 2000 + str(i)
class Pool:
    def __init__(self): self.checked_out = []
    def get(self, i):
        self.checked_out.append(DbConnection(i))
pool = Pool()
def serve(i): pool.get(i)
""",
    ),
    "a module called handlers": Leak(
        "global",
        """
import sys, types
module = types.ModuleType("handlers"); sys.modules["handlers"] = module
exec("class OrderHandler:\\n    def __init__(self): self.rows = []\\nhandler = OrderHandler()\\n", module.__dict__)
def serve(i): module.handler.rows.append("x" * 2000 + str(i))
""",
        holder="handlers.",
    ),
    "labels of a metric": Leak(
        "unbounded-cache",
        """
class Counter:
    def __init__(self): self._children = {}
    def labels(self, *values):
        if values not in self._children: self._children[values] = {"sum": "x" * 2000 + values[0]}
        return self._children[values]
requests = Counter()
def serve(i): requests.labels(str(i), "GET")
""",
        arguable=("global",),
    ),
}
