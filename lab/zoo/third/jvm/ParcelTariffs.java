//: says = "zone plans are cached in a ConcurrentHashMap under a key class without equals and hashCode, so every look-up misses and adds an entry"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["PlanService", "plansByRoute"]
//: per_s = 250
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

public class ParcelTariffs {

    static final class RouteKey {
        final String from;
        final String to;
        final int weightClass;

        RouteKey(String from, String to, int weightClass) {
            this.from = Objects.requireNonNull(from);
            this.to = Objects.requireNonNull(to);
            this.weightClass = weightClass;
        }

        @Override //~ fixed
        public boolean equals(Object o) { //~ fixed
            return o instanceof RouteKey k && k.from.equals(from) && k.to.equals(to) //~ fixed
                    && k.weightClass == weightClass; //~ fixed
        } //~ fixed

        @Override //~ fixed
        public int hashCode() { //~ fixed
            return Objects.hash(from, to, weightClass); //~ fixed
        } //~ fixed

        @Override
        public String toString() {
            return from + ">" + to + "/" + weightClass;
        }
    }

    static final class ZonePlan {
        final TreeMap<Integer, Double> byKilo = new TreeMap<>();
        final Map<String, Double> surcharges = new LinkedHashMap<>();
        final String title;

        ZonePlan(RouteKey key) {
            title = "plan " + key;
            for (int kg = 1; kg <= 45; kg++) {
                byKilo.put(kg * (1 + key.weightClass), 3.9 + kg * 0.35);
            }
            for (String s : new String[] {"island", "bulky", "express", "cod", "toll"}) {
                surcharges.put(s + ":" + key.to, 1.0 + s.length() / 10.0);
            }
        }

        double price(int kg) {
            Map.Entry<Integer, Double> e = byKilo.ceilingEntry(kg);
            return (e == null ? byKilo.lastEntry() : e).getValue();
        }
    }

    static final class PlanService {
        private final ConcurrentHashMap<RouteKey, ZonePlan> plansByRoute = new ConcurrentHashMap<>(1024);
        private final LinkedHashMap<String, Double> lastQuotes = new LinkedHashMap<>(128, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Double> eldest) {
                return size() > 256;
            }
        };

        double quote(int n) {
            RouteKey key = new RouteKey("Z" + n % 8, "Z" + (n / 8) % 8, n % 4);
            double p = plansByRoute.computeIfAbsent(key, ZonePlan::new).price(n % 30);
            synchronized (lastQuotes) {
                lastQuotes.put(key + "#" + n % 1000, p);
            }
            return p;
        }
    }

    private static void reply(HttpExchange ex, int code, String text) throws IOException {
        byte[] b = text.getBytes();
        ex.sendResponseHeaders(code, b.length);
        ex.getResponseBody().write(b);
        ex.close();
    }

    public static void main(String... args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        PlanService plans = new PlanService();
        HttpServer srv = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 50);
        srv.createContext("/", ex -> {
            String p = ex.getRequestURI().getPath().substring(1);
            if (p.chars().allMatch(Character::isDigit)) {
                reply(ex, 200, String.format("%.2f EUR", plans.quote(Integer.parseInt(p))));
            } else {
                reply(ex, 404, "no such page");
            }
        });
        srv.setExecutor(Executors.newCachedThreadPool());
        srv.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + srv.getAddress().getPort());
        System.out.flush();
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        System.exit(0);
    }
}
