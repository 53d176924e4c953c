import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Holds so many small objects, and tells the longest gap of a 1 ms sleep since it was asked last, in seconds. */
public final class Holder {
    record Basket(int number, String name) {}

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        Map<Integer, Basket> kept = new HashMap<>();
        for (int number = 0; number < count; number++) kept.put(number, new Basket(number, "basket " + number));
        AtomicLong longest = new AtomicLong();
        Thread clock = new Thread(() -> {
            long last = System.nanoTime();
            while (true) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException stop) {
                    return;
                }
                long now = System.nanoTime();
                longest.accumulateAndGet(now - last - 1_000_000, Math::max);
                last = now;
            }
        });
        clock.setDaemon(true);
        clock.start();
        System.out.println("ready " + kept.size());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        while (lines.readLine() != null) {
            Thread.sleep(5);
            System.out.println(longest.getAndSet(0) / 1e9);
        }
    }
}
