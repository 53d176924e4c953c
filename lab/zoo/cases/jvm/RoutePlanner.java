//: says = "A route planner with a large map in memory that makes a lot of garbage for every route: used memory is a sawtooth."
//: kind = "healthy"
//: per_s = 200
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package nl.waterweg.routes;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import serving.Serving;

/** The shortest way over water. */
public final class RoutePlanner {
    public static void main(String[] arguments) throws Exception {
        Chart chart = new Chart(60_000);
        Requests requests = new Requests();
        Serving.serve((number, path) -> {
            List<Integer> way = chart.way(number * 31 % 60_000, 400);
            requests.count(way.size());
            return way.size() + " locks, " + requests;
        });
    }

    record Canal(int to, double hours) {
    }

    record Visit(int place, double hours, Visit from) {
    }

    static final class Chart {
        private final List<List<Canal>> canals = new ArrayList<>();
        private final Map<Integer, String> names = new HashMap<>();

        Chart(int places) {
            for (int place = 0; place < places; place++) {
                List<Canal> out = new ArrayList<>();
                for (int at = 1; at <= 6; at++) {
                    out.add(new Canal((place * at + 7 * at) % places, 1 + (place * at) % 9));
                }
                canals.add(out);
                names.put(place, "lock " + place);
            }
        }

        /** A bounded search: what it visits lives for this one call. */
        List<Integer> way(int from, int most) {
            PriorityQueue<Visit> open = new PriorityQueue<>(Comparator.comparingDouble(Visit::hours));
            Map<Integer, Visit> best = new HashMap<>();
            open.add(new Visit(from, 0, null));
            Visit last = open.peek();
            while (!open.isEmpty() && best.size() < most) {
                last = open.poll();
                if (best.putIfAbsent(last.place(), last) != null) {
                    continue;
                }
                for (Canal canal : canals.get(last.place())) {
                    open.add(new Visit(canal.to(), last.hours() + canal.hours(), last));
                }
            }
            List<Integer> way = new ArrayList<>();
            for (Visit step = last; step != null; step = step.from()) {
                way.add(step.place());
            }
            return way;
        }
    }

    static final class Requests {
        private final int[] byLength = new int[64];

        synchronized void count(int length) {
            byLength[Math.min(length, 63)]++;
        }

        @Override
        public synchronized String toString() {
            return byLength[3] + " short ones";
        }
    }
}
