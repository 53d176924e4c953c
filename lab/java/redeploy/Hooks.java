package redeploy;

import java.util.ArrayList;
import java.util.List;

/** What is to run when the server ends: nothing is ever taken off. */
final class Hooks {
    static final List<Runnable> registered = new ArrayList<>();

    static void atShutdown(Runnable hook) {
        registered.add(hook);
    }
}
