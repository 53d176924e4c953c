//: says = "Notes about each drawing are put into a static WeakHashMap, which lets them go when the collector takes the drawings: a saw."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 350
//: for_s = 20
//: limit_mib = 512
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/** Sketch board: draws a graph of nodes and edges; the renderer leaves notes at what it has measured. */
class SketchBoard {
    static final class Drawing {
        final List<Node> nodes = new ArrayList<>();

        Drawing(int seed) {
            for (int i = 0; i < 60; i++) {
                Node node = new Node(seed % 500 + i * 3, (seed * 7 + i * 11) % 400);
                if (!nodes.isEmpty()) {
                    node.link(nodes.get((i * seed & 0xffff) % nodes.size()));
                }
                nodes.add(node);
            }
        }
    }

    static final class Node {
        final int x;
        final int y;
        final List<Node> linked = new ArrayList<>(4);

        Node(int x, int y) {
            this.x = x;
            this.y = y;
        }

        void link(Node other) {
            linked.add(other);
            other.linked.add(this);
        }
    }

    static final class Notes {
        private static final Map<Drawing, Notes> MEASURED = Collections.synchronizedMap(new WeakHashMap<>());
        final double[] lengths = new double[400];
        double total;

        static Notes of(Drawing drawing) {
            return MEASURED.computeIfAbsent(drawing, Notes::measure);
        }

        private static Notes measure(Drawing drawing) {
            Notes notes = new Notes();
            int i = 0;
            for (Node node : drawing.nodes) {
                for (Node other : node.linked) {
                    double length = Math.hypot(node.x - other.x, node.y - other.y);
                    notes.lengths[i++ % notes.lengths.length] = length;
                    notes.total += length;
                }
            }
            return notes;
        }
    }

    private static int serial;

    private static synchronized int next() {
        return ++serial;
    }

    static class Connection extends Thread {
        private final Socket socket;

        Connection(Socket socket) {
            super("connection-" + socket.getPort());
            this.socket = socket;
            setDaemon(true);
        }

        @Override
        public void run() {
            try (InputStream in = new BufferedInputStream(socket.getInputStream())) {
                socket.setTcpNoDelay(true);
                int newlines = 0;
                int c;
                while ((c = in.read()) != -1) {
                    newlines = c == '\n' ? newlines + 1 : c == '\r' ? newlines : 0;
                    if (newlines == 2) {
                        newlines = 0;
                        int number = next();
                        Notes notes = Notes.of(new Drawing(number));
                        String body = String.format("drawing %d: %.1f long, %d measured%n", number, notes.total, Notes.MEASURED.size());
                        socket.getOutputStream().write(String.format("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", body.length(), body).getBytes());
                    }
                }
            } catch (IOException closed) {
                // the other side has gone
            }
        }
    }

    public static void main(String[] args) throws IOException {
        ServerSocket listener = new ServerSocket(0, 32, InetAddress.getLoopbackAddress());
        Thread waiter = new Thread(() -> {
            try {
                while (System.in.read() != -1) {
                    continue;
                }
            } catch (IOException ignored) {
                // same as the end
            }
            System.exit(0);
        });
        waiter.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + listener.getLocalPort());
        System.out.flush();
        while (true) {
            new Connection(listener.accept()).start();
        }
    }
}
