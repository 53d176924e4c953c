package shop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** One counter per path, and paths hold numbers: small, and growing with every request. */
final class Metrics {
    private final Map<String, AtomicLong> counters = new ConcurrentHashMap<>();
    private static final Metrics global = new Metrics();

    static void seen(String path) {
        global.counters.computeIfAbsent(path, key -> new AtomicLong()).incrementAndGet();
    }
}
