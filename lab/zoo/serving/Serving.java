package serving;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** HTTP/1.1 with keep-alive on a port of the kernel's choosing, until standard input closes. */
public final class Serving {
    private static final int THREADS = 8;

    private Serving() {
    }

    /** Answers one GET with a text. Called by several threads at once. */
    @FunctionalInterface
    public interface Handler {
        String handle(int number, String path) throws Exception;
    }

    public static void serve(Handler handler) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        AtomicInteger numbers = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> answer(exchange, handler, numbers.incrementAndGet()));
        server.setExecutor(Executors.newFixedThreadPool(THREADS));
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        while (System.in.read() >= 0) {
            // Whoever started it closes the pipe.
        }
        System.exit(0);
    }

    private static void answer(HttpExchange exchange, Handler handler, int number) throws IOException {
        int status = 200;
        String text;
        try {
            text = handler.handle(number, exchange.getRequestURI().toString());
        } catch (Exception error) {
            status = 500;
            text = error.toString();
        }
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
