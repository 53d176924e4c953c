//: says = "each request compiles its tariff rule into a class of a fresh loader, and the rule instance is registered for life in a static list of deployed rules, which keeps loader and class"
//: kind = "leak"
//: causes = ["class-loader"]
//: holder = ["Deployer", "DEPLOYED"]
//: per_s = 150
//: limit_mib = 512
import com.sun.net.httpserver.HttpServer;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

public final class RuleHost {

    public interface Rule {
        double apply(int volume);

        String label();
    }

    /** The compiled form; loaded once per rule text so that its statics are its own. */
    public static class ScaledRule implements Rule {
        private static final Map<Integer, double[]> STEPS = new HashMap<>();

        static {
            for (int i = 0; i < 24; i++) {
                STEPS.put(i * 100, new double[] {i, i * 0.97, i * 0.94, i * 0.9});
            }
        }

        @Override
        public double apply(int volume) {
            double[] row = STEPS.getOrDefault(volume / 100 * 100, new double[] {1, 1, 1, 1});
            return volume * (1 + row[volume % 4] / 100);
        }

        @Override
        public String label() {
            return "scaled@" + Integer.toHexString(System.identityHashCode(getClass()));
        }
    }

    static final class RuleLoader extends ClassLoader {
        private final byte[] code;

        RuleLoader(byte[] code, ClassLoader parent) {
            super("rule", parent);
            this.code = code;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.endsWith("$ScaledRule")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> c = findLoadedClass(name);
                return c != null ? c : defineClass(name, code, 0, code.length);
            }
        }
    }

    static final class Deployer {
        private static final Deque<Rule> DEPLOYED = new ArrayDeque<>();
        private static final int KEEP = 40;
        private final byte[] code;

        Deployer() throws Exception {
            try (InputStream in = RuleHost.class.getResourceAsStream("RuleHost$ScaledRule.class")) {
                code = in.readAllBytes();
            }
        }

        Rule deploy() throws ReflectiveOperationException {
            RuleLoader loader = new RuleLoader(code, RuleHost.class.getClassLoader());
            Class<?> type = Class.forName("RuleHost$ScaledRule", true, loader);
            Rule rule = (Rule) type.getDeclaredConstructor().newInstance();
            synchronized (DEPLOYED) {
                DEPLOYED.addLast(rule);
                if (DEPLOYED.size() > KEEP) { //~ fixed
                    DEPLOYED.removeFirst(); //~ fixed
                } //~ fixed
            }
            return rule;
        }
    }

    private static final List<String> HISTORY = new ArrayList<>();

    private static String evaluate(Deployer deployer, int n) throws ReflectiveOperationException {
        Rule rule = deployer.deploy();
        String line = rule.label() + " " + Math.round(rule.apply(n % 2400) * 100) / 100.0;
        synchronized (HISTORY) {
            HISTORY.add(line);
            if (HISTORY.size() > 300) {
                HISTORY.subList(0, 100).clear();
            }
        }
        return line;
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        Deployer deployer = new Deployer();
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        http.createContext("/", ex -> {
            byte[] out;
            int status = 200;
            try {
                out = evaluate(deployer, Integer.parseInt(ex.getRequestURI().getPath().substring(1)))
                        .getBytes(StandardCharsets.UTF_8);
            } catch (ReflectiveOperationException | RuntimeException e) {
                status = 500;
                out = e.toString().getBytes(StandardCharsets.UTF_8);
            }
            ex.sendResponseHeaders(status, out.length);
            ex.getResponseBody().write(out);
            ex.close();
        });
        http.setExecutor(Executors.newCachedThreadPool());
        http.start();
        System.out.printf("ready pid=%d port=%d%n", ProcessHandle.current().pid(), http.getAddress().getPort());
        System.in.readAllBytes();
        System.exit(0);
    }
}
