//: says = "every sixteenth request redeploys a tenant's rule in a fresh class loader, and the manager keeps all retired deployments 'for calls still running'"
//: kind = "leak"
//: causes = ["class-loader"]
//: holder = ["PluginManager", "retired"]
//: per_s = 250
//: limit_mib = 512
//: runtime_options = ["-Xmx256m"]
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntToLongFunction;

public class PluginHost {

    /** Shipped as a plugin: defined anew by each deployment's own loader. */
    public static class SurchargeRule implements IntToLongFunction {
        private static final long[] TABLE = new long[16 * 1024];

        static {
            for (int i = 0; i < TABLE.length; i++) TABLE[i] = (i * 2654435761L) % 5000;
        }

        @Override
        public long applyAsLong(int order) {
            long sum = 0;
            for (int i = 0; i < 12; i++) sum += TABLE[(order * 31 + i * 97 & 0x7fffffff) % TABLE.length];
            return sum;
        }
    }

    static final class PluginLoader extends ClassLoader {
        private final String name;
        private final byte[] code;
        PluginLoader(String name, byte[] code, ClassLoader parent) {
            super(parent);
            this.name = name;
            this.code = code;
        }

        @Override
        protected Class<?> loadClass(String wanted, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(wanted)) {
                if (!wanted.equals(name)) return super.loadClass(wanted, resolve);
                Class<?> known = findLoadedClass(wanted);
                return known != null ? known : defineClass(name, code, 0, code.length);
            }
        }
    }

    record Deployment(String tenant, int version, PluginLoader loader, IntToLongFunction rule) { }

    static final class PluginManager {
        private final Map<String, Deployment> active = new ConcurrentHashMap<>();
        private final Deque<Deployment> retired = new ArrayDeque<>();
        private final String className = SurchargeRule.class.getName();
        private final byte[] code;
        private int versions;

        PluginManager() throws IOException {
            ClassLoader own = PluginHost.class.getClassLoader();
            try (InputStream in = own.getResourceAsStream(className.replace('.', '/') + ".class")) {
                code = in.readAllBytes();
            }
        }

        synchronized Deployment deploy(String tenant) {
            try {
                PluginLoader loader = new PluginLoader(className, code, PluginHost.class.getClassLoader());
                Object rule = loader.loadClass(className).getDeclaredConstructor().newInstance();
                Deployment fresh = new Deployment(tenant, ++versions, loader, (IntToLongFunction) rule);
                Deployment previous = active.put(tenant, fresh);
                if (previous != null) retired.addLast(previous);
                while (retired.size() > 8) retired.removeFirst(); //~ fixed
                return fresh;
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        Deployment forTenant(String tenant) {
            Deployment current = active.get(tenant);
            return current != null ? current : deploy(tenant);
        }
    }

    private final PluginManager plugins;

    PluginHost(PluginManager plugins) {
        this.plugins = plugins;
    }

    String price(int n) {
        String tenant = "tenant-" + n % 10;
        Deployment deployment = n % 16 == 15 ? plugins.deploy(tenant) : plugins.forTenant(tenant);
        return tenant + " v" + deployment.version() + " surcharge " + deployment.rule().applyAsLong(n) + "\n";
    }

    void converse(Socket socket) {
        try (socket; BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String path = line.split(" ")[1].substring(1);
                for (String header = in.readLine(); header != null && !header.isEmpty(); ) header = in.readLine();
                String body = price(path.isEmpty() ? 0 : Integer.parseInt(path));
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
            }
        } catch (IOException e) {
            // the client went away
        }
    }

    public static void main(String[] args) throws IOException {
        PluginHost host = new PluginHost(new PluginManager());
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        Thread stdin = new Thread(() -> {
            try { System.in.transferTo(OutputStream.nullOutputStream()); } catch (IOException e) { /* same as end */ }
            System.exit(0);
        });
        stdin.start();
        System.out.printf("ready pid=%d port=%d%n", ProcessHandle.current().pid(), listener.getLocalPort());
        System.out.flush();
        while (true) {
            Socket socket = listener.accept();
            new Thread(() -> host.converse(socket)).start();
        }
    }
}
