//: says = "A rule engine loads each edition of its rules in a class loader of its own and keeps all editions to roll back to."
//: kind = "leak"
//: causes = ["class-loader"]
//: holder = ["RuleHost", "EDITIONS"]
//: per_s = 40
//: for_s = 20
//: warm = 200
//: limit_mib = 1024
package io.saltmarsh.rules;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntToDoubleFunction;
import serving.Serving;

/** Serves discounts by rules that are deployed while it runs. */
public final class RuleHost {
    private static final List<IntToDoubleFunction> EDITIONS = new CopyOnWriteArrayList<>();
    private static final AtomicInteger failures = new AtomicInteger();
    private static volatile IntToDoubleFunction current;

    public static void main(String[] arguments) throws Exception {
        byte[] code = read(DiscountRules.class);
        Serving.serve((number, path) -> {
            try {
                deploy(code);
            } catch (ReflectiveOperationException error) {
                failures.incrementAndGet();
            }
            return "edition " + number + ": " + current.applyAsDouble(number) + ", " + failures + " failed";
        });
    }

    private static void deploy(byte[] code) throws ReflectiveOperationException {
        Class<?> rules = new EditionLoader(RuleHost.class.getClassLoader(), code).loadClass(DiscountRules.class.getName());
        IntToDoubleFunction edition = (IntToDoubleFunction) rules.getDeclaredConstructor().newInstance();
        EDITIONS.add(edition);
        while (EDITIONS.size() > 3) EDITIONS.remove(0); //~ fixed
        current = edition;
    }

    private static byte[] read(Class<?> type) throws IOException {
        try (InputStream in = type.getClassLoader().getResourceAsStream(type.getName().replace('.', '/') + ".class")) {
            return in.readAllBytes();
        }
    }

    /** The rules of one edition are its own; all else is the host's. */
    static final class EditionLoader extends ClassLoader {
        private final byte[] code;

        EditionLoader(ClassLoader parent, byte[] code) {
            super(parent);
            this.code = code;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(DiscountRules.class.getName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            return known != null ? known : defineClass(name, code, 0, code.length);
        }
    }

    public static final class DiscountRules implements IntToDoubleFunction {
        private static final double[] TABLE = new double[6000];

        static {
            for (int at = 0; at < TABLE.length; at++) {
                TABLE[at] = (at % 17) / 100.0;
            }
        }

        public DiscountRules() {
        }

        @Override
        public double applyAsDouble(int basket) {
            return TABLE[basket % TABLE.length];
        }
    }
}
