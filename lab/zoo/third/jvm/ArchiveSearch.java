//: says = "index cursors are borrowed from a pool that tracks those in use; an empty result returns early without giving the cursor back, so the pool opens another each time"
//: kind = "leak"
//: causes = ["connection-pool"]
//: holder = ["CursorPool", "borrowed"]
//: per_s = 300
//: limit_mib = 512
package org.stadtarchiv.search;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;

public class ArchiveSearch {

    static class Cursor {
        private final int id;
        private final List<int[]> pages = new ArrayList<>();
        private final Map<String, BitSet> marks = new HashMap<>();
        private int position;

        Cursor(int id) {
            this.id = id;
            for (int i = 0; i < 64; i++) {
                pages.add(new int[] {id, i, i * 64, (id * 31 + i) % 997, 0, 0, 0, 0, 0, 0, 0, 0});
            }
            for (String f : List.of("title", "year", "fond", "place", "person", "type", "shelf", "note")) {
                BitSet b = new BitSet(512);
                b.set(id % 512);
                marks.put(f + id % 10_000, b);
            }
        }

        Cursor rewind() {
            position = 0;
            return this;
        }

        int next() {
            int[] page = pages.get(position++ % pages.size());
            page[4]++;
            return page[3];
        }
    }

    static class CursorPool {
        private final Deque<Cursor> idle = new ArrayDeque<>();
        private final Set<Cursor> borrowed = Collections.newSetFromMap(new IdentityHashMap<>());
        private int opened;

        synchronized Cursor borrow() {
            Cursor c = idle.pollFirst();
            if (c == null) {
                c = new Cursor(opened++);
            }
            borrowed.add(c);
            return c.rewind();
        }

        synchronized void giveBack(Cursor c) {
            if (borrowed.remove(c)) {
                idle.addFirst(c);
            }
        }
    }

    private final CursorPool pool = new CursorPool();
    private final int[] hitsByMinute = new int[60];
    private final Map<String, Integer> words = new HashMap<>();

    String search(int n) {
        Cursor c = pool.borrow();
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int doc = c.next();
            if ((doc ^ n) % 3 == 0 && n % 4 == 0) {
                found.add(doc);
            }
        }
        synchronized (words) {
            words.merge("w" + n % 250, 1, Integer::sum);
        }
        if (found.isEmpty()) {
            pool.giveBack(c); //~ fixed
            return "nothing for w" + n % 250;
        }
        hitsByMinute[(int) (System.currentTimeMillis() / 60_000 % 60)] += found.size();
        pool.giveBack(c);
        return found.size() + " documents, first " + found.get(0);
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        ArchiveSearch app = new ArchiveSearch();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", ex -> {
            try (ex) {
                int n = Integer.parseInt(ex.getRequestURI().getPath().replace("/", ""));
                byte[] body = app.search(n).getBytes(StandardCharsets.UTF_8);
                ex.sendResponseHeaders(200, body.length);
                ex.getResponseBody().write(body);
            }
        });
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        while (true) {
            if (System.in.read() < 0) {
                System.exit(0);
            }
        }
    }
}
