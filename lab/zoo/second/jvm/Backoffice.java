//: says = "small DI container that registers every prototype-scoped bean for destruction at shutdown, so its disposables keep each request's bean"
//: kind = "leak"
//: causes = ["static-collection"]
//: holder = ["BeanFactory", "disposables"]
//: per_s = 250
//: limit_mib = 512
//: runtime_options = ["-Xmx256m"]
import com.sun.net.httpserver.HttpServer;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Function;

public class Backoffice {

    interface Disposable {
        void destroy();
    }

    enum Scope { SINGLETON, PROTOTYPE }

    record BeanDefinition<T>(String name, Scope scope, Function<BeanFactory, T> supplier) { }

    static class BeanFactory {
        private final Map<String, BeanDefinition<?>> definitions = new HashMap<>();
        private final Map<String, Object> singletons = new HashMap<>();
        private final Map<String, Disposable> disposables = new LinkedHashMap<>();
        private long created;

        <T> BeanFactory define(String name, Scope scope, Function<BeanFactory, T> supplier) {
            definitions.put(name, new BeanDefinition<>(name, scope, supplier));
            return this;
        }

        @SuppressWarnings("unchecked")
        synchronized <T> T get(String name) {
            Object known = singletons.get(name);
            if (known != null) return (T) known;
            BeanDefinition<?> definition = definitions.get(name);
            Object bean = definition.supplier().apply(this);
            String beanName = name + "#" + ++created;
            boolean managed = bean instanceof Disposable;                                            //~ leak
            boolean managed = bean instanceof Disposable && definition.scope() == Scope.SINGLETON;   //~ fixed
            if (managed) disposables.put(beanName, (Disposable) bean);
            if (definition.scope() == Scope.SINGLETON) singletons.put(name, bean);
            return (T) bean;
        }

        synchronized void close() {
            disposables.values().forEach(Disposable::destroy);
            disposables.clear();
        }
    }

    static class Currency implements Disposable {
        private final double[] rates = new double[160];

        Currency() {
            for (int i = 0; i < rates.length; i++) rates[i] = 0.5 + i / 37.0;
        }

        double convert(int code, double amount) {
            return amount * rates[code % rates.length];
        }

        @Override
        public void destroy() {
            rates[0] = 0;
        }
    }

    static class StatementWriter implements Disposable {
        private final Currency currency;
        private final List<String> lines = new ArrayList<>();

        StatementWriter(Currency currency) {
            this.currency = currency;
        }

        void post(int account, int position) {
            double amount = (account * 13L + position * 71L) % 100_000 / 100.0;
            lines.add("account " + account + " position " + position + " amount " + Math.round(currency.convert(account + position, amount)));
        }

        String finish() {
            int characters = lines.stream().mapToInt(String::length).sum();
            return lines.size() + " lines, " + characters + " characters, last: " + lines.get(lines.size() - 1);
        }

        @Override
        public void destroy() {
            lines.clear();
        }
    }

    static final BeanFactory BEANS = new BeanFactory()
            .define("currency", Scope.SINGLETON, f -> new Currency())
            .define("statementWriter", Scope.PROTOTYPE, f -> new StatementWriter(f.get("currency")));

    static String statement(int account) {
        StatementWriter writer = BEANS.get("statementWriter");
        for (int i = 0; i < 70; i++) writer.post(account, i);
        return writer.finish();
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        http.setExecutor(Executors.newCachedThreadPool());
        http.createContext("/", exchange -> {
            String digits = exchange.getRequestURI().getPath().replaceAll("\\D", "");
            byte[] body = statement(digits.isEmpty() ? 0 : Integer.parseInt(digits)).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        http.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + http.getAddress().getPort());
        System.in.readAllBytes();
        BEANS.close();
        System.exit(0);
    }
}
