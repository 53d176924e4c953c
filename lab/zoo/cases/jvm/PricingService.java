//: says = "A pricing service memoises every quote in a static map whose key has the customer in it; nothing is removed."
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["QuoteMemo", "QUOTES"]
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package eu.harbor.pricing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import serving.Serving;

/** Quotes for freight, by customer and route. */
public final class PricingService {
    private static final Map<String, Double> SURCHARGES = Map.of("AT", 1.02, "BE", 1.05, "FR", 1.08, "PT", 1.11);
    private static final LongAdder asked = new LongAdder();
    private static final Recent recent = new Recent(100);

    public static void main(String[] arguments) throws Exception {
        Tariff tariff = new Tariff(80);
        List<String> countries = List.copyOf(SURCHARGES.keySet());
        Serving.serve((number, path) -> {
            asked.increment();
            String country = countries.get(number % countries.size());
            Quote quote = QuoteMemo.of("customer-" + number, country, () -> tariff.price(country, number));
            recent.add(quote.route() + " " + quote.total());
            return recent.last() + ", " + asked.sum() + " asked";
        });
    }

    record Step(String port, double distance, double rate) {
    }

    record Quote(String route, List<Step> steps, double factor) {
        double total() {
            return steps.stream().mapToDouble(step -> step.distance() * step.rate()).sum() * factor;
        }
    }

    /** What was priced once is not priced again. */
    static final class QuoteMemo {
        private static final ConcurrentHashMap<String, Quote> QUOTES = new ConcurrentHashMap<>();
        private static final java.util.concurrent.ConcurrentLinkedQueue<String> ORDER = new java.util.concurrent.ConcurrentLinkedQueue<>(); //~ fixed

        static Quote of(String customer, String country, java.util.function.Supplier<Quote> price) {
            String key = customer + '|' + country;
            ORDER.add(key); //~ fixed
            if (QUOTES.size() > 1000) QUOTES.remove(ORDER.poll()); //~ fixed
            return QUOTES.computeIfAbsent(key, absent -> price.get());
        }
    }

    static final class Tariff {
        private final double[] rates;

        Tariff(int steps) {
            rates = new double[steps];
            for (int at = 0; at < steps; at++) {
                rates[at] = 0.4 + at / 100.0;
            }
        }

        Quote price(String country, int number) {
            List<Step> steps = new ArrayList<>();
            for (int at = 0; at < rates.length; at++) {
                steps.add(new Step("port-" + (number + at) % 5000, 10 + (number * 31 + at) % 400, rates[at]));
            }
            return new Quote(country + "-" + number % 60, steps, SURCHARGES.get(country));
        }
    }

    static final class Recent {
        private final Deque<String> lines = new ArrayDeque<>();
        private final int most;

        Recent(int most) {
            this.most = most;
        }

        synchronized void add(String line) {
            lines.addLast(line);
            if (lines.size() > most) {
                lines.removeFirst();
            }
        }

        synchronized String last() {
            return lines.getLast();
        }
    }
}
