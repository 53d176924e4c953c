//: says = "Every basket schedules a reminder in an hour; a basket that is paid at once leaves its reminder scheduled."
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["Reminders", "scheduler"]
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package fr.voilerie.baskets;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import serving.Serving;

/** Baskets, and the mail that reminds of one that was forgotten. */
public final class Baskets {
    private final Reminders reminders = new Reminders();
    private final Map<State, AtomicInteger> counts = new EnumMap<>(State.class);

    Baskets() {
        for (State state : State.values()) {
            counts.put(state, new AtomicInteger());
        }
    }

    public static void main(String[] arguments) throws Exception {
        Baskets baskets = new Baskets();
        Serving.serve((number, path) -> baskets.buy(number));
    }

    String buy(int number) {
        Basket basket = new Basket(number, 40);
        counts.get(State.OPEN).incrementAndGet();
        ScheduledFuture<?> reminder = reminders.remind(basket);
        long cents = basket.total();
        counts.get(State.PAID).incrementAndGet();
        reminder.cancel(false); //~ fixed
        return "paid " + cents + (reminder.isDone() ? "" : ", thank you") + " " + counts;
    }

    enum State {
        OPEN, PAID
    }

    static final class Basket {
        final int number;
        final Line[] lines;

        Basket(int number, int count) {
            this.number = number;
            lines = new Line[count];
            for (int at = 0; at < count; at++) {
                lines[at] = new Line("article " + (number * 17 + at) % 900, 100 + at, 1 + at % 3, "blue-" + number);
            }
        }

        long total() {
            long sum = 0;
            for (Line line : lines) {
                sum += line.cents() * line.many();
            }
            return sum;
        }
    }

    record Line(String article, long cents, int many, String note) {
    }

    /** Reminds of what was put into a basket and not paid. */
    static final class Reminders {
        private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);
        private final AtomicInteger sent = new AtomicInteger();

        Reminders() {
            scheduler.setRemoveOnCancelPolicy(true);
        }

        ScheduledFuture<?> remind(Basket basket) {
            return scheduler.schedule(() -> send(basket), 1, TimeUnit.HOURS);
        }

        private void send(Basket basket) {
            if (basket.total() > 0) {
                sent.incrementAndGet();
            }
        }
    }
}
