//: says = "Idempotency store: every request adds a record under a new key; those older than 45 s are dropped from the front, so memory rises for 45 s and is then level"
//: kind = "healthy"
//: per_s = 220
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;

public class RefundIntake {
    record Entry(String account, String text, long cents) {}

    static final class Outcome {
        final long at = System.nanoTime();
        final String status;
        final List<Entry> entries;

        Outcome(String status, List<Entry> entries) {
            this.status = status;
            this.entries = entries;
        }
    }

    static final class ReplayLog {
        private static final long KEEP_NANOS = 45_000_000_000L;
        private static final Map<UUID, Outcome> SEEN = new LinkedHashMap<>();

        static synchronized Outcome find(UUID key) {
            return SEEN.get(key);
        }

        static synchronized int store(UUID key, Outcome outcome) {
            SEEN.put(key, outcome);
            Iterator<Outcome> oldest = SEEN.values().iterator();
            while (oldest.hasNext() && outcome.at - oldest.next().at > KEEP_NANOS) {
                oldest.remove();
            }
            return SEEN.size();
        }
    }

    static Outcome refund(int n) {
        List<Entry> entries = new ArrayList<>();
        long total = 0;
        for (int i = 0; i < 24; i++) {
            long cents = (n * 193L + i * 71L) % 20_000;
            total += cents;
            entries.add(new Entry("DE" + (10_000_000L + n * 31L + i), "refund " + n + " position " + i + " returned goods, restocked", cents));
        }
        String status = total % 9 == 0 ? "review" : "accepted";
        return new Outcome(status, entries);
    }

    static void handle(HttpExchange ex) throws IOException {
        int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
        UUID key = UUID.nameUUIDFromBytes(("refund/" + n).getBytes(StandardCharsets.UTF_8));
        Outcome outcome = ReplayLog.find(key);
        int size = -1;
        if (outcome == null) {
            outcome = refund(n);
            size = ReplayLog.store(key, outcome);
        }
        long sum = outcome.entries.stream().mapToLong(Entry::cents).sum();
        byte[] body = (key + " " + outcome.status + " " + sum + " " + size + "\n").getBytes(StandardCharsets.UTF_8);
        ex.sendResponseHeaders(200, body.length);
        ex.getResponseBody().write(body);
        ex.close();
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", RefundIntake::handle);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
