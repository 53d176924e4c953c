//: says = "Each render job subscribes to its tenant's settings with this::onSettings and unsubscribes with another this::onSettings, which is a different object: all jobs stay in SettingsHub.byTenant"
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["SettingsHub", "byTenant"]
//: per_s = 220
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

public class InvoiceRender {
    record Settings(String currency, String mark) {}

    static final class SettingsHub {
        private final Map<String, Set<Consumer<Settings>>> byTenant = new ConcurrentHashMap<>();
        private final Map<String, Settings> current = new ConcurrentHashMap<>();

        Settings subscribe(String tenant, Consumer<Settings> hook) {
            byTenant.computeIfAbsent(tenant, t -> ConcurrentHashMap.newKeySet()).add(hook);
            return current.computeIfAbsent(tenant, t -> new Settings(" EUR", ","));
        }

        void unsubscribe(String tenant, Consumer<Settings> hook) {
            Set<Consumer<Settings>> hooks = byTenant.get(tenant);
            if (hooks != null) {
                hooks.remove(hook);
            }
        }

        void update(String tenant, Settings settings) {
            current.put(tenant, settings);
            byTenant.getOrDefault(tenant, Set.of()).forEach(h -> h.accept(settings));
        }
    }

    static final class Row {
        final String article;
        final long cents;
        String shown;

        Row(String article, long cents) {
            this.article = article;
            this.cents = cents;
        }
    }

    static final class RenderJob implements AutoCloseable {
        private final SettingsHub hub;
        private final String tenant;
        private final List<Row> rows = new ArrayList<>();
        private final Consumer<Settings> hook = this::onSettings;  //~ fixed
        private volatile Settings settings;

        RenderJob(SettingsHub hub, String tenant, int invoice) {
            this.hub = hub;
            this.tenant = tenant;
            this.settings = hub.subscribe(tenant, this::onSettings);  //~ leak
            this.settings = hub.subscribe(tenant, hook);  //~ fixed
            for (int i = 0; i < 26; i++) {
                rows.add(new Row("A-" + invoice + "/" + i + " working hours, consulting", (invoice * 131L + i * 977L) % 90000));
            }
        }

        private void onSettings(Settings s) {
            settings = s;
        }

        String render() {
            long sum = 0;
            for (Row row : rows) {
                row.shown = row.cents / 100 + settings.mark() + cents(row.cents % 100) + settings.currency();
                sum += row.cents;
            }
            return tenant + " rows=" + rows.size() + " sum=" + sum / 100 + " last=" + rows.get(rows.size() - 1).shown + "\n";
        }

        private static String cents(long c) {
            return c < 10 ? "0" + c : Long.toString(c);
        }

        @Override
        public void close() {
            hub.unsubscribe(tenant, this::onSettings);  //~ leak
            hub.unsubscribe(tenant, hook);  //~ fixed
        }
    }

    private final SettingsHub hub = new SettingsHub();

    void invoice(HttpExchange ex) throws IOException {
        int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
        try (RenderJob job = new RenderJob(hub, "tenant-" + n % 17, n)) {
            reply(ex, job.render());
        }
    }

    void settings(HttpExchange ex) throws IOException {
        String tenant = ex.getRequestURI().getPath().substring("/settings/".length());
        hub.update(tenant, new Settings(" USD", "."));
        reply(ex, "updated\n");
    }

    private static void reply(HttpExchange ex, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        ex.sendResponseHeaders(200, body.length);
        ex.getResponseBody().write(body);
        ex.close();
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        InvoiceRender app = new InvoiceRender();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", app::invoice);
        server.createContext("/settings/", app::settings);
        server.setExecutor(Executors.newWorkStealingPool(4));
        server.start();
        System.out.printf("ready pid=%d port=%d%n", ProcessHandle.current().pid(), server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
        }
        server.stop(0);
        System.exit(0);
    }
}
