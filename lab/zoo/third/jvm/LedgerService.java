//: says = "each booking starts a unit of work in a ThreadLocal identity map on pooled threads; the map is never cleared between requests"
//: kind = "leak"
//: causes = ["thread-local"]
//: holder = ["UnitOfWork", "CURRENT"]
//: per_s = 300
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

public class LedgerService {

    /** Identity map in the manner of an ORM session. */
    static final class UnitOfWork {
        private static final ThreadLocal<UnitOfWork> CURRENT = ThreadLocal.withInitial(UnitOfWork::new);

        private final Map<String, Posting> loaded = new HashMap<>();
        private int flushes;

        static UnitOfWork current() {
            return CURRENT.get();
        }

        static void end() {
            CURRENT.get().flush();
            CURRENT.remove(); //~ fixed
        }

        Posting find(String key, BigDecimal amount) {
            return loaded.computeIfAbsent(key, k -> new Posting(k, amount));
        }

        void flush() {
            flushes++;
            for (Posting p : loaded.values()) {
                if (p.dirty) {
                    p.dirty = false;
                }
            }
        }
    }

    static final class Posting {
        final String key;
        final Instant at = Instant.now();
        final List<String> tags = new ArrayList<>();
        BigDecimal amount;
        boolean dirty;

        Posting(String key, BigDecimal amount) {
            this.key = key;
            this.amount = amount;
            tags.add("ledger:" + key);
            tags.add("fy:" + (key.hashCode() & 7));
        }
    }

    private final Map<Integer, BigDecimal> balances = new ConcurrentHashMap<>();
    private final LongAdder requests = new LongAdder();

    BigDecimal book(int n) {
        UnitOfWork uow = UnitOfWork.current();
        BigDecimal sum = BigDecimal.ZERO;
        for (int i = 0; i < 14; i++) {
            Posting p = uow.find("J" + n + "/" + i, BigDecimal.valueOf(n % 1000 + i, 2));
            p.amount = p.amount.add(BigDecimal.ONE);
            if (uow.loaded.size() < 64) {
                p.dirty = true;
            }
            sum = sum.add(p.amount);
        }
        balances.merge(n % 128, sum, (a, b) -> a.add(b).remainder(BigDecimal.valueOf(1_000_000)));
        return sum;
    }

    void serve(HttpExchange ex) throws IOException {
        int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
        requests.increment();
        byte[] body = ("booked " + book(n) + "\n").getBytes(StandardCharsets.UTF_8);
        ex.sendResponseHeaders(200, body.length);
        try (OutputStream os = ex.getResponseBody()) {
            os.write(body);
        }
        UnitOfWork.end(); //~ fixed
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        LedgerService svc = new LedgerService();
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 64);
        http.setExecutor(new ThreadPoolExecutor(6, 6, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()));
        http.createContext("/", svc::serve);
        http.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + http.getAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }
}
