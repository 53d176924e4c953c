//: says = "imports a supplier feed in pages for the first sixteen seconds, holding raw rows until a compact index replaces them all; a rotating journal file is written meanwhile"
//: kind = "healthy"
//: per_s = 200
//: limit_mib = 512
package net.grossmarkt;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

public class NightlyImport {

    private static final int PAGES = 32;
    private static final int ROWS = 1200;

    static class Journal {
        private static final long CAP = 16L << 20;
        private final RandomAccessFile file;

        Journal() throws IOException {
            Path p = Files.createTempFile("journal", ".tmp");
            p.toFile().deleteOnExit();
            file = new RandomAccessFile(p.toFile(), "rw");
        }

        synchronized void write(String line) throws IOException {
            if (file.getFilePointer() > CAP) {
                file.seek(0);
            }
            file.write((line + " ".repeat(400) + "\n").getBytes());
        }
    }

    static class Importer implements Runnable {
        private List<Map<String, Object>> raw = new ArrayList<>();
        private volatile long[] index;

        @Override
        public void run() {
            try {
                for (int page = 0; page < PAGES; page++) {
                    for (int i = 0; i < ROWS; i++) {
                        raw.add(row(page * ROWS + i));
                    }
                    Thread.sleep(500);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            long[] packed = new long[raw.size()];
            for (int i = 0; i < packed.length; i++) {
                Map<String, Object> r = raw.get(i);
                packed[i] = ((long) (int) r.get("ean") << 24) | (int) r.get("cents");
            }
            Arrays.sort(packed);
            raw = null;
            index = packed;
        }

        private static Map<String, Object> row(int id) {
            Map<String, Object> m = new HashMap<>();
            m.put("ean", id * 17 + 40_000_000);
            m.put("cents", 99 + id % 5000);
            m.put("name", "article " + id);
            m.put("supplier", "supplier " + id % 300);
            m.put("allergens", List.of("a" + id % 14, "b" + id % 9, "c" + id % 4));
            m.put("unit", new int[] {id % 7, id % 12, 1, 0, 0, 0, 0, 0});
            return m;
        }

        String lookup(int n) {
            long[] idx = index;
            if (idx == null) {
                return "import under way";
            }
            long ean = (long) (n % idx.length) * 17 + 40_000_000;
            int pos = Arrays.binarySearch(idx, ean << 24);
            int at = pos < 0 ? -pos - 1 : pos;
            return at < idx.length ? ean + ": " + (idx[at] & 0xFFFFFF) + " ct" : ean + ": unknown";
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        Importer importer = new Importer();
        Journal journal = new Journal();
        Thread t = new Thread(importer, "import");
        t.setDaemon(true);
        t.start();
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        http.setExecutor(Executors.newCachedThreadPool());
        http.createContext("/", ex -> {
            int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
            String text = importer.lookup(n);
            journal.write(n + " " + text);
            byte[] b = text.getBytes();
            ex.sendResponseHeaders(200, b.length);
            ex.getResponseBody().write(b);
            ex.close();
        });
        http.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + http.getAddress().getPort());
        while (System.in.read() >= 0) { }
        System.exit(0);
    }
}
