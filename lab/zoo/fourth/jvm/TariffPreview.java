//: says = "Each tariff draft preview gets a class loader of its own for the rule class; the sandbox keeps every loader by draft number, with its class, metadata and static tables"
//: kind = "leak"
//: causes = ["class-loader", "unbounded-cache"]
//: holder = ["DraftSandbox", "drafts"]
//: per_s = 150
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.IntToDoubleFunction;

public class TariffPreview {
    public static class StepRule implements IntToDoubleFunction {
        private static final double[] STEPS = new double[160];

        static {
            for (int i = 0; i < STEPS.length; i++) {
                STEPS[i] = 0.31 - i * 0.0011;
            }
        }

        @Override
        public double applyAsDouble(int kwh) {
            double sum = 0;
            for (int i = 0, left = kwh; left > 0; i++, left -= 50) {
                sum += Math.min(left, 50) * STEPS[Math.min(i, STEPS.length - 1)];
            }
            return sum;
        }
    }

    static final class DraftLoader extends ClassLoader {
        private final String rule;
        private final byte[] code;

        DraftLoader(String name, String rule, byte[] code) {
            super(name, TariffPreview.class.getClassLoader());
            this.rule = rule;
            this.code = code;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(rule)) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : defineClass(name, code, 0, code.length);
        }
    }

    static final class DraftSandbox {
        private final Map<Integer, DraftLoader> drafts = new ConcurrentHashMap<>();
        private final String rule = StepRule.class.getName();
        private final byte[] code;

        DraftSandbox() throws IOException {
            try (InputStream in = TariffPreview.class.getResourceAsStream("/" + rule.replace('.', '/') + ".class")) {
                code = in.readAllBytes();
            }
        }

        IntToDoubleFunction open(int draft) throws ReflectiveOperationException {
            DraftLoader loader = drafts.computeIfAbsent(draft, d -> new DraftLoader("draft-" + d, rule, code));
            return (IntToDoubleFunction) loader.loadClass(rule).getDeclaredConstructor().newInstance();
        }

        void close(int draft) {
            DraftLoader loader = drafts.get(draft);  //~ leak
            DraftLoader loader = drafts.remove(draft);  //~ fixed
            if (loader != null) {
                loader.clearAssertionStatus();
            }
        }
    }

    private final DraftSandbox sandbox = new DraftSandbox();

    TariffPreview() throws IOException {
    }

    void preview(HttpExchange ex) throws IOException {
        int draft = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
        StringBuilder text = new StringBuilder("draft ").append(draft);
        try {
            IntToDoubleFunction rule = sandbox.open(draft);
            for (int kwh = 500; kwh <= 8000; kwh += 750) {
                text.append(' ').append(kwh).append('=').append(Math.round(rule.applyAsDouble(kwh + draft % 50) * 100) / 100.0);
            }
        } catch (ReflectiveOperationException e) {
            text.append(" failed ").append(e);
        } finally {
            sandbox.close(draft);
        }
        byte[] body = text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
        ex.sendResponseHeaders(200, body.length);
        ex.getResponseBody().write(body);
        ex.close();
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        TariffPreview app = new TariffPreview();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", app::preview);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
