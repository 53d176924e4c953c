//: says = "A static table of customs tariffs is read chapter by chapter as chapters are first asked for, some forty MB, and then only read."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 280
//: for_s = 20
//: limit_mib = 512
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Customs: duty by tariff heading; chapters are read when they are first needed. */
class TariffTable {
    static final int CHAPTERS = 98;
    static final Map<Integer, Chapter> LOADED = new ConcurrentHashMap<>();

    static final class Chapter {
        final int number;
        final Map<String, Heading> headings = new HashMap<>();

        Chapter(int number) {
            this.number = number;
            for (int i = 0; i < 1900; i++) {
                String code = String.format("%02d%06d", number, i * 10);
                headings.put(code, new Heading(code, "goods of chapter " + number + ", position " + i, (i * number) % 37 / 2.0));
            }
        }
    }

    record Heading(String code, String text, double duty) {
    }

    static final class Desk {
        private final AtomicInteger asked = new AtomicInteger();

        String duty() {
            int n = asked.getAndIncrement();
            int reach = Math.min(CHAPTERS, 1 + n / 24);
            int chapter = n % 24 == 0 ? reach : 1 + (n * 31 & 0xfffff) % reach;
            Chapter loaded = LOADED.computeIfAbsent(chapter, Chapter::new);
            Heading heading = loaded.headings.get(String.format("%02d%06d", chapter, n % 1900 * 10));
            return heading.code() + ' ' + heading.text() + ": " + heading.duty() + " %, chapters read: " + LOADED.size() + '\n';
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        Desk desk = new Desk();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            byte[] text = desk.duty().getBytes();
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
