//: says = "Each bidder's session adds an anonymous listener to the lot it looks at, which holds the session with its history, and does not take it off when it ends."
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["Lot", "listeners"]
//: per_s = 340
//: for_s = 20
//: limit_mib = 512
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Auction house: bidders look at a lot, see what was bid, and go. */
public class AuctionHouse {
    interface BidListener {
        void bid(long cents);
    }

    static class Lot {
        final String title;
        private final List<BidListener> listeners = new ArrayList<>();
        private long highest = 1000;

        Lot(String title) {
            this.title = title;
        }

        synchronized void addListener(BidListener listener) {
            listeners.add(listener);
        }

        synchronized void removeListener(BidListener listener) {
            listeners.remove(listener);
        }

        synchronized long raise(long by) {
            highest += by;
            for (BidListener listener : listeners) {
                listener.bid(highest);
            }
            return highest;
        }
    }

    static class Session implements AutoCloseable {
        private final Lot lot;
        private final int[] history = new int[2000];
        private int seen;
        private final BidListener listener;

        Session(Lot lot, int number) {
            this.lot = lot;
            for (int i = 0; i < history.length; i++) {
                history[i] = number + i;
            }
            listener = new BidListener() {
                @Override
                public void bid(long cents) {
                    history[seen++ % history.length] = (int) cents;
                }
            };
            lot.addListener(listener);
        }

        String look() {
            return lot.title + " at " + lot.highest + ", " + seen + " bids since, first " + history[0] + "\n";
        }

        @Override
        public void close() {
            seen = 0;
            lot.removeListener(listener); //~ fixed
        }
    }

    static class Catalogue {
        final List<Lot> lots = new ArrayList<>();

        Catalogue() {
            for (String title : new String[] {"a clock", "two chairs", "a lamp", "the blue vase", "an atlas"}) {
                lots.add(new Lot(title));
            }
        }
    }

    private final Catalogue catalogue = new Catalogue();
    private int visits;

    private synchronized int visit() {
        return ++visits;
    }

    String look() {
        int number = visit();
        try (Session session = new Session(catalogue.lots.get(number % 5), number)) {
            return session.look();
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        AuctionHouse house = new AuctionHouse();
        Random random = new Random(5);
        new Timer("bids", true).schedule(new TimerTask() {
            @Override
            public void run() {
                house.catalogue.lots.get(random.nextInt(5)).raise(100 + random.nextInt(500));
            }
        }, 300, 300);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = house.look().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.setExecutor(new ThreadPoolExecutor(2, 8, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(100)));
        server.start();
        System.out.printf("ready pid=%d port=%d\n", ProcessHandle.current().pid(), server.getAddress().getPort());
        System.out.flush();
        while (System.in.read() != -1);
        server.stop(0);
        System.exit(0);
    }
}
