package leaks;

import java.util.HashMap;
import java.util.Map;

/** A map that is asked for a new key every time, and never forgets one. */
final class StaticMap {
    private static final Map<String, Quote> byBasket = new HashMap<>();

    static final class Quote {
        final int number;
        final double[] lines = new double[100];

        Quote(int number) {
            this.number = number;
        }
    }

    public static void main(String[] arguments) throws Exception {
        Life.live(
                Double.parseDouble(arguments[0]),
                1000,
                number -> byBasket.put("basket-" + number, new Quote(number)));
    }
}
