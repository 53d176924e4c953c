//: says = "plan cache whose key class lacks equals and hashCode, so each look-up misses and adds another plan though only 500 routes exist"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["PlanCache", "plans"]
//: per_s = 200
//: limit_mib = 512
//: runtime_options = ["-Xmx256m"]
package freight.planning;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.*;
import java.util.concurrent.atomic.LongAdder;

public class Freight {

    static final class Lane {
        final String from;
        final String to;
        final int tonnes;

        Lane(String from, String to, int tonnes) {
            this.from = from;
            this.to = to;
            this.tonnes = tonnes;
        }

        @Override public boolean equals(Object o) { //~ fixed
            return o instanceof Lane l && from.equals(l.from) && to.equals(l.to) && tonnes == l.tonnes; //~ fixed
        } //~ fixed
        @Override public int hashCode() { //~ fixed
            return (from.hashCode() * 31 + to.hashCode()) * 31 + tonnes; //~ fixed
        } //~ fixed
        @Override public String toString() {
            return from + "-" + to + "/" + tonnes + "t";
        }
    }

    static final class Leg {
        final String label;
        final double hours;
        final double[] toll = new double[3];

        Leg(String label, double hours) {
            this.label = label;
            this.hours = hours;
            for (int i = 0; i < toll.length; i++) toll[i] = hours * (i + 1);
        }
    }

    record Plan(List<Leg> legs, double hours) { }

    static final class PlanCache {
        private final ConcurrentMap<Lane, Plan> plans = new ConcurrentHashMap<>();
        final LongAdder lookups = new LongAdder();

        Plan planFor(Lane lane) {
            lookups.increment();
            return plans.computeIfAbsent(lane, Planner::compute);
        }
    }

    static final class Planner {
        static Plan compute(Lane lane) {
            List<Leg> legs = new ArrayList<>();
            for (int i = 0; i < 64; i++) legs.add(new Leg(lane + " leg " + i, 0.3 + (lane.tonnes * 7 + i * 3) % 11 / 4.0));
            return new Plan(legs, legs.stream().mapToDouble(leg -> leg.hours).sum());
        }
    }

    private static final String[] PORTS = {"Bergen", "Gdansk", "Kiel", "Turku", "Riga", "Malmo", "Rostock", "Tallinn", "Oulu", "Visby"};
    private final PlanCache cache = new PlanCache();
    private final LongAdder workersLost = new LongAdder();

    String offer(int n) {
        Lane lane = new Lane(PORTS[n % 10], PORTS[n / 10 % 10], 5 + n / 100 % 5);
        Plan plan = cache.planFor(lane);
        return lane + " takes " + Math.round(plan.hours()) + " h over " + plan.legs().size() + " legs\n";
    }

    private static String readHead(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream(256);
        for (int matched = 0, b; matched < 4; ) {
            if ((b = in.read()) < 0) return null;
            head.write(b);
            matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private void serve(Socket client) {
        try (client; InputStream in = new java.io.BufferedInputStream(client.getInputStream())) {
            client.setTcpNoDelay(true);
            OutputStream out = client.getOutputStream();
            for (String head; (head = readHead(in)) != null; ) {
                String target = head.substring(head.indexOf('/') + 1, head.indexOf(' ', head.indexOf('/')));
                String body = offer(target.isEmpty() ? 0 : Integer.parseInt(target));
                out.write(("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body).getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            workersLost.increment();
        }
    }

    public static void main(String[] args) throws IOException {
        Freight freight = new Freight();
        ExecutorService workers = Executors.newCachedThreadPool();
        ServerSocket socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        workers.execute(() -> {
            while (true) {
                try {
                    Socket client = socket.accept();
                    workers.execute(() -> freight.serve(client));
                } catch (IOException e) {
                    return;
                }
            }
        });
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + socket.getLocalPort());
        while (System.in.read() != -1) Thread.onSpinWait();
        System.exit(0);
    }
}
