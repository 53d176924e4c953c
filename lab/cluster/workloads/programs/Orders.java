import java.util.HashMap;
import java.util.Map;

/** LEAK: orders are looked up by number, and none is ever forgotten. */
final class Orders {
    private static final Map<Integer, Order> BY_NUMBER = new HashMap<>();

    static final class Order {
        final byte[] document = new byte[64 * 1024];
    }

    public static void main(String[] arguments) throws InterruptedException {
        String hurry = System.getenv().getOrDefault("HURRY", "1");
        long pauseMs = Math.max(1, Long.parseLong(arguments[0]) / Long.parseLong(hurry));
        for (int number = 0; ; number++) {
            BY_NUMBER.put(number, new Order());
            if (number % 64 == 0) System.out.println("ordered " + number);
            Thread.sleep(pauseMs);
        }
    }
}
