package shapes;

import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;

/**
 * Ordinary ways to keep too much, each a class of its own; what each holds is about as large.
 * Says that it is ready, and ends when its input does.
 */
public final class Shapes {
    static final int MANY = 400;

    static String text(int number) {
        return "x".repeat(1200) + number;
    }

    record Order(int number, String text) {}

    static final class UserSession { final String user; final String basket; UserSession(int n) { user = "u" + n; basket = text(n); } }

    static final class Archive { static final Map<Integer, Order> ORDERS = new ConcurrentHashMap<>(); }
    static final class Journal { static final List<Order> LINES = new ArrayList<>(); }
    static final class PriceCache { final Map<String, Order> byKey = new HashMap<>(); }
    static final class Quotes { static final Map<String, Order> CACHE = new HashMap<>(); }
    static final class Portal { final Map<String, UserSession> byToken = new HashMap<>(); }
    static final class Shop { final Map<String, Order> baskets = new HashMap<>(); }
    interface PaidListener { void paid(Order order); }
    static final class Bus { final List<PaidListener> all = new CopyOnWriteArrayList<>(); }
    static final class Topic { final Map<String, List<Consumer<Order>>> subscriptions = new HashMap<>(); }
    static final class Screen { final List<Runnable> onClose = new ArrayList<>(); }
    static final class Gauges { final SortedMap<String, DoubleSupplier> registered = new TreeMap<>(); }
    static final class Renderer { final ExecutorService pool = Executors.newFixedThreadPool(1, Shapes::daemon); }
    static final class Escalations { final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1, Shapes::daemon); }
    static final class Reminders { final java.util.Timer clock = new java.util.Timer(true); }
    static final class Mailer { final BlockingQueue<Order> outbox = new LinkedBlockingQueue<>(); }
    static final class Spooler { final Deque<Order> sheets = new ArrayDeque<>(); }
    static final class Delayed1 implements Delayed {
        final Order order; Delayed1(Order order) { this.order = order; }
        public long getDelay(TimeUnit unit) { return unit.convert(1, TimeUnit.HOURS); }
        public int compareTo(Delayed other) { return 0; }
    }
    static final class Retries { final DelayQueue<Delayed1> later = new DelayQueue<>(); }
    static final class Context { static final ThreadLocal<List<Order>> TRAIL = ThreadLocal.withInitial(ArrayList::new); }
    static final class DbConnection { final byte[] buffer = new byte[1200]; }
    static final class Pool { final List<DbConnection> taken = new ArrayList<>(); }
    static final class JdbcPreparedStatement { final byte[] buffer = new byte[1200]; }
    static final class Dao { final List<JdbcPreparedStatement> open = new ArrayList<>(); }
    static final class Desk { final CompletableFuture<String> ready = new CompletableFuture<>(); }
    static final class Interceptors { final Set<Object> known = Collections.newSetFromMap(new IdentityHashMap<>()); }
    static final class OrderHandler { final List<Order> rows = new ArrayList<>(); }
    static final class InMemoryLedger { final List<Order> lines = new ArrayList<>(); }
    static final class Timetable { final Map<String, Order> intervals = new TreeMap<>(); }
    static final class Finished { final List<Future<?>> results = new ArrayList<>(); }

    static Thread daemon(Runnable work) { Thread thread = new Thread(work); thread.setDaemon(true); return thread; }

    static final Bus BUS = new Bus(); static final Topic TOPIC = new Topic(); static final Screen SCREEN = new Screen();
    static final Gauges GAUGES = new Gauges(); static final Renderer RENDERER = new Renderer();
    static final Escalations ESCALATIONS = new Escalations(); static final Reminders REMINDERS = new Reminders();
    static final Mailer MAILER = new Mailer(); static final Spooler SPOOLER = new Spooler(); static final Retries RETRIES = new Retries();
    static final Pool POOL = new Pool(); static final Dao DAO = new Dao(); static final Desk DESK = new Desk();
    static final Interceptors INTERCEPTORS = new Interceptors(); static final OrderHandler HANDLER = new OrderHandler();
    static final InMemoryLedger LEDGER = new InMemoryLedger(); static final Timetable TIMETABLE = new Timetable();
    static final PriceCache PRICES = new PriceCache(); static final Portal PORTAL = new Portal(); static final Shop SHOP = new Shop();
    static final Finished FINISHED = new Finished();

    public static void main(String[] arguments) throws Exception {
        CountDownLatch shut = new CountDownLatch(1);
        CountDownLatch filled = new CountDownLatch(1);
        RENDERER.pool.submit(() -> { shut.await(); return null; });
        Thread worker = daemon(() -> {
            for (int at = 0; at < MANY; at++) Context.TRAIL.get().add(new Order(at, text(at)));
            filled.countDown();
            try { shut.await(); } catch (InterruptedException end) { return; }
        });
        worker.start();
        for (int at = 0; at < MANY; at++) {
            int number = at;
            Archive.ORDERS.put(at, new Order(at, text(at)));
            Journal.LINES.add(new Order(at, text(at)));
            PRICES.byKey.put("k" + at, new Order(at, text(at)));
            Quotes.CACHE.put("k" + at, new Order(at, text(at)));
            PORTAL.byToken.put("t" + at, new UserSession(at));
            SHOP.baskets.put("b" + at, new Order(at, text(at)));
            Order order = new Order(at, text(at));
            BUS.all.add(paid -> order.number());
            Order second = new Order(at, text(at));
            TOPIC.subscriptions.computeIfAbsent("paid", key -> new ArrayList<>()).add(paid -> second.number());
            Order third = new Order(at, text(at));
            SCREEN.onClose.add(() -> third.number());
            Order fourth = new Order(at, text(at));
            GAUGES.registered.put("g" + at, () -> fourth.number());
            Order fifth = new Order(at, text(at));
            RENDERER.pool.submit(() -> fifth.number());
            Order sixth = new Order(at, text(at));
            ESCALATIONS.scheduler.schedule(() -> sixth.number(), 1, TimeUnit.HOURS);
            Order seventh = new Order(at, text(at));
            REMINDERS.clock.schedule(new TimerTask() { public void run() { seventh.number(); } }, 3_600_000);
            MAILER.outbox.add(new Order(at, text(at)));
            SPOOLER.sheets.add(new Order(at, text(at)));
            RETRIES.later.add(new Delayed1(new Order(at, text(at))));
            POOL.taken.add(new DbConnection());
            DAO.open.add(new JdbcPreparedStatement());
            Order eighth = new Order(at, text(at));
            DESK.ready.thenAccept(done -> eighth.number());
            INTERCEPTORS.known.add(new Order(at, text(at)));
            HANDLER.rows.add(new Order(at, text(at)));
            LEDGER.lines.add(new Order(at, text(at)));
            TIMETABLE.intervals.put("i" + at, new Order(at, text(at)));
            Order ninth = new Order(at, text(at));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> ninth.number()));
            More.keep(at);
            FINISHED.results.add(CompletableFuture.completedFuture(new Order(at, text(at))));
        }
        filled.await();
        System.out.println("ready");
        System.in.read();
        Runtime.getRuntime().halt(0);
    }
}
