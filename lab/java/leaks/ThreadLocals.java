package leaks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What a request leaves in a thread-local stays with the threads of the pool. */
final class ThreadLocals {
    private static final ThreadLocal<List<int[]>> history = ThreadLocal.withInitial(ArrayList::new);

    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(3);
        Life.live(
                Double.parseDouble(arguments[0]),
                816,
                number -> pool.execute(() -> history.get().add(new int[200])));
    }
}
