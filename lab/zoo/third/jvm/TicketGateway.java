//: says = "a half-hour timeout task is scheduled per call and cancelled only when the backend fails; after an answer it waits in the scheduled executor's queue with the future and its offer"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["TIMEOUTS"]
//: per_s = 300
//: limit_mib = 512
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

public class TicketGateway {

    private static final ScheduledThreadPoolExecutor TIMEOUTS = new ScheduledThreadPoolExecutor(1, r -> {
        Thread t = new Thread(r, "timeouts");
        t.setDaemon(true);
        return t;
    });

    static {
        TIMEOUTS.setRemoveOnCancelPolicy(true);
        TIMEOUTS.setKeepAliveTime(10, TimeUnit.SECONDS);
    }

    record Segment(String train, int coach, int seat, String from, String to, long cents) { }

    record Offer(long id, List<Segment> segments) {
        long total() {
            return segments.stream().mapToLong(Segment::cents).sum();
        }
    }

    private final ExecutorService backend = Executors.newCachedThreadPool();
    private final ConcurrentMap<String, AtomicLong> perTrain = new ConcurrentHashMap<>();
    private volatile long timedOut;

    private Offer ask(long id) {
        List<Segment> segs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String train = "IC" + (id + i) % 350;
            segs.add(new Segment(train, i % 12, (int) (id % 90), "S" + (id + i) % 700, "S" + (id + i + 1) % 700, 490 + i));
            perTrain.computeIfAbsent(train, k -> new AtomicLong()).incrementAndGet();
        }
        return new Offer(id, segs);
    }

    CompletableFuture<Offer> offer(long id) {
        CompletableFuture<Offer> result = new CompletableFuture<>();
        ScheduledFuture<?> guard = TIMEOUTS.schedule(() -> {
            if (result.completeExceptionally(new IOException("backend silent for " + id))) {
                timedOut++;
            }
        }, 30, TimeUnit.MINUTES);
        backend.execute(() -> {
            try {
                result.complete(ask(id));
                guard.cancel(false); //~ fixed
            } catch (RuntimeException e) {
                guard.cancel(false);
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        TicketGateway gw = new TicketGateway();
        var http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        http.createContext("/", ex -> {
            long id = Long.parseLong(ex.getRequestURI().getRawPath().substring(1));
            Offer offer = gw.offer(id).join();
            byte[] body = "offer %d: %d ct, late %d".formatted(id, offer.total(), gw.timedOut).getBytes();
            ex.sendResponseHeaders(200, body.length);
            try (var out = ex.getResponseBody()) {
                out.write(body);
            }
        });
        http.setExecutor(Executors.newCachedThreadPool());
        http.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + http.getAddress().getPort());
        while (System.in.read() != -1) {
            Thread.onSpinWait();
        }
        System.exit(0);
    }
}
