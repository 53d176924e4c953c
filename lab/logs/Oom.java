import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Runs out of one kind of memory, or of none. */
public final class Oom {
    private Oom() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "heap" -> fill();
            case "direct" -> buffers();
            case "array" -> array();
            case "metaspace" -> classes();
            default -> work();
        }
    }

    static void fill() {
        List<byte[]> kept = new ArrayList<>();
        while (true) {
            kept.add(new byte[100_000]);
        }
    }

    static void buffers() {
        List<ByteBuffer> kept = new ArrayList<>();
        while (true) {
            kept.add(ByteBuffer.allocateDirect(1 << 20));
        }
    }

    static void array() {
        Object[] all = new Object[Integer.MAX_VALUE];
        System.out.println(all.length);
    }

    /** A class loader of its own for each copy of this class, all of them kept. */
    static void classes() throws Exception {
        byte[] code;
        try (var stream = Oom.class.getResourceAsStream("Oom.class")) {
            code = stream.readAllBytes();
        }
        List<Class<?>> kept = new ArrayList<>();
        while (true) {
            kept.add(new Own().define(code));
        }
    }

    static void work() {
        long sum = 0;
        for (int turn = 0; turn < 2_000; turn++) {
            sum += new byte[100_000].length;
        }
        System.out.println("done " + sum);
    }

    static final class Own extends ClassLoader {
        Class<?> define(byte[] code) {
            return defineClass("Oom", code, 0, code.length);
        }
    }
}
