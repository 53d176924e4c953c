"""JavaScript, as it is written for Node.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNBOUNDED_CACHE: remedy(
        "Give it a bound: a fixed size with eviction, or a time to live (lru-cache: new LRUCache({ max, ttl })).",
        "this.entries.set(key, value);",
        """const MOST = 10_000;

class BoundedCache {
  #entries = new Map();

  set(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value);
  }

  get(key) {
    return this.#entries.get(key);
  }
}
""",
    ),
    CauseName.LISTENER: remedy(
        "Remove the listener when its owner ends (off, AbortSignal), or register it once; once() alone leaks where the"
        " event never comes.",
        "bus.on('change', onChange);",
        """function follow(bus, socket, onChange) {
  bus.on('change', onChange);
  socket.once('close', () => bus.off('change', onChange));
}
""",
    ),
    CauseName.TIMER: remedy(
        "Clear the timer when its owner ends; its callback keeps all that it captured.",
        "setInterval(() => remind(order), 60_000);",
        """function startReminder(order, remind) {
  const timer = setInterval(() => remind(order), 60_000);
  order.once('closed', () => clearInterval(timer));
}
""",
    ),
    CauseName.SESSION_STATE: remedy(
        "Give sessions a time to live, and sweep those that have ended.",
        "sessions.set(token, session);",
        """const TTL_MS = 30 * 60_000;
const sessions = new Map();

function put(token, session) {
  sessions.set(token, { session, ends: Date.now() + TTL_MS });
}

setInterval(() => {
  const now = Date.now();
  for (const [token, { ends }] of sessions) if (ends < now) sessions.delete(token);
}, 60_000).unref();
""",
    ),
    CauseName.CLOSURE: remedy(
        "Bound the variable, or pass it in for each request instead of closing over it.",
        "function make() {\n  const seen = [];\n  return (item) => seen.push(item);\n}",
        """function make(most = 1000) {
  const seen = [];
  return (item) => {
    seen.push(item);
    if (seen.length > most) seen.shift();
  };
}
""",
    ),
    CauseName.GLOBAL: remedy(
        "Bound what it keeps, or keep it per request and let it go with the request.",
        "history.push(entry);",
        """const MOST = 1000;

function remember(history, entry) {
  history.push(entry);
  if (history.length > MOST) history.splice(0, history.length - MOST);
}
""",
    ),
    CauseName.STATIC_COLLECTION: remedy(
        "Hold instances weakly (WeakRef, WeakMap by the object itself), or remove them when they are done.",
        "class Order {\n  static all = new Map();\n  constructor(id) { Order.all.set(id, this); }\n}",
        """class Order {
  static #all = new Map();

  static open(id) {
    const order = new Order();
    Order.#all.set(id, order);
    return order;
  }

  static close(id) {
    Order.#all.delete(id);
  }
}
""",
    ),
    CauseName.QUEUE_BACKLOG: remedy(
        "Bound the queue so that producers wait or fail early, and heed what write() returns.",
        "jobs.push(job);",
        """const MOST = 10_000;

function submit(jobs, job) {
  if (jobs.length >= MOST) throw new Error('too many jobs wait');
  jobs.push(job);
}
""",
    ),
    CauseName.CONNECTION_POOL: remedy(
        "Release each client in finally, and give the pool max, idleTimeoutMillis and connectionTimeoutMillis.",
        "const client = await pool.connect();\nconst { rows } = await client.query(text);",
        """async function rowsOf(pool, text) {
  const client = await pool.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    client.release();
  }
}
""",
    ),
    CauseName.NATIVE_ALLOCATION: remedy(
        "Look for Buffers that are kept (a slice keeps all of its memory), and for handles of addons that want to be"
        " closed.",
        "kept.push(chunk.subarray(0, 16));",
        """function remember(kept, chunk) {
  kept.push(Buffer.from(chunk.subarray(0, 16))); // a copy: the large chunk can go
}
""",
    ),
    CauseName.LARGE_LOAD: remedy(
        "Stream it: read, transform and write piece by piece.",
        "const rows = JSON.parse(await readFile(path, 'utf8'));\nfor (const row of rows) handle(row);",
        """import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export async function handleAll(path, handle) { // one JSON document a line
  for await (const line of createInterface({ input: createReadStream(path) })) {
    await handle(JSON.parse(line));
  }
}
""",
    ),
    CauseName.KEYS_WITHOUT_TTL: remedy(
        "Write each key with a time to live.",
        "await client.set(key, value);",
        "async function keep(client, key, value) {\n  await client.set(key, value, { EX: 3600 });\n}\n",
    ),
    CauseName.LOAD_GROWTH: remedy(
        "Bound how much is worked on at once, and refuse the rest early; scale by load.",
        "server.listen(port);",
        "function listen(server, port) {\n  server.maxConnections = 500;\n  server.listen(port);\n}\n",
    ),
    CauseName.GC_MISCONFIGURED: remedy(
        "Set --max-old-space-size to about 75 % of the limit less what stands beside the heap (Buffers, workers); V8"
        " collects harder near it, and ends with a message instead of a kill without one. A collection that is"
        " forced by a timer only adds pauses.",
        "// NODE_OPTIONS=--max-old-space-size=4096, limit 2Gi",
        "// NODE_OPTIONS=--max-old-space-size=1536 --heapsnapshot-near-heap-limit=1, limit 2Gi\n",
    ),
    CauseName.WORKERS_OR_ARENAS: remedy(
        "Make worker threads once, as many as there are processors, and set resourceLimits of each.",
        "new Worker(file, { workerData: job });",
        """function makeWorkers(Worker, file, count) {
  const resourceLimits = { maxOldGenerationSizeMb: 256 };
  return Array.from({ length: count }, () => new Worker(file, { resourceLimits }));
}
""",
    ),
    CauseName.MANY_PROCESSES: remedy(
        "Bound how many children run at once, give each a timeout, and end them with their request.",
        "spawn(command, args);",
        """async function run(spawn, command, args, once) {
  const child = spawn(command, args, { timeout: 60_000, signal: AbortSignal.timeout(60_000) });
  await once(child, 'exit');
}
""",
    ),
    CauseName.FRAGMENTATION: remedy(
        "No leak: memory from malloc beside V8's heap is kept for the next large piece of work. MALLOC_ARENA_MAX=2 or"
        " jemalloc keep less.",
        "// CMD node server.js",
        "// ENV MALLOC_ARENA_MAX=2\n// CMD node server.js\n",
    ),
}
