//: says = "Worker threads keep a diagnostic trail in a ThreadLocal that each claim adds to and that is never cleared when the claim is done."
//: kind = "leak"
//: causes = ["thread-local"]
//: holder = ["ClaimContext", "TRAIL"]
//: per_s = 350
//: for_s = 20
//: limit_mib = 512
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Insurance claims: estimates a claim and writes a trail for the auditors. */
class ClaimsDesk {
    private final Tariffs tariffs = new Tariffs();
    private final AtomicInteger numbers = new AtomicInteger();

    String estimate() {
        int number = numbers.incrementAndGet();
        ClaimContext.note("claim " + number + " taken by " + Thread.currentThread().getName());
        long cents = 0;
        for (int item = 0; item < 66; item++) {
            long part = tariffs.price(item + number) * (1 + number % 4);
            ClaimContext.note("claim " + number + " item " + item + ": " + part + " cents, kind " + (item * number) % 23 + ", report by assessor " + number % 97);
            cents += part;
        }
        int notes = ClaimContext.size();
        ClaimContext.done(number);
        return "claim " + number + ": " + cents + " cents, " + Math.min(notes, 67) + " notes\n";
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        ClaimsDesk desk = new ClaimsDesk();
        server.createContext("/", exchange -> {
            byte[] body = desk.estimate().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.setExecutor(new ThreadPoolExecutor(6, 6, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(500)));
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        System.in.readAllBytes();
        System.exit(0);
    }
}

final class ClaimContext {
    private static final ThreadLocal<List<String>> TRAIL = ThreadLocal.withInitial(ArrayList::new);
    private static final Map<Integer, Integer> LAST = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Integer> eldest) {
            return size() > 200;
        }
    };

    private ClaimContext() {
    }

    static void note(String text) {
        TRAIL.get().add(text);
    }

    static int size() {
        return TRAIL.get().size();
    }

    static void done(int number) {
        synchronized (LAST) {
            LAST.put(number, size());
        }
        TRAIL.remove(); //~ fixed
    }
}

final class Tariffs {
    private final long[] cents = new long[64];

    Tariffs() {
        for (int i = 0; i < cents.length; i++) {
            cents[i] = 900 + i * 37L;
        }
    }

    long price(int kind) {
        return cents[kind & 63];
    }
}
