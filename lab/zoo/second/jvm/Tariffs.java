//: says = "each request pushes a frame on its worker's thread-local trail and marks it done instead of popping it; the pool's threads live for ever"
//: kind = "leak"
//: causes = ["thread-local"]
//: holder = ["ThreadLocal"]
//: per_s = 250
//: limit_mib = 512
//: runtime_options = ["-Xmx256m"]
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

public final class Tariffs {

    /** What a worker is doing at the moment, innermost last; shown in error reports. */
    static final class Trail implements AutoCloseable {
        private static final ThreadLocal<Deque<Trail>> FRAMES = ThreadLocal.withInitial(ArrayDeque::new);

        final String operation;
        final long startedNanos = System.nanoTime();
        final List<String> notes = new ArrayList<>();
        boolean done;

        private Trail(String operation) {
            this.operation = operation;
        }

        static Trail enter(String operation) {
            Trail trail = new Trail(operation);
            FRAMES.get().addLast(trail);
            return trail;
        }

        void note(String text) {
            notes.add(text);
        }

        static int depth() {
            return FRAMES.get().size();
        }

        @Override
        public void close() {
            done = true;
            FRAMES.get().removeLastOccurrence(this); //~ fixed
        }
    }

    record Band(int upToKwh, double centsPerKwh) { }

    static final class PriceBook {
        private final List<List<Band>> tariffs = new ArrayList<>();

        PriceBook(int count) {
            for (int t = 0; t < count; t++) {
                List<Band> bands = new ArrayList<>();
                for (int b = 1; b <= 6; b++) bands.add(new Band(b * 400, 31.5 - b * 1.3 + t / 10.0));
                tariffs.add(List.copyOf(bands));
            }
        }

        double cents(int tariff, int kwh) {
            double total = 0;
            int from = 0;
            for (Band band : tariffs.get(tariff % tariffs.size())) {
                int part = Math.max(0, Math.min(kwh, band.upToKwh()) - from);
                total += part * band.centsPerKwh();
                from = band.upToKwh();
            }
            return total;
        }
    }

    static final class Totals {
        final AtomicLong requests = new AtomicLong();
        final AtomicLong cents = new AtomicLong();
    }

    private final PriceBook book = new PriceBook(24);
    private final Totals totals = new Totals();

    String quote(int customer) {
        try (Trail trail = Trail.enter("quote for customer " + customer)) {
            double year = 0;
            for (int month = 1; month <= 64; month++) {
                double cents = book.cents(customer, 150 + (customer * 7 + month * 31) % 2000);
                trail.note("customer " + customer + " month " + month + ": " + Math.round(cents) + " cents by tariff " + customer % 24);
                year += cents;
            }
            totals.requests.incrementAndGet();
            totals.cents.addAndGet(Math.round(year));
            return "customer " + customer + " pays " + Math.round(year) / 100.0 + " (" + trail.notes.size() + " months)";
        }
    }

    void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath().substring(1);
        int n = path.matches("\\d{1,9}") ? Integer.parseInt(path) : 0;
        byte[] body = quote(n).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    public static void main(String[] args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
        server.setExecutor(new ThreadPoolExecutor(6, 6, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()));
        server.createContext("/", new Tariffs()::handle);
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) { /* until the parent goes */ }
        System.exit(0);
    }
}
