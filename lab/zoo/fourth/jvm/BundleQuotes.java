//: says = "Quote cache keyed by a record with an int[] component: record equality compares the array by identity, so no key ever matches and every quote is kept in QuoteEngine.priced"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["QuoteEngine", "priced"]
//: per_s = 200
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

public class BundleQuotes {
    private static final String[] MARKETS = {"de", "fr", "it", "es", "pl", "nl"};
    private static final String[] KINDS = {"flight", "hotel", "transfer", "insurance", "excursion"};

    record BundleKey(String market, int[] skus) {}  //~ leak
    record BundleKey(String market, List<Integer> skus) {}  //~ fixed

    record Line(int sku, String label, BigDecimal net, BigDecimal gross) {}

    record Quote(String market, List<Line> lines, BigDecimal total) {}

    static class QuoteEngine {
        private final Map<BundleKey, Quote> priced = new ConcurrentHashMap<>();
        private final BigDecimal vat = new BigDecimal("1.19");

        Quote quote(String market, int[] skus) {
            BundleKey key = new BundleKey(market, skus);  //~ leak
            BundleKey key = new BundleKey(market, Arrays.stream(skus).boxed().toList());  //~ fixed
            return priced.computeIfAbsent(key, k -> price(market, skus));
        }

        private Quote price(String market, int[] skus) {
            List<Line> lines = new ArrayList<>(skus.length);
            BigDecimal total = BigDecimal.ZERO;
            for (int sku : skus) {
                BigDecimal net = BigDecimal.valueOf(900 + (sku * 7919L) % 25000, 2);
                BigDecimal gross = net.multiply(vat).setScale(2, RoundingMode.HALF_UP);
                String label = KINDS[sku % KINDS.length] + " " + market.toUpperCase() + "-" + sku + " per person, taxes included";
                lines.add(new Line(sku, label, net, gross));
                total = total.add(gross);
            }
            return new Quote(market, lines, total);
        }
    }

    static class Api {
        private final QuoteEngine engine = new QuoteEngine();

        void handle(HttpExchange ex) throws IOException {
            int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
            String market = MARKETS[n % MARKETS.length];
            int[] skus = basketOf(n % 40);
            Quote q = engine.quote(market, skus);
            StringBuilder top = new StringBuilder();
            q.lines().stream()
                .sorted((a, b) -> b.gross().compareTo(a.gross()))
                .limit(3)
                .forEach(l -> top.append(l.sku()).append('=').append(l.gross()).append(';'));
            byte[] body = (q.market() + " " + q.total() + " " + top + "\n").getBytes(StandardCharsets.UTF_8);
            ex.getResponseHeaders().set("Content-Type", "text/plain");
            ex.sendResponseHeaders(200, body.length);
            try (OutputStream out = ex.getResponseBody()) {
                out.write(body);
            }
        }

        private int[] basketOf(int template) {
            int[] skus = new int[22];
            for (int i = 0; i < skus.length; i++) {
                skus[i] = 1000 + (template * 37 + i * 11) % 800;
            }
            return skus;
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 64);
        Api api = new Api();
        server.createContext("/", api::handle);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
