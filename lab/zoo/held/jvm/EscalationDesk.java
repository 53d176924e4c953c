//: says = "A ticket's reminder is scheduled for a quarter of an hour later and only forgotten, not cancelled, when the ticket is answered, so the scheduler's queue keeps the ticket."
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["Escalations", "scheduler"]
//: per_s = 380
//: for_s = 20
//: limit_mib = 512
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Help desk: an open ticket is shown to a supervisor after a quarter of an hour. */
class EscalationDesk implements HttpHandler {
    record Ticket(long number, String customer, char[] transcript) {
    }

    static final class Escalations {
        private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "escalations");
            thread.setDaemon(true);
            return thread;
        });
        private final Map<Long, ScheduledFuture<?>> armed = new ConcurrentHashMap<>();
        private final AtomicLong escalated = new AtomicLong();

        Escalations() {
            scheduler.setRemoveOnCancelPolicy(true);
        }

        void arm(Ticket ticket, Supervisors supervisors) {
            armed.put(ticket.number(), scheduler.schedule(() -> {
                escalated.incrementAndGet();
                supervisors.next().accept(ticket);
            }, 15, TimeUnit.MINUTES));
        }

        boolean answered(long number) {
            ScheduledFuture<?> reminder = armed.remove(number);
            return reminder != null && !reminder.isDone(); //~ leak
            return reminder != null && reminder.cancel(false); //~ fixed
        }
    }

    static final class Supervisors {
        static final class Supervisor {
            final String name;
            final Deque<Long> tickets = new ArrayDeque<>();

            Supervisor(String name) {
                this.name = name;
            }

            synchronized void accept(Ticket ticket) {
                tickets.addLast(ticket.number());
                if (tickets.size() > 100) {
                    tickets.removeFirst();
                }
            }
        }

        private final Supervisor[] all = {new Supervisor("Ines"), new Supervisor("Jon"), new Supervisor("Kim")};
        private int turn;

        synchronized Supervisor next() {
            return all[turn++ % all.length];
        }
    }

    private final Escalations escalations = new Escalations();
    private final Supervisors supervisors = new Supervisors();
    private final AtomicLong numbers = new AtomicLong(10000);

    private Ticket open() {
        long number = numbers.incrementAndGet();
        char[] transcript = new char[3600];
        for (int i = 0; i < transcript.length; i++) {
            transcript[i] = (char) ('a' + (i * 7 + number) % 26);
        }
        return new Ticket(number, "customer " + number % 700, transcript);
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        Ticket ticket = open();
        escalations.arm(ticket, supervisors);
        boolean inTime = escalations.answered(ticket.number());
        byte[] text = (ticket.number() + " of " + ticket.customer() + (inTime ? " answered" : " open")).getBytes();
        exchange.getResponseHeaders().add("Content-Type", "text/plain");
        exchange.sendResponseHeaders(200, text.length);
        exchange.getResponseBody().write(text);
        exchange.close();
    }

    public static void main(String... none) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
        http.createContext("/", new EscalationDesk());
        http.setExecutor(new ThreadPoolExecutor(4, 4, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()));
        http.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + http.getAddress().getPort());
        while (System.in.read() >= 0) {
        }
        System.exit(0);
    }
}
