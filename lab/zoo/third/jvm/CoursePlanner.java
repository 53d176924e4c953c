//: says = "an access-ordered plan cache fills to its 4000 entries in about twenty seconds over a large steady timetable, with heavy short-lived garbage on top"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

public class CoursePlanner {

    record Slot(int day, int hour, String room) { }

    record Course(int id, String title, List<Slot> slots) { }

    record Plan(int student, Map<String, List<Slot>> byTitle, List<String> clashes) { }

    private static final int PLAN_LIMIT = 4000;

    private final List<Course> timetable = new ArrayList<>();
    private final Map<Integer, Plan> plans = Collections.synchronizedMap(
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Integer, Plan> eldest) {
                    return size() > PLAN_LIMIT;
                }
            });

    CoursePlanner() {
        for (int i = 0; i < 40_000; i++) {
            int id = i;
            List<Slot> slots = IntStream.range(0, 5)
                    .mapToObj(k -> new Slot((id + k) % 5, 8 + (id * 3 + k) % 10, "R" + (id * 7 + k) % 600))
                    .collect(Collectors.toList());
            timetable.add(new Course(i, "course " + i, slots));
        }
    }

    private Plan makePlan(int student) {
        Map<String, List<Slot>> byTitle = new LinkedHashMap<>();
        List<String> clashes = new ArrayList<>();
        boolean[] taken = new boolean[5 * 24];
        for (int i = 0; i < 10; i++) {
            Course c = timetable.get(Math.floorMod(student * 31 + i * 977, timetable.size()));
            List<Slot> own = new ArrayList<>();
            for (Slot s : c.slots()) {
                int at = s.day() * 24 + s.hour();
                if (taken[at]) {
                    clashes.add(c.title() + " at " + s.day() + "/" + s.hour());
                } else {
                    taken[at] = true;
                    own.add(new Slot(s.day(), s.hour(), s.room() + "-" + student % 100));
                }
            }
            byTitle.put(c.title() + "*", own);
        }
        return new Plan(student, byTitle, clashes);
    }

    private String score(int n) {
        List<double[]> scratch = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            scratch.add(new double[] {i, n, Math.sqrt(i + n), 0, 0, 0, 0, 0});
        }
        Plan p = plans.get(n);
        if (p == null) {
            p = makePlan(n);
            plans.put(n, p);
        }
        double s = scratch.stream().mapToDouble(a -> a[2]).sum() - p.clashes().size();
        return "student " + p.student() + " score " + Math.round(s) + " of " + p.byTitle().size() + " courses";
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        CoursePlanner planner = new CoursePlanner();
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        http.createContext("/", ex -> {
            int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
            byte[] b = planner.score(n).getBytes();
            ex.sendResponseHeaders(200, b.length);
            ex.getResponseBody().write(b);
            ex.close();
        });
        http.setExecutor(Executors.newCachedThreadPool());
        http.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + http.getAddress().getPort());
        System.in.readAllBytes();
        System.exit(0);
    }
}
