"""Java."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

_BEFORE_MAP: Final = "private static final Map<String, Session> entries = new HashMap<>();"
_BOUND: Final = """private static final int MOST = 10_000;
private static final Map<String, Session> entries =
    Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Session> eldest) {
            return size() > MOST;
        }
    });
"""

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNBOUNDED_CACHE: remedy(
        "Give it a bound: a fixed size with eviction, or a time to live (Caffeine: maximumSize, expireAfterWrite).",
        _BEFORE_MAP,
        _BOUND,
    ),
    CauseName.STATIC_COLLECTION: remedy(
        "Bound it, or remove what is done with: a static field lives as long as its class.", _BEFORE_MAP, _BOUND
    ),
    CauseName.GLOBAL: remedy("Bound it, or keep it per request and let it go with the request.", _BEFORE_MAP, _BOUND),
    CauseName.LISTENER: remedy(
        "Remove the listener when its owner ends.",
        'bus.on("paid", receipt::print);',
        """AutoCloseable on(String event, Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
}

// The owner of the listener ends it:
try (AutoCloseable off = bus.on("paid", receipt::print)) {
    serve(request);
}
""",
    ),
    CauseName.THREAD_LOCAL: remedy(
        "Remove it in finally: a thread of a pool lives on.",
        "history.get().add(entry);",
        """try {
    history.get().add(entry);
    serve(request);
} finally {
    history.remove(); // a thread of a pool serves others next
}
""",
    ),
    CauseName.CLASS_LOADER: remedy(
        "Let go of whatever outlives the application: drivers, threads, listeners, thread-locals, shutdown hooks.",
        "Hooks.register(this);",
        """@Override
public void contextDestroyed(ServletContextEvent event) {
    Hooks.unregister(this);   // whatever outlives the application must not hold a class of it:
    request.remove();         // drivers, threads, listeners, thread-locals, shutdown hooks
    executor.shutdownNow();
}
""",
    ),
    CauseName.SESSION_STATE: remedy(
        "Give sessions a time to live, and sweep those that have ended.",
        "sessions.put(token, session);",
        """private final Map<String, Session> sessions = new ConcurrentHashMap<>();

void sweep(Instant now) { // from a ScheduledExecutorService, once a minute
    sessions.values().removeIf(session -> session.lastSeen().plus(TTL).isBefore(now));
}
""",
    ),
    CauseName.QUEUE_BACKLOG: remedy(
        "Bound the queue so that producers wait or fail early; an executor's default queue has no bound.",
        "private final Queue<Job> jobs = new LinkedBlockingQueue<>();",
        """private final BlockingQueue<Job> jobs = new ArrayBlockingQueue<>(10_000);

boolean submit(Job job) {
    return jobs.offer(job); // false: say so to who asked, instead of keeping it
}
""",
    ),
    CauseName.TIMER: remedy(
        "Cancel the task when its owner ends, and let cancelled tasks leave the queue.",
        "scheduler.scheduleAtFixedRate(() -> remind(order), 1, 1, MINUTES);",
        """scheduler.setRemoveOnCancelPolicy(true);
ScheduledFuture<?> reminder = scheduler.scheduleAtFixedRate(() -> remind(order), 1, 1, MINUTES);
order.onClosed(() -> reminder.cancel(false));
""",
    ),
    CauseName.CLOSURE: remedy(
        "A lambda or an inner class keeps what it captured, with the object around it: capture what is needed alone.",
        "callbacks.add(() -> log(this.order.id()));",
        """String id = order.id(); // the text alone, not this and the order
callbacks.add(() -> log(id));
""",
    ),
    CauseName.CONNECTION_POOL: remedy(
        "Give each connection back by try-with-resources; leakDetectionThreshold of HikariCP names who does not.",
        "Connection connection = pool.getConnection();\nreturn read(connection.prepareStatement(sql).executeQuery());",
        """try (Connection connection = pool.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
    return read(rows);
}
""",
    ),
    CauseName.NATIVE_ALLOCATION: remedy(
        "Look for what holds memory outside the heap: direct buffers, Inflater and Deflater without end(), JNI.",
        "Inflater inflater = new Inflater();\ninflater.setInput(packed);",
        """Inflater inflater = new Inflater();
try {
    inflater.setInput(packed);
    return read(inflater);
} finally {
    inflater.end();
}
""",
    ),
    CauseName.LARGE_LOAD: remedy(
        "Work through it in pieces: a cursor with a fetch size, a stream, pages.",
        "List<Order> all = repository.findAll();\nall.forEach(this::handle);",
        """try (PreparedStatement statement = connection.prepareStatement(sql)) {
    statement.setFetchSize(500); // PostgreSQL: with autocommit off
    try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
            handle(rows);
        }
    }
}
""",
    ),
    CauseName.KEYS_WITHOUT_TTL: remedy(
        "Write each key with a time to live.", "jedis.set(key, value);", "jedis.setex(key, 3600, value);\n"
    ),
    CauseName.LOAD_GROWTH: remedy(
        "Bound how much is worked on at once, and refuse the rest early; scale by load.",
        "Executors.newCachedThreadPool();",
        """new ThreadPoolExecutor(16, 16, 0, SECONDS, new ArrayBlockingQueue<>(100),
    new ThreadPoolExecutor.AbortPolicy()); // the 117th is told that it is too much
""",
    ),
    CauseName.GC_MISCONFIGURED: remedy(
        "Leave room beside the heap (metaspace, threads, code, direct buffers): MaxRAMPercentage of about 70 instead of"
        " an -Xmx as large as the limit; -XX:+HeapDumpOnOutOfMemoryError with a HeapDumpPath on a volume, and"
        " -XX:+ExitOnOutOfMemoryError. A heap that ends before the limit says so; a kill says nothing. A JVM reads the"
        " limit once, as it starts.",
        "// java -Xmx4g -jar app.jar, limit 4Gi",
        "// java -XX:MaxRAMPercentage=70 -XX:+ExitOnOutOfMemoryError -Xlog:gc* -jar app.jar, limit 4Gi\n",
    ),
    CauseName.UNDERSIZED_LIMIT: remedy(
        "Raise the limit above the highest peak with a quarter of room, for a time, and look again; a JVM must be"
        " started anew to see it. Ids and numbers take less in primitive collections (fastutil, Eclipse Collections).",
        "// resources: { limits: { memory: 512Mi } }",
        "// resources: { limits: { memory: 768Mi } }\n",
    ),
    CauseName.WORKERS_OR_ARENAS: remedy(
        "Bound threads by pools of a fixed size, shut pools down that are no longer used, and set MALLOC_ARENA_MAX=2.",
        "new Thread(() -> work(job)).start();",
        """private static final ExecutorService WORKERS = Executors.newFixedThreadPool(16);

void submit(Job job) {
    WORKERS.submit(() -> work(job));
}
""",
    ),
    CauseName.MANY_PROCESSES: remedy(
        "Wait for each child with a timeout, and end it where it does not.",
        "new ProcessBuilder(command).start();",
        """Process child = new ProcessBuilder(command).start();
if (!child.waitFor(60, SECONDS)) {
    child.destroyForcibly().waitFor();
}
""",
    ),
    CauseName.FRAGMENTATION: remedy(
        "No leak: memory from malloc beside the heap is kept for the next large piece of work. MALLOC_ARENA_MAX=2 keeps"
        " less; jcmd PID System.trim_native_heap gives it back, where the JVM has that command.",
        "// java -jar app.jar",
        "// MALLOC_ARENA_MAX=2 java -jar app.jar\n",
    ),
}
