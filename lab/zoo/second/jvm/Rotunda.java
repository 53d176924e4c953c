//: says = "healthy: object pools (render contexts up to 600 in a static deque, thread-local scratch) that fill during the first seconds and are reused from then on"
//: kind = "healthy"
//: per_s = 300
//: limit_mib = 512
//: runtime_options = ["-Xmx256m"]
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

public class Rotunda {

    static final class RenderContext {
        private final StringBuilder out = new StringBuilder(24 * 1024);
        private final double[] shades = new double[2048];
        private int uses;

        RenderContext reset() {
            out.setLength(0);
            uses++;
            return this;
        }

        void draw(int scene) {
            for (int i = 0; i < 200; i++) {
                shades[(scene * 17 + i) % shades.length] = scene / (i + 1.0);
                out.append("<rect x='").append(i * scene % 640).append("' y='").append(i * 3).append("'/>\n");
            }
        }
    }

    /** Contexts cool down for a while before being handed out again, so that drivers can finish with them. */
    static final class ContextPool {
        private static final Deque<RenderContext> COOLING = new ArrayDeque<>();
        private static final int COOL_AFTER = 600;
        private static int created;

        static synchronized RenderContext borrow() {
            if (COOLING.size() >= COOL_AFTER) return COOLING.removeFirst().reset();
            created++;
            return new RenderContext();
        }

        static synchronized void giveBack(RenderContext context) {
            COOLING.addLast(context);
        }

        static synchronized int size() {
            return created;
        }
    }

    static final class Scratch {
        private static final ThreadLocal<List<byte[]>> BLOCKS = ThreadLocal.withInitial(ArrayList::new);
        private static final int MAX_BLOCKS = 40;

        static byte[] block(int n) {
            List<byte[]> blocks = BLOCKS.get();
            if (blocks.size() < MAX_BLOCKS) blocks.add(new byte[16 * 1024]);
            return blocks.get(n % blocks.size());
        }
    }

    static final class Checksum {
        static int of(CharSequence text, byte[] scratch) {
            int sum = 1;
            for (int i = 0; i < text.length(); i++) {
                scratch[i % scratch.length] = (byte) text.charAt(i);
                sum = sum * 31 + text.charAt(i);
            }
            return sum;
        }
    }

    static String render(int scene) {
        RenderContext context = ContextPool.borrow();
        try {
            context.draw(scene);
            int checksum = Checksum.of(context.out, Scratch.block(scene));
            return "scene " + scene + " checksum " + Integer.toHexString(checksum) + ", context used " + context.uses
                    + " times, " + ContextPool.size() + " contexts\n";
        } finally {
            ContextPool.giveBack(context);
        }
    }

    static void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        byte[] body = render(path.length() < 2 ? 0 : Integer.parseInt(path.substring(1))).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    public static void main(String[] args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 32);
        server.createContext("/", Rotunda::handle);
        server.setExecutor(new ThreadPoolExecutor(4, 4, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>()));
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        System.exit(0);
    }
}
