//: says = "A gateway collects the spans of a request in a thread-local list; the threads of the pool live on, and so do the spans."
//: kind = "leak"
//: causes = ["thread-local"]
//: holder = ["Tracing", "SPANS"]
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package net.brightdesk.gateway;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import serving.Serving;

/** Routes requests to back ends, and traces what each took. */
public final class TracedGateway {
    private final Routes routes = new Routes();
    private final Latencies latencies = new Latencies();

    public static void main(String[] arguments) throws Exception {
        TracedGateway gateway = new TracedGateway();
        Serving.serve(gateway::route);
    }

    String route(int number, String path) {
        Tracing.begin("gateway " + path);
        try {
            StringBuilder answer = new StringBuilder();
            for (String backend : routes.of(number)) {
                Span span = Tracing.begin(backend);
                for (int at = 0; at < 12; at++) {
                    span.tag("attempt." + at, backend + "/" + number + "/" + at);
                }
                answer.append(backend).append(' ').append(span.tags.size()).append('\n');
                latencies.count(System.nanoTime() - span.beganNs);
            }
            return answer.append(Tracing.depth()).append(" spans").toString();
        } finally {
            Tracing.end();
        }
    }

    static final class Span {
        final String name;
        final long beganNs = System.nanoTime();
        final Map<String, String> tags = new LinkedHashMap<>();

        Span(String name) {
            this.name = name;
        }

        void tag(String key, String value) {
            tags.put(key, value);
        }
    }

    /** The spans of the request that this thread serves. */
    static final class Tracing {
        private static final ThreadLocal<List<Span>> SPANS = ThreadLocal.withInitial(ArrayList::new);

        static Span begin(String name) {
            Span span = new Span(name);
            SPANS.get().add(span);
            return span;
        }

        static int depth() {
            return Math.min(SPANS.get().size(), 99);
        }

        static void end() {
            SPANS.remove(); //~ fixed
            Thread.currentThread().setName("gateway-idle");
        }
    }

    static final class Routes {
        private final List<List<String>> byShard = new ArrayList<>();

        Routes() {
            for (int shard = 0; shard < 16; shard++) {
                byShard.add(List.of("orders-" + shard, "stock-" + shard % 4, "prices-" + shard % 3, "users-" + shard));
            }
        }

        List<String> of(int number) {
            return byShard.get(number % byShard.size());
        }
    }

    static final class Latencies {
        private final AtomicLongArray buckets = new AtomicLongArray(64);

        void count(long nanoseconds) {
            buckets.incrementAndGet(63 - Long.numberOfLeadingZeros(Math.max(1, nanoseconds)));
        }
    }
}
