package redeploy.app;

import java.util.ArrayList;
import java.util.List;

/** One deployment: it holds its catalogue in a static field, as applications do. */
public final class WebApp implements Runnable {
    static final ThreadLocal<Request> request = new ThreadLocal<>();
    static final List<byte[]> catalogue = new ArrayList<>();

    static {
        for (int i = 0; i < 100; i++) {
            catalogue.add(new byte[4000]);
        }
    }

    @Override
    public void run() {
        request.set(new Request());
    }

    static final class Request {
        final long[] times = new long[10];
    }
}
