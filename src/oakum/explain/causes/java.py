"""What a Java heap says of a cause by itself, with a fix as a Java developer writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

_BOUND: Final = Example(
    before="private static final Map<String, Session> entries = new HashMap<>();",
    after="""private static final int MOST = 10_000;
private static final Map<String, Session> entries =
    Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Session> eldest) {
            return size() > MOST;
        }
    });
""",
)
_OFF: Final = Example(
    before='bus.on("paid", receipt::print);',
    after="""AutoCloseable on(String event, Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
}

// The owner of the listener ends it:
try (AutoCloseable off = bus.on("paid", receipt::print)) {
    serve(request);
}
""",
)
_REMOVE: Final = Example(
    before="history.get().add(entry);",
    after="""try {
    history.get().add(entry);
    serve(request);
} finally {
    history.remove(); // a thread of a pool serves others next
}
""",
)
_LET_GO: Final = Example(
    before="Hooks.register(this);",
    after="""@Override
public void contextDestroyed(ServletContextEvent event) {
    Hooks.unregister(this);   // whatever outlives the application must not hold a class of it:
    request.remove();         // drivers, threads, listeners, thread-locals, shutdown hooks
    executor.shutdownNow();
}
""",
)
_EXPIRE: Final = Example(
    before="sessions.put(token, session);",
    after="""private final Map<String, Session> sessions = new ConcurrentHashMap<>();

void sweep(Instant now) { // from a ScheduledExecutorService, once a minute
    sessions.values().removeIf(session -> session.lastSeen().plus(TTL).isBefore(now));
}
""",
)
_QUEUE: Final = Example(
    before="private final Queue<Job> jobs = new LinkedBlockingQueue<>();",
    after="""private final BlockingQueue<Job> jobs = new ArrayBlockingQueue<>(10_000);

boolean submit(Job job) {
    return jobs.offer(job); // false: say so to who asked, instead of keeping it
}
""",
)

_EXAMPLES: Final[Mapping[CauseName, Example]] = {
    CauseName.LISTENER: _OFF,
    CauseName.THREAD_LOCAL: _REMOVE,
    CauseName.CLASS_LOADER: _LET_GO,
    CauseName.SESSION_STATE: _EXPIRE,
    CauseName.QUEUE_BACKLOG: _QUEUE,
}
_WHY: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "a mapping that gained keys",
    CauseName.LISTENER: "listeners were added and none fewer are held",
    CauseName.TIMER: "timers or tasks were started and none fewer are held",
    CauseName.THREAD_LOCAL: "it hangs on a thread-local: threads of a pool live on, and so does it",
    CauseName.CLASS_LOADER: "loaders of the same classes are held beside the one in use",
    CauseName.SESSION_STATE: "it holds sessions, more and more",
    CauseName.QUEUE_BACKLOG: "items come in faster than they are taken out",
    CauseName.STATIC_COLLECTION: "what a static field holds lives as long as its class",
}
_SURE: Final = frozenset({CauseName.THREAD_LOCAL, CauseName.CLASS_LOADER, CauseName.LISTENER})


def look(clue: Clue, told: CauseName) -> Finding:
    """``told``: by the shape in the dump."""
    why = _WHY.get(told, "a field that lives as long as the process holds it")
    sure = 0.9 if told in _SURE else 0.8
    return Finding(told, sure, why, clue.holder.advice, _EXAMPLES.get(told, _BOUND))
