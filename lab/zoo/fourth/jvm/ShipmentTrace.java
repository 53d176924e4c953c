//: says = "Per-thread stack of trace scopes: enter() pushes the raw path, exit() pops only if the top has the route template's name, which differs, so every request's scope stays in the worker's thread-local deque"
//: kind = "leak"
//: causes = ["thread-local"]
//: holder = ["RequestTrace", "SCOPES"]
//: per_s = 200
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

public class ShipmentTrace {
    static final class Scope {
        final String name;
        final long started = System.nanoTime();
        final Map<String, String> tags = new LinkedHashMap<>();
        final List<String> events = new ArrayList<>();

        Scope(String name) {
            this.name = name;
        }
    }

    static final class RequestTrace {
        private static final ThreadLocal<Deque<Scope>> SCOPES = ThreadLocal.withInitial(ArrayDeque::new);
        static final LongAdder NANOS = new LongAdder();

        static Scope enter(String name) {
            Scope scope = new Scope(name);
            SCOPES.get().push(scope);
            return scope;
        }

        static void event(String text) {
            Scope top = SCOPES.get().peek();
            if (top != null) {
                top.events.add(text);
            }
        }

        static void exit(String name) {
            Deque<Scope> stack = SCOPES.get();
            Scope top = stack.peek();
            if (top != null && top.name.equals(name)) {
                stack.pop();
                NANOS.add(System.nanoTime() - top.started);
            }
        }
    }

    static final class Planner {
        private static final String[] HUBS = {"HAM", "LEJ", "CGN", "MXP", "LYS", "BCN", "WAW", "VIE"};

        String plan(int id) {
            RequestTrace.enter("plan");
            try {
                StringBuilder route = new StringBuilder();
                int at = id % HUBS.length;
                for (int leg = 0; leg < 5; leg++) {
                    route.append(HUBS[at]).append(leg < 4 ? ">" : "");
                    RequestTrace.event("leg " + leg + " via " + HUBS[at]);
                    at = (at * 5 + leg + id) % HUBS.length;
                }
                return route.toString();
            } finally {
                RequestTrace.exit("plan");
            }
        }
    }

    private final Planner planner = new Planner();

    void handle(HttpExchange ex) throws IOException {
        String path = ex.getRequestURI().getPath();
        Scope scope = RequestTrace.enter("GET " + path);  //~ leak
        Scope scope = RequestTrace.enter("GET /{shipment}");  //~ fixed
        try {
            int id = Integer.parseInt(path.substring(1));
            scope.tags.put("peer", ex.getRemoteAddress().toString());
            scope.tags.put("shipment", "SHP-" + id);
            scope.tags.put("customer", "customer-" + id % 311);
            String route = planner.plan(id);
            scope.tags.put("route", route);
            for (int parcel = 0; parcel < 36; parcel++) {
                int grams = 200 + (id * 31 + parcel * 97) % 4000;
                RequestTrace.event("parcel " + id + "-" + parcel + " weighed " + grams + " g, label printed, handed to belt " + parcel % 7);
            }
            byte[] body = (route + " " + scope.events.size() + "\n").getBytes(StandardCharsets.UTF_8);
            ex.sendResponseHeaders(200, body.length);
            ex.getResponseBody().write(body);
        } finally {
            ex.close();
            RequestTrace.exit("GET /{shipment}");
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 32);
        server.createContext("/", new ShipmentTrace()::handle);
        server.setExecutor(new ThreadPoolExecutor(6, 6, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>()));
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
