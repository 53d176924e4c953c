//: says = "Every report run registers a gauge that reads its own column store, in a static registry like JMX, and no run takes its gauge out again."
//: kind = "leak"
//: causes = ["static-collection"]
//: holder = ["Gauges", "registered"]
//: per_s = 330
//: for_s = 20
//: limit_mib = 512
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.DoubleSupplier;

/** Reports: each run reads its columns, sums them, and can be looked at while it works. */
public class MonthlyReports {
    static final Gauges GAUGES = new Gauges("reports");

    static class Gauges {
        private final String domain;
        private final SortedMap<String, DoubleSupplier> registered = new TreeMap<>();
        private long reads;

        Gauges(String domain) {
            this.domain = domain;
        }

        synchronized void register(String name, DoubleSupplier gauge) {
            registered.put(domain + ":type=Report,name=" + name, gauge);
        }

        synchronized void unregister(String name) {
            registered.remove(domain + ":type=Report,name=" + name);
        }

        synchronized double read(String name) {
            reads++;
            return registered.get(domain + ":type=Report,name=" + name).getAsDouble();
        }
    }

    static class Columns {
        private final double[][] values;
        private int filled;

        Columns(int columns, int rows) {
            values = new double[columns][rows];
        }

        void fill(long seed) {
            for (double[] column : values) {
                for (int row = 0; row < column.length; row++) {
                    column[row] = Math.abs((seed * 31 + row * 17L + filled) % 1000) / 10.0;
                }
                filled++;
            }
        }

        double sum(int column) {
            double sum = 0;
            for (double value : values[column]) {
                sum += value;
            }
            return sum;
        }
    }

    static class Report {
        private static long runs;
        private final String name;
        private final Columns columns = new Columns(9, 100);

        Report() {
            synchronized (Report.class) {
                name = "run-" + ++runs;
            }
            GAUGES.register(name, () -> columns.filled / 9.0);
        }

        String run() {
            columns.fill(name.hashCode());
            StringBuilder line = new StringBuilder(name);
            for (int column = 0; column < 9; column++) {
                line.append(' ').append(Math.round(columns.sum(column)));
            }
            line.append(" done ").append(GAUGES.read(name));
            GAUGES.unregister(name); //~ fixed
            return line.append('\n').toString();
        }
    }

    static void answer(Socket socket) throws IOException {
        try (socket; InputStream in = new DataInputStream(socket.getInputStream()); OutputStream out = socket.getOutputStream()) {
            socket.setTcpNoDelay(true);
            int last = 0;
            for (int next = in.read(); next >= 0; next = in.read()) {
                last = last << 8 | next;
                if (last == 0x0d0a0d0a) {
                    String body = new Report().run();
                    out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes("US-ASCII"));
                    last = 0;
                }
            }
        }
    }

    public static void main(String[] args) throws Exception {
        ServerSocket server = new ServerSocket();
        server.bind(new InetSocketAddress("127.0.0.1", 0));
        ExecutorService readers = Executors.newCachedThreadPool();
        readers.submit(() -> {
            while (true) {
                Socket socket = server.accept();
                readers.submit(() -> {
                    answer(socket);
                    return null;
                });
            }
        });
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getLocalPort());
        System.out.flush();
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }
}
