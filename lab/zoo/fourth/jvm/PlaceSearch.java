//: says = "A background thread builds the search index in small batches for the first minute or so (a set number of places), then ends: a big steady heap after that; requests only make garbage"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;

public class PlaceSearch {
    private static final String[] HEADS = {"Alt", "Neu", "Ober", "Unter", "Gross", "Klein", "Bad", "Sankt"};
    private static final String[] STEMS = {"burg", "dorf", "hausen", "heim", "stein", "bach", "feld", "wald", "furt", "see"};

    record Place(int id, String name, String district, double lat, double lon, Map<String, String> alias) {}

    static final class Index {
        private final Map<Integer, Place> places = new ConcurrentHashMap<>();
        private final ConcurrentSkipListMap<String, List<Place>> byPrefix = new ConcurrentSkipListMap<>();

        void add(Place p) {
            places.put(p.id(), p);
            for (int len = 3; len <= Math.min(6, p.name().length()); len++) {
                List<Place> hits = byPrefix.computeIfAbsent(p.name().substring(0, len).toLowerCase(), k -> new ArrayList<>());
                synchronized (hits) {
                    hits.add(p);
                }
            }
        }

        List<Place> search(String prefix, int limit) {
            List<Place> hits = byPrefix.getOrDefault(prefix, List.of());
            synchronized (hits) {
                return new ArrayList<>(hits.subList(0, Math.min(limit, hits.size())));
            }
        }
    }

    static final class Importer implements Runnable {
        private static final int TOTAL = 66_000;
        private static final int BATCH = 240;
        private final Index index;
        private final Random random = new Random(7);

        Importer(Index index) {
            this.index = index;
        }

        @Override
        public void run() {
            try {
                for (int id = 0; id < TOTAL; id++) {
                    index.add(read(id));
                    if (id % BATCH == BATCH - 1) {
                        Thread.sleep(200);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private Place read(int id) {
            String name = HEADS[random.nextInt(HEADS.length)] + STEMS[random.nextInt(STEMS.length)] + "-" + id;
            Map<String, String> alias = new HashMap<>();
            for (String lang : List.of("de", "en", "fr", "pl", "cs")) {
                alias.put(lang, name + " (" + lang + ", district " + id % 400 + ")");
            }
            return new Place(id, name, "district " + id % 400, 47 + random.nextDouble() * 8, 6 + random.nextDouble() * 9, alias);
        }
    }

    private final Index index = new Index();

    void handle(HttpExchange ex) throws IOException {
        int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
        String prefix = (HEADS[n % HEADS.length] + STEMS[n % STEMS.length]).substring(0, 5).toLowerCase();
        double lat = 47 + n % 80 / 10.0;
        Map<Double, String> near = new TreeMap<>();
        for (Place p : index.search(prefix, 120)) {
            near.put(Math.hypot(p.lat() - lat, p.lon() - 10), p.alias().getOrDefault("en", p.name()) + " in " + p.district());
        }
        String best = near.isEmpty() ? "none" : near.values().iterator().next();
        byte[] body = (prefix + " " + near.size() + " " + best + "\n").getBytes(StandardCharsets.UTF_8);
        ex.sendResponseHeaders(200, body.length);
        ex.getResponseBody().write(body);
        ex.close();
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        PlaceSearch app = new PlaceSearch();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", app::handle);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        Thread importer = new Thread(new Importer(app.index), "place-import");
        importer.setDaemon(true);
        importer.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
