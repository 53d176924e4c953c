package shop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;

/**
 * A shop that leaks in four places. Each line on standard input is a number of requests to serve; it answers "served N".
 * Nothing runs between two lines, so what a dump and a histogram see is the same.
 */
public final class Main {
    static final List<Worker> workers = new ArrayList<>();
    static SoftReference<byte[]> softly = new SoftReference<>(new byte[300_000]);
    static WeakReference<byte[]> weakly = new WeakReference<>(new byte[200_000]);
    static PhantomReference<byte[]> phantom = new PhantomReference<>(new byte[100_000], new ReferenceQueue<>());

    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < 2; i++) {
            Worker worker = new Worker("worker-" + i);
            workers.add(worker);
            worker.start();
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int served = 0;
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int more = Integer.parseInt(line.trim());
            for (int i = 0; i < more; i++, served++) {
                serve(served);
            }
            System.out.println("served " + served);
        }
    }

    static void serve(int number) throws InterruptedException {
        SessionCache.put("session-" + number, new Session("user-" + number % 100, new byte[600]));
        EventBus.instance.on("paid", new Receipt(number)::print);
        workers.get(number % workers.size()).take(number);
        if (number % 10 == 0) {
            Metrics.seen("GET /item/" + number);
        }
    }

    static final class Receipt {
        private final long[] lines = new long[20];

        Receipt(int number) {
            lines[0] = number;
        }

        void print() {
            System.out.println(lines[0]);
        }
    }
}
