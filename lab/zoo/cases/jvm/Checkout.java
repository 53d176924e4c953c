//: says = "Every checkout subscribes to the shop's event bus to hear of its payment, and stays subscribed after it."
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["EventBus", "subscribers"]
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package com.tidemark.orders;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import serving.Serving;

/** Takes orders; stock and payment are told by events. */
public final class Checkout {
    private final EventBus bus = new EventBus();
    private final Stock stock = new Stock(500);
    private final AtomicLong taken = new AtomicLong();

    public static void main(String[] arguments) throws Exception {
        Checkout checkout = new Checkout();
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        clock.scheduleAtFixedRate(() -> checkout.bus.publish(new Restocked(7)), 1, 1, TimeUnit.SECONDS);
        checkout.bus.subscribe(Restocked.class, event -> checkout.stock.add(event.article(), 1000));
        Serving.serve((number, path) -> checkout.order(number));
    }

    String order(int number) {
        Order order = new Order(number, stock);
        Consumer<Paid> onPaid = order::onPaid;
        bus.subscribe(Paid.class, onPaid);
        if (number % 50 == 0) {
            bus.publish(new Paid(number));
        }
        bus.unsubscribe(Paid.class, onPaid); //~ fixed
        return "order " + number + " of " + order.total() + ", " + taken.incrementAndGet() + " taken";
    }

    record Paid(int number) {
    }

    record Restocked(int article) {
    }

    /** Whoever wants to know of something says so here. */
    static final class EventBus {
        private final Map<Class<?>, List<Consumer<Object>>> subscribers = new ConcurrentHashMap<>();

        @SuppressWarnings("unchecked")
        <E> void subscribe(Class<E> kind, Consumer<E> subscriber) {
            List<Consumer<Object>> known = subscribers.computeIfAbsent(kind, absent -> new ArrayList<>());
            synchronized (known) {
                known.add((Consumer<Object>) subscriber);
            }
        }

        void unsubscribe(Class<?> kind, Consumer<?> subscriber) {
            List<Consumer<Object>> known = subscribers.getOrDefault(kind, new ArrayList<>());
            synchronized (known) {
                known.remove(subscriber);
            }
        }

        void publish(Object event) {
            List<Consumer<Object>> known = subscribers.getOrDefault(event.getClass(), List.of());
            List<Consumer<Object>> now;
            synchronized (known) {
                now = List.copyOf(known);
            }
            now.forEach(subscriber -> subscriber.accept(event));
        }
    }

    static final class Order {
        private final int number;
        private final long[] cents = new long[1000];
        private volatile boolean paid;

        Order(int number, Stock stock) {
            this.number = number;
            for (int line = 0; line < cents.length; line++) {
                cents[line] = stock.take((number + line) % 500) * 10L + line;
            }
        }

        void onPaid(Paid event) {
            if (event.number() == number) {
                paid = true;
            }
        }

        long total() {
            long sum = paid ? 1 : 0;
            for (long line : cents) {
                sum += line;
            }
            return sum;
        }
    }

    static final class Stock {
        private final AtomicLong[] left;
        private final CopyOnWriteArraySet<Integer> short_ = new CopyOnWriteArraySet<>();

        Stock(int articles) {
            left = new AtomicLong[articles];
            for (int at = 0; at < articles; at++) {
                left[at] = new AtomicLong(1_000_000);
            }
        }

        long take(int article) {
            long now = left[article].decrementAndGet();
            if (now < 0) {
                short_.add(article);
            }
            return now % 100;
        }

        void add(int article, long many) {
            left[article].addAndGet(many);
        }
    }
}
