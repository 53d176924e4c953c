package leaks;

import java.util.ArrayList;
import java.util.List;

/** Every order listens to prices, and none ever stops listening. */
final class Listeners {
    private static final Prices prices = new Prices();

    static final class Prices {
        private final List<Runnable> listeners = new ArrayList<>();

        void onChange(Runnable listener) {
            listeners.add(listener);
        }
    }

    static final class Order implements Runnable {
        final long[] lines = new long[100];

        @Override
        public void run() {
            lines[0]++;
        }
    }

    public static void main(String[] arguments) throws Exception {
        Life.live(Double.parseDouble(arguments[0]), 850, number -> prices.onChange(new Order()));
    }
}
