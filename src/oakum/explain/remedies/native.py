"""C and C++ (Rust alike: an owner that ends frees what it owns)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.remedies.remedy import Remedy, remedy
from oakum.model.cause import CauseName

REMEDIES: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNBOUNDED_CACHE: remedy(
        "Give it a bound: a fixed size with eviction, or a time to live.",
        "entries[key] = value;",
        """void put(const std::string& key, Value value) {
    order.push_back(key);
    entries.insert_or_assign(key, std::move(value));
    while (entries.size() > most) {
        entries.erase(order.front());
        order.pop_front();
    }
}
""",
    ),
    CauseName.LISTENER: remedy(
        "Hand out something whose end removes the listener.",
        "bus.listeners.push_back([this] { changed(); });",
        """auto where = bus.listeners.insert(bus.listeners.end(), [this] { changed(); }); // a std::list
ended = [&bus, where] { bus.listeners.erase(where); };
""",
    ),
    CauseName.TIMER: remedy(
        "Delete each timer with its owner.",
        "timer_create(CLOCK_MONOTONIC, &event, &timer);",
        "timer_create(CLOCK_MONOTONIC, &event, &timer);\n/* with the owner: */\ntimer_delete(timer);\n",
    ),
    CauseName.CLOSURE: remedy(
        "Capture weakly: a std::function that owns its owner is never freed.",
        "on_done = [self = shared_from_this()] { self->finish(); };",
        """on_done = [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->finish();
};
""",
    ),
    CauseName.GLOBAL: remedy(
        "Bound it, or keep it per request.",
        "static std::vector<Event> events;\nevents.push_back(event);",
        "static std::deque<Event> events;\nevents.push_back(event);\nif (events.size() > 10'000) events.pop_front();\n",
    ),
    CauseName.THREAD_LOCAL: remedy(
        "Clear it at the end of each request; give pthread_key_create a destructor.",
        "pthread_key_create(&key, NULL);",
        "pthread_key_create(&key, free);\n",
    ),
    CauseName.CONNECTION_POOL: remedy(
        "Let an owner close it on every way out.",
        "PGconn* conn = PQconnectdb(info);",
        "std::unique_ptr<PGconn, decltype(&PQfinish)> conn(PQconnectdb(info), PQfinish);\n",
    ),
    CauseName.NATIVE_ALLOCATION: remedy(
        "Look for what is made and never freed on the way that makes these: an owner that forgets, or a table without a"
        " bound.",
        "Session* session = new Session(user);\nserve(session);",
        "auto session = std::make_unique<Session>(user);\nserve(session.get());\n",
    ),
    CauseName.LARGE_LOAD: remedy(
        "Work through it in blocks.",
        "std::string all(std::istreambuf_iterator<char>(file), {});\nhandle(all);",
        "for (std::string line; std::getline(file, line);) handle(line);\n",
    ),
    CauseName.SESSION_STATE: remedy(
        "Give sessions a time to live, and sweep those that have ended.",
        "sessions[token] = session;",
        "std::erase_if(sessions, [now](const auto& row) { return row.second.ends < now; }); // once a minute\n",
    ),
    CauseName.QUEUE_BACKLOG: remedy(
        "Bound the queue so that producers wait.",
        "jobs.push_back(std::move(job));",
        "room.wait(lock, [&] { return jobs.size() < most; });\njobs.push_back(std::move(job));\n",
    ),
    CauseName.KEYS_WITHOUT_TTL: remedy(
        "Write each key with a time to live.",
        'redisCommand(context, "SET %s %s", key, value);',
        'redisCommand(context, "SET %s %s EX 3600", key, value);\n',
    ),
    CauseName.FRAGMENTATION: remedy(
        "No leak: keep what lives long apart from what is freed soon; give back after the large work.",
        "work_through(large);",
        "work_through(large);\nmalloc_trim(0);\n",
    ),
    CauseName.PAGE_CACHE: remedy(
        "No leak: judge it by anonymous memory. Who reads large files once can tell the kernel when they are done.",
        "while ((n = read(fd, block, sizeof block)) > 0) handle(block, n);",
        "while ((n = read(fd, block, sizeof block)) > 0) handle(block, n);\n"
        "posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);\n",
    ),
    CauseName.LOAD_GROWTH: remedy(
        "Bound how many connections are served at once; scale by load.",
        "int peer = accept(listener, NULL, NULL);",
        "while (busy >= most) wait_for_one();\nint peer = accept(listener, NULL, NULL);\n",
    ),
    CauseName.WORKERS_OR_ARENAS: remedy(
        "Bound the threads (a pool with a limit), join each, and bound arenas by MALLOC_ARENA_MAX=2.",
        "CMD server",
        "MALLOC_ARENA_MAX=2 CMD server\n",
    ),
    CauseName.MANY_PROCESSES: remedy(
        "Wait for each child, and bound how many run at once.",
        "if (fork() == 0) work();",
        "pid_t child = fork();\nif (child == 0) work();\nwaitpid(child, NULL, 0);\n",
    ),
}
