package leaks;

import java.util.LinkedHashMap;
import java.util.Map;

/** A cache with a bound, which it reaches soon: healthy. */
final class Lru {
    private static final int MOST = 20_000;
    private static final Map<String, double[]> recent =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, double[]> eldest) {
                    return size() > MOST;
                }
            };

    public static void main(String[] arguments) throws Exception {
        for (int number = 0; number < MOST; number++) {
            recent.put("warm-" + number, new double[100]);
        }
        Life.live(
                Double.parseDouble(arguments[0]), 900, number -> recent.put("key-" + number, new double[100]));
    }
}
