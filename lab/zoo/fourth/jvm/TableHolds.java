//: says = "Every table hold is a TimerTask due in 20 minutes; confirming cancels it, but java.util.Timer keeps cancelled tasks in its queue until they are due (no purge)"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["HoldDesk", "expiry"]
//: per_s = 240
//: limit_mib = 512
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

public class TableHolds {
    record Guest(String name, String wish, int course) {}

    static class HoldDesk {
        private static final long HOLD_MS = 20 * 60 * 1000L;
        private final Timer expiry = new Timer("hold-expiry", true);
        private final Map<Integer, Hold> open = new ConcurrentHashMap<>();
        private final AtomicInteger freeSeats = new AtomicInteger(5000);

        class Hold extends TimerTask {
            private final int number;
            private final List<Guest> guests = new ArrayList<>();

            Hold(int number, int seats) {
                this.number = number;
                for (int i = 0; i < seats; i++) {
                    guests.add(new Guest("guest " + number + "." + i, "no " + (i % 2 == 0 ? "nuts" : "shellfish") + ", window side if possible", i % 4));
                }
            }

            @Override
            public void run() {
                release(this);
            }
        }

        Hold take(int number, int seats) {
            Hold hold = new Hold(number, seats);
            freeSeats.addAndGet(-seats);
            open.put(number, hold);
            expiry.schedule(hold, HOLD_MS);
            return hold;
        }

        void confirm(Hold hold) {
            hold.cancel();
            expiry.purge();  //~ fixed
            release(hold);
        }

        private void release(Hold hold) {
            if (open.remove(hold.number) != null) {
                freeSeats.addAndGet(hold.guests.size());
            }
        }
    }

    private final HoldDesk desk = new HoldDesk();

    private String book(int n) {
        HoldDesk.Hold hold = desk.take(n, 28);
        Map<String, Integer> wishes = new TreeMap<>();
        for (Guest g : hold.guests) {
            wishes.merge(g.wish() + "/" + g.course(), 1, Integer::sum);
        }
        desk.confirm(hold);
        return "table " + n % 90 + " wishes " + wishes.size() + " free " + desk.freeSeats.get() + "\n";
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream out = socket.getOutputStream();
            String line;
            while ((line = in.readLine()) != null) {
                String target = line.split(" ")[1];
                String header;
                while ((header = in.readLine()) != null && !header.isEmpty()) {
                }
                String body = book(Integer.parseInt(target.substring(1)));
                out.write(("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                    + "\r\nConnection: keep-alive\r\n\r\n" + body).getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
            }
        } catch (IOException e) {
            System.err.println("connection closed: " + e.getMessage());
        }
    }

    public static void main(String[] args) throws Exception {
        TableHolds app = new TableHolds();
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        Thread acceptor = new Thread(() -> {
            while (true) {
                try {
                    Socket socket = listener.accept();
                    new Thread(() -> app.serve(socket), "conn-" + socket.getPort()).start();
                } catch (IOException e) {
                    return;
                }
            }
        }, "acceptor");
        acceptor.setDaemon(true);
        acceptor.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + listener.getLocalPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
