package shapes;

import java.lang.ref.Cleaner;
import java.util.*;
import java.util.concurrent.*;

/** What libraries make easy to keep: each about as large as those of Shapes. */
final class More {
    interface Disposable { void dispose(); }
    static final class Bean implements Disposable {
        final String text;
        Bean(int number) { text = Shapes.text(number); }
        public void dispose() { }
    }
    static final class Beans { final Map<String, Disposable> disposables = new LinkedHashMap<>(); }
    static final class Calls { final ConcurrentMap<Integer, CompletableFuture<Shapes.Order>> byNumber = new ConcurrentHashMap<>(); }
    static final class Resources { final Cleaner cleaner = Cleaner.create(); }
    static final class Symbols { static final ConcurrentMap<String, String> INTERNED = new ConcurrentHashMap<>(); }
    static final class Bundles { final Map<List<Object>, Shapes.Order> byLocale = new ConcurrentHashMap<>(); }

    static final Beans BEANS = new Beans();
    static final Calls CALLS = new Calls();
    static final Resources RESOURCES = new Resources();
    static final Bundles BUNDLES = new Bundles();
    static final List<Object> OWNERS = new ArrayList<>();

    static void keep(int at) {
        BEANS.disposables.put("bean#" + at, new Bean(at));
        CompletableFuture<Shapes.Order> reply = new CompletableFuture<>();
        Shapes.Order first = new Shapes.Order(at, Shapes.text(at));
        reply.thenAccept(done -> first.number());
        CALLS.byNumber.put(at, reply);
        Object owner = new Object();
        OWNERS.add(owner);
        Shapes.Order second = new Shapes.Order(at, Shapes.text(at));
        RESOURCES.cleaner.register(owner, () -> second.number());
        Symbols.INTERNED.putIfAbsent(Shapes.text(at), "");
        BUNDLES.byLocale.put(List.of("text", at), new Shapes.Order(at, Shapes.text(at)));
        new java.io.File("/tmp/export-" + Shapes.text(at)).deleteOnExit();
    }
}
